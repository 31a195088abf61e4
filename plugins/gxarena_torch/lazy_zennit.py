"""zennit, without torchvision until somebody asks for it.

`import zennit` loads torchvision, for canonizers of image models and, from zennit 1.0 on, for one
layer of theirs. Torchvision loads torch's compiler, which takes as long as torch itself, and does
not load beside a torch of another build. So `zennit.torchvision` is filled in when something of it
is first used, the layer is known once torchvision is loaded, and whoever wants zennit here takes it
from this module.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any


class _Unloaded(type):
    """What stands for a library that is not loaded, and for what it holds.

    No class is a subclass of it, unless the library was loaded meanwhile: then those that are one
    of the real class.
    """

    where: str

    def __getattr__(cls, name: str) -> _Unloaded:
        if name.startswith("__"):
            raise AttributeError(name)
        return _unloaded(f"{cls.where}.{name}")

    def __subclasscheck__(cls, other: type) -> bool:
        module, _, name = cls.where.rpartition(".")
        real = getattr(sys.modules.get(module), name, None)
        return isinstance(real, type) and issubclass(other, real)


def _unloaded(where: str) -> _Unloaded:
    return _Unloaded(where.rpartition(".")[2], (), {"where": where})


class _WithoutLoader(Loader):
    """Executes a module whose `import torchvision` loads nothing."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        def imported(name: str, *given: Any, **more: Any) -> Any:
            if name == "torchvision":
                return _unloaded(name)
            return builtins.__import__(name, *given, **more)

        # This module's alone: whoever else imports torchvision meanwhile gets torchvision.
        vars(module)["__builtins__"] = vars(builtins) | {"__import__": imported}
        self._loader.exec_module(module)


class _LaterLoader(Loader):
    """Executes a module when a name of it is first asked for.

    Not `importlib.util.LazyLoader`, whose modules load when anybody looks at them: `inspect` asks
    every module for its file, also while torchvision is half loaded, and `pickle` for any name.
    """

    def __init__(self, loader: InspectLoader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        contents, lock, filling = vars(module), RLock(), False
        code = self._loader.get_code(module.__name__)
        # `import *` asks for "__all__" first.
        names = {"__all__", *(code.co_names if code else ())}

        def fill(name: str) -> Any:
            nonlocal filling
            if name in names:
                with lock:  # of two threads that ask at once the second waits
                    if not filling and contents.get("__getattr__") is fill:
                        filling = True
                        try:
                            self._loader.exec_module(module)
                        finally:
                            filling = False
                        del contents["__getattr__"]
                    if name in contents:
                        return contents[name]
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        contents["__getattr__"] = fill


_LOADERS = {"zennit.torchvision": _LaterLoader, "zennit.types": _WithoutLoader}


class _Finder(MetaPathFinder):
    """Finds the modules that are to be loaded otherwise."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in _LOADERS else None
        if spec is not None and isinstance(spec.loader, InspectLoader):
            spec.loader = _LOADERS[fullname](spec.loader)
        return spec


sys.meta_path.insert(0, _finder := _Finder())
try:
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.composites import layer_map_base
    from zennit.core import BasicHook, Composite, collect_leaves
    from zennit.layer import Sum
    from zennit.rules import AlphaBeta, Epsilon, Gamma, ZPlus
    from zennit.types import Activation, AvgPool, BatchNorm, Convolution, Linear, MaxPool
finally:
    sys.meta_path.remove(_finder)

__all__ = [
    "Activation",
    "AlphaBeta",
    "AvgPool",
    "BasicHook",
    "BatchNorm",
    "Composite",
    "Convolution",
    "Epsilon",
    "Gamma",
    "Linear",
    "MaxPool",
    "SequentialMergeBatchNorm",
    "Sum",
    "ZPlus",
    "collect_leaves",
    "layer_map_base",
]

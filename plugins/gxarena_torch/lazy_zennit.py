"""zennit, without torchvision until somebody asks for it.

`import zennit` loads torchvision, for canonizers of image models alone. Torchvision loads torch's
compiler, which takes as long as torch itself, and does not load beside a torch of another build. So
`zennit.torchvision` is filled in when something of it is first used, and whoever wants zennit here
takes it from this module.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_LATER = "zennit.torchvision"


class _LaterFinder(MetaPathFinder):
    """Finds the one module that is to be loaded later."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == _LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader)
        return spec


class _LaterLoader(Loader):
    """Executes a module when a name of it is first asked for.

    Not `importlib.util.LazyLoader`, whose modules load when anybody looks at them: `inspect` asks
    every module for its file, also while torchvision is half loaded.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        contents = vars(module)

        def fill(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            contents.pop("__getattr__", None)
            try:
                self._loader.exec_module(module)
            except BaseException:
                contents["__getattr__"] = fill
                raise
            return getattr(module, name)

        contents["__getattr__"] = fill


sys.meta_path.insert(0, _finder := _LaterFinder())
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

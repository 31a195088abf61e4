"""From a suite to results. The package can be called: ``gxarena.run("quickstart")``.

Python binds it to the name ``run`` of gxarena as soon as a module of it is imported, so that a
function beside it could not have that name.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See `gxarena.notebook.run`."""
        # By its name: it stands further along the way, and imports point back.
        return importlib.import_module("gxarena.notebook").run(*arguments, **options)


sys.modules[__name__].__class__ = _Callable

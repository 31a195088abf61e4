"""From a suite to results. The package can be called: ``gxarena.run("quickstart")``.

Python binds it to the name ``run`` of gxarena as soon as a module of it is imported, so that a
function beside it could not have that name.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def _run() -> Callable[..., Any]:
    """`gxarena.notebook.run`, by its name: it stands further along, and imports point back."""
    found: Callable[..., Any] = importlib.import_module("gxarena.notebook").run
    return found


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See `gxarena.notebook.run`."""
        return _run()(*arguments, **options)

    # What `help(gxarena.run)` and a notebook's `gxarena.run?` show.
    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return _run().__doc__

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_run())


sys.modules[__name__].__class__ = _Callable

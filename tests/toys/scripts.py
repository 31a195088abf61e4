"""Scripts that are in no package (``benchmarks/``, ``docs/``), as modules of a test."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def loaded(path: str | Path) -> ModuleType:
    """A script's module, its folder not on Python's path, where its neighbours would be found.

    Parameters
    ----------
    path : str or Path
        From the project's root, or whole.
    """
    path = ROOT / path
    name = f"script_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module

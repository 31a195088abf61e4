"""Scripts that ship beside the packages (benchmarks, docs), as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def shipped_script(path: str) -> Any:
    """The script at a path below the repository's root, loaded once.

    What lies beside it can be imported meanwhile, as when Python runs it, and no longer: a string
    in a module under test may be called as a script is.
    """
    name = "script_" + path.removesuffix(".py").replace("/", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up
        sys.path.insert(0, str((ROOT / path).parent))
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.path[0]
    return sys.modules[name]

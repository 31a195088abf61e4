"""Where the suites and the embedded data lie: in the wheel, or in the repository."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(relative: str) -> Path:
    """The path of something under ``benchmarks/``, installed or in a checkout."""
    installed = _PACKAGE / "benchmarks"
    return (installed if installed.is_dir() else _PACKAGE.parent / "benchmarks") / relative

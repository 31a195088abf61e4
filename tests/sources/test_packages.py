"""Packages as they lie on disk."""

from __future__ import annotations

from pathlib import Path

from gxarena.sources.packages import Package, required


def test_files_behind_links_count_and_hidden_or_compiled_ones_do_not(tmp_path: Path) -> None:
    package, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    for name in (
        "__init__.py",
        "data/b.csv",
        "data/a.csv",
        "data/.DS_Store",
        ".git/config",
        "__pycache__/mine.txt",
        "left.pyc",
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    elsewhere.mkdir()
    (elsewhere / "w.bin").touch()
    (package / "weights").symlink_to(elsewhere)
    assert list(Package("mine", (package,)).files()) == [
        "mine/__init__.py",
        "mine/data/a.csv",
        "mine/data/b.csv",
        "mine/weights/w.bin",
    ]


def test_what_a_distribution_requires_is_found_to_the_end() -> None:
    found = required("captum")
    assert {"captum", "torch", "numpy", "sympy"} <= found  # sympy by torch
    assert "scikit-learn" in required("modisco-lite")
    assert "pytest" not in found  # an extra's
    assert required("no-such-distribution") == frozenset()

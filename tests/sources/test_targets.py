"""A target that is not there is found without importing anything."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from gxarena.registry import Registry
from gxarena.sources.targets import absence

SOURCE = """
import json as js
from os import path
from math import (sin, cos as cosine)
try:
    from nowhere import Fast
except ImportError:
    class Fast: ...
if True:
    def chosen(): ...
for number in range(3):
    with open("x") as file:
        late = 1
Alias = Other = Fast
Typed: type = Fast
class Explainer:
    inner = 1
    def method(self):
        local = 2
raise RuntimeError("never import me")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write ``pkg/sub/mod.py``, where Python finds it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source: str) -> Path:
        file = tmp_path / "absent_pkg" / "sub" / "mod.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in (file.parent, file.parents[1]):
            (folder / "__init__.py").write_text("raise RuntimeError('nor me')")
        file.write_text(source)
        importlib.invalidate_caches()
        return file

    return write


@pytest.mark.parametrize(
    "name",
    ["js", "path", "sin", "cosine", "Fast", "chosen", "late", "Alias", "Other", "Typed",
     "Explainer", "file", "number"],
)  # fmt: skip
def test_what_a_module_binds_is_there(module: Callable[[str], Path], name: str) -> None:
    module(SOURCE)
    assert absence(f"absent_pkg.sub.mod:{name}", "") == ""
    assert "absent_pkg" not in sys.modules


@pytest.mark.parametrize("name", ["json", "method", "local", "Explainr", "cos", "inner"])
def test_what_it_does_not_bind_is_not(module: Callable[[str], Path], name: str) -> None:
    file = module(SOURCE)
    reason = absence(f"absent_pkg.sub.mod:{name}", "")
    assert f"expected '{name}' in module 'absent_pkg.sub.mod' ({file}), it is not there." in reason
    assert name != "Explainr" or reason.endswith("Did you mean 'Explainer'?")


def test_modules_that_are_not_there(module: Callable[[str], Path]) -> None:
    module("")
    for name in ("absent_pkg.sub.other", "absent_pkg.no", "no_such_package", "no_such.thing"):
        assert absence(f"{name}:X", "") == f"expected module '{name}' to be there, it is not."
    module("def broken(:\n")
    assert "to be Python, it is not" in absence("absent_pkg.sub.mod:X", "")


@pytest.mark.parametrize("source", ["from json import *\n", "def __getattr__(name): ...\n"])
def test_where_one_cannot_tell_it_is_taken_for_there(
    module: Callable[[str], Path], source: str
) -> None:
    file = module(source)
    assert absence("absent_pkg.sub.mod:anything", "") == ""
    compiled = file.with_name(f"native{EXTENSION_SUFFIXES[0]}")
    compiled.write_bytes(b"")
    assert absence("absent_pkg.sub.native:anything", "") == ""


def test_all_that_is_installed_is_there(registry: Registry) -> None:
    absent = {(one.distribution, one.plugin) for one in registry.unusable()}
    assert absent == {("unknown", "unknown:toys")}
    reasons = {one.error for one in registry.unusable()}
    gone = "PluginError: unknown, explainer 'absent': expected module 'no_such_module' to be there"
    assert any(reason.startswith(gone) for reason in reasons)
    found = registry.registered("explainers", "absent")
    assert registry.status(found).startswith("broken: unknown, explainer 'absent': expected module")

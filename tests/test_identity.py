"""A component's digest follows its own code, and nothing else's."""

from __future__ import annotations

import importlib
import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from gxarena import identity
from gxarena.errors import PluginError
from gxarena.hookspecs import Component

FILES = {
    "__init__.py": "",
    "explainer.py": "from .rules import half\nfrom idpack import unused_name\nimport json\n",
    "rules.py": "import idpack.deep.constants\nhalf = 2\n",
    "deep/__init__.py": "",
    "deep/constants.py": "x = 1\n",
    "other.py": "y = 1\n",
    "typed.py": "import typing\nif typing.TYPE_CHECKING:\n    from idpack import other\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "idpack"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return root


def _digest(target: str) -> str:
    importlib.invalidate_caches()
    for cached in (identity._closure, identity._imports, identity._find):
        cached.cache_clear()
    return identity.component_digest(Component("x", target, ""))


def _edit(path: Path) -> None:
    path.write_text(path.read_text() + "z = 3\n")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("file", ["explainer.py", "rules.py", "deep/constants.py"])
def test_what_it_imports_counts(package: Path, file: str) -> None:
    before = _digest("idpack.explainer:E")
    _edit(package / file)
    assert _digest("idpack.explainer:E") != before


def test_what_it_does_not_import_does_not(package: Path) -> None:
    before = _digest("idpack.explainer:E"), _digest("idpack.typed:T")
    _edit(package / "other.py")
    assert (_digest("idpack.explainer:E"), _digest("idpack.typed:T")) == before


def test_nothing_is_imported(package: Path) -> None:
    (package / "explainer.py").write_text("raise SystemExit\n")
    assert _digest("idpack.explainer:E")


def test_a_module_without_source_is_an_error() -> None:
    with pytest.raises(PluginError, match="expected an installed module"):
        _digest("no_such_package.module:x")


def test_paths_count_by_content(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "w.txt").write_text("same")
    same = identity.path_digest(tmp_path / "a")
    assert same == identity.path_digest(tmp_path / "b")
    (tmp_path / "b" / "sub" / "w.txt").write_text("other")
    assert same != identity.path_digest(tmp_path / "b")
    assert identity.path_digest(tmp_path / "nowhere") == identity.digest("")


def test_digest_ignores_the_order_of_keys() -> None:
    assert identity.digest({"a": 1, "b": 2}) == identity.digest({"b": 2, "a": 1})


def test_code_in_a_namespace_package_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "idspace" / "mine"
    package.mkdir(parents=True)
    (package / "explainer.py").write_text("from idspace.mine import rules\n")
    (package / "rules.py").write_text("half = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = _digest("idspace.mine.explainer:E")
    _edit(package / "rules.py")
    assert _digest("idspace.mine.explainer:E") != before


def test_compiled_code_counts_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = tmp_path / f"idcompiled{EXTENSION_SUFFIXES[0]}"
    compiled.write_bytes(b"\x7fELF\0\xff")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = _digest("idcompiled:E")
    compiled.write_bytes(b"\x7fELF\0\xfe\0")
    assert _digest("idcompiled:E") != before

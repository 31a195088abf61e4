"""What a process imported and what lies on disk are told apart."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from entry_points import entry_point

from gxarena.errors import InputError
from gxarena.files import file_digest
from gxarena.registry import Registry
from gxarena.sources.in_memory import check_current

NAME = "in_memory_toy"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module on Python's path that is not yet imported."""
    path = tmp_path / f"{NAME}.py"
    path.write_text("FACTOR = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield path
    sys.modules.pop(NAME, None)


def _check(file: Path, module: str = NAME) -> None:
    check_current(file, module, file_digest(file))


def _refused(file: Path, module: str = NAME) -> bool:
    try:
        _check(file, module)
    except InputError:
        return True
    return False


def test_what_was_imported_may_not_change_until_it_is_imported_anew(file: Path) -> None:
    _check(file)
    importlib.import_module(NAME)
    _check(file)
    file.write_text("FACTOR = 20\n")
    assert _refused(file)
    file.write_text("FACTOR = 1\n")
    assert not _refused(file)
    file.write_text("FACTOR = 20\n")
    importlib.reload(sys.modules[NAME])
    assert _refused(file), "others may hold on to what it was"
    del sys.modules[NAME]
    assert not _refused(file)
    importlib.import_module(NAME)
    assert not _refused(file)


def test_nobody_knows_what_was_imported_between_two_contents(file: Path) -> None:
    _check(file)
    importlib.import_module(NAME)
    file.write_text("FACTOR = 20\n")
    assert _refused(file)
    assert _refused(file)


def test_data_is_read_with_its_package(file: Path) -> None:
    data = file.with_name("table.csv")
    data.write_text("1")
    importlib.import_module(NAME)
    for module in (NAME, "another_that_is_not_imported"):
        _check(data, module)
    data.write_text("2")
    assert _refused(data)
    assert not _refused(data, "another_that_is_not_imported")


def test_an_edit_before_the_first_look_shows_in_the_compiled_copy(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    importlib.import_module(NAME)
    file.write_text("FACTOR = 20\n")
    assert _refused(file)
    # Where Python writes no copies, one of another source tells nothing.
    del sys.modules[NAME]
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.import_module(NAME)
    assert not _refused(file)


def test_a_plugin_is_looked_at_when_it_is_found(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file.write_text(
        "from gxarena.hookspecs import hookimpl\n@hookimpl\ndef gxarena_models():\n    return ()\n"
    )
    assert not Registry.load([entry_point("toy", NAME)]).broken
    file.write_text("FACTOR = 20\n")
    assert _refused(file)

"""CONTRIBUTING's picture of the house is the house: every room and file has its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROWS = [line for line in TEXT.splitlines() if line.startswith("| `")]
MODULES = [path for path in sorted((ROOT / "gxarena").rglob("*.py")) if path.stem[:2] != "__"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_of_the_core_has_its_place(path: Path) -> None:
    parts = path.relative_to(ROOT / "gxarena").parts
    if len(parts) == 1:
        wanted = path.name
        rows = [row.split("|")[1] for row in ROWS]
    else:
        wanted = path.stem
        rows = [row for row in ROWS if f"`gxarena/{parts[0]}/`" in row.split("|")[1]]
        if parts[0] == "cli" or len(parts) > 2:  # one concept that the room's line names as a whole
            wanted = parts[-2] if len(parts) > 2 else "cli"
    assert any(re.search(rf"\b{re.escape(wanted)}\b", row) for row in rows)


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").glob("gxarena_*")), ids=lambda p: p.name)
def test_every_plugin_has_its_place(path: Path) -> None:
    assert any(f"`plugins/{path.name}/`" in row for row in ROWS)


def test_every_path_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:gxarena|plugins|tests)/[\w./]*\w/?)`", TEXT)
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []

"""The pages there are, by name: those that are written and those that are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gxarena.documentation.components import component_page
from gxarena.documentation.reference import commands_page, suites_page
from gxarena.registry import Registry

_PACKAGE = Path(__file__).parent


def written_pages() -> dict[str, Path]:
    """The Markdown files of docs/: the wheel's own copies, or those of the checkout."""
    copies = _PACKAGE / "shipped"
    folder = copies if copies.is_dir() else _PACKAGE.parents[1] / "docs"
    found = sorted(folder.rglob("*.md"))
    return {str(path.relative_to(folder).with_suffix("")): path for path in found}


def pages(registry: Registry, command: Any) -> Mapping[str, Callable[[], str]]:
    """What gives each page's Markdown, by the page's name.

    A component's page has its name; where two kinds share one, or a written page has it,
    ``kind/name`` tells them apart, and does so always. `command` is the command line as a whole.
    """
    components = [(f"{kind}/{name}", kind, name) for kind, name in sorted(registry.components)]
    found: dict[str, Callable[[], str]] = {}
    for full, kind, name in components:
        page = _of_component(registry, kind, name)
        found[full] = page
        found.setdefault(name, page)
    found |= {"suites": suites_page, "commands": lambda: commands_page(command)}
    return found | {name: _of_file(path) for name, path in written_pages().items()}


def _of_component(registry: Registry, kind: str, name: str) -> Callable[[], str]:
    return lambda: component_page(registry.components[kind, name], registry, code=False)


def _of_file(path: Path) -> Callable[[], str]:
    return lambda: path.read_text(encoding="utf-8")

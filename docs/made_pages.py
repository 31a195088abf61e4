"""Pages of the documentation site that nobody writes: from registry, schema and the root's files.

A hook of mkdocs (see mkdocs.yml); `gxarena docs` shows the same pages in a terminal.
"""

from __future__ import annotations

import re
from pathlib import Path

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from gxarena.cli.app import app
from gxarena.documentation.components import component_page, kind_page
from gxarena.documentation.reference import commands_page, suites_page
from gxarena.hookspecs import KINDS
from gxarena.registry import Registry

ROOT = Path(__file__).parents[1]
DATA = ROOT / "benchmarks" / "data"
FROM_THE_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
PYTHON = ("hookspecs", "api", "data", "metric_results", "capabilities", "errors")
"""What third parties import."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every page that is made."""
    for name, text in made_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def made_pages() -> dict[str, str]:
    """Markdown of each page, by its path in docs/."""
    registry = Registry.load()
    made = {page: _from_root(name) for name, page in FROM_THE_ROOT.items()}
    made |= {
        "suites.md": suites_page(),
        "commands.md": commands_page(typer.main.get_command(app)),
        "python.md": _python(),
    }
    made |= {f"data/{path.name}": path.read_text(encoding="utf-8") for path in DATA.glob("*.md")}
    for kind in KINDS:
        made[f"{kind}/index.md"] = kind_page(kind, registry)
        for found in registry.of_kind(kind):
            made[f"{kind}/{found.component.name}.md"] = component_page(found, registry)
    return made


def on_page_markdown(markdown: str, **_: object) -> str:
    """Pages on data that ships lie beside the data."""
    return markdown.replace("](../benchmarks/data/", "](data/")


def _from_root(name: str) -> str:
    """A file of the root, its links as seen from docs/."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"\]\((?:docs/)?(?!http)", "](", text)


def _python() -> str:
    modules = "\n\n".join(f"::: gxarena.{module}" for module in PYTHON)
    return f"# What plugins and notebooks import\n\n{modules}\n"

"""Templates and text that means itself, in HTML, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from gxarena.errors import printable

TEMPLATES = Path(__file__).parent / "templates"
_LATEX = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"–": "--", "…": r"\ldots{}"}
)


def rendered(name: str, context: Mapping[str, Any]) -> str:
    """A template, filled; what it is given is escaped, with ``md`` and ``tex`` as filters."""
    # A page of someone else's run holds someone else's names: everything is escaped.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {"md": markdown_text, "tex": latex_text}
    return environment.get_template(name).render(context)


def markdown_text(text: object) -> str:
    """Text that means itself in a cell of a Markdown table."""
    plain = printable(" ".join(str(text).split()))
    for character in "\\|*_`<>[]":
        plain = plain.replace(character, f"\\{character}")
    return plain


def latex_text(text: object) -> str:
    """Text that means itself in LaTeX."""
    return printable(str(text)).translate(_LATEX)

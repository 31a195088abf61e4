"""What a metric is and how far to trust it: from docs/metrics.md and the board of metrics."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

_PACKAGE = Path(__file__).parent
_EMPTY = Markup()
_SECTION = re.compile(r"^### `(?P<name>[^`]+)`\n+(?P<text>.*?)(?=^##)", re.S | re.M)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_TABLE = re.compile(r"<table>.*?</table>", re.S)
_SHORT = 12
"""Rows up to which a table of a note is open at once."""
_PART = re.compile(r"^(?=(?:Direction|Trap|Validity|Departures): )", re.M)


@dataclass(frozen=True)
class MetricNote:
    """A metric's section of docs/metrics.md, as HTML.

    Attributes
    ----------
    formula, direction, trap, validity, departures : str
        Empty where the section has no such part.
    """

    formula: Markup = _EMPTY
    direction: Markup = _EMPTY
    trap: Markup = _EMPTY
    validity: Markup = _EMPTY
    departures: Markup = _EMPTY


def packaged(relative: str) -> Path:
    """A file of docs/ or leaderboard/: the wheel's own copy, or that of the checkout."""
    room = _PACKAGE.parent / ("documentation" if relative.startswith("docs/") else "site")
    copy = room / "shipped" / Path(relative).name
    return copy if copy.is_file() else _PACKAGE.parents[1] / relative


@functools.cache
def metric_notes() -> Mapping[str, MetricNote]:
    """Notes by the metric's component."""
    try:
        text = packaged("docs/metrics.md").read_text(encoding="utf-8")
    except OSError:
        return {}
    return {found["name"]: _note(found["text"]) for found in _SECTION.finditer(text + "\n##")}


def _note(text: str) -> MetricNote:
    html = MarkdownIt("js-default", {"html": False})
    html.enable("table")
    html.core.ruler.push("pages_as_commands", _pages_as_commands)
    parts = {"formula": ""}
    for part in _PART.split(_COMMENT.sub("", text)):
        name, colon, said = part.partition(": ")
        known = name in {"Direction", "Trap", "Validity", "Departures"} and bool(colon)
        parts[name.lower() if known else "formula"] = said if known else part
    return MetricNote(**{name: _rendered(html, said) for name, said in parts.items()})


def _rendered(html: MarkdownIt, said: str) -> Markup:
    """A part as HTML."""
    text = html.render(said)
    return Markup(_TABLE.sub(_boxed, text))  # noqa: S704 (our own text, HTML in it escaped)


def _boxed(table: re.Match[str]) -> str:
    """A table in the box in which wide ones scroll; folded where it is long."""
    box = f'<div class="wide" tabindex="0" role="region" aria-label="Table">{table[0]}</div>'
    rows = table[0].count("<tr>") - 1
    if rows <= _SHORT:
        return box
    return f'<details class="folded"><summary>Table of {rows} rows</summary>{box}</details>'


def _pages_as_commands(state: StateCore) -> None:
    """A link to a place in docs/, which a site lacks, as its text and the command that shows it."""
    for inline in state.tokens:
        kept: list[Token] = []
        page: str | None = None
        for token in inline.children or ():
            if token.type == "link_open" and ":" not in str(token.attrGet("href")):
                page = str(token.attrGet("href")).partition("#")[0].removesuffix(".md")
            elif token.type == "link_close" and page is not None:
                command = Token("code_inline", "code", 0, content=f"gxarena docs {page}")
                brackets = (Token("text", "", 0, content=one) for one in (" (", ")"))
                kept += [next(brackets), command, next(brackets)] if page else []
                page = None
            else:
                kept.append(token)
        if inline.children:
            inline.children = kept


@functools.cache
def trust() -> tuple[dict[str, Any], ...]:
    """The rows of leaderboard/metric-trust.parquet; empty where it is not there."""
    path = packaged("leaderboard/metric-trust.parquet")
    return tuple(pq.read_table(path.absolute()).to_pylist()) if path.is_file() else ()


@functools.cache
def told(quantity: str) -> float:
    """The share of known damage that a quantity tells, mean over models; 0 where nobody tried."""
    found = [row["told"] for row in trust() if row["metric"] == quantity]
    return sum(found) / len(found) if found else 0.0

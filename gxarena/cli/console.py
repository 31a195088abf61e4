"""Where the command line writes, and how: results to stdout, everything else to stderr."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from gxarena.errors import printable

if TYPE_CHECKING:
    from rich.console import Console


_NO_TERMINAL = 10_000
"""Columns of a table that is written to a file or a pipe."""


@functools.cache
def out() -> Console:
    """Results."""
    return _console(stderr=False)


@functools.cache
def err() -> Console:
    """Progress, notes and errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    """One to which no text is a command: not rich's own, not the terminal's."""
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(printable(text), **how)

    return Plain(stderr=stderr, emoji=False)  # an id may read :a:


def say(sentence: str) -> None:
    """A sentence on stderr, as it is: what looks like markup in it is none."""
    err().print(sentence, markup=False, highlight=False, soft_wrap=True)


def say_on_stdout(sentence: str) -> None:
    """A sentence that is a result, as it is."""
    out().print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_lines(title: str, rows: Sequence[Sequence[str]]) -> None:
    """A title and one line a row, in columns, on stdout.

    A line is cut where the terminal ends; where there is none, who searches it wants it whole.
    """
    whole = not out().is_terminal
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    out().print(title, style="bold", markup=False, highlight=False)
    for row in rows:
        cells = [value.ljust(width) for value, width in zip(row, widths, strict=True) if width]
        out().print(
            "  ".join(cells).rstrip(),
            markup=False,
            highlight=False,
            no_wrap=True,
            overflow="ignore" if whole else "ellipsis",
            crop=not whole,
        )
    out().print()


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, indent=1, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout, under a title where there is one; numbers to the right.

    As wide as the terminal; where there is none, a row is a line, however long.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from gxarena.report.boards.tables import is_numeric

    listed = [list(row) for row in rows]
    table = Table(
        title=escape(title) or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    texts = [
        [printable(text) for text in (column, *(_text(row[at]) for row in listed))]
        for at, column in enumerate(columns)
    ]
    numbers = [bool(listed) and is_numeric(row[at] for row in listed) for at in range(len(columns))]
    names = numbers.index(False) if False in numbers else None
    for at, (column, numeric) in enumerate(zip(columns, numbers, strict=True)):
        justify: Literal["left", "right"] = "right" if numeric else "left"
        width = _unbroken(texts, at) if at == names else None
        table.add_column(escape(column), justify=justify, overflow="fold", width=width)
    for row in listed:
        table.add_row(*(escape(_text(value)) for value in row))
    out().print(table, width=_wide())


def _wide() -> int:
    """The columns of the terminal, or as many as anybody may want where nobody says how many."""
    given = out().is_terminal or "COLUMNS" in os.environ
    return out().width if given else _NO_TERMINAL


def _unbroken(columns: Sequence[Sequence[str]], at: int) -> int | None:
    """How wide a column of names is, of which no word is broken: who copies one wants it whole.

    As wide as the others leave room for; None where a word would take more than half of the line.
    """
    longest = [max(map(len, texts)) for texts in columns]
    word = max(map(len, " ".join(columns[at]).split()), default=0)
    left = _wide() - 2 * len(columns) - sum(longest) + longest[at]
    return min(longest[at], max(word, left)) if 2 * word <= _wide() else None


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def key_values(option: str, pairs: Sequence[str]) -> dict[str, Any]:
    """``k=v`` options as a mapping; values are read as TOML where they are TOML."""
    from gxarena.errors import InputError
    from gxarena.validation import toml_value

    parsed = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(f"{option}: expected key=value, got '{pair}'.")
        parsed[key] = toml_value(value, f"{option} {key}")
    return parsed

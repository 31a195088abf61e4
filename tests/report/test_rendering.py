"""Text that means itself, and templates that are given everything."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from gxarena.report.rendering import latex_text, markdown_text, rendered


def test_text_means_itself() -> None:
    assert markdown_text("a|b\n *c*") == r"a\|b \*c\*"
    assert latex_text("a_b & 5% – {x} \\ …") == (r"a\_b \& 5\% -- \{x\} \textbackslash{} \ldots{}")


def test_no_text_steers_who_shows_it() -> None:
    assert markdown_text("\x1b[2J") == r"\\x1b\[2J"
    assert latex_text("\x1b[2J") == r"\textbackslash{}x1b[2J"


def test_a_template_without_its_context_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        rendered("board.md", {})

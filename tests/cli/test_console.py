"""What is printed: other people's text steers no terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from poison_plugin import STEERING

from gxarena.cli import console
from gxarena.errors import printable

SHOWN = "\\x1b]0;owned\\x07\\x1b[2J\\rAll is well.\\x9b1A \\u202eback"


@pytest.mark.parametrize(
    "show",
    [
        lambda text: console.print_table(text, [text], [[text]]),
        lambda text: console.print_lines(text, [[text]]),
        lambda text: console.say_on_stdout(text),
        lambda text: console.out().print(text),
    ],
)
def test_no_text_is_a_command(show: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    console.out.cache_clear()
    printed = io.StringIO()
    monkeypatch.setattr(console.out(), "file", printed)
    show(STEERING)
    console.out.cache_clear()
    assert SHOWN in printed.getvalue()
    assert not set(printed.getvalue()) & {*"\x1b\x07\r\x9b\u202e"}


def test_lines_tabs_and_letters_of_all_scripts_stay() -> None:
    text = "é 名 ✓\n\tA\u00a0B"
    assert printable(text) == text

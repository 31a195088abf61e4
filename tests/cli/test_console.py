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


@pytest.mark.parametrize("wide", [80, 120])
def test_names_are_not_broken(wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the other columns take, but where a single name would take half of the line."""
    names = ["lrp", "saturation_mutagenesis", "deep_lift_shap = deeplift_shap = shap-deep"]
    rows = [[i, name, 0.5, *["-0.00374 … 0.00253"] * 4] for i, name in enumerate(names)]
    printed = io.StringIO()
    monkeypatch.setenv("COLUMNS", str(wide))
    console.out.cache_clear()
    monkeypatch.setattr(console.out(), "file", printed)
    console.print_table("", ["", "explainer", "mean", "95% CI", "b", "c", "d"], rows)
    long = "Z" * (wide - 10)
    console.print_table("", ["explainer", "95% CI"], [[long, "-0.00374 … 0.00253"]])
    console.out.cache_clear()
    words = printed.getvalue().split()
    assert {word for name in names for word in name.split()} <= set(words)
    assert "".join(printed.getvalue().split()).count("Z") == len(long)
    assert max(map(len, printed.getvalue().splitlines())) <= wide


def test_lines_are_cut_where_a_terminal_ends_and_whole_for_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who looks for a word of a list by grep finds it, wherever it stands."""
    monkeypatch.setenv("COLUMNS", "40")
    for terminal in (True, False):
        console.out.cache_clear()
        printed = io.StringIO()
        monkeypatch.setattr(console.out(), "file", printed)
        monkeypatch.setattr(console.out(), "_force_terminal", terminal)
        console.print_lines("", [["name", "word " * 20 + "needle"]])
        assert ("needle" in printed.getvalue()) is not terminal
        assert ("…" in printed.getvalue()) is terminal
    console.out.cache_clear()

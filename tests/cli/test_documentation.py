"""`gxarena docs`: the same pages in a terminal."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from gxarena.cli.app import app


def shown(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["docs", *arguments], env={"COLUMNS": "200"})


def test_without_a_page_it_lists_them() -> None:
    said = shown().stdout
    assert all(name in said for name in ("metrics", "statistics", "commands", "suites", "attnlrp"))


def test_a_component_is_a_page() -> None:
    said = shown("attnlrp").stdout
    assert "AttnLRP" in said
    assert "Parameters" in said
    assert "::: " not in said


def test_how_tables_are_made_is_not_shown() -> None:
    said = shown("results").stdout
    assert "promoters" in said
    assert "board =" not in said


def test_a_page_that_is_not_there_is_one_sentence() -> None:
    failed = shown("attnlpr")
    assert "Did you mean 'attnlrp'?" in str(failed.exception)

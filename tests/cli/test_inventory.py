"""`gxarena plugins list` at 80 columns: a line a component, by kind, the remedy once below."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from rich.console import Console
from typer.testing import CliRunner

from gxarena.cli import console
from gxarena.cli.app import app
from gxarena.cli.inventory import KINDS_IN_WORDS, kind_named
from gxarena.errors import InputError
from gxarena.hookspecs import KINDS
from gxarena.registry import Registry


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    console.out.cache_clear()


def _list(*options: str) -> str:
    result = CliRunner().invoke(app, ["plugins", "list", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("terminal", [True, False])
def test_a_component_is_a_line_that_fits_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "is_terminal", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    lines = _list().splitlines()
    assert (max(map(len, lines)) <= 80) is terminal  # in a pipe lines are whole
    assert [line for line in lines if line in KINDS] == list(KINDS)
    first = [line.split()[0] for line in lines if line and line not in KINDS]
    own = Registry.load()
    assert first == [name for kind in KINDS for name in own.names(kind)]


def test_one_kind_alone_in_either_number() -> None:
    own = Registry.load()
    for asked in ("aggregator", "aggregators"):
        lines = _list("--kind", asked).split("\n\n")[0].splitlines()
        assert lines[0] == "aggregators"
        assert [line.split()[0] for line in lines[1:]] == list(own.names("aggregators"))
    shown = json.loads(_list("--kind", "metric", "--json"))["components"]
    assert {one["kind"] for one in shown} == {"metrics"}
    with pytest.raises(InputError, match=r"^--kind: unknown 'metre'\. .*metrics"):
        kind_named("metre")
    assert KINDS_IN_WORDS.replace(" or ", ", ").split(", ") == list(KINDS)


def test_a_remedy_is_said_once_below(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.distribution

    def without(name: str) -> metadata.Distribution:
        if name == "captum":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "distribution", without)
    text = _list()
    needing = [line for line in text.splitlines() if "needs (1)" in line]
    assert len(needing) > 5
    assert text.count("pip install 'gxarena[captum]'") == 1
    assert text.rstrip().endswith("(1) needs captum: pip install 'gxarena[captum]'")


def test_somebody_elses_are_marked_and_broken_ones_named(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "load", lambda: registry)
    lines = _list().splitlines()
    (absent,) = [line for line in lines if line.startswith("absent ")]
    assert absent.split()[:3] == ["absent", "broken", "unknown"]
    assert any(
        line.startswith("broken  unknown:toys : PluginError: unknown, explainer 'absent'")
        for line in lines
    )
    broken = json.loads(_list("--json"))["broken"]
    assert any("'absent': expected module 'no_such_module'" in one["error"] for one in broken)
    only = _list("--broken").splitlines()
    assert only == [line for line in lines if line.startswith("broken  ")]

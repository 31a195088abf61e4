"""Progress where there is no terminal: whole lines, few of them."""

from __future__ import annotations

import pytest

from gxarena.cli import console, progress
from gxarena.registry import Registry
from gxarena.run.plan import Plan, make_plan
from gxarena.run.suite import read_suite


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_suite("quickstart"), Registry.load(), limit=2)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    console.err.cache_clear()


def test_a_file_has_the_last_line_and_failures_uncut(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *others = plan.cells
    with progress.Progress(plan) as told:
        told.cell(first, "error", "why " * 60)
        for cell in others:
            told.stage("cnn / lrp", 1, 2)
            told.cell(cell, "ok", "")
    failure, last = capsys.readouterr().err.splitlines()
    assert failure.endswith("why " * 60)
    assert last == f"quickstart: {len(plan.cells)} of {len(plan.cells)} cells"


def test_a_run_that_is_taken_up_counts_what_is_done(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    n = len(plan.cells)
    with progress.Progress(plan) as told:
        told.earlier(n - 1)
        told.cell(plan.cells[-1], "ok", "")
    assert capsys.readouterr().err.splitlines() == [f"quickstart: {n} of {n} cells"]


def test_who_takes_long_says_where_it_is(
    plan: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with progress.Progress(plan) as told:
        told.stage("n" * 100, 3, 7)
        told.cell(plan.cells[0], "ok", "")
        told.stage("probe", 5, 0)
    n = len(plan.cells)
    assert capsys.readouterr().err.splitlines() == [
        f"quickstart: 0 of {n} cells; {'n' * 100}: 3 of 7",
        f"quickstart: 1 of {n} cells",
        f"quickstart: 1 of {n} cells; probe: 5",
    ]

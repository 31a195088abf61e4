"""Dossiers: the cells behind a number, each once, as boards join them; what makes them again."""

from __future__ import annotations

import shlex
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from written_runs import rewrite_table, write_run

from gxarena.results.boards import boards_of, read_board, write_board
from gxarena.results.reading import RunResults
from gxarena.run.suite import read_suite
from gxarena.site.content import read_content
from gxarena.site.dossier_pages import FOLDED_FROM, _numbers
from gxarena.site.dossiers import Dossier, Values, dossiers_of

LOW, HIGH = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0))


def dossiers(*runs: Path) -> dict[str, Dossier]:
    content = read_content(runs)
    (board,) = content.boards
    return {one.labels[2]: one for one in dossiers_of(content, board, 1)}


def test_a_cell_that_failed_gives_way_to_one_that_is_done(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", {"a": LOW, "b": LOW}, status={"a": "error"})
    second = write_run(tmp_path / "second", {"a": LOW, "b": LOW})
    found = dossiers(first, second)
    (source,), (cell,) = found["a"].parts, found["a"].cells
    assert (source.name, cell["status"]) == ("second", "ok")
    (source,), (cell,) = found["b"].parts, found["b"].cells
    assert source.name == "first"


def test_another_explainer_of_the_same_name_is_its_own_dossier(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", {"a": LOW, "b": LOW})
    second = write_run(tmp_path / "second", {"a": HIGH, "c": LOW})
    found = dossiers(first, second)
    assert set(found) == {"a", "a (second)", "b", "c"}
    content = read_content([first, second])
    values = Values(content.sources)
    for name, expected in (("a", LOW), ("a (second)", HIGH)):
        (one,) = (d for d in dossiers_of(content, content.boards[0], 1) if d.labels[2] == name)
        assert next(iter(values.of(one)["values"].values())) == pytest.approx(expected)


def test_who_measured_the_same_is_told_too(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", {"a": LOW, "random": LOW})
    second = write_run(tmp_path / "second", {"b": HIGH, "random": LOW}, device="cuda:0")
    found = dossiers(first, second)
    (source,) = found["random"].parts
    assert source.name == "first"
    assert dict(found["random"].facts)["the same values in second"] == (
        "1 cell, from 2026-01-01 00:00 UTC on, cuda:0, gxarena 0"
    )
    assert not any("same values" in name for name, _ in found["b"].facts)


def test_a_run_that_calls_model_and_data_otherwise_is_behind_its_numbers(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", {"a": LOW})
    second = write_run(tmp_path / "second", {"b": HIGH, "a": HIGH}, model="mine", dataset="d2")
    found = dossiers(first, second)
    assert {one.labels for one in found.values()} == {
        ("d", "m", name) for name in ("a", "b", "a (second)")
    }
    for name in ("b", "a (second)"):
        (source,), (cell,) = found[name].parts, found[name].cells
        assert (source.name, cell["model"]) == ("second", "mine")
        # Its own suite knows it by its own names alone.
        assert 'datasets=["d2"], models=["mine"]' in found[name].command(source)


def test_the_command_asks_for_these_cells_alone(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", {"it's": LOW, "b": LOW}, against="m/b", metric_name="q[vs m/b]"
    )
    dossier = dossiers(run)["it's"]
    (source,) = dossier.parts
    words = shlex.split(dossier.command(source))
    assert words[:6] == ["gxarena", "run", "s.toml", "--out", "runs/again", "--set"]
    assert tomllib.loads(words[6])["matrix"] == [
        {
            "datasets": ["d"], "models": ["m"], "explainers": ["it's"],
            "aggregators": ["native"], "metrics": ["q"], "against": ["m/b"],
        }
    ]  # fmt: skip


def test_a_shipped_suite_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW})
    replace(RunResults.of(run).record, suite="quickstart").write(run)
    dossier = dossiers(run)["a"]
    (source,) = dossier.parts
    assert dossier.command(source).startswith("gxarena run quickstart --out ")


def test_facts_name_what_differs(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / f"r{i}", {"a": LOW}, model_replicate=i, device=f"cuda:{i}",
                  model_weights_digest=str(i) * 32, packages=f'{{"torch": "2.{i}"}}')
        for i in range(2)
    ]  # fmt: skip
    facts = dict(dossiers(*runs)["a"].facts)
    assert facts["weights, digest"] == f"{'0' * 32}, {'1' * 32}"
    assert facts["device"] == "cuda:0, cuda:1"
    assert facts["versions"] == "torch 2.0 or 2.1"
    assert facts["target"] == "1"
    assert facts["computed"] == "2026-01-01 00:00 to 2026-01-01 00:00 UTC"


def test_a_run_without_any_value_has_dossiers_too(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "b": LOW}, status="error", error_message="no")
    content = read_content([run])
    for one in dossiers_of(content, content.boards[0], 1):
        assert Values(content.sources).of(one) == {"ids": [], "values": {}}
        assert [cell["status"] for cell in one.cells] == ["error"]


def test_only_so_many_sequences_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gxarena.site.dossiers.MOST_SEQUENCES", 7)
    run = write_run(tmp_path / "run", {"a": LOW})
    path = run / "samples.parquet"
    rewrite_table(path, pq.read_table(path), 5)
    content = read_content([run])
    (one,) = dossiers_of(content, content.boards[0], 1)
    held = Values(content.sources).of(one)
    assert held["ids"] == [str(i) for i in range(7)]
    assert held["values"] == {"q--native": pytest.approx(LOW[:7])}


def test_a_written_board_tells_what_it_knows_and_how_to_make_it_again(tmp_path: Path) -> None:
    changes = {"suite": "quickstart", "against": "cnn/lrp", "metric": "continuous_jaccard"}
    run = write_run(
        tmp_path / "run",
        {"a": LOW, "b": HIGH},
        metric_name="continuous_jaccard[vs cnn/lrp]",
        **changes,
    )
    (board,) = boards_of([run])
    write_board(tmp_path / "b.parquet", board)
    found = dossiers(tmp_path / "b.parquet")["a"]
    suite, *rest = shlex.split(found.command_of_rows())[2:]
    assert suite == "quickstart"
    (block,) = tomllib.loads(rest[-1])["matrix"]
    assert (block["explainers"], block["metrics"], block["against"]) == (
        ["a"], ["continuous_jaccard"], ["cnn/lrp"],
    )  # fmt: skip
    read_suite("quickstart", [rest[-1]])
    told = dict(found.terms(read_board(tmp_path / "b.parquet")))
    assert {"target", "seed", "objective", "data set d"} <= set(told)
    other = dossiers(write_run(tmp_path / "own", {"a": LOW, "b": HIGH}))["a"]
    assert other.command_of_rows() == ""


def _row(metric: str, **other: object) -> dict[str, object]:
    same = {
        "aggregator": "native", "n": 40, "sequences": 20, "replicates": 2, "n_undefined": 0,
        "n_failed": 0, "coverage": 1.0, "not_ranked": None, "ci_method": "crossed bootstrap",
        "verification": "recomputed",
    }  # fmt: skip
    return {"metric": metric, **same, **other}


def test_what_all_numbers_share_is_said_once_and_what_is_long_is_a_note() -> None:
    """Seventeen columns, of which twelve said the same in each line, are read by nobody."""
    odd = _row("b", coverage=0.5, not_ranked="it ranks nobody")
    said = _numbers([_row("a"), odd, _row("c", ci_method="exact", not_ranked="it ranks nobody")])
    once = dict(said["once"])
    assert (once["values"], once["sequences"], once["checked"]) == ("40", "20", "recomputed")
    assert said["columns"] == ["coverage"]
    ranks, crossed, exact = (
        "Not ranked because: it ranks nobody", "Interval is: crossed bootstrap",
        "Interval is: exact",
    )  # fmt: skip
    lines = said["groups"][""]
    assert [texts for _, texts, _ in lines] == [["100%"], ["50%"], ["100%"]]
    notes = [{said["notes"][mark - 1] for mark in marks} for _, _, marks in lines]
    assert notes == [{crossed}, {ranks, crossed}, {ranks, exact}]


def test_many_numbers_stand_by_metric() -> None:
    rows = [_row(f"{metric}.q@{i}") for metric in ("b", "a") for i in range(FOLDED_FROM)]
    groups = _numbers(rows)["groups"]
    assert {metric: len(lines) for metric, lines in groups.items()} == {
        "b": FOLDED_FROM, "a": FOLDED_FROM,
    }  # fmt: skip
    assert set(_numbers(rows[:FOLDED_FROM])["groups"]) == {""}

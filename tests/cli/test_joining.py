"""`gxarena leaderboard` and `submit`, as somebody with a new explainer would use them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner
from written_runs import write_run

from gxarena.cli import app as application
from gxarena.cli.app import app
from gxarena.registry import Registry
from gxarena.results.boards import boards_of, read_board

ROOT = Path(__file__).parents[2]
LOW, HIGH, NONE = ([m + 0.01 * i for i in range(40)] for m in (1.0, 2.0, 0.0))


def _said(*arguments: object, code: int = 0) -> tuple[str, str]:
    """What a command prints, to stdout and to stderr, each as one line."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.stdout.split()), " ".join(result.stderr.split())


def test_a_run_and_a_bundle_are_one_board(tmp_path: Path) -> None:
    theirs = write_run(tmp_path / "theirs", {"a": LOW, "random": NONE})
    mine = write_run(tmp_path / "mine", {"b": HIGH, "random": NONE})
    _said("submit", theirs, "--out", tmp_path / "theirs.zip")
    out = tmp_path / "board.parquet"
    shown, _ = _said("leaderboard", mine, tmp_path / "theirs.zip", "--out", out)
    assert re.search(r"q, native, d, m .* b 2\.\d+ .* a 1\.\d+", shown)
    assert "Board" not in shown
    assert "self-reported: computed by gxarena from samples" in shown
    ranks = {row["explainer"]: row["rank"] for row in pq.read_table(out).to_pylist()}
    assert ranks == {"a": 2, "b": 1, "random": None}
    assert not (tmp_path / "board-2.parquet").exists()


def test_what_cannot_be_compared_is_written_and_shown_apart(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", {"a": LOW})
    two = write_run(tmp_path / "two", {"b": HIGH}, target="label")
    out = tmp_path / "board.parquet"
    shown, said = _said("leaderboard", one, two, "--out", out)
    first, second = shown.split("Board 2 of 2: ")
    assert first.startswith("Board 1 of 2: ")
    assert f"Not ranked with {one}: target is 'label' in {two} and '1' in {one}." in second.replace(
        "- ", "-"
    )
    places = [out, tmp_path / "board-2.parquet"]
    assert said.split("Written: ")[1:] == [f"{places[0]} ", str(places[1])]
    explainers = [read_board(place).table["explainer"].to_pylist() for place in places]
    assert explainers == [["a"], ["b"]]


def test_a_written_board_is_shown_beside_and_not_written_again(tmp_path: Path) -> None:
    theirs = write_run(tmp_path / "theirs", {"a": LOW})
    _said("leaderboard", theirs, "--out", tmp_path / "board.parquet")
    mine = write_run(tmp_path / "mine", {"b": HIGH})
    out = tmp_path / "new.parquet"
    shown, said = _said("leaderboard", tmp_path / "board.parquet", mine, "--out", out)
    assert "holds no samples" in shown
    assert said == f"Written: {out}"
    alone, _ = _said("leaderboard", tmp_path / "board.parquet")
    assert re.search(r"q, native, d, m .* a 1\.\d+", alone)
    assert "holds no samples" not in alone


@pytest.mark.parametrize("ending", [".csv", ".md", ".tex", ".html"])
def test_the_ending_chooses_the_format(ending: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "random": NONE}, {"headline": ["q"]})
    other = write_run(tmp_path / "other", {"b": LOW}, seed=1)
    _said("leaderboard", run, other, "--out", tmp_path / f"board{ending}")
    text = (tmp_path / f"board{ending}").read_text(encoding="utf-8")
    assert "random" in text
    second = (tmp_path / f"board-2{ending}").read_text(encoding="utf-8")
    assert ("Not ranked with" in second) == (ending != ".csv")


def test_another_ending_is_said_before_anything_is_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["leaderboard", str(tmp_path / "none"), "--out", "b.xlsx"])
    assert "expected .parquet, .csv, .md, .tex or .html, got '.xlsx'" in str(result.exception)


def test_who_answers_seldom_is_seen_to(tmp_path: Path) -> None:
    unsure = [value + 0.5 if i < 26 else None for i, value in enumerate(LOW)]
    run = write_run(tmp_path / "run", {"unsure": unsure, "steady": LOW, "random": NONE})
    shown, _ = _said("leaderboard", run)
    assert "unsure answers for 65%; with the floor's answers for the others its place is 2" in shown
    rows = shown.rpartition("with the floor's")[2]
    assert re.search(r"unsure 1\.\d+ .* 65% 1 \(1 … 1\) 1 1\.17, rank 2 steady", rows)
    assert re.search(r"steady 1\.\d+ .* 100% 2 \(2 … 2\) 2 1\.19, rank 1 random", rows)
    full, _ = _said("leaderboard", write_run(tmp_path / "full", {"steady": LOW, "random": NONE}))
    assert "; coverage 100%)" in full


def test_patterns_that_match_nothing_are_said(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW}, {"headline": ["q", "auprc*"]})
    _, said = _said("leaderboard", run)
    assert "headline 'auprc*': expected a pattern of metrics that are there" in said
    assert "'q'" not in said.partition("Metrics")[0]
    _, said = _said("leaderboard", run, "--metric", "r*")
    assert "--metric 'r*': expected" in said
    assert "headline" not in said


SUITE = """
name = "small"
target = 1
headline = ["gini", "gini.other", "ginni", "auprc*"]
[datasets.mine]
path = "data.csv"
[[matrix]]
datasets = ["mine"]
models = ["toy"]
explainers = {explainers}
metrics = ["gini"]
"""


@pytest.fixture
def suite(data: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A suite file beside `data`, with the toys installed."""
    monkeypatch.setattr(Registry, "load", lambda: registry)

    def write(explainers: str) -> Path:
        path = data.parent / "small.toml"
        path.write_text(SUITE.format(explainers=explainers))
        return path

    return write


def test_a_headline_that_can_match_nothing_is_said_before_any_work(
    suite: Callable[[str], Path], tmp_path: Path
) -> None:
    """One that a quantity might match, once the metric is made, is said afterwards."""
    path = suite('["exact"]')
    early = [f"small, headline '{pattern}': expected" for pattern in ("ginni", "auprc*")]
    _, said = _said("plan", path)
    assert [sentence in said for sentence in early] == [True, True]
    assert "Did you mean 'gini'?" in said
    assert "gini.other" not in said
    _, said = _said("run", path, "--out", tmp_path / "run")
    assert [said.count(sentence) for sentence in early] == [1, 1]
    assert said.count("headline 'gini.other': expected") == 1
    assert said.index("headline 'gini.other'") > said.index(early[0])


def test_a_folder_that_looks_like_markup_is_printed_as_it_is(
    suite: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, said = _said("run", suite('["crash"]'), "--out", "[/y]", code=3)
    assert "Some cells failed. See: gxarena failures [/y]" in said
    out = tmp_path / "[bold].parquet"
    _, said = _said("leaderboard", "[/y]", "--out", out)
    assert said.splitlines()[0].startswith(f"Written: {out}")


def test_an_interrupted_run_names_such_a_folder_too(
    suite: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stop").touch()
    monkeypatch.setenv("TOY_INTERRUPT", str(tmp_path / "stop"))
    _, said = _said("run", suite('["interrupt"]'), "--out", "[/y]", "--engine", "inline", code=130)
    assert "Finished cells are kept in [/y]; the same command resumes." in said


def test_the_bundle_that_ships_is_of_the_board_that_ships() -> None:
    (made,) = boards_of([ROOT / "leaderboard" / "quickstart.zip"])
    shipped = read_board(ROOT / "leaderboard" / "quickstart.parquet")
    labels = ["suite", "dataset", "model", "explainer", "aggregator", "metric"]
    assert made.table.select(labels).equals(shipped.table.select(labels))
    one, other = (board.table["estimate"].to_numpy() for board in (made, shipped))
    assert one == pytest.approx(other, rel=1e-3, abs=1e-4, nan_ok=True)


def _recipe(command: str) -> list[str]:
    """A command of the README that begins so, in words."""
    import shlex

    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^    gxarena ({re.escape(command)}.*)$", page, re.M)
    return shlex.split(line)


@pytest.mark.slow
def test_the_readmes_recipe_joins_the_board_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an explainer that is there in the place of the one that a reader would write."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaderboard").symlink_to(ROOT / "leaderboard")
    words = [
        w.replace("leave-one-out", "occlusion") for w in _recipe("run quickstart --out runs/mine")
    ]
    _said(*words)
    shown, said = _said(*_recipe("leaderboard leaderboard/quickstart.zip"))
    assert "Board" not in shown
    assert "matches none" not in said
    rows = pq.read_table("mine.parquet").to_pylist()
    at = {
        (row["model"], row["explainer"]): row["rank"]
        for row in rows
        if (row["metric"], row["aggregator"]) == ("gini", "native")
    }
    assert set(at) == {
        ("cnn", "lrp"), ("cnn", "occlusion"), ("cnn", "random"),
        ("dnabert2-mini", "attnlrp"), ("dnabert2-mini", "occlusion"), ("dnabert2-mini", "random"),
    }  # fmt: skip
    for model in ("cnn", "dnabert2-mini"):
        ranks = sorted(rank for (of, _), rank in at.items() if of == model and rank is not None)
        assert ranks == [1, 2]


def test_an_error_exits_with_two_and_names_the_place_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gxarena", "leaderboard", "[/y].zip"])
    with pytest.raises(SystemExit) as left:
        application.main()
    assert left.value.code == 2
    assert (
        "[/y].zip: expected a board, a bundle or a run, got nothing there."
        in capsys.readouterr().err
    )

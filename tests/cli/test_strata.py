"""`gxarena leaderboard RUN --only STRATUM`: every table says on which samples it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.run.plan import Plan
from gxarena.run.runner import run


@pytest.fixture
def judged(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    """A run of two methods and a floor, with accuracy."""
    block = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact", "ism", "random"],
        "metrics": ["gini", "faithfulness", "accuracy"],
    }
    run(plan(matrix=[block], partition=""), tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(("only", "stated"), [("correct", "only correct"), ("wrong", "only wrong")])
def test_every_table_says_on_which_samples_it_is(
    only: str, stated: str, judged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "board.parquet"
    command = ["leaderboard", str(judged), "--out", str(out), "--metric", "gini"]
    whole = CliRunner().invoke(app, command)
    assert whole.exit_code == 0, whole.output
    assert "only" not in whole.stdout
    n_whole = pq.read_table(out)["n"].to_pylist()
    part = CliRunner().invoke(app, [*command, "--only", only])
    assert part.exit_code == 0, part.output
    of = "1 metric on 1 data set; one set of weights"
    assert f"({of}; {stated})" in " ".join(part.stdout.split())
    heading = f"gini, native, mine, {stated}, toy (higher is better; n = "
    assert heading in " ".join(part.stdout.split())
    # Each table's heading says it, however it is wrapped.
    headings = re.findall(r"metric on 1 data set|is better; n = ", " ".join(part.stdout.split()))
    assert len(headings) == " ".join(part.stdout.split()).count(stated)
    board = pq.read_table(out)
    assert set(board["dataset"].to_pylist()) == {f"mine, {stated}"}
    assert all(0 < n < most for n, most in zip(board["n"].to_pylist(), n_whole, strict=True))


def test_a_part_s_board_is_not_set_beside_the_whole_s_numbers(judged: Path, tmp_path: Path) -> None:
    """Written with its terms, it says itself that it is of other samples."""
    out = tmp_path / "right.parquet"
    command = ["leaderboard", str(judged), "--out", str(out), "--only", "correct"]
    assert CliRunner().invoke(app, command).exit_code == 0
    beside = CliRunner().invoke(app, ["leaderboard", str(judged), str(out)])
    assert beside.exit_code == 0, beside.output
    said = " ".join(beside.stdout.split())
    assert "its estimates compare with none of" in said
    assert "since data set 'mine' is 70 sequences" in said
    assert ", only correct in" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "right"], "--only: expected correct, wrong or label=1, got 'right'"),
        (["AGAIN", "--only", "wrong"], "--only wrong: expected one run, got 2"),
        (["--only", "label=1"], "expected the samples that were run"),
    ],
)
def test_a_mistake_is_one_sentence(
    words: list[str], message: str, judged: Path, data: Path, tmp_path: Path
) -> None:
    data.write_text(data.read_text().replace(",0\n", ",1\n"))
    out = str(tmp_path / "board.parquet")
    words = [str(judged) if word == "AGAIN" else word for word in words]
    result = CliRunner().invoke(app, ["leaderboard", str(judged), *words, "--out", out])
    assert result.exit_code != 0
    assert message in str(result.exception)


def test_a_class_alone_is_half_of_the_samples(judged: Path, tmp_path: Path) -> None:
    out = tmp_path / "board.parquet"
    command = ["leaderboard", str(judged), "--out", str(out), "--only", "label=1"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert set(pq.read_table(out)["n"].to_pylist()) == {35}
    assert "only label 1" in result.stdout

"""Data sets as a suite chose them: what is checked at the plan, and what the board makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gxarena.errors import InputError
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run

MATRIX = [
    {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact", "random"],
        "metrics": ["gini"],
    }
]


def _windows(path: Path, n: int, apart: int) -> dict[str, dict[str, object]]:
    """A file of sequences at places of a chromosome, grouped where they overlap."""
    letters = [("ACGT" * 5)[i % 4 :][:12] + "ACGT"[i % 4] * (i % 5) for i in range(n)]
    lines = [f">chr1:{1 + apart * i}-{12 + apart * i}\n{s}" for i, s in enumerate(letters)]
    path.write_text("\n".join(lines) + "\n")
    return {"mine": {"path": str(path), "groups": "overlap"}}


@pytest.mark.parametrize(
    ("apart", "method"),
    [
        (20, "samples in 40 groups"),
        (5, "too few groups"),  # a single chain of overlaps
    ],
)
def test_the_board_of_a_run_knows_which_samples_belong_together(
    plan: Callable[..., Plan], tmp_path: Path, apart: int, method: str
) -> None:
    folder = tmp_path / "run"
    run(plan(datasets=_windows(tmp_path / "d.fa", 40, apart), matrix=MATRIX), folder)
    written = pq.read_table(folder / "leaderboard.parquet").to_pylist()
    assert all(method in row["ci_method"] for row in written if row["explainer"] == "exact")
    assert leaderboard_of(RunResults.of(folder)).to_pylist() == written


def test_ids_that_name_no_place_are_an_error_at_the_plan(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    path = tmp_path / "d.fa"
    path.write_text(">one\nACGTACGTACGT\n")
    with pytest.raises(InputError, match=r"datasets\.mine\.groups: expected ids such as"):
        plan(datasets={"mine": {"path": str(path), "groups": "chromosome"}}, matrix=MATRIX)


@pytest.mark.parametrize("region", [[1], [1, 2, 3], ["1", "5"], [1.0, 5.0], [True, 5], [3, 99]])
def test_a_region_that_is_none_is_an_error_at_the_plan(
    plan: Callable[..., Plan], data: Path, region: list[object]
) -> None:
    with pytest.raises(InputError, match=r"region: expected a start and an end"):
        plan(datasets={"mine": {"path": str(data), "region": region}}, matrix=MATRIX)


def test_a_region_names_a_column_too(plan: Callable[..., Plan], tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("sequence,peak\nAACGTT,1-5\nGGACAT,0-6\n")
    made = plan(datasets={"mine": {"path": str(path), "region": "peak"}}, matrix=MATRIX)
    assert [one.sequence for one in made.datasets["mine"].samples] == ["ACGT", "GGACAT"]


def test_flanks_count_among_what_a_model_takes(plan: Callable[..., Plan], data: Path) -> None:
    matrix = [MATRIX[0] | {"models": ["toy-short"]}]
    with pytest.raises(InputError, match=r"expected at most 10 nucleotides .* got 24"):
        plan(datasets={"mine": {"path": str(data), "region": [2, 8]}}, matrix=matrix)


def test_a_name_beside_a_path_is_refused(plan: Callable[..., Plan], data: Path) -> None:
    """One of them would be left out without a word."""
    both = {"mine": {"path": str(data), "name": "fly-promoters"}}
    with pytest.raises(InputError, match=r"got both, 'fly-promoters' and '.*'\. Leave one out"):
        plan(datasets=both)


def test_an_alias_that_names_nothing_is_not_told_to_be_there(plan: Callable[..., Plan]) -> None:
    with pytest.raises(InputError, match="unknown dataset 'mine'") as raised:
        plan(datasets={"mine": {"n": 3}})
    assert "Did you mean 'mine'" not in str(raised.value)
    assert ", mine" not in str(raised.value)

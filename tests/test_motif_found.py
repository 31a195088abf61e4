"""Who finds the expected motif: from boards' rows to the published table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.errors import InputError

BOARDS = Path(__file__).parents[1] / "leaderboard"


@pytest.fixture(scope="module")
def script() -> Any:
    return shipped_script("benchmarks/validity/motif_found.py")


def _rows(explainer: str, role: str, **numbers: tuple[float | None, int]) -> list[dict[str, Any]]:
    """Of (estimate, sets of weights that have one)."""
    labels = {"dataset": "d", "model": "m", "aggregator": "native", "explainer": explainer}
    return [
        labels | {"role": role, "metric": f"modisco.observed.{name}", "estimate": value, "n": n}
        for name, (value, n) in numbers.items()
    ]


def test_each_control_stands_apart_beside_the_explanation(script: Any) -> None:
    board = [
        *_rows("lrp", "method", counted=(2.0, 5), recall=(1.0, 5), recall_best=(0.6, 5),
               matched=(0.9, 5)),
        *_rows("gc-centred", "control", counted=(1.0, 5), recall=(1.0, 4), recall_best=(0.5, 4),
               matched=(0.25, 4)),
        *_rows("random", "floor", counted=(0.0, 5), recall=(None, 0), recall_best=(None, 0),
               matched=(None, 0)),
        {"dataset": "d", "model": "m", "aggregator": "native", "explainer": "lrp",
         "role": "method", "metric": "auprc", "estimate": 1.0, "n": 5},
    ]  # fmt: skip
    own, gc, random = script.found(board)
    assert [row["of"] for row in (own, gc, random)] == [
        "the explanation", "GC content", "random scores",
    ]  # fmt: skip
    assert {row["explainer"] for row in (own, gc, random)} == {"lrp"}
    assert (own["found"], own["found_best"], own["matched"]) == (1.0, 0.6, 0.9)
    # A set of weights in which no pattern counts has found nothing.
    assert (gc["found"], gc["found_best"]) == pytest.approx((0.8, 0.4))
    assert (gc["trainings"], gc["matched"], gc["said"]) == (5, 0.25, "80%; 25% of 1")
    assert (random["found"], random["matched"]) == (0.0, None)
    assert random["said"] == "0%; no pattern counts"


def test_a_copy_that_learned_nothing_stands_beside_who_explained_it(script: Any) -> None:
    numbers = dict.fromkeys(("counted", "recall", "recall_best", "matched"), (1.0, 5))
    roles = {"lrp": "method", "lrp-plus": "method", "random": "floor"}
    roles |= {f"randomised-{of}": "control" for of in ("lrp", "lrp-plus")}
    board = [row for name, role in roles.items() for row in _rows(name, role, **numbers)]
    beside = [(row["explainer"], row["of"]) for row in script.found(board)]
    of = ["the explanation", "random scores", "a randomised model"]
    assert beside == [(name, one) for name in ("lrp", "lrp-plus") for one in of]


def test_boards_without_motifs_are_refused(script: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected boards with motifs"):
        script.main([str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_the_published_table_is_that_of_the_published_boards(script: Any) -> None:
    expected = [
        row
        for name in script.BOARDS
        for row in script.found(pq.read_table(BOARDS / f"{name}.parquet").to_pylist())
    ]
    assert pq.read_table(BOARDS / script.NAME).to_pylist() == expected


def test_explanations_find_the_named_matrices_and_so_do_some_controls() -> None:
    """docs/results.md, CTCF against PU.1."""
    rows = pq.read_table(BOARDS / "motif-found.parquet").to_pylist()
    peaks = [row for row in rows if row["dataset"] in ("ctcf", "pu1")]
    assert {row["found"] for row in peaks if row["of"] == "the explanation"} == {1.0}
    found = {
        of: {row["dataset"] for row in peaks if row["of"] == of and row["found"]}
        for of in ("GC content", "a randomised model")
    }
    assert found == {"GC content": {"ctcf", "pu1"}, "a randomised model": {"ctcf", "pu1"}}

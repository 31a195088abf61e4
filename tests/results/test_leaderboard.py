"""Leaderboard rows by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gxarena.errors import InputError
from gxarena.results.leaderboard import NO_CI, leaderboard, leaderboard_of_runs
from gxarena.results.reading import RunResults
from gxarena.results.schemas import LEADERBOARD, SAMPLES
from gxarena.run.plan import Plan
from gxarena.run.runner import run

COLUMNS = [
    "cell_id", "attempt", "suite", "dataset", "model", "explainer", "aggregator", "metric_name",
    "metric_scope", "quantities", "status", "n_samples", "explain_seconds", "explainer_role",
]  # fmt: skip
ROLES = {"random": "floor", "oracle": "ceiling"}


def _tables(
    values: dict[str, list[float | None]],
    better: str = "higher",
    status: str = "ok",
    scope: str = "sample",
    roles: dict[str, str] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Cells and samples of one metric for several explainers."""
    quantities = json.dumps({"": {"better": better}})
    n = len(next(iter(values.values()))) if scope == "sample" else 4
    facts = ["native", "q", scope, quantities, status, n, 2.0]
    role = {e: (roles or ROLES).get(e, "method") for e in values}
    cells = [[e, 1, "s", "d", "m", e, *facts, role[e]] for e in values]
    samples = [
        {"cell_id": e, "sample_id": str(i), "metric": "q", "value": value, "reason": None}
        for e, column in values.items()
        for i, value in enumerate(column)
    ]
    return (
        pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in cells]),
        pa.Table.from_pylist(samples if status == "ok" else [], schema=SAMPLES),
    )


def _rows(*tables: pa.Table) -> dict[str, dict[str, Any]]:
    board = leaderboard(*tables, seed=0)
    assert board.schema.equals(LEADERBOARD)
    return {row["explainer"]: row for row in board.to_pylist()}


def test_means_counts_and_ranks() -> None:
    rows = _rows(*_tables({"a": [1.0, 2.0, 3.0, 2.0], "b": [5.0, None, 6.0, 7.0]}))
    a, b = rows["a"], rows["b"]
    assert (a["estimate"], a["n"], a["n_undefined"], a["rank"]) == (2.0, 4, 0, 2)
    assert (b["estimate"], b["n"], b["n_undefined"], b["rank"]) == (6.0, 3, 1, 1)
    assert (b["rank_low"], b["rank_high"]) == (1, 1)
    assert a["ci_low"] <= 2.0 <= a["ci_high"]
    assert a["seconds_per_sequence"] == 0.5


@pytest.mark.parametrize(
    ("better", "ranks"), [("higher", [2, 1]), ("lower", [1, 2]), ("none", [None] * 2)]
)
def test_direction_decides_the_rank(better: str, ranks: list[int | None]) -> None:
    rows = _rows(*_tables({"a": [1.0, 1.0], "b": [2.0, 2.0]}, better))
    assert [rows["a"]["rank"], rows["b"]["rank"]] == ranks
    assert rows["a"]["direction"] == better


def test_undefined_everywhere_is_a_row_that_never_ranks() -> None:
    rows = _rows(*_tables({"a": [None, None], "b": [-1e9, -1e9]}))
    assert (rows["a"]["rank"], rows["a"]["estimate"], rows["a"]["n_undefined"]) == (None, None, 2)
    assert rows["b"]["rank"] == 1


def test_a_failed_cell_is_a_row_without_estimate() -> None:
    rows = _rows(*_tables({"a": [1.0, 2.0]}, status="error"))
    a = rows["a"]
    assert (a["estimate"], a["n"], a["n_undefined"], a["n_failed"]) == (None, 0, 0, 2)


def test_unsupported_is_no_competitor() -> None:
    assert _rows(*_tables({"a": [1.0, 2.0]}, status="unsupported")) == {}


def test_the_last_attempt_counts() -> None:
    cells, samples = _tables({"a": [1.0, 2.0]})
    failed = cells.set_column(10, "status", pa.array(["error"]))
    second = cells.set_column(1, "attempt", pa.array([2]))
    for order in ([failed, second], [second, failed]):
        assert _rows(pa.concat_tables(order), samples)["a"]["n_failed"] == 0


def test_rows_are_sorted_by_suite_data_metric_aggregator_model_and_explainer() -> None:
    labels = ("suite", "dataset", "metric", "aggregator", "model", "explainer")
    # Last first, so that each label would show that did not sort, or not before the next one.
    wanted = [dict(zip(labels, row, strict=True)) for row in itertools.product("12", repeat=6)]
    (cell,), samples = (table.to_pylist() for table in _tables({"a": [1.0]}))
    cells = [
        cell | row | {"cell_id": str(i), "metric_name": row["metric"]}
        for i, row in enumerate(reversed(wanted))
    ]
    values = [samples[0] | {"cell_id": c["cell_id"], "metric": c["metric"]} for c in cells]
    board = leaderboard(pa.Table.from_pylist(cells), pa.Table.from_pylist(values, schema=SAMPLES))
    assert board.select(labels).to_pylist() == wanted


def test_runs_are_joined_and_the_same_rows_twice_are_refused(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    block = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["random", "exact"],
        "metrics": ["gini"],
    }
    for name in ("one", "two"):
        run(plan(name=name, matrix=[block]), tmp_path / name)
    one, two = RunResults.of(tmp_path / "one"), RunResults.of(tmp_path / "two")
    joined = leaderboard_of_runs([two, one])
    names = [(row["suite"], row["explainer"]) for row in joined.to_pylist()]
    assert names == [(suite, name) for suite in ("one", "two") for name in ("exact", "random")]
    estimates = joined["estimate"].to_numpy()
    assert np.array_equal(estimates[:2], estimates[2:])
    with pytest.raises(InputError, match=r"in both\. Leave one out"):
        leaderboard_of_runs([one, one])


def test_a_number_of_a_whole_set_ranks_without_intervals() -> None:
    rows = _rows(*_tables({"a": [0.25], "b": [0.5], "c": [None]}, scope="set"))
    assert [rows[e]["estimate"] for e in "abc"] == [0.25, 0.5, None]
    assert [rows[e]["rank"] for e in "abc"] == [2, 1, None]
    for row in rows.values():
        assert row["ci_method"] == NO_CI
        assert {row[key] for key in ("ci_low", "ci_high", "rank_low", "rank_high")} == {None}
        assert row["seconds_per_sequence"] == 0.5
    assert (rows["b"]["n"], rows["c"]["n"], rows["c"]["n_undefined"]) == (1, 0, 1)


def test_a_failed_set_is_one_failure() -> None:
    rows = _rows(*_tables({"a": [0.25]}, status="error", scope="set"))
    assert (rows["a"]["n"], rows["a"]["n_undefined"], rows["a"]["n_failed"]) == (0, 0, 1)


CONTROLS: dict[str, list[float | None]] = {
    "random": [0.0, 0.2, 0.1, 0.1],
    "oracle": [1.0, 0.9, 1.0, 1.1],
    "mine": [0.5, 0.5, 0.6, 0.5],
}


def _normalised(values: dict[str, list[float | None]], better: str = "higher") -> dict[str, Any]:
    board = leaderboard(*_tables(values, better), seed=0).to_pylist()
    return {row["explainer"]: row for row in board if row["metric"] == "q.normalised"}


def test_between_random_and_oracle() -> None:
    rows = _normalised(CONTROLS)
    assert [rows[e]["estimate"] for e in ("random", "oracle")] == [0.0, 1.0]
    assert [rows["oracle"][end] for end in ("ci_low", "ci_high")] == [1.0, 1.0]
    assert rows["mine"]["estimate"] == pytest.approx((0.525 - 0.1) / (1.0 - 0.1))
    assert rows["mine"]["ci_low"] < rows["mine"]["estimate"] < rows["mine"]["ci_high"]
    assert [rows[e]["rank"] for e in ("oracle", "mine", "random")] == [1, 2, 3]


def test_floor_and_ceiling_are_told_by_their_role_not_by_their_name() -> None:
    names = {"random": "chance", "oracle": "truth", "mine": "oracle"}
    named = {names[name]: values for name, values in CONTROLS.items()}
    roles = {"chance": "floor", "truth": "ceiling", "oracle": "method"}
    board = leaderboard(*_tables(named, roles=roles), seed=0).to_pylist()
    found = {r["explainer"]: r["estimate"] for r in board if r["metric"] == "q.normalised"}
    assert found == {names[name]: row["estimate"] for name, row in _normalised(CONTROLS).items()}


def test_means_that_differ_by_rounding_alone_are_tied() -> None:
    # The same numbers in another order: their sums round differently.
    columns: dict[str, list[float | None]] = {
        "a": [2.4, 7.9, 8.7, 0.8],
        "b": [7.9, 2.4, 0.8, 8.7],
        "c": [2.4, 7.9, 8.7, 0.799],
    }
    rows = _rows(*_tables(columns))
    assert rows["a"]["estimate"] < rows["b"]["estimate"]
    assert [rows[name]["rank"] for name in "abc"] == [1, 1, 3]


@pytest.mark.parametrize("scale", [-3.0, 7.0])
def test_normalised_knows_no_unit(scale: float) -> None:
    scaled: dict[str, list[float | None]] = {
        name: [None if value is None else scale * value + 1 for value in column]
        for name, column in CONTROLS.items()
    }
    rows, plain = _normalised(scaled, "higher" if scale > 0 else "lower"), _normalised(CONTROLS)
    for name, row in rows.items():
        assert row["direction"] == "higher"
        for end in ("estimate", "ci_low", "ci_high"):
            assert row[end] == pytest.approx(plain[name][end])


@pytest.mark.parametrize(
    "controls",
    [
        {"random": [0.0, 0.2, 0.1, 0.1]},
        {"random": [0.0, 1.0, 0.0, 1.0], "oracle": [1.0, 0.0, 1.0, 0.1]},  # not told apart
        {"random": [1.0, 0.9, 1.0, 1.1], "oracle": [0.0, 0.2, 0.1, 0.1]},  # the wrong way round
        {"random": [None] * 4, "oracle": [1.0, 0.9, 1.0, 1.1]},
    ],
)
def test_nothing_is_normalised_without_two_controls_apart(
    controls: dict[str, list[float | None]],
) -> None:
    assert not _normalised({**controls, "mine": [0.5, 0.5, 0.6, 0.5]})
    assert not _normalised({**CONTROLS}, "none")


def test_what_is_undefined_has_no_place_between() -> None:
    assert set(_normalised({**CONTROLS, "mine": [None] * 4})) == {"random", "oracle"}


def test_a_cell_that_ended_before_its_metric_was_made_unranks_nobody() -> None:
    cells, samples = _tables({"a": [1.0, 1.0], "b": [2.0, 2.0], "c": [1.5, 1.5]})
    rows = cells.to_pylist()
    rows[0] |= {"status": "interrupted", "quantities": None}
    kept = samples.filter(pa.compute.not_equal(samples["cell_id"], "a"))
    found = _rows(pa.Table.from_pylist(rows), kept)
    assert [found[e]["rank"] for e in "abc"] == [None, 1, 2]

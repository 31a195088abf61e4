"""Leaderboard rows by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from gxarena.results.leaderboard import AGAINST_ONE, OF_THE_OTHER, leaderboard
from gxarena.results.places import RANKS, competed_with_nobody, without_ranks_of_the_lone
from gxarena.results.same_maps import DIRECTIONS
from gxarena.results.schemas import LEADERBOARD, SAMPLES
from gxarena.results.verification import REPLAYED, SELF_REPORTED
from gxarena.statistics.differences import pairwise_differences

Values = Sequence[float | None]
ROLES = {"random": "floor", "oracle": "ceiling"}


def _tables(
    values: Mapping[str, Values | Sequence[Values]],
    better: str = "higher",
    status: str = "ok",
    scope: str = "sample",
    roles: Mapping[str, str] | None = None,
    question: str = "localization",
    fingerprints: Mapping[str, list[float]] | None = None,
    against: str | None = None,
    metric: tuple[str, str, dict[str, Any]] = ("cnn", "q", {}),
) -> tuple[pa.Table, pa.Table]:
    """Cells and samples of one metric for several explainers; a list of lists is of replicates.

    Of those an empty list is one that has no cell. `metric` is the model's component, the metric's
    and its parameters.
    """
    cells, samples = [], []
    for explainer, given in values.items():
        several = isinstance(given[0], Sequence)
        for replicate, column in enumerate(given if several else [given]):
            if not column:
                continue
            cell_id = f"{explainer}{replicate}"
            cells.append(
                {
                    "cell_id": cell_id,
                    "attempt": 1,
                    **{k: k[0] for k in ("suite", "dataset", "model")},
                    "model_replicate": replicate if several else None,
                    "explainer": explainer,
                    "explainer_role": (roles or ROLES).get(explainer, "method"),
                    "attributions_fingerprint": (fingerprints or {}).get(explainer),
                    "aggregator": "native",
                    "metric_name": "q",
                    "model_component": metric[0],
                    "metric_component": metric[1],
                    "metric_parameters": json.dumps(metric[2]),
                    "metric_scope": scope,
                    "metric_question": question,
                    "against": against and against.format(explainer),
                    "quantities": json.dumps({"": {"better": better}}),
                    "status": status,
                    "n_samples": len(column) if scope == "sample" else 4,
                    "explain_seconds": 2.0,
                }
            )
            samples += [
                {"cell_id": cell_id, "sample_id": str(i), "metric": "q", "value": value}
                for i, value in enumerate(column)
            ]
    table = pa.Table.from_pylist(samples if status == "ok" else [], schema=SAMPLES)
    return pa.Table.from_pylist(cells), table


def _rows(*tables: pa.Table) -> dict[str, dict[str, Any]]:
    board = leaderboard(*tables, seed=0)
    assert board.schema.equals(LEADERBOARD)
    return {row["explainer"]: row for row in board.to_pylist()}


def _about(mean: float, n: int = 24, seed: int = 0) -> list[float]:
    """Values around a mean, exactly."""
    drawn = np.random.default_rng(seed).normal(size=n)
    return list(mean + 0.1 * (drawn - drawn.mean()))


def test_means_counts_and_ranks() -> None:
    rows = _rows(*_tables({"a": _about(2.0), "b": [None, *_about(6.0, 23)]}))
    a, b = rows["a"], rows["b"]
    assert (a["n"], a["n_undefined"], a["sequences"], a["replicates"]) == (24, 0, 24, 1)
    assert (b["n"], b["n_undefined"], b["sequences"], b["rank"]) == (23, 1, 23, 1)
    assert [a["estimate"], b["estimate"]] == pytest.approx([2.0, 6.0])
    assert [(r["rank"], r["rank_low"], r["rank_high"], r["tier"]) for r in (a, b)] == [
        (2, 2, 2, 2),
        (1, 1, 1, 1),
    ]
    assert a["ci_low"] < 2.0 < a["ci_high"]
    assert "one set of weights" in a["ci_method"]
    assert a["seconds_per_sequence"] == pytest.approx(2 / 24)


def test_replicates_are_one_row_whose_interval_covers_them() -> None:
    rows = _rows(*_tables({"a": [_about(m, seed=i) for i, m in enumerate((1.0, 2.0, 3.0))]}))
    alone = _rows(*_tables({"a": _about(2.0)}))["a"]
    a = rows["a"]
    assert (a["n"], a["sequences"], a["replicates"]) == (72, 24, 3)
    assert a["estimate"] == pytest.approx(2.0)
    assert a["ci_low"] < 1.0 < 3.0 < a["ci_high"]
    assert "3 replicates" in a["ci_method"]
    assert alone["ci_high"] - alone["ci_low"] < 0.1


def test_one_lucky_set_of_weights_leads_nobody_to_the_first_tier_alone() -> None:
    lucky = [_about(m, seed=i) for i, m in enumerate((4.0, 1.0, 1.1, 0.9, 1.0))]
    plain = [_about(m, seed=9 + i) for i, m in enumerate((1.0, 1.1, 0.9, 1.0, 1.1))]
    rows = _rows(*_tables({"lucky": lucky, "plain": plain}))
    assert [rows[e]["rank"] for e in ("lucky", "plain")] == [1, 2]
    assert [rows[e]["tier"] for e in ("lucky", "plain")] == [1, 1]
    first = _rows(*_tables({"lucky": lucky[0], "plain": plain[0]}))
    assert [first[e]["tier"] for e in ("lucky", "plain")] == [1, 2]


@pytest.mark.parametrize("missing", [0, 1])
def test_replicates_stay_in_their_places_where_one_is_missing(missing: int) -> None:
    easy = (0.0, 10.0, 20.0)  # by replicate; the better method is ahead by .5 on each
    better = [_about(m + 0.5, seed=i) for i, m in enumerate(easy)]
    worse = [_about(m, seed=i) for i, m in enumerate(easy)]
    better[missing] = []
    rows = _rows(*_tables({"better": better, "worse": worse}))
    assert (rows["better"]["rank"], rows["worse"]["rank"]) == (1, 2)
    assert (rows["better"]["tier"], rows["worse"]["tier"]) == (1, 2)
    assert (rows["better"]["replicates"], rows["better"]["n_failed"]) == (2, 0)


def test_numbers_of_whole_sets_are_told_apart_over_replicates() -> None:
    """One number a replicate: no sample whose sign could be turned."""
    around = (0.0, 0.1, -0.1, 0.05, -0.05)
    given = {"a": [[1.0 + d] for d in around], "b": [[5.0 - d] for d in around]}
    rows = _rows(*_tables(given, scope="set"))
    assert [(rows[e]["rank"], rows[e]["tier"]) for e in "ab"] == [(2, 2), (1, 1)]
    assert rows["a"]["ci_low"] < 1.0 < rows["a"]["ci_high"]


def test_of_one_entry_who_has_values_stands_for_the_others() -> None:
    prints = {"a": [1.0] + [0.5] * DIRECTIONS, "b": [1.0] + [0.5] * DIRECTIONS}
    nothing: Values = [None] * 24
    rows = _rows(*_tables({"a": nothing, "b": _about(3.0), "c": _about(0.0)}, fingerprints=prints))
    assert [rows[e]["entry"] for e in "abc"] == ["b", "b", "c"]
    # Who has no value has no place either, though its maps are those of the first.
    assert [rows[e]["rank"] for e in "abc"] == [None, 1, 2]
    assert [rows[e]["tier"] for e in "abc"] == [None, 1, 2]


@pytest.mark.parametrize("field", ["suite", "dataset", "model", "aggregator", "metric_name"])
def test_only_those_compete_who_share_data_model_units_and_metric(field: str) -> None:
    cells, samples = _tables({"a": _about(1.0), "b": _about(2.0)})
    others, more = _tables({"c": _about(3.0)})
    changed = pa.array(["another"] * len(others))
    others = others.set_column(others.schema.get_field_index(field), field, changed)
    if field == "metric_name":
        named = pa.array(["another"] * len(more))
        more = more.set_column(2, SAMPLES.field("metric"), named)
    rows = _rows(pa.concat_tables([cells, others]), pa.concat_tables([samples, more]))
    assert {e: rows[e]["rank"] for e in "abc"} == {"a": 2, "b": 1, "c": 1}
    assert {e: rows[e]["rank_high"] for e in "abc"} == {"a": 2, "b": 1, "c": 1}


def test_pairs_of_replicates_do_not_count_twice() -> None:
    means = (0.20, 0.22, 0.24, 0.21, 0.23)
    given = {"a": [_about(m, seed=i) for i, m in enumerate(means)]}
    apart = _rows(*_tables(given))["a"]
    pairs = _rows(*_tables(given, against="m/{}"))["a"]
    assert pairs["estimate"] == pytest.approx(apart["estimate"])
    assert pairs["n"] == apart["n"]
    assert pairs["ci_high"] - pairs["ci_low"] > 2 * (apart["ci_high"] - apart["ci_low"])
    assert "jackknifed" in pairs["ci_method"]
    assert "jackknifed" not in apart["ci_method"]


def test_the_only_pair_of_replicates_is_not_one_set_of_weights() -> None:
    pair = _rows(*_tables({"a": [_about(0.2), _about(0.2, seed=1)]}, against="m/{}"))["a"]
    assert pair["ci_method"] == "skew-corrected t over samples of the only pair of weights, 95%"
    assert pair["ranks_without"] is None


def test_weights_that_were_never_run_are_nothing_that_is_missing() -> None:
    """A first look with one of five trainings, beside a board of all five."""
    five = [_about(0.5, seed=i) for i in range(5)]
    rows = _rows(*_tables({"a": five, "mine": [_about(0.9), [], [], [], []]}))
    mine = rows["mine"]
    assert (mine["coverage"], mine["n_undefined"], mine["replicates"]) == (1.0, 0, 1)
    # It is first on the weights that both have, which say nothing of other weights.
    assert (mine["rank"], mine["rank_low"], mine["rank_high"]) == (1, 1, 2)
    assert mine["rank_filled"] == 1
    # Whichever weights are left out: others than its own are still none that it lacks.
    assert rows["mine"]["ranks_without"][1:] == [1] * 4
    failed = _rows(*_tables({"a": five, "mine": [_about(0.9), *[[None] * 24] * 4]}))["mine"]
    assert (failed["coverage"], failed["rank"]) == (pytest.approx(0.2), None)


@pytest.mark.parametrize("other", ["none", "one", "several"])
def test_an_interval_against_one_set_of_weights_says_so(other: str) -> None:
    given = {"a": [_about(m, seed=i) for i, m in enumerate((0.2, 0.3, 0.1))]}
    cells, samples = _tables(given, against="other/lrp")
    theirs = {"none": [], "one": [None], "several": [0, 1, 2]}[other]
    own = [{**cells.to_pylist()[0], "cell_id": f"own{i}", "against": None} for i in (0, 1)]
    own = [cell | {"model_replicate": i} for i, cell in enumerate(own)]
    alien = [
        cell | {"cell_id": f"other{i}", "model": "other", "model_replicate": i}
        for i in theirs
        for cell in own[:1]
    ]
    quiet = [cell | {"metric_name": "p", "status": "error"} for cell in own + alien]
    tables = pa.Table.from_pylist(cells.to_pylist() + quiet)
    board = leaderboard(tables, samples).to_pylist()
    (row,) = (r for r in board if r["metric"] == "q")
    assert (AGAINST_ONE in row["ci_method"]) == (other == "one")


@pytest.mark.parametrize("own", [False, True])
def test_an_interval_over_the_other_models_weights_says_so(own: bool) -> None:
    given = {"a": [_about(m, seed=i) for i, m in enumerate((0.2, 0.3, 0.1))]}
    cells, samples = _tables(given, against="other/lrp")
    # A metric of the model alone tells of how many weights the model is.
    plain, more = _tables(given if own else {"a": _about(0.4)})
    tables = pa.concat_tables([cells, plain], promote_options="permissive")
    named = pa.array(["p"] * len(cells) + ["q"] * len(plain))
    tables = tables.set_column(tables.column_names.index("metric_name"), "metric_name", named)
    ids = pa.array([f"pair{i}" for i in range(len(cells))] + plain["cell_id"].to_pylist())
    tables = tables.set_column(tables.column_names.index("cell_id"), "cell_id", ids)
    rows = samples.to_pylist()
    for row in rows:
        row |= {"cell_id": row["cell_id"].replace("a", "pair"), "metric": "p"}
    board = leaderboard(tables, pa.concat_tables([pa.Table.from_pylist(rows, SAMPLES), more]))
    method = {row["metric"]: row["ci_method"] for row in board.to_pylist()}
    assert (OF_THE_OTHER in method["p"]) != own
    assert OF_THE_OTHER not in method["q"]


def test_samples_that_belong_together_are_no_independent_evidence() -> None:
    """Each of 25 values five times, as five overlapping windows would have them."""
    once, other = _about(0.5, 25), _about(0.46, 25, seed=1)
    values = {e: list(np.repeat(v, 5)) for e, v in (("a", once), ("b", other))}
    cells, samples = _tables(values)
    ids = [f"c:{100 * (i // 5) + i % 5}-{100 * (i // 5) + 50}" for i in range(125)]
    named = pa.array([ids[int(i)] for i in samples["sample_id"].to_pylist()])
    samples = samples.set_column(samples.column_names.index("sample_id"), "sample_id", named)
    rows = {
        grouped: {r["explainer"]: r for r in leaderboard(cells, samples, 0, given).to_pylist()}
        for grouped, given in ((False, {}), (True, {"d": "overlap"}))
    }
    alone = _rows(*_tables({"a": once, "b": other}))
    for e in "ab":
        width, wide, true = (r[e]["ci_high"] - r[e]["ci_low"] for r in (*rows.values(), alone))
        assert wide == pytest.approx(true, rel=0.05)
        assert width < 0.6 * wide
        assert "samples in 25 groups" in rows[True][e]["ci_method"]
        assert rows[True][e]["behind_best_p"] == pytest.approx(alone[e]["behind_best_p"], rel=0.1)
    assert rows[False]["b"]["behind_best_p"] < 0.1 * rows[True]["b"]["behind_best_p"]


def test_how_far_behind_the_best_and_how_surely() -> None:
    values = {"a": _about(0.9), "b": _about(0.5, seed=1), "c": _about(0.89, seed=2)}
    for better, sign in (("higher", 1.0), ("lower", -1.0)):
        rows = _rows(*_tables({e: list(sign * np.array(v)) for e, v in values.items()}, better))
        assert [rows[e]["behind_best"] for e in "abc"] == pytest.approx([0.0, 0.4, 0.01])
        found = [rows[e]["behind_best_p"] for e in "abc"]
        assert found[0] == 1
        assert found[1] < 1e-6
        assert found[2] > 0.05
        pairs = [values["a"], values["b"], values["c"]]
        expected = pairwise_differences(np.array(pairs).T[None]).p[0]
        assert found == pytest.approx(expected)
        assert rows["a"]["ranks_without"] is None
    rows = _rows(*_tables({"random": _about(0.1), "a": _about(0.2)}))
    assert rows["random"]["behind_best"] is None


def test_ranks_with_each_replicate_left_out() -> None:
    values = {"a": [_about(m) for m in (3.0, 1.0, 1.0)], "b": [_about(m) for m in (1.5,) * 3]}
    rows = _rows(*_tables(values))
    # The first alone lifts a above b.
    assert rows["a"]["rank"] == 1
    assert rows["a"]["ranks_without"] == [2, 1, 1]
    assert rows["b"]["ranks_without"] == [1, 2, 2]


def test_of_one_entry_who_has_most_values_stands_for_it() -> None:
    one, other = [1.0, *[0.0] * (DIRECTIONS)], [2.0, *[9.0] * DIRECTIONS]
    few: list[float | None] = [0.5, *[None] * 23]
    values = {"a": few, "b": _about(0.5), "c": _about(0.2)}
    rows = _rows(*_tables(values, fingerprints={"a": one, "b": one, "c": other}))
    assert {e: row["entry"] for e, row in rows.items()} == {"a": "b", "b": "b", "c": "c"}
    assert {e: row["rank"] for e, row in rows.items()} == {"a": 1, "b": 1, "c": 2}


def test_between_floor_and_ceiling_nobody_is_behind_in_the_unit_of_the_scale() -> None:
    means = {"random": 0.1, "oracle": 0.9, "a": 0.5, "b": 0.3}
    values = {e: _about(mean, seed=i) for i, (e, mean) in enumerate(means.items())}
    board = leaderboard(*_tables(values), seed=0).to_pylist()
    behind = {(row["metric"], row["explainer"]): row["behind_best"] for row in board}
    assert behind["q", "b"] == pytest.approx(0.2)
    assert behind["q.normalised", "b"] is None


def test_groups_widen_what_is_between_floor_and_ceiling_too() -> None:
    values = {
        e: list(np.repeat(_about(mean, 25, seed=i), 5))
        for i, (e, mean) in enumerate((("random", 0.1), ("oracle", 0.9), ("a", 0.5)))
    }
    cells, samples = _tables(values)
    named = [
        f"c:{9 * (int(i) // 5)}-{9 * (int(i) // 5) + 5}" for i in samples["sample_id"].to_pylist()
    ]
    places = [
        f"{name}:{i}" for i, name in zip(samples["sample_id"].to_pylist(), named, strict=True)
    ]
    at = samples.column_names.index("sample_id")
    samples = samples.set_column(at, "sample_id", pa.array(places))
    widths = []
    for given in ({}, {"d": "overlap"}):
        rows = leaderboard(cells, samples, 0, given).to_pylist()
        (row,) = (r for r in rows if r["metric"] == "q.normalised" and r["explainer"] == "a")
        widths.append(row["ci_high"] - row["ci_low"])
    assert widths[1] > 1.5 * widths[0]


def test_numbers_of_whole_sets_have_no_groups() -> None:
    given = {"a": [[0.5], [0.7], [0.6]], "b": [[0.2], [0.1], [0.3]]}
    cells, samples = _tables(given, scope="set")
    once = leaderboard(cells, samples, 0).to_pylist()
    assert leaderboard(cells, samples, 0, {"d": "overlap"}).to_pylist() == once


def test_who_answers_seldom_is_not_ranked() -> None:
    few: list[float | None] = [*[1.0] * 19, *[None] * 21]
    rows = _rows(*_tables({"picky": few, "steady": _about(0.5, 40), "half": _about(0.4, 20)}))
    assert [rows[e]["rank"] for e in ("picky", "steady", "half")] == [None, 1, 2]
    assert rows["picky"]["estimate"] == 1
    assert rows["picky"]["n_undefined"] == 21


def test_a_replicate_that_failed_is_counted_and_the_others_count() -> None:
    cells, samples = _tables({"a": [_about(1.0), _about(3.0)]})
    rows = cells.to_pylist()
    rows[1] |= {"status": "error"}
    kept = samples.filter(pc.equal(samples["cell_id"], "a0"))
    a = _rows(pa.Table.from_pylist(rows, schema=cells.schema), kept)["a"]
    assert (a["n"], a["n_undefined"], a["n_failed"], a["replicates"]) == (24, 0, 24, 1)
    assert a["estimate"] == pytest.approx(1.0)


def test_controls_stand_beside_unranked() -> None:
    rows = _rows(
        *_tables({"a": _about(0.5), "b": _about(0.1), "random": _about(0.9), "oracle": _about(0.8)})
    )
    assert {e: row["role"] for e, row in rows.items()} == {
        "a": "method",
        "b": "method",
        "random": "floor",
        "oracle": "ceiling",
    }
    assert (rows["a"]["rank"], rows["a"]["rank_high"], rows["a"]["entry"]) == (1, 1, "a")
    for control in ("random", "oracle"):
        assert {rows[control][k] for k in ("rank", "rank_low", "tier", "entry")} == {None}


def test_who_is_alone_is_shown_with_an_estimate_and_no_rank() -> None:
    board = leaderboard(*_tables({"a": _about(0.5), "random": _about(0.9)}))
    (row,) = (r for r in without_ranks_of_the_lone(board).to_pylist() if r["role"] == "method")
    assert [r["rank"] for r in board.to_pylist() if r["role"] == "method"] == [1]
    assert [row[name] for name in RANKS] == [None] * len(RANKS)
    assert (row["entry"], competed_with_nobody(row)) == ("a", True)
    assert row["estimate"] == pytest.approx(0.5, abs=0.1)
    assert not competed_with_nobody(row | {"coverage": 0.4})
    assert not competed_with_nobody(row | {"not_ranked": "it tells nothing"})


def test_who_has_no_estimate_is_nobody_to_compete_with() -> None:
    board = leaderboard(*_tables({"a": _about(0.5), "b": [None] * 24}))
    rows = {row["explainer"]: row for row in without_ranks_of_the_lone(board).to_pylist()}
    assert [row["rank"] for row in rows.values()] == [None, None]
    assert [competed_with_nobody(rows[name]) for name in "ab"] == [True, False]


def test_same_maps_are_one_entry_with_several_names() -> None:
    one, other = [5.0, *[1.0] * DIRECTIONS], [5.0, *[2.0] * DIRECTIONS]
    values = {"b": _about(2.0), "a": _about(2.0), "c": _about(1.0)}
    rows = _rows(*_tables(values, fingerprints={"a": one, "b": one, "c": other}))
    assert {e: row["entry"] for e, row in rows.items()} == {"a": "a", "b": "a", "c": "c"}
    assert {e: row["rank"] for e, row in rows.items()} == {"a": 1, "b": 1, "c": 2}


def test_by_a_metric_that_was_shown_not_to_measure_nobody_is_ranked() -> None:
    values = {"a": _about(2.0), "b": _about(1.0), "random": _about(0.0), "oracle": _about(3.0)}
    asked = ("cnn", "sufficiency", {"budgets": [1], "fill": "unknown", "ranking": "signed"})
    said = _rows(*_tables(values, metric=asked))
    # The verdict is on its quantity "probability", and of this kind of model.
    assert said["a"]["rank"] == 1
    cells, samples = _tables(values, metric=asked)
    at = cells.column_names.index("quantities")
    one = pa.array([json.dumps({"probability": {"better": "higher"}})] * len(cells))
    cells = cells.set_column(at, "quantities", one)
    named = pa.array(["q.probability"] * len(samples))
    samples = samples.set_column(samples.column_names.index("metric"), "metric", named)
    rows = leaderboard(cells, samples).to_pylist()
    by_name = {r["explainer"]: r for r in rows if r["metric"] == "q.probability"}
    for name in ("a", "b"):
        row = by_name[name]
        assert "not decided whether it tells the truth from random" in row["not_ranked"]
        assert {row[k] for k in ("rank", "rank_low", "rank_high", "tier", "rank_filled")} == {None}
        assert row["estimate"] == pytest.approx(said[name]["estimate"])
        assert (row["ci_low"], row["entry"]) == (pytest.approx(said[name]["ci_low"]), name)
    others = cells.set_column(
        cells.column_names.index("model_component"),
        "model_component",
        pa.array(["hf"] * len(cells)),
    )
    assert {r["rank"] for r in leaderboard(others, samples).to_pylist()} == {1, 2, None}


def test_who_is_worse_on_every_shared_sample_is_never_first() -> None:
    """It defined the easy samples alone, where everybody scores more."""
    hard = _about(0.1, 20) + _about(0.9, 20)
    shy: list[float | None] = [*[None] * 20, *(value - 0.05 for value in hard[20:])]
    rows = _rows(*_tables({"shy": shy, "steady": hard}))
    assert rows["shy"]["estimate"] > rows["steady"]["estimate"]
    assert [rows[e]["rank"] for e in ("steady", "shy")] == [1, 2]


def test_without_an_interval_neither_end_is_known() -> None:
    """Bounds of the quantity are no interval."""
    cells, samples = _tables({"a": [0.5, 0.6], "b": [None] * 2})
    bounded = json.dumps({"": {"better": "higher", "bounds": [0, None]}})
    rows = [row | {"quantities": bounded} for row in cells.to_pylist()]
    for row in _rows(pa.Table.from_pylist(rows, schema=cells.schema), samples).values():
        assert (row["ci_low"], row["ci_high"]) == (None, None)
        assert row["ci_method"] == "none: too few samples (n < 20)"


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
    (row,) = cells.to_pylist()
    failed, second = (
        pa.Table.from_pylist([row | other], schema=cells.schema)
        for other in ({"status": "error"}, {"attempt": 2})
    )
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


def test_a_number_of_a_whole_set_ranks_without_interval() -> None:
    rows = _rows(*_tables({"a": [0.25], "b": [0.5], "c": [None]}, scope="set"))
    assert [rows[e]["estimate"] for e in "abc"] == [0.25, 0.5, None]
    assert [rows[e]["rank"] for e in "abc"] == [2, 1, None]
    assert [rows[e]["tier"] for e in "abc"] == [1, 1, None]
    for row in rows.values():
        assert {row[key] for key in ("ci_low", "ci_high")} == {None}
        assert row["seconds_per_sequence"] == 0.5
    assert rows["a"]["ci_method"] == "none: one number for the whole set"
    assert (rows["b"]["n"], rows["c"]["n"], rows["c"]["n_undefined"]) == (1, 0, 1)


def test_a_failed_set_is_one_failure() -> None:
    rows = _rows(*_tables({"a": [0.25]}, status="error", scope="set"))
    assert (rows["a"]["n"], rows["a"]["n_undefined"], rows["a"]["n_failed"]) == (0, 0, 1)


CONTROLS: dict[str, Values] = {
    "random": _about(0.1, seed=1),
    "oracle": _about(1.0, seed=2),
    "mine": _about(0.55, seed=3),
}


def _normalised(
    values: Mapping[str, Values], better: str = "higher", question: str = "localization"
) -> dict[str, Any]:
    board = leaderboard(*_tables(values, better, question=question), seed=0).to_pylist()
    return {row["explainer"]: row for row in board if row["metric"] == "q.normalised"}


def test_between_floor_and_ceiling() -> None:
    rows = _normalised(CONTROLS)
    assert [rows[e]["estimate"] for e in ("random", "oracle")] == [0.0, 1.0]
    assert {rows[e]["ci_method"] for e in ("random", "oracle")} == {"none: an end of the scale"}
    assert [rows["oracle"][end] for end in ("ci_low", "ci_high")] == [None, None]
    assert rows["mine"]["estimate"] == pytest.approx(0.5)
    assert rows["mine"]["ci_low"] < 0.5 < rows["mine"]["ci_high"]
    assert rows["mine"]["rank"] == 1


def test_each_is_between_the_controls_of_the_samples_that_all_three_have() -> None:
    """As good as the ceiling where there is one, as bad as the floor where there is none."""
    floor, ceiling = _about(0.0, 48, 1), _about(1.0, 48, 2)
    mine = [c if i < 24 else f for i, (f, c) in enumerate(zip(floor, ceiling, strict=True))]
    given = {"random": floor, "oracle": [*ceiling[:24], *[None] * 24], "mine": mine}
    assert _normalised(given)["mine"]["estimate"] == pytest.approx(1.0)


def test_controls_without_a_spread_are_apart_on_a_scale_that_ends() -> None:
    """On an open scale nobody knows how far off a rare exception is."""
    given = {"random": [0.0] * 24, "oracle": [1.0] * 24, "mine": [0.0, 1.0] * 12}
    cells, samples = _tables(given)
    ends = json.dumps({"": {"better": "higher", "bounds": [0, 1]}})
    rows = [cell | {"quantities": ends} for cell in cells.to_pylist()]
    board = leaderboard(pa.Table.from_pylist(rows), samples).to_pylist()
    found = {r["explainer"]: r["estimate"] for r in board if r["metric"] == "q.normalised"}
    assert found == {"random": 0.0, "oracle": 1.0, "mine": 0.5}
    assert not _normalised(given)


def test_what_is_between_controls_is_as_checked_as_the_least_of_the_three() -> None:
    tables = _tables(CONTROLS)
    levels = {f"{name}0": {"": REPLAYED} for name in CONTROLS}
    for lacking in (None, *CONTROLS):
        known = {cell: level for cell, level in levels.items() if cell != f"{lacking}0"}
        board = leaderboard(*tables, levels=known).to_pylist()
        (mine,) = (r for r in board if (r["metric"], r["explainer"]) == ("q.normalised", "mine"))
        assert mine["verification"] == (SELF_REPORTED if lacking else REPLAYED)


def test_the_interval_between_is_that_of_a_bootstrap_of_all_three() -> None:
    columns = (CONTROLS[name] for name in ("mine", "random", "oracle"))
    found = stats.bootstrap(
        [np.asarray(column, dtype=np.float64) for column in columns],
        lambda mine, low, high, axis: (
            (mine.mean(axis) - low.mean(axis)) / (high.mean(axis) - low.mean(axis))
        ),
        paired=True,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    mine = _normalised(CONTROLS)["mine"]
    assert [mine["ci_low"], mine["ci_high"]] == pytest.approx([found.low, found.high], abs=0.02)


@pytest.mark.parametrize("question", ["faithfulness", "complexity", "robustness", ""])
def test_only_where_the_truth_is_the_best_answer_anything_is_normalised(question: str) -> None:
    assert not _normalised(CONTROLS, question=question)


def test_floor_and_ceiling_are_told_by_their_role_not_by_their_name() -> None:
    names = {"random": "chance", "oracle": "truth", "mine": "oracle"}
    named = {names[name]: values for name, values in CONTROLS.items()}
    roles = {"chance": "floor", "truth": "ceiling", "oracle": "method"}
    board = leaderboard(*_tables(named, roles=roles), seed=0).to_pylist()
    found = {r["explainer"]: r["estimate"] for r in board if r["metric"] == "q.normalised"}
    assert found == {names[name]: row["estimate"] for name, row in _normalised(CONTROLS).items()}


def test_of_several_floors_the_first_by_label_counts() -> None:
    more = {**CONTROLS, "a-floor": _about(0.2, seed=4)}
    board = leaderboard(*_tables(more, roles=ROLES | {"a-floor": "floor"}), seed=0).to_pylist()
    found = {r["explainer"]: r["estimate"] for r in board if r["metric"] == "q.normalised"}
    assert found["a-floor"] == 0.0
    assert found["mine"] == pytest.approx((0.55 - 0.2) / (1.0 - 0.2))


def test_means_that_differ_by_rounding_alone_are_tied() -> None:
    # The same numbers in another order: their sums round differently.
    columns: dict[str, list[float | None]] = {
        "a": [2.4, 7.9, 8.7, 0.8],
        "b": [7.9, 2.4, 0.8, 8.7],
        "c": [2.4, 7.9, 8.7, 0.799],
    }
    rows = _rows(*_tables(columns))
    assert rows["a"]["estimate"] == pytest.approx(rows["b"]["estimate"], rel=1e-14)
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
        {"random": CONTROLS["random"]},
        {"random": _about(0.5, seed=5), "oracle": _about(0.501, seed=6)},  # not told apart
        {"random": CONTROLS["oracle"], "oracle": CONTROLS["random"]},  # the wrong way round
        {"random": [None] * 24, "oracle": CONTROLS["oracle"]},
    ],
)
def test_nothing_is_normalised_without_two_controls_apart(controls: dict[str, Values]) -> None:
    assert not _normalised({**controls, "mine": CONTROLS["mine"]})
    assert not _normalised(CONTROLS, "none")


def test_what_is_undefined_has_no_place_between() -> None:
    assert set(_normalised({**CONTROLS, "mine": [None] * 24})) == {"random", "oracle"}


def test_a_cell_that_ended_before_its_metric_was_made_unranks_nobody() -> None:
    cells, samples = _tables({"a": [1.0, 1.0], "b": [2.0, 2.0], "c": [1.5, 1.5]})
    rows = cells.to_pylist()
    rows[0] |= {"status": "interrupted", "quantities": None}
    kept = samples.filter(pa.compute.not_equal(samples["cell_id"], "a0"))
    found = _rows(pa.Table.from_pylist(rows), kept)
    assert [found[e]["rank"] for e in "abc"] == [None, 1, 2]

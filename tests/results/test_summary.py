"""A board summed up: by hand, and against Demšar's mean ranks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gxarena.results.families import family_of
from gxarena.results.schemas import LEADERBOARD
from gxarena.results.summary import (
    Standing,
    alone,
    left_out,
    seconds_of,
    summary,
)
from gxarena.statistics.blocks import critical_difference


def _row(name: str, rank: int | None, **given: Any) -> dict[str, Any]:
    row = dict.fromkeys(LEADERBOARD.names) | {
        "suite": "s", "dataset": "d", "model": "m", "explainer": name, "aggregator": "native",
        "metric": "q", "role": "method", "entry": name, "question": "localization",
        "direction": "higher", "ci_method": "", "n": 1, "n_undefined": 0, "n_failed": 0,
        "sequences": 1, "replicates": 1, "rank": rank, "rank_low": rank, "rank_high": rank,
        "tier": rank, "verification": "",
        "seconds_per_sequence": 0.5,
    }  # fmt: skip
    return row | given


def _summed(rows: Sequence[dict[str, Any]]) -> list[Standing]:
    return summary(pa.Table.from_pylist(list(rows), schema=LEADERBOARD))


def _block(ranks: Mapping[str, int | None], **given: Any) -> Iterator[dict[str, Any]]:
    return (_row(entry, rank, **given) for entry, rank in ranks.items())


def test_a_block_is_a_metric_on_a_data_set_however_many_quantities_it_has() -> None:
    many = [_block({"a": 2, "b": 1}, metric=f"many.{i}") for i in range(20)]
    few = [_block({"a": 1, "b": 2}, metric=name) for name in ("one", "two")]
    a, b = _summed([*itertools.chain(*many, *few)])
    assert (a.names, a.place, a.mean_rank, a.blocks) == (("a",), 1, 4 / 3, 3)
    assert (b.names, b.place, b.mean_rank, b.blocks) == (("b",), 2, 5 / 3, 3)
    assert [(one.leads, one.quantities) for one in (a, b)] == [(2, 22), (20, 22)]


def test_what_a_metric_asks_most_often_does_not_decide() -> None:
    """Sixteen quantities of LIF against two of MIF and two gains: one against one."""
    lif = [f"f.lif_{what}@{k}" for what in ("change_logit", "drop_logit") for k in range(8)]
    mif = ["f.mif_drop_logit@1", "f.mif_logit_area", "f.gain_logit@1", "f.gain_logit_area"]
    rows = [_block({"a": 1, "b": 2}, metric=metric) for metric in lif]
    rows += [_block({"b": 1, "a": 2}, metric=metric) for metric in mif]
    found = _summed([*itertools.chain(*rows)])
    assert [(one.mean_rank, one.place) for one in found] == [(1.5, 1), (1.5, 1)]


def test_what_is_between_controls_does_not_count_twice() -> None:
    rows = [_block({"a": 1, "b": 2}), _block({"a": 2, "b": 1}, metric="q.normalised")]
    assert [(one.names, one.mean_rank) for one in _summed([*itertools.chain(*rows)])] == [
        (("a",), 1.0),
        (("b",), 2.0),
    ]


def test_means_that_are_equal_but_for_rounding_are_tied() -> None:
    """Of three families 4/3, 5/3 and 7/3, which do not add up alike in every order."""
    thirds = [(1, 1, 2), (1, 2, 2), (2, 2, 3)]
    for order in itertools.permutations(range(3)):
        rows = [
            _block({"a": thirds[i][k], "b": thirds[order[i]][k]}, metric=f"f.{family}_logit@{k}")
            for i, family in enumerate(("mif", "lif", "other"))
            for k in range(3)
        ]
        found = _summed([*itertools.chain(*rows)])
        assert [(one.mean_rank, one.place) for one in found] == [(1.5, 1), (1.5, 1)]


@pytest.mark.parametrize(
    ("metric", "family"),
    [
        ("auprc", ""),
        ("faithfulness-unknown.lif_change_logit@5", "lif"),
        ("faithfulness.lif_probability_area", "lif"),
        ("faithfulness.mif_drop_logit@20", "mif"),
        ("faithfulness.gain_probability@10", "mif"),
        ("borrowed[vs v1.5/lrp].gain_logit_area", "mif"),
        ("grammar_satisfiability.graded", "graded"),
    ],
)
def test_the_family_of_a_quantity(metric: str, family: str) -> None:
    assert family_of(metric) == family


def test_what_ranks_is_named_with_its_budgets_and_strategies() -> None:
    """Of LIF's one budget ranks nobody, and one of MIF's was asked of b alone: neither decides."""
    ranks = {"a": 1, "b": 2}
    nobody = dict.fromkeys(ranks)
    blocks = [
        _block(ranks, metric="f.mif_drop_logit@20"),
        _block(ranks, metric="f.gain_logit@5"),
        _block(ranks, metric="f.mif_drop_logit@5"),
        _block(ranks, metric="f.mif_logit_area"),
        _block({"b": 1}, metric="f.mif_drop_logit@90"),
        _block(ranks, metric="f.lif_drop_logit@12.5nt"),
        _block(nobody, metric="f.lif_drop_logit@2"),
        _block(ranks, metric="auprc"),
        _block(ranks, metric="auprc.graded", aggregator="sum"),
        _block(ranks, metric="auprc.graded", aggregator="mean", dataset="e"),
        _block(ranks, metric="borrowed[vs m1.5/lrp].gain_logit@5"),
    ]
    for one in _summed([*itertools.chain(*blocks)]):
        assert one.ranked_by == (
            "f.mif at 5%, 20%, area",
            "f.lif at 12.5nt",
            "auprc",
            "auprc.graded (sum, mean)",
            "borrowed[vs m1.5/lrp].mif at 5%",
        )


def test_labels_of_one_component_are_one_metric() -> None:
    """Three names of auprc outvoted the two metrics that say the opposite."""
    labels = {"auprc": "auprc", "by-size": "auprc", "smooth": "auprc"}
    rows = [_block({"a": 1, "b": 2}, metric=label) for label in labels]
    rows += [_block({"b": 1, "a": 2}, metric=metric) for metric in ("mass", "pointing")]
    table = pa.Table.from_pylist([*itertools.chain(*rows)], schema=LEADERBOARD)
    assert [(one.names, one.blocks) for one in summary(table)] == [(("a",), 5), (("b",), 5)]
    found = summary(table, labels)
    assert [(one.names, one.blocks, one.leads) for one in found] == [(("b",), 3, 2), (("a",), 3, 3)]
    assert [one.mean_rank for one in found] == pytest.approx([4 / 3, 5 / 3])


def test_seconds_are_means_over_data_sets_each_once() -> None:
    rows = [
        *(_row("a", 1, metric=f"q.{i}", seconds_per_sequence=1.0) for i in range(5)),
        _row("a", 1, dataset="e", seconds_per_sequence=4.0),
        _row("a", 1, dataset="f", seconds_per_sequence=None),
    ]
    assert seconds_of(rows) == 2.5
    assert seconds_of(rows[:1]) == 1.0
    assert seconds_of(rows[-1:]) is None


def test_the_place_moves_as_a_metric_or_a_data_set_is_left_out() -> None:
    ranks = {("d1", "p"): "ab", ("d1", "q"): "ba", ("d2", "p"): "ab"}
    rows = itertools.chain(
        *(
            _block({e: order.index(e) + 1 for e in order}, dataset=dataset, metric=metric)
            for (dataset, metric), order in ranks.items()
        )
    )
    a, b = _summed([*rows])
    # Without the metric p, q alone is left, in which b leads.
    assert (a.names, a.place, a.low, a.high) == (("a",), 1, 1, 2)
    assert (b.names, b.place, b.low, b.high) == (("b",), 2, 1, 2)


def test_the_place_moves_as_a_replicate_is_left_out() -> None:
    rows = [
        _row("a", 1, ranks_without=[2, 1, 1]),
        _row("b", 2, ranks_without=[1, 2, 2]),
        _row("c", 3, ranks_without=[3, None, 3]),
    ]
    found = {one.names[0]: (one.place, one.low, one.high) for one in _summed(rows)}
    assert found == {"a": (1, 1, 2), "b": (2, 1, 2), "c": (3, 3, 3)}
    # Two weights of one set agree with three of another where a block has fewer replicates.
    others = _block({"b": 1, "a": 2, "c": 3}, metric="p")
    found = {one.names[0]: (one.place, one.low, one.high) for one in _summed([*rows, *others])}
    assert found["a"] == (1, 1, 2)
    assert found["b"] == (1, 1, 2)


def test_rank_intervals_are_means_over_blocks() -> None:
    rows = [
        _row("a", 1, metric="p", rank_low=1, rank_high=3),
        _row("b", 2, metric="p", rank_low=1, rank_high=3),
        _row("a", 1, metric="q", rank_low=1, rank_high=1),
        _row("b", None, metric="q"),
    ]
    found = {one.names[0]: (one.rank_low, one.rank_high) for one in _summed(rows)}
    assert found == {"a": (1.0, 2.0), "b": (1.5, 2.5)}


def test_data_sets_of_two_suites_are_others_though_they_share_a_name() -> None:
    order = {"a": 1, "b": 2, "c": 3, "d": 4}
    rows = [
        row
        for suite in ("s", "t")
        for i in range(5)
        for row in _block(order, suite=suite, dataset=f"d{i}")
    ]
    assert [one.tier for one in _summed(rows)] == [1, 1, 2, 2]


def test_tiers_mind_the_weights_that_all_data_sets_share() -> None:
    """Twelve data sets agree, of weights that another training would turn."""
    order = {"a": 1, "b": 2, "c": 3, "d": 4}
    rows = [row for i in range(12) for row in _block(order, dataset=f"d{i}")]
    assert [one.tier for one in _summed(rows)] == [1, 1, 2, 2]
    unsure = [row | {"rank_low": 1, "rank_high": 4} for row in rows]
    assert [one.tier for one in _summed(unsure)] == [1, 1, 1, 1]
    half = [row | {"rank_high": 3} if row["explainer"] == "a" else row for row in rows]
    assert [one.tier for one in _summed(half)] == [1, 1, 1, 2]


def test_a_table_says_over_how_many_weights_it_is_and_what_is_not_answered() -> None:
    rows = [
        *(row | {"replicates": 5, "coverage": 1.0} for row in _block({"a": 1, "b": 2})),
        *(row | {"replicates": 3, "coverage": 1.0} for row in _block({"a": 1, "b": 2}, metric="p")),
    ]
    for row in rows:
        row["rank_filled"] = row["rank"]
    rows[0] |= {"coverage": 0.7, "rank_filled": 2}
    rows[1]["rank_filled"] = 1
    found = {one.names[0]: one for one in _summed(rows)}
    assert [found[e].weights for e in "ab"] == [3, 3]
    assert [found[e].coverage for e in "ab"] == [0.7, 1.0]
    assert [(found[e].place, found[e].place_filled) for e in "ab"] == [(1, 1), (2, 1)]
    nobody = [
        row | {"coverage": 0.0, "replicates": 0, "rank_filled": None}
        for row in _block({"a": None, "b": None}, metric="r")
    ]
    assert _summed([*rows, *nobody]) == _summed(rows)  # nothing that ranks
    older = [row | {"coverage": None, "rank_filled": None} for row in rows]
    assert [(one.coverage, one.place_filled) for one in _summed(older)] == [(None, None)] * 2


def test_a_data_set_is_left_out_of_one_suite_at_a_time() -> None:
    """By name alone both `d` would go, and b would lead by what is left."""
    rows = [
        *_block({"a": 1, "b": 2}, suite="s", dataset="d"),
        *_block({"a": 1, "b": 2}, suite="t", dataset="d"),
        *_block({"b": 1, "a": 2}, suite="s", dataset="e"),
    ]
    found = {one.names[0]: (one.place, one.low, one.high) for one in _summed(rows)}
    assert found == {"a": (1, 1, 1), "b": (2, 1, 2)}


def test_the_rank_interval_holds_the_mean_rank_though_others_are_on_the_board() -> None:
    some = _block({"c": 1, "d": 2, "e": 3, "a": 4, "b": 5})
    rows = [row | {"rank_low": row["rank"] - 1, "rank_high": row["rank"] + 1} for row in some]
    rows += _block({"a": 1, "b": 2}, metric="p")
    found = {one.names[0]: (one.mean_rank, one.rank_low, one.rank_high) for one in _summed(rows)}
    assert found == {"a": (1.0, 1.0, 1.5), "b": (2.0, 1.5, 2.5)}


def test_who_competes_with_nobody() -> None:
    rows = [*_block({"a": 1, "b": 2}), _row("lrp", 1, model="cnn"), _row("x", None, model="none")]
    board = pa.Table.from_pylist(
        [*rows, _row("random", None, model="none", role="floor", entry=None)], schema=LEADERBOARD
    )
    assert alone(board) == {"cnn": ("lrp",), "none": ("x",)}


def test_questions_and_models_stand_apart_and_what_ranks_nobody_is_left_out() -> None:
    pair = {"a": 1, "b": 2}
    rows = [
        *_block(pair),
        *_block(pair, metric="q.normalised"),
        *_block(pair, model="other"),
        *_block(pair, question="complexity", metric="g"),
        *_block(pair, question="", metric="accuracy"),
        _row("random", None, role="floor", entry=None),
    ]
    apart = ("m", "localization"), ("m", "complexity"), ("other", "localization")
    found = [(one.model, one.question, one.names, one.blocks) for one in _summed(rows)]
    assert found == [
        (model, question, (name,), 1) for model, question in apart for name in ("a", "b")
    ]


def test_names_of_one_entry_and_its_seconds() -> None:
    rows = [
        *_block({"a": 1, "b": 2}),
        _row("z", 1, entry="a", seconds_per_sequence=1.5),
    ]
    a, _ = _summed(rows)
    assert (a.names, a.seconds) == (("a", "z"), 1.0)


def test_maps_that_are_the_same_on_one_data_set_alone_are_not_one_entry() -> None:
    same = _block({"ixg": 2, "occ": 1}, dataset="d1")
    others = [_block({"lrp": 1, "occ": 2, "ixg": 3}, dataset=d) for d in ("d2", "d3")]
    rows = [*same, _row("lrp", 2, entry="ixg", dataset="d1"), *itertools.chain(*others)]
    found = {one.names: (one.place, one.mean_rank) for one in _summed(rows)}
    assert found == {("lrp",): (1, 1.5), ("occ",): (2, 5 / 3), ("ixg",): (3, pytest.approx(17 / 6))}


def test_nobody_wins_by_abstaining() -> None:
    rows = [
        *_block({"a": 1, "b": 2}, metric="x.q0"),
        *itertools.chain(*(_block({"a": None, "b": 1}, metric=f"x.q{i}") for i in range(1, 10))),
    ]
    found = [(one.names, one.leads, one.quantities) for one in _summed(rows)]
    assert found == [(("b",), 9, 10), (("a",), 1, 10)]


def test_who_is_undefined_comes_right_behind_and_ties_share_a_place() -> None:
    rows = [*_block({"a": 1, "b": 2}, metric="x.p"), *_block({"a": None, "b": 1}, metric="x.q")]
    found = [(one.names, one.mean_rank, one.place) for one in _summed(rows)]
    assert found == [(("a",), 1.5, 1), (("b",), 1.5, 1)]
    # Two names of one entry are one whom the undefined comes behind.
    again = [_row("c", 1, entry="b", metric="x.q"), _row("c", 2, entry="b", metric="x.p")]
    assert [(one.names, one.place) for one in _summed([*rows, *again])] == [
        (("a",), 1),
        (("b", "c"), 1),
    ]


def test_strategies_are_quantities_of_their_own() -> None:
    rows = [
        *_block({"a": 1, "b": 2}),
        *_block({"a": 2, "b": 1}, aggregator="sum"),
        *_block({"a": 2, "b": 1}, aggregator="mean"),
    ]
    assert [(one.names, one.place) for one in _summed(rows)] == [(("b",), 1), (("a",), 2)]


def test_only_quantities_that_all_were_asked_for_are_compared() -> None:
    rows = [
        *_block({"a": 1, "b": 2}, metric="x.p"),
        *_block({"b": 1, "c": 2}, metric="x.p", aggregator="sum"),
        *_block({"a": 1, "b": 2}, metric="y"),
    ]
    assert [one.names for one in _summed(rows)] == [("a",), ("b",)]


def test_who_lacks_a_block_is_not_compared() -> None:
    rows = [*_block({"a": 1, "b": 2, "c": 3}), *_block({"a": 1, "b": 2}, metric="p")]
    assert [one.names for one in _summed(rows)] == [("a",), ("b",)]
    assert _summed([_row("a", 1)]) == []


@pytest.mark.parametrize("blocks", [9, 10])
def test_tiers_by_nemenyis_difference_once_there_are_enough_blocks(blocks: int) -> None:
    order = {"a": 1, "b": 2, "c": 3, "d": 4}
    rows = itertools.chain(*(_block(order, dataset=f"d{i}") for i in range(blocks)))
    tiers = [one.tier for one in _summed([*rows])]
    # Metrics of one data set are no independent blocks, however many.
    dependent = itertools.chain(*(_block(order, metric=f"q{i}") for i in range(2 * blocks)))
    assert [one.tier for one in _summed([*dependent])] == [None] * 4
    if blocks < 10:
        assert tiers == [None] * 4
    else:
        assert 1 < critical_difference(4, 10) < 2
        assert tiers == [1, 1, 2, 2]


def test_nobody_is_told_apart_where_friedmans_test_finds_no_difference() -> None:
    """Ten data sets without any rule, though mean ranks of two are further apart than Nemenyi's."""
    table = np.random.default_rng(2).normal(size=(10, 10)).argsort(axis=1).argsort(axis=1) + 1
    rows = itertools.chain(
        *(
            _block({f"e{i}": int(rank) for i, rank in enumerate(ranks)}, dataset=f"d{d}")
            for d, ranks in enumerate(table)
        )
    )
    found = _summed([*rows])
    assert found[-1].mean_rank - found[0].mean_rank >= critical_difference(10, 10)
    assert [one.tier for one in found] == [1] * 10
    assert {one.critical_difference for one in found} == {np.inf}


def test_what_was_left_out_in_turn_is_what_there_is_more_than_one_of() -> None:
    pair = {"a": 1, "b": 2}
    assert _summed([*_block(pair)])[0].left_out == ()
    assert _summed([*_block(pair), *_block(pair, metric="p")])[0].left_out == ("metric",)
    rows = [*_block(pair), *_block(pair, dataset="e")]
    assert _summed(rows)[0].left_out == ("data set",)
    several = [row | {"ranks_without": [row["rank"]] * 2} for row in rows]
    assert _summed(several)[0].left_out == ("data set", "set of weights")


def test_who_is_left_out_is_known_with_how_much_it_has() -> None:
    rows = [
        *_block({"a": 1, "b": 2, "c": 3}, metric="p"),
        *_block({"a": 1, "b": 2}, metric="q"),
        *_block({"a": 1, "b": 2, "d": 3}, metric="r.x"),
        *_block({"a": 1, "b": 2, "d": 3}, metric="r.y"),
        *_block({"e": None}, metric="s"),
        *_block({"a": 1, "c": 2}, metric="p", model="n"),
    ]
    board = pa.Table.from_pylist(rows, schema=LEADERBOARD)
    assert left_out(board) == {("m", "localization"): {"c": (1, 3), "d": (1, 3)}}
    assert [one.names for one in summary(board) if one.model == "m"] == [("a",), ("b",)]

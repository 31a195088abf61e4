"""What the start page says: who is ahead, told from what, at which cost, and what is not known."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from site_pages import synthetic_board

from gxarena.results.boards import Board
from gxarena.results.schemas import LEADERBOARD
from gxarena.results.summary import summary
from gxarena.site.questions import Section, sections_of
from gxarena.site.words import headline, in_detail, in_words

ORDER = ("deeplift", "ism", "lrp", "gradient")


def board(datasets: int = 12, **changes: Any) -> Board:
    """Explainers in one order on every data set, with a floor."""
    (full,) = [synthetic_board(4, 1, datasets)]
    rows = []
    for row in full.table.to_pylist():
        at = int(row["explainer"][-1])
        row |= {
            "explainer": ORDER[at], "entry": ORDER[at], "rank": at + 1, "rank_low": at + 1,
            "rank_high": at + 1, "ranks_without": [at + 1] * 3, "estimate": 1 - at / 4,
            "ci_low": 0.9 - at / 4, "ci_high": 1.1 - at / 4, "tier": at + 1,
            "seconds_per_sequence": [1.0, 0.5, 0.01, 0.002][at],
        }  # fmt: skip
        rows.append(row | changes)
        if at == 0:
            rows.append(
                row | dict.fromkeys(("entry", "rank", "rank_low", "rank_high", "tier"))
                | {"explainer": "random", "role": "floor", "estimate": 0.1, "ranks_without": None}
            )  # fmt: skip
    return Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {})


def only(board: Board) -> Section:
    (section,) = sections_of(board, 1)
    return section


def test_a_section_has_the_summary_s_standings_in_its_order() -> None:
    given = board()
    section = only(given)
    assert [line.standing for line in section.lines] == summary(given.table)
    assert [line.explainer for line in section.lines] == list(ORDER)
    assert [line.explainer for line in section.controls] == ["random"]
    assert section.controls[0].standing is None


def test_tiers_are_the_summary_s() -> None:
    section = only(board())
    told = {line.explainer: tier for tier, lines in section.tiers for line in lines}
    assert told == {one.names[0]: one.tier for one in summary(board().table)}
    assert None not in told.values()
    assert len(set(told.values())) > 1


def test_words_name_who_is_ahead_what_it_costs_and_on_what() -> None:
    section = only(board())
    first = [line.explainer for line in section.tiers[0][1]]
    said = " ".join(in_words(section))
    assert len(first) == 2
    assert (
        "Over all metrics and data sets, deeplift and ism are not told apart and ahead of the rest."
        in said
    )
    # Cheap is not good: who is cheaper is said with its place, and that it is told apart.
    (tier,) = [tier for tier, lines in section.tiers for one in lines if one.explainer == "lrp"]
    behind = f", and is in tier {tier}." if tier != 1 else "."
    assert f"lrp, place 3 of 4, takes 10 ms a sequence instead of 1.0 s{behind}" in said
    assert " Nobody in the better half takes at most a fifth of that. lrp, place 3" in said
    assert "Over 12 data sets of 100 sequences" in said
    assert "1 metric and 3 sets of weights" in said
    assert "Mean ranks are by metric-0." in said


def test_few_data_sets_tell_tiers_of_one_quantity_alone() -> None:
    given = board(2)
    section = only(given)
    assert not section.tiers_over_all
    metric, _, (dataset, *_) = section.shown
    shown = {
        row["explainer"]: row["tier"]
        for row in given.table.to_pylist()
        if (row["metric"], row["dataset"]) == (metric, dataset) and row["role"] == "method"
    }
    assert {line.explainer: tier for tier, lines in section.tiers for line in lines} == shown
    said = next(in_detail(section))
    assert "By metric-0 over 2 data sets, deeplift is ahead of the rest." in said
    assert said.endswith(
        "too few to tell tiers, deeplift has the best mean rank, 1.00 of 4, and keeps its place "
        "whichever data set or set of weights is left out."
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"a": [("q", "d0", 1)], "b": [("q", "d0", 2)]}, "a has the best mean rank, 1.00 of 2."),
        (
            {"a": [("q", "d0", 1), ("q", "d1", 2)], "b": [("q", "d0", 2), ("q", "d1", 1)]},
            "a and b share the best mean rank, 1.50 of 2, and are between place 1 and 2 as a data "
            "set is left out.",
        ),
        (
            {"a": [("q", "d0", 1), ("r", "d1", 1)], "b": [("q", "d0", 1), ("r", "d1", 1)],
             "c": [("q", "d0", 3), ("r", "d1", 3)]},
            "a and b share the best mean rank, 1.50 of 3, and keep their place whichever data set "
            "or metric is left out.",
        ),
    ],
    ids=["nothing to leave out", "a tie that moves", "a tie that stays"],
)  # fmt: skip
def test_all_who_share_the_best_mean_rank_are_named_and_only_what_could_be_left_out(
    rows: dict[str, list[tuple[str, str, int]]], said: str
) -> None:
    (template,) = synthetic_board(1, 1, 1).table.to_pylist()
    made = [
        template | {"explainer": name, "entry": name, "metric": metric, "dataset": dataset,
                    "rank": rank, "rank_low": rank, "rank_high": rank, "ranks_without": None}
        for name, found in rows.items()
        for metric, dataset, rank in found
    ]  # fmt: skip
    section = only(Board(("b",), pa.Table.from_pylist(made, LEADERBOARD), {}))
    words = next(in_detail(section))
    assert words.endswith(f"too few to tell tiers, {said}")


def test_several_data_sets_are_one_number_and_who_is_ahead_is_so_on_each() -> None:
    """deeplift is told from ism on one of two alone, from lrp on both, from gradient by far."""
    rows = board(2).table.to_pylist()
    for row in rows:
        if row["dataset"] == "set-1":
            row["behind_best_p"] = {"deeplift": 1.0, "ism": 0.5}.get(row["explainer"], 0.01)
            row |= {"estimate": row["estimate"] + 0.5, "coverage": 0.5}
        else:
            row["behind_best_p"] = 1.0 if row["rank"] == 1 else 0.01
        row |= {"ci_low": row["estimate"] - 0.2, "ci_high": row["estimate"] + 0.2}
    section = only(Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))
    assert section.shown.datasets == ("set-0", "set-1")
    tiers = {line.explainer: tier for tier, lines in section.tiers for line in lines}
    assert tiers == {"deeplift": 1, "ism": 1, "lrp": 2, "gradient": 2}
    narrow = [row | {"ci_low": row["estimate"], "ci_high": row["estimate"]} for row in rows]
    apart = only(Board(("b",), pa.Table.from_pylist(narrow, LEADERBOARD), {}))
    assert [tier for tier, _ in apart.tiers] == [1, 2, 3, 4]
    ism = next(line for line in section.lines if line.explainer == "ism")
    assert ism.row is not None
    assert [ism.row[name] for name in ("estimate", "ci_low", "ci_high", "coverage")] == (
        pytest.approx([1.0, 0.8, 1.2, 0.5])
    )
    assert ism.seconds == 0.5
    assert section.behind(ism) == "heat.html#localization-1-network-7c65e4f5"


def shown_rows(**of: list[tuple[float, ...]]) -> Board:
    """Explainers by their rows on each data set: estimate, half the interval, place, p, tier."""
    names = ("estimate", "half", "rank", "behind_best_p", "tier")
    (template,) = synthetic_board(1, 1, 1).table.to_pylist()
    rows = []
    for name, found in of.items():
        for dataset, values in enumerate(found):
            given = dict(zip(names, values, strict=True))
            half = given.pop("half")
            ends = {"ci_low": given["estimate"] - half, "ci_high": given["estimate"] + half}
            labels = {"explainer": name, "entry": name, "dataset": f"d{dataset}"}
            rows.append(template | labels | given | ends)
    return Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {})


def tiers_of(board: Board) -> dict[str, int | None]:
    return {line.explainer: tier for tier, lines in only(board).tiers for line in lines}


def test_a_tier_is_told_from_its_own_leader_and_says_nothing_of_two_others() -> None:
    """x leads on one data set and y on the other: neither tells a from b (p of the pair is .06)."""
    rows = {
        "a": [(0.800, 0.014, 2, 0.30, 1), (0.803, 0.014, 2, 0.30, 1)],
        "b": [(0.785, 0.014, 3, 0.01, 2), (0.773, 0.020, 3, 0.01, 2)],
        "x": [(0.822, 0.014, 1, 1.0, 1), (0.300, 0.014, 4, 0.0, 3)],
        "y": [(0.300, 0.014, 4, 0.0, 3), (0.822, 0.014, 1, 1.0, 1)],
    }
    assert tiers_of(shown_rows(**rows)) == {"a": 1, "b": 1, "x": 2, "y": 2}


@pytest.mark.parametrize(
    ("leads", "tier"),
    [((1, 1), 2), ((1, 2), 1)],
    ids=["the first is the best of each data set", "another is of one"],
)
def test_every_data_set_tells_from_the_best_where_that_is_the_first(
    leads: tuple[int, int], tier: int
) -> None:
    other = 3 - leads[1]
    rows = {
        "a": [(0.9, 0.3, leads[0], 1.0, 1), (0.9, 0.3, leads[1], 1.0, 1)],
        "b": [(0.8, 0.3, 2, 0.2, 1), (0.8, 0.3, other, 0.2, 1)],
        "c": [(0.7, 0.3, 3, 0.05, 2), (0.7, 0.3, 3, 0.01, 2)],
    }
    assert tiers_of(shown_rows(**rows)) == {"a": 1, "b": 1, "c": tier}


def test_of_several_that_tie_for_the_best_none_is_whom_the_others_are_told_from() -> None:
    rows = {
        "a": [(0.9, 0.3, 1, 1.0, 1)] * 2,
        "b": [(0.9, 0.3, 1, 1.0, 1), (0.8, 0.3, 3, 0.5, 1)],
        "c": [(0.7, 0.3, 3, 0.01, 2)] * 2,
    }
    assert tiers_of(shown_rows(**rows)) == {"a": 1, "b": 1, "c": 1}


def test_who_comes_behind_another_tier_is_still_of_the_first_where_nothing_tells_it_apart() -> None:
    rows = {
        "a": [(0.9, 0.05, 1, 1.0, 1)] * 2,
        "b": [(0.7, 0.05, 2, 0.01, 2)] * 2,
        "c": [(0.6, 0.30, 3, 0.40, 1)] * 2,
    }
    assert tiers_of(shown_rows(**rows)) == {"a": 1, "b": 2, "c": 1}


def test_who_is_not_ranked_comes_last() -> None:
    rows = board(1).table.to_pylist()
    nothing = dict.fromkeys(("tier", "rank", "rank_low", "rank_high", "estimate"))
    rows[0] |= nothing
    section = only(Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))
    assert [tier for tier, _ in section.tiers] == [2, 3, 4, None]
    assert section.tiers[-1][1][0].explainer == rows[0]["explainer"]


def test_one_training_and_gaps_are_said() -> None:
    said = " ".join(in_words(only(board(replicates=1))))
    assert "whether another training of the model would order them alike" in said
    assert "Not on every sequence" not in said
    assert "Not on every sequence" in " ".join(in_words(only(board(coverage=0.5))))


def test_who_lacks_a_block_and_what_ranks_nobody_is_said() -> None:
    rows = board(2).table.to_pylist()
    rows = [r for r in rows if (r["explainer"], r["dataset"]) != ("lrp", "set-1")]
    said = " ".join(in_words(only(Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))))
    assert "lrp is not among the mean ranks: 1 of the 2 ask about it." in said
    assert "Nobody is ranked by quantities of" not in said
    other = [r | {"metric": "noise", "not_ranked": "w", "rank": None, "tier": None} for r in rows]
    both = pa.Table.from_pylist(rows + other, LEADERBOARD)
    said = " ".join(in_words(only(Board(("b",), both, {}))))
    assert "Nobody is ranked by some quantities of noise, whose pages say why." in said


def test_of_a_first_tier_that_holds_nearly_all_the_others_are_named() -> None:
    rows = board(1).table.to_pylist()
    for row in rows:
        row["tier"] = row["tier"] and (1 if row["rank"] < 4 else 2)
    said = next(in_detail(only(Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))))
    assert "deeplift, ism and lrp are not told apart and ahead of gradient." in said


def test_who_competes_with_nobody_is_shown_beside_the_controls() -> None:
    table = board(1).table
    alone = table.filter(pa.compute.is_in(table["explainer"], pa.array(["ism", "random"])))
    section = only(Board(("b",), alone, {}))
    assert [line.explainer for line in section.lines] == ["ism"]
    assert not section.compares
    assert "ism competes with nobody here" in in_words(section)[0]


def test_metrics_of_one_component_count_once() -> None:
    rows = board(2).table.to_pylist()
    other = [row | {"metric": "metric-0-by-size"} for row in rows]
    table = pa.Table.from_pylist(rows + other, LEADERBOARD)
    terms = {("metric", name): "auprc {}" for name in ("metric-0", "metric-0-by-size")}
    assert ", 2 metrics and" in " ".join(in_words(only(Board(("b",), table, {}))))
    section = only(Board(("b",), table, terms))
    assert ", 1 metric and" in " ".join(in_words(section))
    assert {line.standing.blocks for line in section.lines if line.standing} == {2}


def test_explainers_of_the_same_maps_are_one_where_they_have_no_standing() -> None:
    """Two names of one explanation competed with each other."""
    rows = [row for row in board(1).table.to_pylist() if row["explainer"] in ("ism", "random")]
    twin = [row | {"explainer": "mutagenesis"} for row in rows if row["role"] == "method"]
    section = only(Board(("b",), pa.Table.from_pylist(rows + twin, LEADERBOARD), {}))
    (line,) = section.lines
    assert (line.names, line.standing) == (("ism", "mutagenesis"), None)
    assert "ism = mutagenesis competes with nobody here" in in_words(section)[0]


def test_the_headline_is_whom_to_use_how_sure_that_is_and_what_it_costs() -> None:
    assert in_words(only(board()))[0] == (
        "To see where the model looks (planted or annotated motifs) with network: of 4 compared "
        "use deeplift. How sure: over all metrics and data sets, 1 of 3 others is not told apart "
        "from it. It takes 1.0 s a sequence."
    )
    few = in_words(only(board(2, replicates=1)))[0]
    assert "by metric-0 over 2 data sets all others are told apart from it, of one training" in few
    nobody = in_words(only(board(1, tier=1)))[0]
    assert "How sure: not at all, since by metric-0 on “set-0” nobody is told apart" in nobody


def test_controls_that_beat_who_is_recommended_are_in_the_headline() -> None:
    rows = board(1).table.to_pylist()
    (floor,) = [row for row in rows if row["role"] == "floor"]
    blur = floor | {"explainer": "blur", "role": "control", "estimate": 2.0}
    oracle = floor | {"explainer": "oracle", "role": "ceiling", "estimate": 3.0}
    table = pa.Table.from_pylist([*rows, blur, oracle], LEADERBOARD)
    headline = in_words(only(Board(("b",), table, {})))[0]
    assert headline.endswith("But the control blur beats it by metric-0 on “set-0”.")
    assert "But the" not in in_words(only(board(1)))[0]


@pytest.mark.parametrize(
    ("p", "tier", "rank", "said"),
    [(0.01, 2, 4, True), (0.01, 2, 2, False), (0.06, 2, 4, False), (0.01, 1, 4, False)],
    ids=["surely last", "of the better half", "not surely", "of the first tier"],
)
def test_the_best_by_mean_rank_that_is_surely_among_the_last_by_another_quantity_is_said(
    p: float, tier: int, rank: int, said: bool
) -> None:
    rows = board(6).table.to_pylist()
    names = ("rank", "tier", "behind_best_p")
    change = {"deeplift": (rank, tier, p)}
    last = [
        row | {"metric": "metric-0.lif_change@5", "behind_best_p": 0.5}
        | dict(zip(names, change.get(row["explainer"], ()), strict=False))
        for row in rows if row["dataset"] == "set-0" and row["role"] == "method"
    ]  # fmt: skip
    words = in_words(only(Board(("b",), pa.Table.from_pylist(rows + last, LEADERBOARD), {})))
    assert "use deeplift." in words[0]
    behind = (
        "But deeplift is surely among the last by metric-0.lif_change@5 on “set-0” (place 4 of 4)."
    )
    assert (behind in words) is said


def test_who_is_cheaper_and_stands_in_the_better_half_is_said_so_by_place_alone() -> None:
    given = board()
    rows = [
        row | {"seconds_per_sequence": 0.02 if row["explainer"] == "ism" else 1.0}
        for row in given.table.to_pylist()
    ]
    said = " ".join(in_words(only(Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))))
    assert "ism, place 2 of 4, takes 20 ms a sequence instead of 1.0 s." in said
    assert "better half" not in said


def test_where_neither_more_nor_less_is_better_the_headline_says_that_nobody_is_ranked_for_it() -> (
    None
):
    unranked = dict.fromkeys(
        ("rank", "rank_low", "rank_high", "tier", "ranks_without", "behind_best_p")
    )
    given = board(question="robustness", metric="wobble", direction="none", **unranked)
    said = headline(only(given))
    assert said.endswith("nobody is ranked: of wobble neither more nor less is better.")
    barred = [
        row | {"metric": "turned", "direction": "higher", "not_ranked": "gc is the same"}
        for row in given.table.to_pylist()
    ]
    both = pa.Table.from_pylist([*given.table.to_pylist(), *barred], LEADERBOARD)
    said = headline(only(Board(("b",), both, {})))
    assert said.endswith(
        "nobody is ranked: of wobble neither more nor less is better; pages of turned say why."
    )

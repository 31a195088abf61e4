"""Which orders of a board hold with other weights: by hand, by scipy, and the published table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats
from shipped_scripts import shipped_script

from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena.results.contestants import Contestant, Replicate

BOARDS = Path(__file__).parents[2] / "leaderboard"
NOISE = np.repeat([-0.1, -0.05, 0.05, 0.1], 10)
"""Leans to no side, so that Hall's correction of the t test is nothing."""


@pytest.fixture(scope="module")
def orders() -> Any:
    return shipped_script("benchmarks/statistics/orders.py")


def contestant(
    model: str, explainer: str, values: Floats, role: str = "method", better: Any = "higher"
) -> Contestant:
    """Values of shape (R, N)."""
    labels = {"suite": "s", "dataset": "d", "model": model, "explainer": explainer}
    labels |= {"aggregator": "native", "metric": "q"}
    one = Contestant(labels, role, "", better, (None, None), False, False)
    for i, row in enumerate(values):
        one.replicates[i] = Replicate(row, False, None, None)
    return one


def against_nothing(orders: Any, means: list[float], better: Any = "higher") -> dict[str, Any]:
    """The one pair of a method whose trainings have these means with one that is at 0."""
    ours = np.array(means)[:, None] + NOISE
    (row,) = orders.compared(
        [
            contestant("m", "a", ours, better=better),
            contestant("n", "b", 0 * ours, better=better),
        ]
    )
    return dict(row)


@pytest.mark.parametrize(
    ("means", "outcome", "agree"),
    [
        ([1.0, 1.1, 0.9], "kept", 3),
        ([1.0, -1.0, 2.0], "left open", 2),
        ([-0.1, 5.0, 5.0, 5.0, 5.0], "turned round", 1),
        ([0.0, 1.0, 1.1, 0.9, 1.0], "told by several alone", 1),
        ([0.0, 0.0, 0.0], "never told", 3),
    ],
)
def test_what_other_trainings_do_to_an_order(
    orders: Any, means: list[float], outcome: str, agree: int
) -> None:
    row = against_nothing(orders, means)
    assert (row["outcome"], row["agree"], row["replicates"]) == (outcome, agree, len(means))
    assert row["difference_one"] == pytest.approx(means[0])
    assert row["difference"] == pytest.approx(np.mean(means))


def test_where_lower_is_better_the_lower_is_ahead(orders: Any) -> None:
    for better, ahead in (("higher", "m / a"), ("lower", "n / b")):
        row = against_nothing(orders, [1.0, 1.1, 0.9], better)
        assert (row["left"], row["right"]) == ("m / a", "n / b")
        assert (row["ahead_one"], row["ahead"]) == (ahead, ahead)
    assert against_nothing(orders, [1.0, -1.0, 2.0])["ahead"] == "neither"


def test_p_with_one_training_is_students_over_samples(orders: Any) -> None:
    row = against_nothing(orders, [0.02, 0.5, -0.4])
    assert row["p_one"] == pytest.approx(stats.ttest_1samp(0.02 + NOISE, 0).pvalue, rel=1e-9)


def test_p_with_several_is_no_less_than_students_over_the_trainings(orders: Any) -> None:
    means = [0.4, 0.9, 1.6]
    row = against_nothing(orders, means)
    assert row["p"] == pytest.approx(stats.ttest_1samp(means, 0).pvalue, rel=1e-9)


def test_methods_of_all_models_meet_and_controls_their_own_model_s(orders: Any) -> None:
    ours = 1 + NOISE[None]
    given = [
        contestant("m", "a", ours),
        contestant("m", "random", 0 * ours, "floor"),
        contestant("n", "b", ours / 2),
        contestant("n", "gc", 0 * ours, "control"),
    ]
    found = [(row["left"], row["right"], row["right_role"]) for row in orders.compared(given)]
    assert found == [
        ("m / a", "n / b", "method"),
        ("m / a", "m / random", "floor"),
        ("n / b", "n / gc", "control"),
    ]


def test_p_is_adjusted_over_the_pairs_of_who_meets(orders: Any) -> None:
    """A method and two controls are three pairs, as on a board; the smallest counts thrice."""
    ours = 0.02 + NOISE[None]
    flat = 0 * ours
    given = [
        contestant("m", "a", ours),
        contestant("m", "gc", flat, "control"),
        contestant("m", "random", flat, "floor"),
    ]
    alone = stats.ttest_1samp(ours[0], 0).pvalue
    assert [row["p_one"] for row in orders.compared(given)] == pytest.approx([3 * alone] * 2)


def test_the_rows_of_one_table_are_corrected_together(orders: Any) -> None:
    """By hand, Holm: thrice the smallest, twice the next; who was turned round keeps nothing."""
    rows = [
        {"dataset": "d", "metric": metric, "left": "a", "right": right, "p": p, "outcome": outcome}
        for metric, right, p, outcome in [
            ("gini", "b", 0.016, "kept"),
            ("faithfulness-x.gain_logit@20", "b", 0.020, "kept"),
            ("entropy", "b", 0.060, "kept"),
            ("gini", "c", 0.040, "kept"),
            ("entropy", "c", 0.010, "turned round"),
            ("faithfulness-x.gain_logit@50", "b", 0.001, "kept"),
        ]
    ]
    found = orders.with_together(rows)
    assert [row["p_together"] for row in found] == [
        pytest.approx(p) for p in (0.048, 0.048, 0.060, 0.040, 0.020)
    ] + [None]
    assert [row["kept"] for row in found] == ["yes", "yes", "no", "yes", "no", None]


def test_nothing_is_compared_on_other_samples_or_without_a_direction(orders: Any) -> None:
    ours = 1 + NOISE[None]
    assert list(orders.compared([contestant("m", "a", ours, better="none")])) == []
    given = [contestant("m", "a", ours), contestant("n", "b", ours[:, :20])]
    with pytest.raises(InputError, match="expected the same samples, got 40 and 20"):
        list(orders.compared(given))


def test_the_published_table_is_that_of_the_published_samples(orders: Any, tmp_path: Path) -> None:
    orders.main([str(BOARDS / "quickstart.zip"), str(tmp_path / "orders.parquet")])
    made, published = (
        pq.read_table(folder / name).to_pylist()
        for folder, name in ((tmp_path, "orders.parquet"), (BOARDS, "quickstart-orders.parquet"))
    )
    assert len(made) == len(published)
    for ours, theirs in zip(made, published, strict=True):
        for name, value in theirs.items():
            expected = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
            assert ours[name] == expected, (theirs["metric"], name)

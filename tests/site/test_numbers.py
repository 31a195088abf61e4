"""Numbers in words: digits, minus, dashes, what is rounded down."""

from __future__ import annotations

import pytest

from gxarena.site.numbers import counted, duration, interval, listed, number, percent, rank


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (float("nan"), "–"), (0.0, "0"), (-0.0, "0"), (0.95, "0.950"), (1.0, "1.00"),
        (-0.0021, "−0.00210"), (12345.6, "12346"), (999.6, "1000"), (99.96, "100"),
        (1.5e-5, "1.50e−5"), (2.5e6, "2.50e6"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_a_share_that_is_not_whole_never_reads_whole() -> None:
    assert [percent(share) for share in (None, 0.9999, 1.0, 0.29, 0.0)] == [
        "–", "99%", "100%", "29%", "0%",
    ]  # fmt: skip


def test_times_have_the_unit_that_fits() -> None:
    shown = [duration(seconds) for seconds in (None, 2.0, 0.143, 4.2e-5)]
    assert shown == ["–", "2.0 s", "143 ms", "42 µs"]


def test_ranks_and_intervals() -> None:
    row = {
        "rank": 2, "rank_low": 1, "rank_high": 3, "role": "method", "not_ranked": None,
        "estimate": None, "direction": "higher", "coverage": 1.0,
    }  # fmt: skip
    assert rank(row) == "2 (1 to 3)"
    assert rank(row | {"rank_low": 2, "rank_high": 2}) == "2"
    assert rank(row | {"rank": None}) == "–"
    assert rank(row | {"rank": None, "estimate": 1.0}) == "nobody competed"
    assert rank(row | {"rank": None, "estimate": 1.0, "direction": "none"}) == "–"
    assert rank(row | {"rank": None, "role": "floor"}) == "floor"
    assert rank(row | {"rank": None, "not_ranked": "why"}) == "not ranked"
    assert interval({"ci_low": -1.0, "ci_high": 2.0}) == "−1.00 to 2.00"
    assert interval({"ci_low": None, "ci_high": 2.0}) == "–"


def test_lists_and_counts() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], list("abc"))] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"
    assert counted(1, "set of weights", "sets of weights") == "1 set of weights"
    assert counted(0, "row") == "0 rows"

"""Stretches beside their background: by hand, against plain loops, ties, tokens, scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena.data import Attribution, Explained, Interval, Sample, Spans
from gxarena.metrics import windows
from gxarena.metrics.windows import beside_background


def _explained(*cases: tuple[Sequence[float], Spans, Sequence[Interval]]) -> Explained:
    samples = tuple(
        Sample(f"s{i}", "A" * spans.length, 1, tuple(marks))
        for i, (_, spans, marks) in enumerate(cases)
    )
    attributions = tuple(Attribution(np.array(scores), spans) for scores, spans, _ in cases)
    n = len(cases)
    return Explained(samples, attributions, np.ones(n, dtype=np.int64), np.zeros((n, 2)))


def _found(explained: Explained, owners: list[int], stretches: list[Interval]) -> list[list[float]]:
    beside = beside_background(explained, owners, stretches)
    columns = (beside.sums, beside.n_windows, beside.n_below, beside.n_above)
    return [column.tolist() for column in columns]


def test_by_hand() -> None:
    motif = Interval(2, 4, "m")
    explained = _explained(([1, -3, 4, -1, 0, 2, -4, 2], Spans.nucleotides(8), [motif]))
    # Windows of two outside: (1, -3), (0, 2), (2, -4), (-4, 2); the motif has 4 - 1 = 3.
    assert _found(explained, [0], [motif]) == [[0.75], [4], [4], [0]]
    lower = _explained(([1, -3, 3, -1, 0, 2, -4, 2], Spans.nucleotides(8), [motif]))
    assert _found(lower, [0], [motif]) == [[0.5], [4], [0], [4]]  # as large is not smaller


def test_a_token_counts_by_its_share_and_one_that_touches_a_motif_is_no_background() -> None:
    motif = Interval(3, 5, "m")
    explained = _explained(([4, -6, 1, 2], Spans(np.array([0, 4, 6, 8, 10])), [motif]))
    # One of four letters and one of two: 4/4 - 6/2, over 3, the largest score of a letter.
    sums, n_windows, below, above = _found(explained, [0], [motif])
    assert sums == pytest.approx([-2 / 3])
    assert (n_windows, below, above) == ([3], [2], [1])  # 1, 1.5 and 2 at letters 6, 7 and 8


def test_windows_that_are_alike_tie_wherever_they_lie() -> None:
    motif = Interval(10, 17, "m")
    explained = _explained(([0.1] * 40, Spans.nucleotides(40), [motif]))
    assert _found(explained, [0], [motif])[1:] == [[21], [0], [21]]


def test_a_map_of_nothing_is_below_nothing() -> None:
    motif = Interval(4, 6, "m")
    explained = _explained(([0.0] * 12, Spans.nucleotides(12), [motif]))
    assert _found(explained, [0], [motif]) == [[0.0], [8], [0], [8]]


CASES = st.lists(
    st.tuples(
        st.lists(st.integers(1, 4), min_size=4, max_size=12),
        st.integers(0, 2**32),
        st.integers(1, 4),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=4,
)


def _built(drawn: list, scale: float = 1.0) -> tuple[Explained, list[int], list[Interval]]:  # type: ignore[type-arg]
    cases, owners, stretches = [], [], []
    for number, (sizes, seed, *motif_widths) in enumerate(drawn):
        spans = Spans(np.cumsum([0, *sizes]))
        rng = np.random.default_rng(seed)
        scores = scale * rng.integers(-5, 6, len(sizes)).astype(float)
        marks = []
        for width in motif_widths:
            start = int(rng.integers(0, max(spans.length - width, 0) + 1))
            marks.append(Interval(start, min(start + width, spans.length), f"m{width}"))
        cases.append((scores, spans, marks))
        owners += [number] * len(marks)
        stretches += marks
    return _explained(*cases), owners, stretches


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_against_plain_loops(drawn: list) -> None:  # type: ignore[type-arg]
    explained, owners, stretches = _built(drawn)
    expected = []
    for owner, stretch in zip(owners, stretches, strict=True):
        attribution, sample = explained.attributions[owner], explained.samples[owner]
        letters, background = [], []
        edges = attribution.spans.boundaries.tolist()
        for score, a, b in zip(attribution.scores.tolist(), edges[:-1], edges[1:], strict=True):
            touches = any(a < one.end and one.start < b for one in sample.annotations)
            letters += [score / (b - a)] * (b - a)
            background += [not touches] * (b - a)
        largest = max(abs(one) for one in letters) or 1.0
        width = stretch.end - stretch.start
        own = abs(sum(letters[stretch.start : stretch.end])) / largest
        others = [
            abs(sum(letters[i : i + width])) / largest
            for i in range(len(letters) - width + 1)
            if all(background[i : i + width])
        ]
        above = sum(one > own - 1e-8 for one in others)
        signed = sum(letters[stretch.start : stretch.end]) / largest
        expected.append((round(signed, 6), len(others), len(others) - above, above))
    sums, *counts = _found(explained, owners, stretches)
    rounded = [round(one, 6) for one in sums]
    assert [tuple(row) for row in zip(rounded, *counts, strict=True)] == expected


@settings(max_examples=60, deadline=None)
@given(CASES, st.floats(1e-300, 1e290))
def test_scale_does_not_matter(drawn: list, scale: float) -> None:  # type: ignore[type-arg]
    assert _found(*_built(drawn)) == _found(*_built(drawn, scale))


def test_no_number_depends_on_how_many_rows_are_compared_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    motif = Interval(5, 9, "m")
    cases = [(rng.normal(size=30), Spans.nucleotides(30), [motif]) for _ in range(7)]
    explained = _explained(*cases)
    whole = _found(explained, list(range(7)), [motif] * 7)
    alone = [_found(_explained(one), [0], [motif]) for one in cases]
    assert [[one[k][0] for one in alone] for k in range(len(whole))] == whole
    monkeypatch.setattr(windows, "ROWS_AT_ONCE", 2)
    assert _found(explained, list(range(7)), [motif] * 7) == whole
    assert _found(explained, [6, 2], [motif] * 2) == [[column[6], column[2]] for column in whole]

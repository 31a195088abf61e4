"""Orders, budgets and fills against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxarena.data import Spans
from gxarena.metrics import fills, removal
from gxarena.metrics.ragged import filled, padded
from gxarena.seeds import sample_seed

WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=12)
BUDGETS = (1.0, 10.0, 33.0, 100.0)


def _spans(widths: list[int]) -> Spans:
    return Spans(np.cumsum([0, *widths]))


@given(st.lists(WIDTHS, min_size=1, max_size=4), st.integers(0, 99))
def test_ranks_are_a_sorting_of_each_sample(all_widths: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(-2, 3, len(widths)).astype(float) for widths in all_widths]
    ties = [rng.random(len(widths)) for widths in all_widths]
    ranks = removal.removal_ranks(padded(rows), padded(ties), filled(rows))
    for row, tie, rank in zip(rows, ties, ranks, strict=True):
        order = sorted(range(len(row)), key=lambda u: (-row[u], tie[u]))
        assert [order.index(u) for u in range(len(row))] == rank[: len(row)].tolist()
        assert (rank[len(row) :] >= len(row)).all()


@given(st.lists(WIDTHS, min_size=1, max_size=4), st.integers(0, 99))
def test_budgets_are_met_by_the_nearest_whole_units(all_widths: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = [_spans(widths) for widths in all_widths]
    keys = [rng.random(len(widths)) for widths in all_widths]
    ranks = removal.removal_ranks(padded(keys), padded(keys), filled(keys))
    masks, fractions = removal.budget_masks(ranks, spans, BUDGETS)
    inside = fills.nucleotide_masks(masks, spans)
    for i, partition in enumerate(spans):
        order = np.argsort(ranks[i, : len(partition)])
        sizes = np.cumsum(partition.widths[order])
        for k, budget in enumerate(BUDGETS):
            count = 1 + int(np.argmin(np.abs(sizes - budget / 100 * partition.length)))
            removed = set(order[:count].tolist())
            assert set(np.flatnonzero(masks[i, k]).tolist()) == removed
            assert fractions[i, k] == sizes[count - 1] / partition.length
            hidden = [unit in removed for unit in partition.owner.tolist()]
            assert inside[i, k, : partition.length].tolist() == hidden
            assert not inside[i, k, partition.length :].any()
        assert masks[i, -1].sum() == len(partition)


@pytest.mark.parametrize(
    ("length", "budget", "units"),
    [
        (50, 7, 3),  # 3.5 nucleotides: 3 and 4 are as near
        (25, 14, 3),
        (50, 55, 27),
        (200, 0.25, 1),  # half a nucleotide, and none is as near
        (300, 0.01, 1),
        (300, 1, 3),
        (300, 100, 300),
    ],
)
def test_the_shorter_of_two_runs_as_near_and_at_least_one_unit(
    length: int, budget: float, units: int
) -> None:
    spans = [Spans.nucleotides(length)]
    masks, fractions = removal.budget_masks(np.arange(length)[None], spans, [budget])
    assert masks.sum() == units
    assert masks[0, 0, :units].all()
    assert fractions.tolist() == [[units / length]]


@pytest.mark.parametrize("length", [1, 25, 50, 99, 150])
def test_every_whole_percentage_follows_the_rule_in_whole_numbers(length: int) -> None:
    budgets = range(1, 101)
    masks, _ = removal.budget_masks(np.arange(length)[None], [Spans.nucleotides(length)], budgets)
    wanted = [
        min(range(1, length + 1), key=lambda count: abs(100 * count - budget * length))
        for budget in budgets
    ]
    assert masks[0].sum(axis=1).tolist() == wanted


@given(st.lists(WIDTHS, min_size=1, max_size=5), st.integers(0, 99))
def test_masks_grow_with_the_budget_and_fractions_are_what_is_hidden(
    all_widths: list[list[int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    spans = [_spans(widths) for widths in all_widths]
    keys = [rng.random(len(widths)) for widths in all_widths]
    ranks = removal.removal_ranks(padded(keys), padded(keys), filled(keys))
    masks, fractions = removal.budget_masks(ranks, spans, BUDGETS)
    hidden = fills.nucleotide_masks(masks, spans)
    lengths = np.array([partition.length for partition in spans])
    assert np.array_equal(hidden.sum(axis=2) / lengths[:, None], fractions)
    assert (masks[:, 1:] >= masks[:, :-1]).all()
    assert (fractions[:, -1] == 1).all()
    assert masks.any(axis=2).all()


@pytest.mark.parametrize("widest", [1, 3])
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_a_mask_of_units_is_that_of_their_nucleotides(
    widest: int, lengths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    spans = [_spans(rng.integers(1, widest + 1, length).tolist()) for length in lengths]
    masks = rng.random((len(spans), 2, max(lengths) + 1)) < 0.5  # wider than any, and filled up
    found = fills.nucleotide_masks(masks, spans)
    assert found.shape == (len(spans), 2, max(partition.length for partition in spans))
    for i, partition in enumerate(spans):
        for k in range(2):
            units = [masks[i, k, u] for u in partition.owner]
            assert found[i, k, : partition.length].tolist() == units
        assert not found[i, :, partition.length :].any()


@given(st.lists(WIDTHS, min_size=2, max_size=5), st.integers(0, 99))
def test_a_sample_alone_is_as_in_any_batch(all_widths: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = [_spans(widths) for widths in all_widths]
    rows = [rng.integers(-1, 2, len(widths)).astype(float) for widths in all_widths]
    seeds = rng.integers(0, 2**63, len(spans)).tolist()

    def masks(some: slice) -> NDArray[np.bool_]:
        keys, inside = padded(rows[some]), filled(rows[some])
        ties = removal.seeded_uniform(spans[some], seeds[some])
        ranks = removal.removal_ranks(keys, ties, inside)
        return fills.nucleotide_masks(
            removal.budget_masks(ranks, spans[some], BUDGETS)[0], spans[some]
        )

    together = masks(slice(None))
    for i, partition in enumerate(spans):
        (alone,) = masks(slice(i, i + 1))
        assert np.array_equal(alone, together[i, :, : partition.length])
        assert not together[i, :, partition.length :].any()


def test_equal_keys_go_in_random_order_never_in_that_of_the_sequence() -> None:
    spans = [Spans.nucleotides(100)] * 200
    ties = removal.seeded_uniform(spans, range(200))
    inside = np.ones((200, 100), dtype=bool)
    ranks = removal.removal_ranks(np.full((200, 100), 3.0), ties, inside)
    masks, _ = removal.budget_masks(ranks, spans, [20])
    often = masks[:, 0].mean(axis=0)
    # Each position is hidden in a fifth of 200 samples, within 5 standard deviations.
    assert np.abs(often - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 200)
    assert len({row.tobytes() for row in ranks}) == 200
    # Zero has one size: the sign of it is no reason to go first.
    signed = np.where(np.arange(100) % 2, 0.0, -0.0)[None]
    assert np.array_equal(
        removal.removal_ranks(signed, ties[:1], inside[:1]),
        removal.removal_ranks(np.zeros((1, 100)), ties[:1], inside[:1]),
    )


def test_ties_are_drawn_from_each_samples_seed() -> None:
    spans = [_spans([1, 1]), _spans([1, 2, 3])]
    together = removal.seeded_uniform(spans, [7, 8])
    assert np.array_equal(together[1], removal.seeded_uniform(spans[1:], [8])[0])
    assert removal.sample_seeds(0, "a", ["x"]) != removal.sample_seeds(0, "b", ["x"])


def test_uniform_numbers_and_seeds_are_what_their_names_say() -> None:
    drawn = removal.seeded_uniform([_spans([1, 2]), _spans([3])], [7, 8])
    assert drawn[0].tolist() == np.random.default_rng(7).random(2).tolist()
    assert drawn[1].tolist() == [np.random.default_rng(8).random(), 0]
    assert removal.sample_seeds(3, "ties", ["a", "b"]) == [
        sample_seed(3, "ties", "a"),
        sample_seed(3, "ties", "b"),
    ]

"""Orders, budgets and fills against plain loops."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gxarena import perturb
from gxarena.data import Spans
from gxarena.ragged import filled, padded

WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=12)
BUDGETS = (1.0, 10.0, 33.0, 100.0)


def _spans(widths: list[int]) -> Spans:
    return Spans(np.cumsum([0, *widths]))


@given(st.lists(WIDTHS, min_size=1, max_size=4), st.integers(0, 99))
def test_ranks_are_a_sorting_of_each_sample(all_widths: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(-2, 3, len(widths)).astype(float) for widths in all_widths]
    ties = [rng.random(len(widths)) for widths in all_widths]
    ranks = perturb.removal_ranks(padded(rows), padded(ties), filled(rows))
    for row, tie, rank in zip(rows, ties, ranks, strict=True):
        order = sorted(range(len(row)), key=lambda u: (-row[u], tie[u]))
        assert [order.index(u) for u in range(len(row))] == rank[: len(row)].tolist()
        assert (rank[len(row) :] >= len(row)).all()


@given(st.lists(WIDTHS, min_size=1, max_size=4), st.integers(0, 99))
def test_budgets_are_met_by_the_nearest_whole_units(all_widths: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = [_spans(widths) for widths in all_widths]
    keys = [rng.random(len(widths)) for widths in all_widths]
    ranks = perturb.removal_ranks(padded(keys), padded(keys), filled(keys))
    masks, fractions = perturb.budget_masks(ranks, spans, BUDGETS)
    inside = perturb.nucleotide_masks(masks, spans)
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


SEQUENCES = ["ACGTN", "AAC", "T"]


def test_fills_are_letters_of_the_same_places() -> None:
    original = perturb.letters(SEQUENCES)
    everything = filled([np.zeros(len(s)) for s in SEQUENCES])[:, None, :]

    def filled_with(fill: perturb.Letters) -> list[str]:
        return perturb.replaced(SEQUENCES, fill, everything)

    assert filled_with(original) == SEQUENCES
    assert filled_with(perturb.unknown(original)) == ["NNNNN", "NNN", "N"]
    assert filled_with(perturb.complement(original)) == ["TGCAN", "TTG", "A"]
    drawn = filled_with(perturb.random_letters(SEQUENCES, [1, 2, 3]))
    assert [len(s) for s in drawn] == [5, 3, 1]
    assert set("".join(drawn)) <= set("ACGT")


def test_only_masked_letters_are_replaced() -> None:
    masks = np.zeros((2, 2, 4), dtype=bool)
    masks[0, 0, 1] = masks[1, 1, 0] = True
    fill = perturb.unknown(perturb.letters(["ACGT", "GG"]))
    assert perturb.replaced(["ACGT", "GG"], fill, masks) == ["ANGT", "ACGT", "GG", "NG"]


def test_random_letters_are_even_and_each_samples_own() -> None:
    long = ["A" * 40_000]
    alone = perturb.random_letters(long, [5])
    counts = np.bincount(alone[0])[np.frombuffer(b"ACGT", dtype=np.uint8)]
    assert np.abs(counts / 40_000 - 0.25).max() < 0.01
    with_others = perturb.random_letters(["C" * 50_000, *long], [1, 5])
    assert np.array_equal(with_others[1, :40_000], alone[0])


def test_ties_are_drawn_from_each_samples_seed() -> None:
    spans = [_spans([1, 1]), _spans([1, 2, 3])]
    together = perturb.seeded_uniform(spans, [7, 8])
    assert np.array_equal(together[1], perturb.seeded_uniform(spans[1:], [8])[0])
    assert perturb.sample_seeds(0, "a", ["x"]) != perturb.sample_seeds(0, "b", ["x"])

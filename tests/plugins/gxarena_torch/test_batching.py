from __future__ import annotations

import numpy as np
import torch

from gxarena.data import Spans
from gxarena_torch.batching import batches_by_length, padded
from gxarena_torch.tokens import Encoded


def _encoded(length: int) -> Encoded:
    """Single letters between two special tokens."""
    is_unit = np.ones(length + 2, dtype=np.bool_)
    is_unit[[0, -1]] = False
    ids = np.arange(10, 12 + length)
    return Encoded(
        ids, is_unit, ("[CLS]", "[SEP]"), Spans.nucleotides(length), 1 + np.arange(length)
    )


def test_batches_are_small_and_hardly_padded() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, 80).tolist()
    batches = list(batches_by_length(lengths, 512))
    assert sorted(index for batch in batches for index in batch) == list(range(80))
    positions = [len(batch) * max(lengths[index] for index in batch) for batch in batches]
    assert max(positions) <= 512
    assert sum(positions) < 1.1 * sum(lengths) < 80 * max(lengths)


def test_long_sequences_do_not_pad_short_ones() -> None:
    lengths = [4] * 40 + [80] * 10
    batches = batches_by_length(lengths, 100_000)
    positions = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    assert positions <= 1.2 * sum(lengths)


def test_without_padding_only_equal_lengths_share_a_batch() -> None:
    assert list(batches_by_length([3, 5, 3, 4], 100, 0.0)) == [[0, 2], [3], [1]]


def test_a_sequence_longer_than_allowed_is_a_batch_of_its_own() -> None:
    assert list(batches_by_length([9, 2, 2], 4)) == [[1, 2], [0]]


def test_padding_stands_on_the_right() -> None:
    ids, mask = padded([_encoded(1), _encoded(3)], 7, torch.device("cpu"))
    assert ids.tolist() == [[10, 11, 12, 7, 7], [10, 11, 12, 13, 14]]
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]

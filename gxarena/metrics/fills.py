"""What comes in the place of removed units, and what the model then answers.

Everything works on N samples at once, padded on the right (`gxarena.metrics.ragged`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from gxarena import dna
from gxarena.api import Probe
from gxarena.data import Bools, Explained, Floats, Spans
from gxarena.dna import LETTERS, UNKNOWN, Letters, dinucleotide_shuffles, letters
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.removal import sample_seeds

Fill = Literal["unknown", "random", "complement", "dinucleotide"]

_KNOWN = re.compile(f"[^{UNKNOWN}]+")


def answers_without(
    fill: Fill, explained: Explained, chosen: Sequence[int], masks: Bools, probe: Probe
) -> Floats:
    """The model's outputs for every chosen sample and mask, shape (n * masks, C).

    Parameters
    ----------
    fill
        See `gxarena.metrics.faithfulness.Faithfulness`.
    explained : Explained
    chosen : sequence of n int
        Indices of samples.
    masks : bool array, shape (n, masks, most units)
        Units of each sample that are replaced.
    """
    if holds_tokens(fill, explained):
        spans = [explained.attributions[i].spans for i in chosen]
        return probe.predict_masked(
            [explained.samples[i].sequence for i in chosen for _ in range(masks.shape[1])],
            [m[: len(s)] for s, rows in zip(spans, masks, strict=True) for m in rows],
        )
    return probe.predict(edited(fill, explained, chosen, masks))


def holds_tokens(fill: Fill, explained: Explained) -> bool:
    """Whether a model's own units are replaced by its own unknown, and no letter is edited."""
    return fill == "unknown" and explained.native


def edited(fill: Fill, explained: Explained, chosen: Sequence[int], masks: Bools) -> list[str]:
    """The sequences of `answers_without`, n * masks str, where letters are edited."""
    samples = [explained.samples[i] for i in chosen]
    sequences, ids = [s.sequence for s in samples], [s.id for s in samples]
    spans = [explained.attributions[i].spans for i in chosen]
    new = _new_letters(fill, sequences, ids, explained.seed)
    return replaced(sequences, new, nucleotide_masks(masks, spans))


def _new_letters(fill: Fill, sequences: Sequence[str], ids: Sequence[str], seed: int) -> Letters:
    """What stands in the place of each position if it is replaced, shape (N, longest)."""
    if fill == "unknown":
        return unknown(letters(sequences))
    if fill == "complement":
        return dna.complement(letters(sequences))
    if fill == "dinucleotide":
        return shuffled_letters(sequences, sample_seeds(seed, "faithfulness/shuffle", ids))
    return random_letters(sequences, sample_seeds(seed, "faithfulness/letters", ids))


def nucleotide_masks(masks: Bools, spans: Sequence[Spans]) -> Bools:
    """Unit masks (N, K, most units) as nucleotide masks (N, K, longest)."""
    if all(len(partition) == partition.length for partition in spans):
        inside = filled([partition.widths for partition in spans])
        return masks[:, :, : inside.shape[1]] & inside[:, None, :]
    owners = [partition.owner for partition in spans]
    taken = np.take_along_axis(masks, padded(owners)[:, None, :], axis=2)
    return taken & filled(owners)[:, None, :]


def unknown(sequences: Letters) -> Letters:
    """N in place of every letter."""
    return np.full_like(sequences, ord(UNKNOWN))


def random_letters(sequences: Sequence[str], seeds: Sequence[int]) -> Letters:
    """A letter of ACGT drawn evenly for each position, from each sample's own seed.

    It may be the letter that was there, as in the paper: "a random nucleotide".
    """
    draws = [
        np.random.default_rng(seed).integers(0, 4, len(sequence))
        for sequence, seed in zip(sequences, seeds, strict=True)
    ]
    return padded([LETTERS[draw] for draw in draws])


def shuffled_letters(sequences: Sequence[str], seeds: Sequence[int]) -> Letters:
    """The letters of one dinucleotide shuffle of each whole sequence, from each sample's own seed.

    N is no letter to be moved: each run of known letters between N's is shuffled by itself, so that
    N's stay in their places and every count of two letters next to each other is kept, those with N
    too. A run's first and last letter stay, and any position may get the letter that was there.
    """
    return letters(
        [_shuffled(sequence, seed) for sequence, seed in zip(sequences, seeds, strict=True)]
    )


def _shuffled(sequence: str, seed: int) -> str:
    # A run's start is part of its seed: equal runs of a sequence are shuffled each in its own way.
    return _KNOWN.sub(lambda run: dinucleotide_shuffles(run[0], 1, seed + run.start())[0], sequence)


def replaced(sequences: Sequence[str], fill: Letters, masks: Bools) -> list[str]:
    """Each sequence with masked letters replaced, for each of K masks; N * K strings.

    Parameters
    ----------
    sequences : sequence of N str
    fill : array, shape (N, longest)
    masks : bool array, shape (N, K, longest)
    """
    written = np.where(masks, fill[:, None, :], letters(sequences)[:, None, :])
    text, (_, copies, longest) = written.tobytes().decode(), written.shape
    starts = iter(range(0, len(text), longest))
    return [
        text[start : start + len(sequence)]
        for sequence in sequences
        for start in itertools.islice(starts, copies)
    ]

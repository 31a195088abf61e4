"""What components are tried on: a few short sequences with a motif, and models in NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gxarena.data import Bools, Floats, Interval, Sample, Spans
from gxarena.dna import Letters, codes, letters

MOTIF = "TGACTCAGC"
LENGTHS = (40, 33, 47, 40, 36, 44)


def annotated_samples(n: int = 6, longest: int | None = None, seed: int = 0) -> tuple[Sample, ...]:
    """Sequences of different lengths, each with a motif that is annotated; labels alternate."""
    rng = np.random.default_rng(seed)
    samples = []
    for i in range(n):
        length = min(LENGTHS[i % len(LENGTHS)], longest or max(LENGTHS))
        motif = MOTIF[: max(1, length // 3)]
        sequence = "".join(rng.choice(list("ACGT"), length))
        start = int(rng.integers(0, length - len(motif) + 1))
        sequence = sequence[:start] + motif + sequence[start + len(motif) :]
        truth = (Interval(start, start + len(motif), "motif", "+"),)
        samples.append(Sample(f"sample-{i}", sequence, i % 2, truth))
    return tuple(samples)


OTHERS = [str.maketrans("ACGT", by) for by in ("CGAT", "CATG", "GTAC", "TGCA")]
"""Other letters; the first leaves each T where it is."""


def altered(model: Any, sequence: str, units: Bools) -> str:
    """The sequence with other letters in these units, in as many as leave the units what they are.

    Where a model's units are words, another letter may end them elsewhere.
    """
    (spans,) = model.spans([sequence])
    asked = [units, *(np.arange(len(spans)) == unit for unit in np.flatnonzero(units))]
    for index, some in enumerate(asked):
        for other in OTHERS:
            inside, turned = some[spans.owner], sequence.translate(other)
            letters_now = (b if i else a for a, b, i in zip(sequence, turned, inside, strict=True))
            tried = "".join(letters_now)
            if tried != sequence and model.spans([tried])[0] == spans:
                sequence = tried
                break
        else:
            continue
        if index == 0:
            break
    return sequence


class Bare:
    """A smooth function of which letter stands where: the least that a model may be.

    Parameters
    ----------
    width : int
        Nucleotides a unit.
    tokens : bool
        Whether units are words instead, each up to and with the next T: as with a tokenizer,
        where they end depends on what is read.
    """

    n_outputs = 2
    max_length = None

    def __init__(self, width: int = 1, tokens: bool = False) -> None:
        self._width = width
        self._tokens = tokens

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """Its units, the last one shorter where they do not fit; or words."""
        return [self._words(s) if self._tokens else self._steps(s) for s in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (B, 2), which add up to nothing in particular."""
        return np.array([self._outputs(codes(letters([sequence])[0])) for sequence in sequences])

    def _steps(self, sequence: str) -> Spans:
        return Spans(np.array([*range(0, len(sequence), self._width), len(sequence)]))

    @staticmethod
    def _words(sequence: str) -> Spans:
        ends = [i for i, letter in enumerate(sequence[:-1], 1) if letter == "T"]
        return Spans(np.array([0, *ends, len(sequence)]))

    def _outputs(self, coded: Letters) -> Floats:
        worth = np.array([0.9, -0.4, 0.3, -0.8, 0.0])[coded]
        places = 1.0 + 0.5 * np.sin(np.arange(len(coded)))
        pairs = worth[1:] * worth[:-1]
        return np.array([0.3 * pairs.sum(), np.tanh((worth * places).mean()) + pairs[::2].sum()])


class Masking(Bare):
    """The same, which can mask its units: N in their place."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with units unknown, shape (B, 2)."""
        hidden = [
            "".join("N" if h else c for c, h in zip(s, mask[spans.owner], strict=True))
            for s, spans, mask in zip(sequences, self.spans(sequences), masks, strict=True)
        ]
        return self.predict(hidden)

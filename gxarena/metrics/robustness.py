"""Does an explanation hold where it should: under small edits, and on the other strand?

Each metric asks the explainer again, for the same target and with the sample's own noise and
references, and compares on nucleotides: a token's score is spread evenly over its letters, since an
edit may move the borders of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from gxarena import dna
from gxarena.aggregators.tokens_to_nucleotides import EquallyDistributed
from gxarena.api import Probe, Quantity, Scored, StrandedProbe
from gxarena.data import Attribution, Bools, Explained, Floats, Interval, Ints, Sample, Spans
from gxarena.errors import InputError
from gxarena.metrics import removal
from gxarena.metrics.correlation import NOT_FINITE, correlation
from gxarena.truth import truth

SAMPLES_AT_ONCE = 16
"""Bounds memory: edited copies of so many samples are explained at a time."""


class MaxSensitivity:
    """Largest change of the explanation among a few random substitutions, relative to its norm.

    Yeh et al. 2019, NeurIPS, arXiv:1901.09392, eq. 3, divided by the norm of the explanation so
    that scale does not matter: max over neighbours y of ||E(y) - E(x)|| / ||E(x)||. The ball
    around x is that of all sequences with so many letters substituted.

    Parameters
    ----------
    draws : int
        Neighbours per sample, drawn from the sample's own seed.
    substitutions : int
        Letters of each neighbour that differ; N is never put in.
    """

    # Never ranked: what does not look at the sequence, such as noise, never changes.
    quantities: Mapping[str, Quantity] = {
        "": Quantity("none", (0.0, None), "", "largest relative change of the explanation"),
        "mean": Quantity("none", (0.0, None), "", "mean relative change of the explanation"),
    }
    _name: ClassVar[str] = "max_sensitivity"

    def __init__(self, draws: int = 5, substitutions: int = 1) -> None:
        for what, number in (("draws", draws), ("substitutions", substitutions)):
            if not isinstance(number, int) or number < 1:
                raise InputError(
                    f"{self._name}, {what}: expected a whole number, at least 1, got {number}."
                )
        self._draws = draws
        self._substitutions = substitutions

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Relative changes; NaN where there is no finite, non-zero explanation to compare with."""
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        reasons: dict[int, str] = {}
        free = [self._free(sample) for sample in explained.samples]
        for index, attribution in enumerate(explained.attributions):
            if reason := self._undefined(attribution, free[index]):
                reasons[index] = reason
        defined = [i for i in range(len(explained)) if i not in reasons]
        for start in range(0, len(defined), SAMPLES_AT_ONCE):
            chosen = defined[start : start + SAMPLES_AT_ONCE]
            changed = self._changes(explained, chosen, free, probe)
            for index, changes in zip(chosen, changed, strict=True):
                if not np.isfinite(changes).all():
                    reasons[index] = "scores of an edited sequence are not finite"
                    continue
                values[""][index], values["mean"][index] = changes.max(), changes.mean()
        return Scored(values, dict.fromkeys(values, reasons))

    def _free(self, sample: Sample) -> Bools:
        """Nucleotides that may be substituted, shape (L,)."""
        return np.ones(len(sample.sequence), dtype=np.bool_)

    def _undefined(self, attribution: Attribution, free: Bools) -> str:
        if not np.isfinite(attribution.scores).all():
            return NOT_FINITE
        if not attribution.scores.any():
            return "no relevance at all"
        if free.sum() < self._substitutions:
            return "too few nucleotides to substitute"
        return ""

    def _changes(
        self, explained: Explained, chosen: list[int], free: Sequence[Bools], probe: Probe
    ) -> Iterator[Floats]:
        """Relative change of each draw, shape (draws,), for each chosen sample."""
        samples = [explained.samples[i] for i in chosen]
        seeds = removal.sample_seeds(
            explained.seed, "robustness/substitutions", [sample.id for sample in samples]
        )
        edited = [
            copy
            for sample, i, seed in zip(samples, chosen, seeds, strict=True)
            for copy in substituted(
                sample.sequence, free[i], self._draws, self._substitutions, seed
            )
        ]
        again = probe.explain(
            edited,
            targets=np.repeat(explained.targets[chosen], self._draws),
            ids=[sample.id for sample in samples for _ in range(self._draws)],
            annotations=[sample.annotations for sample in samples for _ in range(self._draws)],
            origins=[sample.sequence for sample in samples for _ in range(self._draws)],
        )
        for row, i in enumerate(chosen):
            original = on_nucleotides(explained.attributions[i])
            copies = again[row * self._draws : (row + 1) * self._draws]
            new = np.stack([on_nucleotides(copy) for copy in copies])
            # Scaled first: squares of tiny or huge scores would under- or overflow.
            largest = np.abs(original).max()
            change = np.linalg.norm((new - original) / largest, axis=1)
            yield change / np.linalg.norm(original / largest)


class SynonymousRobustness(MaxSensitivity):
    """The same under substitutions outside the annotated motifs: edits that do not matter.

    Sequences whose label hangs on the annotated motifs keep it, so that a good explanation of a
    good model stays. Decoys count as background.
    """

    _name: ClassVar[str] = "synonymous_robustness"

    def _free(self, sample: Sample) -> Bools:
        return ~truth(sample)

    def _undefined(self, attribution: Attribution, free: Bools) -> str:
        if free.all():
            return "no annotated nucleotide"
        return super()._undefined(attribution, free)


class ReverseComplementConsistency:
    """Correlation of the explanation with that of the other strand, turned back.

    DNA has two strands and one meaning: Zhou, Shrikumar and Kundaje 2022, Towards a better
    understanding of reverse-complement equivariance, PMLR 165:1. Part of a low value is the
    model's own: its two predictions may differ. Part is the noise and the references of an
    explainer that draws some, which have no other strand.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (-1.0, 1.0), "", "Pearson's correlation of the two strands' scores")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Correlations; NaN where an explanation is not finite or constant."""
        door = probe.other_strand() if isinstance(probe, StrandedProbe) else probe
        again = door.explain(
            [dna.reverse_complement(sequence) for sequence in explained.sequences],
            targets=explained.targets,
            ids=[sample.id for sample in explained.samples],
            annotations=[_flipped(sample) for sample in explained.samples],
        )
        values, reasons = correlation(
            [on_nucleotides(attribution) for attribution in explained.attributions],
            [on_nucleotides(attribution)[::-1] for attribution in again],
        )
        return Scored({"": values}, {"": reasons})


def on_nucleotides(attribution: Attribution) -> Floats:
    """Scores spread evenly over each unit's nucleotides, strategy (d); shape (L,)."""
    nucleotides = Spans.nucleotides(attribution.spans.length)
    return EquallyDistributed().project(attribution, nucleotides).scores


def substituted(sequence: str, free: Bools, draws: int, substitutions: int, seed: int) -> list[str]:
    """Copies with random letters of `sequence` substituted by other ones.

    Parameters
    ----------
    sequence : str
    free : bool array, shape (L,)
        Where a letter may be substituted: at least at as many places as there are substitutions.
    draws, substitutions : int
    seed : int
        The sample's own.
    """
    rng = np.random.default_rng(seed)
    keys = np.where(free, rng.random((draws, len(free))), np.inf)
    where = np.argsort(keys, axis=1)[:, :substitutions]
    letters = np.tile(dna.letters([sequence]), (draws, 1))
    old: Ints = dna.codes(np.take_along_axis(letters, where, axis=1)).astype(np.int64)
    steps = rng.integers(1, 4, where.shape)
    new = np.where(old == dna.NO_CODE, steps, (old + steps) % 4)  # an N becomes C, G or T
    np.put_along_axis(letters, where, dna.LETTERS[new], axis=1)
    return [row.tobytes().decode() for row in letters]


def _flipped(sample: Sample) -> tuple[Interval, ...]:
    """The annotations as they lie on the other strand."""
    length, strands = len(sample.sequence), {"+": "-", "-": "+"}
    return tuple(
        Interval(
            length - i.end,
            length - i.start,
            i.name,
            strands.get(i.strand, i.strand),
            i.information[::-1],
        )
        for i in sample.annotations
    )

"""Controls: explanations that know no model, so that every score has its floor and ceiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Interval, Sample
from gxarena.dna import ALPHABET, letters, one_hot
from gxarena.errors import check_positive
from gxarena.truth import truth

Given = TypeVar("Given")


class Random:
    """The control every explainer must beat: standard normal scores on the model's units.

    Sample b's scores are drawn from ``batch.seeds[b]`` alone. Where units are nucleotides, every
    other letter's hypothetical contribution is drawn after them.
    """

    cost = (0, 0)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        attributions = []
        for sequence, seed, spans in zip(
            batch.sequences, batch.seeds.tolist(), model.spans(batch.sequences), strict=True
        ):
            rng = np.random.default_rng(seed)
            scores = rng.standard_normal(len(spans))
            others = None
            if len(spans) == spans.length:
                present = one_hot(letters([sequence])[0]) > 0
                others = np.where(present, scores[:, None], rng.standard_normal(present.shape))
            attributions.append(Attribution(scores, spans, hypothetical=others))
        return attributions


class Oracle:
    """The truth itself: the annotated share of each unit. The ceiling of localization.

    Parameters
    ----------
    names : list of str
        Patterns of the annotations that count; every one but decoys where empty.
    """

    cost = (0, 0)

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = tuple(names)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        def annotated(sequence: str, intervals: tuple[Interval, ...]) -> Floats:
            sample = Sample("", sequence, None, intervals)
            return truth(sample, self._names).astype(np.float64)

        return unit_means(model, batch, annotated, batch.annotations)


class GC:
    """Composition alone: the share of G and C in each unit.

    Where units are nucleotides, the hypothetical contribution of a letter is what it would score.

    Parameters
    ----------
    centred : bool
        Less the whole sequence's share, so that scores have signs.
    """

    cost = (0, 0)

    def __init__(self, centred: bool = False) -> None:
        self._centred = centred

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        def strong(sequence: str, _: int) -> Floats:
            found = np.isin(letters([sequence])[0], letters(["GC"])).astype(np.float64)
            return found - found.mean() if self._centred else found

        made = unit_means(model, batch, strong, batch.seeds.tolist())
        return [
            self._with_hypothetical(attribution, sequence)
            for attribution, sequence in zip(made, batch.sequences, strict=True)
        ]

    def _with_hypothetical(self, attribution: Attribution, sequence: str) -> Attribution:
        if len(attribution.spans) < attribution.spans.length:
            return attribution
        share = (sequence.count("G") + sequence.count("C")) / len(sequence)
        of_letter = np.array([letter in "GC" for letter in ALPHABET], dtype=np.float64)
        each = of_letter - share if self._centred else of_letter
        return replace(attribution, hypothetical=np.tile(each, (len(sequence), 1)))


class Blur:
    """Smooth hills that know nothing: random scores blurred along the sequence.

    Removal benchmarks can favour blurry maps (arXiv:2304.13836); this one says how much.

    Parameters
    ----------
    width : float
        Standard deviation of the blur in nucleotides.
    """

    cost = (0, 0)

    def __init__(self, width: float = 10.0) -> None:
        check_positive("blur, width", width)
        self._width = width

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        def hills(sequence: str, seed: int) -> Floats:
            noise = np.random.default_rng(seed).standard_normal(len(sequence))
            return np.asarray(gaussian_filter1d(noise, self._width, mode="nearest"))

        return unit_means(model, batch, hills, batch.seeds.tolist())


def unit_means(
    model: Model,
    batch: Batch,
    nucleotide_scores: Callable[[str, Given], Floats],
    given: Sequence[Given],
) -> list[Attribution]:
    """Attributions whose units have the mean score of their nucleotides."""
    attributions = []
    for sequence, spans, one in zip(
        batch.sequences, model.spans(batch.sequences), given, strict=True
    ):
        sums = np.add.reduceat(nucleotide_scores(sequence, one), spans.boundaries[:-1])
        attributions.append(Attribution(sums / spans.widths, spans))
    return attributions

"""How little must be unknown for the model to decide otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from gxarena import Explained, Quantity, Scored
from gxarena.api import Probe
from gxarena.errors import check_at_least
from gxarena.seeds import sample_seed

SAMPLES_AT_ONCE = 32
"""Bounds memory: edited copies of so many samples exist at a time."""


class DecisionFlip:
    """The share of nucleotides that are unknown when the model's decision flips.

    Decision flip, fraction of tokens: Chrysostomou and Aletras 2021, ACL, arXiv:2105.02657, after
    Serrano and Smith 2019, ACL, arXiv:1906.03731. Units are made unknown one after the other, the
    highest score first, until another output is the highest. Tokens hold several nucleotides, so
    it is nucleotides that are counted. A decision that never flips counts as 1, the whole
    sequence; where what is explained is not what the model decides, there is nothing to flip.

    Parameters
    ----------
    steps : int
        The model is asked at most so many times a sequence, each time about L / steps nucleotides
        further: the value is rounded up to the next of them.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("lower", (0.0, 1.0), "", "share of nucleotides unknown when it flips"),
        "flips": Quantity("none", (0.0, 1.0), "", "1 where it flips at all"),
    }

    def __init__(self, steps: int = 50) -> None:
        check_at_least("decision-flip, steps", steps)
        self._steps = steps

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """A value a sample; no value, and why, where no decision is explained."""
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        reasons = {i: why for i in range(len(explained)) if (why := _why_not(explained, i))}
        judged = [i for i in range(len(explained)) if i not in reasons]
        for start in range(0, len(judged), SAMPLES_AT_ONCE):
            chosen = judged[start : start + SAMPLES_AT_ONCE]
            for index, flip in zip(chosen, self._flips(explained, chosen, probe), strict=True):
                values[""][index] = 1.0 if flip is None else flip
                values["flips"][index] = flip is not None
        return Scored(values, dict.fromkeys(values, reasons))

    def _flips(
        self, explained: Explained, chosen: list[int], probe: Probe
    ) -> Iterator[float | None]:
        """For each chosen sample the share that is unknown at the flip, None without one."""
        masks = [self._unknown(explained, index) for index in chosen]
        answers = _answers(explained, chosen, masks, probe)
        ends = np.cumsum([len(rows) for rows in masks])
        for index, rows, outputs in zip(chosen, masks, np.split(answers, ends[:-1]), strict=True):
            flipped = outputs.max(axis=1) > outputs[:, explained.targets[index]]
            spans = explained.attributions[index].spans
            first = rows[flipped.argmax()]
            yield float(first @ spans.widths) / spans.length if flipped.any() else None

    def _unknown(self, explained: Explained, index: int) -> np.ndarray:
        """Which units are unknown at each step, bool, shape (steps, U); at the last one all."""
        attribution = explained.attributions[index]
        seed = sample_seed(explained.seed, "decision-flip/ties", explained.samples[index].id)
        ties = np.random.default_rng(seed).random(len(attribution.spans))
        order = np.lexsort((ties, -attribution.scores))
        removed = np.cumsum(attribution.spans.widths[order])
        wanted = attribution.spans.length * np.arange(1, self._steps + 1) / self._steps
        last = np.unique(np.searchsorted(removed, wanted))
        turns = np.empty(len(order), dtype=np.int64)
        turns[order] = np.arange(len(order))
        return turns <= last[:, None]


def _answers(
    explained: Explained, chosen: list[int], masks: list[np.ndarray], probe: Probe
) -> np.ndarray:
    """Raw outputs with units unknown, one row after the other of each sample's masks."""
    pairs = list(zip(chosen, masks, strict=True))
    if explained.native:  # the model's own unknown, its units as they are
        sequences = [explained.samples[i].sequence for i, rows in pairs for _ in rows]
        return probe.predict_masked(sequences, [row for _, rows in pairs for row in rows])
    return probe.predict([edited for i, rows in pairs for edited in _with_n(explained, i, rows)])


def _with_n(explained: Explained, index: int, masks: np.ndarray) -> Iterator[str]:
    """The sequence with N in the place of each mask's units."""
    letters = np.frombuffer(explained.samples[index].sequence.encode(), dtype="S1")
    owner = explained.attributions[index].spans.owner
    for row in np.where(masks[:, owner], b"N", letters):
        yield row.tobytes().decode()


def _why_not(explained: Explained, index: int) -> str:
    """Why a sample has no value; empty where it has."""
    outputs, target = explained.outputs[index], explained.targets[index]
    if len(outputs) < 2:
        return "a model of one output decides nothing"
    if outputs[target] < outputs.max():
        return "what is explained is not what the model decides"
    if not np.isfinite(explained.attributions[index].scores).all():
        return "scores are not finite"
    return ""

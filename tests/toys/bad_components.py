"""Components that each break one promise, and nothing else that they could keep."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gxarena import objective
from gxarena.api import Quantity, Scored
from gxarena.data import Attribution, Batch, Bools, Explained, Floats, Spans
from gxarena.errors import InputError
from gxarena.testing.inputs import Bare, Masking


class Good:
    """The explained value, shared out by letter, which any model may have."""

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        self._worth = self._explained(batch, model.predict(batch.sequences))
        return [self._one(*each) for each in enumerate(model.spans(batch.sequences))
                for self._batch in [batch]]  # fmt: skip

    def _explained(self, batch: Batch, outputs: Floats) -> Floats:
        return objective.value(batch.objective, outputs, batch.targets)

    def _one(self, i: int, spans: Spans) -> Attribution:
        values = [float("ACGTN".index(c)) - 1.5 for c in self._batch.sequences[i]]
        scores = self._worth[i] * np.add.reduceat(values, spans.boundaries[:-1])
        return Attribution(scores, spans)


class Deaf(Good):
    """Explains the logit, whatever is asked."""

    def _explained(self, batch: Batch, outputs: Floats) -> Floats:
        return objective.value("logit", outputs, batch.targets)


class Literal(Good):
    """Takes every unit for a nucleotide."""

    def _one(self, i: int, spans: Spans) -> Attribution:
        values = [float("ACGTN".index(c)) - 1.5 for c in self._batch.sequences[i]]
        return Attribution(self._worth[i] * np.array(values), spans)


class Choosy(Good):
    """Explains logits and log-odds, and says so."""

    def _explained(self, batch: Batch, outputs: Floats) -> Floats:
        if batch.objective == "probability":
            raise InputError("bad, objective: expected 'logit' or 'log_odds', got 'probability'.")
        return super()._explained(batch, outputs)


class GlobalNoise(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        return Attribution(np.array([random.gauss(0, 1) for _ in range(len(spans))]), spans)


class GlobalSeed(Good):
    """Repeats, but sets the generator that others draw from."""

    def _one(self, i: int, spans: Spans) -> Attribution:
        np.random.seed(int(self._batch.seeds[i]) % 2**32)
        return Attribution(np.random.normal(size=len(spans)), spans)


class ByPlace(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        one = super()._one(i, spans)
        return one.with_scores(one.scores * (1 + i))


class ByBatch(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        one = super()._one(i, spans)
        return one.with_scores(one.scores / len(self._batch))


class ByPadding(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        one = super()._one(i, spans)
        return one.with_scores(one.scores * max(100, *map(len, self._batch.sequences)))


class WritesTargets(Good):
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        found = super().explain(model, batch)
        batch.targets[:] = 7
        return found


class WritesModel(Good):
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        model.n = getattr(model, "n", 0) + 1
        model.predict = lambda sequences: np.full((len(sequences), 2), float(model.n))
        return super().explain(model, batch)


class Moves(Good):
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        os.environ["BAD_COMPONENT"] = os.environ.get("BAD_COMPONENT", "") + "x"
        return super().explain(model, batch)


class NotFinite(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        return Attribution(np.full(len(spans), np.nan), spans)


class OtherUnits(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        return Attribution(np.ones(2), Spans(np.array([0, 1, spans.length])))


class ReadsTruth(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        one = super()._one(i, spans)
        return one.with_scores(one.scores + len(self._batch.annotations[i]))


class Sticks(Good):
    """After the model has failed once, it says something else."""

    scale = 1.0

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        self.scale, before = 2.0, self.scale
        model.predict(batch.sequences)
        self.scale = before
        return [one.with_scores(one.scores * self.scale) for one in super().explain(model, batch)]


class Raises(Good):
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        raise ValueError("out of order")


class Declared(NotFinite):
    expected_failures = {"scores_are_finite": "a map of nothing", "inputs_stay": "it does not"}  # noqa: RUF012


class Undone:
    """No explainer at all: it cannot be made."""

    def __init__(self) -> None:
        from gxarena.errors import Unsupported

        raise Unsupported("never here")


class RandomModel(Bare):
    def predict(self, sequences: Sequence[str]) -> Floats:
        return super().predict(sequences) + np.random.default_rng().normal(size=(len(sequences), 1))


class BatchModel(Bare):
    def predict(self, sequences: Sequence[str]) -> Floats:
        outputs = super().predict(sequences)
        return outputs - outputs.mean(axis=0)


class NoMask(Masking):
    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return self.predict(sequences)


class LeakyMask(Masking):
    """What is masked shines through."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return super().predict_masked(sequences, masks) + 0.5 * self.predict(sequences)


class Constant(Bare):
    def predict(self, sequences: Sequence[str]) -> Floats:
        return np.ones((len(sequences), 2))


class SameCopy(Masking):
    def randomised(self, seed: int) -> Bare:
        return self


class GoodMetric:
    quantities = {"": Quantity("higher", (0.0, 1.0))}  # noqa: RUF012

    def score(self, explained: Explained, probe: Any) -> Scored:
        return Scored({"": np.array([self._value(a) for a in explained.attributions])})

    def _value(self, one: Attribution) -> float:
        size = np.abs(one.scores)
        return float(size.max() / size.sum()) if size.sum() else 0.0


class SevenMetric(GoodMetric):
    def _value(self, one: Attribution) -> float:
        return 7.0


class AskingMetric(GoodMetric):
    def score(self, explained: Explained, probe: Any) -> Scored:
        probe.predict(explained.sequences)
        return super().score(explained, probe)


class MeanMetric(GoodMetric):
    def score(self, explained: Explained, probe: Any) -> Scored:
        values = super().score(explained, probe).values[""]
        return Scored({"": values / values.max()})


class SilentMetric(GoodMetric):
    def _value(self, one: Attribution) -> float:
        return np.nan if np.ptp(one.scores) == 0 else super()._value(one)


class PlainMetric(GoodMetric):
    def score(self, explained: Explained, probe: Any) -> Any:
        return 0.5


class DizzyMetric(GoodMetric):
    """Declares that less is better, of how much lies on the truth."""

    quantities = {"": Quantity("lower", (0.0, 1.0))}  # noqa: RUF012

    def score(self, explained: Explained, probe: Any) -> Scored:
        values = []
        for sample, one in zip(explained.samples, explained.attributions, strict=True):
            inside = np.zeros(len(one.spans), dtype=bool)
            for interval in sample.annotations:
                inside[interval.start : interval.end] = True
            size = np.abs(one.scores)
            values.append(size[inside].sum() / max(size.sum(), 1e-12))
        return Scored({"": np.array(values)})


class Stubborn:
    """An aggregator that ignores `onto`."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        return attribution


class Boastful:
    """Says that it conserves."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        if not attribution.spans.refines(onto):
            from gxarena.errors import Unsupported

            raise Unsupported("not nested")
        starts = np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1])
        means = np.add.reduceat(attribution.scores, starts) / onto.widths
        if attribution.spans == onto:
            return attribution
        return replace(attribution, scores=means, spans=onto)


def listed() -> list[str]:
    """A data set that is a list."""
    return ["ACGT"]


def fickle() -> Any:
    """A data set that is another one each time."""
    from gxarena.data import Sample
    from gxarena.datasets.dataset import Dataset

    letters = "".join(np.random.default_rng().choice(list("ACGT"), 30))
    return Dataset("fickle", (Sample("a", letters, 0),))


class Single(Bare):
    """One output."""

    n_outputs = 1

    def predict(self, sequences: Sequence[str]) -> Floats:
        return super().predict(sequences)[:, 1:]


class Limited(Bare):
    """Reads a hundred nucleotides, and tells nobody."""

    max_length = 100

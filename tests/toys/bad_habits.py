"""Components that keep quiet about what they do: each is found by one check, and by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from bad_components import Good, GoodMetric

from gxarena import objective
from gxarena.data import Attribution, Batch, Bools, Explained, Floats, Sample, Spans
from gxarena.datasets.dataset import Dataset
from gxarena.errors import Unsupported
from gxarena.testing.inputs import Bare, Masking


class Hypothetical(Good):
    """Its hypothetical contributions, which metrics read too, are the batch's."""

    def _one(self, i: int, spans: Spans) -> Attribution:
        size = float(len(self._batch))
        return replace(super()._one(i, spans), hypothetical=np.full((spans.length, 4), size))


class Special(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        return replace(super()._one(i, spans), special={"[CLS]": float(i)})


class Told(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        longest = float(max(map(len, self._batch.sequences)))
        return replace(super()._one(i, spans), diagnostics={"explained": 100 * longest})


class Complex(Good):
    def _one(self, i: int, spans: Spans) -> Attribution:
        return Attribution(super()._one(i, spans).scores * (1 + 1j), spans)


class Quiet(Good):
    """Sets what is set already whenever it is asked again."""

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        np.seterr(all="ignore")
        return super().explain(model, batch)


class Lasting(Good):
    """Changes a model once and for all; whoever looks later sees no difference."""

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        model.predict = lambda sequences: np.array([[len(s), 1.0] for s in sequences])
        return super().explain(model, batch)


class Gradient:
    """Gradient times input, which does something before and something after its backward pass."""

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        import torch

        encoded = model.encode(batch.sequences)
        embedded = model.embed(encoded).detach().requires_grad_()
        self.before(model.network)
        outputs = model.forward_embedded(embedded, encoded)
        raw = outputs.detach().cpu().numpy().astype(float)
        start = outputs.new_tensor(objective.gradient(batch.objective, raw, batch.targets))
        (gradient,) = torch.autograd.grad(outputs, embedded, start)
        self.after(model.network)
        scores = (gradient * embedded).sum(-1).detach().cpu().numpy()
        layouts = enumerate(model.layouts(batch.sequences))
        return [Attribution(scores[row, one.units], one.spans) for row, one in layouts]

    def before(self, network: Any) -> None:
        """Nothing."""

    def after(self, network: Any) -> None:
        """Nothing."""


class Hooked(Gradient):
    """Takes its hook away, but not in a `finally`."""

    def before(self, network: Any) -> None:
        self._hook = network.register_forward_hook(lambda *_: None)

    def after(self, network: Any) -> None:
        self._hook.remove()


class Froze(Gradient):
    def before(self, network: Any) -> None:
        for parameter in network.parameters():
            parameter.requires_grad_(False)


class Graded(Gradient):
    def after(self, network: Any) -> None:
        for parameter in network.parameters():
            parameter.grad = parameter.detach() * 0


class Tuned(Gradient):
    def after(self, network: Any) -> None:
        next(network.children()).temperature = 2.0


class Hidden(Gradient):
    """Hooks of tensors are hooks."""

    def before(self, network: Any) -> None:
        for parameter in network.parameters():
            if parameter.requires_grad and not parameter._backward_hooks:
                parameter.register_hook(lambda gradient: gradient)


class Neighbour(Masking):
    """Masks the unit before the one that is asked for."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return super().predict_masked(sequences, [np.roll(one, 1) for one in masks])


class First(Masking):
    """Masks in all sequences what it shall mask in the first."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return super().predict_masked(sequences, [np.resize(masks[0], len(m)) for m in masks])


class Half(Masking):
    """Masks every second one of those that are asked for, unless it is all."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        some = [m if m.all() else m & (np.cumsum(m) % 2 == 0) for m in masks]
        return super().predict_masked(sequences, some)


class Everything(Masking):
    """Masks all where anything is asked for."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return super().predict_masked(sequences, [np.full(len(m), m.any()) for m in masks])


class Tiny(Bare):
    """Outputs near zero, which are their neighbours' too."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        return 1e-6 * super().predict(sequences) / len(sequences)


class Seeding(Bare):
    """Sets the global generator to the same each time."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        np.random.seed(0)
        return super().predict(sequences)


class Sorting(GoodMetric):
    """Scores that nobody may write to are written to all the same."""

    def score(self, explained: Explained, probe: Any) -> Any:
        for one in explained.attributions:
            one.scores.setflags(write=True)
            one.scores.sort()
        return super().score(explained, probe)


class SeedingMetric(GoodMetric):
    def score(self, explained: Explained, probe: Any) -> Any:
        np.random.seed(0)
        return super().score(explained, probe)


class OneWay:
    """Declares both directions, and knows one."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        if attribution.spans == onto:
            return attribution
        if onto.refines(attribution.spans):
            return attribution.with_scores(np.ones(len(onto)), onto)
        if not attribution.spans.refines(onto):
            raise Unsupported("not nested")
        starts = np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1])
        return attribution.with_scores(np.add.reduceat(attribution.scores, starts), onto)


def seeding() -> Dataset:
    """A data set that sets the global generator to the same each time."""
    np.random.seed(0)
    return Dataset("seeding", (Sample("a", "".join(np.random.choice(list("ACGT"), 30)), 0),))

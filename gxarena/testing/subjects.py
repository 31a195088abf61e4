"""A component under test, with what it is tried on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gxarena.api import Explainer, Model
from gxarena.capabilities import OF_MODELS, TRUTH, why_not
from gxarena.data import Attribution, Batch, Explained, Sample
from gxarena.errors import GxarenaError
from gxarena.hookspecs import Component
from gxarena.registry import Registered, Registry
from gxarena.run.choices import Choice, choose, create
from gxarena.run.contracts import check_attributions
from gxarena.testing.checks import Skipped
from gxarena.testing.inputs import Bare, Masking, annotated_samples

FIRST = ("cnn", "dnabert2-mini")
"""Models with weights that ship, which are tried before others."""


@dataclass(frozen=True)
class Tried:
    """A model that a component is tried on."""

    label: str
    model: Model
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()


@dataclass
class Subject:
    """A component, made anew for each caller that wants it fresh.

    Parameters
    ----------
    registry : Registry
    found : Registered
    parameters : mapping
        What its factory is given beside its presets.
    models : mapping of str to parameters
        Installed models, by name, to try it on before any other, e.g. with a checkpoint.
    """

    registry: Registry
    found: Registered
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.found.kind

    @property
    def name(self) -> str:
        return self.component.name

    @property
    def component(self) -> Component:
        return self.found.component

    @functools.cached_property
    def choice(self) -> Choice:
        """The component as a suite would choose it."""
        return choose(self.registry, self.kind, self.name, dict(self.parameters))

    def fresh(self) -> Any:
        """The component's object, made anew."""
        return create(self.registry, self.choice)

    @functools.cached_property
    def made(self) -> Any:
        """The component's object, one for all checks."""
        return self.fresh()

    @functools.cached_property
    def tried(self) -> Tried:
        """The first model that the component can be tried on: a light one where that will do.

        Raises
        ------
        Skipped
            None of the installed models that can be made without parameters will do.
        """
        reason = "no model is installed"
        for one in self._candidates():
            reason = why_not(
                _Label(self.name, self.choice.provides, self.choice.requires - _OF_RUNS),
                one,
                annotated=True,
                phrases=self.registry.phrases,
            )
            if not reason:
                return one
        raise Skipped(f"no installed model will do without parameters: {reason}")

    def _candidates(self) -> Iterator[Tried]:
        for name, parameters in self.models.items():
            yield self._installed(name, parameters)
        if self.kind == "explainers":  # a metric's parameters decide whether it masks
            yield Tried("a model in NumPy", Bare())
        yield Tried("a model in NumPy that masks", Masking(), frozenset({"maskable"}))
        names = self.registry.names("models")
        needed = self.choice.requires & (OF_MODELS.keys() | self.registry.provided)
        for name in sorted(names, key=lambda one: (one not in FIRST, one)):
            if needed <= self.registry.get("models", name).provides:
                try:
                    yield self._installed(name, {})
                except (GxarenaError, OSError, TypeError):
                    continue  # it needs a checkpoint, or an extra

    def _installed(self, name: str, parameters: Mapping[str, Any]) -> Tried:
        choice = choose(self.registry, "models", name, dict(parameters))
        return Tried(name, create(self.registry, choice), choice.provides)

    @functools.cached_property
    def samples(self) -> tuple[Sample, ...]:
        """What is explained: N annotated sequences within the model's limit."""
        return annotated_samples(4, self.tried.model.max_length)

    def batch(self, samples: tuple[Sample, ...], seed: int = 0, target: int = 1) -> Batch:
        """What an explainer is given for samples; each sample's seed is of its id and `seed`."""
        known = {one.id: i for i, one in enumerate(self.samples)}
        outputs = self.tried.model.n_outputs
        return Batch(
            sequences=tuple(one.sequence for one in samples),
            targets=np.full(len(samples), min(target, outputs - 1), dtype=np.int64),
            seeds=np.array([1000 * seed + 7 * known.get(one.id, 99) for one in samples]),
            ids=tuple(one.id for one in samples),
            annotations=tuple(one.annotations for one in samples),
        )

    def explained_by(
        self, explainer: Explainer, samples: tuple[Sample, ...] | None = None, seed: int = 0
    ) -> list[Attribution]:
        """Attributions, checked as a run checks them."""
        batch = self.batch(self.samples if samples is None else samples, seed)
        attributions = explainer.explain(self.tried.model, batch)
        check_attributions(attributions, batch, self.choice)
        return attributions

    @functools.cached_property
    def attributions(self) -> list[Attribution]:
        """What the explainer under test says of the samples."""
        return self.explained_by(self.made)


@dataclass(frozen=True)
class _Label:
    label: str
    provides: frozenset[str]
    requires: frozenset[str]


_OF_RUNS = frozenset({TRUTH, "probe", "explainer", "native", "replicates"})


def explained(
    model: Model, samples: tuple[Sample, ...], attributions: list[Attribution], target: int = 1
) -> Explained:
    """A cell's samples with their explanations, as a metric reads them."""
    return Explained(
        samples=samples,
        attributions=tuple(attributions),
        targets=np.full(len(samples), min(target, model.n_outputs - 1)),
        outputs=np.asarray(model.predict([one.sequence for one in samples])),
    )

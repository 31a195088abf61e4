"""A component under test, with what it is tried on."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gxarena.api import Explainer, Model
from gxarena.capabilities import OF_MODELS, TRUTH, why_not
from gxarena.data import Attribution, Batch, Explained, Floats, Sample
from gxarena.errors import GxarenaError
from gxarena.hookspecs import Component
from gxarena.registry import Registered, Registry
from gxarena.run.choices import Choice, choose, create
from gxarena.run.contracts import check_attributions
from gxarena.testing import state
from gxarena.testing.checks import Failed, Skipped
from gxarena.testing.inputs import Bare, Masking, annotated_samples

SHIPPED = ("cnn", "dnabert2-mini")
"""Models with weights that ship, which are tried before others."""


@dataclass(frozen=True)
class Tried:
    """A model that a component is tried on."""

    label: str
    model: Model
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()

    @functools.cached_property
    def of_tokens(self) -> bool:
        """Whether its units are longer than nucleotides."""
        (spans,) = self.model.spans([annotated_samples(1, self.model.max_length)[0].sequence])
        return len(spans) < spans.length

    @functools.cached_property
    def sequences(self) -> list[str]:
        """What its outputs are compared on."""
        return [one.sequence for one in annotated_samples(4, self.model.max_length)]

    @functools.cached_property
    def untouched(self) -> tuple[dict[str, object], Floats]:
        """Its state and outputs when this was first asked for: before anybody explained it."""
        outputs = np.asarray(self.model.predict(self.sequences))
        return state.of_model(self.model), outputs


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
        Installed models, by name, to try it on and on no others, e.g. with a checkpoint.
    on : Tried, optional
        The one model to try it on, whatever `models` says.
    has_set : set of str
        Settings of the process that were others after one of its checks.
    """

    registry: Registry
    found: Registered
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    on: Tried | None = None
    has_set: set[str] = field(default_factory=set)

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

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, it is asked; which settings of the process are others afterwards is kept."""
        before = state.of_settings()
        try:
            yield
        finally:
            self.has_set.update(state.changed(before, state.of_settings()))

    @property
    def tried(self) -> Tried:
        """The model that the component is tried on; the first of several."""
        first = self.trials[0]
        if self._on_several:
            first.untouched  # noqa: B018 (as it is before anything is explained)
        return first

    @functools.cached_property
    def trials(self) -> tuple[Tried, ...]:
        """Models that the component can be tried on, light ones where they will do.

        Explainers have all of `models` that will do; else the first whose units are nucleotides
        and the first whose units are tokens, as far as such a one ships. Others have one.

        Raises
        ------
        Failed
            None of `models` will do.
        Skipped
            None of the installed models that can be made without parameters will do.
        """
        if self.on is not None:
            return (self.on,)
        if self.models:
            fitting = [name for name in self.models if name not in self.misfits]
            if not fitting:
                raise Failed(
                    "one at least of the models named to fit",
                    "; ".join(self.misfits.values()),
                    "Name another model, or none.",
                )
            named = fitting if self._on_several else fitting[:1]
            return tuple(self._installed(name, self.models[name]) for name in named)
        reason, found = "no model is installed", dict[bool, Tried]()
        for one in itertools.chain(self._numpy(), self._named(SHIPPED)):
            if not (reason := self._why_not(one)):
                found.setdefault(one.of_tokens, one)
            if len(found) == 1 + self._on_several:
                break
        for one in () if found else self._named(self.registry.names("models")):
            if not (reason := self._why_not(one)):
                return (one,)
        if not found:
            raise Skipped(f"no installed model will do without parameters: {reason}")
        return tuple(found.values())

    @functools.cached_property
    def misfits(self) -> dict[str, str]:
        """Those of `models` that it cannot be tried on, each with the sentence of a plan."""
        found = {}
        for name, parameters in self.models.items():
            choice = choose(self.registry, "models", name, dict(parameters))
            if why := self._why_not(_Label(name, choice.provides, choice.requires)):
                found[name] = why
        return found

    @functools.cached_property
    def on_each(self) -> tuple[Subject, ...]:
        """The component on each of its `trials`, itself on the first; itself where it has none."""
        try:
            others = self.trials[1:]
        except (Skipped, Failed):
            others = ()
        return (self, *(replace(self, on=one) for one in others))

    @property
    def _on_several(self) -> bool:
        return self.kind == "explainers"

    def _why_not(self, one: Tried | _Label) -> str:
        return why_not(
            _Label(self.name, self.choice.provides, self.choice.requires - _OF_RUNS),
            one,
            annotated=True,
            phrases=self.registry.phrases,
        )

    def _numpy(self) -> Iterator[Tried]:
        masks = frozenset({"maskable"})
        if self._on_several:  # a metric's parameters decide whether it masks
            yield Tried("a model in NumPy", Bare())
            yield Tried("one of tokens in NumPy", Bare(tokens=True))
        yield Tried("a model in NumPy that masks", Masking(), masks)
        yield Tried("one of tokens in NumPy that masks", Masking(tokens=True), masks)

    def _named(self, names: Iterable[str]) -> Iterator[Tried]:
        """Those installed models of these names that can be made without parameters."""
        needed = self.choice.requires & (OF_MODELS.keys() | self.registry.provided)
        for name in names:
            known = self.registry.components.get(("models", name))
            if known is not None and needed <= known.component.provides:
                with contextlib.suppress(GxarenaError, OSError, TypeError):
                    yield self._installed(name, {})  # or it needs a checkpoint, or an extra

    def _installed(self, name: str, parameters: Mapping[str, Any]) -> Tried:
        choice = choose(self.registry, "models", name, dict(parameters))
        return Tried(name, create(self.registry, choice), choice.provides)

    @functools.cached_property
    def samples(self) -> tuple[Sample, ...]:
        """What is explained: N annotated sequences within its limit; after the first model few."""
        return annotated_samples(4 if self.on is None else 2, self.tried.model.max_length)

    def batch(self, samples: tuple[Sample, ...], seed: int = 0, objective: str = "logit") -> Batch:
        """What an explainer is given for samples; each sample's seed is of its id and `seed`."""
        known = {one.id: i for i, one in enumerate(self.samples)}
        outputs = self.tried.model.n_outputs
        return Batch(
            sequences=tuple(one.sequence for one in samples),
            targets=np.full(len(samples), min(1, outputs - 1), dtype=np.int64),
            seeds=np.array([1000 * seed + 7 * known.get(one.id, 99) for one in samples]),
            ids=tuple(one.id for one in samples),
            annotations=tuple(one.annotations for one in samples),
            objective=objective,
        )

    def explained_by(
        self,
        explainer: Explainer,
        samples: tuple[Sample, ...] | None = None,
        seed: int = 0,
        objective: str = "logit",
    ) -> list[Attribution]:
        """Attributions, checked as a run checks them."""
        batch = self.batch(self.samples if samples is None else samples, seed, objective)
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

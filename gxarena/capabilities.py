"""What components can do and what they need of each other: a small vocabulary, and why not.

A component declares what it provides and what it requires as names of this vocabulary, so that
planning knows what works together without loading anything. A plugin that has a capability of its
own, such as a network that one library's rules can walk, calls it ``package:name`` and says in
`gxarena.hookspecs.Component.phrases` what messages call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Protocol

from gxarena.errors import PluginError, suggest

OF_MODELS: Mapping[str, str] = {
    "maskable": "a model whose units can be masked",
    "differentiable": "a model that gradients pass through",
    "one-hot": "a model that reads one-hot nucleotides",
    "modular": "a model whose nonlinearities are modules of their own",
    "randomisable": "a model whose parameters can be drawn anew",
    "special": "a model with special tokens",
    "trainable": "a model that can be trained",
}
"""What a model can do, each with the phrase that completes "needs …"."""

FIXED, WRAPPER = "fixed", "wrapper"
"""Explainers: can explain the data set's own sequences alone; wraps another explainer."""

COARSEN, REFINE = "coarsen", "refine"
"""Aggregators: from nucleotides to tokens; from tokens to nucleotides."""

PAIR = "pair"
SCOPES = ("sample", PAIR, "set")
"""Metrics: what they give a number for, exactly one of these."""

TRUTH, PROBE, EXPLAINER, NATIVE = "truth", "probe", "explainer", "native"
"""Needed by metrics (`TRUTH` by explainers too): the data set's annotations, questions to the
model, questions to the explainer, raw attributions on the model's own units."""

OWN_REPLICATES = "replicates"
"""Needed by pair metrics that compare an explanation with those of the model's other replicates."""

MADE = "made"
"""Data sets: their samples follow from code, parameters and shipped data alone."""

PROVIDED: Mapping[str, Set[str]] = {
    "models": OF_MODELS.keys(),
    "explainers": {FIXED, WRAPPER},
    "aggregators": {COARSEN, REFINE},
    "metrics": set(SCOPES),
    "datasets": {MADE},
    "engines": set(),
}
"""What each kind of component may provide; models also capabilities of a plugin's own."""

REQUIRED: Mapping[str, Set[str]] = {
    "models": set(),
    "explainers": OF_MODELS.keys() | {TRUTH},
    "aggregators": set(),
    "metrics": OF_MODELS.keys() | {TRUTH, PROBE, EXPLAINER, NATIVE, OWN_REPLICATES},
    "datasets": set(),
    "engines": set(),
}
"""What each kind may require; what may require anything, also capabilities of a plugin's own."""

_OWN = re.compile(r"[A-Za-z_]\w*:[a-z0-9][a-z0-9_-]*")


class Chosen(Protocol):
    """A component that takes part in a combination, under its label in the suite."""

    @property
    def label(self) -> str: ...
    @property
    def provides(self) -> frozenset[str]: ...
    @property
    def requires(self) -> frozenset[str]: ...


def is_own(capability: str) -> bool:
    """Whether it is a plugin's own: ``package:name``."""
    return bool(_OWN.fullmatch(capability))


def check_names(where: str, kind: str, provides: Set[str], requires: Set[str]) -> None:
    """Refuse names that are neither in the vocabulary of that kind nor a plugin's own.

    Raises
    ------
    PluginError
        Names the place, the misspelt capability and the closest one.
    """
    for what, names, known, may_be_own in (
        ("provides", provides, PROVIDED[kind], kind == "models"),
        ("requires", requires, REQUIRED[kind], bool(REQUIRED[kind])),
    ):
        for name in sorted(map(str, names - known)):
            if not (may_be_own and is_own(name)):
                own = " Or one of the plugin's own, as 'package:name'." if may_be_own else ""
                raise PluginError(
                    f"{where}, {what}: unknown capability '{name}'. {suggest(name, known)}{own}"
                )


def unprovided(requires: Set[str], provided: Set[str]) -> str:
    """Which capability of a plugin's own no installed model provides; empty where there is none."""
    missing = sorted(name for name in requires - provided if is_own(name))
    if not missing:
        return ""
    return (
        f"requires: expected '{missing[0]}' of an installed model, got none that provides it. "
        f"{suggest(missing[0], filter(is_own, provided))}"
    )


def why_not(
    explainer: Chosen,
    model: Chosen,
    *,
    annotated: bool,
    dataset: str = "",
    metric: Chosen | None = None,
    aggregator: Chosen | None = None,
    partition: str = "",
    replicate: int = 0,
    replicates: int = 1,
    phrases: Mapping[str, str] | None = None,
    provided: Set[str] | None = None,
) -> str:
    """Why components cannot work together, in one sentence; empty where they can.

    Parameters
    ----------
    explainer, model : Chosen
    annotated : bool
        Whether the data set says where the truth lies.
    dataset : str
        Its label.
    metric, aggregator : Chosen, optional
    partition : str
        Whose tokens a coarsening aggregator goes to; empty where the suite does not say.
    replicate, replicates : int
        Which of the model's replicates is explained, and how many it has.
    phrases : mapping, optional
        What plugins call their own capabilities.
    provided : set of str, optional
        What the installed models provide, all together. A capability of a plugin's own that none
        provides is no lack of this model but a failure of what requires it: see `unprovided`.
    """
    wanting = [("explainer", explainer), *([("metric", metric)] if metric else [])]
    for kind, component in wanting:
        if TRUTH in component.requires and not annotated:
            what = f"data set '{dataset}'" if dataset else "what is explained"
            return f"{kind} '{component.label}' needs annotations, and {what} has none"
        of_model = component.requires - {TRUTH, PROBE, EXPLAINER, NATIVE, OWN_REPLICATES}
        if provided is not None:
            of_model = frozenset(n for n in of_model if n in provided or not is_own(n))
        if missing := of_model - model.provides:
            needed = said(missing, phrases)
            return f"{kind} '{component.label}' needs {needed}: '{model.label}' is none"
    if metric and OWN_REPLICATES in metric.requires and replicates < 2:
        return (
            f"metric '{metric.label}' needs a model with several replicates, and '{model.label}' "
            f"has one set of weights: say replicates in its alias"
        )
    if FIXED in explainer.provides and replicate:
        return (
            f"explainer '{explainer.label}' has explanations of one set of weights alone, the "
            f"first of '{model.label}'"
        )
    projects = aggregator.provides & {COARSEN, REFINE} if aggregator else frozenset()
    if metric and EXPLAINER in metric.requires and FIXED in explainer.provides:
        return (
            f"metric '{metric.label}' needs explanations of edited sequences, and explainer "
            f"'{explainer.label}' has those of the data set alone"
        )
    if metric and aggregator and NATIVE in metric.requires and projects:
        return (
            f"metric '{metric.label}' needs raw attributions, and aggregator "
            f"'{aggregator.label}' carries them elsewhere: use 'native'"
        )
    if aggregator and COARSEN in projects and not partition:
        return (
            f"aggregator '{aggregator.label}' needs to know whose tokens: say partition = MODEL "
            "in the suite"
        )
    return ""


def said(capabilities: Iterable[str], phrases: Mapping[str, str] | None = None) -> str:
    """Capabilities in words, each as "a model that …"."""
    known = {**OF_MODELS, **(phrases or {})}
    words = (known.get(name, f"a model that provides '{name}'") for name in sorted(capabilities))
    return " and ".join(words)

"""The plugin contract: this file is its documentation.

A plugin is a module named by an entry point of the group ``gxarena``. It implements any of the
hooks below; each returns components, which are *data*: names, and where the code is. Listing
components imports no code of theirs, so a plugin module must stay light (no torch at its top). It
is imported in a process of its own, with limits (`gxarena.discovery`).

    # pyproject.toml
    [project.entry-points.gxarena]
    mine = "my_package.plugin"

    # my_package/plugin.py
    from gxarena.hookspecs import Component, hookimpl

    @hookimpl
    def gxarena_explainers():
        yield Component("mine", "my_package.explainer:Mine", "what it does in one line")

A sample may name a region of what its model reads (`gxarena.data.Sample`). Explainers and metrics
need not know: the sequences, annotations and units that they are given are the region's, and the
model they are given writes the sample's flanks around whatever it is asked. It can do all that the
model can by the protocols of `gxarena.api`. An explainer that requires a capability of a plugin's
own is given the model itself and all that it reads, and its attributions are cut to the region.

A result is kept for as long as nothing changes that it depends on: any file of the packages that a
component's target imports, hidden ones apart; its parameters, a path by what lies there; the
versions of what these import and of what that requires. Apart stand modules called ``train``, or in
a folder ``training``, unless they are imported outside of functions. What only the code can tell
does not count: files that it finds by a pattern, by a name without its suffix or beside its
package, and libraries that another library imports without requiring them. See
`gxarena.sources.dependencies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pluggy

GROUP = "gxarena"
"""Entry-point group and pluggy project name."""

KINDS = ("models", "explainers", "aggregators", "metrics", "datasets", "engines")

ROLES = ("method", "control", "floor", "ceiling")
"""Of an explainer: a contestant or a yardstick; floor and ceiling bound what a score can mean."""

QUESTIONS = {
    "localization": "Where does the model look?",
    "faithfulness": "What would the model lose?",
    "robustness": "Is the explanation stable?",
    "complexity": "How sparse is it?",
}
"""What metrics ask of an explanation; a board sums up each by itself."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@dataclass(frozen=True)
class Component:
    """One thing a plugin offers, described without importing it.

    Parameters
    ----------
    name : str
        What suites and the command line call it: lower-case letters, digits, ``-`` and ``_``.
    target : str
        ``package.module:factory``. The factory is called with the suite's parameters by keyword
        and returns the object (see `gxarena.api` for what each kind must do). One with a parameter
        ``registry`` is given the `gxarena.registry.Registry` that it was found in, to look up other
        components by name; no component loads one itself.
    summary : str
        One line for ``gxarena plugins list``.
    citation : str
        Where the method comes from.
    extra : str
        The pip extra that brings its dependencies, e.g. ``"cnn"`` for ``gxarena[cnn]``.
    provides : frozenset of str
        Capabilities offered, of the vocabulary in `gxarena.capabilities`. Models: ``"maskable"``,
        ``"differentiable"``, ``"one-hot"``, ``"modular"``, ``"randomisable"``, ``"special"``,
        ``"trainable"``. Explainers: ``"fixed"`` where they cannot explain sequences other than the
        data set's, ``"wrapper"`` where the parameter ``explainer`` names another one, whose
        requirements then count too. Metrics: exactly one of ``"sample"``, ``"pair"``, ``"set"``.
        Aggregators: ``"coarsen"``, ``"refine"`` or neither (native). Data sets: ``"made"`` where
        the samples follow from code, parameters and what ships with gxarena alone; they are then
        kept instead of made again each time. Models may also have capabilities of a plugin's own,
        as ``"package:name"``.
    requires : frozenset of str
        Capabilities needed. Explainers and metrics: of the model. Metrics may also name ``"probe"``
        (asks the model more questions; a pair metric the model that is compared with),
        ``"explainer"`` (asks the explainer again) and ``"native"``
        (reads raw attributions on the model's own units only); metrics that provide ``"pair"`` also
        ``"replicates"`` (compares with the same explainer on each other replicate of the model, and
        a sample's value is the mean over them). Explainers and metrics that read the
        data set's annotations name ``"truth"``. A plugin's own that no installed model provides
        is an error of the component: its cells fail, those of a pair that does not fit are
        unsupported.
    phrases : mapping
        What messages call the plugin's own capabilities that this component provides, to complete
        "needs …": ``{"gxarena_cnn:zennit": "a network that zennit can walk"}``.
    describe : str
        Models, optional: ``package.module:function`` called with the same parameters;
        imports no torch and returns `Facts`, so that planning can check lengths and read
        digests without loading weights.
    defaults : mapping
        Parameters this component presets on its factory, as plain values (what JSON can hold); a
        suite can still override them.
    paths : tuple of str
        Parameters that are paths. A suite's are looked up in its own folder first, then in the
        working directory.
    question : str
        Metrics: what they ask of an explanation, one of `QUESTIONS`, by which a board sums up;
        empty where the answer ranks nobody. A floor and a ceiling bound what localizes, and only
        that: its rows come normalised too.
    role : "method", "control", "floor" or "ceiling"
        Explainers: what it is on the board. Controls are yardsticks, not contestants; the floor is
        what scores without any knowledge get, the ceiling what the truth itself gets.
    """

    name: str
    target: str
    summary: str
    citation: str = ""
    extra: str = ""
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    phrases: Mapping[str, str] = field(default_factory=dict)
    describe: str = ""
    defaults: Mapping[str, object] = field(default_factory=dict)
    role: str = "method"
    question: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What planning may know of a model without loading it.

    Parameters
    ----------
    max_length : int or None
        Longest sequence in nucleotides, None where there is no limit.
    n_outputs : int or None
        Number of outputs C, None where unknown before loading.
    files : tuple of str
        Paths of the files (or folders) the model will load: their content is part of its identity,
        as is that of every file that an index of weights (``*.index.json``) among them names. Not
        those of a model that a hub id names: there the commit counts.
    replicates : tuple of str
        Checkpoints that ship of the same recipe, as the parameter ``checkpoint`` names them, this
        one first; empty where there is no other.
    """

    max_length: int | None = None
    n_outputs: int | None = None
    files: tuple[str, ...] = ()
    replicates: tuple[str, ...] = ()


class Hooks:
    """The six hooks. Each returns an iterable of `Component`."""

    @hookspec
    def gxarena_models(self) -> Iterable[Component]:
        """Models: see `gxarena.api.Model`."""
        return ()

    @hookspec
    def gxarena_explainers(self) -> Iterable[Component]:
        """Explainers: see `gxarena.api.Explainer`."""
        return ()

    @hookspec
    def gxarena_aggregators(self) -> Iterable[Component]:
        """Aggregators between tokens and nucleotides: see `gxarena.api.Aggregator`."""
        return ()

    @hookspec
    def gxarena_metrics(self) -> Iterable[Component]:
        """Metrics: see `SampleMetric`, `PairMetric` and `SetMetric` of `gxarena.api`."""
        return ()

    @hookspec
    def gxarena_datasets(self) -> Iterable[Component]:
        """Datasets: factories that return a `gxarena.datasets.dataset.Dataset`."""
        return ()

    @hookspec
    def gxarena_engines(self) -> Iterable[Component]:
        """Engines: factories of `gxarena.engine.Engine`, for ``--engine NAME:ARGUMENT``."""
        return ()

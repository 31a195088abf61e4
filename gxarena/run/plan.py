"""Suite + registry -> cells. Imports no torch and loads no model.

A cell is one (dataset, model, replicate, explainer, aggregator, metric), for pair metrics with
the explanations it is compared against. What its result depends on is in its key
(`gxarena.run.keys`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gxarena.capabilities import COARSEN, OWN_REPLICATES, PAIR, REFINE, SCOPES, why_not
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.hookspecs import Facts
from gxarena.identity import digest
from gxarena.objective import check_outputs
from gxarena.registry import Registry
from gxarena.run import keys
from gxarena.run.cells import Cell, Explanation, weights_name
from gxarena.run.choices import Choice, choose, facts, located
from gxarena.run.data import chosen_dataset
from gxarena.run.limits import check_length, check_target
from gxarena.run.named import check_there
from gxarena.run.replicates import REPLICATES, replicates_of
from gxarena.run.suite import Block, Parameters, Suite
from gxarena.sources.dependencies import Sources


@dataclass
class Plan:
    """What is to be done: cells, and everything they refer to by label.

    A model's label stands for its weights, of a model with replicates for the first ones; further
    ones have a name of their own (`gxarena.run.cells.weights_name`), also in `choices`.

    Attributes
    ----------
    replicates : mapping of label to tuple of str
        The checkpoints of each model that has replicates, in their order.
    """

    suite: Suite
    registry: Registry
    datasets: dict[str, Dataset] = field(default_factory=dict)
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)
    replicates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    folder: Path | None = None
    sources: Sources = field(default_factory=Sources, repr=False)
    _keys: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def digest(self) -> str:
        """Identity of the plan: its cells."""
        return digest([self.suite.name, [cell.id for cell in self.cells]])

    def choice(self, kind: str, label: str) -> Choice:
        return self.choices[kind, label]

    def scope(self, metric: str) -> str:
        """What a metric gives a number for: "sample", "pair" or "set"."""
        return next(iter(self.choice("metrics", metric).provides & set(SCOPES)), "sample")

    def positions(self, model: str) -> Sequence[int | None]:
        """A model's replicates by position; [None] where it has none."""
        return range(len(self.replicates[model])) if model in self.replicates else [None]

    def checkpoint(self, cell: Cell) -> str | None:
        """The name of a cell's checkpoint among its model's replicates; None where it has none."""
        return None if cell.replicate is None else self.replicates[cell.model][cell.replicate]

    def counterparts(self, model: str, own: str, replicate: int | None) -> Sequence[int | None]:
        """Which replicates of a model one of another (`own`) is compared with.

        That of its position; none where the model has fewer: the same weights again are no further
        evidence. All, each in a cell of its own, where either is of one set of weights.
        """
        positions = self.positions(model)
        if len(positions) == 1 or len(self.positions(own)) == 1:
            return positions
        return [replicate] if replicate in positions else []

    def partition(self, replicate: int | None) -> str:
        """The weights whose tokens ``sum`` and ``mean`` go to; empty where the suite says none.

        Of a model with fewer replicates they take turns: to cut a sequence is no evidence.
        """
        model = self.suite.partition
        if not model:
            return ""
        positions = self.positions(model)
        return weights_name(model, positions[(replicate or 0) % len(positions)])

    def predict_key(self, dataset: str, weights: str) -> str:
        """The key of a model's predictions on a dataset (see `gxarena.run.keys`)."""
        key = (dataset, weights)
        if key not in self._keys:
            data, chosen = self.datasets[dataset], self.choice("models", weights)
            self._keys[key] = keys.predict_key(data.digest, chosen.identity)
        return self._keys[key]

    def explain_key(self, dataset: str, weights: str, explainer: str) -> str:
        """The key of an explainer's attributions (see `gxarena.run.keys`)."""
        key = (dataset, weights, explainer)
        if key not in self._keys:
            suite = self.suite
            self._keys[key] = keys.explain_key(
                self.predict_key(dataset, weights),
                self.choice("explainers", explainer).identity,
                objective=suite.objective,
                target=suite.target,
                seed=suite.seed,
                replicate=self.choice("models", weights).replicate or 0,
            )
        return self._keys[key]

    def asker_key(self, dataset: str, weights: str, metric: str) -> str:
        """What the keys of a metric's shared answers begin with (see `gxarena.run.keys`)."""
        suite = self.suite
        return keys.asker_key(
            self.predict_key(dataset, weights),
            self.choice("metrics", metric).identity,
            objective=suite.objective,
            target=suite.target,
            seed=suite.seed,
        )


def make_plan(
    suite: Suite, registry: Registry, *, folder: Path | None = None, limit: int | None = None
) -> Plan:
    """Resolve a suite into cells.

    Parameters
    ----------
    suite : Suite
    registry : Registry
    folder : Path, optional
        Where the suite file lies; relative paths are looked up there first.
    limit : int, optional
        At most so many samples of each dataset (class-balanced where labelled).

    Raises
    ------
    InputError
        Unknown component, missing or bad data, sequences longer than a model takes.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit: expected at least 1 sample, got {limit}.")
    plan = Plan(suite, registry, folder=folder)
    check_there(suite, registry, folder)
    for number, block in enumerate(suite.matrix):
        _resolve(plan, block, f"{suite.name}, matrix[{number}]", folder, limit)
    if suite.partition:
        _choose(plan, "models", suite.partition, f"{suite.name}, partition")
    _check_models(plan)
    _fill(plan)
    return plan


def renewed(plan: Plan) -> Plan:
    """The same plan, with its components as they are by now."""
    fresh = Plan(plan.suite, plan.registry, plan.datasets, folder=plan.folder)
    for (kind, _), choice in plan.choices.items():
        _choose(fresh, kind, choice.label, plan.suite.name)  # of replicates all at once
    _fill(fresh)
    return fresh


def _fill(plan: Plan) -> None:
    """Add the suite's cells, each once."""
    cells = (cell for block in plan.suite.matrix for cell in _cells(plan, block))
    plan.cells.extend({cell.id: cell for cell in cells}.values())


def _resolve(plan: Plan, block: Block, where: str, folder: Path | None, limit: int | None) -> None:
    for position, label in enumerate(block.datasets):
        if label not in plan.datasets:
            place = f"{where}.datasets[{position}]"
            plan.datasets[label] = chosen_dataset(
                plan.suite, plan.registry, label, place, folder, limit
            )
    for kind in ("models", "explainers", "aggregators", "metrics"):
        for position, label in enumerate(getattr(block, kind)):
            _choose(plan, kind, label, f"{where}.{kind}[{position}]")
    for position, pair in enumerate(block.against):
        model, slash, explainer = pair.partition("/")
        place = f"{where}.against[{position}]"
        if not slash:
            raise InputError(f"{place}: expected 'model/explainer', got '{pair}'.")
        _choose(plan, "models", model, place)
        _choose(plan, "explainers", explainer, place)
    pairs = [m for m in block.metrics if _compares(plan.choice("metrics", m))]
    if pairs and not block.against:
        raise InputError(
            f"{where}.against: expected 'model/explainer' to compare with, because metric "
            f"'{pairs[0]}' compares two explanations, got none."
        )


def _choose(plan: Plan, kind: str, label: str, where: str) -> Choice:
    if (kind, label) in plan.choices:
        return plan.choices[kind, label]
    parameters = dict(plan.suite.aliases(kind).get(label, {}))
    name = parameters.pop("name", label)
    parameters = located(plan.registry, kind, name, parameters, plan.folder)
    if REPLICATES in parameters and kind == "models":
        _choose_replicates(plan, label, name, parameters)
    else:
        choice = choose(plan.registry, kind, name, parameters, where, label, plan.sources)
        plan.choices[kind, label] = choice
    return plan.choices[kind, label]


def _choose_replicates(plan: Plan, label: str, name: str, parameters: Parameters) -> None:
    """Choose every replicate of a model, each under the name of its weights."""
    where = f"{plan.suite.name}, models.{label}.{REPLICATES}"
    asked = parameters.pop(REPLICATES)
    found = replicates_of(plan.registry.registered("models", name, where), parameters, asked, where)
    known: dict[str, str] = {}
    for position, one in enumerate(found):
        choice = choose(plan.registry, "models", name, one.parameters, where, label, plan.sources)
        if choice.identity in known:
            raise InputError(
                f"{where}: expected weights of its own for each, got the same for "
                f"'{known[choice.identity]}' and '{one.checkpoint}'."
            )
        known[choice.identity] = one.checkpoint
        choice = replace(choice, replicate=position)
        plan.choices["models", weights_name(label, position)] = choice
    plan.replicates[label] = tuple(known.values())


def _check_models(plan: Plan) -> None:
    """What a model cannot read or give is an error before any work, where it can be known."""
    suite = plan.suite
    for dataset, model in _paired(plan):
        samples, told = plan.datasets[dataset].samples, _facts(plan, model)
        check_length(samples, told.max_length, model, f"dataset '{dataset}', ")
        if told.n_outputs is not None:
            check_outputs(suite.objective, told.n_outputs, f"{suite.name}, model '{model}', ")
            where = f"{suite.name}, dataset '{dataset}', target"
            check_target(suite.target, samples, told.n_outputs, model, where)


def _paired(plan: Plan) -> set[tuple[str, str]]:
    """Every (data set, name of weights) that some block pairs."""
    pairs = set()
    for block in plan.suite.matrix:
        models = [*block.models, *(pair.partition("/")[0] for pair in block.against)]
        weights = [weights_name(one, i) for one in models for i in plan.positions(one)]
        pairs |= set(itertools.product(block.datasets, weights))
    return pairs


def _facts(plan: Plan, model: str) -> Facts:
    choice = plan.choice("models", model)
    return facts(choice.found, choice.parameters)


def _cells(plan: Plan, block: Block) -> Iterator[Cell]:
    models = [(model, i) for model in block.models for i in plan.positions(model)]
    axes = (block.datasets, models, block.explainers, block.aggregators, block.metrics)
    for dataset, (model, replicate), explainer, aggregator, metric in itertools.product(*axes):
        own = Explanation(model, explainer, replicate)
        for against in _compared(plan, block, metric, own):
            cell = Cell("", dataset, model, explainer, aggregator, metric, replicate, against)
            cell = replace(cell, unsupported=_unsupported(plan, cell))
            yield replace(cell, id=_cell_id(plan, cell))


def _compared(
    plan: Plan, block: Block, metric: str, own: Explanation
) -> list[tuple[Explanation, ...]]:
    """What a metric compares an explanation with, for each of its cells."""
    choice = plan.choice("metrics", metric)
    if OWN_REPLICATES in choice.requires:
        others = (own._replace(replicate=i) for i in plan.positions(own.model))
        return [tuple(other for other in others if other != own)]
    if not _compares(choice):
        return [()]
    pairs = [pair.split("/", 1) for pair in block.against]
    return [
        (Explanation(model, explainer, replicate),)
        for model, explainer in pairs
        if (model, explainer) != (own.model, own.explainer)
        for replicate in plan.counterparts(model, own.model, own.replicate)
    ]


def _compares(metric: Choice) -> bool:
    """Whether it compares with what the block's ``against`` names."""
    return PAIR in metric.provides and OWN_REPLICATES not in metric.requires


def _cell_id(plan: Plan, cell: Cell) -> str:
    aggregator, partition = plan.choice("aggregators", cell.aggregator), plan.suite.partition
    coarsens = bool(partition) and COARSEN in aggregator.provides
    explainer = plan.choice("explainers", cell.explainer).found.component
    labels = (cell.dataset, *cell.explanation, cell.aggregator, cell.metric, cell.against)
    return keys.cell_id(
        # Names, kind and role move no number, but stand in the rows.
        [plan.suite.name, *labels, plan.datasets[cell.dataset].kind, explainer.role],
        explain=plan.explain_key(cell.dataset, cell.weights, cell.explainer),
        against=[plan.explain_key(cell.dataset, o.weights, o.explainer) for o in cell.against],
        aggregator=aggregator.identity,
        projects=aggregator.provides & {COARSEN, REFINE},
        onto=plan.predict_key(cell.dataset, plan.partition(cell.replicate)) if coarsens else "",
        metric=plan.choice("metrics", cell.metric).identity,
        scope=plan.scope(cell.metric),
        unsupported=cell.unsupported,
    )


def _unsupported(plan: Plan, cell: Cell) -> str:
    """Why a combination cannot work, from declared capabilities alone; empty where it can."""
    reasons = (
        why_not(
            plan.choice("explainers", one.explainer),
            plan.choice("models", one.weights),
            annotated=plan.datasets[cell.dataset].annotated,
            dataset=cell.dataset,
            metric=plan.choice("metrics", cell.metric),
            aggregator=plan.choice("aggregators", cell.aggregator),
            partition=plan.suite.partition,
            replicate=one.replicate or 0,
            replicates=len(plan.positions(one.model)),
            phrases=plan.registry.phrases,
            provided=plan.registry.provided,
        )
        for one in (cell.explanation, *cell.against)
    )
    return next(filter(None, reasons), "")

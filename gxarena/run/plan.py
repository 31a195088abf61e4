"""Suite + registry -> cells. Imports no torch and loads no model.

A cell is one (dataset, model, explainer, aggregator, metric), for pair metrics with the
explanation it is compared against. What its result depends on is in its key (`gxarena.run.keys`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gxarena.capabilities import COARSEN, REFINE, SCOPES, why_not
from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import open_dataset
from gxarena.datasets.reading import COLUMNS, read_dataset
from gxarena.errors import InputError
from gxarena.hookspecs import Facts
from gxarena.identity import digest
from gxarena.registry import Registry
from gxarena.run import keys
from gxarena.run.choices import Choice, choose, facts
from gxarena.run.suite import Block, Parameters, Suite
from gxarena.sources.counted import Sources

MAX_LISTED = 3
"""How many offenders an error names."""


@dataclass(frozen=True)
class Cell:
    """One unit of work, and where its inputs are found.

    Attributes
    ----------
    id : str
        Content address of the result.
    against : (model, explainer) labels, or None
        For pair metrics.
    unsupported : str
        Why the combination cannot work; empty where it can.
    """

    id: str
    dataset: str
    model: str
    explainer: str
    aggregator: str
    metric: str
    against: tuple[str, str] | None = None
    unsupported: str = ""

    @property
    def metric_name(self) -> str:
        """The metric as the leaderboard names it, with what it compares against."""
        return f"{self.metric}[vs {'/'.join(self.against)}]" if self.against else self.metric


@dataclass
class Plan:
    """What is to be done: cells, and everything they refer to by label."""

    suite: Suite
    registry: Registry
    datasets: dict[str, Dataset] = field(default_factory=dict)
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
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

    def predict_key(self, dataset: str, model: str) -> str:
        """The key of a model's predictions on a dataset (see `gxarena.run.keys`)."""
        key = (dataset, model)
        if key not in self._keys:
            data, chosen = self.datasets[dataset], self.choice("models", model)
            self._keys[key] = keys.predict_key(data.digest, chosen.identity)
        return self._keys[key]

    def explain_key(self, dataset: str, model: str, explainer: str) -> str:
        """The key of an explainer's attributions (see `gxarena.run.keys`)."""
        key = (dataset, model, explainer)
        if key not in self._keys:
            suite = self.suite
            self._keys[key] = keys.explain_key(
                self.predict_key(dataset, model),
                self.choice("explainers", explainer).identity,
                objective=suite.objective,
                target=suite.target,
                seed=suite.seed,
            )
        return self._keys[key]


def make_plan(
    suite: Suite, registry: Registry, *, folder: Path | None = None, limit: int | None = None
) -> Plan:
    """Resolve a suite into cells.

    Parameters
    ----------
    suite : Suite
    registry : Registry
    folder : Path, optional
        Where the suite file lies; relative data paths are looked up there first.
    limit : int, optional
        At most so many samples of each dataset (class-balanced where labelled).

    Raises
    ------
    InputError
        Unknown component, missing or bad data, sequences longer than a model takes.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit: expected at least 1 sample, got {limit}.")
    plan = Plan(suite, registry)
    for number, block in enumerate(suite.matrix):
        _resolve(plan, block, f"{suite.name}, matrix[{number}]", folder, limit)
    if suite.partition:
        _choose(plan, "models", suite.partition, f"{suite.name}, partition")
    _check_lengths(plan)
    _check_targets(plan)
    _fill(plan)
    return plan


def renewed(plan: Plan) -> Plan:
    """The same plan, with its components as they are by now."""
    fresh = Plan(plan.suite, plan.registry, plan.datasets)
    for kind, label in plan.choices:
        _choose(fresh, kind, label, plan.suite.name)
    _fill(fresh)
    return fresh


def _fill(plan: Plan) -> None:
    """Add the suite's cells, each once."""
    cells = (cell for block in plan.suite.matrix for cell in _cells(plan, block))
    plan.cells.extend({cell.id: cell for cell in cells}.values())


def _resolve(plan: Plan, block: Block, where: str, folder: Path | None, limit: int | None) -> None:
    for position, label in enumerate(block.datasets):
        if label not in plan.datasets:
            plan.datasets[label] = _dataset(
                plan, label, f"{where}.datasets[{position}]", folder, limit
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
    pairs = [m for m in block.metrics if "pair" in plan.choice("metrics", m).provides]
    if pairs and not block.against:
        raise InputError(
            f"{where}.against: expected 'model/explainer' to compare with, because metric "
            f"'{pairs[0]}' compares two explanations, got none."
        )


def _choose(plan: Plan, kind: str, label: str, where: str) -> Choice:
    if (kind, label) in plan.choices:
        return plan.choices[kind, label]
    aliases = plan.suite.aliases(kind)
    parameters = dict(aliases.get(label, {}))
    name = parameters.pop("name", label)
    if label not in aliases and (kind, name) not in plan.registry.components:
        raise plan.registry.unknown(kind, label, where, aliases)
    choice = choose(plan.registry, kind, name, parameters, where, label, plan.sources)
    plan.choices[kind, label] = choice
    return choice


def _dataset(plan: Plan, label: str, where: str, folder: Path | None, limit: int | None) -> Dataset:
    aliases = plan.suite.aliases("datasets")
    parameters = dict(aliases.get(label, {"name": label}))
    n, labels = parameters.pop("n", None), parameters.pop("labels", None)
    path, kind = parameters.pop("path", None), parameters.pop("kind", None)
    name = parameters.pop("name", label)
    if path is not None:
        dataset = _read(path, folder, parameters, where)
    else:
        if ("datasets", name) not in plan.registry.components:
            raise plan.registry.unknown("datasets", name, where, aliases)
        dataset = open_dataset(name, plan.registry, **parameters)
    if kind is not None:
        dataset = replace(dataset, kind=kind)
    if labels is not None:
        dataset = dataset.with_labels(labels)
    for size in (n, limit):
        if size is not None:
            dataset = dataset.subset(size, plan.suite.seed)
    if plan.suite.target == "label":
        _check_labels(dataset.samples, label)
    return dataset


def _read(path: str, folder: Path | None, parameters: Parameters, where: str) -> Dataset:
    if unknown := set(parameters) - set(COLUMNS):
        raise InputError(
            f"{where}: expected only path, kind, n, labels, {', '.join(COLUMNS)} for a dataset "
            f"given by path, got '{min(unknown)}'."
        )
    beside = folder / path if folder else Path(path)
    return read_dataset(beside if beside.exists() else Path(path), **parameters)


def _check_labels(samples: tuple[Sample, ...], dataset: str) -> None:
    unlabelled = [sample.id for sample in samples if sample.label is None]
    if unlabelled:
        raise InputError(
            f"dataset '{dataset}': expected a label for every sample because target = \"label\", "
            f'got none for {", ".join(unlabelled[:MAX_LISTED])}. Set target = "predicted".'
        )


def _check_lengths(plan: Plan) -> None:
    """Over-long input is an error before any work, not a truncation or a late crash."""
    for dataset, model in _asked(plan):
        limit = _facts(plan, model).max_length
        check_length(plan.datasets[dataset].samples, limit, model, f"dataset '{dataset}', ")


def check_length(
    samples: tuple[Sample, ...], limit: int | None, model: str, where: str = ""
) -> None:
    """Raise InputError where a sample is longer than `limit` nucleotides."""
    longest = max(samples, key=lambda sample: len(sample.sequence))
    if limit is not None and len(longest.sequence) > limit:
        raise InputError(
            f"{where}sample '{longest.id}': expected at most {limit} nucleotides for model "
            f"'{model}', got {len(longest.sequence)}. Crop the sequences, or choose a model or "
            "checkpoint with a longer input."
        )


def _check_targets(plan: Plan) -> None:
    """A target that a model does not have is an error before any work, where it can be known."""
    for dataset, model in _asked(plan):
        target = plan.suite.target
        if target == "label":
            target = max(sample.label or 0 for sample in plan.datasets[dataset].samples)
        n_outputs = _facts(plan, model).n_outputs
        if isinstance(target, int) and n_outputs is not None and target >= n_outputs:
            raise InputError(
                f"{plan.suite.name}, target: expected an output of model '{model}', "
                f"0 to {n_outputs - 1}, got {target} (data set '{dataset}')."
            )


def _asked(plan: Plan) -> set[tuple[str, str]]:
    """Every (data set, model) that some block pairs."""
    pairs = set()
    for block in plan.suite.matrix:
        others = [pair.partition("/")[0] for pair in block.against]
        pairs |= set(itertools.product(block.datasets, [*block.models, *others]))
    return pairs


def _facts(plan: Plan, model: str) -> Facts:
    choice = plan.choice("models", model)
    return facts(choice.found, choice.parameters)


def _cells(plan: Plan, block: Block) -> Iterator[Cell]:
    axes = (block.datasets, block.models, block.explainers, block.aggregators, block.metrics)
    for dataset, model, explainer, aggregator, metric in itertools.product(*axes):
        pairs: list[tuple[str, str] | None] = [None]
        if "pair" in plan.choice("metrics", metric).provides:
            others = [tuple(pair.split("/", 1)) for pair in block.against]
            pairs = [(m, e) for m, e in others if (m, e) != (model, explainer)]
        for against in pairs:
            cell = Cell("", dataset, model, explainer, aggregator, metric, against)
            cell = replace(cell, unsupported=_unsupported(plan, cell))
            yield replace(cell, id=_cell_id(plan, cell))


def _cell_id(plan: Plan, cell: Cell) -> str:
    aggregator, partition = plan.choice("aggregators", cell.aggregator), plan.suite.partition
    coarsens = bool(partition) and COARSEN in aggregator.provides
    explainer = plan.choice("explainers", cell.explainer).found.component
    labels = (cell.dataset, cell.model, cell.explainer, cell.aggregator, cell.metric, cell.against)
    return keys.cell_id(
        # Names, kind and role move no number, but stand in the rows.
        [plan.suite.name, *labels, plan.datasets[cell.dataset].kind, explainer.role],
        explain=plan.explain_key(cell.dataset, cell.model, cell.explainer),
        against=plan.explain_key(cell.dataset, *cell.against) if cell.against else "",
        aggregator=aggregator.identity,
        projects=aggregator.provides & {COARSEN, REFINE},
        onto=plan.predict_key(cell.dataset, partition) if coarsens else "",
        metric=plan.choice("metrics", cell.metric).identity,
        scope=plan.scope(cell.metric),
        unsupported=cell.unsupported,
    )


def _unsupported(plan: Plan, cell: Cell) -> str:
    """Why a combination cannot work, from declared capabilities alone; empty where it can."""
    pairs = [(cell.model, cell.explainer), *([cell.against] if cell.against else [])]
    reasons = (
        why_not(
            plan.choice("explainers", explainer),
            plan.choice("models", model),
            annotated=plan.datasets[cell.dataset].annotated,
            dataset=cell.dataset,
            metric=plan.choice("metrics", cell.metric),
            aggregator=plan.choice("aggregators", cell.aggregator),
            partition=plan.suite.partition,
            phrases=plan.registry.phrases,
            provided=plan.registry.provided,
        )
        for model, explainer in pairs
    )
    return next(filter(None, reasons), "")

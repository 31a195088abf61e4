"""A suite from a notebook, with functions and classes that are defined there.

    import gxarena

    @gxarena.declares(requires={"maskable"})
    def leave_one_out(model, batch):
        ...

    gxarena.run("quickstart", explainers=[leave_one_out], limit=10)

What is defined in a notebook has no file by whose content it could be known again: it has another
identity at each call, so that nothing that it made is taken for what it makes now.
"""

from __future__ import annotations

import copy
import inspect
import os
import re
import sys
import uuid
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.declared import DECLARES, check_component
from gxarena.errors import InputError
from gxarena.hookspecs import Component, Facts
from gxarena.registry import Registered, Registry
from gxarena.report.boards.notebook import Leaderboard, read_leaderboard
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run as run_plan
from gxarena.run.suite import Suite, find_suite, read_suite
from gxarena.scratch import Scratch
from gxarena.validation import validated

DISTRIBUTION = "notebook"
"""Whose what is defined in a notebook is, in every result."""

_METHODS = {
    "explainers": {"explain": ""},
    "models": {"predict": ""},
    "metrics": {"score": "sample", "compare": "pair", "score_set": "set"},
}
"""By what an object is known to be of a kind, and what a metric then gives a number for."""


def run(
    suite: str | os.PathLike[str] | Mapping[str, Any] | Suite,
    *,
    explainers: Sequence[Any] = (),
    models: Sequence[Any] = (),
    metrics: Sequence[Any] = (),
    out: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    changes: Iterable[str] = (),
) -> Leaderboard:
    """Run a suite, with components that are defined here beside those that it names.

    A suite says which data sets, models, explainers and metrics are combined; all those
    combinations are run, and each is a row of the board. ``"quickstart"`` is the one to begin with:
    DNABERT-2 and a CNN on fly promoters, a minute and a half on two cores; ``limit=4`` is quicker,
    but fewer than 20 samples have no intervals. ``gxarena suites list`` shows the others.

    A model of several trainings stands for all of them (``models.cnn.replicates``, five in the
    quickstart): each is explained by itself, and intervals are over trainings and sequences.
    ``changes=["models.cnn.replicates=1"]`` takes one, which says nothing of the next training.

    Without `out` the board is all that is kept. With it the folder holds a table each of cells,
    samples and curves as Parquet, and the same call goes on where it was interrupted; what is
    defined in a notebook is computed anew at each call. Next: ``board.to_pandas()``, or on the
    command line ``gxarena leaderboard DIR``, ``failures DIR``, ``report DIR``, ``site DIR``.
    ``gxarena new explainer NAME`` makes a package of it, which others can run.

    Parameters
    ----------
    suite : str, path, mapping or Suite
        A suite that ships, a suite file, or its document (the same keys as a dict), whose blocks
        may leave out a kind of which all is defined here.
    explainers : sequence
        Functions of a model and a `gxarena.data.Batch` that give an Attribution, or an array of
        scores on the model's units, for each sequence; classes or objects with `explain`.
    models, metrics : sequence
        Classes or objects (see `gxarena.api`).
    out : path, optional
        The run's folder; without it nothing is kept but the board.
    limit : int, optional
        At most so many samples of each data set.
    changes : iterable of str
        Of a suite that is named, as ``--set`` takes them: ``"datasets.fly-promoters.n=50"``.

    Returns
    -------
    Leaderboard
        Shown as tables in a notebook.

    Raises
    ------
    InputError
        What is given is no component, or has the name of another.
    """
    registry = Registry.load()
    given = {"explainers": explainers, "models": models, "metrics": metrics}
    for kind, defined in given.items():
        if isinstance(defined, str) or not isinstance(defined, Iterable):
            what = getattr(defined, "__name__", type(defined).__name__)
            raise InputError(f"run, {kind}: expected a list, e.g. [{what}], got {what} itself.")
    names = {
        kind: [_registered(registry, kind, one) for one in defined]
        for kind, defined in given.items()
    }
    read, folder = _read(suite, changes, names)
    plan = make_plan(_with(read, names), registry, folder=folder, limit=limit)
    with Scratch() as scratch:
        place = Path(out) if out is not None else scratch.path / "run"
        run_plan(plan, place)
        _tell_what_is_missing(RunResults.of(place))
        return read_leaderboard(place)


def _tell_what_is_missing(results: RunResults) -> None:
    """Warn of each reason for which cells have no numbers: a board is silent of them."""
    missing: dict[str, set[str]] = defaultdict(set)
    for row in results.last_rows():
        if row["status"] != "ok":
            missing[row["error_message"] or row["status"]].add(
                f"{row['explainer']}/{row['metric']}"
            )
    for reason, cells in missing.items():
        some = ", ".join(sorted(cells)[:3]) + (", …" if len(cells) > 3 else "")
        warnings.warn(f"without numbers: {some}: {reason}", stacklevel=4)


def _read(
    suite: str | os.PathLike[str] | Mapping[str, Any] | Suite,
    changes: Iterable[str],
    names: Mapping[str, Sequence[str]],
) -> tuple[Suite, Path | None]:
    if isinstance(suite, Suite):
        return suite, None
    if isinstance(suite, Mapping):
        return validated(Suite, _completed(suite, names), "suite"), None
    return read_suite(str(suite), changes), find_suite(str(suite)).parent


def _completed(document: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A document whose blocks may leave out what is all defined in the notebook."""
    completed = copy.deepcopy(dict(document))
    for block in completed.get("matrix", ()):
        for kind, added in names.items():
            if added and isinstance(block, dict) and not block.get(kind):
                block[kind] = list(added)
    return completed


def _with(suite: Suite, names: Mapping[str, Sequence[str]]) -> Suite:
    """The suite with these among the components of each of its blocks."""
    document = suite.model_dump()
    for block in document["matrix"]:
        for kind, added in names.items():
            block[kind] = [*block[kind], *(one for one in added if one not in block[kind])]
    return validated(Suite, document, suite.name)


def _registered(registry: Registry, kind: str, defined: Any) -> str:
    """Add what is defined in a notebook to a registry; returns its name."""
    said = dict(getattr(defined, DECLARES, {}))
    name = said.pop("name", "") or _name(kind, defined)
    where = f"run, {kind}, '{name}'"
    if (kind, name) in registry.components:
        raise InputError(f"{where}: expected a name of its own, got that of an installed one.")
    scope = _scope(kind, defined, where)
    for field in ("provides", "requires"):
        if isinstance(one := said.get(field, ()), str):
            raise InputError(f"{where}: expected {field} as a set, {{'{one}'}}, got '{one}'.")
        said[field] = frozenset(one)
    said["provides"] |= {scope} - {""}
    module = ModuleType(f"gxarena_notebook_{uuid.uuid4().hex}")
    module.made = _factory(kind, defined)  # type: ignore[attr-defined]
    if kind == "models":
        said.setdefault("describe", f"{module.__name__}:described")
        module.described = lambda: _facts(defined)  # type: ignore[attr-defined]
    said.setdefault("summary", (inspect.getdoc(defined) or "").partition("\n")[0])
    sys.modules[module.__name__] = module
    try:
        component = Component(name=name, target=f"{module.__name__}:made", **said)
    except TypeError as error:
        raise InputError(f"{where}: expected fields of a Component, got {error}.") from error
    check_component(component, kind, DISTRIBUTION)
    plugin = f"{DISTRIBUTION}:{name}"
    registry.components[kind, name] = Registered(
        kind, component, plugin, DISTRIBUTION, module.__name__
    )
    return name


def _name(kind: str, defined: Any) -> str:
    given = getattr(defined, "__name__", type(defined).__name__)
    name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", given).lower())
    if given == "<lambda>" or not name.strip("-"):
        raise InputError(f"run, {kind}: expected a function or class with a name, got {given}.")
    return name.strip("-")


def _scope(kind: str, defined: Any, where: str) -> str:
    methods = _METHODS[kind]
    for method, scope in methods.items():
        if callable(getattr(defined, method, None)):
            return scope
    if kind == "explainers" and inspect.isfunction(defined):
        return ""
    hint = ""
    if kind == "models" and callable(getattr(defined, "named_modules", None)):
        hint = " See gxarena_torch.modules.model_of, which makes a model of a module."
    if isinstance(defined, str):
        hint = f" What is installed is named in the suite: in its matrix's {kind}."
    got = type(defined).__name__
    raise InputError(f"{where}: expected something with {' or '.join(methods)}, got a {got}.{hint}")


def _factory(kind: str, defined: Any) -> Callable[[], Any]:
    if isinstance(defined, type):
        return defined
    if kind == "explainers" and inspect.isfunction(defined):
        return lambda: _OfFunction(defined)
    return lambda: defined


def _facts(model: Any) -> Facts:
    """What planning may know of a model, or of its class, that lies in memory."""
    longest, outputs = (getattr(model, name, None) for name in ("max_length", "n_outputs"))
    return Facts(
        max_length=longest if isinstance(longest, int) else None,
        n_outputs=outputs if isinstance(outputs, int) else None,
    )


@dataclass(frozen=True)
class _OfFunction:
    """An explainer that a function is."""

    function: Callable[[Model, Batch], Sequence[Any]]

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """What the function gives; plain scores on the model's units become attributions."""
        units = model.spans(batch.sequences)
        given = self.function(model, batch)
        if not isinstance(given, Iterable):
            got = "nothing" if given is None else f"a {type(given).__name__}"
            raise InputError(
                f"{self.function.__name__}: expected {len(units)} explanations, one a sequence, "
                f"got {got}."
            )
        given = list(given)
        if len(given) != len(units):
            raise InputError(
                f"{self.function.__name__}: expected {len(units)} explanations, one a sequence, "
                f"got {len(given)}."
            )
        return [
            one if isinstance(one, Attribution) else Attribution(np.asarray(one), spans)
            for one, spans in zip(given, units, strict=True)
        ]

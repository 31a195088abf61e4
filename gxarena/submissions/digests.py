"""Whether a bundle means one thing by a name, and what this installation means by it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gxarena.capabilities import COARSEN, REFINE
from gxarena.errors import GxarenaError
from gxarena.identity import digest, path_digest
from gxarena.registry import Registry
from gxarena.results.patterns import matches, unmatched
from gxarena.run import keys
from gxarena.run.choices import facts
from gxarena.run.suite import Suite
from gxarena.submissions.cells import Row, named
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.installed import OWN, Installed
from gxarena.submissions.paths import paths_among
from gxarena.submissions.values import Values, column_name, quantities_of

CHECK = "digests"


def check_agreement(cells: Sequence[Row], suite: Suite, findings: Findings) -> None:
    """One name, one thing: each label has one digest, and keys are those of what they name."""
    known: dict[tuple[str, ...], tuple[Row, Any]] = {}
    for row in cells:
        for key, what in _meanings(row):
            first, meant = known.setdefault(key, (row, what))
            if meant != what:
                where = f"{named(row)}, {key[0]} {quoted(key[1])}"
                expected = f"the same as in {named(first)} ({quoted(meant)})"
                findings.add(CHECK, where, expected, quoted(what))
        if row["attributions_key"] and row["attributions_key"] not in _keys(row, suite):
            expected = "the key of this data set, model and explainer"
            findings.add(
                CHECK, f"{named(row)}, attributions_key", expected, quoted(row["attributions_key"])
            )


def check_ids(cells: Sequence[Row], suite: Suite, installed: Installed, findings: Findings) -> None:
    """A cell's id is that of the digests in its row, so that none can be altered alone.

    Of cells that are compared with nothing and whose scores stay on the units they were made on:
    the row alone says all that such an id is made of.
    """
    for row in cells:
        aggregator = installed.found("aggregator", row)
        moves = aggregator is None or aggregator.component.provides & {COARSEN, REFINE}
        if row["status"] != "ok" or row["against"] or moves:
            continue
        labels = [
            suite.name, row["dataset"], row["model"], row["explainer"], row["model_replicate"],
            row["aggregator"], row["metric"], (), row["dataset_kind"] or "", row["explainer_role"],
        ]  # fmt: skip
        made = {
            keys.cell_id(
                labels, explain=explain, aggregator=row["aggregator_digest"],
                metric=row["metric_digest"], scope=row["metric_scope"],
            )
            for explain in _keys(row, suite)
        }  # fmt: skip
        if row["cell_id"] not in made:
            expected = "the id of a cell of these digests of data set, model, explainer and metric"
            findings.add(CHECK, f"{named(row)}, cell_id", expected, quoted(row["cell_id"]))


def check_components(
    cells: Sequence[Row], suite: Suite, installed: Installed, findings: Findings
) -> None:
    """What stands behind each label is what the suite says, and plays the part that ships.

    A control that is called a method, or a metric that asks another question, would rank whoever a
    bundle wants.
    """
    for kind in ("model", "explainer", "aggregator", "metric"):
        for row in {cell[kind]: cell for cell in reversed(cells)}.values():
            asked = str(suite.aliases(f"{kind}s").get(row[kind], {}).get("name", row[kind]))
            if row[f"{kind}_component"] != asked:
                where = f"{named(row)}, {kind}_component"
                findings.add(
                    CHECK, where, f"{quoted(asked)}, as the suite has it",
                    quoted(row[f"{kind}_component"]),
                )  # fmt: skip
    for row in cells:
        for column, kind, part in (
            ("explainer_role", "explainer", "role"), ("metric_question", "metric", "question"),
        ):  # fmt: skip
            found = installed.registry.components.get((f"{kind}s", row[f"{kind}_component"]))
            if found is None or found.distribution != OWN:
                continue
            ships = getattr(found.component, part)
            if row[column] != ships:
                where = f"{named(row)}, {column}"
                expected = f"{quoted(ships)}, as {quoted(found.component.name)} ships"
                findings.add(CHECK, where, expected, quoted(row[column]))


def _meanings(row: Row) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What a row says of names that other rows have too."""
    yield ("data set", row["dataset"]), (row["dataset_digest"], row["n_samples"])
    position = row["model_replicate"]
    model = (row["model_digest"], row["model_weights_digest"], row["model_component"])
    yield ("model", row["model"], str(position)), model
    explainer = (row["explainer_digest"], row["explainer_component"], row["explainer_role"])
    yield ("explainer", row["explainer"]), (*explainer, row["explainer_parameters"])
    for kind in ("aggregator", "metric"):
        said = tuple(row[f"{kind}_{what}"] for what in ("digest", "component", "parameters"))
        yield (kind, row[kind]), said
    if row["status"] == "ok":
        yield ("quantities of metric", row["metric"]), row["quantities"]


def _keys(row: Row, suite: Suite) -> set[str]:
    """Of its attributions; the position may be the replicate's of the model compared with."""
    predict = keys.predict_key(row["dataset_digest"], row["model_digest"])
    return {
        keys.explain_key(
            predict,
            row["explainer_digest"],
            objective=suite.objective,
            target=suite.target,
            seed=suite.seed,
            replicate=replicate,
        )
        for replicate in (0, row["model_replicate"] or 0)
    }


def check_installation(
    cells: Sequence[Row], values: Values, installed: Installed, findings: Findings
) -> None:
    """Data sets and models that ship, and the core's metrics, are those of this installation."""
    by_dataset = {row["dataset"]: row for row in cells}
    for label, row in by_dataset.items():
        _check_dataset(label, row, values, installed, findings)
    for row in {(r["model_component"], r["model_parameters"]): r for r in cells}.values():
        if name := next(paths_among(json.loads(row["model_parameters"] or "{}"), names=True), None):
            findings.notes.append(
                f"Model {quoted(row['model'])}: {quoted(name)} may be a file or folder here, which "
                "is not opened: its weights' digest is as the bundle says."
            )
            continue
        weights = _weights(row, installed.registry)
        if weights is not None and weights != row["model_weights_digest"]:
            where = f"{named(row)}, model_weights_digest"
            expected = f"{weights}, of the weights that ship"
            findings.add(CHECK, where, expected, quoted(row["model_weights_digest"]))
    for row in {row["metric"]: row for row in cells if row["status"] == "ok"}.values():
        metric = installed.made("metric", row)
        if metric is None:
            findings.notes.append(
                f"Metric {quoted(row['metric'])} of {quoted(row['metric_distribution'])} is not "
                "the core's: its bounds and directions are as the bundle declares them."
            )
            continue
        declared = {k: _declared(q) for k, q in quantities_of(row).items()}
        own = {k: (q.better, tuple(q.bounds)) for k, q in metric.quantities.items()}
        if any(own[key] != said for key, said in declared.items() if key in own):
            where = f"{named(row)}, quantities"
            expected = f"directions and bounds of {quoted(row['metric_component'])} as it ships"
            findings.add(CHECK, where, expected, "others")
        missing = sorted(own.keys() - declared.keys())
        if missing and _are_asked_for(missing, declared, row, installed):
            where = f"{named(row)}, quantities"
            expected = f"{quoted(', '.join(missing))} too, which the suite asks for"
            findings.add(CHECK, where, expected, "none of these")
        elif others := sorted(declared.keys() ^ own.keys()):
            findings.notes.append(
                f"Metric {quoted(row['metric'])} has other quantities than in this version of "
                f"gxarena ({quoted(', '.join(others))})."
            )


def _are_asked_for(
    missing: Iterable[str], declared: Iterable[str], row: Row, installed: Installed
) -> bool:
    """Whether quantities that a metric has here had to be there.

    All had of the same version; of another one those that alone the suite's headline can mean.
    """
    if installed.of_this_version(row):
        return True
    meant = unmatched(installed.suite.headline, (column_name(row, key) for key in declared))
    return bool(meant) and any(matches(column_name(row, key), meant) for key in missing)


def _declared(quantity: Mapping[str, Any]) -> tuple[Any, Any]:
    return quantity.get("better"), tuple(quantity.get("bounds") or (None, None))


def _check_dataset(
    label: str, row: Row, values: Values, installed: Installed, findings: Findings
) -> None:
    dataset = installed.dataset(label, row["n_samples"])
    if dataset is None:
        findings.notes.append(
            f"Data set {quoted(label)} does not ship with gxarena: its digest is as the bundle "
            "says."
        )
        return
    where = f"data set {quoted(label)}"
    if dataset.digest != row["dataset_digest"]:
        expected = f"{dataset.digest}, the digest of what ships"
        findings.add(CHECK, where, expected, quoted(row["dataset_digest"]))
    elif label in values.ids and values.ids[label] != tuple(s.id for s in dataset.samples):
        findings.add(CHECK, where, "the samples of what ships", "others of their number")


def _weights(row: Row, registry: Registry) -> str | None:
    """The digest of the weights that ship under what a row's model is called; None of others."""
    found = registry.components.get(("models", row["model_component"]))
    parameters = json.loads(row["model_parameters"] or "{}")
    if found is None or found.distribution != OWN:
        return None
    try:
        files = [Path(file).resolve() for file in facts(found, parameters).files]
    except GxarenaError:
        return None  # a checkpoint of somebody's own, or of a plugin whose extra is not here
    package = find_spec(found.component.target.partition(":")[0].partition(".")[0])
    if not files or package is None or not package.origin:
        return None
    here = Path(package.origin).resolve().parent
    if not all(file.is_relative_to(here) for file in files):
        return None
    return digest([path_digest(file) for file in files])

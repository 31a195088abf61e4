"""What must agree for rows of several runs to compete: the terms of a board.

Two runs may be ranked together where, of whatever both have under one name, they mean the same:
sequences, weights, target, objective, seed, metrics with their parameters, questions and
directions, explainers' roles, … by digest where there is one. Code is not among the terms, since it
changes with every version; where two runs were made by different code, joining them says so
(`gxarena.results.joining`). The code of an explainer that others are compared with is: it measures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gxarena.results.reading import RunResults, last_attempts

Key = tuple[str, ...]
"""A term's name: what it is of, then labels."""
Terms = Mapping[Key, str]
"""What each term is, in words and digests that can be compared and read."""

DATASET, MODEL, METRIC = "data set", "model", "metric"
DIRECTION = "direction of"
REFERENCE, REFERENCE_CODE = "what is compared with", "code of what is compared with"
"""An explanation that pair metrics compare with, as its suite names it; as its cells know it."""

_READ = [
    "cell_id", "attempt", "dataset", "dataset_digest", "n_samples", "model", "model_replicate",
    "model_component", "model_parameters", "model_digest", "model_weights_digest", "aggregator",
    "aggregator_component", "aggregator_parameters", "metric", "metric_component",
    "metric_parameters", "metric_question", "metric_name", "quantities", "against", "explainer",
    "explainer_component", "explainer_parameters", "explainer_digest", "explainer_role", "target",
    "objective", "seed",
]  # fmt: skip
_PLACE_AND_SPEED = {"checkpoint", "device", "batch_size"}
"""Parameters of models that no number hangs on: where weights lie, how fast they run."""
_DIGEST = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24,}\b")
"""Of which the beginning is shown."""


def terms_of(run: RunResults) -> Terms:
    """The terms of a run, from its record and its cells."""
    found: dict[Key, str] = {}
    cells = last_attempts(run.table("cells").select(_READ))
    code = {f"{cell['model']}/{cell['explainer']}": _explainer(cell) for cell in cells}
    for cell in cells:
        found.update(_of_cell(cell, run.record.groupings))
        against = cell["against"]
        if against and against != f"{cell['model']}/{cell['explainer']}":
            found[REFERENCE, against] = _aliases(run, against)
            if against in code:
                found[REFERENCE_CODE, against] = code[against]
    if partition := run.record.document.get("partition"):
        found["partition",] = repr(partition)
    return found


def _of_cell(cell: Mapping[str, Any], groupings: Mapping[str, str]) -> Iterator[tuple[Key, str]]:
    yield ("target",), repr(cell["target"])
    yield ("objective",), repr(cell["objective"])
    yield ("seed",), str(cell["seed"])
    grouped = groupings.get(cell["dataset"])
    yield (
        (DATASET, cell["dataset"]),
        f"{cell['n_samples']} sequences ({cell['dataset_digest']}"
        f"{f', grouped by {grouped}' if grouped else ''})",
    )
    yield (MODEL, cell["model"], str(cell["model_replicate"] or 0)), _model(cell)
    for kind in ("aggregator", METRIC):
        parameters = cell[f"{kind}_parameters"] or "{}"
        yield (kind, cell[kind]), f"{cell[f'{kind}_component']} {parameters}"
    yield ("question of metric", cell["metric"]), cell["metric_question"]
    yield (
        ("role of explainer", cell["explainer_component"] or cell["explainer"]),
        cell["explainer_role"],
    )
    for key, quantity in json.loads(cell["quantities"] or "{}").items():
        name = f"{cell['metric']}.{key}" if key else cell["metric"]
        yield (DIRECTION, name), quantity["better"]


def _explainer(cell: Mapping[str, Any]) -> str:
    """Its code too: a pair metric's values hang on what it gives."""
    parameters = cell["explainer_parameters"] or "{}"
    return f"{cell['explainer_component']} {parameters} ({cell['explainer_digest']})"


def _model(cell: Mapping[str, Any]) -> str:
    """Weights, and parameters that numbers hang on; of a model without files its identity."""
    weights = cell["model_weights_digest"]
    if not weights:
        return f"{cell['model_component']} ({cell['model_digest']})"
    parameters = {
        name: value
        for name, value in json.loads(cell["model_parameters"] or "{}").items()
        if name not in _PLACE_AND_SPEED
    }
    said = f" {json.dumps(parameters, sort_keys=True)}" if parameters else ""
    return f"{cell['model_component']} with weights {weights}{said}"


def _aliases(run: RunResults, against: str) -> str:
    """Model and explainer as the suite has them: they need have no cells of their own."""
    model, _, explainer = against.partition("/")
    named = [
        run.record.document.get(kind, {}).get(label, {"name": label})
        for kind, label in (("models", model), ("explainers", explainer))
    ]
    return json.dumps(named, sort_keys=True)


def why_apart(name: str, terms: Terms, other_name: str, other: Terms) -> str:
    """Why two runs may not be ranked together: their first difference; empty where they may.

    Parameters
    ----------
    name, other_name : str
        What the sentence calls them.
    terms, other : Terms
    """
    for key, value in terms.items():
        if other.get(key, value) != value:
            what = f"{key[0]} '{key[1]}'" if len(key) > 1 else key[0]
            if key[0] == MODEL and key[2] != "0":
                what += f" (replicate {key[2]})"
            here, there = (_DIGEST.sub(r"\1…", said) for said in (value, other[key]))
            return f"{what} is {here} in {name} and {there} in {other_name}"
    return ""


def components_of(terms: Terms, kind: str) -> dict[str, str]:
    """Of models, metrics or aggregators: label -> the component that it is a name for."""
    return {key[1]: value.partition(" ")[0] for key, value in terms.items() if key[0] == kind}


def labels_by_meaning(terms: Terms, kind: str) -> dict[str, dict[Key, str]]:
    """Of data sets or models: label -> its terms without the label."""
    found: dict[str, dict[Key, str]] = {}
    for key, value in terms.items():
        if key[0] == kind:
            found.setdefault(key[1], {})[key[2:]] = value
    return found


def to_json(terms: Terms) -> list[list[str]]:
    """As a written board carries them."""
    return [[*key, value] for key, value in sorted(terms.items())]


def from_json(document: list[list[str]]) -> dict[Key, str]:
    """The reverse of `to_json`."""
    return {tuple(key): value for *key, value in document}

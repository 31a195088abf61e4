"""What a child is given of a plan: what it needs to work, as JSON and Arrow files.

A child finds no plugins by itself, since listing them imports every plugin's module: components
come as the data that they are. Neither does it open data sets or take identities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.files import TEMPORARY, write_bytes, write_text
from gxarena.hookspecs import Component
from gxarena.registry import Registered, Registry
from gxarena.run.cells import Cell, Explanation
from gxarena.run.choices import Choice
from gxarena.run.plan import Plan
from gxarena.run.suite import Suite

Document = dict[str, Any]


def pack(plan: Plan, folder: Path) -> Path:
    """Write what children need into a folder, as files that count as not yet whole.

    Returns
    -------
    Path
        The document that `unpack` reads.

    Raises
    ------
    InputError
        A parameter is no plain value, such as an object that a notebook made.
    """
    for position, (label, dataset) in enumerate(plan.datasets.items()):
        write_bytes(folder / f"{TEMPORARY}data-{position}", _samples_bytes(dataset.samples, label))
    document = {
        "suite": plan.suite.model_dump(mode="json"),
        "components": [_registered_document(one) for one in plan.registry.components.values()],
        "choices": [[name, _choice_document(one)] for (_, name), one in plan.choices.items()],
        "replicates": plan.replicates,
        "datasets": [[k, d.name, d.kind, d.digest] for k, d in plan.datasets.items()],
    }
    path = folder / f"{TEMPORARY}plan"
    try:
        write_text(path, json.dumps(document, default=_refuse))
    except TypeError as error:
        raise InputError(
            f"{plan.suite.name}: expected parameters that TOML can hold, got {error}. "
            'Use engine = "inline" for objects of this process.'
        ) from error
    return path


def unpack(path: Path) -> Plan:
    """The plan of a document that `pack` wrote, without its cells."""
    document = json.loads(path.read_text(encoding="utf-8"))
    registry = Registry()
    for one in document["components"]:
        found = _registered(one)
        registry.components[found.kind, found.component.name] = found
    plan = Plan(Suite.model_validate(document["suite"]), registry)
    plan.replicates = {k: tuple(v) for k, v in document["replicates"].items()}
    plan.choices = {
        (one["kind"], name): _choice(one, registry) for name, one in document["choices"]
    }
    for position, (label, name, kind, digest) in enumerate(document["datasets"]):
        plan.datasets[label] = _Packed(
            path.parent / f"{TEMPORARY}data-{position}", name, kind, digest
        )
    return plan


def cell_document(cell: Cell) -> Document:
    """A cell as JSON holds it."""
    return asdict(cell)


def cell_of(document: Mapping[str, Any]) -> Cell:
    """The cell of a document."""
    against = tuple(Explanation(*one) for one in document["against"])
    return Cell(**{**document, "against": against})


class _Packed(Dataset):
    """A data set whose samples are read when they are asked for."""

    def __init__(self, path: Path, name: str, kind: str, digest: str) -> None:
        vars(self).update(name=name, kind=kind, digest=digest, _path=path)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        return _samples(vars(self)["_path"])


_SAMPLES = pa.schema(
    [
        ("id", pa.string()),
        ("sequence", pa.string()),
        ("label", pa.int64()),
        ("annotations", pa.string()),
        ("left", pa.string()),
        ("right", pa.string()),
    ]
)


def _samples_bytes(samples: tuple[Sample, ...], label: str) -> bytes:
    columns = [
        [one.id for one in samples],
        [one.sequence for one in samples],
        [one.label for one in samples],
        [json.dumps([asdict(mark) for mark in one.annotations]) for one in samples],
        [one.flanks[0] for one in samples],
        [one.flanks[1] for one in samples],
    ]
    sink = pa.BufferOutputStream()
    try:
        table = pa.table([pa.array(c, f.type) for c, f in zip(columns, _SAMPLES, strict=True)],
                         schema=_SAMPLES)  # fmt: skip
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise InputError(f"dataset '{label}': expected text and whole numbers, {error}.") from error
    with pa.ipc.new_file(sink, _SAMPLES) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _samples(path: Path) -> tuple[Sample, ...]:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    columns = (table[name].to_pylist() for name in _SAMPLES.names)
    return tuple(
        Sample(name, sequence, label, tuple(_interval(m) for m in json.loads(marks)), tuple(flanks))
        for name, sequence, label, marks, *flanks in zip(*columns, strict=True)
    )


def _interval(document: Document) -> Interval:
    return Interval(**{**document, "information": tuple(document["information"])})


def _registered_document(found: Registered) -> Document:
    component = vars(found.component) | {
        "provides": sorted(found.component.provides),
        "requires": sorted(found.component.requires),
        "phrases": dict(found.component.phrases),
        "defaults": dict(found.component.defaults),
    }
    return vars(found) | {"component": component}


def _registered(document: Document) -> Registered:
    fields = document["component"]
    sets = {name: frozenset(fields[name]) for name in ("provides", "requires")}
    listed = {"paths": tuple(fields["paths"])}
    return Registered(**{**document, "component": Component(**{**fields, **sets, **listed})})


def _choice_document(choice: Choice) -> Document:
    return {
        "kind": choice.kind,
        "label": choice.label,
        "name": choice.found.component.name,
        "parameters": choice.parameters,
        "identity": choice.identity,
        "replicate": choice.replicate,
        "wrapped": _choice_document(choice.wrapped) if choice.wrapped else None,
    }


def _choice(document: Document, registry: Registry) -> Choice:
    return Choice(
        document["kind"],
        document["label"],
        registry.components[document["kind"], document["name"]],
        document["parameters"],
        document["identity"],
        _choice(document["wrapped"], registry) if document["wrapped"] else None,
        document["replicate"],
    )


def _refuse(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__}")

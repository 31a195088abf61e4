"""Data sets that are made, not read, are kept: making them anew each time would cost seconds.

A component of kind "datasets" that provides ``"made"`` says that its samples follow from its code,
its parameters and the data that ship with gxarena, from nothing else. They are kept as Parquet in
``made`` below the folder of data sets (`gxarena.files.data_home`), under the digest of
all that. Whatever is there may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.capabilities import MADE
from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError, StorageError
from gxarena.files import data_home, shipped, writing
from gxarena.identity import component_digest, digest, path_digest
from gxarena.registry import Registered

_FOOTER = b"gxarena"
_ANNOTATION = pa.struct(
    [
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("name", pa.string()),
        pa.field("strand", pa.string()),
        pa.field("information", pa.list_(pa.float64())),
    ]
)
_SAMPLES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("sequence", pa.string(), nullable=False),
        pa.field("label", pa.int64()),
        pa.field("annotations", pa.list_(_ANNOTATION), nullable=False),
        pa.field("flanks", pa.list_(pa.string()), nullable=False),
    ]
)


def kept(found: Registered, parameters: Mapping[str, Any], make: Callable[[], Dataset]) -> Dataset:
    """What `make` makes, read where an earlier call has left it.

    Parameters
    ----------
    found : Registered
        The component.
    parameters : mapping
    make : callable
        Calls it with these parameters.
    """
    key = _key(found, parameters)
    path = data_home() / MADE / f"{found.component.name}-{key}.parquet"
    dataset = _read(path, key)
    if dataset is None:
        dataset = make()
        # Nothing is kept of code that was edited meanwhile, nor where there is no room for it.
        if _key(found, parameters) == key:
            with contextlib.suppress(StorageError):
                _write(path, key, dataset)
    return dataset


def _key(found: Registered, parameters: Mapping[str, Any]) -> str:
    identity = component_digest(
        found.component, parameters, distribution=found.distribution, version=found.version
    )
    return digest([identity, path_digest(shipped("data"))])


def _read(path: Path, key: str) -> Dataset | None:
    """The data set in a file; None where it is not there, torn or another's."""
    try:
        table = pq.read_table(path.absolute())
        footer = json.loads((table.schema.metadata or {})[_FOOTER])
        samples = (
            Sample(
                row["id"],
                row["sequence"],
                row["label"],
                tuple(
                    Interval(**annotation | {"information": tuple(annotation["information"])})
                    for annotation in row["annotations"]
                ),
                (row["flanks"][0], row["flanks"][1]),
            )
            for row in table.to_pylist()
        )
        dataset = Dataset(footer["name"], tuple(samples), footer["kind"])
        whole = footer["key"] == key and footer["digest"] == dataset.digest
    except (OSError, pa.ArrowException, InputError, KeyError, TypeError, ValueError):
        return None
    return dataset if whole else None


def _write(path: Path, key: str, dataset: Dataset) -> None:
    rows = [
        {
            "id": sample.id,
            "sequence": sample.sequence,
            "label": sample.label,
            "annotations": [vars(annotation) for annotation in sample.annotations],
            "flanks": list(sample.flanks),
        }
        for sample in dataset.samples
    ]
    footer = {
        "key": key,
        "name": dataset.name,
        "kind": dataset.kind,
        "digest": dataset.digest,
    }
    table = pa.Table.from_pylist(rows, schema=_SAMPLES)
    table = table.replace_schema_metadata({_FOOTER: json.dumps(footer).encode()})
    with writing(path) as file:
        pq.write_table(table, file, compression="zstd")

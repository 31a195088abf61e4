"""Every reader of files against damaged ones: a valid result, or an error of the package's own.

The short campaign runs with the fast tests, the long one with the slow ones; both are the same
each time. Where a file has a checksum, or a suite states a digest, a flipped bit never gives other
values.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import damaged, flipped, fuzzed
from hypothesis import strategies as st

from gxarena.datasets.class_folders import read_class_folders
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.reading import read_dataset
from gxarena.datasets.split_tables import read_tables, tables_in
from gxarena.errors import GxarenaError
from gxarena.explainers.precomputed import Precomputed
from gxarena.submissions import card as bundle_card
from gxarena.training.card import read_card

SEEDS = st.integers(0, 2**32)
LENGTHS = [pytest.param(20, id="short"), pytest.param(3000, id="long", marks=pytest.mark.slow)]
"""Examples of each reader."""

ROWS = [(f"chr1:{i}-{i + 8}", "ACGTNACG"[i % 4 :] + "AC" * i, i % 3) for i in range(12)]
CSV = "id,sequence,label,annotations\n" + "".join(f"{a},{s},{y},0-2+ m; 1-3\n" for a, s, y in ROWS)
FASTA = "".join(f">{name} label={label}\n{sequence}\n" for name, sequence, label in ROWS)
SCORES = {name: np.arange(1.0, len(sequence) + 1) for name, sequence, _ in ROWS}


def _table(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, write_page_checksum=True, compression="zstd")
    return stream.getvalue()


def _npz(arrays: Mapping[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _hdf5(arrays: Mapping[str, Any]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, fletcher32=True, chunks=True)
    return stream.getvalue()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, sequence, label in ROWS:
            for split in ("train", "test"):
                archive.writestr(f"task/{split}/c{label}/{name}.txt", sequence)
    return stream.getvalue()


NAMES, SEQUENCES, CLASSES = (list(column) for column in zip(*ROWS, strict=True))
DATA = {
    "d.csv": CSV.encode(),
    "d.tsv": CSV.replace(",", "\t").encode(),
    "d.csv.gz": gzip.compress(CSV.encode(), mtime=0),
    "d.fa": FASTA.encode(),
    "d.fa.gz": gzip.compress(FASTA.encode(), mtime=0),
    "d.parquet": _table(id=NAMES, sequence=SEQUENCES, label=CLASSES),
}
MAPS = {
    "m.npz": _npz(SCORES),
    "m.h5": _hdf5({name.replace("/", "_"): scores for name, scores in SCORES.items()}),
    "m.parquet": _table(id=NAMES, scores=[SCORES[name].tolist() for name in NAMES]),
}
CARD = json.dumps({"by": "me", "summary": "s", "licence": "MIT", "install": "pip"}).encode()


def _dataset(path: Path) -> str:
    return read_dataset(path).digest


def _folders(path: Path) -> str:
    return Dataset("d", read_class_folders(path, "test")).digest


def _split(path: Path) -> str:
    return Dataset("d", read_tables(tables_in(path.parent), "test", "here")).digest


def _maps(path: Path) -> dict[str, bytes]:
    found = Precomputed(str(path), sha256=STATED.get(path.name, ""))._found
    return {name: np.asarray(scores, dtype=np.float64).tobytes() for name, scores in found.items()}


def _bundle_card(path: Path) -> Any:
    return bundle_card.read_card(path.parent)


def _model_card(path: Path) -> Any:
    return read_card(path.parent)


STATED: dict[str, str] = {}
"""Digests of files whose format has checksums for parts of it alone, while flips are tried."""

Read = Callable[[Path], Any]
READERS: dict[str, tuple[bytes, Read]] = {
    **{name: (whole, _dataset) for name, whole in DATA.items()},
    **{name: (whole, _maps) for name, whole in MAPS.items()},
    "task.zip": (_zip(), _folders),
    "test.csv": (CSV.encode(), _split),
    "card.json": (CARD, _bundle_card),
    "card.json of a model": (b'{"scores": {}}', _model_card),
}
CHECKED = ["d.csv.gz", "d.fa.gz", "task.zip", *MAPS]
"""Those whose format has checksums of all that counts, and those of which a suite can state one."""


def _place(folder: Path, name: str) -> Path:
    (folder / name.replace(" ", "_")).mkdir(exist_ok=True)
    return folder / name.replace(" ", "_") / name.partition(" ")[0]


@pytest.mark.parametrize("name", READERS)
def test_whole_files_read(tmp_path: Path, name: str) -> None:
    whole, read = READERS[name]
    path = _place(tmp_path, name)
    path.write_bytes(whole)
    assert read(path)


@pytest.mark.parametrize("examples", LENGTHS)
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, name: str, examples: int) -> None:
    whole, read = READERS[name]
    path = _place(tmp_path, name)

    @fuzzed(examples, SEEDS)
    def campaign(seed: int) -> None:
        path.write_bytes(damaged(whole, seed))
        with contextlib.suppress(GxarenaError):
            read(path)

    campaign()


@pytest.mark.parametrize("examples", LENGTHS)
@pytest.mark.parametrize("name", CHECKED)
def test_a_flipped_bit_never_gives_other_values(
    tmp_path: Path, name: str, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, read = READERS[name]
    path = _place(tmp_path, name)
    path.write_bytes(whole)
    expected = read(path)
    if name in ("m.h5", "m.parquet"):
        monkeypatch.setitem(STATED, name, hashlib.sha256(whole).hexdigest())

    @fuzzed(examples, SEEDS)
    def campaign(seed: int) -> None:
        path.write_bytes(flipped(whole, seed))
        with contextlib.suppress(GxarenaError):
            assert read(path) == expected

    campaign()

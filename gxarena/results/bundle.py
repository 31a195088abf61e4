"""A bundle: what one run measured, as one file or folder that others can read.

    run.json             the suite and the ids of its cells, as in the run's folder
    <table>.parquet      the run's tables (`gxarena.results.schemas.TABLES`)
    SHA256SUMS           a digest of each, as ``sha256sum --check`` reads them

and where they were given (see `gxarena.submissions`)

    attributions.parquet    the first samples' attributions
    card.json               who made it, and how to install what it is of

It is a folder, or a .zip that stores the same files as they are (the tables are compressed
themselves). Bundles come from anywhere: reading one executes nothing that is in it, takes no
file but these, and no more of any than the limits below. An attestation in one
(`gxarena.results.attestation`) is left where it is.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import GxarenaError, InputError, reason
from gxarena.files import RUN_FILE, file_digest, write_text, writing
from gxarena.results.packed import write_packed
from gxarena.results.reading import RunResults
from gxarena.results.schemas import REPLICATE, STATUSES, TABLES
from gxarena.unpacking import unfolded_bytes

SUMS = "SHA256SUMS"
MEMBERS = (RUN_FILE, *(f"{name}.parquet" for name in TABLES))
EXTRAS = ("attributions.parquet", "card.json")
"""What a bundle may hold besides."""
ATTESTED = ".verified.json"
"""How the name of an attestation ends; it lies beside a bundle."""
LARGEST = 2 << 30
"""Bytes of all files together, and of all values that the tables unfold to."""
MOST_ROWS = MappingProxyType({"cells": 100_000, "motifs": 1 << 20, "seqlets": 1 << 21})
"""Rows of tables that are read row by row."""
_FEW_NUMBERS = MappingProxyType({"curves": ("x",)})
"""Columns of numbers that recur: budgets."""
_NUMBERS = ["n_samples", REPLICATE]
_TEXTS = ["quantities", "model_parameters"]
LARGEST_TEXT = 1 << 26
"""Bytes of run.json, which names a million cells in less."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time that a zip gives its members: the same run gives the same bytes."""


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle's rather than a run's folder or a board."""
    return path.suffix == ".zip" or (path / SUMS).is_file()


def names_in(path: Path) -> list[str]:
    """The names of what a bundle holds."""
    if path.is_dir():
        return sorted(entry.name for entry in path.iterdir())
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def write_bundle(run: RunResults, path: Path, extras: Mapping[str, Path] | None = None) -> None:
    """Write a run's tables as a bundle: a .zip by its name, else a folder.

    Parameters
    ----------
    run : RunResults
    path : Path
    extras : mapping of a name among `EXTRAS` to the file that is copied there

    Raises
    ------
    InputError
        There is something else at that place.
    StorageError
        The disk is full or read-only.
    """
    if path.exists() and not is_bundle(path):
        raise InputError(
            f"{path}: expected nothing there or an earlier bundle, got something else. "
            "Choose another place."
        )
    if path.suffix == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            _zip(Path(folder), path, _write_folder(run, Path(folder), extras or {}))
    else:
        _write_folder(run, path, extras or {})


def _write_folder(run: RunResults, folder: Path, extras: Mapping[str, Path]) -> list[str]:
    """Write a bundle as a folder; returns the names of its files but for the digests."""
    run.record.write(folder)
    for name in TABLES:
        place, few = folder / f"{name}.parquet", _FEW_NUMBERS.get(name, ())
        write_packed(place, run.table(name), run.footer(name), few)
    for name in EXTRAS:
        if name in extras:
            with writing(folder / name) as copy, extras[name].open("rb") as source:
                shutil.copyfileobj(source, copy)
        else:  # of an earlier bundle
            (folder / name).unlink(missing_ok=True)
    names = [*MEMBERS, *(name for name in EXTRAS if name in extras)]
    sums = [f"{file_digest(folder / name)}  {name}\n" for name in names]
    write_text(folder / SUMS, "".join(sums))
    return names


def _zip(folder: Path, path: Path, names: Sequence[str]) -> None:
    with writing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in (*names, SUMS):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), (folder / name).read_bytes())


@contextmanager
def opened(path: Path) -> Iterator[RunResults]:
    """A bundle, to be read like a run while this lasts.

    Raises
    ------
    InputError
        It is none, holds other files than a bundle's, more than it may, or a file that is not what
        its digest says.
    """
    with tempfile.TemporaryDirectory() as place:
        if path.is_dir():
            folder = path
            _check_members(path, {p.name: p.lstat().st_size for p in path.iterdir()})
            _check_files([p for p in path.iterdir() if p.is_symlink() or not p.is_file()], path)
        else:
            folder = Path(place)
            _unpack(path, folder)
        _check_digests(path, folder)
        _check_tables(path, folder)
        try:
            run = _run(path, folder)
            _check_cells(path, run.table("cells"))
            yield run
        except GxarenaError as error:  # of a folder that nobody has seen
            if folder == path:
                raise
            raise type(error)(str(error).replace(str(folder), str(path))) from error


def _run(path: Path, folder: Path) -> RunResults:
    wrong = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
    try:
        run = RunResults.of_bundle(folder)
        _ = run.record.seed, run.record.headline, run.record.groupings  # what a board asks of it
    except wrong as error:
        raise _refused(path, f"a {RUN_FILE} as gxarena writes it", "another") from error
    return run


def _unpack(path: Path, folder: Path) -> None:
    """Copy the members out; no more of each than it says it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len({one.filename for one in members}) < len(members):
                raise _refused(path, "each file once", "one twice")
            _check_members(path, {one.filename: one.file_size for one in members})
            if any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise _refused(path, "files stored as they are", "compressed ones")
            for one in members:
                if one.filename.endswith(ATTESTED):
                    continue
                with archive.open(one) as source, (folder / one.filename).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (OSError, RuntimeError, zipfile.BadZipFile) as error:  # encrypted: RuntimeError
        raise _refused(path, "a .zip", reason(error)) from error


def _check_files(others: Sequence[Path], path: Path) -> None:
    """Refuse links, which lead elsewhere, and what is no file, such as a pipe nobody writes to."""
    if others:
        what = "a link" if others[0].is_symlink() else "something else"
        raise _refused(path, "files", f"{what}, {others[0].name}")


def _check_members(path: Path, sizes: Mapping[str, int]) -> None:
    """Names are compared with those of a bundle, so that no path leads out of a folder."""
    wanted = {*MEMBERS, SUMS}
    if missing := sorted(wanted - sizes.keys()):
        raise _refused(path, f"the file {missing[0]}", "none of that name")
    ignored = {name for name in sizes if name.endswith(ATTESTED) and Path(name).name == name}
    if others := sorted(sizes.keys() - wanted - {*EXTRAS} - ignored):
        known = ", ".join([*sorted(wanted), *EXTRAS])
        raise _refused(path, f"no files but {known}", repr(others[0]))
    for name in (RUN_FILE, SUMS):
        if sizes[name] > LARGEST_TEXT:
            raise _refused(path, f"at most {LARGEST_TEXT} bytes of {name}", str(sizes[name]))
    if sum(sizes.values()) > LARGEST:
        raise _refused(path, f"at most {LARGEST} bytes", str(sum(sizes.values())))


def _check_digests(path: Path, folder: Path) -> None:
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    said = {name: told for told, _, name in (line.partition("  ") for line in lines)}
    for name in (*MEMBERS, *EXTRAS):
        found = file_digest(folder / name) if (folder / name).exists() else None
        if said.get(name) != found:
            raise _refused(path, f"{name} as its digest in {SUMS} says", "another content")


def _check_tables(path: Path, folder: Path) -> None:
    """Refuse other columns, and tables that are small on disk and large in memory, unread."""
    total = 0
    for name, schema in TABLES.items():
        table = folder / f"{name}.parquet"
        try:
            if not pq.read_schema(table.absolute()).remove_metadata().equals(schema):
                raise _refused(path, f"the columns of {name} in {table.name}", "others")
            rows = pq.read_metadata(table.absolute()).num_rows
            if rows > MOST_ROWS.get(name, rows):
                raise _refused(path, f"at most {MOST_ROWS[name]} rows of {name}", str(rows))
            total += unfolded_bytes(table, LARGEST)
        except (OSError, pa.ArrowInvalid) as error:
            raise _refused(path, f"{name}.parquet to be Parquet", reason(error)) from error
        if total > LARGEST:
            raise _refused(path, f"at most {LARGEST} bytes in memory", "more")
    for name in EXTRAS:
        if name.endswith(".parquet") and (folder / name).exists():
            _check_extra_table(path, folder / name, total)


def _check_extra_table(path: Path, table: Path, total: int) -> None:
    """Its columns are for whoever reads it to know."""
    try:
        total += unfolded_bytes(table, LARGEST)
    except (OSError, pa.ArrowInvalid) as error:
        raise _refused(path, f"{table.name} to be Parquet", reason(error)) from error
    if total > LARGEST:
        raise _refused(path, f"at most {LARGEST} bytes in memory", "more")


def _check_cells(path: Path, cells: pa.Table) -> None:
    """Refuse cells that no run writes, on which a board would break or take all memory."""
    rows = cells.select(_NUMBERS + _TEXTS + ["status", "explainer"]).to_pylist()
    for row in rows:
        documents = [_document(row[name]) for name in _TEXTS]
        if None in documents or not are_quantities(documents[0] or {}):
            raise _refused(path, f"JSON objects in {', '.join(_TEXTS)}", "others")
        if row["status"] not in STATUSES or row["n_samples"] < 1 or (row[REPLICATE] or 0) < 0:
            raise _refused(path, "a status, samples and a replicate that there can be", "others")
    samples, replicates = (max((row[name] or 0 for row in rows), default=0) for name in _NUMBERS)
    values = len({row["explainer"] for row in rows}) * samples * (replicates + 1)
    if 8 * values > LARGEST:
        raise _refused(path, f"at most {LARGEST // 8} values a metric", str(values))


def _document(text: str | None) -> dict[str, Any] | None:
    """A JSON object; empty where there is no text, None where it is something else."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def are_quantities(document: dict[str, Any]) -> bool:
    """Whether each has a direction and bounds that are numbers or null."""
    return all(
        isinstance(one, dict)
        and one.get("better") in ("higher", "lower", "none")
        and len(bounds := one.get("bounds") or (None, None)) == 2
        and all(bound is None or isinstance(bound, int | float) for bound in bounds)
        for one in document.values()
    )


def _refused(path: Path, expected: str, got: str) -> InputError:
    return InputError(
        f"{path}, as a bundle: expected {expected}, got {got}. Ask whoever made it for a whole one."
    )

"""Explanations made elsewhere, read from a file and matched by sample id.

Three formats, one meaning: for each sample id an array of scores, one a token (U,), one a
nucleotide (L,), or, as contributions over A, C, G, T, (L, 4).

- Parquet: a column of ids and one of lists (for (L, 4): lists of L lists of four).
- npz, HDF5: either one array for each sample, under its id, or two arrays ``id`` (N,) and
  ``scores``, (N, L) or (N, L, 4), where rows of shorter sequences are filled up with NaN.

What a disk or a network did to a file since it was written is noticed where the format has a
checksum: npz always has, Parquet where it was written with ``write_page_checksum``, HDF5 in arrays
with the filter ``fletcher32``. Elsewhere a digest that the suite states tells.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa

from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Spans
from gxarena.dna import letters, one_hot
from gxarena.errors import InputError, MissingExtra, as_input_error, check_choice, suggest
from gxarena.files import file_digest
from gxarena.unpacking import check_unpacked, members_of, parquet_table

Level = Literal["auto", "token", "nucleotide"]
Pooling = Literal["sum", "mean"]
_ROW = 128
"""Bytes that a row's array and its name take beside what is in them."""


class Precomputed:
    """Explanations read from a file.

    Scores of nucleotides for a model with tokens are pooled over each token's nucleotides.
    Contributions over A, C, G, T, of shape (L, 4), are hypothetical ones: a nucleotide's score is
    the entry of the letter that is there (0 for N), and all four are kept where units are
    nucleotides.

    Parameters
    ----------
    path : str
        A .parquet, .npz, .h5 or .hdf5 file, laid out as this module says.
    level : "auto", "token" or "nucleotide"
        What there is a score of; "auto" goes by how many there are.
    pooling : "sum" or "mean"
        From nucleotides to tokens; "sum" keeps the total.
    id, scores : str
        Names of the two columns or arrays.
    sha256 : str
        The digest that the file must have; empty where any will do.
    """

    cost = (0, 0)

    def __init__(
        self,
        path: str,
        level: Level = "auto",
        pooling: Pooling = "sum",
        id: str = "id",  # noqa: A002 (the file's word)
        scores: str = "scores",
        sha256: str = "",
    ) -> None:
        check_choice("precomputed, level", level, get_args(Level))
        check_choice("precomputed, pooling", pooling, get_args(Pooling))
        for name, text in {"path": path, "id": id, "scores": scores, "sha256": sha256}.items():
            if not isinstance(text, str):
                raise InputError(f"precomputed, {name}: expected text, got {text!r}.")
        self._path = Path(path)
        self._level: Level = level
        self._pooling = pooling
        self._found = _read(self._path, id, scores, sha256)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """The file's scores of these samples, on the model's own units.

        Raises
        ------
        InputError
            A sample that the file does not hold, or scores of another number than there are
            units, or NaN among them.
        """
        spans = model.spans(batch.sequences)
        return [
            self._attribution(identifier, sequence, units)
            for identifier, sequence, units in zip(batch.ids, batch.sequences, spans, strict=True)
        ]

    def _attribution(self, identifier: str, sequence: str, spans: Spans) -> Attribution:
        where = f"{self._path}, sample '{identifier}'"
        given = self._scores_of(identifier, len(sequence), len(spans), where)
        hypothetical = given if given.ndim == 2 else None
        if hypothetical is not None:
            given = (hypothetical * one_hot(letters([sequence])[0])).sum(axis=1)
        if len(given) == len(spans) and self._level != "nucleotide":
            pooled = given
        else:
            pooled = np.add.reduceat(given, spans.boundaries[:-1])
            pooled = pooled / spans.widths if self._pooling == "mean" else pooled
        kept = hypothetical if len(spans) == len(sequence) else None
        return Attribution(pooled, spans, hypothetical=kept)

    def _scores_of(self, identifier: str, length: int, n_units: int, where: str) -> Floats:
        """The file's array of one sample, (U,), (L,) or (L, 4), once it is known to fit."""
        if identifier not in self._found:
            raise InputError(
                f"{self._path}: expected scores of sample '{identifier}', found none among "
                f"{len(self._found)} ids. {_some(self._found)}"
            )
        given = _trimmed(np.asarray(self._found[identifier], dtype=np.float64))
        expected = {"token": (n_units,), "nucleotide": (length,), "auto": (n_units, length)}
        fits = (given.ndim == 1 and len(given) in expected[self._level]) or (
            given.shape == (length, 4) and self._level != "token"
        )
        if not fits:
            raise InputError(
                f"{where}: expected one score for each of {_units(self._level, n_units, length)}, "
                f"got an array of shape {given.shape}."
            )
        if not np.isfinite(given).all():
            place = int(np.argwhere(~np.isfinite(given))[0, 0])
            raise InputError(f"{where}: expected finite scores, got {given[place]} at {place}.")
        return given


def _units(level: Level, n_units: int, length: int) -> str:
    tokens, nucleotides = f"{n_units} tokens", f"{length} nucleotides"
    both = f"{tokens} or {nucleotides}" if n_units != length else nucleotides
    return {"token": tokens, "nucleotide": nucleotides, "auto": both}[level]


def _trimmed(given: Floats) -> Floats:
    """Without the NaN that fill up a shorter row at its end."""
    inside = np.flatnonzero(~np.isnan(given).all(axis=tuple(range(1, given.ndim))))
    return given[: inside[-1] + 1] if len(inside) else given


def _some(known: Mapping[str, Any]) -> str:
    """What the file holds, kept short: it may be thousands of ids."""
    return f"It has, for example: {', '.join(list(known)[:5])}." if known else "It is empty."


def _read(path: Path, ids: str, scores: str, sha256: str) -> Mapping[str, Any]:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"precomputed, path: expected a file that ends in {', '.join(_READERS)}, got '{path}'."
        )
    if not path.is_file():
        raise InputError(f"precomputed, path: expected a file, found none at '{path}'.")
    if sha256 and (found := file_digest(path)) != sha256.lower():
        raise InputError(
            f"{path}: expected a file of SHA-256 {sha256.lower()}, got one of {found}."
        )
    return reader(path, ids, scores)


def _parquet(path: Path, ids: str, scores: str) -> Mapping[str, Any]:
    table = parquet_table(path)
    for column in (ids, scores):
        if column not in table.column_names:
            raise InputError(
                f"{path}: expected a column '{column}', found none. "
                f"{suggest(column, table.column_names)}"
            )
    kind = table.schema.field(scores).type
    if not pa.types.is_nested(kind):
        raise InputError(f"{path}: expected lists of numbers in column '{scores}', got {kind}.")
    with as_input_error(path, f"ids in column '{ids}'"):
        names = [str(name) for name in table.column(ids).to_pylist()]
    with as_input_error(path, f"lists of numbers in column '{scores}'"):
        rows = [np.array(row, dtype=np.float64) for row in table.column(scores).to_pylist()]
    return _unique(path, names, rows)


def _npz(path: Path, ids: str, scores: str) -> Mapping[str, Any]:
    with as_input_error(path, "an npz archive of numbers"), zipfile.ZipFile(path) as archive:
        members = members_of(path, archive)
        # Whole members, not as much as an array's header asks for: the checksum is at the end.
        contents = {one.filename.removesuffix(".npy"): archive.read(one) for one in members}
        if len(contents) < len(members):
            raise InputError(f"{path}: expected each array once, got one twice.")
        arrays = {name: _array(content) for name, content in contents.items()}
    return _arrays(path, arrays, ids, scores)


def _array(content: bytes) -> Any:
    stream = io.BytesIO(content)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _hdf5(path: Path, ids: str, scores: str) -> Mapping[str, Any]:
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{path}: expected h5py to be installed, which reads HDF5. pip install h5py"
        ) from error
    found: dict[str, Any] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item

    # An id with a slash is a group and an array: visiting gives it whole.
    with as_input_error(path, "an HDF5 file"), h5py.File(path) as file:
        file.visititems(keep)
        if apart := [name for name, item in found.items() if item.external or item.is_virtual]:
            raise InputError(f"{path}, '{apart[0]}': expected numbers, got a link to another file.")
        check_unpacked(path, sum(item.size * item.dtype.itemsize for item in found.values()))
        arrays = {
            name: np.asarray(item.asstr() if item.dtype.kind == "O" else item)
            for name, item in found.items()
        }
    return _arrays(path, arrays, ids, scores)


def _arrays(path: Path, arrays: Mapping[str, Any], ids: str, scores: str) -> Mapping[str, Any]:
    """By sample id: from two arrays of those names, else each array under its own name."""
    if ids in arrays and scores in arrays:
        if arrays[ids].ndim != 1 or arrays[scores].ndim < 2:
            raise InputError(
                f"{path}: expected '{ids}' of shape (N,) and '{scores}' of (N, L) or (N, L, 4), "
                f"got {arrays[ids].shape} and {arrays[scores].shape}."
            )
        # Each becomes an array of its own, however few bytes the file has for it.
        check_unpacked(path, len(arrays[ids]) * _ROW)
        with as_input_error(path, f"text in '{ids}'"):
            names = [
                name.decode() if isinstance(name, bytes) else str(name)
                for name in arrays[ids].tolist()
            ]
        arrays = _unique(path, names, list(arrays[scores]))
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
            raise InputError(
                f"{path}, '{name}': expected numbers of shape (units,) or (nucleotides, 4), "
                f"got {array.dtype} of shape {array.shape}."
            )
    return arrays


def _unique(path: Path, names: Sequence[str], rows: Sequence[Any]) -> Mapping[str, Any]:
    if len(names) != len(rows):
        raise InputError(
            f"{path}: expected as many rows of scores as ids, {len(names)}, got {len(rows)}."
        )
    found = dict(zip(names, rows, strict=True))
    if len(found) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: expected every sample once, got '{twice}' more than once.")
    return found


_READERS: Mapping[str, Callable[[Path, str, str], Mapping[str, Any]]] = {
    ".parquet": _parquet,
    ".npz": _npz,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}

"""Data sets: named samples, read from CSV, TSV, FASTA or Parquet, gzipped or not.

Sequences are upper-cased and must be ACGTN. Whatever is wrong with a file is one sentence that
names the file, the row and the remedy.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError, as_input_error, suggest
from gxarena.unpacking import gunzipped, parquet_table

SEQUENCE_NAMES = ("sequence", "seq", "dna")
LABEL_NAMES = ("label", "class", "y", "target")
ID_NAMES = ("id", "name", "sample_id")
ANNOTATION_NAMES = ("annotations", "intervals")
REGION_NAMES = ("region",)
COLUMNS = ("sequence", "label", "id", "annotations", "region")
"""What a column can be, and the parameters that name them."""
LARGEST_LABEL = 65_535
"""Models have an output for each class up to the largest label: more is a mistake, or a memory full
of nothing."""
_INTERVAL = re.compile(r"([0-9]{1,18})-([0-9]{1,18})([+.-]?)(?:\s+(\S.*))?")
_FOREIGN = re.compile(r"[^ACGTNacgtn]")
_LONGEST_FIELD = 2**31 - 1  # the csv module's own 131,072 is less than some models' inputs
LONGEST_SHOWN = 60
"""Characters of a value that an error shows."""
_REGION = re.compile(r"\s*([0-9]{1,18})-([0-9]{1,18})\s*")
_FASTA_LABEL = re.compile(r"\blabel=(\S+)")
_FASTA_REGION = re.compile(r"\bregion=(\S+)")


def read_dataset(
    path: Path | str,
    *,
    sequence: str = "",
    label: str = "",
    id: str = "",  # noqa: A002
    annotations: str = "",
    region: str = "",
) -> Dataset:
    """Read a file of sequences.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.fa``/``.fasta``, ``.parquet``; text formats also with ``.gz``.
    sequence, label, id, annotations, region : str
        Column names; guessed where not given. Without an id column the row number is the id; a
        FASTA header's first word is, and ``label=1`` and ``region=100-300`` in it are the label and
        the region. Annotations are 0-based and half-open, as text: ``10-20+ MA0139.2; 40-48``,
        strand and name where known. So is the region, ``100-300``, which alone is explained and
        scored (see `gxarena.data.Sample`); where it is empty all of the sequence is.

    Raises
    ------
    InputError
        The file is missing, empty, ragged, holds letters other than ACGTN, labels that are no
        integers, annotations or a region beyond the sequence, or an id twice.
    """
    path = Path(path)
    with as_input_error(path, "a file"):  # a name may be longer than names can be
        is_folder, is_file = path.is_dir(), path.is_file()
    if is_folder:
        raise InputError(f"{path}: expected a file, got a folder.")
    if not is_file:
        raise InputError(f"{path}: expected a file, found none. {_neighbours(path)}".rstrip())
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind not in _READERS:
        raise InputError(
            f"{path}: expected one of {', '.join('.' + k for k in _READERS)} (text also .gz), "
            f"got '{path.suffix}'."
        )
    wanted = dict(zip(COLUMNS, (sequence, label, id, annotations, region), strict=True))
    for what, name in wanted.items():
        if not isinstance(name, str):
            raise InputError(f"{path}, {what}: expected the name of a column, got {name!r}.")
    rows = _READERS[kind](path, wanted)
    return Dataset(path.name, tuple(_sample(path, number, *row) for number, row in enumerate(rows)))


def checked_sequence(sequence: str, where: str) -> str:
    """The sequence in upper case; InputError where it is empty or holds another letter."""
    if foreign := _FOREIGN.search(sequence):
        raise InputError(
            f"{where}: expected letters ACGTN, got {foreign.group()!r} at position "
            f"{foreign.start() + 1}."
        )
    if not sequence:
        raise InputError(f"{where}: expected a sequence, got none.")
    return sequence.upper()


_Row = tuple[str, str, str | int | None, str, str, str]
"""Where it stands, sequence, label, id, annotations, region (these three empty without any)."""


def _sample(
    path: Path,
    number: int,
    place: str,
    sequence: str,
    label: Any,
    name: str,
    annotations: str,
    region: str,
) -> Sample:
    where = f"{path}, {place}"
    sample = Sample(
        name or f"{number:07d}",
        checked_sequence(sequence, where),
        _label(label, where),
        tuple(_intervals(annotations, len(sequence), where)),
    )
    if not region.strip():
        return sample
    try:
        return sample.within(*read_region(region, where))
    except InputError as error:
        raise error if str(error).startswith(where) else InputError(f"{where}, {error}") from error


def read_region(text: str, where: str) -> tuple[int, int]:
    """Start and end of a region as text, ``100-300``; InputError where it is something else."""
    read = _REGION.fullmatch(text)
    if read is None:
        raise InputError(f"{where}: expected a region such as '100-300', got '{text}'.")
    return int(read[1]), int(read[2])


def _intervals(text: str, length: int, where: str) -> Iterator[Interval]:
    for part in filter(None, (part.strip() for part in text.split(";"))):
        read = _INTERVAL.fullmatch(part)
        start, end = (int(read[1]), int(read[2])) if read else (0, 0)
        if read is None or not start < end <= length:
            raise InputError(
                f"{where}: expected annotations such as '10-20+ NAME; 40-48' within the "
                f"{length} nucleotides, got '{part}'."
            )
        yield Interval(start, end, read[4] or "", read[3] or ".")


def _label(label: str | int | float | None, where: str) -> int | None:
    if label is None or label == "":
        return None
    try:
        number = float(label)
    except (OverflowError, TypeError, ValueError):
        number = float("nan")
    if not number.is_integer() or number < 0:
        raise InputError(f"{where}: expected a label 0, 1, 2, …, got '{_short(label)}'.")
    if number > LARGEST_LABEL:
        raise InputError(
            f"{where}: expected a label from 0 to {LARGEST_LABEL}, the number of a class, "
            f"got {number:.0f}."
        )
    return int(number)


def _short(value: object) -> str:
    """As text, which of a cell that holds a whole file is no sentence."""
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _columns(path: Path, header: list[str], wanted: Mapping[str, str]) -> tuple[int, ...]:
    """Positions of `COLUMNS`; -1 where an optional one is not there."""
    lower = [name.strip().lower() for name in header]

    def find(what: str, names: tuple[str, ...]) -> int:
        given = wanted[what]
        if given:
            if given not in header:
                raise InputError(
                    f"{path}: expected a column '{given}' ({what}). {suggest(given, header)}"
                )
            return header.index(given)
        return next((lower.index(name) for name in names if name in lower), -1)

    position = find("sequence", SEQUENCE_NAMES)
    if position < 0:
        raise InputError(
            f"{path}: expected a column of sequences ({', '.join(SEQUENCE_NAMES)}), got columns "
            f'{", ".join(header) or "none"}. Name it: sequence = "COLUMN".'
        )
    return (
        position,
        find("label", LABEL_NAMES),
        find("id", ID_NAMES),
        find("annotations", ANNOTATION_NAMES),
        find("region", REGION_NAMES),
    )


def _read_delimited(delimiter: str, path: Path, wanted: Mapping[str, str]) -> Iterator[_Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(_text(path)), delimiter=delimiter, strict=True)
    try:
        header = next(filter(None, reader), [])
        sequence, label, name, annotations, region = _columns(path, header, wanted)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(
                    f"{path}, line {reader.line_num}: expected {len(header)} columns, "
                    f"got {len(row)}."
                )
            yield (
                f"line {reader.line_num}",
                row[sequence].strip(),
                row[label].strip() if label >= 0 else None,
                row[name].strip() if name >= 0 else "",
                row[annotations] if annotations >= 0 else "",
                row[region] if region >= 0 else "",
            )
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: expected delimited text, got: {error}."
        ) from error


def _read_fasta(path: Path, wanted: Mapping[str, str]) -> Iterator[_Row]:
    del wanted  # FASTA has no columns
    text = _text(path)
    if not text.lstrip().startswith(">"):
        raise InputError(f"{path}: expected FASTA, with a first line that begins with '>'.")
    for record in text.lstrip()[1:].split("\n>"):
        header, _, body = record.partition("\n")
        name = header.split()[0] if header.split() else ""
        label, region = _FASTA_LABEL.search(header), _FASTA_REGION.search(header)
        yield (
            f"record '{name}'",
            "".join(body.split()),
            label.group(1) if label else None,
            name,
            "",
            region.group(1) if region else "",
        )


def _read_parquet(path: Path, wanted: Mapping[str, str]) -> Iterator[_Row]:
    table = parquet_table(path)
    sequence, label, name, annotations, region = _columns(path, table.column_names, wanted)
    none = [None] * len(table)
    rows = zip(
        _texts(path, table, sequence),
        _values(path, table, label) if label >= 0 else none,
        _texts(path, table, name) if name >= 0 else none,
        _texts(path, table, annotations) if annotations >= 0 else none,
        _texts(path, table, region) if region >= 0 else none,
        strict=True,
    )
    for number, (text, number_label, *others) in enumerate(rows):
        identifier, intervals, place = (other or "" for other in others)
        yield f"row {number + 1}", text or "", number_label, identifier, intervals, place


def _texts(path: Path, table: pa.Table, position: int) -> list[str | None]:
    """A column as text, whatever it was stored as: binary, a dictionary, numbers."""
    column = table.column(position)
    try:
        column = column.cast(pa.string())
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: expected text in column '{table.column_names[position]}', got {column.type}."
        ) from error
    texts: list[str | None] = _listed(path, table, position, column)
    return texts


def _values(path: Path, table: pa.Table, position: int) -> list[Any]:
    return _listed(path, table, position, table.column(position))


def _listed(path: Path, table: pa.Table, position: int, column: pa.ChunkedArray) -> list[Any]:
    """A column as Python has it, in which not all that Parquet can hold has a place."""
    with as_input_error(path, f"values of {column.type} in '{table.column_names[position]}'"):
        return column.to_pylist()  # type: ignore[no-any-return]


_READERS: dict[str, Callable[[Path, Mapping[str, str]], Iterator[_Row]]] = {
    "csv": functools.partial(_read_delimited, ","),
    "tsv": functools.partial(_read_delimited, "\t"),
    "fa": _read_fasta,
    "fasta": _read_fasta,
    "fna": _read_fasta,
    "parquet": _read_parquet,
}


def _text(path: Path) -> str:
    """A text file's content, unzipped; InputError where it cannot be read or is empty."""
    with as_input_error(path, "readable text"):
        content = gunzipped(path) if path.suffix.lower() == ".gz" else path.read_bytes()
        text = content.decode("utf-8-sig")
    if not text.strip():
        raise InputError(f"{path}: expected sequences, got an empty file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist."
    files = [file.name for file in path.parent.iterdir() if file.is_file()]
    return suggest(path.name, files) if 0 < len(files) <= 20 else ""

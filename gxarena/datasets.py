"""Data sets: named samples, read from CSV, TSV, FASTA or Parquet, gzipped or not.

Sequences are upper-cased and must be ACGTN. Whatever is wrong with a file is one sentence that
names the file, the row and the remedy.
"""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import inspect
import io
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.data import Interval, Sample
from gxarena.errors import InputError, suggest
from gxarena.registry import Registry

SEQUENCE_NAMES = ("sequence", "seq", "dna")
LABEL_NAMES = ("label", "class", "y", "target")
ID_NAMES = ("id", "name", "sample_id")
ANNOTATION_NAMES = ("annotations", "intervals")
COLUMNS = ("sequence", "label", "id", "annotations")
"""What a column can be, and the parameters that name them."""
_INTERVAL = re.compile(r"(\d+)-(\d+)([+.-]?)(?:\s+(\S.*))?")
_FOREIGN = re.compile(r"[^ACGTNacgtn]")
_LONGEST_FIELD = 2**31 - 1  # the csv module's own 131,072 is less than some models' inputs
_FASTA_LABEL = re.compile(r"\blabel=(\S+)")


@dataclass(frozen=True)
class Dataset:
    """Named samples with unique ids.

    Parameters
    ----------
    name : str
    samples : tuple of N Sample
    """

    name: str
    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        if not self.samples:
            raise InputError(f"dataset '{self.name}': expected at least one sample, got none.")
        if len({sample.id for sample in self.samples}) < len(self.samples):
            repeated = Counter(sample.id for sample in self.samples).most_common(1)[0][0]
            raise InputError(
                f"dataset '{self.name}': expected unique ids, got '{repeated}' more than once."
            )

    @functools.cached_property
    def digest(self) -> str:
        """Digest of ids, sequences, labels and annotations, in order; not of the name."""
        state = hashlib.sha256()
        for sample in self.samples:
            state.update(repr((sample.id, sample.sequence, sample.label)).encode())
            state.update(repr(sample.annotations).encode())
        return state.hexdigest()

    @functools.cached_property
    def annotated(self) -> bool:
        """Whether any sample has annotations."""
        return any(sample.annotations for sample in self.samples)

    def with_labels(self, labels: Iterable[int]) -> Dataset:
        """The samples whose label is one of `labels`."""
        wanted = set(labels)
        kept = tuple(sample for sample in self.samples if sample.label in wanted)
        if not kept:
            present = sorted({str(sample.label) for sample in self.samples})
            raise InputError(
                f"dataset '{self.name}', labels: expected some of {', '.join(present)}, "
                f"got {sorted(wanted)}."
            )
        return Dataset(self.name, kept)

    def subset(self, n: int, seed: int = 0) -> Dataset:
        """At most `n` samples in their order, as evenly as can be from every class.

        Parameters
        ----------
        n : int
        seed : int
            Chooses the samples; for one seed, a larger subset holds the smaller ones where the
            classes allow it.
        """
        if n < 1:
            raise InputError(f"dataset '{self.name}', n: expected at least 1, got {n}.")
        if n >= len(self.samples):
            return self
        members: dict[int | None, list[int]] = defaultdict(list)
        for index in np.random.default_rng(seed).permutation(len(self.samples)).tolist():
            members[self.samples[index].label].append(index)
        # Deal the classes' samples out in turn.
        place = {i: (turn, str(c)) for c, ones in members.items() for turn, i in enumerate(ones)}
        chosen = sorted(sorted(place, key=place.__getitem__)[:n])
        return Dataset(self.name, tuple(self.samples[index] for index in chosen))


def open_dataset(
    reference: str, registry: Registry | None = None, base: Path | None = None, **parameters: Any
) -> Dataset:
    """A data set by name, ``name:split`` or ``name:task:split``, or by path.

    Parameters
    ----------
    reference : str
        The name of a component of kind "datasets", or a path. What follows the name stands for
        the component's parameters ``task``, where it has one, and ``split``.
    registry : Registry, optional
        Where names are looked up; every installed plugin by default.
    base : Path, optional
        Folder that relative paths are tried in before the working directory.
    **parameters
        Passed to the component, or to `read_dataset`.
    """
    name, _, rest = reference.partition(":")
    registry = registry or Registry.load()
    if ("datasets", name) in registry.components:
        factory = registry.factory("datasets", name)
        parameters = _spelled_out(rest, factory) | parameters
        try:
            dataset: Dataset = factory(**parameters)
        except TypeError as error:
            raise InputError(
                f"dataset '{name}': expected other parameters, got {parameters} ({error})."
            ) from error
        return dataset
    path = Path(reference)
    beside = base / path if base else path
    path = beside if beside.exists() else path
    if path.exists() or path.suffix or len(path.parts) > 1:
        if unknown := sorted(set(parameters) - set(COLUMNS)):
            raise InputError(
                f"{path}: expected no parameters but the columns' names, got '{unknown[0]}'. "
                f"{suggest(unknown[0], COLUMNS)}"
            )
        return read_dataset(path, **parameters)
    raise InputError(f"unknown dataset '{name}'. {suggest(name, registry.names('datasets'))}")


def _spelled_out(rest: str, factory: Callable[..., Any]) -> dict[str, str]:
    """What stands after a component's name, as its parameters."""
    if not rest:
        return {}
    if "task" not in inspect.signature(factory).parameters:
        return {"split": rest}
    task, _, split = rest.partition(":")
    return {"task": task, "split": split} if split else {"task": task}


def read_dataset(
    path: Path | str,
    *,
    sequence: str = "",
    label: str = "",
    id: str = "",  # noqa: A002
    annotations: str = "",
) -> Dataset:
    """Read a file of sequences.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.fa``/``.fasta``, ``.parquet``; text formats also with ``.gz``.
    sequence, label, id, annotations : str
        Column names; guessed where not given. Without an id column the row number is the id; a
        FASTA header's first word is, and ``label=1`` in it is the label. Annotations are 0-based
        and half-open, as text: ``10-20+ MA0139.2; 40-48``, strand and name where known.

    Raises
    ------
    InputError
        The file is missing, empty, ragged, holds letters other than ACGTN, labels that are no
        integers, annotations beyond the sequence, or an id twice.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: expected a file, got a folder.")
    if not path.is_file():
        raise InputError(f"{path}: expected a file, found none. {_neighbours(path)}".rstrip())
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind not in _READERS:
        raise InputError(
            f"{path}: expected one of {', '.join('.' + k for k in _READERS)} (text also .gz), "
            f"got '{path.suffix}'."
        )
    wanted = {"sequence": sequence, "label": label, "id": id, "annotations": annotations}
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


_Row = tuple[str, str, str | int | None, str, str]
"""Where it stands, sequence, label, id, annotations (the last two empty where there are none)."""


def _sample(
    path: Path, number: int, place: str, sequence: str, label: Any, name: str, annotations: str
) -> Sample:
    where = f"{path}, {place}"
    return Sample(
        name or f"{number:07d}",
        checked_sequence(sequence, where),
        _label(label, where),
        tuple(_intervals(annotations, len(sequence), where)),
    )


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
    except (TypeError, ValueError):
        number = float("nan")
    if not number.is_integer() or number < 0:
        raise InputError(f"{where}: expected a label 0, 1, 2, …, got '{label}'.")
    return int(number)


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
    )


def _read_delimited(delimiter: str, path: Path, wanted: Mapping[str, str]) -> Iterator[_Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(_text(path)), delimiter=delimiter, strict=True)
    try:
        header = next(filter(None, reader), [])
        sequence, label, name, annotations = _columns(path, header, wanted)
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
        label = _FASTA_LABEL.search(header)
        yield f"record '{name}'", "".join(body.split()), label.group(1) if label else None, name, ""


def _read_parquet(path: Path, wanted: Mapping[str, str]) -> Iterator[_Row]:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{path}: expected a Parquet table, got: {reason}.") from error
    sequence, label, name, annotations = _columns(path, table.column_names, wanted)
    none = [None] * len(table)
    rows = zip(
        _texts(path, table, sequence),
        table.column(label).to_pylist() if label >= 0 else none,
        _texts(path, table, name) if name >= 0 else none,
        _texts(path, table, annotations) if annotations >= 0 else none,
        strict=True,
    )
    for number, (text, number_label, identifier, intervals) in enumerate(rows):
        yield f"row {number + 1}", text or "", number_label, identifier or "", intervals or ""


def _texts(path: Path, table: pa.Table, position: int) -> list[str | None]:
    """A column as text, whatever it was stored as: binary, a dictionary, numbers."""
    column = table.column(position)
    try:
        texts: list[str | None] = column.cast(pa.string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"{path}: expected text in column '{table.column_names[position]}', got {column.type}."
        ) from error
    return texts


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
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".gz":
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected readable text, got: {error}.") from error
    if not text.strip():
        raise InputError(f"{path}: expected sequences, got an empty file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist."
    files = [file.name for file in path.parent.iterdir() if file.is_file()]
    return suggest(path.name, files) if 0 < len(files) <= 20 else ""

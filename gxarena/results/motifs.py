"""Motifs that set metrics kept with a run: reading them back, and MEME files of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.data import Floats
from gxarena.dna import ALPHABET
from gxarena.errors import InputError, MissingExtra, StorageError
from gxarena.results.reading import RunResults
from gxarena.results.schemas import REPLICATE

_CELL = ("dataset", "model", "explainer", "aggregator", "metric_name")


@dataclass(frozen=True, eq=False)
class KeptMotif:
    """One motif of one cell.

    Attributes
    ----------
    cell : tuple of str
        Data set, model, explainer, aggregator and metric.
    replicate : int or None
        Position of the model's weights among its replicates; None where it has none.
    name, sign, contributions : str
    n_seqlets : int
    frequencies, scores : float arrays, shape (w, 4)
    trimmed : (start, end)
        The informative rows, which are compared with the database.
    match : mapping
        id, name, q, p, reverse, offset and frequencies of the entry; empty without a match.
    role : str
        Of the explainer: "method", or a control's.
    counts : bool
        Whether it says enough to be compared.
    bits : float or None
        By which it counts or does not.
    """

    cell: tuple[str, ...]
    role: str
    replicate: int | None
    name: str
    sign: str
    contributions: str
    n_seqlets: int
    frequencies: Floats
    scores: Floats
    trimmed: tuple[int, int]
    match: dict[str, Any]
    counts: bool
    bits: float | None

    @property
    def found_in(self) -> tuple[str, ...]:
        """The cell, and which replicate where the model has several."""
        position = () if self.replicate is None else (f"replicate {self.replicate}",)
        return (*self.cell, *position)

    @property
    def consensus(self) -> str:
        """The most frequent letters of the informative rows; of all where none is."""
        start, end = self.trimmed if self.trimmed[1] else (0, len(self.frequencies))
        return "".join(ALPHABET[i] for i in self.frequencies[start:end].argmax(axis=1))


def motifs_of_run(run: RunResults) -> list[KeptMotif]:
    """A run's motifs, by cell and replicate, most seqlets first.

    Raises
    ------
    InputError
        The run has none.
    """
    wanted = run.table("cells").select(["cell_id", "explainer_role", REPLICATE, *_CELL]).to_pylist()
    cells = {row["cell_id"]: row for row in wanted}
    kept = [_motif(row, cells[row["cell_id"]]) for row in run.table("motifs").to_pylist()]
    if not kept:
        raise InputError(
            f"{run.path}: expected motifs, got a run without any. Run a suite with the metric "
            "modisco, e.g. ctcf-vs-pu1; `gxarena leaderboard` shows why there is no pattern."
        )
    return sorted(
        kept,
        key=lambda motif: (
            motif.cell,
            motif.replicate or 0,
            motif.sign != "positive",
            -motif.n_seqlets,
        ),
    )


def write_meme(motifs: Sequence[KeptMotif], path: Path) -> None:
    """Write the informative rows of motifs that count as a MEME file (version 4, minimal)."""
    try:
        from memelite.io import write_meme as write
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--out: expected module '{error.name}' to be installed. pip install 'gxarena[jaspar]'"
        ) from error
    named = {
        ":".join([*motif.found_in, motif.name]).replace(" ", "-"): motif.frequencies[
            slice(*motif.trimmed)
        ].T
        for motif in motifs
        if motif.counts and motif.trimmed[1]
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(str(path), named)
    except OSError as error:
        raise StorageError(f"--out {path}: expected to write, got '{error.strerror}'.") from error


def _motif(row: dict[str, Any], cell: dict[str, Any]) -> KeptMotif:
    match = {}
    if row["match_id"] is not None:
        keys = ("id", "name", "q", "p", "reverse", "offset")
        match = {key: row[f"match_{key}"] for key in keys}
        match["frequencies"] = np.array(row["match_frequencies"])
    return KeptMotif(
        cell=tuple(cell[name] for name in _CELL),
        role=cell["explainer_role"],
        replicate=cell[REPLICATE],
        name=row["motif"],
        sign=row["sign"],
        contributions=row["contributions"],
        n_seqlets=row["n_seqlets"],
        frequencies=np.array(row["frequencies"]),
        scores=np.array(row["scores"]),
        trimmed=(row["trimmed_start"], row["trimmed_end"]),
        match=match,
        counts=row["counts"],
        bits=row["bits"],
    )

"""What somebody who verified a bundle says of it: a file beside it, from which boards take levels.

    leaderboard/quickstart.zip              the bundle
    leaderboard/quickstart.verified.json    its attestation

It lists the columns of values that were made again whole, and the cells that were run again: these
are checked, and nothing else is. Cells that were run again count where somebody else ran them than
the bundle's card names. It counts for the very bundle whose digest it names. One inside a bundle
counts for nothing: whoever makes a bundle would attest themselves. Who may lay one beside a bundle
is for whoever keeps the folder to decide, as with the bundles themselves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from gxarena.errors import InputError
from gxarena.files import file_digest, write_text
from gxarena.results.bundle import ATTESTED, EXTRAS, SUMS, names_in
from gxarena.results.reading import RunResults
from gxarena.results.verification import (
    Columns,
    Levels,
    levels_of,
    recomputed_in_words,
    replayed_in_words,
)
from gxarena.validation import Line, validated

LARGEST = 1 << 24
"""Bytes of the file."""
RELATIVE, ABSOLUTE = 1e-4, 1e-6
"""What other hardware and another order of sums may change where a cell is run again."""
_LARGEST_CARD = 1 << 16
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Who = Annotated[Line, Field(max_length=200, pattern=r"\w")]


class Recomputed(BaseModel):
    """Columns of which every value was made again from the bundle's curves or attributions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    cells: list[str] = Field(description="Ids of cells.")
    quantities: list[str] = Field(description="Of each of them.")


class Attestation(BaseModel):
    """Who verified which bundle, how far, and how that can be done again.

    Cells are drawn by the seed together with the bundle's digest, so that anybody can see whether
    they are those (`drawn`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bundle: _Digest = Field(description="Digest of the bundle's list of digests.")
    by: _Who = Field(description="Who verified it.")
    on: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = Field(description="The day, in UTC.")
    gxarena: Line = Field(min_length=1, max_length=100, description="The version that did.")
    recomputed: list[Recomputed] = Field(default=[], description="What was made again whole.")
    sequences: dict[Line, Annotated[int, Field(ge=1)]] = Field(
        default={}, description="Of each data set that was not: how many of its first sequences."
    )
    seed: int | None = Field(default=None, description="Which drew the cells that were run again.")
    replayed: list[str] = Field(default=[], description="Ids of the cells that came out the same.")
    relative: float | None = Field(default=None, description="Up to which share of each value.")
    absolute: float | None = Field(default=None, description="And up to which difference at least.")

    @property
    def columns(self) -> Columns:
        """What was made again whole."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.recomputed:
            for cell in one.cells:
                found[cell] |= {*one.quantities}
        return found


def drawn(
    cells: Sequence[Mapping[str, Any]], n: int, seed: int, digest: str
) -> list[Mapping[str, Any]]:
    """`n` of the ok cells, or all where there are fewer; decided by the seed and the bundle."""
    ok = sorted(
        (row for row in cells if row["status"] == "ok"), key=lambda row: str(row["cell_id"])
    )
    state = hashlib.sha256(f"{seed}/{digest}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(state))
    return [ok[i] for i in rng.permutation(len(ok))[:n].tolist()]


def place_beside(bundle: Path) -> Path:
    """Where a bundle's attestation is looked for."""
    name = bundle.stem if bundle.suffix == ".zip" else bundle.name
    return bundle.with_name(f"{name}{ATTESTED}")


def write_attestation(path: Path, attestation: Attestation) -> None:
    """Write it as JSON.

    Raises
    ------
    StorageError
        The disk is full or read-only.
    """
    write_text(path, json.dumps(attestation.model_dump(), indent=1) + "\n")


def read_attestation(path: Path) -> Attestation:
    """An attestation.

    Raises
    ------
    InputError
        It is none, or says too little of a replay.
    """
    if (size := path.stat().st_size) > LARGEST:
        raise InputError(f"{path}: expected at most {LARGEST} bytes, got {size}.")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: expected JSON, got {error}.") from error
    found = validated(Attestation, document, str(path))
    if not (found.recomputed or found.sequences or found.replayed):
        raise InputError(f"{path}: expected what was checked, got nothing.")
    if found.replayed and None in (found.seed, found.relative, found.absolute):
        raise InputError(
            f"{path}: expected seed, cells and tolerance of a replay, got none of some. Write it "
            "with `gxarena verify BUNDLE --replay N --attest FILE`."
        )
    for name, most in (("relative", RELATIVE), ("absolute", ABSOLUTE)):
        tolerance = getattr(found, name)
        if tolerance is not None and not 0 <= tolerance <= most:
            raise InputError(f"{path}, {name}: expected at most {most:g}, got {tolerance:g}.")
    _check_day(found.on, path)
    return found


def _check_day(text: str, path: Path) -> None:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{path}, on: expected a day, got '{text}'.") from error
    if day > (today := datetime.now(UTC).date()):
        raise InputError(f"{path}, on: expected a day up to {today}, got {text}.")


def checked_by(bundle: Path, run: RunResults) -> tuple[Levels, list[str]]:
    """How far a bundle's columns are checked, and sentences: by whom, or what counts for nothing.

    Parameters
    ----------
    bundle : Path
        As it was given.
    run : RunResults
        It, opened.
    """
    notes = [
        f"{bundle} holds {name}, which counts for nothing: nobody attests their own bundle."
        for name in names_in(bundle)
        if name.endswith(ATTESTED)
    ]
    place = place_beside(bundle)
    if not place.is_file():
        return {}, notes
    try:
        found = read_attestation(place)
        cells = [row for row in run.last_rows() if row["status"] == "ok"]
        columns = columns_of(cells)
        _check_is_of(found, place, bundle, run, cells, columns)
    except InputError as error:
        return {}, [*notes, f"{str(error).rstrip('.')}. So {place} counts for nothing."]
    whose = _why_not_somebody_else(found, run)
    levels = levels_of(columns, found.columns, () if whose else found.replayed)
    return levels, [*notes, f"{bundle}: {_in_words(found, cells, columns, whose)} ({place.name})."]


def columns_of(cells: Sequence[Mapping[str, Any]]) -> Columns:
    """The quantities of each cell, as their rows declare them."""
    return {row["cell_id"]: [*json.loads(row["quantities"] or "{}")] for row in cells}


def _in_words(
    found: Attestation, cells: Sequence[Mapping[str, Any]], columns: Columns, whose: str
) -> str:
    """What it says, to be shown on a board."""
    of = {row["dataset"]: row["n_samples"] for row in cells}
    sequences = {name: (n, of[name]) for name, n in found.sequences.items()}
    said = f"verified by {found.by}, on {found.on} with gxarena {found.gxarena}: "
    said += recomputed_in_words(columns, found.columns, sequences)
    if found.replayed:
        said += f"; {replayed_in_words(len(found.replayed), len(cells), found.seed)}, up to "
        said += f"{found.relative:g} of each value or {found.absolute:g}"
    return f"{said}; {whose}, so that no row is replayed" if whose and found.replayed else said


def _why_not_somebody_else(found: Attestation, run: RunResults) -> str:
    """Why it is not known that somebody else than whose run it is ran cells again; empty if it is.

    Who is called like those of the card, or part of that, is taken for one of them.
    """
    path = run.path / EXTRAS[1]
    try:
        card = json.loads(path.read_text("utf-8")) if path.stat().st_size < _LARGEST_CARD else None
    except (OSError, RecursionError, ValueError):
        card = None
    maker = card.get("by") if isinstance(card, dict) else None
    if not isinstance(maker, str) or not (one := _words(maker)):
        return "no card says whose run it is"
    other = _words(found.by)
    same = f" {one} " in f" {other} " or f" {other} " in f" {one} "
    return "this is said by those whose run it is" if same else ""


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _check_is_of(
    found: Attestation,
    place: Path,
    bundle: Path,
    run: RunResults,
    cells: Sequence[Mapping[str, Any]],
    columns: Columns,
) -> None:
    """Refuse what is of another bundle, of other columns, or of other cells than its seed draws."""
    digest = file_digest(run.path / SUMS)
    if found.bundle != digest:
        raise InputError(
            f"{place}: expected the digest of {bundle}, {digest[:8]}…, got {found.bundle[:8]}…, "
            "that of another one. Verify this one with --attest."
        )
    for cell, keys in found.columns.items():
        if others := {*keys}.difference(columns.get(cell, ())):
            raise InputError(
                f"{place}, recomputed: expected quantities of cells of {bundle}, got "
                f"'{min(others)}' of '{cell}'."
            )
    of = {row["dataset"]: row["n_samples"] for row in cells}
    for dataset, n in found.sequences.items():
        if n > of.get(dataset, 0):
            raise InputError(
                f"{place}, sequences: expected at most those of {bundle}, {of.get(dataset, 0)}, "
                f"got {n} of '{dataset}'."
            )
    if found.replayed:
        again = drawn(cells, len(found.replayed), found.seed or 0, digest)
        if [row["cell_id"] for row in again] != found.replayed:
            raise InputError(
                f"{place}, replayed: expected the {len(again)} cells of {bundle} that the seed "
                f"{found.seed} draws, got others."
            )


def attestation(
    digest: str,
    by: str,
    *,
    version: str,
    today: date,
    recomputed: Columns,
    sequences: Mapping[str, int],
    seed: int,
    replayed: Sequence[str],
) -> Attestation:
    """An attestation of what was found just now.

    Raises
    ------
    InputError
        Nothing was checked that one could attest, or nobody says who did.
    """
    if not (recomputed or sequences or replayed):
        raise InputError(
            "--attest: expected a bundle that holds, with curves, with attributions or with "
            "--replay, got one of which nothing was made again."
        )
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for cell, keys in recomputed.items():
        alike[tuple(sorted(keys))].append(cell)
    document: dict[str, Any] = {
        "bundle": digest,
        "by": by,
        "on": today.isoformat(),
        "gxarena": version,
        "recomputed": [{"cells": c, "quantities": [*keys]} for keys, c in alike.items()],
        "sequences": dict(sequences),
    }
    if replayed:
        document |= {"seed": seed, "replayed": [*replayed]}
        document |= {"relative": RELATIVE, "absolute": ABSOLUTE}
    return validated(Attestation, document, "--attest")

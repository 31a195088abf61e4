"""What somebody who verified a bundle says of it: a file beside it, from which boards take levels.

    leaderboard/quickstart.zip              the bundle
    leaderboard/quickstart.verified.json    its attestation

It counts for the very bundle whose digest it names. One inside a bundle counts for nothing: whoever
makes a bundle would attest themselves. Who may lay one beside a bundle is for whoever keeps the
folder to decide, as with the bundles themselves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gxarena.errors import InputError
from gxarena.files import file_digest, write_text
from gxarena.results.bundle import ATTESTED, SUMS, names_in
from gxarena.results.reading import RunResults
from gxarena.results.verification import RECOMPUTED, REPLAYED, SELF_REPORTED
from gxarena.validation import Line, validated

LARGEST = 1 << 20
"""Bytes of the file."""
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Attestation(BaseModel):
    """Who verified which bundle, how far, and how that can be done again.

    Cells are drawn by the seed together with the bundle's digest, so that anybody can see whether
    they are those (`gxarena.submissions.replay.drawn`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bundle: _Digest = Field(description="Digest of the bundle's list of digests.")
    level: Literal["recomputed", "replayed"] = Field(description="How far it was checked.")
    by: Line = Field(min_length=1, max_length=200, description="Who verified it.")
    on: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = Field(description="The day, in UTC.")
    gxarena: Line = Field(min_length=1, max_length=100, description="The version that did.")
    seed: int | None = Field(default=None, description="Which drew the cells that were run again.")
    replayed: list[str] = Field(default=[], description="Ids of the cells that came out the same.")
    relative: float | None = Field(default=None, description="Up to which share of each value.")
    absolute: float | None = Field(default=None, description="And up to which difference at least.")

    @property
    def sentence(self) -> str:
        """What it says, to be shown on a board."""
        said = f"{self.level} by {self.by}, on {self.on} with gxarena {self.gxarena}"
        if self.level == REPLAYED:
            said += (
                f"; {len(self.replayed)} cells that the seed {self.seed} drew came out the same, "
                f"up to {self.relative:g} of each value or {self.absolute:g}"
            )
        return said


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
    said = (found.seed, found.relative, found.absolute)
    if found.level == REPLAYED and (not found.replayed or None in said):
        raise InputError(
            f"{path}: expected seed, cells and tolerance of a replay, got none of some. Write it "
            "with `gxarena verify BUNDLE --replay N --attest FILE`."
        )
    return found


def level_of(bundle: Path, run: RunResults) -> tuple[str, list[str]]:
    """How far somebody else checked a bundle, and sentences: who did, or what counts for nothing.

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
        return SELF_REPORTED, notes
    try:
        found = read_attestation(place)
        _check_is_of(found, place, bundle, run)
    except InputError as error:
        return SELF_REPORTED, [*notes, f"{str(error).rstrip('.')}. So {place} counts for nothing."]
    return found.level, [*notes, f"{bundle}: {found.sentence} ({place.name})."]


def _check_is_of(found: Attestation, place: Path, bundle: Path, run: RunResults) -> None:
    digest = file_digest(run.path / SUMS)
    if found.bundle != digest:
        raise InputError(
            f"{place}: expected the digest of {bundle}, {digest[:8]}…, got {found.bundle[:8]}…, "
            "that of another one. Verify this one with --attest."
        )
    if others := set(found.replayed) - {*run.record.cells}:
        raise InputError(f"{place}: expected cells of {bundle}, got '{min(others)}'.")


def attestation(
    digest: str,
    level: str,
    by: str,
    *,
    version: str,
    today: date,
    seed: int,
    replayed: Sequence[str],
    tolerance: tuple[float, float],
) -> Attestation:
    """An attestation of what was found just now.

    Raises
    ------
    InputError
        Nothing was checked that one could attest, or nobody says who did.
    """
    if level not in (RECOMPUTED, REPLAYED):
        raise InputError(
            "--attest: expected a bundle that holds, with attributions or with --replay, got one "
            f"whose level stays {level}."
        )
    of_replay = (
        {"seed": seed, "replayed": [*replayed], "relative": tolerance[0], "absolute": tolerance[1]}
        if level == REPLAYED
        else {}
    )
    document = {
        "bundle": digest,
        "level": level,
        "by": by,
        "on": today.isoformat(),
        "gxarena": version,
    } | of_replay
    return validated(Attestation, document, "--attest")

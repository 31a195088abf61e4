"""`gxarena verify`: whether what a bundle says follows from what it holds.

Nothing that came in a bundle is executed: its tables are read with fixed schemas, its suite is held
against the suite's own schema, its texts are shown and never interpreted. What is computed again is
computed by the components that are installed here, named by the bundle, with parameters that lead
to no file.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from gxarena import __version__
from gxarena.errors import InputError
from gxarena.files import file_digest
from gxarena.registry import Registry
from gxarena.results.attestation import Attestation, attestation, drawn
from gxarena.results.bundle import ATTESTED, SUMS, names_in, opened
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.verification import (
    LEVELS,
    Columns,
    levels_of,
    recomputed_in_words,
    replayed_in_words,
)
from gxarena.run.suite import Suite
from gxarena.submissions.attributions import FILE, Attributions
from gxarena.submissions.card import Card, read_card
from gxarena.submissions.cells import Row, checked_cells
from gxarena.submissions.constants import check_constants
from gxarena.submissions.curves import confirmed_by_curves
from gxarena.submissions.digests import (
    check_agreement,
    check_components,
    check_ids,
    check_installation,
)
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.installed import Installed
from gxarena.submissions.motifs import check_motifs
from gxarena.submissions.recomputation import Recomputation
from gxarena.submissions.replay import NOT_HERE, Replay
from gxarena.submissions.values import Values, checked_values
from gxarena.validation import validated

STRUCTURE = "structure"
RAN_AGAIN = "cells run again"
"""How the counts call them."""


@dataclass
class Verdict:
    """What came of a verification.

    Attributes
    ----------
    findings : Findings
        None where the bundle holds.
    seed : int
        By which cells are drawn that are run again.
    columns : mapping of cell's id to quantities
        All that it holds values of.
    recomputed : mapping of cell's id to quantities
        Those of which every value was made again.
    sequences : mapping of data set to (n, of)
        Where so many of so many sequences of each explanation were made again, not all.
    digest : str
        Of the bundle: of its list of digests.
    replayed : list of str
        Ids of the cells that were run again and agree.
    counts : mapping of str to int
        What was looked at.
    card : Card or None
        What whoever made it says of it.
    """

    findings: Findings
    seed: int
    digest: str = ""
    card: Card | None = None
    columns: Columns = field(default_factory=dict)
    recomputed: Columns = field(default_factory=dict)
    sequences: dict[str, tuple[int, int]] = field(default_factory=dict)
    replayed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the bundle, and all that was asked for was done."""
        return not self.findings

    @property
    def only_not_here(self) -> bool:
        """Whether all that is missing is what cells would be run again with."""
        return self.findings.counts.keys() == {NOT_HERE}

    @property
    def levels(self) -> Mapping[str, int]:
        """How many columns are checked how far (see `gxarena.results.verification.LEVELS`).

        None is where something speaks against the bundle; what is not installed here does not.
        """
        recomputed = self.recomputed if self.holds or self.only_not_here else {}
        found = levels_of(self.columns, recomputed, self.replayed if self.holds else ())
        counts = Counter(level for cell in found.values() for level in cell.values())
        return {level: counts[level] for level in LEVELS}

    @property
    def sentence(self) -> str:
        """Which share was checked."""
        said = recomputed_in_words(self.columns, self.recomputed, self.sequences)
        if self.replayed:
            n = len(self.replayed)
            said += f"; {replayed_in_words(n, len(self.columns), self.seed)}"
        return said


def verify(
    path: Path,
    *,
    replays: int = 0,
    seed: int | None = None,
    registry: Registry | None = None,
) -> Verdict:
    """Check a bundle.

    Parameters
    ----------
    path : Path
        A .zip or a folder.
    replays : int
        How many of its ok cells are run again here, where nothing speaks against it so far.
    seed : int, optional
        Which draws them, together with the bundle's digest; one that nobody knows where not given.
    registry : Registry, optional
        Whose components values are computed with again; all that are installed by default.

    Raises
    ------
    InputError
        There is nothing at that place, or fewer than no cells are to be run again.
    """
    if replays < 0:
        raise InputError(f"--replay: expected 0 or more cells, got {replays}.")
    if not path.exists():
        raise InputError(f"{path}: expected a bundle, got nothing there.")
    verdict = Verdict(Findings(), seed=secrets.randbelow(2**32) if seed is None else seed)
    registry = registry or Registry.load()
    with verdict.findings.guarding(STRUCTURE), opened(path) as run:
        verdict.findings.notes += (
            f"It holds {quoted(name)}, which counts for nothing: nobody attests their own bundle."
            for name in names_in(path)
            if name.endswith(ATTESTED)
        )
        _check(run, verdict, registry, replays)
    return verdict


def _check(run: RunResults, verdict: Verdict, registry: Registry, replays: int) -> None:
    """Everything, in the order in which one finding explains another."""
    findings = verdict.findings
    verdict.digest = file_digest(run.path / SUMS)
    _card(run, verdict)
    suite: Suite | None = None
    cells: Sequence[Row] = ()
    values = Values()
    with findings.guarding("cells"):
        suite = validated(Suite, dict(run.record.document), "run.json, document")
        cells = checked_cells(run, suite, findings)
    with findings.guarding("values"):
        values = checked_values(run, cells, findings)
    verdict.counts |= {"cells": len(cells), "values": values.n}
    verdict.columns = values.of
    if suite is None:
        return
    installed = Installed(registry, suite)
    with findings.guarding("digests"):
        check_installation(cells, values, installed, findings)
        check_agreement(cells, suite, findings)
        check_components(cells, suite, installed, findings)
        check_ids(cells, suite, installed, findings)
    with findings.guarding("motifs"):
        check_motifs(run, cells, values, findings)
    held = _attributions(run, findings)
    confirmed = _confirmed(run, cells, values, held, installed, verdict)
    _note_what_was_made_again(cells, values, confirmed, verdict)
    with findings.guarding("constants"):
        check_constants(cells, values, confirmed, findings)
    pa.default_memory_pool().release_unused()  # what reading took, before the board takes as much
    with findings.guarding(STRUCTURE):
        verdict.counts["rows of the board"] = len(leaderboard_of(run))
    if not verdict.holds:
        return
    if replays:
        chosen = drawn(cells, replays, verdict.seed, verdict.digest)
        replay = Replay(suite, values, held, verdict.card, registry, findings)
        verdict.counts[RAN_AGAIN] = len(chosen)
        verdict.counts["of these the same"] = replay.of(chosen)
        if not findings:
            verdict.replayed = [str(row["cell_id"]) for row in chosen]


def _attributions(run: RunResults, findings: Findings) -> Attributions | None:
    if not (run.path / FILE).exists():
        findings.notes.append("It holds no attributions, so that nothing was made again from any.")
        return None
    with findings.guarding("attributions"):
        return Attributions(run.path)
    return None


def _confirmed(
    run: RunResults,
    cells: Sequence[Row],
    values: Values,
    held: Attributions | None,
    installed: Installed,
    verdict: Verdict,
) -> dict[tuple[str, str], int]:
    """How many first values of each column, by cell and quantity, were computed again the same."""
    confirmed: dict[tuple[str, str], int] = {}
    findings = verdict.findings
    with findings.guarding("curves"):
        whole = confirmed_by_curves(run, cells, values, installed, findings)
        confirmed = {(cell, key): len(values.of[cell][key]) for cell, key in whole}
    verdict.counts["columns that their curves come to"] = len(confirmed)
    if held is None:
        return confirmed
    with findings.guarding("attributions"):
        again = Recomputation(cells, values, held, installed, findings).confirmed()
        verdict.counts["columns that their attributions come to"] = len(again)
        verdict.counts["values of these that were made again"] = sum(again.values())
        confirmed |= {column: n for column, n in again.items() if column not in confirmed}
    return confirmed


def _note_what_was_made_again(
    cells: Sequence[Row],
    values: Values,
    confirmed: Mapping[tuple[str, str], int],
    verdict: Verdict,
) -> None:
    """The columns that were made again whole and, where some were in part, of how many samples."""
    datasets = {row["cell_id"]: row["dataset"] for row in cells}
    whole: dict[str, list[str]] = defaultdict(list)
    for (cell, key), n in confirmed.items():
        of = len(values.of[cell][key])
        if n == of:
            whole[cell].append(key)
        elif n:
            verdict.sequences[datasets[cell]] = (n, of)
    verdict.recomputed = whole


def attested(verdict: Verdict, by: str) -> Attestation:
    """What boards may say of a bundle that holds.

    Raises
    ------
    InputError
        It does not hold, nothing was checked that one could attest, or nobody says who did.
    """
    return attestation(
        verdict.digest,
        by,
        version=__version__,
        today=datetime.now(UTC).date(),
        recomputed=verdict.recomputed if verdict.holds else {},
        sequences={name: n for name, (n, _) in verdict.sequences.items()} if verdict.holds else {},
        seed=verdict.seed,
        replayed=verdict.replayed if verdict.holds else [],
    )


def _card(run: RunResults, verdict: Verdict) -> None:
    with verdict.findings.guarding("card"):
        verdict.card = read_card(run.path)
        if verdict.card is None:
            verdict.findings.notes.append("It holds no card: nobody says who made it.")


def as_document(verdict: Verdict, path: Path) -> Mapping[str, object]:
    """A verdict as JSON can hold it."""
    return {
        "bundle": str(path),
        "digest": verdict.digest,
        "holds": verdict.holds,
        "levels": verdict.levels,
        "checked": verdict.sentence if verdict.holds else None,
        "seed": verdict.seed if RAN_AGAIN in verdict.counts else None,
        "card": verdict.card.model_dump() if verdict.card else None,
        "findings": [
            {"check": one.check, "sentence": one.sentence} for one in verdict.findings.listed
        ],
        "found": dict(verdict.findings.counts),
        "notes": verdict.findings.notes,
        "counts": verdict.counts,
    }

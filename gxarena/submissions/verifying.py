"""`gxarena verify`: whether what a bundle says follows from what it holds.

Nothing that came in a bundle is executed: its tables are read with fixed schemas, its suite is held
against the suite's own schema, its texts are shown and never interpreted. What is computed again is
computed by the components that are installed here, named by the bundle, with parameters that lead
to no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gxarena.errors import GxarenaError, InputError
from gxarena.files import file_digest
from gxarena.registry import Registry
from gxarena.results.bundle import SUMS, opened
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.verification import RECOMPUTED, SELF_REPORTED
from gxarena.run.suite import Suite
from gxarena.submissions import attributions
from gxarena.submissions.card import Card, read_card
from gxarena.submissions.cells import Row, checked_cells
from gxarena.submissions.constants import check_constants
from gxarena.submissions.curves import confirmed_by_curves
from gxarena.submissions.digests import check_agreement, check_installation
from gxarena.submissions.findings import Findings
from gxarena.submissions.installed import Installed
from gxarena.submissions.recomputation import Recomputation
from gxarena.submissions.values import Values, checked_values
from gxarena.validation import validated

STRUCTURE = "structure"


@dataclass
class Verdict:
    """What came of a verification.

    Attributes
    ----------
    findings : Findings
        None where the bundle holds.
    level : str
        How far it is checked now (see `gxarena.results.verification.LEVELS`).
    digest : str
        Of the bundle: of its list of digests.
    counts : mapping of str to int
        What was looked at.
    card : Card or None
        What whoever made it says of it.
    """

    findings: Findings
    level: str = SELF_REPORTED
    digest: str = ""
    card: Card | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the bundle."""
        return not self.findings


def verify(path: Path, registry: Registry | None = None) -> Verdict:
    """Check a bundle.

    Parameters
    ----------
    path : Path
        A .zip or a folder.
    registry : Registry, optional
        Whose components values are computed with again; all that are installed by default.

    Raises
    ------
    InputError
        There is nothing at that place.
    """
    if not path.exists():
        raise InputError(f"{path}: expected a bundle, got nothing there.")
    verdict = Verdict(Findings())
    try:
        with opened(path) as run:
            _check(run, verdict, registry or Registry.load())
    except GxarenaError as error:
        verdict.findings.say(STRUCTURE, str(error))
    return verdict


def _check(run: RunResults, verdict: Verdict, registry: Registry) -> None:
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
    if suite is None:
        return
    installed = Installed(registry, suite)
    with findings.guarding("digests"):
        check_installation(cells, values, installed, findings)
        check_agreement(cells, suite, findings)
    confirmed = _confirmed(run, cells, values, installed, verdict)
    with findings.guarding("constants"):
        check_constants(cells, values, confirmed, findings)
    with findings.guarding(STRUCTURE):
        verdict.counts["rows of the board"] = len(leaderboard_of(run))
    if verdict.holds:
        verdict.level = RECOMPUTED


def _confirmed(
    run: RunResults,
    cells: Sequence[Row],
    values: Values,
    installed: Installed,
    verdict: Verdict,
) -> set[tuple[str, str]]:
    """Columns of values, by cell and quantity, that were computed again and are the same."""
    confirmed: set[tuple[str, str]] = set()
    findings = verdict.findings
    with findings.guarding("curves"):
        confirmed = confirmed_by_curves(run, cells, values, installed, findings)
    verdict.counts["columns that their curves come to"] = len(confirmed)
    if not (run.path / attributions.FILE).exists():
        findings.notes.append("It holds no attributions, so that nothing was made again from any.")
        return confirmed
    with findings.guarding("attributions"):
        held = attributions.Attributions(run.path)
        again = Recomputation(cells, values, held, installed, findings).confirmed()
        verdict.counts["columns that their attributions come to"] = len(again)
        confirmed |= again
    return confirmed


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
        "level": verdict.level,
        "card": verdict.card.model_dump() if verdict.card else None,
        "findings": [
            {"check": one.check, "sentence": one.sentence} for one in verdict.findings.listed
        ],
        "found": dict(verdict.findings.counts),
        "notes": verdict.findings.notes,
        "counts": verdict.counts,
    }

"""Cells of a bundle, run again with what is installed here and held against what it says.

Which ones the verifier's seed draws, together with the bundle's digest: nobody who makes a bundle
knows them. They run in a folder of their own, by the runner that runs every suite; components come
from this installation, data from what it can read, neither from the bundle.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.data import Floats
from gxarena.errors import GxarenaError
from gxarena.registry import Registry
from gxarena.results.attestation import ABSOLUTE, RELATIVE
from gxarena.results.contestants import values_of_cells
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import run
from gxarena.run.store import Store
from gxarena.run.suite import KINDS, Suite
from gxarena.submissions.attributions import Attributions
from gxarena.submissions.card import Card
from gxarena.submissions.cells import Row, named
from gxarena.submissions.curves import differing
from gxarena.submissions.findings import Findings, plain, quoted
from gxarena.submissions.paths import leads_outward, path_of
from gxarena.submissions.values import Values, column_name

CHECK, NOT_HERE = "replay", "installation"
"""What differs when it is run again; what cannot be run here."""


@dataclass(frozen=True)
class Replay:
    """What cells of a bundle are run again with, and held against.

    Attributes
    ----------
    suite : Suite
        The bundle's.
    values : Values
        The bundle's.
    attributions : Attributions or None
        Those that the bundle holds.
    card : Card or None
        Which says how to install what is not here.
    registry : Registry
    findings : Findings
    """

    suite: Suite
    values: Values
    attributions: Attributions | None
    card: Card | None
    registry: Registry
    findings: Findings

    def of(self, cells: Sequence[Row]) -> int:
        """Run the cells again; how many came out the same."""
        same, others = 0, 0
        # What two of them read is computed once: they share a folder's store.
        with tempfile.TemporaryDirectory() as place:
            for row in cells:
                before = self.findings.counts.total()
                with self.findings.guarding(CHECK):
                    plan = self._plan(row)
                    if plan is not None:
                        others += plan.cells[0].id != row["cell_id"]
                        self._compare(row, plan, Path(place, "run"))
                same += self.findings.counts.total() == before
        if others:
            self.findings.notes.append(
                f"{others} of the {len(cells)} cells drawn were made by code of another version "
                "than is installed here."
            )
        return same

    def _plan(self, row: Row) -> Plan | None:
        """A plan of this cell alone; None, and a finding, where it cannot be made here."""
        labels = list(self._labels(row))
        for kind, label in labels:
            alias = dict(self.suite.aliases(kind).get(label, {}))
            name = str(alias.pop("name", label))
            opens = kind in ("models", "explainers")
            if leads := path_of(alias, opens=opens):
                where = f"{named(row)}, {kind}.{plain(label)}"
                expected = "what can be named without a path, since bundles hold no such file"
                self.findings.add(NOT_HERE, where, expected, quoted(leads), _remedy(alias, leads))
                return None
            if (kind, name) not in self.registry.components:
                where = f"{named(row)}, {kind.removesuffix('s')} {quoted(name)}"
                self.findings.add(NOT_HERE, where, "it to be installed", "none", self._how())
                return None
        try:
            plan = make_plan(self._alone(row), self.registry, limit=row["n_samples"])
        except GxarenaError as error:
            where = f"{named(row)}, planned here"
            self.findings.add(NOT_HERE, where, "a cell", plain(error).rstrip("."), self._how())
            return None
        same = ("model", "explainer", "aggregator", "metric", "metric_name")
        plan.cells[:] = [
            cell
            for cell in plan.cells
            if cell.position == row["model_replicate"]
            and all(getattr(cell, name) == row[name] for name in same)
        ]
        if len(plan.cells) != 1:
            got = f"{len(plan.cells)} of these labels"
            self.findings.add(CHECK, f"{named(row)}, planned here", "one cell", got)
            return None
        if plan.datasets[row["dataset"]].digest != row["dataset_digest"]:
            where = f"{named(row)}, data set {quoted(row['dataset'])} as it is here"
            self.findings.add(CHECK, where, f"the digest {row['dataset_digest']}", "another")
            return None
        return plan

    def _labels(self, row: Row) -> Iterator[tuple[str, str]]:
        """(kind, label) of all that the cell may read."""
        for kind in KINDS:
            yield kind, str(row[kind.removesuffix("s")])
        if row["against"]:
            model, _, explainer = row["against"].partition("/")
            yield from (("models", model), ("explainers", explainer))
        if self.suite.partition:
            yield "models", self.suite.partition

    def _alone(self, row: Row) -> Suite:
        """The suite with a matrix of this cell's labels."""
        own = row["against"] == f"{row['model']}/{row['explainer']}"
        block: dict[str, Any] = {kind: [row[kind.removesuffix("s")]] for kind in KINDS}
        block["against"] = [row["against"]] if row["against"] and not own else []
        return Suite.model_validate(self.suite.model_dump() | {"matrix": [block]})

    def _how(self) -> str:
        if self.card is None:
            return "The bundle has no card that says how to install it."
        return f"Its card says how to install it: {quoted(self.card.install)}."

    def _compare(self, row: Row, plan: Plan, folder: Path) -> None:
        """Run the plan's only cell, and find what differs."""
        run(plan, folder)
        results = RunResults.of(folder)
        (again,) = results.last_rows()
        if again["status"] != "ok":
            got = f"{again['status']}: {plain(again['error_message'] or '')}".rstrip(".")
            self.findings.add(CHECK, named(row), "it to be ok here too", got)
            return
        table = results.table("samples")
        ids = self.values.ids.get(row["dataset"], ())
        found = values_of_cells(table)
        for key, given in self.values.of[row["cell_id"]].items():
            name = column_name(row, key)
            values = found.get((again["cell_id"], name), np.full(len(given), np.nan))
            self._hold(f"{named(row)}, {quoted(name)}", given, values, ids)
        self._hold_attributions(row, results)

    def _hold(self, where: str, given: Floats, again: Floats, ids: Sequence[str]) -> None:
        if len(given) != len(again):
            self.findings.add(CHECK, where, f"{len(again)} values, as here", f"{len(given)}")
            return
        wrong = np.flatnonzero(differing(given, again, RELATIVE, ABSOLUTE))
        if len(wrong):
            sample = f", sample {quoted(ids[wrong[0]])}" if len(given) == len(ids) else ""
            more = f" (and {len(wrong) - 1} more differ)" if len(wrong) > 1 else ""
            expected = f"{again[wrong[0]]:.9g} up to {RELATIVE:g}, as run again here"
            self.findings.add(CHECK, f"{where}{sample}", expected, f"{given[wrong[0]]:.9g}{more}")

    def _hold_attributions(self, row: Row, results: RunResults) -> None:
        """The attributions in the bundle are those that the cell's explainer gives here."""
        if self.attributions is None:
            return
        (again,) = results.last_rows()
        rows = self.attributions.rows(row["attributions_key"])
        store = Store(results.path / "store")
        table = store.first("attributions", again["attributions_key"], len(rows))
        for given, scores in zip(rows, table["scores"].to_pylist(), strict=True):
            one, other = (np.array(s, dtype=np.float64) for s in (given["scores"], scores))
            most = ABSOLUTE + RELATIVE * np.abs(other).max(initial=0.0)
            if len(one) != len(other) or differing(one, other, 0.0, most).any():
                where = f"{named(row)}, attributions of sample {quoted(given['sample_id'])}"
                self.findings.add(CHECK, where, "those that it gives here", "others")
                return


def _remedy(alias: Mapping[str, Any], leads: str) -> str:
    """Another folder helps where a mere name happens to be that of a file here, else nothing."""
    if leads != alias.get("path") and not leads_outward(leads):
        return "Something of that name lies in this folder: verify from another one."
    return "Nobody without that file can run the cell again: verify without --replay."

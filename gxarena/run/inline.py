"""The engine without a child: every cell in this process, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from gxarena.run.cell_rows import CellRows
from gxarena.run.cell_writer import CellWriter
from gxarena.run.cells import Cell
from gxarena.run.plan import Plan
from gxarena.run.scoring import Scoring
from gxarena.run.stages import Stages
from gxarena.run.surroundings import fix_threads

Settled = tuple[Cell, str, str]
"""A cell with its status and its error message."""


def run_inline(
    plan: Plan, cells: Sequence[Cell], out: CellWriter, stages: Stages
) -> Iterator[Settled]:
    """Score cells and write what came of each, those of one explainer together."""
    rows, scoring = CellRows(plan), Scoring(plan, stages)
    with fix_threads():
        for cell in in_order(cells):
            row = rows.of(cell) | {"started": datetime.now(UTC)}
            try:
                outcome, parts = scoring.outcome(cell, whole=rows.is_whole(cell.metric))
            except KeyboardInterrupt:
                out.add(row | {"status": "interrupted", "seconds": 0.0})
                out.write()
                raise
            out.add(row | outcome, parts)
            out.write()
            yield cell, outcome["status"], outcome.get("error_message") or ""


def in_order(cells: Sequence[Cell]) -> list[Cell]:
    """Cells of one set of weights and explainer together: each is loaded once.

    What compares replicates comes last, when each of them is explained.
    """

    def place(cell: Cell) -> tuple[Any, ...]:
        several = len(cell.against) > 1
        return cell.dataset, cell.model, several, cell.weights, cell.explainer, bool(cell.against)

    return sorted(cells, key=place)

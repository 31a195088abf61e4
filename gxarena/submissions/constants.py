"""Columns that cannot have been measured: one number for everybody, the random control included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from gxarena.submissions.cells import Row
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.values import Values, bounds_of, column_name, quantities_of

CHECK = "constants"
FLOOR = "floor"
"""The role of controls that know nothing."""
FEW = 30
"""Values up to which all of them may be at a bound by chance, as where nobody hits a target."""


def check_constants(
    cells: Sequence[Row],
    values: Values,
    confirmed: Mapping[tuple[str, str], int],
    findings: Findings,
) -> None:
    """Find quantities that rank and are the same number for every explainer and sample.

    Parameters
    ----------
    confirmed : mapping of (cell, quantity) to int
        How many of the first values follow from curves or attributions, whatever they are; the
        others may be anything.
    """
    columns: dict[tuple[str, ...], list[tuple[Row, str]]] = defaultdict(list)
    for row in cells:
        for key, quantity in quantities_of(row).items() if row["cell_id"] in values.of else ():
            if quantity.get("better") != "none" and key in values.of[row["cell_id"]]:
                name = column_name(row, key)
                columns[row["dataset"], row["model"], row["aggregator"], name].append((row, key))
    for labels, members in columns.items():
        if len(members) < 2 or not any(row["explainer_role"] == FLOOR for row, _ in members):
            continue  # those that all do well may all have the best value there is
        unseen = [
            values.of[row["cell_id"]][key][confirmed.get((row["cell_id"], key), 0) :]
            for row, key in members
        ]
        numbers = np.concatenate(unseen)
        known = numbers[np.isfinite(numbers)]
        if len(known) <= sum(len(one) > 0 for one in unseen) or (known != known[0]).any():
            continue
        row, key = members[0]
        where = f"{quoted(' / '.join(labels))}, all {len(members)} cells"
        got = f"{known[0]:.9g} in each of {len(known)}, as if hard-coded"
        if known[0] in bounds_of(quantities_of(row)[key]) and len(known) <= FEW:
            findings.notes.append(f"{where}: every value is {known[0]:.9g}, which is a bound.")
        else:
            expected = "values that differ between explainers or samples"
            findings.add(CHECK, where, expected, got)

"""What a component says in a process of its own: the same, whatever chance that one has."""

from __future__ import annotations

from typing import Any

import numpy as np

from gxarena.testing.checks import Failed, check
from gxarena.testing.spawned import answered_elsewhere, answers_of
from gxarena.testing.subjects import Subject

CLOSE = 1e-4
"""Relative to the largest number: what another start may change in last bits."""


@check("explainers", "models", "metrics", "datasets", slow=True)
def a_fresh_process_agrees(subject: Subject) -> None:
    """A spawned interpreter that sees no GPU gives the same."""
    here, there = answers_of(subject), answered_elsewhere(subject)
    if here.keys() != there.keys() or any(_apart(here[name], there[name]) for name in here):
        raise Failed(
            "the same in a fresh process on the CPU",
            "others",
            "Depend on nothing that another import or an earlier call has set, nor on Python's "
            "hashes of text, which are others in each process: sort what was a set.",
        )


def _apart(here: Any, there: Any) -> bool:
    if isinstance(here, str):
        return bool(here != there)
    one, other = np.asarray(here, dtype=float), np.asarray(there, dtype=float)
    if one.shape != other.shape:
        return True
    largest = float(np.nan_to_num(np.abs(one)).max(initial=0.0))
    return not np.allclose(one, other, rtol=0, atol=CLOSE * largest, equal_nan=True)

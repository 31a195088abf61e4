"""Families of quantities: what a metric asks several times over, by budgets and scales."""

from __future__ import annotations

import re

_OF_FAMILY = {"gain": "mif"}
"""MIF's drop beyond a random order's asks what MIF's drop does."""


def family_of(metric: str) -> str:
    """What a metric's quantity asks, whatever its budget and scale.

    The first word of the quantity: ``lif`` of ``faithfulness.lif_change_logit@5``.
    """
    word = re.split("[_@]", metric.rpartition("]")[2].partition(".")[2], maxsplit=1)[0]
    return _OF_FAMILY.get(word, word)

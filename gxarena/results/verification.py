"""How far somebody else has checked a board's row: its ``verification``."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

SELF_REPORTED, RECOMPUTED, REPLAYED = "self-reported", "recomputed", "replayed"

LEVELS = MappingProxyType(
    {
        SELF_REPORTED: "computed by gxarena from samples that whoever ran it holds; nobody else "
        "has checked them",
        RECOMPUTED: "somebody else made the number again from the bundle's samples, and every "
        "metric that needs no model from its attributions",
        REPLAYED: "somebody else ran cells again, which they drew themselves, and got the same "
        "within the stated tolerance",
    }
)
"""Each with what it means; each includes those before it."""


def weakest(levels: Iterable[str]) -> str:
    """How far all are checked; `SELF_REPORTED` where there is none."""
    return min(levels, key=[*LEVELS].index, default=SELF_REPORTED)


def explained(level: str) -> str:
    """A level with what it means; one that is none of them stands for itself."""
    return f"{level}: {LEVELS[level]}" if level in LEVELS else level

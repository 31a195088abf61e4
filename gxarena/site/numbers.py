"""Numbers and lists as a reader sees them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gxarena.results.places import competed_with_nobody

NOTHING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A few significant digits, with a real minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}".replace("-", "−").replace("e−0", "e−").replace("e+0", "e")
    shown = f"{value:#.{digits}g}" if abs(value) < 10**digits - 0.5 else f"{value:.0f}"
    return ("0" if not float(shown) else shown.rstrip(".")).replace("-", "−")


def interval(row: Mapping[str, Any]) -> str:
    """A board row's 95% interval."""
    if row["ci_low"] is None or row["ci_high"] is None:
        return NOTHING
    return f"{number(row['ci_low'])} to {number(row['ci_high'])}"


def percent(share: float | None) -> str:
    """Rounded down: what is not whole never reads 100%."""
    return NOTHING if share is None else f"{math.floor(100 * share + 1e-9)}%"


def duration(seconds: float | None) -> str:
    """Of one explanation, in the unit that fits."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds >= 1:
        return f"{number(seconds, 2)} s"
    return f"{number(seconds * 1e3, 2)} ms" if seconds >= 1e-3 else f"{number(seconds * 1e6, 2)} µs"


def rank(row: Mapping[str, Any]) -> str:
    """A rank with its interval; the role of who does not compete, and who has nobody to."""
    if row["not_ranked"] and row["role"] == "method":
        return "not ranked"
    if row["rank"] is None:
        if competed_with_nobody(row):
            return "nobody competed"
        return NOTHING if row["role"] == "method" else str(row["role"])
    if row["rank_low"] is None or row["rank_low"] == row["rank_high"]:
        return str(row["rank"])
    return f"{row['rank']} ({row['rank_low']} to {row['rank_high']})"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence; how many more there are beyond `most`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def counted(many: int, what: str, plural: str = "") -> str:
    """``1 data set``, ``2 data sets``."""
    return f"{many} {what if many == 1 else plural or what + 's'}"

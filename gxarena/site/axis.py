"""One axis for dots and intervals that stand under each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gxarena.site.numbers import number

WIDTH, HEIGHT, MARGIN = 220, 18, 6


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, drawn `WIDTH` pixels wide."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Axis:
        """An axis on which all of the values lie; those that are missing do not count."""
        known = [value for value in values if value is not None and math.isfinite(value)]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        return cls(low, high if high > low else low + 1.0)

    def x(self, value: float) -> float:
        """Where a value lies, in pixels."""
        share = (value - self.low) / (self.high - self.low)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def drawn(
        self, value: float | None, low: float | None, high: float | None, kind: str, label: str
    ) -> Markup:
        """A dot and its interval as SVG, which says in words what it shows.

        Parameters
        ----------
        value, low, high : float or None
        kind : str
            A class: "method" is a full dot, others are hollow.
        label : str
        """
        middle = HEIGHT / 2
        parts = []
        if self.low < 0 < self.high:
            parts.append(_svg_line(self.x(0), 0, self.x(0), HEIGHT, "zero"))
        if low is not None and high is not None:
            ends = self.x(max(low, self.low)), self.x(min(high, self.high))
            parts.append(_svg_line(ends[0], middle, ends[1], middle, "interval"))
        if value is not None:
            parts.append(Markup('<circle cx="{}" cy="{}" r="4"/>').format(self.x(value), middle))
        return Markup(
            '<svg class="dot {}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" '
            'aria-label="{}"><line class="ground" x1="{}" y1="{}" x2="{}" y2="{}"/>{}</svg>'
        ).format(
            kind, WIDTH, HEIGHT, WIDTH, HEIGHT, label, MARGIN, middle, WIDTH - MARGIN, middle,
            Markup("").join(parts),
        )  # fmt: skip

    def ends(self) -> tuple[str, str]:
        """What stands at either end."""
        return number(self.low), number(self.high)


def axis_of(rows: Iterable[Mapping[str, Any]]) -> Axis:
    """An axis on which estimates and intervals of rows lie."""
    return Axis.over(row[end] for row in rows for end in ("estimate", "ci_low", "ci_high"))


def _svg_line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(kind, x1, y1, x2, y2)

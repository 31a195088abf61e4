"""Logos: letters stacked as high as their contributions or their information, as SVG."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from gxarena.data import Floats
from gxarena.dna import ALPHABET

WIDTH, HEIGHT = 14, 70
"""Of one position, and of the whole, in pixels."""
_CAP, _BROAD = 7.2, 6.1
"""Height and width of a capital of the style sheet's letters, at 10 pixels."""
_LETTER = Markup('<text class="fill-{0}" transform="translate({1} {2}) scale({3} {4})">{0}</text>')
_LEAST = 0.3
"""Pixels below which a letter is left out."""


def information(frequencies: Floats) -> Floats:
    """Each letter's share of its position's information in bits, shape (w, 4)."""
    bits = 2 + (frequencies * np.log2(np.maximum(frequencies, 1e-9))).sum(axis=1)
    heights: Floats = frequencies * bits[:, None]
    return heights


def logo(heights: Floats, label: str, start: int = 0, positions: int = 0) -> Markup:
    """Letters A, C, G, T as high as `heights`; what is negative hangs below the line.

    Parameters
    ----------
    heights : float array, shape (w, 4)
    label : str
        What it shows, for who does not see it.
    start, positions : int
        The position of the first row among so many, for logos that stand under each other; what
        sticks out is cut off.
    """
    positions = positions or start + len(heights)
    above = np.where(heights > 0, heights, 0).sum(axis=1).max(initial=0)
    below = -np.where(heights < 0, heights, 0).sum(axis=1).min(initial=0)
    scale = (HEIGHT - 2) / ((above + below) or 1)
    zero = 1 + above * scale
    letters = [
        letter
        for at, row in enumerate(heights * scale, start)
        if 0 <= at < positions
        for letter in _stack(row, at * WIDTH, zero)
    ]
    width = positions * WIDTH
    line = Markup('<line class="stroke" x1="0" y1="{}" x2="{}" y2="{}"/>').format(
        _round(zero), width, _round(zero)
    )
    return Markup(
        '<svg class="logo" width="{}" height="{}" viewBox="0 0 {} {}" role="img" '
        'aria-label="{}">{}{}</svg>'
    ).format(width, HEIGHT, width, HEIGHT, label, Markup("").join(letters), line)


def _stack(row: Floats, x: float, zero: float) -> list[Markup]:
    """One position's letters: the largest farthest from the line, on either side of it."""
    made = []
    up, down = zero, zero
    for i in np.argsort(np.abs(row), kind="stable"):
        size = float(abs(row[i]))
        if size < _LEAST:
            continue
        if row[i] > 0:
            base, up = up, up - size
        else:
            base = down = down + size
        made.append(
            _LETTER.format(
                ALPHABET[i], x, _round(base), _round(WIDTH / _BROAD), _round(size / _CAP)
            )
        )
    return made


def _round(value: float) -> float:
    return round(float(value), 2)

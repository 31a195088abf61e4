"""What the strategies share: one explanation on other units, and those of a whole set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gxarena.api import Aggregator
from gxarena.data import Attribution, Explained, Floats, Spans
from gxarena.errors import ShapeError, Unsupported


def project_all(aggregator: Aggregator, explained: Explained, onto: Sequence[Spans]) -> Explained:
    """Project each sample's attribution onto its spans.

    Raises
    ------
    ShapeError
        What comes back is on others.
    """
    projected = [
        aggregator.project(attribution, spans)
        for attribution, spans in zip(explained.attributions, onto, strict=True)
    ]
    for after, spans in zip(projected, onto, strict=True):
        if not isinstance(after, Attribution) or after.spans != spans:
            got = len(after.spans) if isinstance(after, Attribution) else type(after).__name__
            raise ShapeError(
                f"expected project to give an Attribution on the {len(spans)} units of `onto`, got "
                f"{f'one on {got} units' if isinstance(got, int) else f'a {got}'}."
            )
    unchanged = all(
        before.spans == after.spans
        for before, after in zip(explained.attributions, projected, strict=True)
    )
    return replace(explained.with_attributions(projected), native=explained.native and unchanged)


def projected(attribution: Attribution, scores: Floats, onto: Spans) -> Attribution:
    """The attribution with other scores on other units; itself where these are its own."""
    if attribution.spans == onto:
        return attribution
    return replace(attribution, scores=scores, spans=onto, hypothetical=None)


def not_nested(attribution: Attribution, onto: Spans, name: str, expected: str) -> Unsupported:
    """The error of units that are no parts, or no unions, of each other."""
    return Unsupported(
        f"aggregator '{name}': expected target units made of {expected} "
        f"({len(attribution.spans)} units), got {len(onto)} units that cut across them."
    )

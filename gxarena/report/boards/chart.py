"""A board as a chart: estimates with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gxarena.errors import InputError, MissingExtra
from gxarena.report.boards.tables import TABLE
from gxarena.report.drawing import CONTROL, STYLES
from gxarena.results.patterns import matches, matching_nothing

if TYPE_CHECKING:
    import altair

ACROSS = 3
"""Panels side by side."""
BEHIND = 1_000_000
"""The place of who has no rank."""
_SHOWN = ("model", "explainer", "role", "estimate", "ci_low", "ci_high", "ci_method", "n",
          "coverage", "rank", "tier")  # fmt: skip


def chart(board: pa.Table, patterns: Sequence[str]) -> altair.FacetChart:
    """Points with intervals, best on top, a panel for those who compete; controls grey.

    Parameters
    ----------
    board : pyarrow.Table
        With the schema `gxarena.results.schemas.LEADERBOARD`.
    patterns : sequence of str
        Of the metrics to draw; all where there are none.

    Raises
    ------
    InputError
        No row matches.
    MissingExtra
        altair is not installed.
    """
    try:
        import altair as alt
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "plot: expected altair to be installed. pip install 'gxarena[plot]'"
        ) from error
    rows = [_drawn(row) for row in board.to_pylist() if matches(row["metric"], patterns)]
    if not rows:
        known = board["metric"].unique().to_pylist()
        raise InputError(matching_nothing("plot", ", ".join(patterns), known))
    order = alt.EncodingSortField("order", op="min")
    y = alt.Y("explainer:N", title=None, sort=order)
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=["method", "control"], range=[STYLES[0]["color"], CONTROL]),
    )
    data: Any = {"values": rows}
    base = alt.Chart(data).encode(y=y, color=colour)
    tooltip = [alt.Tooltip(f"{name}:{_kind(rows, name)}") for name in _SHOWN]
    layers = alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("ci_low:Q", title=None), x2="ci_high:Q"),
        base.mark_point(filled=True, size=60).encode(
            x=alt.X("estimate:Q", title=None, scale=alt.Scale(zero=False)), tooltip=tooltip
        ),
    ).properties(width=220)
    panels: alt.FacetChart = layers.facet(
        facet=alt.Facet("panel:N", title=None, sort=None), columns=ACROSS
    )
    panels.resolve = alt.Resolve(scale={"x": "independent", "y": "independent"})
    return panels


def _drawn(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is drawn of a row; methods come first, by rank."""
    words = {"higher": " (higher is better)", "lower": " (lower is better)", "none": ""}
    method = row["role"] == "method"
    return {name: row[name] for name in _SHOWN} | {
        "panel": ", ".join(row[name] for name in (*TABLE, "model")) + words[row["direction"]],
        "kind": "method" if method else "control",
        "order": row["rank"] or (BEHIND if method else 2 * BEHIND),
    }


def _kind(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return "Q" if all(isinstance(row[name], int | float | None) for row in rows) else "N"

"""What the paper prints of a run: Table 1, and the ridges of Figure 2 as a chart.

Kurth et al. 2026. Figure 1 is the page of sequences, Figure 3 that of curves, Figure 4 that of
motifs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.report.drawing import Ridge, common_limits, density
from gxarena.report.evidence import Evidence
from gxarena.report.figures.similarity import similarity_ridges
from gxarena.report.runs import NotHeld, Run
from gxarena.report.table1 import METRICS, TableRow, table_1
from gxarena.results.reading import RunResults, last_attempts
from gxarena.site.addresses import explainer_page
from gxarena.site.charts import ACCENT, CONTROL, SOFT, TEXT, Chart, Record, altair, spec_of

SIMILARITY = "continuous_jaccard"
POINTS = 101
"""Of a ridge."""
METHOD, RANDOM = "the explanation", "random scores instead"


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of explanations, compared by each strategy."""

    dataset: str
    explanation: str
    against: str
    explainer: str
    ridges: tuple[Ridge, ...]


@dataclass(frozen=True, eq=False)
class PaperParts:
    """Of one run or bundle; empty where it does not hold them."""

    table: tuple[TableRow, ...] = ()
    panels: tuple[Panel, ...] = ()


def paper_parts(run: RunResults, cells: pa.Table, samples: pa.Table) -> PaperParts:
    """Table 1 and the ridges of a run, from tables that are in memory already."""
    asked = {*METRICS, SIMILARITY}
    ids = [r["cell_id"] for r in last_attempts(cells) if r["metric_component"] in asked]
    if not ids:
        return PaperParts()
    wanted = samples.filter(pc.is_in(samples["cell_id"].cast(pa.string()), pa.array(ids)))
    evidence = Evidence((Run(run, wanted),))
    try:
        table = table_1(evidence)
    except NotHeld:
        table = []
    panels = [
        Panel(
            cell.dataset,
            cell.explanation,
            cell.against,
            str(cell.facts["explainer"]),
            tuple(ridges),
        )
        for cell, ridges in similarity_ridges(evidence)
    ]
    return PaperParts(tuple(table), tuple(panels))


def ridge_charts(parts: PaperParts, name: str) -> Iterator[Chart]:
    """A chart for each pair of explanations; `name` is what the run is called."""
    for panel in parts.panels:
        records = list(_records(panel))
        yield Chart(
            "/".join((name, panel.dataset, panel.explanation, panel.against)),
            f"{panel.explanation} beside {panel.against}",
            f"{panel.dataset}, {name}",
            _spec(panel.ridges),
            records,
            "How alike the two explanations of each sequence are: continuous Jaccard similarity, 1 "
            "where they say the same, −1 where the opposite; a ridge for each strategy that brings "
            "them to the same units. The line is the mean; dashed and grey: random scores instead.",
        )


def _records(panel: Panel) -> Iterator[Record]:
    for ridge in panel.ridges:
        for who, role, values in (
            (METHOD, "method", ridge.values),
            (RANDOM, "floor", ridge.control),
        ):
            defined = values[np.isfinite(values)]
            if len(defined):
                low, middle, high = np.quantile(defined, (0.25, 0.5, 0.75))
                yield {
                    "explainer": panel.explainer if role == "method" else who,
                    "role": role,
                    "strategy": ridge.name,
                    "mean": float(defined.mean()),
                    "lower quartile": float(low),
                    "median": float(middle),
                    "upper quartile": float(high),
                    "sequences": len(defined),
                    "href": explainer_page(panel.explainer) if role == "method" else "",
                }


def _spec(ridges: Sequence[Ridge]) -> dict[str, Any]:
    alt = altair()
    curves, means = _drawn(ridges)
    order = [ridge.name for ridge in ridges]
    base = alt.Chart().encode(
        x=alt.X("similarity:Q", title="continuous Jaccard similarity"),
        tooltip=[alt.Tooltip("strategy:N"), alt.Tooltip("who:N"),
                 alt.Tooltip("similarity:Q", format=".3~g")],
    )  # fmt: skip
    y = alt.Y("density:Q", axis=None)
    own = base.transform_filter(f"datum.who == '{METHOD}'").mark_area(
        line={"color": ACCENT}, color=ACCENT, fillOpacity=0.35
    )
    other = base.transform_filter(f"datum.who == '{RANDOM}'").mark_line(
        color=CONTROL, strokeDash=[4, 3], strokeWidth=1.2
    )
    mean = (
        alt.Chart()
        .transform_filter("isValid(datum.mean)")
        .mark_rule(color=TEXT, strokeWidth=2)
        .encode(x="mean:Q", tooltip=[alt.Tooltip("mean:Q", format=".3~g")])
    )
    zero = alt.Chart().mark_rule(color=SOFT, strokeWidth=0.7, aria=False).encode(x=alt.datum(0))
    chart = (
        alt.layer(zero, own.encode(y=y), other.encode(y=y), mean,
                  data=alt.Data(values=curves + means))
        .properties(width=520, height=64)
        .facet(row=alt.Row("strategy:N", title=None, sort=order,
                           header=alt.Header(labelAngle=0, labelAlign="left")), spacing=0)
    )  # fmt: skip
    return spec_of(chart)


def _drawn(ridges: Sequence[Ridge]) -> tuple[list[Record], list[Record]]:
    """Points of the curves, and the mean of each strategy."""
    grid = np.linspace(*common_limits(list(ridges)), POINTS)
    curves = [
        {"strategy": ridge.name, "who": who, "similarity": float(x), "density": float(y)}
        for ridge in ridges
        for who, values in ((METHOD, ridge.values), (RANDOM, ridge.control))
        if np.isfinite(values).any()
        for x, y in zip(grid, density(values, grid), strict=True)
    ]
    means = [
        {"strategy": ridge.name, "mean": float(np.nanmean(ridge.values))}
        for ridge in ridges
        if np.isfinite(ridge.values).any()
    ]
    return curves, means

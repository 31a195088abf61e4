"""Perturbation curves with bands (the paper's Figure 3): what is lost as units are replaced."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxarena.data import Floats
from gxarena.report.columns import codes, grouped
from gxarena.report.figures.faithfulness import ORDERS
from gxarena.results.schemas import REPLICATE
from gxarena.site.addresses import explainer_page
from gxarena.site.charts import CONTROL, SOFT, TEXT, Chart, Record, altair, spec_of
from gxarena.site.content import Content, Row, Source
from gxarena.statistics.intervals import mean_intervals

HEIGHT, _LINE = 250, 12
"""Of a panel, and of a name in it; pixels."""
SCALES = ("probability", "logit")
"""Of the drop; the paper's first."""
OKABE_ITO = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b59b00", "#7f7f7f",
)  # fmt: skip
"""Eight colours that the colour-blind tell apart; grey where there are more methods."""
Panel = tuple[str, str, str]
"""Data set, model, metric."""


def curve_charts(content: Content) -> Iterator[Chart]:
    """A chart for each run, data set, model and metric that has curves."""
    for source in content.sources.values():
        curves = curves_of(source)
        panels: dict[Panel, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in source.last_rows():
            if row["status"] == "ok" and row["aggregator"] == "native":
                panel = row["dataset"], row["model"], row["metric"]
                panels[panel][row["explainer"]].append(row)
        for panel, cells in panels.items():
            if (chart := _chart(source.name, panel, cells, curves)) is not None:
                yield chart


@dataclass(frozen=True, eq=False)
class CellCurves:
    """One kind of curve of one cell.

    Attributes
    ----------
    ids : list of N str
    x, y : float arrays, shape (N, K + 1)
    """

    ids: list[str]
    x: Floats
    y: Floats


def curves_of(source: Source) -> dict[tuple[str, str], CellCurves]:
    """A source's curves, by cell and kind."""
    table = source.curves
    x, y = (table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("x", "y"))
    samples, names = codes(table, "sample_id")
    found = {}
    for key, rows in grouped(table, "curve"):
        at = list(dict.fromkeys(samples[rows].tolist()))
        shape = len(at), -1
        ids = [names[i] for i in at]
        found[key] = CellCurves(ids, x[rows].reshape(shape), y[rows].reshape(shape))
    return found


def _chart(
    name: str,
    panel: Panel,
    cells: Mapping[str, Sequence[Row]],
    curves: Mapping[tuple[str, str], CellCurves],
) -> Chart | None:
    for scale in SCALES:
        records = [
            record
            for explainer, rows in cells.items()
            for order in ORDERS
            for record in _records(explainer, order, scale, rows, curves)
        ]
        if records:
            break
    else:
        return None
    dataset, model, metric = panel
    return Chart(
        "/".join((name, *panel)),
        f"{model} on {dataset}",
        f"{metric}, {name}",
        _spec(records, scale),
        records,
        f"Drop of the {scale} as ever more nucleotides are replaced, most important first (more is "
        "better) and least important first (less is better). Bands are 95% intervals.",
    )


def _records(
    explainer: str,
    order: str,
    scale: str,
    rows: Sequence[Row],
    curves: Mapping[tuple[str, str], CellCurves],
) -> Iterator[Record]:
    """The mean curve over replicates and sequences, a record each budget."""
    ordered = sorted(rows, key=lambda row: row[REPLICATE] or 0)
    kind = f"{order}_drop_{scale}"
    held = [curves[row["cell_id"], kind] for row in ordered if (row["cell_id"], kind) in curves]
    held = [one for one in held if one.y.shape == held[0].y.shape]
    if not held:
        return
    x, y = (np.stack([getattr(one, axis) for one in held]) for axis in ("x", "y"))
    found = mean_intervals(np.moveaxis(y, -1, 0))
    for at, mean, low, high in zip(
        x.mean(axis=(0, 1)), found.mean, found.low, found.high, strict=True
    ):
        yield {
            "explainer": explainer,
            "role": rows[0]["explainer_role"],
            "order": ORDERS[order],
            "replaced": _finite(100 * at),
            "mean": _finite(mean),
            "low": _finite(low),
            "high": _finite(high),
            "href": explainer_page(explainer),
        }


def label_ends(records: Sequence[Record], last: float) -> None:
    """Note where the name of each curve stands: at its end, or above the name that is there."""
    values = [value for r in records for value in (r["mean"], r["low"], r["high"]) if value]
    line = _LINE * (max(values, default=0.0) - min(values, default=0.0)) / HEIGHT
    for order in ORDERS.values():
        ends = [
            record
            for record in records
            if record["order"] == order
            and record["mean"] is not None
            and (record["replaced"] or 0) > 0.98 * last
        ]
        below = -math.inf
        for record in sorted(ends, key=lambda one: float(one["mean"])):
            below = record["label_at"] = max(float(record["mean"]), below + line)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _spec(records: Sequence[Record], scale: str) -> dict[str, Any]:
    alt = altair()
    roles = {record["explainer"]: record["role"] for record in records}
    methods = [name for name, role in roles.items() if role == "method"]
    colours = dict(zip(methods, OKABE_ITO, strict=False))
    paint = alt.Scale(domain=list(roles), range=[colours.get(name, CONTROL) for name in roles])
    label_ends(records, max(record["replaced"] or 0 for record in records))
    base = alt.Chart().encode(
        x=alt.X("replaced:Q", title="nucleotides replaced (%)"),
        color=alt.Color("explainer:N", scale=paint, legend=None),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("explainer", "role")]
        + [alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("replaced", "mean", "low", "high")],
    )
    title = f"drop of the {scale}"
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    dash = alt.condition("datum.role == 'method'", alt.value([1, 0]), alt.value([5, 3]))
    line = base.mark_line(point=True).encode(y=alt.Y("mean:Q", title=title), strokeDash=dash)
    zero = alt.Chart().mark_rule(color=SOFT, strokeWidth=0.7, aria=False).encode(y=alt.datum(0))
    names = (
        base.transform_filter("isValid(datum.label_at)")
        .mark_text(align="left", dx=6)
        .encode(y="label_at:Q", text="explainer:N", color=alt.value(TEXT))
    )
    layers = alt.layer(band, zero, line, names, data=alt.Data(values=list(records)))
    chart = layers.properties(width=330, height=HEIGHT).facet(
        column=alt.Column("order:N", title=None, sort=list(ORDERS.values()))
    )
    return spec_of(chart)

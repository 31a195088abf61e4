"""Charts as Vega-Lite: cost against quality, and data set by explainer; with the rows they draw.

Altair makes them where a site is made; the reader's browser draws them with the library that
vl-convert brings (`library`). Colours are those of the style sheet by name, which the page
replaces, so that light and dark are its own affair.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gxarena.errors import MissingExtra
from gxarena.hookspecs import QUESTIONS
from gxarena.site import addresses
from gxarena.site.numbers import listed
from gxarena.site.questions import Line, Section

TEXT, SOFT, GROUND = "var(--text)", "var(--soft)", "var(--ground)"
ACCENT, CONTROL = "var(--accent)", "var(--control)"
HEIGHT = 340
WIDTHS = {"named": 800, "named_narrow": 250}
"""Pixels that a chart has on a screen and on a phone, and what tells whose name it shows."""
_LETTER, _LINE = 6.5, 16.0
"""Size of a name's letter, in pixels."""
_READS = {"higher": "higher is better", "lower": "lower is better", "none": "ranks nobody"}
Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart and what it draws.

    Attributes
    ----------
    key : str
        Tells it from every other one of its page.
    heading, note : str
        What stands above it; the note says which board or run it is of.
    spec : mapping
        Vega-Lite.
    records : list of mapping
        The rows drawn, which a table shows beside it.
    says : str
        What the chart shows, in words.
    question, model : str
        Of a section of the start page; empty of a chart that is of no question.
    """

    key: str
    heading: str
    note: str
    spec: dict[str, Any]
    records: list[Record]
    says: str
    question: str = ""
    model: str = ""


def library() -> str:
    """The script that draws charts: Vega, Vega-Lite and Vega-Embed.

    Raises
    ------
    MissingExtra
        vl-convert is not installed.
    """
    version = altair().SCHEMA_VERSION.lstrip("v").rpartition(".")[0]
    return _bundle(version)


@functools.cache
def _bundle(version: str) -> str:
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)
    return bundle + '\ngxarena.data("vega",true);\n'


def altair() -> Any:
    """The library that makes specs.

    Raises
    ------
    MissingExtra
        It is not installed.
    """
    try:
        import altair as alt
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return alt


def _missing(error: ModuleNotFoundError) -> MissingExtra:
    return MissingExtra(
        f"gxarena site: expected module '{error.name}' to be installed. pip install 'gxarena[site]'"
    )


def _chart(section: Section, spec: dict[str, Any], records: list[Record], says: str) -> Chart:
    note = f"{section.model}, board {section.board}"
    question = QUESTIONS[section.question]
    return Chart(section.key, question, note, spec, records, says, section.question, section.model)


def cost_chart(section: Section) -> Chart | None:
    """Time of an explanation against quality; None where no method has both.

    Quality is the mean rank where all methods have one, else the quantity shown, which also who
    competes with nobody has, beside the controls.
    """
    records = _costs(section)
    methods = [record for record in records if record["role"] == "method"]
    if not methods or len(records) < 2:
        return None
    ranks = _all_ranked(section)
    quality = "mean rank" if ranks else section.shown.what
    better = "lower" if ranks else section.direction
    _mark_front(records, better)
    for shown, width in WIDTHS.items():
        _name(records, shown, width)
    reads = f"{quality} (up is better)" if better != "none" else quality
    says = f"Seconds a sequence against {quality}. "
    if len(methods) == 1:
        says += f"{methods[0]['explainer']} competes with nobody here; controls are grey."
    else:
        says += _front_in_words(records)
    says += _unlabelled(records)
    return _chart(section, _cost_spec(records, reads, better == "lower"), records, says)


def _front_in_words(records: Sequence[Record]) -> str:
    """Whom of the first tier nobody beats in both; the worst of all may be the fastest."""
    front = [record for record in records if record["front"]]
    first = [record["explainer"] for record in front if record["tier"] == 1]
    others = [record["explainer"] for record in front if record["tier"] != 1]
    if not front:
        return "It ranks nobody."
    said = []
    if first:
        whom = listed(first, len(first))
        said.append(f"Of the first tier nobody is both faster and better than {whom}.")
    if others:
        whom = listed(others, len(others))
        said.append(f"On the dashed line for their time, but not of the first tier: {whom}.")
    return " ".join(said)


def _unlabelled(records: Sequence[Record]) -> str:
    """Whose names have no room in the chart, on a screen and on a phone."""
    said = ""
    for shown, where in zip(WIDTHS, ("", " on a narrow page"), strict=True):
        names = [record["label"] for record in records if not record[shown]]
        if names:
            said += f" Points without a label{where}: {listed(names, len(names))}."
    return said


def _costs(section: Section) -> list[Record]:
    ranks = _all_ranked(section)
    found = []
    for line in section.lines + ([] if ranks else list(section.controls)):
        numbers = _quality(line, ranks)
        if line.seconds and numbers is not None and numbers[0] is not None:
            value, low, high = numbers
            found.append(
                {
                    "explainer": " = ".join(line.names),
                    "label": line.explainer + (" = …" if len(line.names) > 1 else ""),
                    "role": line.role,
                    "tier": section.tier_of(line),
                    "seconds": line.seconds,
                    "quality": value,
                    "low": low,
                    "high": high,
                    "href": addresses.explainer_page(line.explainer),
                }
            )
    return found


def _all_ranked(section: Section) -> bool:
    return bool(section.lines) and all(line.standing for line in section.lines)


def _quality(line: Line, ranks: bool) -> tuple[Any, Any, Any] | None:
    if ranks:
        one = line.standing
        return (one.mean_rank, one.rank_low, one.rank_high) if one else None
    row = line.row
    return (row["estimate"], row["ci_low"], row["ci_high"]) if row else None


def _mark_front(records: Sequence[Record], better: str) -> None:
    """Note of each method whether no other is as fast and as good, and more of one."""
    sign = 1 if better == "lower" else -1
    methods = [record for record in records if record["role"] == "method"]
    places = [(record["seconds"], sign * record["quality"]) for record in methods]
    for record in records:
        record["front"] = False
    for record, (cost, worth) in zip(methods, places, strict=True):
        beaten = any(c <= cost and w <= worth and (c, w) != (cost, worth) for c, w in places)
        record["front"] = better != "none" and not beaten


def _name(records: Sequence[Record], shown: str, width: float) -> None:
    """Note of each whether its name stands beside it: not over that of another, the front first.

    The names of all are in the tooltips and in the table.
    """
    across = _pixels([math.log10(record["seconds"]) for record in records], width)
    ends = [value for r in records for value in (r["quality"], r["low"], r["high"]) if value]
    up = _pixels([*(record["quality"] for record in records), *ends], HEIGHT)
    placed: list[tuple[float, float, float]] = []
    order = sorted(range(len(records)), key=lambda i: (not records[i]["front"], up[i]))
    for i in order:
        start, height = across[i], up[i]
        end = start + _LETTER * len(records[i]["label"])
        free = all(
            abs(height - other) >= _LINE or end < begins or start > stops
            for begins, stops, other in placed
        )
        records[i][shown] = free
        if free:
            placed.append((start, end, height))


def _pixels(values: Sequence[float], size: float) -> list[float]:
    low, room = min(values), max(values) - min(values)
    return [size * (value - low) / (room or 1.0) for value in values]


def _cost_spec(records: Sequence[Record], reads: str, reverse: bool) -> dict[str, Any]:
    alt = altair()
    base = alt.Chart(alt.Data(values=list(records))).encode(
        x=alt.X("seconds:Q", title="seconds a sequence", scale=alt.Scale(type="log")),
        y=alt.Y("quality:Q", title=reads, scale=alt.Scale(zero=False, reverse=reverse)),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("explainer", "role")]
        + [
            alt.Tooltip(f"{name}:Q", format=".3~g")
            for name in ("quality", "low", "high", "seconds")
        ],
    )
    colour = alt.condition("datum.role == 'method'", alt.value(ACCENT), alt.value(CONTROL))
    fill = alt.condition("datum.front", alt.value(ACCENT), alt.value(GROUND))
    whiskers = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=colour
    )
    front = (
        base.transform_filter("datum.front")
        .mark_line(interpolate="step-after", strokeDash=[4, 3], color=ACCENT)
        .encode(order=alt.Order("seconds:Q"))
    )
    points = base.mark_point(size=80, opacity=1, strokeWidth=2).encode(
        stroke=colour, fill=fill, href="href:N"
    )
    # A chart is as wide as its page, which the reader's browser alone knows.
    roomy = f"width < {WIDTHS['named'] / 2:g} ? datum.named_narrow : datum.named"
    labels = (
        base.transform_filter(roomy)
        .mark_text(align="left", dx=8, dy=-7, color=TEXT)
        .encode(text="label:N")
    )
    chart = alt.layer(whiskers, front, points, labels).properties(width="container", height=HEIGHT)
    return spec_of(chart)


def spec_of(chart: Any) -> dict[str, Any]:
    """A chart as Vega-Lite, without the address of its schema, which nobody may ask for."""
    spec: dict[str, Any] = chart.to_dict()
    del spec["$schema"]
    return spec


def heat_chart(section: Section) -> Chart | None:
    """The quantity shown, by data set and explainer; None of fewer than two data sets."""
    metric, aggregator, _ = section.shown
    lines = {line.explainer: line for line in (*section.lines, *section.controls)}
    names = {name: " = ".join(line.names) for name, line in lines.items()}
    records = [
        {
            "explainer": names[row["explainer"]],
            "role": row["role"],
            "dataset": row["dataset"],
            "estimate": row["estimate"],
            "low": row["ci_low"],
            "high": row["ci_high"],
            "href": addresses.dossier(section.board, row),
        }
        for row in section.rows
        if (row["metric"], row["aggregator"]) == (metric, aggregator)
        and row["estimate"] is not None
        and row["explainer"] in names  # else it is one of the names of another
    ]
    if len({record["dataset"] for record in records}) < 2:
        return None
    says = f"{metric}, {_READS[section.direction]}; who is first stands on top, controls below."
    return _chart(section, _heat_spec(records, names.values(), section), records, says)


def _heat_spec(records: Sequence[Record], order: Iterable[str], section: Section) -> dict[str, Any]:
    alt = altair()
    estimates = [record["estimate"] for record in records]
    middle = (min(estimates) + max(estimates)) / 2
    better = section.direction == "lower"
    base = alt.Chart(alt.Data(values=list(records))).encode(
        x=alt.X("dataset:N", title=None, axis=alt.Axis(orient="top", labelAngle=-35)),
        y=alt.Y("explainer:N", title=None, sort=list(order), axis=alt.Axis(labelLimit=320)),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("explainer", "role", "dataset")]
        + [alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("estimate", "low", "high")],
        href="href:N",
    )
    scale = alt.Scale(scheme="cividis", reverse=better, zero=False)
    tiles = base.mark_rect(stroke=GROUND).encode(
        color=alt.Color("estimate:Q", title=section.shown.metric, scale=scale)
    )
    # Cividis runs from dark to light: letters must stand out from either.
    light = f"datum.estimate {'<' if better else '>'} {middle!r}"
    texts = base.mark_text(baseline="middle").encode(
        text=alt.Text("estimate:Q", format=".2f"),
        color=alt.condition(light, alt.value("#000000"), alt.value("#ffffff")),
    )
    chart = alt.layer(tiles, texts).properties(width=alt.Step(64), height=alt.Step(24))
    return spec_of(chart)

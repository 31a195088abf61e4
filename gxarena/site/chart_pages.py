"""The pages of charts: cost against quality, heat map, curves; each with its rows beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gxarena.report.table1 import HEADINGS, caption
from gxarena.site.charts import Chart, cost_chart, heat_chart
from gxarena.site.curves import curve_charts
from gxarena.site.numbers import listed
from gxarena.site.paper import ridge_charts
from gxarena.site.questions import WISHES, Section
from gxarena.site.rendering import Page
from gxarena.site.site import Site
from gxarena.site.words import alone

PAGES: dict[str, tuple[str, str, str, Callable[[Site], Iterator[Chart]], tuple[str, ...]]] = {
    "cost": (
        "Cost against quality",
        "Time of one explanation on the machine of the run, and how good it is. The dashed line "
        "joins those that nobody beats in both, by their means; where bars (95% intervals) overlap "
        "nothing is decided.",
        "No two methods with a time and a number of one question are on these boards.",
        lambda site: _of_sections(site, cost_chart),
        ("seconds", "quality", "low", "high", "front"),
    ),
    "heat": (
        "Data set by explainer",
        "One quantity for each question and model: does who is good on one data set stay good on "
        "the next?",
        "No question is asked on two data sets of one board.",
        lambda site: _of_sections(site, heat_chart),
        ("dataset", "estimate", "low", "high"),
    ),
    "paper": (
        "As the paper prints it",
        "Table 1 and Figure 2 of Kurth et al. 2026, of each run and bundle given here. Figure 1 is "
        "the page of sequences, Figure 3 that of curves, Figure 4 that of motifs.",
        "No run or bundle given here compares two explanations by continuous Jaccard similarity.",
        lambda site: _ridges(site),
        ("strategy", "mean", "lower quartile", "median", "upper quartile", "sequences"),
    ),
    "curves": (
        "What is lost as units are replaced",
        "Perturbation curves of runs and bundles, each explainer on the model's own units. Dashed "
        "and grey are controls.",
        "No run or bundle given here holds perturbation curves.",
        lambda site: curve_charts(site.content),
        ("order", "replaced", "mean", "low", "high"),
    ),
}


def _ridges(site: Site) -> Iterator[Chart]:
    for name, source in site.content.sources.items():
        yield from ridge_charts(source.paper, name)


def _of_sections(site: Site, drawn: Callable[[Section], Chart | None]) -> Iterator[Chart]:
    return (chart for one in site.sections if (chart := drawn(one)) is not None)


def _untimed(site: Site) -> list[str]:
    """Which boards' models the page of costs lacks though several runs timed them, and why."""
    untimed: dict[int, dict[str, Section]] = {}
    for one in site.sections:
        lines = (*one.lines, *one.controls)
        if one.machines and all(line.seconds is None for line in lines):
            untimed.setdefault(one.board, {})[one.model] = one
    said = []
    for number, models in sorted(untimed.items()):
        first = next(iter(models.values()))
        where = alone(str(first.rows[0]["suite"]))
        said.append(
            f"No chart of {listed(list(models))} on board {number}: {first.machines} {where}"
        )
    return said


def _tables(site: Site) -> list[dict[str, Any]]:
    """Table 1 of each run or bundle that has one."""
    return [
        {"name": name, "rows": rows, "metrics": HEADINGS, "caption": caption(list(rows))}
        for name, source in site.content.sources.items()
        if (rows := source.paper.table)
    ]


def _by_question(site: Site, charts: Sequence[Chart]) -> dict[str, Any]:
    """Charts by question; of each question and kind of model the first is open at once."""
    groups: dict[str, list[Chart]] = {}
    for chart in charts:
        groups.setdefault(chart.question, []).append(chart)
    asked = [chart for chart in charts if chart.question]
    kinds = {chart.model: site.catalogue.kind_of_model(chart.model) for chart in asked}
    first: dict[tuple[str, str], str] = {}
    for chart in asked:
        first.setdefault((chart.question, kinds[chart.model][0]), chart.key)
    data = {one.key: site.catalogue.data_in_words(one.datasets) for one in site.sections}
    return {
        "groups": groups,
        "data": data,
        "kinds": dict(kinds.values()),
        "kind_of": {model: kind for model, (kind, _) in kinds.items()},
        "wishes": {chart.question: WISHES.get(chart.question, chart.question) for chart in asked},
        "unfolded": set(first.values()),
    }


def chart_pages(site: Site) -> Iterator[tuple[Page, dict[str, Mapping[str, Any]]]]:
    """Each page, with what it loads by name."""
    for name, (title, intro, nothing, drawn, columns) in PAGES.items():
        charts = list(drawn(site))
        context = {"intro": intro, "columns": columns, "name": name, **_by_question(site, charts)}
        context["nothing"] = nothing
        context["tables"] = _tables(site) if name == "paper" else []
        context["untimed"] = _untimed(site) if name == "cost" else []
        loaded: dict[str, Mapping[str, Any]] = {}
        if charts:
            loaded[f"charts-{name}"] = {c.key: c.spec for c in charts}
        yield Page("charts.html", f"{name}.html", title, context), loaded

"""The pages of charts: cost against quality, and the heat map, each with its rows beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gxarena.site.charts import Chart, cost_chart, heat_chart
from gxarena.site.questions import Section
from gxarena.site.rendering import Page
from gxarena.site.site import Site

PAGES: dict[str, tuple[str, str, str, Callable[[Section], Chart | None], tuple[str, ...]]] = {
    "cost": (
        "Cost against quality",
        "Time of one explanation on the machine of the run, and how good it is. The dashed line "
        "joins those that nobody beats in both: the rest is dominated. Bars are 95% intervals.",
        "No two methods with a time and a number of one question are on these boards.",
        cost_chart,
        ("seconds", "quality", "low", "high", "front"),
    ),
    "heat": (
        "Data set by explainer",
        "One quantity for each question and model: does who is good on one data set stay good on "
        "the next?",
        "No question is asked on two data sets of one board.",
        heat_chart,
        ("dataset", "estimate", "low", "high"),
    ),
}


def chart_pages(site: Site) -> Iterator[tuple[Page, str, dict[str, Any]]]:
    """Each page, with the name and content of the data that it loads."""
    for name, (title, intro, nothing, drawn, columns) in PAGES.items():
        charts = [chart for one in site.sections if (chart := drawn(one)) is not None]
        context = {"intro": intro, "charts": charts, "columns": columns, "name": name}
        context["nothing"] = nothing
        specs = {chart.section.key: chart.spec for chart in charts}
        yield Page("charts.html", f"{name}.html", title, context), f"charts-{name}", specs

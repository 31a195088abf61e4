"""One axis: everything lies on it, from left to right, and a drawing says what it shows."""

from __future__ import annotations

import pytest
from site_pages import Page

from gxarena.site.axis import MARGIN, WIDTH, Axis


def test_ends_lie_at_the_margins() -> None:
    axis = Axis.over([3.0, None, -1.0, float("nan"), 2.0])
    assert (axis.low, axis.high) == (-1.0, 3.0)
    assert [axis.x(-1), axis.x(1), axis.x(3)] == [MARGIN, WIDTH / 2, WIDTH - MARGIN]
    assert axis.ends() == ("−1.00", "3.00")


@pytest.mark.parametrize("values", [[], [None], [2.0], [2.0, 2.0]])
def test_an_axis_is_never_without_length(values: list[float | None]) -> None:
    axis = Axis.over(values)
    assert axis.high > axis.low
    assert all(0 < axis.x(value) < WIDTH for value in values if value is not None)


def test_a_dot_with_its_interval_and_zero() -> None:
    page = Page()
    page.feed(str(Axis(-1, 1).drawn(0.5, 0.25, 2.0, "method", 'a "<b>"')))
    tags = [(attrs.get("class"), attrs) for _, attrs in page.tags]
    assert [kind for kind, _ in tags] == ["dot method", "ground", "zero", "interval", None]
    assert tags[0][1]["aria-label"] == 'a "<b>"'
    interval = tags[3][1]
    assert float(interval["x1"]) == Axis(-1, 1).x(0.25)
    assert float(interval["x2"]) == WIDTH - MARGIN  # cut off where the axis ends
    assert float(tags[4][1]["cx"]) == Axis(-1, 1).x(0.5)


def test_what_is_not_there_is_not_drawn() -> None:
    page = Page()
    page.feed(str(Axis(1, 2).drawn(None, None, None, "floor", "nothing")))
    assert [attrs.get("class") for _, attrs in page.tags] == ["dot floor", "ground"]

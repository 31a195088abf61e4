"""Charts: they draw the board's numbers, know who is beaten, and need no network."""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from site_pages import Page, data_of, synthetic_board
from written_runs import write_run

from gxarena.errors import MissingExtra
from gxarena.registry import Registry
from gxarena.results.boards import boards_of, write_board
from gxarena.results.places import RANKS
from gxarena.results.schemas import LEADERBOARD
from gxarena.site import charts
from gxarena.site.charts import cost_chart, heat_chart, library
from gxarena.site.content import read_content
from gxarena.site.numbers import listed
from gxarena.site.questions import sections_of
from gxarena.site.site import Site
from gxarena.site.words import in_words
from gxarena.site.writing import write_site


def test_cost_draws_the_standings_and_who_is_beaten_by_nobody() -> None:
    section = sections_of(synthetic_board(6, 4, 3), 1)[0]
    chart = cost_chart(section)
    assert chart is not None
    drawn = {record["explainer"]: record for record in chart.records}
    for line in section.lines:
        assert line.standing is not None
        record = drawn[line.explainer]
        assert record["quality"] == line.standing.mean_rank
        assert (record["low"], record["high"]) == (
            line.standing.rank_low, line.standing.rank_high,
        )  # fmt: skip
        assert record["seconds"] == line.seconds
    for name, one in drawn.items():
        beaten = any(
            (o["seconds"] < one["seconds"] and o["quality"] <= one["quality"])
            or (o["seconds"] <= one["seconds"] and o["quality"] < one["quality"])
            for o in drawn.values()
        )
        assert one["front"] is not beaten, name
    front = [name for name, one in drawn.items() if one["front"]]
    assert 0 < len(front) < len(drawn)
    tiers = {line.explainer: section.tier_of(line) for line in section.lines}
    first = [name for name in front if tiers[name] == 1]
    assert 0 < len(first) < len(front)
    assert (
        f"Of the first tier nobody is both faster and better than {listed(first, 9)}." in chart.says
    )
    others = [name for name in front if tiers[name] != 1]
    assert f"but not of the first tier: {listed(others, 9)}." in chart.says
    assert chart.spec["data"] == {"values": chart.records}


@pytest.mark.parametrize(("devices", "apart"), [(("cpu", "cuda:0"), True), (("cpu",), False)])
def test_seconds_of_several_machines_are_not_compared(
    devices: tuple[str, ...], apart: bool, tmp_path: Path
) -> None:
    """a, which is better, takes 1 s and b 10 ms, of one run or of two."""
    values = {"a": [2.0 + 0.01 * i for i in range(24)], "b": [1.0 + 0.01 * i for i in range(24)]}
    runs = [
        write_run(
            tmp_path / name,
            {name: values[name]} if len(devices) > 1 else values,
            device=device, metric_question="localization",
            explain_seconds={"a": 24.0, "b": 0.24},
        )
        for name, device in zip("ab", devices, strict=False)
    ]  # fmt: skip
    (board,) = boards_of(runs)
    (section,) = sections_of(board, 1)
    assert [line.seconds is None for line in section.lines] == [apart] * 2
    assert ("Seconds of several runs do not compare." in " ".join(in_words(section))) is apart
    cheaper = "b, place 2 of 2, takes 10 ms a sequence instead of 1.0 s, and is in tier 2."
    assert (cheaper in " ".join(in_words(section))) is not apart
    chart = cost_chart(section)
    assert (chart is None) is apart
    if chart is not None:
        assert [record["front"] for record in chart.records] == [True] * 2
        assert "nobody is both faster and better than" in chart.says
    write_site(Site.of(read_content(runs), Registry.load()), tmp_path / "site")
    costs = Page.read(tmp_path / "site" / "cost.html").words
    of = Page.read(next((tmp_path / "site" / "cell").glob("*--a.html"))).words
    for words in (costs, of):
        assert ("they compare within a run alone" in words) is apart
        assert ("A site of one run alone shows what each explainer costs: " in words) is apart
    assert ("No chart of m on board 1: Seconds of a and b" in costs) is apart
    assert ("An explanation takes 1.0 s a sequence" in of) is not apart


def test_who_is_alone_is_drawn_beside_the_controls() -> None:
    board = synthetic_board(2, 1, 3)
    alone = dict.fromkeys(RANKS)
    rows = [
        row | alone | ({"role": "floor", "entry": None} if row["explainer"].endswith("1") else {})
        for row in board.table.to_pylist()
    ]
    section = sections_of(replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD)), 1)[0]
    chart = cost_chart(section)
    assert chart is not None
    assert {record["explainer"]: record["role"] for record in chart.records} == {
        "explainer-00": "method", "explainer-01": "floor",
    }  # fmt: skip
    assert "metric-0 over 3 data sets" in chart.says
    assert "explainer-00 competes with nobody here" in chart.says


def test_one_method_is_no_chart() -> None:
    section = sections_of(synthetic_board(1, 1, 3), 1)[0]
    assert cost_chart(section) is None
    assert heat_chart(sections_of(synthetic_board(3, 1, 1), 1)[0]) is None


def test_heat_has_every_estimate_of_its_quantity() -> None:
    board = synthetic_board(4, 2, 3)
    section = sections_of(board, 1)[0]
    chart = heat_chart(section)
    assert chart is not None
    rows = [row for row in board.table.to_pylist() if row["metric"] == section.shown[0]]
    assert {(r["dataset"], r["explainer"]): r["estimate"] for r in rows} == {
        (r["dataset"], r["explainer"]): r["estimate"] for r in chart.records
    }
    assert len(chart.records) == 12
    y = chart.spec["layer"][0]["encoding"]["y"]
    assert y["sort"] == [line.explainer for line in section.lines]


def test_explainers_of_the_same_maps_are_one_row_above_the_controls() -> None:
    """Other names of an explanation stood below the controls, as rows of their own."""
    given = synthetic_board(2, 1, 2)
    rows = given.table.to_pylist()
    twins = [row | {"explainer": "twin"} for row in rows if row["explainer"] == "explainer-01"]
    floor = [
        row | {"explainer": "random", "role": "floor", "entry": None, "rank": None}
        for row in rows if row["explainer"] == "explainer-01"
    ]  # fmt: skip
    table = pa.Table.from_pylist([*rows, *twins, *floor], LEADERBOARD)
    (section,) = sections_of(replace(given, table=table), 1)
    chart = heat_chart(section)
    assert chart is not None
    order = chart.spec["layer"][0]["encoding"]["y"]["sort"]
    assert sorted(order[:2]) == ["explainer-00", "explainer-01 = twin"]
    assert order[2:] == ["random"]
    assert {record["explainer"] for record in chart.records} == {*order}


def test_no_name_is_drawn_over_another_and_the_front_is_named_first() -> None:
    (section, *_) = sections_of(synthetic_board(30, 1, 3), 1)
    chart = cost_chart(section)
    assert chart is not None
    named = [record for record in chart.records if record["named"]]
    assert 0 < len(named) < len(chart.records)
    best = min(chart.records, key=lambda record: record["quality"])
    assert best["named"]
    for shown, where in (("named", ""), ("named_narrow", " on a narrow page")):
        bare = [record["label"] for record in chart.records if not record[shown]]
        assert f"Points without a label{where}: {listed(bare, len(bare))}." in chart.says
    seconds = [record["seconds"] for record in chart.records]
    low = min(record["low"] for record in chart.records)
    high = max(record["high"] for record in chart.records)
    for one, other in itertools.combinations(named, 2):
        apart = abs(math.log10(one["seconds"] / other["seconds"]))
        apart *= 800 / math.log10(max(seconds) / min(seconds))
        down = 340 * abs(one["quality"] - other["quality"]) / (high - low)
        assert down >= 12 or apart >= 6 * len("explainer-00")


def test_specs_name_no_address_and_the_page_has_their_numbers(tmp_path: Path) -> None:
    write_board(tmp_path / "b.parquet", synthetic_board(4, 2, 3))
    write_site(Site.of(read_content([tmp_path / "b.parquet"]), Registry.load()), tmp_path / "site")
    for name in ("cost", "heat"):
        page = Page.read(tmp_path / "site" / f"{name}.html")
        specs = data_of(tmp_path / "site" / "data" / f"charts-{name}.js")
        keys = [attrs["data-key"] for _, attrs in page.tags if "data-key" in attrs]
        assert keys == list(specs)
        assert len(keys) == 2
        for spec in specs.values():
            assert "http" not in str(spec)
            assert "url" not in spec["data"]
    assert "vegaEmbed" in (tmp_path / "site" / "assets" / "vega.js").read_text()


def test_the_library_tells_that_it_is_there() -> None:
    assert library().endswith('gxarena.data("vega",true);\n')


@pytest.mark.parametrize("module", ["altair", "vl_convert"])
def test_what_is_missing_is_named_with_its_remedy(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts._bundle.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"{module}.*pip install 'gxarena\[site\]'"):
        library()
    charts._bundle.cache_clear()


def test_of_equal_cost_only_the_best_is_beaten_by_nobody() -> None:
    board = synthetic_board(5, 4, 3)
    at = board.table.column_names.index("seconds_per_sequence")
    same = board.table.set_column(at, "seconds_per_sequence", pa.array([1.0] * len(board.table)))
    section = sections_of(replace(board, table=same), 1)[0]
    chart = cost_chart(section)
    assert chart is not None
    front = [record["quality"] for record in chart.records if record["front"]]
    assert set(front) == {min(record["quality"] for record in chart.records)}

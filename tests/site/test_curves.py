"""Curves: the mean drop at each budget, over replicates and sequences, with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from gxarena.results.bundle import write_bundle
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.site.content import Content, read_content
from gxarena.site.curves import HEIGHT, OKABE_ITO, curve_charts, label_ends

ORDERS = {"most important first": "mif", "least important first": "lif"}


@pytest.fixture
def folder(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    block = {
        "datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"],
        "metrics": ["faithfulness", "gini"],
    }  # fmt: skip
    run(plan(matrix=[block]), tmp_path / "run")
    return tmp_path / "run"


def test_means_are_those_of_the_run_s_table(folder: Path) -> None:
    content = read_content([folder])
    (chart,) = curve_charts(content)
    assert chart.heading == "toy on mine"
    (source,) = content.sources.values()
    cells = {r["cell_id"]: r["explainer"] for r in source.last_rows()}
    for explainer in ("exact", "random"):
        for words, order in ORDERS.items():
            ids = [cell for cell, name in cells.items() if name == explainer]
            table = source.curves.filter(pc.field("cell_id").isin(ids)).filter(
                pc.field("curve") == f"{order}_drop_probability"
            )
            x, y = (np.array(table[name]).reshape(70, -1) for name in ("x", "y"))
            shown = [r for r in chart.records if (r["explainer"], r["order"]) == (explainer, words)]
            assert [r["mean"] for r in shown] == pytest.approx(list(y.mean(axis=0)))
            assert [r["replaced"] for r in shown] == pytest.approx(list(100 * x.mean(axis=0)))
            for record in shown[1:]:
                assert record["low"] < record["mean"] < record["high"]


def test_a_bundle_has_the_run_s_curves(folder: Path, tmp_path: Path) -> None:
    write_bundle(RunResults.of(folder), tmp_path / "b.zip")
    (of_run,), (of_bundle,) = (
        list(curve_charts(read_content([path]))) for path in (folder, tmp_path / "b.zip")
    )
    assert of_run.records == of_bundle.records


def test_replicates_count_together(folder: Path) -> None:
    content = read_content([folder])
    (source,) = content.sources.values()
    rows = source.cells.to_pylist()
    for row in rows:  # two explanations as if they were one of two sets of weights
        row["model_replicate"] = int(row["explainer"] == "random")
        row["explainer"] = "both"
    cells = type(source.cells).from_pylist(rows, source.cells.schema)
    changed = replace(source, cells=cells)
    (chart,) = curve_charts(Content(content.boards, {source.name: changed}))
    (apart,) = curve_charts(content)
    for record in chart.records:
        means = [
            one["mean"]
            for one in apart.records
            if (one["order"], one["replaced"]) == (record["order"], record["replaced"])
        ]
        if len(means) == 2:
            assert record["mean"] == pytest.approx(np.mean(means))
    assert len(chart.records) == len(apart.records) / 2


def test_methods_have_colours_and_controls_none(folder: Path) -> None:
    (chart,) = curve_charts(read_content([folder]))
    scale = chart.spec["spec"]["layer"][0]["encoding"]["color"]["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
        "exact": OKABE_ITO[0], "random": "var(--control)",
    }  # fmt: skip


def test_names_at_the_ends_of_curves_do_not_overlap() -> None:
    ends = {"a": 0.10, "b": 0.11, "c": 0.105, "d": 0.9}
    records = [
        {"explainer": name, "order": "most important first", "replaced": replaced,
         "mean": mean, "low": mean - 0.1, "high": mean + 0.1}
        for name, end in ends.items()
        for replaced, mean in ((0.0, 0.0), (20.0, end))
    ]  # fmt: skip
    label_ends(records, 20.0)
    at = {one["explainer"]: one["label_at"] for one in records if "label_at" in one}
    assert at["a"] == ends["a"]
    assert at["d"] == ends["d"]
    assert at["a"] < at["c"] < at["b"]
    pixels = [HEIGHT * at[name] / 1.1 for name in "acb"]
    assert np.diff(pixels).min() > 11
    assert not any("label_at" in one for one in records if one["replaced"] == 0)

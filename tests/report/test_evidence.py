"""Reading runs back: what counts, what is joined, and one sentence for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gxarena.builtin import gxarena_explainers
from gxarena.errors import InputError
from gxarena.report.evidence import CONTROLS, Evidence, Run, groups
from gxarena.results.parquet import write_table
from gxarena.results.schemas import TABLES

Make = Callable[..., Path]


def test_values_and_curves_by_cell(make_run: Make) -> None:
    folder = make_run(
        {"metric": "gini", "values": {"": [0.1, np.nan, 0.3]}},
        {
            "metric": "faithfulness",
            "values": {"mif_drop_logit@1": [1.0, 2.0]},
            "curves": {"mif_drop_logit": [[(0.0, 0.0), (0.1, 1.0)], [(0.0, 0.0), (0.2, 2.0)]]},
        },
    )
    gini, faithfulness = Run(folder).cells
    column = gini.column()
    assert column is not None
    assert column.ids.tolist() == ["s0", "s1", "s2"]
    assert np.array_equal(column.values, [0.1, np.nan, 0.3], equal_nan=True)
    assert column.defined.tolist() == [0.1, 0.3]
    assert gini.column("other") is None
    assert faithfulness.quantities() == ["mif_drop_logit@1"]
    curves = faithfulness.curves("mif_drop_logit")
    assert curves is not None
    assert curves.x.tolist() == [[0.0, 0.1], [0.0, 0.2]]
    assert curves.y.tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert faithfulness.curves("lif_drop_logit") is None


def test_curves_that_come_chunk_by_chunk_are_joined(make_run: Make) -> None:
    folder = make_run({"metric": "faithfulness", "values": {"q": [1.0]}})
    cell = Run(folder).cells[0]
    rows = [
        {"cell_id": cell.id, "sample_id": f"s{sample}", "curve": kind, "x": x, "y": x + sample}
        for chunk in ((0, 1), (2, 3), (4,))
        for kind in ("mif_drop_logit", "lif_drop_logit")
        for sample in chunk
        for x in (0.0, 0.0, 0.5)  # the smallest budget may replace nothing
    ]
    table = pa.Table.from_pylist(rows, schema=TABLES["curves"])
    write_table(folder / "curves.parquet", table, {})
    found = Run(folder).curves
    assert set(found) == {(cell.id, kind) for kind in ("mif_drop_logit", "lif_drop_logit")}
    for curves in found.values():
        assert np.array_equal(curves.x, [[0.0, 0.0, 0.5]] * 5)
        assert np.array_equal(curves.y, curves.x + np.arange(5)[:, None])


def test_only_finished_cells_of_contestants_count(make_run: Make) -> None:
    evidence = Evidence.of(
        [
            make_run(
                {"values": {"": [1.0]}},
                {"explainer": "random", "values": {"": [1.0]}},
                {"explainer": "broken", "status": "error"},
                {"dataset": "background", "values": {"": [1.0]}},
            )
        ]
    )
    assert [cell.explanation for cell in evidence.cells("gini")] == ["tokens/attnlrp"]
    assert len(evidence.cells("gini", controls=True)) == 2
    assert [c.dataset for c in evidence.cells("gini", classes=["negative"])] == ["background"]
    assert len(evidence.runs[0].attempts) == 4


def test_levels_are_told_by_what_was_measured(make_run: Make) -> None:
    folder = make_run(
        {"model": "a", "metric": "special_share"},
        {"model": "a", "aggregator": "sum"},
        {"model": "a", "aggregator": "passed_on"},
        {"model": "e", "metric": "special_share"},
        {"model": "f", "metric": "special_share"},
        {"model": "f", "aggregator": "sum"},  # tokens of one nucleotide each
        {"model": "b", "aggregator": "passed_on"},
        {"model": "c", "aggregator": "mean"},
        {"model": "d", "aggregator": "sum", "metric": "continuous_jaccard", "against": "c/lrp"},
    )
    evidence = Evidence.of([folder])
    levels = {cell.facts["model"]: evidence.level(cell) for cell in evidence.runs[0].cells}
    assert levels == {"a": "token", "b": "token", "c": "nucleotide", "d": None} | {
        "e": "token",
        "f": "nucleotide",
    }


def test_groups_keep_runs_apart(make_run: Make) -> None:
    cells = [{"dataset": "promoters"}, {"dataset": "background"}, {"dataset": "promoters"}]
    evidence = Evidence.of([make_run(*cells, name="one"), make_run(*cells, name="two")])
    every = evidence.cells("gini", classes=["positive", "negative"])
    assert [len(group) for group in groups(every, "dataset")] == [2, 1, 2, 1]


def test_the_last_attempt_counts(make_run: Make) -> None:
    folder = make_run({"attempt": 2, "status": "ok"}, {"cell_id": f"{0:032x}", "status": "error"})
    assert [row["status"] for row in Run(folder).attempts] == ["ok"]


def test_what_is_no_run_is_one_sentence(make_run: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected the folder of a run \(with run.json\)"):
        Evidence.of([tmp_path / "nothing"])
    folder = make_run({"values": {"": [1.0]}})
    with pytest.raises(InputError, match=r"expected each run once, got it twice\. Leave one out"):
        Evidence.of([folder, folder])
    (folder / "cells.parquet").unlink()
    with pytest.raises(InputError, match=r"expected a finished run with cells\.parquet, got none"):
        Evidence.of([folder]).cells("gini")


def test_a_run_from_before_motifs_were_kept_has_none(make_run: Make) -> None:
    folder = make_run({"values": {"": [1.0]}})
    (folder / "motifs.parquet").unlink()
    assert len(Run(folder).table("motifs")) == 0


def test_every_control_is_a_yardstick() -> None:
    components = gxarena_explainers()
    modules = ("gxarena.explainers.controls:", "gxarena.explainers.randomised:")
    assert {c.name for c in components if c.target.startswith(modules)} == CONTROLS

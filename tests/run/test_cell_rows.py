"""What the tables say of a cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toys import Collection

import gxarena
from gxarena.api import Curve, Quantity, Scored, SetScored
from gxarena.data import Attribution, Explained, Sample, Spans
from gxarena.errors import PluginError
from gxarena.registry import Registry
from gxarena.results.schemas import CELLS, TABLES
from gxarena.run.cell_rows import (
    CellRows,
    Tables,
    as_json,
    scored_rows,
    units_of,
)
from gxarena.run.plan import Cell, Plan

MakePlan = Callable[..., Plan]
SAMPLES = (Sample("a", "ACGT"), Sample("b", "GGT"))
WRITTEN_LATER = {"attempt", "status", "started", "seconds"}


def _block(**changes: object) -> dict[str, Any]:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return block | changes


@pytest.fixture
def cell(plan: MakePlan) -> Cell:
    return plan(matrix=[_block()]).cells[0]


def test_a_row_says_what_its_cell_is(plan: MakePlan) -> None:
    made = plan(
        seed=5,
        explainers={"chance": {"name": "random"}},
        metrics={"continuous_jaccard": {"renormalise": "never"}},
        matrix=[
            _block(
                explainers=["chance"],
                aggregators=["passed_on"],
                metrics=["continuous_jaccard"],
                against=["toy/exact"],
            )
        ],
    )
    (cell,) = made.cells
    row = CellRows(made).of(cell)
    required = {field.name for field in CELLS if not field.nullable}
    assert required - row.keys() == WRITTEN_LATER
    assert row.keys() <= set(CELLS.names)
    expected = {
        "cell_id": cell.id,
        "suite": "toy-suite",
        "suite_digest": made.digest,
        "gxarena_version": gxarena.__version__,
        "dataset": "mine",
        "dataset_digest": made.datasets["mine"].digest,
        "dataset_kind": None,
        "n_samples": 70,
        "model": "toy",
        "model_component": "toy",
        "model_distribution": "unknown",
        "model_parameters": '{"scale": 1.0, "width": 1}',
        "model_weights_digest": None,
        "explainer": "chance",
        "explainer_component": "random",
        "explainer_distribution": "gxarena",
        "explainer_version": gxarena.__version__,
        "explainer_digest": made.choice("explainers", "chance").identity,
        "explainer_role": "floor",
        "aggregator": "passed_on",
        "metric": "continuous_jaccard",
        "metric_name": "continuous_jaccard[vs toy/exact]",
        "metric_scope": "pair",
        "against": "toy/exact",
        "target": "1",
        "objective": "logit",
        "seed": 5,
    }
    assert {key: row[key] for key in expected} == expected
    assert json.loads(row["metric_parameters"])["renormalise"] == "never"
    assert json.loads(row["packages"])["numpy"] == np.__version__


def test_parameters_that_do_not_fit_are_told_as_they_were_given(plan: MakePlan) -> None:
    made = plan(metrics={"gini": {"sing": "positive"}}, matrix=[_block(explainers=["absent"])])
    row = CellRows(made).of(made.cells[0])
    assert row["metric_parameters"] == '{"sing": "positive"}'
    assert row["explainer_parameters"] == "{}"


def test_the_weights_that_a_model_loads_are_digested(
    plan: MakePlan, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry.components["models", "toy"]
    registry.components["models", "toy"] = replace(
        found, component=replace(found.component, describe="toy_facts:stored")
    )
    weights = tmp_path / "weights.bin"
    monkeypatch.setenv("TOY_WEIGHTS", str(weights))

    def written(content: str) -> str:
        weights.write_text(content)
        made = plan(matrix=[_block()])
        digest: str = CellRows(made).of(made.cells[0])["model_weights_digest"]
        return digest

    assert written("one") == written("one") != written("two")


@pytest.mark.parametrize(
    ("widths", "units"), [([1, 1], "nucleotide"), ([1, 3], "token"), ([3, 3], "token")]
)
def test_scores_are_on_tokens_where_any_unit_is_longer(widths: list[int], units: str) -> None:
    spans = [Spans(np.array([*range(0, 6, width), 6])) for width in widths]
    attributions = tuple(Attribution(np.zeros(len(one)), one) for one in spans)
    samples = tuple(Sample(str(i), "ACGTAC") for i in range(2))
    explained = Explained(samples, attributions, np.zeros(2, int), np.zeros((2, 2)))
    assert units_of(explained) == units


def test_values_curves_and_reasons_become_rows_that_their_tables_take(cell: Cell) -> None:
    scored = Scored(
        {"": np.array([0.5, np.nan]), "mif": np.array([np.inf, 2.0])},
        {"": {1: "no signal"}},
        (Curve("drop", 1, np.array([0.0, 0.5]), np.array([1.0, np.nan])),),
    )
    quantities = {"": Quantity("higher"), "mif": Quantity("lower"), "unused": Quantity("none")}
    rows = scored_rows(cell, SAMPLES, scored, quantities)
    assert [tuple(row.values()) for row in rows["samples"].to_pylist()] == [
        (cell.id, "a", "gini", 0.5, None),
        (cell.id, "b", "gini", None, "no signal"),
        (cell.id, "a", "gini.mif", None, "not finite: inf"),
        (cell.id, "b", "gini.mif", 2.0, None),
    ]
    assert [tuple(row.values()) for row in rows["curves"].to_pylist()] == [
        (cell.id, "b", "drop", 0.0, 1.0),
        (cell.id, "b", "drop", 0.5, None),
    ]
    _check_tables(rows)


def test_a_sets_numbers_motifs_and_seqlets_become_rows_that_their_tables_take(cell: Cell) -> None:
    found = Collection().score_set(Explained((), (), np.zeros(0, int), np.zeros((0, 2))))
    values = {"found": 2.0, "other": np.nan}
    scored = SetScored(values, {"other": "no pattern"}, found.motifs)
    quantities = {name: Quantity("higher") for name in values}
    rows = scored_rows(cell, SAMPLES, scored, quantities)
    assert [tuple(row.values()) for row in rows["samples"].to_pylist()] == [
        (cell.id, "", "gini.found", 2.0, None),
        (cell.id, "", "gini.other", None, "no pattern"),
    ]
    one, other = rows["motifs"].to_pylist()
    told = {"motif": "positive_0", "sign": "positive", "n_seqlets": 1}
    told |= {"trimmed_start": 1, "trimmed_end": 7, "match_id": "MA0000.1", "match_name": "Toy"}
    told |= {
        "counts": True,
        "bits": None,
        "match_p": 1e-9,
        "match_q": 0.001,
        "match_reverse": True,
        "match_offset": 1,
    }
    assert {key: one[key] for key in told} == told
    assert not [key for key in other if key.startswith("match") and other[key] is not None]
    assert (other["counts"], other["bits"]) == (False, 1.5)
    assert np.array_equal(one["scores"], found.motifs[0].scores)
    assert np.array_equal(other["scores"], found.motifs[1].scores)
    assert np.array_equal(other["frequencies"], found.motifs[1].frequencies)
    assert np.array_equal(one["match_frequencies"], found.motifs[0].frequencies[::-1, ::-1])
    assert [tuple(row.values()) for row in rows["seqlets"].to_pylist()] == [
        (cell.id, name, "a", 2, 10, "-") for name in ("positive_0", "negative_0")
    ]
    _check_tables(rows)


def _check_tables(rows: Tables) -> None:
    """Each has its table's columns, null where they may be alone."""
    for name, made in rows.items():
        assert made.schema.equals(TABLES[name])
        assert not [f.name for f in made.schema if not f.nullable and made[f.name].null_count]


@pytest.mark.parametrize(
    ("scored", "complaint"),
    [
        (Scored({"x": np.zeros(2)}), "expected keys among its quantities, got 'x'"),
        (Scored({"": np.zeros(3)}), r"expected 2 values, got an array of shape \(3,\)"),
        (SetScored({"x": 0.0}), "expected keys among its quantities, got 'x'"),
        (SetScored({"": np.zeros(2)}), r"expected 1 values, got an array of shape \(1, 2\)"),  # type: ignore[dict-item]
    ],
)
def test_other_values_than_declared_are_the_metrics_fault(
    cell: Cell, scored: Scored | SetScored, complaint: str
) -> None:
    with pytest.raises(PluginError, match=f"metric 'gini'.*{complaint}"):
        scored_rows(cell, SAMPLES, scored, {"": Quantity("higher")})


@pytest.mark.parametrize(
    ("bounds", "value", "is_refused"),
    [
        ((0.0, 1.0), 7.0, True),
        ((0.0, 1.0), -0.001, True),
        ((0.0, 1.0), 1.0 + 1e-12, False),
        ((0.0, 1.0), np.nan, False),
        ((0.0, 1.0), np.inf, False),
        ((0.0, None), 7.0, False),
        ((None, 1.0), -np.inf, False),
        ((None, None), 7.0, False),
    ],
)
@pytest.mark.parametrize("of_set", [False, True])
def test_values_outside_their_declared_bounds_are_the_metrics_fault(
    cell: Cell, bounds: tuple[float | None, float | None], value: float, is_refused: bool,
    of_set: bool,
) -> None:  # fmt: skip
    quantities = {"": Quantity("higher", bounds)}
    scored = SetScored({"": value}) if of_set else Scored({"": np.array([0.5, value])})
    if not is_refused:
        assert scored_rows(cell, SAMPLES, scored, quantities)
        return
    with pytest.raises(PluginError, match=r"metric 'gini', '': expected values within its decl"):
        scored_rows(cell, SAMPLES, scored, quantities)


def test_a_curve_is_not_cut_to_its_shorter_axis(cell: Cell) -> None:
    curve = Curve("drop", 0, np.zeros(2), np.zeros(3))
    with pytest.raises(PluginError, match="curve 'drop': expected as many x as y, got 2 and 3"):
        scored_rows(cell, SAMPLES, Scored({}, curves=(curve,)), {})


def test_documents_are_alike_whatever_the_order_of_their_keys() -> None:
    assert as_json({"b": Path("x"), "a": 1}) == as_json({"a": 1, "b": "x"}) == '{"a": 1, "b": "x"}'

"""A model that stands for several checkpoints: chosen, planned, run, compared."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from toys import Trained

from gxarena.data import Explained
from gxarena.errors import InputError
from gxarena.metrics.borrowed import Borrowed
from gxarena.metrics.renormalisation import renormalised
from gxarena.metrics.similarity import ContinuousJaccard, RankCorrelation
from gxarena.registry import Registry
from gxarena.run.plan import Plan
from gxarena.run.probe import ModelProbe
from gxarena.run.replicates import replicates_of
from gxarena.run.runner import run
from gxarena.run.stages import Stages
from gxarena.run.store import Store

MakePlan = Callable[..., Plan]
Rows = list[dict[str, Any]]
THREE = {"trained": {"name": "toy-trained", "replicates": 3}}


def _block(**changes: object) -> dict[str, Any]:
    block: dict[str, Any] = {
        "datasets": ["mine"],
        "models": ["trained"],
        "explainers": ["exact", "random"],
        "metrics": ["gini"],
    }
    return block | changes


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _folders(root: Path, n: int) -> list[str]:
    for position in range(n):
        (root / str(position)).mkdir(parents=True)
        (root / str(position) / "weight.txt").write_text(str(position + 0.5))
    return [str(root / str(position)) for position in range(n)]


def _chosen(registry: Registry, asked: object, **parameters: Any) -> list[dict[str, Any]]:
    found = registry.registered("models", "toy-trained")
    return [one.parameters for one in replicates_of(found, parameters, asked, "here")]


def test_what_a_suite_may_ask_for(registry: Registry, tmp_path: Path) -> None:
    folders = _folders(tmp_path / "out", 2)
    assert _chosen(registry, ["a", "b"], width=2) == [
        {"width": 2, "checkpoint": "a"},
        {"width": 2, "checkpoint": "b"},
    ]
    assert _chosen(registry, [{"weights": "a"}, "b"]) == [{"weights": "a"}, {"checkpoint": "b"}]
    # The first that ships is the model as it is.
    assert _chosen(registry, 3) == [{}, {"checkpoint": "one-1"}, {"checkpoint": "one-2"}]
    trained = _chosen(registry, 2, checkpoint=str(tmp_path / "out"))
    assert [one["checkpoint"] for one in trained] == folders


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (4, r"here: expected at most 3, because so many are there \(one, one-1, one-2\), got 4"),
        (0, "expected a list of checkpoints, or how many of those that are there, got 0"),
        (True, "got True"),
        ([], r"got \[\]"),
        ([1], r"got \[1\]"),
        ("fly", "got 'fly'"),
    ],
)
def test_what_it_may_not(registry: Registry, asked: object, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        _chosen(registry, asked)


def test_more_than_were_trained_or_than_anything_says(registry: Registry, tmp_path: Path) -> None:
    _folders(tmp_path, 2)
    with pytest.raises(InputError, match=r"at most 2, .*--replicates 3"):
        _chosen(registry, 3, checkpoint=str(tmp_path))
    toy = registry.registered("models", "toy")
    assert len(replicates_of(toy, {}, 1, "here")) == 1
    with pytest.raises(InputError, match="at most 1, because so many are there"):
        replicates_of(toy, {}, 2, "here")


def test_each_replicate_has_its_cells_and_keys(plan: MakePlan) -> None:
    alone = plan(models={"trained": {"name": "toy-trained"}}, matrix=[_block()])
    made = plan(models=THREE, matrix=[_block()])
    assert [(c.replicate, c.explainer) for c in made.cells] == [
        *itertools.product(range(3), ["exact", "random"])
    ]
    assert [made.checkpoint(cell) for cell in made.cells[::2]] == ["one", "one-1", "one-2"]
    assert {cell.replicate for cell in alone.cells} == {None}
    assert len({cell.id for cell in made.cells + alone.cells}) == len(made.cells + alone.cells)
    # The first is the model without replicates, in every key of what is computed.
    for explainer in ("exact", "random"):
        keys = [made.explain_key("mine", c.weights, explainer) for c in made.cells[::2]]
        assert keys[0] == alone.explain_key("mine", "trained", explainer)
        assert len(set(keys)) == 3
    assert made.predict_key("mine", "trained") == alone.predict_key("mine", "trained")


def test_the_same_weights_twice_are_no_replicates(plan: MakePlan, tmp_path: Path) -> None:
    one, other = _folders(tmp_path, 2)
    (tmp_path / "1" / "weight.txt").write_text((tmp_path / "0" / "weight.txt").read_text())
    models = {"trained": {"name": "toy-trained", "replicates": [one, other]}}
    with pytest.raises(InputError, match=r"toy-suite, models\.trained\.replicates: expected weig"):
        plan(models=models, matrix=[_block()])


def test_every_replicate_is_checked_before_any_work(plan: MakePlan) -> None:
    models = {"toys": {"name": "toy-short", "replicates": [{}, {"a": 1}]}}
    with pytest.raises(InputError, match="at most 10 nucleotides for model 'toys"):
        plan(models=models, matrix=[_block(models=["toys"])])


def test_replicates_are_compared_with_those_of_their_position(plan: MakePlan) -> None:
    two = {"two": {"name": "toy-trained", "replicates": 2}}
    block = _block(explainers=["exact"], metrics=["continuous_jaccard"], aggregators=["sum"])
    made = plan(
        models=THREE | two,
        partition="two",
        matrix=[block | {"against": ["two/exact", "toy/exact"]}],
    )
    pairs = [(c.replicate, *c.against[0]) for c in made.cells]
    assert pairs == [
        (0, "two", "exact", 0),
        (0, "toy", "exact", None),
        (1, "two", "exact", 1),
        (1, "toy", "exact", None),
        # The other has no third: its first once more would be no further evidence.
        (2, "toy", "exact", None),
    ]
    assert [made.partition(i) for i in (None, 0, 1, 2)] == ["two", "two", "two#1", "two"]
    assert made.cells[0].metric_name == "continuous_jaccard[vs two/exact]"


def test_a_single_replicate_is_one_set_of_weights(plan: MakePlan) -> None:
    one = {"one": {"name": "toy-trained", "replicates": 1}}
    block = _block(explainers=["exact"], metrics=["continuous_jaccard"])
    made = plan(models=THREE | one, matrix=[block | {"against": ["one/exact"]}])
    assert [(c.replicate, c.against[0].replicate) for c in made.cells] == [(0, 0), (1, 0), (2, 0)]
    assert [cell.position for cell in made.cells] == [0, 1, 2]
    turned = plan(
        models=THREE | one, matrix=[block | {"models": ["one"], "against": ["trained/exact"]}]
    )
    assert [(c.against[0].replicate, c.position) for c in turned.cells] == [
        (i, i) for i in range(3)
    ]


def test_one_set_of_weights_is_compared_with_every_replicate_of_the_other(
    plan: MakePlan, tmp_path: Path
) -> None:
    """So that the board's interval is over the other's replicates too."""
    block = _block(models=["toy"], explainers=["exact"], metrics=["continuous_jaccard"])
    made = plan(models=THREE, matrix=[block | {"against": ["trained/exact"]}])
    assert [(c.replicate, c.position, c.against[0].replicate) for c in made.cells] == [
        (None, i, i) for i in range(3)
    ]
    assert len({cell.id for cell in made.cells}) == 3
    assert run(made, tmp_path / "run").complete
    cells = {row["cell_id"]: row for row in _rows(tmp_path / "run", "cells")}
    assert sorted(row["model_replicate"] for row in cells.values()) == [0, 1, 2]
    (row,) = _rows(tmp_path / "run", "leaderboard")
    assert row["replicates"] == 3
    first = made.cells[0]
    alone = plan(
        matrix=[block | {"against": ["trained/exact"]}], models={"trained": {"name": "toy-trained"}}
    )
    assert run(alone, tmp_path / "alone").complete
    values = [r["value"] for r in _rows(tmp_path / "run", "samples") if r["cell_id"] == first.id]
    assert values == [r["value"] for r in _rows(tmp_path / "alone", "samples")]


def test_each_replicate_is_asked_without_what_the_lender_lost(
    plan: MakePlan, tmp_path: Path
) -> None:
    """Its own weights answer: the drops of the first are those of a model of the first alone."""
    block = _block(models=["toy-tokens"], explainers=["exact"], metrics=["borrowed"])
    made = plan(models=THREE, target=1, matrix=[block | {"against": ["trained/exact"]}])
    assert run(made, tmp_path / "run").complete
    found: dict[str, list[float]] = {}
    for row in _rows(tmp_path / "run", "samples"):
        if row["metric"].endswith((".mif_drop_logit@20", ".random_drop_logit@20")):
            found.setdefault(row["cell_id"], []).append(row["value"])
    stages = Stages(made, Store(tmp_path / "run" / "store"))
    lender = stages.explained("mine", "toy-tokens", "exact")
    drops = []
    for cell in made.cells:
        (asked,) = cell.against
        other = stages.explained("mine", asked.weights, "exact")
        probe = ModelProbe(partial(Trained, made.replicates["trained"][asked.replicate or 0]))
        values = Borrowed().compare(lender, other, probe).values
        own = [values[f"{order}_drop_logit@20"].tolist() for order in ("mif", "random")]
        assert found[cell.id] == own[0] + own[1]
        drops += map(tuple, own)
    assert len(set(drops)) == 2 * 3


def test_rows_say_which_replicate_they_are_of(plan: MakePlan, tmp_path: Path) -> None:
    alone = plan(models={"trained": {"name": "toy-trained"}}, matrix=[_block()])
    assert run(alone, tmp_path / "alone").complete
    assert run(plan(models=THREE, matrix=[_block()]), tmp_path / "three").complete
    cells = _rows(tmp_path / "three", "cells")
    assert {(r["model"], r["model_replicate"]) for r in cells} == {
        *((("trained"), i) for i in range(3))
    }
    found = {r["model_replicate"]: json.loads(r["model_parameters"]) for r in cells}
    assert [found[i]["checkpoint"] for i in range(3)] == ["one", "one-1", "one-2"]
    assert len({r["model_digest"] for r in cells}) == 3
    # Number for number what it was without replicates.
    first = {r["cell_id"] for r in cells if r["model_replicate"] == 0}
    values = [r["value"] for r in _rows(tmp_path / "three", "samples") if r["cell_id"] in first]
    assert values == [r["value"] for r in _rows(tmp_path / "alone", "samples")]
    assert {r["model_replicate"] for r in _rows(tmp_path / "alone", "cells")} == {None}


def _explained(made: Plan, folder: Path, explainer: str) -> list[Explained]:
    stages = Stages(made, Store(folder / "store"))
    names = ["trained", "trained#1", "trained#2"]
    return [renormalised(stages.explained("mine", name, explainer)) for name in names]


def test_random_scores_of_replicates_are_others(plan: MakePlan, tmp_path: Path) -> None:
    """The same noise for each would agree with itself."""
    maps = _explained(plan(models=THREE, matrix=[_block()]), tmp_path, "random")
    for one, other in itertools.combinations(maps, 2):
        assert not np.allclose(one.attributions[0].scores, other.attributions[0].scores)


@pytest.mark.parametrize("explainer", ["exact", "random"])
@pytest.mark.parametrize("target", [1, "predicted"])
def test_agreement_is_the_mean_over_the_other_replicates(
    plan: MakePlan, tmp_path: Path, explainer: str, target: Any
) -> None:
    block = _block(metrics=["replicate_agreement"], explainers=[explainer])
    made = plan(models=THREE, target=target, matrix=[block])
    assert {cell.metric_name for cell in made.cells} == {"replicate_agreement"}
    assert run(made, tmp_path / "run").complete
    cells = {row["cell_id"]: row for row in _rows(tmp_path / "run", "cells")}
    assert {row["against"] for row in cells.values()} == {f"trained/{explainer}"}
    got = {
        (cells[row["cell_id"]]["model_replicate"], row["sample_id"], row["metric"]): row["value"]
        for row in _rows(tmp_path / "run", "samples")
    }
    maps = _explained(made, tmp_path, explainer)
    undefined = 0
    for i, n in itertools.product(range(3), range(70)):
        for name, metric in (("jaccard", ContinuousJaccard()), ("rank_correlation", None)):
            total, count = 0.0, 0
            for j in range(3):
                if j != i and maps[i].targets[n] == maps[j].targets[n]:
                    made_by = metric or RankCorrelation()
                    pair = made_by.compare(maps[i], maps[j]).values[""][n]
                    if not np.isnan(pair):
                        total, count = total + pair, count + 1
            value = got[i, f"s{n:02d}", f"replicate_agreement.{name}"]
            undefined += count == 0
            assert (value is None) == (count == 0)
            if value is not None:
                assert value == pytest.approx(total / count)
    assert bool(undefined) == (target == "predicted")


def test_agreement_of_one_set_of_weights_is_unsupported(plan: MakePlan) -> None:
    block = _block(metrics=["replicate_agreement"], models=["toy"], explainers=["exact"])
    (cell,) = plan(matrix=[block]).cells
    assert "needs a model with several replicates, and 'toy' has one" in cell.unsupported


def test_agreement_needs_the_same_units(plan: MakePlan, tmp_path: Path) -> None:
    widths = [{"width": 1}, {"width": 3}]
    models = {"trained": {"name": "toy-trained", "replicates": widths}}
    block = _block(
        metrics=["replicate_agreement"], explainers=["exact"], aggregators=["native", "passed_on"]
    )
    run(plan(models=models, matrix=[block]), tmp_path / "run")
    statuses = {(r["aggregator"], r["status"]) for r in _rows(tmp_path / "run", "cells")}
    assert statuses == {("native", "unsupported"), ("passed_on", "ok")}


def test_a_metric_that_asks_again_asks_of_the_same_noise(plan: MakePlan, tmp_path: Path) -> None:
    """A replicate's own: else what it is asked again would differ from what it said."""
    made = plan(models=THREE, matrix=[_block()])
    stages = Stages(made, Store(tmp_path))
    explained = stages.explained("mine", "trained#1", "random")
    again = stages.explain_again("trained#1", "random")(
        stages.model("trained#1"),
        explained.samples[:3],
        explained.targets[:3],
        explained.sequences[:3],
    )
    for one, other in zip(again, explained.attributions, strict=False):
        assert np.array_equal(one.scores, other.scores)

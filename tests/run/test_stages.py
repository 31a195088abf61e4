"""Stages of the pipeline: computed once, in chunks, and checked where a plugin hands over."""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution, Sample, Spans
from gxarena.errors import InputError, PluginError
from gxarena.run.choices import Choice
from gxarena.run.plan import Plan
from gxarena.run.stages import (
    KEPT_EXPLAINED,
    Stages,
    check_attributions,
    checked_predictions,
    create,
    make_batch,
    resolve_targets,
)
from gxarena.run.store import CHUNK, Predictions, Store

MakePlan = Callable[..., Plan]
SAMPLES = (Sample("a", "ACGT", label=1), Sample("b", "GGT", label=0))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the toys were asked so far; asking empties it."""
    path = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(path))

    def read() -> list[str]:
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return read


def _stages(plan: Plan, tmp_path: Path) -> Stages:
    return Stages(plan, Store(tmp_path / "store"))


def test_each_chunk_is_computed_once_and_kept(
    plan: MakePlan, tmp_path: Path, log: Callable[[], list[str]]
) -> None:
    made = plan()
    stages = _stages(made, tmp_path)
    first = stages.explained("mine", "toy", "exact")
    assert log() == [f"predict {CHUNK}", "predict 6", f"explain {CHUNK}", "explain 6"]
    assert stages.explained("mine", "toy", "exact") is first
    again = _stages(made, tmp_path).explained("mine", "toy", "exact")
    assert log() == []
    assert np.array_equal(again.outputs, first.outputs)
    for one, other in zip(again.attributions, first.attributions, strict=True):
        assert np.array_equal(one.scores, other.scores)
        assert one.spans == other.spans


def test_a_lost_chunk_is_computed_alone_and_the_same(
    plan: MakePlan, tmp_path: Path, log: Callable[[], list[str]]
) -> None:
    made = plan()
    whole = _stages(made, tmp_path).explained("mine", "toy", "random")
    parts = sorted((tmp_path / "store" / "attributions").rglob("*.parquet"))
    parts[1].write_bytes(parts[1].read_bytes()[:-5])
    before = parts[0].stat().st_mtime_ns
    log()
    resumed = _stages(made, tmp_path).explained("mine", "toy", "random")
    assert parts[0].stat().st_mtime_ns == before
    for one, other in zip(resumed.attributions, whole.attributions, strict=True):
        assert np.array_equal(one.scores, other.scores)


def test_progress_counts_samples(plan: MakePlan, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    stages = Stages(plan(), Store(tmp_path), lambda *report: told.append(report))
    stages.predictions("mine", "toy")
    assert told == [("predict mine with toy", done, 70) for done in (0, CHUNK, 70)]


def test_a_failure_is_remembered_without_growing(plan: MakePlan, tmp_path: Path) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["crash"], "metrics": ["gini"]}
    stages = _stages(plan(matrix=[block]), tmp_path)
    texts = []
    for _ in range(3):
        with pytest.raises(RuntimeError, match="always fails") as caught:
            stages.explained("mine", "toy", "crash")
        texts.append("".join(traceback.format_tb(caught.value.__traceback__)))
    assert texts[1] == texts[2]
    assert texts[1].count("toys.py") == 1


def test_a_remembered_failure_does_not_hold_what_it_worked_on(
    plan: MakePlan, tmp_path: Path
) -> None:
    """What filled the memory when it ran out must not stay there for the cells to come."""
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    stages = _stages(plan(matrix=[block]), tmp_path)
    held: list[weakref.ref[Any]] = []

    class Hungry:
        def explain(self, model: object, batch: object) -> list[Attribution]:
            large = np.ones(1000)
            held.append(weakref.ref(large))
            raise MemoryError

    def make(kind: str, label: str) -> Any:
        return Hungry() if kind == "explainers" else create(made.registry, made.choice(kind, label))

    made = stages._plan
    stages.create = make  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        stages.explained("mine", "toy", "exact")
    gc.collect()
    assert held[0]() is None


def test_only_so_many_explanations_stay_in_memory(plan: MakePlan, tmp_path: Path) -> None:
    labels = [f"r{i}" for i in range(KEPT_EXPLAINED + 1)]
    aliases = {label: {"name": "random"} for label in labels}
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": labels, "metrics": ["gini"]}
    stages = _stages(plan(explainers=aliases, matrix=[block]), tmp_path)
    first = stages.explained("mine", "toy", labels[0])
    for label in labels[1:]:
        stages.explained("mine", "toy", label)
    assert stages.explained("mine", "toy", labels[0]) is not first


@pytest.mark.parametrize(
    ("aggregator", "widths"), [("native", 3), ("passed_on", 1), ("mean", 3), ("sum", 3)]
)
def test_projection_goes_where_the_aggregator_speaks(
    plan: MakePlan, tmp_path: Path, aggregator: str, widths: int
) -> None:
    model = "toy" if aggregator in ("mean", "sum") else "toy-tokens"
    block = {"datasets": ["mine"], "models": [model], "explainers": ["exact"]}
    made = plan(matrix=[block | {"aggregators": [aggregator], "metrics": ["gini"]}])
    stages = _stages(made, tmp_path)
    explained = stages.explained("mine", model, "exact")
    projected = stages.projected(explained, "mine", aggregator)
    assert {int(a.spans.widths.max()) for a in projected.attributions} == {widths}
    if aggregator != "native":
        factor = {"passed_on": 3, "mean": 1 / 3, "sum": 1}[aggregator]
        for one, other in zip(explained.attributions, projected.attributions, strict=True):
            assert other.scores.sum() == pytest.approx(factor * one.scores.sum())


def test_targets() -> None:
    outputs = np.array([[0.1, 0.2, 0.3], [0.5, 0.2, 0.3]])
    predictions = Predictions(outputs, tuple(Spans.nucleotides(n) for n in (4, 3)))
    assert resolve_targets("predicted", SAMPLES, predictions).tolist() == [2, 0]
    assert resolve_targets("label", SAMPLES, predictions).tolist() == [1, 0]
    assert resolve_targets(2, SAMPLES, predictions).tolist() == [2, 2]
    with pytest.raises(InputError, match="0 to 2, got 3"):
        resolve_targets(3, SAMPLES, predictions)


def test_a_batchs_seeds_belong_to_its_samples() -> None:
    targets = np.array([1, 0])
    batch = make_batch(SAMPLES, targets, "logit", 7, "random")
    backwards = make_batch(SAMPLES[::-1], targets, "logit", 7, "random")
    assert batch.seeds.tolist() == backwards.seeds.tolist()[::-1]
    assert len({*batch.seeds, *make_batch(SAMPLES, targets, "logit", 8, "random").seeds}) == 4
    assert len({*batch.seeds, *make_batch(SAMPLES, targets, "logit", 7, "other").seeds}) == 4
    assert (batch.ids, batch.sequences) == (("a", "b"), ("ACGT", "GGT"))
    batch.targets[:] = 5  # an explainer's own to edit
    assert targets.tolist() == [1, 0]


def _good() -> list[Attribution]:
    return [Attribution(np.zeros(n), Spans.nucleotides(n)) for n in (4, 3)]


@pytest.mark.parametrize(
    ("attributions", "complaint"),
    [
        (tuple(_good()), "expected a list of 2 Attributions, got tuple"),
        (_good()[:1], "expected a list of 2 Attributions, got 1"),
        ([_good()[0], np.zeros(3)], "expected Attributions, got a ndarray"),
        (
            _good()[::-1],
            "sample 'a': expected units that tile its 4 nucleotides, got units up to 3",
        ),
    ],
)
def test_explainers_that_break_the_contract_are_named(
    plan: MakePlan, attributions: Any, complaint: str
) -> None:
    choice = plan().choice("explainers", "exact")
    batch = make_batch(SAMPLES, np.array([1, 1]), "logit", 0, "exact")
    check_attributions(_good(), batch, choice)
    with pytest.raises(PluginError, match=f"unknown: explainer 'exact'.*{complaint}"):
        check_attributions(attributions, batch, choice)


class _Broken:
    """A model that answers with what it was given."""

    n_outputs = 2

    def __init__(self, outputs: Any, lengths: tuple[int, ...] = (4, 3)) -> None:
        self._outputs, self._lengths = outputs, lengths

    def predict(self, sequences: object) -> Any:
        return self._outputs

    def spans(self, sequences: object) -> list[Spans]:
        return [Spans.nucleotides(n) for n in self._lengths]


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (_Broken(np.zeros((2, 3))), r"expected outputs of shape \(2, 2\), got \(2, 3\)"),
        (_Broken(np.array([[0, np.nan], [0, 0]])), "expected finite outputs, got NaN"),
        (_Broken(np.zeros((2, 2)), (4, 4)), "expected units that tile every sequence"),
    ],
)
def test_models_that_break_the_contract_are_named(
    plan: MakePlan, model: Any, complaint: str
) -> None:
    choice: Choice = plan().choice("models", "toy")
    with pytest.raises(PluginError, match=f"unknown: model 'toy': {complaint}"):
        checked_predictions(model, SAMPLES, choice)

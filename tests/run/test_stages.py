"""Stages of the pipeline: computed once, in chunks, by components that are created once."""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution
from gxarena.errors import InputError, PluginError
from gxarena.explainers import precomputed
from gxarena.registry import Registry
from gxarena.run.components import KEPT
from gxarena.run.plan import Plan
from gxarena.run.recent import Recent
from gxarena.run.runner import run
from gxarena.run.stages import KEPT_EXPLAINED, Stages
from gxarena.run.store import CHUNK, Store

MakePlan = Callable[..., Plan]


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


def test_every_chunk_is_explained_for_its_own_samples_targets(
    plan: MakePlan, tmp_path: Path
) -> None:
    """Labels that do not repeat from chunk to chunk; explained for them, in chunks and alone."""
    rng = np.random.default_rng(0)
    rows = [f"s{i},ACGTACGT,{label}" for i, label in enumerate(rng.integers(0, 2, CHUNK + 30))]
    (tmp_path / "mixed.csv").write_text("\n".join(["id,sequence,label", *rows]))
    made = plan(target="label", datasets={"mine": {"path": str(tmp_path / "mixed.csv")}})
    explained = _stages(made, tmp_path).explained("mine", "toy", "exact")
    labels = [sample.label for sample in explained.samples]
    assert explained.targets.tolist() == labels
    by_label = {
        label: {
            tuple(a.scores)
            for a, of in zip(explained.attributions, labels, strict=True)
            if of == label
        }
        for label in (0, 1)
    }
    assert [len(found) for found in by_label.values()] == [1, 1]
    assert by_label[0] != by_label[1]


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
            try:
                self.fill()
            except MemoryError:
                raise ValueError("no room")  # noqa: B904 (as plugins do)

        def fill(self) -> None:
            large = np.ones(1000)
            held.append(weakref.ref(large))
            raise MemoryError

    create = stages.create

    def make(kind: str, label: str) -> Any:
        return Hungry() if kind == "explainers" else create(kind, label)

    stages.create = make  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="no room"):
        stages.explained("mine", "toy", "exact")
    gc.collect()
    assert [one() for one in held] == [None, None]


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
    projected = stages.projected(explained, "mine", aggregator, "toy-tokens")
    assert {int(a.spans.widths.max()) for a in projected.attributions} == {widths}
    if aggregator == "native":
        assert projected is explained
    else:
        factor = {"passed_on": 3, "mean": 1 / 3, "sum": 1}[aggregator]
        for one, other in zip(explained.attributions, projected.attributions, strict=True):
            assert other.scores.sum() == pytest.approx(factor * one.scores.sum())


def test_a_component_is_created_once(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of precomputed scores was read seven times for six cells."""
    scores = tmp_path / "scores.npz"
    np.savez(scores, **{f"s{i:02d}": np.ones(24) for i in range(70)})
    read: list[Path] = []
    real = precomputed._read

    def count(path: Path, *names: str) -> Any:
        read.append(path)
        return real(path, *names)

    monkeypatch.setattr(precomputed, "_read", count)
    block = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["precomputed"],
        "aggregators": ["native", "passed_on"],
        "metrics": ["gini", "total", "entropy"],
    }
    made = plan(matrix=[block], explainers={"precomputed": {"path": str(scores)}})
    assert run(made, tmp_path / "run").complete
    assert read == [scores]


def test_a_component_that_was_not_used_for_long_is_let_go(plan: MakePlan, tmp_path: Path) -> None:
    labels = [f"toy{i}" for i in range(KEPT["models"] + 1)]
    block = {"datasets": ["mine"], "models": labels, "explainers": ["exact"], "metrics": ["gini"]}
    aliases = {label: {"name": "toy"} for label in labels}
    stages = _stages(plan(models=aliases, matrix=[block]), tmp_path)
    first, second = stages.model(labels[0]), stages.model(labels[1])
    assert stages.model(labels[0]) is first
    assert stages.loaded(labels[2]) is None
    third = stages.model(labels[2])
    assert stages.loaded(labels[2]) is third
    assert stages.loaded(labels[1]) is None
    assert stages.model(labels[0]) is first
    assert stages.model(labels[1]) is not second


def test_what_changed_since_the_plan_is_not_kept(
    plan: MakePlan, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry.components["models", "toy"]
    registry.components["models", "toy"] = replace(
        found, component=replace(found.component, describe="toy_facts:stored")
    )
    weights, scores = tmp_path / "weights", tmp_path / "scores.npz"
    monkeypatch.setenv("TOY_WEIGHTS", str(weights))

    def write(given: float, content: str) -> None:
        np.savez(scores, **{f"s{i:02d}": np.full(24, given) for i in range(70)})
        weights.write_text(content)

    block = {"datasets": ["mine"], "models": ["toy"], "metrics": ["gini"]}
    block |= {"explainers": ["precomputed"]}
    write(1.0, "one")
    made = plan(explainers={"precomputed": {"path": str(scores)}}, matrix=[block])
    written = tmp_path / "store"

    write(1.0, "two")
    with pytest.raises(InputError, match="model 'toy': expected its code and files as they were"):
        _stages(made, tmp_path).predictions("mine", "toy")
    assert not list(written.rglob("*.parquet"))

    write(1.0, "one")
    _stages(made, tmp_path).predictions("mine", "toy")
    for given, content, blamed in ((1.0, "two", "model 'toy'"), (2.0, "one", "explainer 'pre")):
        write(given, content)
        with pytest.raises(InputError, match=f"{blamed}.*so that nothing of it was kept"):
            _stages(made, tmp_path).explained("mine", "toy", "precomputed")
        assert not (written / "attributions").exists()

    write(1.0, "one")
    explained = _stages(made, tmp_path).explained("mine", "toy", "precomputed")
    assert set(explained.attributions[0].scores) == {1.0}


@pytest.mark.parametrize(
    ("explainer", "complaint"),
    [
        ("nan", "expected finite scores, got NaN or infinity in each of 70 samples"),
        ("short-list", "expected a list of 64 Attributions, got 63"),
    ],
)
def test_attributions_that_break_the_contract_are_refused(
    plan: MakePlan, tmp_path: Path, explainer: str, complaint: str
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "metrics": ["gini"]}
    block |= {"explainers": [explainer, "some-nan"]}
    stages = _stages(plan(matrix=[block]), tmp_path)
    with pytest.raises(PluginError, match=complaint):
        stages.explained("mine", "toy", explainer)
    assert len(stages.explained("mine", "toy", "some-nan").attributions) == 70


def test_what_is_explained_again_is_explained_alike_and_checked_alike(
    plan: MakePlan, tmp_path: Path
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "metrics": ["gini"]}
    block |= {"explainers": ["random", "short-list"]}
    made = plan(seed=3, objective="log_odds", matrix=[block])
    stages = _stages(made, tmp_path)
    first = stages.explained("mine", "toy", "random")
    assert (first.seed, first.objective) == (3, "log_odds")
    samples, origins = first.samples[5:7], tuple(s.sequence for s in first.samples[5:7])
    again = stages.explain_again("toy", "random")(
        stages.model("toy"), samples, first.targets[5:7], origins
    )
    for one, other in zip(again, first.attributions[5:7], strict=True):
        assert np.array_equal(one.scores, other.scores)
    with pytest.raises(PluginError, match="expected a list of 2 Attributions, got 1"):
        stages.explain_again("toy", "short-list")(
            stages.model("toy"), samples, first.targets[5:7], origins
        )


def test_explaining_takes_as_long_as_its_chunks(plan: MakePlan, tmp_path: Path) -> None:
    made = plan()
    stages = _stages(made, tmp_path)
    assert stages.explain_seconds("mine", "toy", "exact") == 0.0
    stages.explained("mine", "toy", "exact")
    store, key = Store(tmp_path / "store"), made.explain_key("mine", "toy", "exact")
    chunks = [store.seconds("attributions", key, chunk) or 0.0 for chunk in (0, 1)]
    assert stages.explain_seconds("mine", "toy", "exact") == sum(chunks) > max(chunks) > 0
    predictions = store.seconds("predictions", made.predict_key("mine", "toy"), 0)
    assert 0 < (predictions or 0.0) + sum(chunks) < 600


def test_the_recent_are_those_used_last() -> None:
    kept: Recent[int] = Recent(2)
    made: list[str] = []

    def get(key: str) -> None:
        kept.get(key, lambda: made.append(key) or 0)

    for key in "abacab":
        get(key)
    assert made == ["a", "b", "c", "b"]


def test_of_a_model_s_hardware_only_what_utf_8_can_hold_is_kept(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no row could be written, of that model's cells nor of those beside them."""
    stages = _stages(plan(), tmp_path)
    monkeypatch.setattr(type(stages.model("toy")), "device", "gpu\ud800", raising=False)
    assert stages.hardware("mine", "toy")["device"] == r"gpu\ud800"
    stages.predictions("mine", "toy")
    assert _stages(plan(), tmp_path).hardware("mine", "toy")["device"] == r"gpu\ud800"

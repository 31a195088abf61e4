"""Samples that name a region: whoever explains or scores knows nothing of what lies around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toys import Linear

from gxarena.api import Model, Probe, Scored
from gxarena.data import Attribution, Batch, Bools, Explained, Floats, Interval, Ints, Sample, Spans
from gxarena.dna import reverse_complement
from gxarena.errors import PluginError
from gxarena.explainers.perturbation import ISM
from gxarena.registry import Registry
from gxarena.run.choices import choose, create
from gxarena.run.flanked import in_flanks
from gxarena.run.in_flanks import asked, cut, scored
from gxarena.run.plan import Plan
from gxarena.run.probe import Explain, ModelProbe
from gxarena.run.runner import run
from gxarena.run.single import explain_samples
from gxarena.run.stages import Stages
from gxarena.run.store import Store
from gxarena.samples import NO_FLANKS, Flanks
from gxarena_cnn.checkpoint import save_network
from gxarena_cnn.config import CNNConfig
from gxarena_cnn.model import CNN
from gxarena_cnn.networks import cnn
from gxarena_hf.toys import write_toy

REGISTRY = Registry.load()
RNG = np.random.default_rng(5)
WHOLE = "".join(RNG.choice(list("ACGT"), 60))
LEFT, OTHER_LEFT = WHOLE[:17], WHOLE[20:31]
# The other strand of these flanks is these flanks: so a model can hold them for good.
FLANKS: Flanks = (LEFT, reverse_complement(LEFT))
OTHER: Flanks = (OTHER_LEFT, reverse_complement(OTHER_LEFT))


def _named(kind: str, keep: Callable[[Any], bool]) -> list[str]:
    components = (one.component for one in REGISTRY.of_kind(kind))
    return sorted(component.name for component in components if keep(component))


EXPLAINERS = _named("explainers", lambda one: one.name != "precomputed")
METRICS = _named("metrics", lambda one: "sample" in one.provides and one.name != "quantus")


class Reading:
    """Not additive, and the further to the right a letter is the more it says; keeps what it read.

    With `around`, a model of the region alone that was made for these flanks.
    """

    n_outputs = 2
    max_length = None
    _weights = np.array([1.0, -0.5, 0.25, -1.0, 0.1])

    def __init__(self, around: Flanks = NO_FLANKS, sign: float = 1.0) -> None:
        self.around, self.sign = around, sign
        self.read: list[str] = []

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        rows = []
        for sequence in sequences:
            whole = self.around[0] + sequence + self.around[1]
            self.read.append(whole)
            w = np.array([self._weights["ACGTN".index(letter)] for letter in whole])
            place = np.arange(1, len(w)) / len(w)
            rows.append([self.sign * w.sum() / 3, self.sign * (w[1:] * w[:-1] * place).sum()])
        return np.array(rows)

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        pairs = zip(sequences, masks, strict=True)
        return self.predict(
            ["".join(np.where(mask, "N", list(sequence))) for sequence, mask in pairs]
        )

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        del pieces
        return self.predict(sequences)

    def randomised(self, seed: int) -> Reading:
        return Reading(self.around, -1.0 - seed)


def _samples() -> tuple[Sample, ...]:
    """Two in the same flanks, one in others, one without any."""
    rng = np.random.default_rng(1)
    regions = ["".join(rng.choice(list("ACGT"), 24)) for _ in range(4)]
    around = (FLANKS, OTHER, FLANKS, NO_FLANKS)
    marks = (Interval(5, 11, "MA0139.2", "+"), Interval(14, 18, "decoy:MA0139.2", "-"))
    pairs = enumerate(zip(regions, around, strict=True))
    return tuple(Sample(f"s{i}", seq, i % 2, marks, flanks) for i, (seq, flanks) in pairs)


def _explained(samples: tuple[Sample, ...]) -> Explained:
    rng = np.random.default_rng(2)
    rows = [rng.normal(size=len(sample.sequence)) for sample in samples]
    return Explained(
        samples,
        tuple(
            Attribution(row, Spans.nucleotides(len(row)), diagnostics={"explained": 1.0})
            for row in rows
        ),
        np.array([0, 1, 1, 0]),
        Reading().predict([sample.whole.sequence for sample in samples]),
        seed=3,
    )


def _explain(model: Model, samples: Any, targets: Ints, origins: Any) -> list[Attribution]:
    sequences, ids = tuple(s.sequence for s in samples), tuple(s.id for s in samples)
    batch = Batch(sequences, targets, ids=ids, origins=origins)
    return asked(ISM(), model, batch, choose(REGISTRY, "explainers", "ism", {}))


def _probe(model: Model, explain: Explain = _explain) -> ModelProbe:
    return ModelProbe(lambda: model, explain=explain)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_scores_a_region_as_a_model_that_was_made_for_its_flanks(name: str) -> None:
    metric = create(REGISTRY, choose(REGISTRY, "metrics", name, {}))
    explained, model = _explained(_samples()), Reading()
    found = scored([explained], _probe(model), metric.score)
    for row, sample in enumerate(explained.samples):
        made = Reading(sample.flanks)
        alone = replace(explained.of([row]), samples=(replace(sample, flanks=NO_FLANKS),))
        expected: Scored = metric.score(alone, _probe(made))
        for key, column in expected.values.items():
            np.testing.assert_array_equal(found.values[key][row], column[0])
            assert found.reasons.get(key, {}).get(row) == expected.reasons.get(key, {}).get(0)
        curves = [curve for curve in found.curves if curve.sample == row]
        assert [c.key for c in curves] == [c.key for c in expected.curves]
        for curve, other in zip(curves, expected.curves, strict=True):
            np.testing.assert_array_equal([curve.x, curve.y], [other.x, other.y])
    around = {sample.flanks for sample in explained.samples} - {NO_FLANKS}
    long = [text for text in model.read if len(text) > 24]
    assert all(any(text[: len(a)] == a and text.endswith(b) for a, b in around) for text in long)
    asks = "probe" in REGISTRY.registered("metrics", name).component.requires
    # Nothing moves these tokens, and this rule has no partners.
    assert bool(long) >= (asks and name not in ("retokenised", "dependency_map"))


def test_a_metric_that_forgets_a_sample_is_told() -> None:
    def forgets(explained: Explained, probe: ModelProbe) -> Scored:
        del explained, probe
        return Scored({"": np.zeros(1)})

    with pytest.raises(PluginError, match="expected a value for each of 2 samples"):
        scored([_explained(_samples())], _probe(Reading()), forgets)


def test_the_other_strand_has_the_flanks_of_the_other_strand() -> None:
    model = Reading()
    _probe(model).in_flanks(("AAC", "GGGTC")).other_strand().predict(["CT"])
    assert model.read == ["GACCCCTGTT"]
    plain = _probe(model)
    assert plain.other_strand() is plain


def test_what_is_shared_is_asked_in_the_flanks_too() -> None:
    model = Reading()
    probe = _probe(model).in_flanks(("AAC", "GGGTC"))

    def compute(door: Probe) -> Floats:
        assert isinstance(door, ModelProbe)
        return door.predict(["CT"]) + door.other_strand().predict(["CT"])

    probe.shared({}, ids=["one"], spans=[Spans.nucleotides(2)], compute=compute)
    assert model.read == ["AACCTGGGTC", "GACCCCTGTT"]
    assert probe.forwards == 2


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """A model for whatever an explainer requires: its name, and its parameters."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    (folder / "cnn").mkdir()
    save_network(cnn(CNNConfig(input_length=64, filters=(3, 2), kernel=3, dense=4)), folder / "cnn")
    write_toy("dnabert", folder / "hf", 0)
    return {
        "cnn": {"checkpoint": str(folder / "cnn")},
        "hf": {"checkpoint": str(folder / "hf")},
        "dnabert2-mini": {},
    }


def _model_for(explainer: str) -> str:
    (own,) = {
        name.partition(":")[0]
        for name in choose(REGISTRY, "explainers", explainer, {}).requires
        if ":" in name
    } or {"gxarena_cnn"}
    return {"gxarena_dnabert2": "dnabert2-mini", "gxarena_hf": "hf"}.get(own, "cnn")


@pytest.mark.parametrize("name", EXPLAINERS)
def test_an_explainer_explains_the_region_alone(
    name: str, checkpoints: Mapping[str, dict[str, Any]]
) -> None:
    model = _model_for(name)

    def explained(samples: tuple[Sample, ...]) -> Explained:
        return explain_samples(
            REGISTRY,
            samples,
            model=model,
            model_parameters=checkpoints[model],
            explainer=name,
            target=1,
        )

    samples = _samples()
    together = explained(samples)
    for row, (sample, one) in enumerate(zip(samples, together.attributions, strict=True)):
        assert one.spans.length == len(sample.sequence)
        assert np.isfinite(one.scores).all()
        (alone,) = explained((sample,)).attributions
        np.testing.assert_allclose(one.scores, alone.scores, rtol=1e-3, atol=1e-5)
        if "explained" in one.diagnostics and "absorbed" in one.diagnostics:
            total = one.scores.sum() + sum(one.special.values())
            gap = one.diagnostics["explained"] - total
            np.testing.assert_allclose(gap, one.diagnostics["absorbed"], atol=1e-5)
        assert together.outputs[row].tolist() == pytest.approx(
            explained((sample.whole,)).outputs[0].tolist(), abs=1e-5
        )
    (last,) = explained((replace(samples[3], flanks=NO_FLANKS),)).attributions
    (same,) = explained((samples[3].within(0, 24),)).attributions
    np.testing.assert_array_equal(last.scores, same.scores)


def _explained_by(
    sample: Sample, model: str, checkpoint: dict[str, Any], explainer: str, /, **parameters: Any
) -> Attribution:
    found = explain_samples(
        REGISTRY,
        (sample,),
        model=model,
        model_parameters=checkpoint,
        explainer=explainer,
        explainer_parameters=parameters,
        target=1,
    )
    return found.attributions[0]


@pytest.mark.parametrize("name", ["saliency", "input_x_gradient", "smoothgrad", "lrp", "attnlrp"])
def test_what_costs_no_more_is_computed_of_all_and_scored_within(
    name: str, checkpoints: Mapping[str, dict[str, Any]]
) -> None:
    model = _model_for(name)
    parameters = {"noise": 0.0} if name == "smoothgrad" else {}
    sample = _samples()[0]

    def explained(one: Sample) -> Attribution:
        return _explained_by(one, model, checkpoints[model], name, **parameters)

    region, whole = sample.region, explained(sample.whole)
    assert region is not None
    expected = cut(whole, region.start, region.end)
    found = explained(sample)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-4, atol=1e-6)
    assert found.spans == expected.spans


@pytest.mark.parametrize("name", ["lrp", "attnlrp", "occlusion"])
def test_a_region_s_scores_are_permuted_among_themselves(
    name: str, checkpoints: Mapping[str, dict[str, Any]]
) -> None:
    """None comes from the flanks: the control's values would not be the explanation's."""
    model, sample = _model_for(name), _samples()[0]
    own = _explained_by(sample, model, checkpoints[model], name)
    permuted = _explained_by(sample, model, checkpoints[model], "permuted", explainer=name)
    assert permuted.spans == own.spans
    assert permuted.scores.tolist() != own.scores.tolist()
    assert sorted(permuted.scores) == pytest.approx(sorted(own.scores), rel=1e-6, abs=1e-9)


def test_mutagenesis_asks_three_times_a_nucleotide_of_the_region() -> None:
    model, sample = Reading(), _samples()[0]
    batch = Batch((sample.sequence,), np.array([1]))
    (found,) = ISM().explain(in_flanks(model, sample.flanks), batch)
    assert len(model.read) == 3 * len(sample.sequence) + 1
    (whole,) = ISM().explain(Reading(), Batch((sample.whole.sequence,), np.array([1])))
    start = len(sample.flanks[0])
    expected = cut(whole, start, start + len(sample.sequence))
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-12)
    np.testing.assert_allclose(found.hypothetical, expected.hypothetical, atol=1e-12)  # type: ignore[arg-type]


def test_two_libraries_mutate_the_same_letters(checkpoints: Mapping[str, dict[str, Any]]) -> None:
    samples = _samples()[:2]
    ours, theirs = (
        explain_samples(
            REGISTRY, samples, model="cnn", model_parameters=checkpoints["cnn"], explainer=name
        )
        for name in ("ism", "saturation_mutagenesis")
    )
    for one, other in zip(ours.attributions, theirs.attributions, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_a_reference_is_the_region_s_and_the_flanks_stay(
    checkpoints: Mapping[str, dict[str, Any]],
) -> None:
    """Integrated gradients by hand: along the region's letters, between flanks that stay."""
    sample = _samples()[0]
    found = explain_samples(
        REGISTRY,
        (sample,),
        model="cnn",
        model_parameters=checkpoints["cnn"],
        explainer="integrated_gradients",
        explainer_parameters={"reference": "zeros"},
        target=1,
    ).attributions[0]
    network = CNN(**checkpoints["cnn"])
    left, end = len(sample.flanks[0]), len(sample.flanks[0]) + len(sample.sequence)
    there = network.encode([sample.whole.sequence])[0]
    away = there.clone()
    away[:, left:end] = 0
    nodes, weights = np.polynomial.legendre.leggauss(50)
    total = torch.zeros_like(there)
    for node, weight in zip(nodes, weights, strict=True):
        point = (away + (node + 1) / 2 * (there - away)).requires_grad_()
        (gradient,) = torch.autograd.grad(network.network(point[None])[0, 1], point)
        total += weight / 2 * gradient
    expected = (total * (there - away)).sum(0)[left:end]
    np.testing.assert_allclose(found.scores, expected.numpy(), atol=1e-4)
    outputs = network.network(torch.stack([there, away]))[:, 1].detach().numpy()
    assert found.diagnostics["explained"] == pytest.approx(outputs[0] - outputs[1], abs=1e-6)


def test_what_explained_values_leave_in_flanks_is_told_and_taken_off() -> None:
    whole = Attribution(
        np.array([1.0, 2.0, 4.0, 8.0]),
        Spans(np.array([0, 3, 5, 6, 9])),
        {"[CLS]": 0.5},
        diagnostics={"explained": 16.0, "absorbed": 0.5},
    )
    found = cut(whole, 4, 6)
    assert found.scores.tolist() == [2.0, 4.0]
    assert found.spans.boundaries.tolist() == [0, 1, 2]
    assert found.special == {"[CLS]": 0.5}
    assert found.diagnostics == {"explained": 7.0, "absorbed": 0.5, "flanks": 9.0}


def test_a_run_explains_and_scores_the_region_of_a_suite_s_data_set(
    plan: Callable[..., Plan], data: Path, tmp_path: Path
) -> None:
    """Units of three nucleotides too, whose tokens lie across the region's edges."""
    region = {"path": str(data), "region": [4, 19], "n": 5}
    planned = plan(datasets={"mine": region})
    summary = run(planned, tmp_path / "run")
    assert set(summary.statuses) <= {"ok", "unsupported"}
    assert summary.statuses["ok"] > 10
    whole = run(plan(datasets={"mine": region | {"region": [0, 24]}}), tmp_path / "whole")
    none = run(plan(datasets={"mine": {"path": str(data), "n": 5}}), tmp_path / "none")
    measured = ["model", "explainer", "aggregator", "metric", "estimate", "ci_low", "ci_high"]
    assert whole.leaderboard.select(measured).equals(none.leaderboard.select(measured))
    stages = Stages(planned, Store(tmp_path / "run" / "store"))
    explained = stages.explained("mine", "toy-tokens", "exact")
    assert {len(sample.sequence) for sample in explained.samples} == {15}
    assert {tuple(a.spans.boundaries.tolist()) for a in explained.attributions} == {
        (0, 2, 5, 8, 11, 14, 15)
    }
    wholes = [sample.whole.sequence for sample in explained.samples]
    assert all(f"{sequence}," in data.read_text() for sequence in wholes)
    assert explained.outputs.tolist() == Linear(3).predict(wholes).tolist()

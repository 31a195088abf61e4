"""The explainer around the rules, which `test_rules.py` checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxarena import objective
from gxarena.data import Attribution, Batch, Sample
from gxarena.errors import InputError, Unsupported
from gxarena.registry import Registry
from gxarena.run.single import explain_samples
from gxarena_hf.attnlrp import AttnLRP
from gxarena_hf.model import HuggingFace
from gxarena_hf.toys import TOYS


def _batch(sequences: list[str], targets: list[int] | None = None, what: str = "logit") -> Batch:
    chosen = [index % 2 for index in range(len(sequences))] if targets is None else targets
    return Batch(tuple(sequences), np.array(chosen), what)


def _all(attribution: Attribution) -> NDArray[np.float64]:
    return np.array([*attribution.special.values(), *attribution.scores])


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10
)
@given(data=st.data())
def test_neighbours_and_order_change_nothing(
    models: dict[str, HuggingFace], sequences: list[str], data: st.DataObject
) -> None:
    model = models[data.draw(st.sampled_from(sorted(TOYS)))]
    order = data.draw(st.permutations(range(len(sequences))))
    budget = data.draw(st.sampled_from([1, 60, 4096]))
    batch = _batch(sequences)
    chosen = _batch([sequences[i] for i in order], [int(batch.targets[i]) for i in order])
    reference = AttnLRP().explain(model, batch)
    for index, found in zip(order, AttnLRP(max_tokens=budget).explain(model, chosen), strict=True):
        expected = _all(reference[index])
        atol = 2e-5 * np.abs(expected).max()
        np.testing.assert_allclose(_all(found), expected, atol=atol, rtol=1e-4)
        assert found.spans == reference[index].spans


def test_predictions_are_bit_identical_after(model: HuggingFace, sequences: list[str]) -> None:
    before = model.predict(sequences)
    AttnLRP().explain(model, _batch(sequences))
    np.testing.assert_array_equal(model.predict(sequences), before)
    with pytest.raises(InputError, match="unknown 'loss'"):
        # Comes up between the forward and the backward pass.
        AttnLRP().explain(model, _batch(sequences, what="loss"))
    np.testing.assert_array_equal(model.predict(sequences), before)


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_objectives_combine_the_logits_relevances(
    model: HuggingFace, sequences: list[str], what: str
) -> None:
    """The backward pass is linear in what it starts from."""
    n = len(sequences)
    targets, outputs = np.arange(n) % 2, model.predict(sequences)
    each = [AttnLRP().explain(model, _batch(sequences, [c] * n)) for c in (0, 1)]
    gradient = objective.gradient(what, outputs, targets)
    found = AttnLRP().explain(model, _batch(sequences, targets.tolist(), what))
    fixed = AttnLRP(objective=what).explain(model, _batch(sequences, targets.tolist()))
    for row, (attribution, same) in enumerate(zip(found, fixed, strict=True)):
        parts = [gradient[row, c] * _all(each[c][row]) for c in (0, 1)]
        scale = max(np.abs(part).max() for part in parts)
        np.testing.assert_allclose(_all(attribution), sum(parts), atol=1e-4 * scale)
        np.testing.assert_array_equal(attribution.scores, same.scores)
        explained = float(gradient[row] @ outputs[row])
        assert attribution.diagnostics["explained"] == pytest.approx(explained, abs=1e-5)


def test_special_tokens_are_apart(models: dict[str, HuggingFace]) -> None:
    found = {
        name: AttnLRP().explain(model, _batch(["ACGTACGT"]))[0].special
        for name, model in models.items()
    }
    assert set(found["dnabert"]) == set(found["gena-lm"]) == {"[CLS]", "[SEP]"}
    assert set(found["nucleotide-transformer"]) == {"<cls>"}
    assert set(found["characters"]) == {"<cls>", "<eos>"}


def test_by_name(registry: Registry, folders: dict[str, Path], sequences: list[str]) -> None:
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    found = explain_samples(
        registry,
        samples,
        model="hf",
        explainer="attnlrp-hf",
        model_parameters={"checkpoint": str(folders["dnabert"]), "device": "cpu"},
        target=1,
    )
    model = HuggingFace(folders["dnabert"], device="cpu")
    expected = AttnLRP().explain(model, _batch(sequences, [1] * len(sequences)))
    for one, other in zip(found.attributions, expected, strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)


@pytest.mark.parametrize("target", [-1, 2])
def test_targets_must_be_outputs(models: dict[str, HuggingFace], target: int) -> None:
    with pytest.raises(InputError, match=f"0 to 1, got {target}"):
        AttnLRP().explain(models["dnabert"], _batch(["ACGT"], [target]))


def test_mistakes() -> None:
    with pytest.raises(InputError, match="unknown 'logits'"):
        AttnLRP(objective="logits")
    with pytest.raises(InputError, match="expected 1 or more, got 0"):
        AttnLRP(max_tokens=0)


def test_other_models_are_unsupported(models: dict[str, HuggingFace]) -> None:
    class Other:
        n_outputs, max_length = 2, None
        spans, predict = models["dnabert"].spans, models["dnabert"].predict

    with pytest.raises(Unsupported, match="got Other"):
        AttnLRP().explain(Other(), _batch(["ACGT"]))  # type: ignore[arg-type]

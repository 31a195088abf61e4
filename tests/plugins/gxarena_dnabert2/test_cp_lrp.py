"""CP-LRP and gradient x input against a network written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from dnabert2_by_hand import ByHand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxarena import objective
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported
from gxarena_dnabert2.alibi import alibi_slopes
from gxarena_dnabert2.attnlrp import AttnLRP
from gxarena_dnabert2.cp_lrp import CPLRP
from gxarena_dnabert2.gradient_x_input import GradientXInput
from gxarena_dnabert2.model import DNABERT2
from gxarena_dnabert2.word_gradients import WordGradients

Checkpoints = Callable[..., Path]
BOTH = [CPLRP, GradientXInput]


@pytest.fixture
def model(make_checkpoint: Checkpoints) -> DNABERT2:
    return DNABERT2(make_checkpoint(), device="cpu")


def _batch(sequences: list[str], what: str = "logit") -> Batch:
    return Batch(tuple(sequences), np.arange(len(sequences)) % 2, what)


def _positions(attribution: Attribution) -> NDArray[np.float64]:
    special = attribution.special
    return np.array([special["[CLS]"], *attribution.scores, special["[SEP]"]])


def _in_double(model: DNABERT2) -> DNABERT2:
    """The same model in float64, its slopes too, which float32 rounds for twelve heads."""
    encoder = model.network.double().bert.encoder
    encoder.slopes = torch.tensor(alibi_slopes(len(encoder.slopes)), dtype=torch.float64)
    return model


def _by_hand(model: DNABERT2, batch: Batch, kind: type[WordGradients]) -> list[torch.Tensor]:
    network = ByHand(model, constants=kind is CPLRP)
    found = []
    for encoded, target in zip(
        model.tokenizer.encode(batch.sequences), batch.targets.tolist(), strict=True
    ):
        logits = network.logits(torch.from_numpy(encoded.ids))
        outputs = logits.detach().numpy()[None]
        start = objective.gradient(batch.objective, outputs, np.array([target]))[0]
        (gradient,) = torch.autograd.grad(logits @ torch.from_numpy(start), network.words)
        found.append((network.words.detach() * gradient).sum(-1))
    return found


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_autograd_by_hand_agrees(
    model: DNABERT2, sequences: list[str], kind: type[WordGradients], what: str
) -> None:
    batch = _batch(sequences, what)
    model = _in_double(model)
    found = kind().explain(model, batch)
    for attribution, expected in zip(found, _by_hand(model, batch, kind), strict=True):
        np.testing.assert_allclose(_positions(attribution), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.golden
@pytest.mark.parametrize("kind", BOTH)
def test_autograd_by_hand_agrees_on_the_published_architecture(
    shared: Path, kind: type[WordGradients]
) -> None:
    folder = shared / "golden" / "dnabert2-tiny"
    batch = _batch(json.loads((folder / "sequences.json").read_text()))
    model = DNABERT2(folder, device="cpu")
    found = kind().explain(model, batch)
    for attribution, expected in zip(found, _by_hand(model, batch, kind), strict=True):
        np.testing.assert_allclose(_positions(attribution), expected, atol=1e-5)


def test_logits_of_the_network_by_hand_are_the_models(
    model: DNABERT2, sequences: list[str]
) -> None:
    for constants in (False, True):
        network = ByHand(model, constants)
        by_hand = [
            network.logits(torch.from_numpy(encoded.ids)).detach().numpy()
            for encoded in model.tokenizer.encode(sequences)
        ]
        np.testing.assert_allclose(model.predict(sequences), by_hand, atol=1e-5)


def test_cp_lrp_conserves_where_nothing_absorbs(
    make_checkpoint: Checkpoints, sequences: list[str]
) -> None:
    """Without biases and token types all of the logit reaches the words, attention and all."""
    model = _in_double(DNABERT2(make_checkpoint(), device="cpu"))
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if name.endswith("bias") or "token_type" in name:
                parameter.zero_()
    for attribution in CPLRP().explain(model, _batch(sequences)):
        explained = attribution.diagnostics["explained"]
        assert abs(explained) > 1e-3
        assert _positions(attribution).sum() == pytest.approx(explained, rel=1e-6)


def test_the_three_backward_passes_differ(model: DNABERT2, sequences: list[str]) -> None:
    batch = _batch(sequences[:1])
    found = [_positions(kind().explain(model, batch)[0]) for kind in (AttnLRP, *BOTH)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(found[one] - found[other]).max() > 1e-3


def test_only_what_distributes_says_so(model: DNABERT2) -> None:
    assert GradientXInput().explain(model, _batch(["ACGT"]))[0].diagnostics == {}
    (found,) = CPLRP().explain(model, _batch(["ACGT"]))
    logit = model.predict(["ACGT"])[0, 0]
    assert found.diagnostics["explained"] == pytest.approx(logit, rel=1e-5)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)
@given(data=st.data())
@pytest.mark.parametrize("kind", BOTH)
def test_neighbours_and_order_change_nothing(
    model: DNABERT2, sequences: list[str], kind: type[WordGradients], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(sequences))))
    budget = data.draw(st.sampled_from([1, 40, 4096]))
    batch = _batch(sequences)
    chosen = Batch(tuple(sequences[i] for i in order), batch.targets[order])
    reference = kind().explain(model, batch)
    for index, found in zip(order, kind(max_tokens=budget).explain(model, chosen), strict=True):
        np.testing.assert_allclose(
            _positions(found), _positions(reference[index]), atol=1e-6, rtol=1e-5
        )


@pytest.mark.parametrize("kind", BOTH)
def test_predictions_are_bit_identical_afterwards(
    model: DNABERT2, sequences: list[str], kind: type[WordGradients]
) -> None:
    before = torch.from_numpy(model.predict(sequences))
    kind().explain(model, _batch(sequences))
    assert torch.equal(before, torch.from_numpy(model.predict(sequences)))


@pytest.mark.parametrize("kind", BOTH)
def test_mistakes_are_one_sentence(model: DNABERT2, kind: type[WordGradients]) -> None:
    with pytest.raises(InputError, match="unknown 'logits'"):
        kind(objective="logits")

    class Other:
        n_outputs, max_length = 2, None
        spans, predict = model.spans, model.predict

    with pytest.raises(Unsupported, match=f"{kind.name}: expected a DNABERT-2 model, got Other"):
        kind().explain(Other(), _batch(["ACGT"]))

"""DeepLIFT against the rescale rule written out, its axiom, and tangermeme's implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tangermeme.deep_lift_shap import deep_lift_shap
from torch import Tensor, nn

from gxarena import objective
from gxarena.data import Batch
from gxarena.errors import Unsupported
from gxarena.explainers.references import shuffled
from gxarena_captum.deeplift import DeepLIFT, DeepLIFTSHAP
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.model import CNN, OneHotModel
from gxarena_cnn.networks import build
from gxarena_dnabert2.model import Mini

Batches = Callable[..., Batch]


@pytest.mark.parametrize("what", ["logit", "log_odds"])
@pytest.mark.parametrize("kind", ["zeros", "uniform", "unknown", "shuffles"])
def test_scores_add_up(cnn: CNN, make_batch: Batches, kind: str, what: str) -> None:
    batch = make_batch((60, 250, 81), what)
    whole = objective.value(what, cnn.predict(batch.sequences), batch.targets)
    for row, found in enumerate(DeepLIFT(kind, n_references=3).explain(cnn, batch)):
        sequence, target = batch.sequences[row], batch.targets[row : row + 1]
        if kind == "shuffles":
            references = cnn.predict(shuffled(sequence, 3))
        else:
            embedded = cnn.reference([sequence], kind)
            references = cnn.forward_embedded(embedded, None).detach().numpy()  # type: ignore[arg-type]
        without = objective.value(what, references, np.repeat(target, len(references))).mean()
        assert found.diagnostics["explained"] == pytest.approx(whole[row] - without, abs=1e-4)
        assert found.scores.sum() == pytest.approx(whole[row] - without, abs=1e-4)
        assert found.diagnostics["absorbed"] == pytest.approx(0, abs=1e-4)


def rescaled(network: nn.Module, x: Tensor, reference: Tensor, target: int) -> Tensor:
    """Multipliers (4, L) of one sequence in double precision, module by module, backwards.

    Linear modules: their own vector-Jacobian product. ReLU: change out over change in. Pooling of
    two: the winners' shares as captum and tangermeme define them, written as loops.
    """
    modules = [*network.features, *network.head]  # type: ignore[union-attr, misc]
    inputs = [(x[None].double(), reference[None].double())]
    for module in modules:
        inputs.append(tuple(module(one) for one in inputs[-1]))  # type: ignore[arg-type]
    above = torch.zeros_like(inputs[-1][0])
    above[0, target] = 1.0
    for module, (a, b), (out_a, out_b) in zip(
        reversed(modules), reversed(inputs[:-1]), reversed(inputs[1:]), strict=True
    ):
        if isinstance(module, nn.ReLU):
            slope = torch.where(a == b, (a > 0).double(), (out_a - out_b) / (a - b))
            above = above * slope
        elif isinstance(module, nn.MaxPool1d):
            above = pooled(a[0], b[0], out_a[0], out_b[0], above[0])[None]
        else:
            _, above = torch.autograd.functional.vjp(module, a, above)
    return above[0]


def pooled(a: Tensor, b: Tensor, out_a: Tensor, out_b: Tensor, above: Tensor) -> Tensor:
    shares, plain = torch.zeros_like(a), torch.zeros_like(a)
    for channel in range(len(a)):
        for k in range(out_a.shape[1]):
            pair = slice(2 * k, 2 * k + 2)
            i = 2 * k + int(a[channel, pair].argmax())
            j = 2 * k + int(b[channel, pair].argmax())
            top = max(out_a[channel, k], out_b[channel, k])
            shares[channel, i] += above[channel, k] * (top - out_b[channel, k])
            shares[channel, j] += above[channel, k] * (out_a[channel, k] - top)
            plain[channel, i] += above[channel, k]
    return torch.where((a - b).abs() < 1e-10, plain, shares / (a - b))


def random_model() -> OneHotModel:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = build(CNNConfig(input_length=30, filters=(5, 4), kernel=3, hidden_relu=True))
    return OneHotModel(network.double(), "cpu")


class Double(OneHotModel):
    """In double precision, so that ratios of small differences are the same in both."""

    def embed(self, encoded: Tensor) -> Tensor:
        return super().embed(encoded).double()


def test_multipliers_by_hand() -> None:
    model = Double(random_model().network, "cpu")
    rng = np.random.default_rng(3)
    sequences = tuple("".join(rng.choice(list("ACGT"), n)) for n in (30, 27))
    batch = Batch(sequences, np.array([0, 1]))
    for row, found in enumerate(DeepLIFTSHAP(n_references=2).explain(model, batch)):
        sequence = sequences[row]
        expected = torch.zeros(30, 4).double()
        for other in shuffled(sequence, 2):
            x, reference = model.encode([sequence])[0], model.encode([other])[0]
            m = rescaled(model.network, x, reference, row).T
            expected += (m - (reference.T * m).sum(1, keepdim=True)) / 2
        np.testing.assert_allclose(
            found.hypothetical, expected[: len(sequence)], rtol=1e-4, atol=1e-6
        )


def test_equals_tangermeme_on_the_same_references(cnn: CNN, make_batch: Batches) -> None:
    batch = replace(make_batch((250, 250)), targets=np.array([1, 1]))
    sequences = tuple(sequence.replace("N", "A") for sequence in batch.sequences)
    found = DeepLIFTSHAP(n_references=4).explain(cnn, replace(batch, sequences=sequences))
    references = torch.stack([cnn.encode(shuffled(sequence, 4)) for sequence in sequences])
    expected = deep_lift_shap(
        cnn.network,
        cnn.encode(sequences),
        target=1,
        references=references,
        hypothetical=True,
        device="cpu",
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.hypothetical, other.T, rtol=1e-3, atol=1e-4)


def test_a_sample_does_not_depend_on_its_neighbours(cnn: CNN, make_batch: Batches) -> None:
    batch = make_batch((60, 33, 250))
    whole = DeepLIFTSHAP(n_references=3).explain(cnn, batch)
    for row, sequence in enumerate(batch.sequences):
        (alone,) = DeepLIFTSHAP(n_references=3).explain(
            cnn, Batch((sequence,), batch.targets[row : row + 1])
        )
        assert alone.hypothetical is not None
        np.testing.assert_allclose(
            alone.hypothetical, whole[row].hypothetical, rtol=1e-3, atol=1e-4
        )


def test_a_network_with_hidden_nonlinearities_is_refused(mini: Mini, make_batch: Batches) -> None:
    with pytest.raises(Unsupported, match="deeplift: expected a network whose every nonlinearity"):
        DeepLIFT().explain(mini, make_batch((30,)))


def test_scores_add_up_on_deepstarr() -> None:
    """Other layers: padded convolutions, and BatchNorm and ReLU after dense layers."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network = build(DeepSTARRConfig(input_length=64, filters=(12, 10, 8, 8), dense=(16, 12)))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.5 * torch.randn_like(parameter))
    model = OneHotModel(network.eval(), "cpu")
    rng = np.random.default_rng(4)
    sequences = tuple("".join(rng.choice(list("ACGT"), n)) for n in (64, 50))
    for found in DeepLIFTSHAP(n_references=3).explain(model, Batch(sequences, np.array([0, 1]))):
        assert abs(found.diagnostics["explained"]) > 0.01
        assert found.diagnostics["absorbed"] == pytest.approx(0, abs=1e-4)

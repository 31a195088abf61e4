"""Its own: answers that are known without the code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gxarena import Attribution, Batch, Registry, Spans, objective
from gxarena.api import DifferentiableModel, Layout

from taylor_ism.explainer import TaylorIsm

LETTERS = "ACGT"
REGISTRY = Registry.load()


def explained(model: DifferentiableModel, sequence: str, what: str = "logit") -> Attribution:
    batch = Batch((sequence,), np.array([1]), what, seeds=np.array([0]))
    (attribution,) = TaylorIsm().explain(model, batch)
    return attribution


def cnn_in_double() -> DifferentiableModel:
    """The CNN that ships, so that differences of its values are not lost in rounding."""
    model = REGISTRY.create("models", "cnn", {})
    model.network.double()
    encode = model.encode
    model.encode = lambda sequences: encode(sequences).double()
    return model


def outputs(model: DifferentiableModel, sequence: str) -> np.ndarray:
    encoded = model.encode([sequence])
    return model.forward_embedded(model.embed(encoded), encoded).detach().numpy()


def drawn(seed: int, length: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list(LETTERS), length))


class Linear:
    """Two outputs, each a sum of what its letters are worth at their places."""

    n_outputs, max_length = 2, None
    one_hot, modular, reference_kinds = True, True, ("zeros",)

    def __init__(self, length: int) -> None:
        self.network = torch.nn.Identity()
        self._worth = torch.from_numpy(np.random.default_rng(3).normal(size=(length, 4, 2)))

    def spans(self, sequences):
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def encode(self, sequences):
        return torch.tensor([[[c == d for d in LETTERS] for c in s] for s in sequences]).double()

    def embed(self, encoded):
        return encoded

    def forward_embedded(self, embedded, encoded):
        return torch.einsum("bld,ldo->bo", embedded, self._worth)

    def layouts(self, sequences):
        return [Layout(np.arange(len(s)), Spans.nucleotides(len(s)), {}, len(s)) for s in sequences]

    def predict(self, sequences):
        encoded = self.encode(sequences)
        return self.forward_embedded(encoded, encoded).numpy()


def test_of_a_linear_network_it_is_in_silico_mutagenesis() -> None:
    sequences, model = ("ACGTNACCATGA", "TTGANNCAGTCA"), Linear(12)
    batch = Batch(sequences, np.array([1, 0]), seeds=np.arange(2))
    slow = REGISTRY.create("explainers", "ism", {}).explain(model, batch)
    for quick, one_by_one in zip(TaylorIsm().explain(model, batch), slow, strict=True):
        np.testing.assert_allclose(quick.scores, one_by_one.scores, atol=1e-12)
        np.testing.assert_allclose(quick.hypothetical, one_by_one.hypothetical, atol=1e-12)


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_it_is_what_central_differences_along_each_substitution_give(what: str) -> None:
    model = cnn_in_double()
    sequence, step = drawn(0, 30), 1e-6
    quick = explained(model, sequence, what)
    encoded = model.encode([sequence])
    at = model.embed(encoded).detach()

    def value(embedded: torch.Tensor) -> float:
        given = model.forward_embedded(embedded, encoded).detach().numpy()
        return float(objective.value(what, given, np.array([1]))[0])

    for place, letter in enumerate(sequence):
        changes = []
        for other in range(4):
            towards = torch.zeros_like(at)
            towards[0, place, other] += 1
            towards[0, place, LETTERS.index(letter)] -= 1
            changes.append((value(at + step * towards) - value(at - step * towards)) / (2 * step))
        assert quick.scores[place] == pytest.approx(-np.mean(changes), rel=1e-4, abs=1e-7)


def test_what_all_letters_share_does_not_count() -> None:
    """A first layer that reads every letter of a place a bit more, and less in its bias."""
    plain, rewritten = cnn_in_double(), cnn_in_double()
    first = next(m for m in rewritten.network.modules() if isinstance(m, torch.nn.Conv1d))
    assert first.padding == (0,)  # each window is full of letters
    with torch.no_grad():
        shared = torch.randn(first.weight[:, :1].shape, generator=torch.Generator().manual_seed(1))
        first.weight += 0.3 * shared.double()
        first.bias -= 0.3 * shared.double().sum(dim=(1, 2))
    sequence = drawn(1, plain.max_length)
    np.testing.assert_allclose(outputs(plain, sequence), outputs(rewritten, sequence), atol=1e-9)

    ours, ours_again = (explained(m, sequence) for m in (plain, rewritten))
    size = np.abs(ours.scores).max()
    np.testing.assert_allclose(ours.scores, ours_again.scores, atol=1e-9 * size)

    times_input = REGISTRY.create("explainers", "input_x_gradient", {})
    batch = Batch((sequence,), np.array([1]), seeds=np.array([0]))
    (theirs,), (theirs_again,) = (times_input.explain(m, batch) for m in (plain, rewritten))
    assert np.abs(theirs.scores - theirs_again.scores).max() > 0.1 * size

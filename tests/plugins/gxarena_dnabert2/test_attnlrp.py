"""AttnLRP against the golden relevances, a slow re-implementation and LXT's explicit rules."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxt.explicit import functional as lf
from lxt.explicit.rules import identity
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.special import erf
from torch import Tensor

from gxarena import objective
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported
from gxarena_dnabert2.alibi import alibi_slopes
from gxarena_dnabert2.attnlrp import AttnLRP
from gxarena_dnabert2.model import DNABERT2

Checkpoints = Callable[..., Path]
Array = NDArray[np.float64]


@pytest.fixture
def model(make_checkpoint: Checkpoints) -> DNABERT2:
    """Twelve heads; the longest sequence exceeds alibi_starting_size."""
    return DNABERT2(make_checkpoint(), device="cpu")


def _batch(sequences: list[str], targets: list[int] | None = None, what: str = "logit") -> Batch:
    chosen = [index % 2 for index in range(len(sequences))] if targets is None else targets
    return Batch(tuple(sequences), np.array(chosen), what)


def _positions(attribution: Attribution) -> Array:
    """Relevance of every model position: [CLS], the tokens, [SEP]."""
    special = attribution.special
    return np.array([special["[CLS]"], *attribution.scores, special["[SEP]"]])


def _in_double(model: DNABERT2) -> DNABERT2:
    """The same model in float64, its slopes too, which float32 rounds for twelve heads."""
    encoder = model.network.double().bert.encoder
    encoder.slopes = torch.tensor(alibi_slopes(len(encoder.slopes)), dtype=torch.float64)
    return model


class Slow:
    """The network and AttnLRP, one sequence, float64, every rule written out by hand.

    Backward messages are modified gradients g; the relevance of a value x is x g.
    """

    def __init__(self, model: DNABERT2) -> None:
        self.config = model.network.sizes
        state = model.network.state_dict()
        self.w = {name: t.double().numpy() for name, t in state.items()}

    def norm(self, name: str, x: Array) -> tuple[Array, Array]:
        """LayerNorm and each row's 1 / standard deviation."""
        y, scales = np.empty_like(x), np.empty(len(x))
        for row, values in enumerate(x):
            mean = values.sum() / len(values)
            variance = ((values - mean) ** 2).sum() / len(values)
            scales[row] = 1 / math.sqrt(variance + self.config.layer_norm_eps)
            normed = (values - mean) * scales[row]
            y[row] = normed * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]
        return y, scales

    def norm_back(self, name: str, g: Array, scales: Array) -> Array:
        """Identity rule: the standard deviation is a constant, centring is linear."""
        g = g * self.w[f"{name}.weight"] * scales[:, None]
        return g - g.mean(axis=1, keepdims=True)

    def relevance(self, ids: NDArray[np.int64], target: int) -> tuple[Array, Array]:
        """Logits (C,) and relevance (T,)."""
        words = self.w["bert.embeddings.word_embeddings.weight"][ids]
        types = self.w["bert.embeddings.token_type_embeddings.weight"][0]
        x, scales = self.norm("bert.embeddings.LayerNorm", words + types)
        tape = []
        for layer in range(self.config.num_hidden_layers):
            x, saved = self.layer(f"bert.encoder.layer.{layer}", x)
            tape.append(saved)
        dense = self.w["bert.pooler.dense.weight"] @ x[0] + self.w["bert.pooler.dense.bias"]
        logits = self.w["classifier.weight"] @ np.tanh(dense) + self.w["classifier.bias"]

        g_pooled = self.w["classifier.weight"][target] * np.tanh(dense) / dense
        g = np.zeros_like(x)
        g[0] = g_pooled @ self.w["bert.pooler.dense.weight"]
        for layer in reversed(range(self.config.num_hidden_layers)):
            g = self.layer_back(f"bert.encoder.layer.{layer}", g, tape[layer])
        g = self.norm_back("bert.embeddings.LayerNorm", g, scales)
        return logits, (words * g).sum(axis=1)

    def layer(self, name: str, x: Array) -> tuple[Array, dict[str, Any]]:
        mixed, heads = self.attention(f"{name}.attention.self", x)
        out = f"{name}.attention.output"
        dense = mixed @ self.w[f"{out}.dense.weight"].T + self.w[f"{out}.dense.bias"]
        attended, first = self.norm(f"{out}.LayerNorm", dense + x)
        both = attended @ self.w[f"{name}.mlp.gated_layers.weight"].T
        gate, content = np.split(both, 2, axis=1)
        activated = gate * 0.5 * (1 + erf(gate / math.sqrt(2)))
        hidden = activated * content @ self.w[f"{name}.mlp.wo.weight"].T
        hidden += self.w[f"{name}.mlp.wo.bias"]
        y, second = self.norm(f"{name}.mlp.layernorm", hidden + attended)
        return y, {
            "heads": heads,
            "first": first,
            "gate": gate,
            "content": content,
            "activated": activated,
            "second": second,
        }

    def layer_back(self, name: str, g: Array, saved: dict[str, Any]) -> Array:
        g = self.norm_back(f"{name}.mlp.layernorm", g, saved["second"])
        g_product = g @ self.w[f"{name}.mlp.wo.weight"] / 2  # uniform rule
        g_activated = g_product * saved["content"]
        g_content = g_product * saved["activated"]
        g_gate = g_activated * saved["activated"] / saved["gate"]  # identity rule
        both = np.concatenate([g_gate, g_content], axis=1)
        g = g + both @ self.w[f"{name}.mlp.gated_layers.weight"]
        out = f"{name}.attention.output"
        g = self.norm_back(f"{out}.LayerNorm", g, saved["first"])
        mixed = g @ self.w[f"{out}.dense.weight"]
        return g + self.attention_back(f"{name}.attention.self", mixed, saved["heads"])

    def attention(self, name: str, x: Array) -> tuple[Array, list[tuple[Array, ...]]]:
        qkv = x @ self.w[f"{name}.Wqkv.weight"].T + self.w[f"{name}.Wqkv.bias"]
        n_heads, width = self.config.num_attention_heads, x.shape[1]
        size = width // n_heads
        mixed, heads = np.empty_like(x), []
        for head, slope in enumerate(alibi_slopes(n_heads)):
            part = slice(head * size, (head + 1) * size)
            q, k, v = (qkv[:, i * width : (i + 1) * width][:, part] for i in range(3))
            weights = np.empty((len(x), len(x)))
            for i in range(len(x)):
                scores = np.array(
                    [q[i] @ k[j] / math.sqrt(size) - slope * abs(i - j) for j in range(len(x))]
                )
                weights[i] = np.exp(scores - scores.max())
                weights[i] /= weights[i].sum()
            mixed[:, part] = weights @ v
            heads.append((q, k, v, weights))
        return mixed, heads

    def attention_back(self, name: str, g: Array, heads: list[tuple[Array, ...]]) -> Array:
        """Uniform rule on both products: v a half, q and k a quarter each."""
        width = g.shape[1]
        size = width // len(heads)
        g_qkv = np.zeros((len(g), 3 * width))
        for head, (q, k, v, weights) in enumerate(heads):
            part = slice(head * size, (head + 1) * size)
            g_head = g[:, part] / 2
            g_v = weights.T @ g_head
            g_weights = g_head @ v.T
            g_scores = np.empty_like(weights)
            for i, row in enumerate(weights):
                jacobian = np.diag(row) - np.outer(row, row)
                g_scores[i] = jacobian @ g_weights[i]
            g_q = g_scores @ k / math.sqrt(size) / 2
            g_k = g_scores.T @ q / math.sqrt(size) / 2
            for i, gradient in enumerate((g_q, g_k, g_v)):
                g_qkv[:, i * width : (i + 1) * width][:, part] = gradient
        return g_qkv @ self.w[f"{name}.Wqkv.weight"]


@pytest.mark.golden
def test_golden_relevances(shared: Path) -> None:
    folder = shared / "golden" / "dnabert2-tiny"
    sequences = json.loads((folder / "sequences.json").read_text())
    expected = load_file(folder / "expected.safetensors")
    golden, targets = DNABERT2(folder, device="cpu"), expected["target"].tolist()
    together = AttnLRP().explain(golden, _batch(sequences, targets))
    alone = [
        AttnLRP().explain(golden, _batch([sequence], [target]))[0]
        for sequence, target in zip(sequences, targets, strict=True)
    ]
    for found in (together, alone):
        for attribution, row in zip(
            found, expected["attnlrp_token_relevance"].numpy(), strict=True
        ):
            relevance = _positions(attribution)
            np.testing.assert_allclose(relevance, row[: len(relevance)], atol=1e-5)


@pytest.mark.parametrize("n_heads", [12, 4])
def test_slow_reimplementation_agrees(
    make_checkpoint: Checkpoints, sequences: list[str], n_heads: int
) -> None:
    model = _in_double(DNABERT2(make_checkpoint(num_attention_heads=n_heads), device="cpu"))
    slow = Slow(model)
    batch = _batch(sequences)
    found = AttnLRP().explain(model, batch)
    outputs = model.predict(sequences)
    longest = 0
    for row, encoded in enumerate(model.tokenizer.encode(sequences)):
        logits, relevance = slow.relevance(encoded.ids, int(batch.targets[row]))
        np.testing.assert_allclose(outputs[row], logits, rtol=1e-9)
        # LXT's identity rule adds 1e-10 to its denominators.
        np.testing.assert_allclose(_positions(found[row]), relevance, rtol=1e-5, atol=1e-7)
        longest = max(longest, len(encoded.ids))
    assert longest > model.network.sizes.alibi_starting_size


class Explicit:
    """The same network out of LXT's explicit rules, whose backward pass carries relevances."""

    def __init__(self, model: DNABERT2) -> None:
        self.config = model.network.sizes
        self.w = {name: t.double() for name, t in model.network.state_dict().items()}

    def linear(self, name: str, x: Tensor) -> Tensor:
        bias = self.w.get(f"{name}.bias")
        return lf.linear_epsilon(x, self.w[f"{name}.weight"], bias, 1e-12)

    def norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.w[f"{name}.weight"], self.w[f"{name}.bias"]
        return lf.layer_norm(x, weight, bias, self.config.layer_norm_eps)

    def relevance(self, ids: NDArray[np.int64], target: int) -> tuple[Tensor, Tensor]:
        embedding = self.w["bert.embeddings.word_embeddings.weight"]
        words = embedding[torch.from_numpy(ids)][None].requires_grad_()
        types = self.w["bert.embeddings.token_type_embeddings.weight"][0].expand_as(words)
        x = self.norm("bert.embeddings.LayerNorm", lf.add2(words, types, epsilon=1e-12))
        for layer in range(self.config.num_hidden_layers):
            x = self.layer(f"bert.encoder.layer.{layer}", x)
        pooled = identity(torch.tanh, self.linear("bert.pooler.dense", x[:, 0]))
        logits = self.linear("classifier", pooled)
        start = torch.zeros_like(logits)
        start[0, target] = logits[0, target].detach()
        (relevance,) = torch.autograd.grad(logits, words, start)
        return logits.detach()[0], relevance.sum(-1)[0]

    def layer(self, name: str, x: Tensor) -> Tensor:
        mixed = self.attention(f"{name}.attention.self", x)
        dense = self.linear(f"{name}.attention.output.dense", mixed)
        summed = lf.add2(dense, x, epsilon=1e-12)
        x = self.norm(f"{name}.attention.output.LayerNorm", summed)
        gate, content = self.linear(f"{name}.mlp.gated_layers", x).chunk(2, dim=-1)
        gated = lf.mul2(identity(F.gelu, gate), content)
        hidden = self.linear(f"{name}.mlp.wo", gated)
        return self.norm(f"{name}.mlp.layernorm", lf.add2(hidden, x, epsilon=1e-12))

    def attention(self, name: str, x: Tensor) -> Tensor:
        n, length, width = x.shape
        n_heads = self.config.num_attention_heads
        size = width // n_heads
        # A factor has no relevance of its own, so 1 / sqrt(d) can be part of the queries' weights.
        scale = torch.ones(3 * width, 1, dtype=x.dtype)
        scale[:width] = 1 / math.sqrt(size)
        weight, bias = self.w[f"{name}.Wqkv.weight"], self.w[f"{name}.Wqkv.bias"]
        qkv = lf.linear_epsilon(x, weight * scale, bias * scale[:, 0], 1e-12)
        q, k, v = qkv.view(n, length, 3, n_heads, size).permute(2, 0, 3, 1, 4)
        positions = torch.arange(length)
        distances = (positions[:, None] - positions).abs()
        slopes = torch.tensor(alibi_slopes(n_heads), dtype=x.dtype)
        alibi = (-slopes[:, None, None] * distances).expand(n, -1, -1, -1)
        scores = lf.matmul(q, k.transpose(-1, -2), epsilon=1e-12)
        weights = lf.softmax(lf.add2(scores, alibi, epsilon=1e-12), -1)
        mixed = lf.matmul(weights, v, epsilon=1e-12)
        return mixed.transpose(1, 2).reshape(n, length, width)


def test_explicit_rules_of_lxt_agree(make_checkpoint: Checkpoints, sequences: list[str]) -> None:
    model = _in_double(DNABERT2(make_checkpoint(), device="cpu"))
    explicit = Explicit(model)
    batch = _batch(sequences)
    found = AttnLRP().explain(model, batch)
    outputs = model.predict(sequences)
    for row, encoded in enumerate(model.tokenizer.encode(sequences)):
        logits, relevance = explicit.relevance(encoded.ids, int(batch.targets[row]))
        np.testing.assert_allclose(outputs[row], logits.numpy(), rtol=1e-9)
        scale = float(relevance.abs().max())
        # Its LayerNorm's stabiliser of 1e-6 is built in.
        np.testing.assert_allclose(
            _positions(found[row]), relevance.numpy(), rtol=1e-3, atol=1e-4 * scale
        )


def test_predictions_are_bit_identical_after_explaining(
    model: DNABERT2, sequences: list[str]
) -> None:
    before = torch.from_numpy(model.predict(sequences))
    AttnLRP().explain(model, _batch(sequences))
    assert torch.equal(before, torch.from_numpy(model.predict(sequences)))


def test_predictions_are_bit_identical_after_a_failure(
    model: DNABERT2, sequences: list[str]
) -> None:
    before = torch.from_numpy(model.predict(sequences))
    with pytest.raises(InputError, match="unknown 'loss'"):
        # Comes up between the forward and the backward pass.
        AttnLRP().explain(model, _batch(sequences, what="loss"))
    assert torch.equal(before, torch.from_numpy(model.predict(sequences)))
    assert not any(m._forward_hooks or m._backward_hooks for m in model.network.modules())


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(data=st.data())
def test_neighbours_and_order_change_nothing(
    model: DNABERT2, sequences: list[str], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(sequences))))
    budget = data.draw(st.sampled_from([1, 40, 4096]))
    batch = _batch(sequences)
    chosen = _batch([sequences[i] for i in order], [int(batch.targets[i]) for i in order])
    reference = AttnLRP().explain(model, batch)
    for index, found in zip(order, AttnLRP(max_tokens=budget).explain(model, chosen), strict=True):
        expected = _positions(reference[index])
        np.testing.assert_allclose(_positions(found), expected, atol=1e-6, rtol=1e-5)
        assert found.spans == reference[index].spans


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_objectives_combine_the_logits_relevances(
    model: DNABERT2, sequences: list[str], what: str
) -> None:
    """The backward pass is linear in what it starts from."""
    model = _in_double(model)
    n = len(sequences)
    targets, outputs = np.arange(n) % 2, model.predict(sequences)
    each = [AttnLRP().explain(model, _batch(sequences, [c] * n)) for c in (0, 1)]
    gradient = objective.gradient(what, outputs, targets)
    found = AttnLRP().explain(model, _batch(sequences, targets.tolist(), what))
    fixed = AttnLRP(objective=what).explain(model, _batch(sequences, targets.tolist()))
    for row, (attribution, same) in enumerate(zip(found, fixed, strict=True)):
        parts = [gradient[row, c] * _positions(each[c][row]) for c in (0, 1)]
        np.testing.assert_allclose(_positions(attribution), sum(parts), atol=1e-9)
        np.testing.assert_array_equal(attribution.scores, same.scores)
        explained = float(gradient[row] @ outputs[row])
        assert attribution.diagnostics["explained"] == pytest.approx(explained, abs=1e-9)


def test_relevance_is_conserved_where_nothing_absorbs_it(
    make_checkpoint: Checkpoints, sequences: list[str]
) -> None:
    """Without biases, token types and attention, all of the logit reaches the words."""
    model = _in_double(DNABERT2(make_checkpoint(), device="cpu"))
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if name.endswith("bias") or "token_type" in name or "Wqkv" in name:
                parameter.zero_()
    for attribution in AttnLRP().explain(model, _batch(sequences)):
        explained = attribution.diagnostics["explained"]
        assert abs(explained) > 1e-3
        assert _positions(attribution).sum() == pytest.approx(explained, rel=1e-6)


def test_bfloat16_runs_and_is_close(make_checkpoint: Checkpoints, sequences: list[str]) -> None:
    folder = make_checkpoint(initializer_range=0.1)
    exact = AttnLRP().explain(DNABERT2(folder, device="cpu"), _batch(sequences))
    half = DNABERT2(folder, device="cpu", dtype="bfloat16")
    for reference, found in zip(exact, AttnLRP().explain(half, _batch(sequences)), strict=True):
        scale = np.abs(_positions(reference)).max()
        np.testing.assert_allclose(_positions(found), _positions(reference), atol=0.15 * scale)


@pytest.mark.parametrize("target", [-1, 2])
def test_targets_must_be_outputs(model: DNABERT2, target: int) -> None:
    with pytest.raises(InputError, match=f"0 to 1, got {target}"):
        AttnLRP().explain(model, _batch(["ACGT"], [target]))


def test_unknown_objective() -> None:
    with pytest.raises(InputError, match="unknown 'logits'"):
        AttnLRP(objective="logits")


def test_other_models_are_unsupported(model: DNABERT2) -> None:
    class Other:
        n_outputs, max_length = 2, None
        spans, predict = model.spans, model.predict

    with pytest.raises(Unsupported, match="got Other"):
        AttnLRP().explain(Other(), _batch(["ACGT"]))  # type: ignore[arg-type]

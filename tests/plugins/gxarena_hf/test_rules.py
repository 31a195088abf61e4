"""AttnLRP's hooks against the three architectures written out plainly, with nothing of LXT."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    RobertaConfig,
)

from gxarena.data import Attribution, Batch
from gxarena.errors import Unsupported
from gxarena_hf.attnlrp import AttnLRP
from gxarena_hf.model import HuggingFace
from gxarena_hf.rules import attnlrp_rules
from gxarena_hf.toys import TOYS, write_toy

WORDS = {
    "bert": "bert.embeddings.word_embeddings.weight",
    "esm": "esm.embeddings.word_embeddings.weight",
    "modernbert": "model.embeddings.tok_embeddings.weight",
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in sorted(TOYS)),
    ("nucleotide-transformer", {"token_dropout": False, "emb_layer_norm_before": False}),
    ("modernbert", {"classifier_pooling": "mean", "norm_bias": True, "mlp_bias": True}),
]


def uniform(product: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> Tensor:
    """Half of the product's relevance to each factor (AttnLRP, eq. 7)."""
    return (product(a, b.detach()) + product(a.detach(), b)) / 2


def identity(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """f(x) as x times a constant (AttnLRP, eq. 9)."""
    return x * (function(x) / x).detach()


def gelu(x: Tensor) -> Tensor:
    return x / 2 * (1 + torch.erf(x / math.sqrt(2)))


def rotated(x: Tensor, theta: float) -> Tensor:
    """Rotary positions: pairs (i, i + d / 2) turned by t theta^(-2i / d); x is (T, H, d)."""
    half = x.shape[-1] // 2
    y = torch.empty_like(x)
    for t in range(len(x)):
        for i in range(half):
            angle = t * theta ** (-i / half)
            cos, sin = math.cos(angle), math.sin(angle)
            y[t, :, i] = x[t, :, i] * cos - x[t, :, i + half] * sin
            y[t, :, i + half] = x[t, :, i + half] * cos + x[t, :, i] * sin
    return y


class Slow:
    """One of the three networks in float64, one sequence at a time, with AttnLRP by detaching.

    The gradient of this forward pass, times the words, is relevance.
    """

    def __init__(self, model: HuggingFace) -> None:
        self.config: Any = model.network.config
        self.w = {name: t.double() for name, t in model.network.state_dict().items()}

    def relevance(self, ids: Tensor, target: int) -> tuple[Tensor, Tensor]:
        """Logits (C,) and relevance (T,) of one sequence's ids (T,)."""
        words = self.w[WORDS[self.config.model_type]][ids].requires_grad_()
        logits = getattr(self, self.config.model_type)(words)
        (gradient,) = torch.autograd.grad(logits[target], words)
        return logits.detach(), (words * gradient).sum(-1).detach()

    def bert(self, words: Tensor) -> Tensor:
        name = "bert.embeddings"
        position = self.w[f"{name}.position_embeddings.weight"][: len(words)]
        x = words + position + self.w[f"{name}.token_type_embeddings.weight"][0]
        x = self.norm(f"{name}.LayerNorm", x)
        for layer in range(self.config.num_hidden_layers):
            at = f"bert.encoder.layer.{layer}"
            mixed = self.attention(*self.projections(f"{at}.attention.self", x))
            x = self.linear(f"{at}.attention.output.dense", mixed) + x
            x = self.norm(f"{at}.attention.output.LayerNorm", x)
            hidden = identity(gelu, self.linear(f"{at}.intermediate.dense", x))
            x = self.norm(f"{at}.output.LayerNorm", self.linear(f"{at}.output.dense", hidden) + x)
        pooled = identity(torch.tanh, self.linear("bert.pooler.dense", x[0]))
        return self.linear("classifier", pooled)

    def esm(self, words: Tensor) -> Tensor:
        rotary = self.config.position_embedding_type == "rotary"
        x = words * 0.88 if self.config.token_dropout else words
        if not rotary:
            first = self.config.pad_token_id + 1
            positions = self.w["esm.embeddings.position_embeddings.weight"]
            x = x + positions[first : first + len(words)]
        for layer in range(self.config.num_hidden_layers):
            at = f"esm.encoder.layer.{layer}"
            normed = self.norm(f"{at}.attention.LayerNorm", x)
            q, k, v = self.projections(f"{at}.attention.self", normed)
            if rotary:
                q, k = rotated(q, 10000), rotated(k, 10000)
            x = self.linear(f"{at}.attention.output.dense", self.attention(q, k, v)) + x
            normed = self.norm(f"{at}.LayerNorm", x)
            hidden = identity(gelu, self.linear(f"{at}.intermediate.dense", normed))
            x = self.linear(f"{at}.output.dense", hidden) + x
        x = self.norm("esm.encoder.emb_layer_norm_after", x)
        pooled = identity(torch.tanh, self.linear("classifier.dense", x[0]))
        return self.linear("classifier.out_proj", pooled)

    def modernbert(self, words: Tensor) -> Tensor:
        x = self.norm("model.embeddings.norm", words)
        for layer in range(self.config.num_hidden_layers):
            at = f"model.layers.{layer}"
            normed = x if layer == 0 else self.norm(f"{at}.attn_norm", x)
            shape = (len(x), self.config.num_attention_heads, -1)
            q, k, v = (
                y.reshape(shape) for y in self.linear(f"{at}.attn.Wqkv", normed).chunk(3, -1)
            )
            local = layer % self.config.global_attn_every_n_layers != 0
            theta = _rope_theta(self.config, local)
            window = self.config.local_attention // 2 if local else None
            mixed = self.attention(rotated(q, theta), rotated(k, theta), v, window)
            x = self.linear(f"{at}.attn.Wo", mixed) + x
            a, b = self.linear(f"{at}.mlp.Wi", self.norm(f"{at}.mlp_norm", x)).chunk(2, -1)
            x = self.linear(f"{at}.mlp.Wo", uniform(torch.mul, identity(gelu, a), b)) + x
        x = self.norm("model.final_norm", x)
        pooled = x[0] if self.config.classifier_pooling == "cls" else x.mean(0)
        hidden = identity(gelu, self.linear("head.dense", pooled))
        return self.linear("classifier", self.norm("head.norm", hidden))

    def projections(self, name: str, x: Tensor) -> list[Tensor]:
        """q, k and v, each (T, H, d)."""
        shape = (len(x), self.config.num_attention_heads, -1)
        return [self.linear(f"{name}.{one}", x).reshape(shape) for one in ("query", "key", "value")]

    def attention(self, q: Tensor, k: Tensor, v: Tensor, window: int | None = None) -> Tensor:
        """softmax(Q K^T / sqrt(d)) V, (T, H d); within `window` positions where given."""
        mixed = []
        distance = (torch.arange(len(q))[:, None] - torch.arange(len(q))).abs()
        for head in range(q.shape[1]):
            scores = uniform(torch.matmul, q[:, head], k[:, head].T) / math.sqrt(q.shape[-1])
            if window is not None:
                scores = scores.masked_fill(distance > window, -math.inf)
            mixed.append(uniform(torch.matmul, torch.softmax(scores, -1), v[:, head]))
        return torch.cat(mixed, -1)

    def linear(self, name: str, x: Tensor) -> Tensor:
        y = x @ self.w[f"{name}.weight"].T
        bias = self.w.get(f"{name}.bias")
        return y if bias is None else y + bias

    def norm(self, name: str, x: Tensor) -> Tensor:
        """LayerNorm with its standard deviation a constant."""
        epsilon = getattr(self.config, "layer_norm_eps", None) or self.config.norm_eps
        deviation = torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + epsilon).detach()
        y = (x - x.mean(-1, keepdim=True)) / deviation * self.w[f"{name}.weight"]
        bias = self.w.get(f"{name}.bias")
        return y if bias is None else y + bias


def _in_double(folder: Path) -> HuggingFace:
    model = HuggingFace(folder, device="cpu")
    model.network.double()
    return model


def _batch(sequences: list[str]) -> Batch:
    return Batch(tuple(sequences), np.arange(len(sequences)) % 2)


def positions(attribution: Attribution) -> list[float]:
    """Relevance of every position: the first special token, the units, the others."""
    first, *others = attribution.special.values()
    return [first, *attribution.scores, *others]


@pytest.mark.parametrize(("name", "sizes"), VARIANTS)
def test_plain_reimplementation_agrees(
    tmp_path: Path, sequences: list[str], name: str, sizes: dict[str, Any]
) -> None:
    model = _in_double(write_toy(name, tmp_path, **sizes))
    slow, batch = Slow(model), _batch(sequences)
    outputs = model.predict(sequences)
    found = AttnLRP().explain(model, batch)
    for row, encoded in enumerate(model.encoded(sequences)):
        ids = torch.from_numpy(encoded.ids)
        logits, relevance = slow.relevance(ids, int(batch.targets[row]))
        # transformers' rotary angles are float32.
        np.testing.assert_allclose(outputs[row], logits, atol=1e-4)
        scale = float(relevance.abs().max())
        np.testing.assert_allclose(positions(found[row]), relevance, atol=2e-6 * scale)
        explained = outputs[row, batch.targets[row]]
        assert found[row].diagnostics["explained"] == pytest.approx(explained, abs=1e-9)


@pytest.mark.parametrize("name", sorted(TOYS))
def test_relevance_is_conserved_where_nothing_absorbs_it(
    tmp_path: Path, sequences: list[str], name: str
) -> None:
    """Without biases, positions, types and attention, all of the logit reaches the words."""
    model = _in_double(write_toy(name, tmp_path))
    gone = ("bias", "position", "token_type", "query", "key", "value", "Wqkv")
    with torch.no_grad():
        for parameter_name, parameter in model.network.named_parameters():
            if any(part in parameter_name for part in gone):
                parameter.zero_()
    for attribution in AttnLRP().explain(model, _batch(sequences)):
        explained = attribution.diagnostics["explained"]
        assert abs(explained) > 1e-3
        assert sum(positions(attribution)) == pytest.approx(explained, rel=1e-6)


def test_outputs_within_are_the_same_and_hooks_are_gone_after(
    model: HuggingFace, sequences: list[str]
) -> None:
    before = model.predict(sequences)
    with attnlrp_rules(model.network):
        np.testing.assert_allclose(model.predict(sequences), before, atol=1e-5)
        assert _hooked(model.network)
    assert not _hooked(model.network)
    np.testing.assert_array_equal(model.predict(sequences), before)


def test_hooks_are_gone_after_a_failure(model: HuggingFace) -> None:
    with pytest.raises(ZeroDivisionError), attnlrp_rules(model.network):
        _ = 1 / 0
    assert not _hooked(model.network)


def test_other_networks_are_left_alone(models: dict[str, HuggingFace], tmp_path: Path) -> None:
    other = HuggingFace(write_toy("dnabert", tmp_path), device="cpu")
    with attnlrp_rules(models["dnabert"].network):
        assert not _hooked(other.network)


def _hooked(network: nn.Module) -> bool:
    return any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_architectures_without_rules() -> None:
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    roberta = AutoModelForSequenceClassification.from_config(RobertaConfig(**small))
    with pytest.raises(Unsupported, match="no rules for 'RobertaFor"), attnlrp_rules(roberta):
        pass
    config = BertConfig(**small, position_embedding_type="relative_key")
    config._attn_implementation = "eager"
    relative = BertForSequenceClassification(config)
    with pytest.raises(Unsupported, match="got relative ones"), attnlrp_rules(relative):
        pass


def _rope_theta(config: Any, local: bool) -> float:
    """ModernBERT's base of rotary angles, by the names of transformers 4 or 5."""
    if hasattr(config, "rope_parameters"):
        kind = "sliding_attention" if local else "full_attention"
        return float(config.rope_parameters[kind]["rope_theta"])
    return float(config.local_rope_theta if local else config.global_rope_theta)

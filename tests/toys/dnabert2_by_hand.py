"""The DNABERT-2 network once more: one sequence, head by head, float64, nothing fused."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gxarena_dnabert2.alibi import alibi_slopes
from gxarena_dnabert2.model import DNABERT2


class ByHand:
    """The network of a model; `constants` detaches what CP-LRP takes for constant.

    Attributes
    ----------
    words : Tensor, (T, D)
        Word embeddings of the last forward pass, a leaf.
    weights : list of lists of Tensor, (T, T)
        Attention weights of the last forward pass, by layer and head.
    """

    def __init__(self, model: DNABERT2, constants: bool = False) -> None:
        self.config = model.network.sizes
        self.w = {name: t.double() for name, t in model.network.state_dict().items()}
        self._constants = constants

    def logits(self, ids: Tensor) -> Tensor:
        """Raw outputs, (C,)."""
        self.weights: list[list[Tensor]] = []
        self.words = self.w["bert.embeddings.word_embeddings.weight"][ids].clone().requires_grad_()
        types = self.w["bert.embeddings.token_type_embeddings.weight"][0]
        x = self._norm("bert.embeddings.LayerNorm", self.words + types)
        for layer in range(self.config.num_hidden_layers):
            x = self._layer(f"bert.encoder.layer.{layer}", x)
        dense = self._linear("bert.pooler.dense", x[0])
        pooled = torch.tanh(dense)
        if self._constants:
            # Relevance of tanh(z) goes to z whole: z times the constant tanh(z) / z.
            pooled = dense * (pooled / dense).detach()
        return self._linear("classifier", pooled)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        y = x @ self.w[f"{name}.weight"].T
        bias = self.w.get(f"{name}.bias")
        return y if bias is None else y + bias

    def _norm(self, name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        deviation = torch.sqrt((centred**2).mean(-1, keepdim=True) + self.config.layer_norm_eps)
        deviation = deviation.detach() if self._constants else deviation
        return centred / deviation * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def _layer(self, name: str, x: Tensor) -> Tensor:
        mixed = self._attention(f"{name}.attention.self", x)
        out = f"{name}.attention.output"
        x = self._norm(f"{out}.LayerNorm", self._linear(f"{out}.dense", mixed) + x)
        gate, content = self._linear(f"{name}.mlp.gated_layers", x).chunk(2, dim=-1)
        open_gate = F.gelu(gate).detach() if self._constants else F.gelu(gate)
        hidden = self._linear(f"{name}.mlp.wo", open_gate * content)
        return self._norm(f"{name}.mlp.layernorm", hidden + x)

    def _attention(self, name: str, x: Tensor) -> Tensor:
        queries, keys, values = self._linear(f"{name}.Wqkv", x).chunk(3, dim=-1)
        n_heads = self.config.num_attention_heads
        size = x.shape[1] // n_heads
        place = torch.arange(len(x), dtype=x.dtype)
        distance = (place[:, None] - place).abs()
        mixed, kept = [], []
        for head, slope in enumerate(alibi_slopes(n_heads)):
            part = slice(head * size, (head + 1) * size)
            scores = queries[:, part] @ keys[:, part].T / math.sqrt(size)
            weights = torch.softmax(scores - slope * distance, -1)
            weights = weights.detach() if self._constants else weights
            kept.append(weights)
            mixed.append(weights @ values[:, part])
        self.weights.append(kept)
        return torch.cat(mixed, dim=-1)

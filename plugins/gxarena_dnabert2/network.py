"""The DNABERT-2 (MosaicBERT) network in plain PyTorch.

A post-LayerNorm BERT encoder with attention with linear biases (ALiBi) instead of position
embeddings and gated linear units in its MLPs (Zhou et al. 2024; Portes et al. 2023). Parameters
have the official checkpoint's names. Written anew: the published code needs trust_remote_code
and an old triton, and switches kernels silently. The masked-language head is in
`gxarena_dnabert2.training.masked_lm`.

Shapes: B sequences, T positions ([CLS], tokens, [SEP], padding), D width, H heads.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxarena_dnabert2.alibi import alibi_bias, alibi_slopes
from gxarena_dnabert2.backward import PLAIN, Rules
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.softmax import softmax_


class Embeddings(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, words: Tensor, rules: Rules) -> Tensor:
        summed = words + self.token_type_embeddings.weight[0]
        x: Tensor = self.dropout(rules.layer_norm(self.LayerNorm, summed))
        return x


class SelfAttention(nn.Module):
    """softmax(Q K^T / sqrt(d) + bias) V, with one matrix for queries, keys and values."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.n_heads = config.num_attention_heads
        self.p_dropout = config.attention_probs_dropout_prob
        self.Wqkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)

    def forward(self, x: Tensor, bias: Tensor, rules: Rules, first: int | None = None) -> Tensor:
        n, length, width = x.shape
        heads = self.Wqkv(x).view(n, length, 3, self.n_heads, width // self.n_heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        if first is not None:
            q, bias = q[:, :, :first], bias[:, :, :first]
        # In training, on a CPU, the fused kernel's backward pass takes longer than all the rest.
        if rules.fused_attention and not self.training:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        else:
            # Two products in a row: q and k share the half that the first product's weights get.
            q, k, v = rules.factor(q, 4), rules.factor(k, 4), rules.factor(v, 2)
            # Scaled where they are small, and the bias added in place: of a thousand tokens the
            # (B, H, T, T) are most of what a pass reads and writes.
            scaled = (q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2)
            weights = rules.attention(softmax_(scaled.add_(bias)))
            y = F.dropout(weights, self.p_dropout, self.training) @ v
        return y.transpose(1, 2).reshape(n, -1, width)


class ResidualOutput(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, residual: Tensor, rules: Rules) -> Tensor:
        return rules.layer_norm(self.LayerNorm, self.dropout(self.dense(x)) + residual)


class Attention(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = ResidualOutput(config)

    def forward(self, x: Tensor, bias: Tensor, rules: Rules, first: int | None = None) -> Tensor:
        residual = x if first is None else x[:, :first]
        y: Tensor = self.output(self.self(x, bias, rules, first), residual, rules)
        return y


class GatedMLP(nn.Module):
    """W_o (GELU(W_g x) * W_c x): gate and content come from one matrix without bias."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gated_layers = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.wo = nn.Linear(config.intermediate_size, config.hidden_size)
        self.layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, rules: Rules) -> Tensor:
        gate, content = self.gated_layers(x).chunk(2, dim=-1)
        product = rules.factor(rules.gate(F.gelu, gate) * content, 2)
        return rules.layer_norm(self.layernorm, self.wo(self.dropout(product)) + x)


class Layer(nn.Module):
    """Attention, then the MLP; where `first` is given of so many positions, that read all."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.mlp = GatedMLP(config)

    def forward(self, x: Tensor, bias: Tensor, rules: Rules, first: int | None = None) -> Tensor:
        y: Tensor = self.mlp(self.attention(x, bias, rules, first), rules)
        return y


class Encoder(nn.Module):
    slopes: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        slopes = torch.tensor(alibi_slopes(config.num_attention_heads))
        self.register_buffer("slopes", slopes, persistent=False)

    def forward(self, x: Tensor, attention_mask: Tensor, rules: Rules) -> Tensor:
        bias = alibi_bias(self.slopes, attention_mask).to(x.dtype)
        *layers, last = self.layer
        for layer in layers:
            x = layer(x, bias, rules)
        return rules.last(last, x, bias)


class Pooler(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: Tensor, rules: Rules) -> Tensor:
        return rules.elementwise(torch.tanh, self.dense(hidden[:, 0]))


class Bert(nn.Module):
    def __init__(self, config: Config, *, pooler: bool) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        if pooler:
            self.pooler = Pooler(config)

    def forward(self, words: Tensor, attention_mask: Tensor, rules: Rules = PLAIN) -> Tensor:
        """Word embeddings (B, T, D) to last hidden states (B, T, D)."""
        hidden: Tensor = self.encoder(self.embeddings(words, rules), attention_mask, rules)
        return hidden


class SequenceClassifier(nn.Module):
    """DNABERT-2 with a classification head on the pooled [CLS]."""

    architecture = "BertForSequenceClassification"

    def __init__(self, config: Config) -> None:
        super().__init__()
        # Not "config": the Trainer takes that for one of transformers' own and writes to it.
        self.sizes = config
        self.bert = Bert(config, pooler=True)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        initialise(self, config)

    def set_head(self, n_labels: int, p_dropout: float) -> None:
        """Before fine-tuning: as many outputs as there are classes, and another dropout."""
        self.sizes = replace(self.sizes, num_labels=n_labels, hidden_dropout_prob=p_dropout)
        if self.classifier.out_features != n_labels:
            self.classifier = nn.Linear(self.sizes.hidden_size, n_labels)
            initialise(self.classifier, self.sizes)
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = p_dropout

    def embed(self, input_ids: Tensor) -> Tensor:
        """Word embeddings, (B, T, D)."""
        words: Tensor = self.bert.embeddings.word_embeddings(input_ids)
        return words

    def logits(self, words: Tensor, attention_mask: Tensor, rules: Rules = PLAIN) -> Tensor:
        """Word embeddings (B, T, D) and mask (B, T) to raw outputs (B, C)."""
        pooled = self.bert.pooler(self.bert(words, attention_mask, rules), rules)
        outputs: Tensor = self.classifier(self.dropout(pooled))
        return outputs

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """As the Hugging Face Trainer calls it."""
        logits = self.logits(self.embed(input_ids), attention_mask)
        if labels is None:
            return {"logits": logits}
        return {"loss": F.cross_entropy(logits.float(), labels), "logits": logits}


def initialise(network: nn.Module, config: Config) -> None:
    """BERT's initialisation: normal weights, zero biases."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

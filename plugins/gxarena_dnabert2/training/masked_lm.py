"""DNABERT-2 with its masked-language head, for pre-training; parameters have official names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxarena_dnabert2.config import Config
from gxarena_dnabert2.network import Bert, initialise


class Transform(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden: Tensor) -> Tensor:
        y: Tensor = self.LayerNorm(F.gelu(self.dense(hidden)))
        return y


class Decoder(nn.Module):
    """Holds the bias alone: its weight is the word embeddings', which have one name in a file."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))


class Predictions(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.transform = Transform(config)
        self.decoder = Decoder(config)

    def forward(self, hidden: Tensor, word_embeddings: Tensor) -> Tensor:
        """Scores over the vocabulary, (..., D) to (..., V)."""
        return F.linear(self.transform(hidden), word_embeddings, self.decoder.bias)


class MaskedLMHead(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.predictions = Predictions(config)


class MaskedLM(nn.Module):
    """DNABERT-2 with its masked-language head; the decoder shares the word embeddings."""

    architecture = "BertForMaskedLM"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.sizes = config
        self.bert = Bert(config, pooler=False)
        self.cls = MaskedLMHead(config)
        initialise(self, config)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        """Mean cross entropy over the positions where `labels` is not negative."""
        embeddings = self.bert.embeddings.word_embeddings
        hidden = self.bert(embeddings(input_ids), attention_mask)
        masked = labels >= 0
        scores = self.cls.predictions(hidden[masked], embeddings.weight)
        return {"loss": F.cross_entropy(scores.float(), labels[masked])}

from __future__ import annotations

import torch

from gxarena_dnabert2.config import Config
from gxarena_dnabert2.training.masked_lm import MaskedLM

CONFIG = Config(
    vocab_size=20,
    hidden_size=12,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=10,
)


def test_masked_loss_is_of_the_masked_positions_and_decodes_by_the_word_embeddings() -> None:
    torch.manual_seed(0)
    network = MaskedLM(CONFIG).eval()
    ids = torch.randint(5, 20, (2, 9))
    mask, labels = torch.ones_like(ids), torch.full_like(ids, -100)
    labels[0, 3], labels[1, 7] = 11, 6
    embeddings = network.bert.embeddings.word_embeddings
    hidden = network.bert(embeddings(ids), mask)
    head = network.cls.predictions
    losses = []
    for row, column in ((0, 3), (1, 7)):
        scores = embeddings.weight @ head.transform(hidden[row, column]) + head.decoder.bias
        losses.append(torch.logsumexp(scores, 0) - scores[labels[row, column]])
    found = network(ids, mask, labels)["loss"]
    torch.testing.assert_close(found, torch.stack(losses).mean())

"""The network against the published one's outputs and closed forms."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from gxarena_dnabert2.checkpoint import load_classifier
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.model import DNABERT2
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_dnabert2.training.masked_lm import MaskedLM

CONFIG = Config(
    vocab_size=20,
    hidden_size=12,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=10,
    alibi_starting_size=8,
)


@pytest.mark.golden
def test_golden_outputs(shared: Path) -> None:
    folder = shared / "golden" / "dnabert2-tiny"
    expected = load_file(folder / "expected.safetensors")
    network, report = load_classifier(folder)
    ids, mask = expected["input_ids"], expected["attention_mask"]
    with torch.inference_mode():
        words = network.eval().embed(ids)
        hidden = network.bert(words, mask) * mask[..., None]
        logits = network.logits(words, mask)
    torch.testing.assert_close(logits, expected["logits"], atol=1e-4, rtol=0)
    torch.testing.assert_close(hidden, expected["last_hidden"], atol=1e-4, rtol=0)
    assert report.missing == report.unexpected == ()


@pytest.mark.golden
def test_golden_predictions_from_strings(shared: Path) -> None:
    folder = shared / "golden" / "dnabert2-tiny"
    sequences = json.loads((folder / "sequences.json").read_text())
    expected = load_file(folder / "expected.safetensors")["logits"].numpy()
    model = DNABERT2(folder, device="cpu")
    np.testing.assert_allclose(model.predict(sequences), expected, atol=1e-4)
    alone = np.concatenate([model.predict([sequence]) for sequence in sequences])
    np.testing.assert_allclose(alone, expected, atol=1e-4)


@pytest.mark.golden
def test_the_official_configuration_makes_the_official_network(shared: Path) -> None:
    document = json.loads((shared / "golden" / "dnabert2-117M-config.json").read_text())
    names = set(Config.__dataclass_fields__) & set(document)
    config = Config(**{name: document[name] for name in names})
    with torch.device("meta"):
        network = MaskedLM(config)
    body = sum(p.numel() for p in network.bert.parameters())
    width, gated, n_layers = 768, 3072, 12
    embeddings = (4096 + 2 + 2) * width
    attention = 4 * width**2 + 4 * width + 2 * width
    mlp = 2 * gated * width + gated * width + width + 2 * width
    assert body == embeddings + n_layers * (attention + mlp)


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    network = SequenceClassifier(CONFIG).eval()
    ids = torch.randint(5, 20, (1, 9))
    padded = F.pad(ids, (0, 6), value=3)
    mask = F.pad(torch.ones_like(ids), (0, 6))
    with torch.inference_mode():
        alone = network(ids, torch.ones_like(ids))["logits"]
        together = network(padded, mask)["logits"]
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


def test_training_and_prediction_compute_the_same() -> None:
    torch.manual_seed(0)
    network = SequenceClassifier(replace(CONFIG, hidden_dropout_prob=0.0, initializer_range=0.3))
    ids, mask = torch.randint(5, 20, (2, 9)), torch.ones(2, 9)
    mask[1, 5:] = 0
    with torch.inference_mode():
        training = network.train()(ids, mask)["logits"]
        prediction = network.eval()(ids, mask)["logits"]
    torch.testing.assert_close(training, prediction, atol=1e-5, rtol=0)


def test_attention_drops_out_in_training_only() -> None:
    torch.manual_seed(0)
    dropping = replace(CONFIG, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.5)
    network = SequenceClassifier(replace(dropping, initializer_range=0.3))
    ids, mask = torch.randint(5, 20, (2, 9)), torch.ones(2, 9)
    with torch.inference_mode():
        assert not torch.equal(*(network.train()(ids, mask)["logits"] for _ in range(2)))
        assert torch.equal(*(network.eval()(ids, mask)["logits"] for _ in range(2)))


def test_loss_is_cross_entropy() -> None:
    torch.manual_seed(0)
    network = SequenceClassifier(CONFIG).eval()
    ids, labels = torch.randint(5, 20, (4, 9)), torch.tensor([0, 1, 1, 0])
    found = network(ids, torch.ones_like(ids), labels)
    chosen = torch.log_softmax(found["logits"], -1)[torch.arange(4), labels]
    torch.testing.assert_close(found["loss"], -chosen.mean())


def test_another_number_of_classes_gets_another_head() -> None:
    network = SequenceClassifier(CONFIG)
    network.set_head(5, 0.25)
    ids = torch.randint(5, 20, (2, 9))
    assert network(ids, torch.ones_like(ids))["logits"].shape == (2, 5)
    assert network.sizes.num_labels == 5
    dropouts = [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert set(dropouts) == {0.25}

"""Small checkpoints with random weights: real files, read by the real loader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gxarena_dnabert2.checkpoint import write_weights
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_dnabert2.training.corpus import train_tokenizer
from gxarena_dnabert2.training.masked_lm import MaskedLM
from gxarena_torch.checkpoint_files import SAFETENSORS

VOCABULARY = 48
Checkpoints = Callable[..., Path]


@pytest.fixture(scope="session")
def tokenizer_json() -> str:
    """A byte-pair tokenizer of a few dozen tokens."""
    rng = np.random.default_rng(0)
    pieces = ["".join(rng.choice(list("ACGT"), 200)) for _ in range(50)]
    # Every N must be [UNK], so N is no letter of its alphabet.
    text: str = train_tokenizer(pieces, VOCABULARY).to_str()
    return text


@pytest.fixture
def sequences() -> list[str]:
    """Sequences of unequal length, one with N, one repeated."""
    rng = np.random.default_rng(1)
    drawn = ["".join(rng.choice(list("ACGT"), n)) for n in (60, 7, 33, 100, 1)]
    return [*drawn, "NN" + drawn[2] + "N", drawn[0]]


@pytest.fixture
def make_checkpoint(tmp_path: Path, tokenizer_json: str) -> Checkpoints:
    """A folder with config.json, tokenizer.json and weights; keyword arguments are sizes."""

    def make(name: str = "checkpoint", *, masked: bool = False, **sizes: int | float) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        values = {
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 12,
            "intermediate_size": 20,
            "alibi_starting_size": 16,
            "initializer_range": 0.3,
        }
        config = Config(**(values | sizes))  # type: ignore[arg-type]
        with torch.random.fork_rng():
            torch.manual_seed(3)
            network = MaskedLM(config) if masked else SequenceClassifier(config)
            with torch.no_grad():
                for parameter in network.parameters():
                    # LayerNorm's ones and all zero biases would hide errors.
                    if parameter.ndim == 1:
                        parameter.add_(0.3 * torch.randn_like(parameter))
        config.write(folder, network.architecture)
        (folder / "tokenizer.json").write_text(tokenizer_json)
        write_weights(network, folder / SAFETENSORS)
        return folder

    return make

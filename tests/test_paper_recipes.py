"""The paper's recipes, each from its one command, on small data in the published layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from copies import archived

from gxarena.datasets import download
from gxarena.training.job import train
from gxarena_dnabert2.checkpoint import write_weights
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.training.corpus import train_tokenizer
from gxarena_dnabert2.training.masked_lm import MaskedLM
from gxarena_torch.checkpoint_files import SAFETENSORS

RECIPES = Path(__file__).parents[1] / "benchmarks" / "recipes"
NONTATA, ENHANCERS = "human_nontata_promoters", "drosophila_enhancers_stark"
MOTIF = "TGACTCATGAGTCA"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both data sets' archives in a folder of one's own; positives hold a motif."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(download.HOME, str(tmp_path / "data"))
    rng = np.random.default_rng(2)
    for task, length in ((NONTATA, 251), (ENHANCERS, 400)):
        texts = {}
        for number in range(180):
            text = "".join(rng.choice(list("ACGT"), length))
            if kind := number % 2:
                text = text[:100] + MOTIF * 3 + text[100 + 3 * len(MOTIF) :]
            place = f"{'train' if number < 120 else 'test'}/{('negative', 'positive')[kind]}"
            texts[f"{place}/{number}"] = text
        archived(tmp_path / "data" / "genomic-benchmarks" / f"{task}_v0.zip", texts, task)


@pytest.fixture
def pretrained(tmp_path: Path) -> Path:
    """A masked-language checkpoint in the place of the official one, much narrower."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "pretrained"
    folder.mkdir()
    tokenizer = train_tokenizer(["".join(rng.choice(list("ACGT"), 300)) for _ in range(50)], 64)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    network = MaskedLM(Config(tokenizer.get_vocab_size(), 24, 12, 12, 32))
    network.sizes.write(folder, MaskedLM.architecture)
    write_weights(network, folder / SAFETENSORS)
    return folder


def _train(name: str, task: str, out: Path, *changes: str) -> dict[str, Any]:
    """The recipe's card; the same command again does nothing."""
    card = train(RECIPES / f"{name}.toml", out, changes)
    assert train(RECIPES / f"{name}.toml", out, changes) == card
    assert json.loads((out / "card.json").read_text()) == card
    sizes = {split: facts["samples"] for split, facts in card["data"].items()}
    assert sizes["train"] + sizes["valid"] == 120
    assert 0 < sizes["valid"] < 40
    assert sizes["test"] == 60
    assert {facts["reference"].split(":")[1] for facts in card["data"].values()} == {task}
    return card


@pytest.mark.slow
@pytest.mark.usefixtures("data")
def test_the_cnn(tmp_path: Path) -> None:
    card = _train("cnn-nontata", NONTATA, tmp_path / "out", "settings.epochs=40")
    assert card["training"]["network"]["filters"] == [16, 8, 4]
    assert card["scores"]["model"]["test"]["accuracy"] > 0.8


@pytest.mark.usefixtures("data")
def test_deepstarr_reads_3061(tmp_path: Path) -> None:
    changes = ("settings.epochs=1", "settings.network.filters=[8, 4, 4, 4]")
    card = _train("deepstarr-enhancers", ENHANCERS, tmp_path / "out", *changes)
    assert card["training"]["network"]["input_length"] == 3061


@pytest.mark.slow
@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("name", "task"), [("dnabert2-nontata", NONTATA), ("dnabert2-enhancers", ENHANCERS)]
)
def test_dnabert2(tmp_path: Path, pretrained: Path, name: str, task: str) -> None:
    changes = (f"settings.checkpoint={pretrained}", "settings.finetuning.epochs=1")
    card = _train(name, task, tmp_path / "out", *changes)
    settings = card["recipe"]["settings"]["finetuning"]
    assert settings["batch_size"] * settings["accumulation"] == 32
    assert card["scores"]["model"]["test"].keys() == {"accuracy", "auc"}

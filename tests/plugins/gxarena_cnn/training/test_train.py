"""Training: learns, is seeded, resumes to the very same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.training.job import TrainingJob
from gxarena_cnn.model import CNN, DeepSTARR
from gxarena_cnn.training import train

MOTIF = "TATCGATA"
SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 16,
    "learning_rate": 0.01,
    "average": 0.8,
    "reverse_complement": True,
    "shift": 2,
    "mask": 0.02,
    "network": {"filters": [8, 4], "kernel": 6, "dense": 8, "dropout": 0.1},
}


def dataset(name: str, n: int, seed: int) -> Dataset:
    """Random sequences of 40 nucleotides; those of class 1 hold the motif."""
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(n):
        sequence = "".join(rng.choice(list("ACGT"), 40))
        if index % 2:
            at = int(rng.integers(5, 25))
            sequence = sequence[:at] + MOTIF + sequence[at + len(MOTIF) :]
        samples.append(Sample(f"{name}{index}", sequence, index % 2))
    return Dataset(name, tuple(samples))


def job(out: Path, seed: int = 0, **settings: Any) -> TrainingJob:
    out.mkdir(exist_ok=True)
    chosen = {**SETTINGS, **settings}
    return TrainingJob(dataset("train", 400, 0), dataset("valid", 100, 1), chosen, seed, out)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_it_learns_a_motif(tmp_path: Path) -> None:
    facts = CNN.train(job(tmp_path / "out", epochs=8))
    model = CNN(tmp_path / "out", device="cpu")
    test = dataset("test", 200, 2).samples
    outputs = model.predict([sample.sequence for sample in test])
    labels = np.array([sample.label for sample in test])
    assert np.mean(outputs.argmax(axis=1) == labels) > 0.9
    assert facts["parameters"] == sum(p.numel() for p in model.network.parameters())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_deepstarr_trains(tmp_path: Path) -> None:
    network = {"filters": [8, 6, 4, 4], "dense": [8, 8], "input_length": 48}
    DeepSTARR.train(job(tmp_path / "out", epochs=1, network=network))
    model = DeepSTARR(tmp_path / "out", device="cpu")
    assert model.max_length == 48
    assert model.predict(["ACGT"]).shape == (1, 2)


def test_the_seed_decides(tmp_path: Path) -> None:
    for name, seed in {"a": 0, "b": 0, "c": 1}.items():
        CNN.train(job(tmp_path / name, seed, epochs=2))
        torch.rand(3)  # the global generator does not matter
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_the_global_generator_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    CNN.train(job(tmp_path / "out", epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_a_killed_training_resumes_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CNN.train(job(tmp_path / "whole"))
    run_epoch = train._train_epoch

    def dies_in_the_third(run: Any, *arguments: Any) -> float:
        if run.epoch == 2:
            raise KeyboardInterrupt
        return run_epoch(run, *arguments)

    monkeypatch.setattr(train, "_train_epoch", dies_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        CNN.train(job(tmp_path / "killed"))
    monkeypatch.undo()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    epochs = []

    def counted(run: Any, *arguments: Any) -> float:
        epochs.append(run.epoch)
        return run_epoch(run, *arguments)

    monkeypatch.setattr(train, "_train_epoch", counted)
    CNN.train(job(tmp_path / "killed"))
    assert epochs == [2, 3]
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_the_state_of_another_training_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "save_network", dies)
    with pytest.raises(KeyboardInterrupt):
        CNN.train(job(tmp_path / "out", epochs=1))
    monkeypatch.undo()
    with pytest.raises(InputError, match="expected the state of this training"):
        CNN.train(job(tmp_path / "out", epochs=1, weight_decay=0.5))


def test_it_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    facts = CNN.train(job(tmp_path / "out", epochs=30, patience=1, learning_rate=0.03))
    assert facts["epochs"] == facts["best_epoch"] + 1 < 30
    samples = dataset("valid", 100, 1).samples
    outputs = CNN(tmp_path / "out", device="cpu").predict([s.sequence for s in samples])
    labels = torch.tensor([sample.label for sample in samples])
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(outputs), labels)
    assert float(loss) == pytest.approx(facts["valid_loss"], rel=1e-4)


def test_a_last_batch_of_one_joins_its_neighbour() -> None:
    sizes = [len(batch) for batch in train._batches(9, 4)]
    assert sizes == [4, 5]
    rows = torch.cat(list(train._batches(9, 4)))
    assert rows.sort().values.tolist() == list(range(9))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 3}, r"epoch: unknown key\. Did you mean 'epochs'\?"),
        ({"epochs": 0}, "epochs: expected greater than 0, got 0"),
        ({"network": {"filter": [3]}}, r"\[settings\.network\], filter: unknown key"),
        (
            {"network": {**SETTINGS["network"], "input_length": 39}},
            "expected 1 to 39 nucleotides, got 40",
        ),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CNN.train(job(tmp_path / "out", **settings))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, None, 1], "expected a label for every sample, got none for 's1'"),
        ([0, 0, 0], "expected two classes or more in train, got one"),
        ([0, -1, 1], "expected labels from 0, got -1"),
    ],
)
def test_data_that_cannot_be_learned_is_named(
    tmp_path: Path, labels: list[int | None], message: str
) -> None:
    samples = tuple(Sample(f"s{i}", "ACGT" * 10, label) for i, label in enumerate(labels))
    data = Dataset("mine", samples)
    with pytest.raises(InputError, match=message):
        CNN.train(TrainingJob(data, data, SETTINGS, 0, tmp_path))

"""Training on data that is easy: class 1 is rich in G."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import Trainer

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.training.job import TrainingJob
from gxarena_hf.model import HuggingFace
from gxarena_hf.toys import write_toy
from gxarena_hf.train import _Batches

SMALL = {"epochs": 2, "batch_size": 16, "learning_rate": 3e-3}


def _data(n: int, seed: int, classes: int = 2) -> Dataset:
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(n):
        label = index % classes
        odds = np.ones(4)
        odds[label + 1] = 3
        letters = rng.choice(list("ACGT"), 24 + index % 5, p=odds / odds.sum())
        samples.append(Sample(f"s{index}", "".join(letters), label))
    return Dataset("mine", tuple(samples))


def _job(out: Path, classes: int = 2, **settings: object) -> TrainingJob:
    out.mkdir(parents=True)
    return TrainingJob(_data(192, 0, classes), _data(60, 1, classes), SMALL | settings, 0, out)


def _accuracy(model: HuggingFace, dataset: Dataset) -> float:
    outputs = model.predict([sample.sequence for sample in dataset.samples])
    return float(np.mean(outputs.argmax(1) == [sample.label for sample in dataset.samples]))


@pytest.mark.parametrize("toy", ["characters", "modernbert"])
def test_a_toy_learns_from_scratch(tmp_path: Path, toy: str) -> None:
    job = _job(tmp_path / "out", toy=toy, unknown=0.1, epochs=6)
    facts = HuggingFace.train(job)
    model = HuggingFace(job.out, device="cpu")
    assert facts["parameters"] == sum(p.numel() for p in model.network.parameters())
    assert _accuracy(model, job.valid) > 0.8
    assert not (job.out / "finetuning").exists()


def test_a_checkpoint_gets_a_new_head(tmp_path: Path) -> None:
    start = write_toy("dnabert", tmp_path / "start", noise=0.0, initializer_range=0.02, k=2)
    job = _job(tmp_path / "out", classes=3, checkpoint=str(start), epochs=4)
    HuggingFace.train(job)
    model = HuggingFace(job.out, device="cpu")
    assert model.n_outputs == 3
    assert _accuracy(model, job.valid) > 0.6
    assert model.spans(["ACGT"])[0].boundaries.tolist() == [0, 1, 2, 4]


class Killed(Exception):
    pass


def test_a_training_that_is_killed_within_a_checkpoint_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"toy": "characters", "epochs": 3}
    whole = _job(tmp_path / "whole", **settings)
    facts = HuggingFace.train(whole)

    job, saves, save = _job(tmp_path / "out", **settings), [0], Trainer._save_checkpoint

    def save_and_die(self: Trainer, *args: Any, **kwargs: Any) -> None:
        saves[0] += 1
        if saves[0] == 1:
            save(self, *args, **kwargs)
            return
        with monkeypatch.context() as patch:
            # The weights are there by then, optimizer and state are not.
            patch.setattr(Trainer, "_save_optimizer_and_scheduler", _die)
            save(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save_checkpoint", save_and_die)
        with pytest.raises(Killed):
            HuggingFace.train(job)
    left = {path.name for path in (job.out / "finetuning").iterdir()}
    assert left >= {"checkpoint-12", "checkpoint-24"}
    steps: list[int] = []
    step = Trainer.training_step

    def count(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        steps.append(self.state.global_step)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", count)
    assert HuggingFace.train(job) == facts
    assert steps == list(range(12, 36)), "it goes on after the last whole checkpoint"
    resumed, reference = (load_file(one.out / "model.safetensors") for one in (job, whole))
    for name, tensor in reference.items():
        torch.testing.assert_close(resumed[name], tensor, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("toy", ["characters", "dnabert", "modernbert"])
def test_the_epoch_that_is_kept_is_kept_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: str
) -> None:
    """transformers 5 writes some weights under other names than it reads (its issue 48805)."""
    scores = [0.5, 0.9, 0.6, 0.7]
    ends: list[dict[str, torch.Tensor]] = []
    best, save = Trainer._determine_best_metric, Trainer._save_checkpoint

    def scored(self: Trainer, metrics: dict[str, float], *args: Any, **kwargs: Any) -> bool:
        """Which epoch is the best is no matter of the machine's arithmetic."""
        metrics = metrics | {"eval_auc": scores[len(ends)]}
        return bool(best(self, metrics, *args, **kwargs))

    def keep(self: Trainer, model: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
        ends.append({name: p.detach().clone() for name, p in model.named_parameters()})
        save(self, model, *args, **kwargs)

    monkeypatch.setattr(Trainer, "_determine_best_metric", scored)
    monkeypatch.setattr(Trainer, "_save_checkpoint", keep)
    job = _job(tmp_path / "out", toy=toy, epochs=4, learning_rate=0.03)
    HuggingFace.train(job)
    assert len(ends) == len(scores)
    kept = dict(HuggingFace(job.out, device="cpu").network.named_parameters())
    for name, weights in ends[1].items():
        assert torch.equal(kept[name], weights), name
    assert any(not torch.equal(kept[name], weights) for name, weights in ends[-1].items())


def _die(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "expected either checkpoint or toy, got neither"),
        ({"toy": "dnabert", "checkpoint": "x"}, "got both"),
        ({"toy": "bert"}, "toy: unknown 'bert'"),
        ({"toy": "dnabert", "epoch": 1}, "epoch"),
    ],
)
def test_mistakes(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        HuggingFace.train(_job(tmp_path / "out", **settings))


def test_batches(folders: dict[str, Path]) -> None:
    tokenizer = HuggingFace(folders["characters"], device="cpu").tokenizer
    samples = [Sample("a", "ACGT", 1), Sample("b", "A" * 50, 0)]
    plain = _Batches(tokenizer, pad=1, seed=0, unknown=0.5).plain()(samples)
    assert plain["input_ids"][0, :6].tolist() == tokenizer.encode(["ACGT"])[0].ids.tolist()
    assert (plain["input_ids"][0, 6:] == 1).all()
    assert plain["attention_mask"].sum(1).tolist() == [6, 52]
    assert plain["labels"].tolist() == [1, 0]
    noisy = _Batches(tokenizer, pad=1, seed=0, unknown=0.5)(samples)["input_ids"][1]
    assert 10 < (noisy != plain["input_ids"][1]).sum() < 40
    assert (noisy[noisy != plain["input_ids"][1]] == tokenizer.id_of("unk_token")).all()

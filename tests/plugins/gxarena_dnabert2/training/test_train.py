"""The whole way of training, on a task and a network small enough for seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from transformers import Trainer

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.training.job import TrainingJob
from gxarena_dnabert2.model import DNABERT2, Mini

Checkpoints = Callable[..., Path]
NETWORK = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
FINETUNING = {"epochs": 2, "batch_size": 8, "learning_rate": 5e-3}


def _data(name: str, n: int) -> Dataset:
    """Half of the sequences are rich in A and T."""
    rng = np.random.default_rng(len(name))
    shares = {0: [0.15, 0.35, 0.35, 0.15], 1: [0.35, 0.15, 0.15, 0.35]}
    return Dataset(
        name,
        tuple(
            Sample(f"{name}{i}", "".join(rng.choice(list("ACGT"), 40, p=shares[i % 2])), i % 2)
            for i in range(n)
        ),
    )


def _job(out: Path, **settings: Any) -> TrainingJob:
    out.mkdir(exist_ok=True)
    return TrainingJob(_data("train", 64), _data("va", 32), settings, 0, out)


@pytest.fixture
def pretraining(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    records = [f">r{i} chr3L:{i}-\n{''.join(rng.choice(list('ACGT'), 80))}\n" for i in range(30)]
    path = tmp_path / "corpus.fa"
    path.write_text("".join(records))
    return {"corpus": str(path), "steps": 4, "batch_size": 8, "length": 40}


@pytest.fixture(autouse=True)
def _own_generator() -> Any:
    """The Trainer seeds everything globally."""
    state = np.random.get_state()
    with torch.random.fork_rng():
        yield
    np.random.set_state(state)


def test_from_scratch_to_a_classifier_that_loads(
    tmp_path: Path, pretraining: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    longer = FINETUNING | {"epochs": 6, "learning_rate": 2e-2}
    facts = Mini.train(_job(out, network=NETWORK, pretraining=pretraining, finetuning=longer))
    weights = load_file(out / "model.safetensors")
    assert facts["parameters"] == sum(t.numel() for t in weights.values())
    model = Mini(checkpoint=out, device="cpu")
    valid = _data("va", 32).samples
    outputs = model.predict([s.sequence for s in valid])
    # The epoch is chosen by AUC, so that is what must be good.
    assert roc_auc_score([s.label for s in valid], outputs[:, 1] - outputs[:, 0]) > 0.9
    assert {path.name for path in out.iterdir() if path.is_dir()} <= {"pretrained"}


def test_from_a_checkpoint_the_body_is_taken_over(
    tmp_path: Path, make_checkpoint: Checkpoints
) -> None:
    start = make_checkpoint("start", masked=True, num_attention_heads=4)
    settings = FINETUNING | {"epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    out = tmp_path / "out"
    DNABERT2.train(_job(out, checkpoint=str(start), finetuning=settings))
    before, after = (load_file(folder / "model.safetensors") for folder in (start, out))
    for name, tensor in after.items():
        if name in before:
            torch.testing.assert_close(tensor, before[name], atol=1e-6, rtol=0)
    assert "classifier.weight" in after
    assert (out / "tokenizer.json").read_text() == (start / "tokenizer.json").read_text()


class Killed(Exception):
    pass


@pytest.mark.parametrize("stage", ["pretraining", "finetuning"])
def test_a_killed_training_resumes(
    tmp_path: Path, pretraining: dict[str, Any], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    settings = {"network": NETWORK, "pretraining": pretraining, "finetuning": FINETUNING}
    whole = tmp_path / "whole"
    facts = Mini.train(_job(whole, **settings))

    out, saves, save = tmp_path / "out", [0], Trainer._save_checkpoint

    def save_and_die(self: Trainer, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        if Path(self.args.output_dir).name == stage:
            saves[0] += 1
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save_checkpoint", save_and_die)
        with pytest.raises(Killed):
            Mini.train(_job(out, **settings))
    assert saves == [1]
    # A kill while the next state was being written leaves half of it.
    (out / stage / "checkpoint-999").mkdir()
    steps: list[int] = []
    step = Trainer.training_step

    def count(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        steps.append(self.state.global_step)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "training_step", count)
    assert Mini.train(_job(out, **settings)) == facts
    # 16 steps of fine-tuning in two epochs; the killed one had saved after the first.
    assert len(steps) == (16 if stage == "pretraining" else 8)
    resumed, reference = (load_file(folder / "model.safetensors") for folder in (out, whole))
    for name, tensor in reference.items():
        torch.testing.assert_close(resumed[name], tensor, atol=1e-5, rtol=1e-4)


def test_the_last_epochs_are_averaged(
    tmp_path: Path, make_checkpoint: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[dict[str, torch.Tensor]] = []
    save = Trainer._save_checkpoint

    def keep(self: Trainer, model: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
        ends.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        save(self, model, *args, **kwargs)

    monkeypatch.setattr(Trainer, "_save_checkpoint", keep)
    settings = FINETUNING | {"epochs": 4, "average_last": 3, "unknown": 0.2, "cuts": 0.1}
    out = tmp_path / "out"
    DNABERT2.train(_job(out, checkpoint=str(make_checkpoint("start")), finetuning=settings))
    assert len(ends) == 4
    for name, tensor in load_file(out / "model.safetensors").items():
        mean = (ends[1][name] + ends[2][name] + ends[3][name]) / 3
        torch.testing.assert_close(tensor, mean, atol=1e-6, rtol=0)


def test_another_number_of_classes(tmp_path: Path, make_checkpoint: Checkpoints) -> None:
    start = make_checkpoint("start")
    job = _job(tmp_path / "out", checkpoint=str(start), finetuning=FINETUNING | {"epochs": 1})
    three = tuple(Sample(s.id, s.sequence, index % 3) for index, s in enumerate(job.train.samples))
    job = TrainingJob(Dataset("three", three), Dataset("v", three[:9]), job.settings, 0, job.out)
    DNABERT2.train(job)
    assert DNABERT2(job.out, device="cpu").n_outputs == 3


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "expected either checkpoint or"),
        ({"epoch": 3}, "epoch"),
        ({"checkpoint": "x", "finetuning": {"epoch": 3}}, "'epochs'"),
        ({"pretraining": {"steps": 3}}, "corpus"),
        ({"checkpoint": "x", "finetuning": {"cuts": 1.5}}, "cuts"),
    ],
)
def test_wrong_settings(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        DNABERT2.train(_job(tmp_path / "out", **settings))


def _finetuned(start: Path, out: Path, **finetuning: Any) -> dict[str, torch.Tensor]:
    plain = {"epochs": 1, "learning_rate": 1e-3, "cuts": 0.0, "bfloat16": False}
    DNABERT2.train(_job(out, checkpoint=str(start), finetuning=plain | finetuning))
    return load_file(out / "model.safetensors")


def test_batches_that_accumulate_are_one_larger_batch(
    tmp_path: Path, make_checkpoint: Checkpoints
) -> None:
    start = make_checkpoint("start", masked=True)
    whole = _finetuned(start, tmp_path / "whole", batch_size=16)
    parts = _finetuned(start, tmp_path / "parts", batch_size=4, accumulation=4)
    small = _finetuned(start, tmp_path / "small", batch_size=4)
    # Adam divides each gradient by its size: rounding shows where one is nearly zero.
    assert _distance(parts, whole) < 0.02 * _distance(small, whole)


def _distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return float(torch.cat([(one[name] - other[name]).flatten() for name in other]).norm())


def test_mixed_precision_is_for_devices_that_have_it(
    tmp_path: Path, make_checkpoint: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "gxarena_dnabert2.training.arguments.has_bfloat16"
    start = make_checkpoint("start", masked=True)
    monkeypatch.setattr(where, lambda: False)
    imitated = _finetuned(start, tmp_path / "imitated", batch_size=16, bfloat16=True)
    monkeypatch.setattr(where, lambda: True)
    full, again, mixed = (
        _finetuned(start, tmp_path / name, batch_size=16, bfloat16=mixed)
        for name, mixed in (("full", False), ("again", False), ("mixed", True))
    )
    name = "bert.encoder.layer.0.attention.self.Wqkv.weight"
    assert torch.equal(full[name], again[name])
    assert torch.equal(full[name], imitated[name])
    assert not torch.equal(full[name], mixed[name])


def test_a_further_replicate_starts_at_the_pretraining_of_the_first(
    tmp_path: Path, pretraining: dict[str, Any]
) -> None:
    settings = {"network": NETWORK, "pretraining": pretraining, "finetuning": FINETUNING}
    first = tmp_path / "0"
    Mini.train(_job(first, **settings))
    further = Mini.replicate_settings(settings, first)
    assert further == {"checkpoint": str(first / "pretrained"), "finetuning": FINETUNING}
    job = _job(tmp_path / "1", **further)
    Mini.train(TrainingJob(job.train, job.valid, job.settings, 1, job.out))
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in "01")
    assert one.keys() == other.keys()
    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    tokenizers = {(tmp_path / name / "tokenizer.json").read_text() for name in "01"}
    assert len(tokenizers) == 1
    assert not (tmp_path / "1" / "pretrained").exists()


def test_replicates_from_a_checkpoint_keep_their_settings() -> None:
    settings = {"checkpoint": "x", "finetuning": FINETUNING}
    assert DNABERT2.replicate_settings(settings, Path("0")) == settings

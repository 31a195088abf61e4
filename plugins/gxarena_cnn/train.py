"""Training of the one-hot networks: AdamW, averaged weights, early stopping, resumable.

Random numbers of an epoch are drawn from a seed of (job seed, epoch) alone, so that a training
that was killed and resumed ends with the very weights of one that was not.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from safetensors import safe_open
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gxarena.errors import InputError
from gxarena.seeds import sample_seed
from gxarena.validation import validated
from gxarena_cnn import encoding
from gxarena_cnn.checkpoint import Precision, read_tensors, save_network, write_tensors
from gxarena_cnn.config import NetworkConfig, parse_config
from gxarena_cnn.model import pick_device
from gxarena_cnn.networks import Network, build

if TYPE_CHECKING:
    from gxarena.datasets.dataset import Dataset
    from gxarena.training.job import TrainingJob

STATE_FILE = "training-state.safetensors"

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Field(ge=0.0)]


class Settings(BaseModel):
    """A recipe's ``[settings]``.

    Parameters
    ----------
    network : table
        Parameters of the network (see `gxarena_cnn.config`); ``input_length`` is the longest
        training or validation sequence's unless given, ``n_outputs`` the number of classes.
    epochs, patience : int
        Most epochs, and epochs without a better validation loss after which training stops.
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW; the rate is warmed up over the first epoch, then falls along a cosine.
    label_smoothing : float
    average : float
        Decay per step of the exponential moving average of the weights, which is what is
        validated and kept; 0 keeps the weights themselves.
    reverse_complement : bool
        Read each training sequence from a strand drawn at random.
    shift : int
        Shift each training sequence by up to so many nucleotides, drawn at random; what is moved
        in is N.
    mask : float
        Fraction of each training sequence's nucleotides replaced by N, drawn at random.
    choose_by : "loss" or "accuracy"
        What of the validation split decides on the epoch that is kept.
    precision : "float32" or "float16"
        How kernels and matrices are stored.
    device : str
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: dict[str, Any] = Field(default_factory=dict)
    epochs: PositiveInt = 40
    patience: PositiveInt = 8
    batch_size: Annotated[int, Field(ge=2)] = 128
    learning_rate: Annotated[float, Field(gt=0.0)] = 1e-3
    weight_decay: NotNegative = 1e-2
    label_smoothing: Fraction = 0.0
    average: Fraction = 0.0
    reverse_complement: bool = False
    shift: Annotated[int, Field(ge=0)] = 0
    mask: Fraction = 0.0
    choose_by: Literal["loss", "accuracy"] = "loss"
    precision: Precision = "float32"
    device: str = "auto"


@dataclass(frozen=True)
class Labelled:
    """Encoded sequences: codes (N, L) uint8 and classes (N,) int64, on one device."""

    encoded: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)


@dataclass
class Run:
    """All that changes while training, and all that a resumed training needs."""

    network: Network
    averaged: AveragedModel
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)

    def validated(self, settings: Settings) -> Network:
        """The network whose weights would be kept."""
        return cast(Network, self.averaged.module) if settings.average else self.network


def train(job: TrainingJob, kind: type[NetworkConfig]) -> Mapping[str, object]:
    """Train a network of that kind; the checkpoint goes to ``job.out``.

    Parameters
    ----------
    job : TrainingJob
    kind : type of NetworkConfig

    Returns
    -------
    Facts for the model card.

    Raises
    ------
    InputError
        Settings that are unknown or out of range, unlabelled samples, one class only, or an
        ``out`` that holds the state of another training.
    """
    settings = read_settings(job.settings)
    config = _config(job, settings, kind)
    device = pick_device(settings.device)
    train_data = _labelled(job.train, config, device)
    valid_data = _labelled(job.valid, config, device)
    identity = _identity(job, settings, config, train_data, valid_data)
    state = job.out / STATE_FILE
    with _seeded(job.seed, "initial weights"):
        run = _start(config, settings, device)
    if state.exists():
        _resume(run, state, identity)
    _fit(run, train_data, valid_data, settings, job.seed, state, identity)
    run.network.load_state_dict(run.best)
    save_network(run.network, job.out, settings.precision)
    # Only now: a kill before this line resumes from the state, one after it has a checkpoint.
    state.unlink(missing_ok=True)
    best = _best_epoch(run.history, settings)
    return {
        "architecture": config.architecture,
        "network": config.model_dump(mode="json"),
        "parameters": sum(p.numel() for p in run.network.parameters()),
        "epochs": run.epoch,
        "best_epoch": best + 1,
        "valid_loss": run.history[best]["loss"],
        "valid_accuracy": run.history[best]["accuracy"],
        "device": str(device),
    }


def read_settings(settings: Mapping[str, object]) -> Settings:
    """Validate a recipe's ``[settings]``."""
    return validated(Settings, dict(settings), "recipe, [settings]")


def _config(job: TrainingJob, settings: Settings, kind: type[NetworkConfig]) -> NetworkConfig:
    samples = (*job.train.samples, *job.valid.samples)
    labels = [sample.label for sample in samples if sample.label is not None]
    if len(labels) < len(samples):
        unlabelled = next(sample.id for sample in samples if sample.label is None)
        raise InputError(
            f"recipe, [data]: expected a label for every sample, got none for '{unlabelled}'."
        )
    if len({sample.label for sample in job.train.samples}) < 2:
        raise InputError("recipe, [data]: expected two classes or more in train, got one.")
    if min(labels) < 0:
        raise InputError(f"recipe, [data]: expected labels from 0, got {min(labels)}.")
    found = {
        "input_length": max(len(sample.sequence) for sample in samples),
        "n_outputs": max(labels) + 1,
    }
    return parse_config(kind, {**found, **settings.network}, "recipe, [settings.network]")


def _labelled(dataset: Dataset, config: NetworkConfig, device: torch.device) -> Labelled:
    encoded = encoding.codes(
        [sample.sequence for sample in dataset.samples], config.input_length, dataset.name
    )
    classes = np.array([sample.label for sample in dataset.samples], dtype=np.int64)
    if classes.max() >= config.n_outputs:
        raise InputError(
            f"{dataset.name}: expected labels 0 to {config.n_outputs - 1}, got {classes.max()}."
        )
    return Labelled(torch.from_numpy(encoded).to(device), torch.from_numpy(classes).to(device))


def _identity(
    job: TrainingJob, settings: Settings, config: NetworkConfig, *splits: Labelled
) -> str:
    """What must be equal for a training to be a continuation of another."""
    digest = hashlib.sha256()
    for part in (settings.model_dump_json(), config.model_dump_json(), job.seed):
        digest.update(f"{part}\x1f".encode())
    for split in splits:
        digest.update(split.encoded.cpu().numpy().tobytes())
        digest.update(split.classes.cpu().numpy().tobytes())
    return digest.hexdigest()


def _start(config: NetworkConfig, settings: Settings, device: torch.device) -> Run:
    network = build(config).to(device)
    moving_average = get_ema_multi_avg_fn(settings.average)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(network, multi_avg_fn=moving_average, use_buffers=True)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    return Run(network, averaged, optimizer)


def _fit(
    run: Run,
    train_data: Labelled,
    valid_data: Labelled,
    settings: Settings,
    seed: int,
    state: Path,
    identity: str,
) -> None:
    columns = (
        TextColumn("epoch {task.completed}/{task.total}"),
        BarColumn(),
        TextColumn("{task.fields[shown]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=settings.epochs, completed=run.epoch, shown="")
        while run.epoch < settings.epochs and not _exhausted(run.history, settings):
            train_loss = _train_epoch(run, train_data, settings, seed)
            scores = evaluate(run.validated(settings), valid_data, settings.batch_size)
            run.history.append({"train_loss": train_loss, **scores})
            run.epoch += 1
            if _best_epoch(run.history, settings) == run.epoch - 1:
                run.best = copy.deepcopy(run.validated(settings).state_dict())
            _save_state(run, state, identity)
            shown = f"loss {scores['loss']:.4f}, accuracy {scores['accuracy']:.4f} (validation)"
            progress.update(task, completed=run.epoch, shown=shown)


def _train_epoch(run: Run, data: Labelled, settings: Settings, seed: int) -> float:
    """One pass over the training samples; the mean loss."""
    run.network.train()
    total = torch.zeros((), device=data.classes.device)
    with _seeded(seed, f"epoch {run.epoch}"):
        batches = list(_batches(len(data), settings.batch_size))
        for step, batch in enumerate(batches):
            rate = _learning_rate(run.epoch + step / len(batches), settings)
            for group in run.optimizer.param_groups:
                group["lr"] = rate
            rows = batch.to(data.classes.device)
            encoded = _augment(data.encoded[rows], settings)
            loss = F.cross_entropy(
                run.network(encoding.one_hot(encoded)),
                data.classes[rows],
                label_smoothing=settings.label_smoothing,
            )
            run.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            run.optimizer.step()
            if settings.average:
                run.averaged.update_parameters(run.network)
            total += loss.detach() * len(rows)
    return float(total) / len(data)


def _batches(n: int, size: int) -> Iterator[Tensor]:
    """Shuffled rows; a last batch of one joins its neighbour, as BatchNorm needs two."""
    chunks = list(torch.split(torch.randperm(n), size))
    if len(chunks) > 1 and len(chunks[-1]) == 1:
        last = chunks.pop()
        chunks[-1] = torch.cat([chunks[-1], last])
    yield from chunks


def _augment(encoded: Tensor, settings: Settings) -> Tensor:
    n, length = encoded.shape
    if settings.reverse_complement:
        other = torch.rand(n, 1).to(encoded.device) < 0.5
        encoded = torch.where(other, encoding.reverse_complement(encoded), encoded)
    if settings.shift:
        by = torch.randint(-settings.shift, settings.shift + 1, (n, 1)).to(encoded.device)
        source = torch.arange(length, device=encoded.device) + by
        inside = (source >= 0) & (source < length)
        moved = encoded.gather(1, source.clamp(0, length - 1))
        encoded = torch.where(inside, moved, encoding.UNKNOWN)
    if settings.mask:
        masked = torch.rand(n, length).to(encoded.device) < settings.mask
        encoded = encoded.masked_fill(masked, encoding.UNKNOWN)
    return encoded


def _learning_rate(epoch: float, settings: Settings) -> float:
    if epoch < 1:
        return settings.learning_rate * (0.05 + 0.95 * epoch)
    done = (epoch - 1) / max(settings.epochs - 1, 1)
    return settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


@torch.inference_mode()
def evaluate(network: Network, data: Labelled, batch_size: int) -> dict[str, float]:
    """Mean cross-entropy and accuracy."""
    network.eval()
    chunks = [
        network(encoding.one_hot(encoded)).double()
        for encoded in torch.split(data.encoded, batch_size)
    ]
    logits = torch.cat(chunks)
    return {
        "loss": float(F.cross_entropy(logits, data.classes)),
        "accuracy": float((logits.argmax(1) == data.classes).double().mean()),
    }


def _best_epoch(history: list[dict[str, float]], settings: Settings) -> int:
    sign = 1.0 if settings.choose_by == "loss" else -1.0
    values = [sign * scores[settings.choose_by] for scores in history]
    return values.index(min(values))


def _exhausted(history: list[dict[str, float]], settings: Settings) -> bool:
    return bool(history) and (
        len(history) - 1 - _best_epoch(history, settings) >= settings.patience
    )


class _seeded:  # noqa: N801  # reads like the function it stands for
    """Torch's global generator seeded from (seed, stage), and put back afterwards."""

    def __init__(self, seed: int, stage: str) -> None:
        self.seed = sample_seed(seed, "train", stage)
        self.fork = torch.random.fork_rng()

    def __enter__(self) -> None:
        self.fork.__enter__()
        torch.manual_seed(self.seed)

    def __exit__(self, *exception: object) -> None:
        self.fork.__exit__(None, None, None)


def _save_state(run: Run, path: Path, identity: str) -> None:
    tensors = {
        **_named("network", run.network.state_dict()),
        **_named("averaged", run.averaged.state_dict()),
        **_named("best", run.best),
    }
    for index, moments in run.optimizer.state_dict()["state"].items():
        tensors |= _named(f"optimizer.{index}", moments)
    facts = {"epoch": run.epoch, "history": run.history, "identity": identity}
    write_tensors(tensors, path, {"training": json.dumps(facts)})


def _resume(run: Run, path: Path, identity: str) -> None:
    tensors = read_tensors(path)
    with safe_open(path, framework="pt") as stream:
        facts = json.loads((stream.metadata() or {}).get("training", "{}"))
    if facts.get("identity") != identity:
        raise InputError(
            f"{path}: expected the state of this training (same settings, seed and data), got "
            "another's. Choose another --out, or delete that file to start anew."
        )
    device = next(run.network.parameters()).device
    run.network.load_state_dict(_under("network", tensors))
    run.averaged.load_state_dict(_under("averaged", tensors))
    run.best = {name: tensor.to(device) for name, tensor in _under("best", tensors).items()}
    whole = run.optimizer.state_dict()
    whole["state"] = {
        index: _under(f"optimizer.{index}", tensors)
        for index in range(len(run.optimizer.param_groups[0]["params"]))
    }
    run.optimizer.load_state_dict(whole)
    run.epoch, run.history = facts["epoch"], facts["history"]


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # Cloned: safetensors refuses tensors that share memory.
    return {f"{prefix}.{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): tensor
        for name, tensor in tensors.items()
        if name.startswith(start)
    }

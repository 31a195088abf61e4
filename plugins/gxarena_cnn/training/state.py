"""A training's state: what changes meanwhile, kept on disk so that a killed one is resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from safetensors import safe_open
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gxarena.errors import InputError
from gxarena_cnn.checkpoint import read_tensors, write_tensors
from gxarena_cnn.config import NetworkConfig
from gxarena_cnn.networks import Network, build
from gxarena_cnn.training.data import Labelled
from gxarena_cnn.training.schedule import History
from gxarena_cnn.training.settings import Settings

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

STATE_FILE = "training-state.safetensors"


@dataclass
class Run:
    """All that changes while training, and all that a resumed training needs."""

    network: Network
    averaged: AveragedModel
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    history: History = field(default_factory=list)

    def validated(self, settings: Settings) -> Network:
        """The network whose weights would be kept."""
        return cast(Network, self.averaged.module) if settings.average else self.network


def start(config: NetworkConfig, settings: Settings, device: torch.device) -> Run:
    """A network with initial weights from torch's global generator, and its optimizer."""
    network = build(config).to(device)
    moving_average = get_ema_multi_avg_fn(settings.average)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(network, multi_avg_fn=moving_average, use_buffers=True)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    return Run(network, averaged, optimizer)


def identity(job: TrainingJob, settings: Settings, config: NetworkConfig, *splits: Labelled) -> str:
    """What must be equal for a training to be a continuation of another."""
    digest = hashlib.sha256()
    for part in (settings.model_dump_json(), config.model_dump_json(), job.seed):
        digest.update(f"{part}\x1f".encode())
    for split in splits:
        digest.update(split.encoded.cpu().numpy().tobytes())
        digest.update(split.classes.cpu().numpy().tobytes())
    return digest.hexdigest()


def save(run: Run, path: Path, identity: str) -> None:
    """Write all that a resumed training needs."""
    tensors = {
        **_named("network", run.network.state_dict()),
        **_named("averaged", run.averaged.state_dict()),
        **_named("best", run.best),
    }
    for index, moments in run.optimizer.state_dict()["state"].items():
        tensors |= _named(f"optimizer.{index}", moments)
    facts = {"epoch": run.epoch, "history": run.history, "identity": identity}
    write_tensors(tensors, path, {"training": json.dumps(facts)})


def resume(run: Run, path: Path, identity: str) -> None:
    """Bring a run that has just been started to where another one was; InputError if foreign."""
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

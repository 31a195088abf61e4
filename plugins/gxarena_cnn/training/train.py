"""Training of the one-hot networks: AdamW, averaged weights, early stopping, resumable.

Random numbers of an epoch are drawn from a seed of (job seed, epoch) alone, so that a training
that was killed and resumed ends with the very weights of one that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch import Tensor

from gxarena.seeds import sample_seed
from gxarena_cnn.checkpoint import save_network
from gxarena_cnn.config import NetworkConfig
from gxarena_cnn.networks import Network
from gxarena_cnn.training import state
from gxarena_cnn.training.augmentation import augment
from gxarena_cnn.training.data import Labelled, labelled, network_config
from gxarena_cnn.training.schedule import best_epoch, exhausted, learning_rate
from gxarena_cnn.training.settings import Settings, read_settings
from gxarena_torch import encoding
from gxarena_torch.device import pick_device
from gxarena_torch.seeds import torch_seeded

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob


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
    config = network_config(job, settings, kind)
    device = pick_device(settings.device)
    train_data = labelled(job.train, config, device)
    valid_data = labelled(job.valid, config, device)
    identity = state.identity(job, settings, config, train_data, valid_data)
    kept = job.out / state.STATE_FILE
    with torch_seeded(sample_seed(job.seed, "train", "initial weights")):
        run = state.start(config, settings, device)
    if kept.exists():
        state.resume(run, kept, identity)

    def keep() -> None:
        state.save(run, kept, identity)

    _fit(run, train_data, valid_data, settings, job.seed, keep)
    run.network.load_state_dict(run.best)
    save_network(run.network, job.out, settings.precision)
    # Only now: a kill before this line resumes from the state, one after it has a checkpoint.
    kept.unlink(missing_ok=True)
    best = best_epoch(run.history, settings)
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


def _fit(
    run: state.Run,
    train_data: Labelled,
    valid_data: Labelled,
    settings: Settings,
    seed: int,
    keep: Callable[[], None],
) -> None:
    """Epoch after epoch until none gets better; `keep` is called after each."""
    columns = (
        TextColumn("epoch {task.completed}/{task.total}"),
        BarColumn(),
        TextColumn("{task.fields[shown]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=settings.epochs, completed=run.epoch, shown="")
        while run.epoch < settings.epochs and not exhausted(run.history, settings):
            train_loss = _train_epoch(run, train_data, settings, seed)
            scores = evaluate(run.validated(settings), valid_data, settings.batch_size)
            run.history.append({"train_loss": train_loss, **scores})
            run.epoch += 1
            if best_epoch(run.history, settings) == run.epoch - 1:
                run.best = copy.deepcopy(run.validated(settings).state_dict())
            keep()
            shown = f"loss {scores['loss']:.4f}, accuracy {scores['accuracy']:.4f} (validation)"
            progress.update(task, completed=run.epoch, shown=shown)
            if not console.is_terminal:  # a bar would be cut where a line is whole
                console.print(f"epoch {run.epoch} of {settings.epochs}: {shown}", soft_wrap=True)


def _train_epoch(run: state.Run, data: Labelled, settings: Settings, seed: int) -> float:
    """One pass over the training samples; the mean loss."""
    run.network.train()
    total = torch.zeros((), device=data.classes.device)
    with torch_seeded(sample_seed(seed, "train", f"epoch {run.epoch}")):
        batches = list(_batches(len(data), settings.batch_size))
        for step, batch in enumerate(batches):
            rate = learning_rate(run.epoch + step / len(batches), settings)
            for group in run.optimizer.param_groups:
                group["lr"] = rate
            rows = batch.to(data.classes.device)
            encoded = augment(data.encoded[rows], settings)
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

"""Data sets as tensors of codes and classes, and the network that fits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gxarena.errors import InputError
from gxarena_cnn.config import NetworkConfig, parse_config
from gxarena_cnn.training.settings import Settings
from gxarena_torch import encoding

if TYPE_CHECKING:
    from gxarena.datasets.dataset import Dataset
    from gxarena.training.job import TrainingJob


@dataclass(frozen=True)
class Labelled:
    """Encoded sequences: codes (N, L) uint8 and classes (N,) int64, on one device."""

    encoded: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)


def labelled(dataset: Dataset, config: NetworkConfig, device: torch.device) -> Labelled:
    """A data set on a device; InputError where the network is too short or has too few outputs."""
    encoded = encoding.codes(
        [sample.sequence for sample in dataset.samples], config.input_length, dataset.name
    )
    classes = np.array([sample.label for sample in dataset.samples], dtype=np.int64)
    if classes.max() >= config.n_outputs:
        raise InputError(
            f"{dataset.name}: expected labels 0 to {config.n_outputs - 1}, got {classes.max()}."
        )
    return Labelled(torch.from_numpy(encoded).to(device), torch.from_numpy(classes).to(device))


def network_config(
    job: TrainingJob, settings: Settings, kind: type[NetworkConfig]
) -> NetworkConfig:
    """The recipe's network; what it leaves open is found in the data.

    Raises
    ------
    InputError
        Unlabelled samples, one class only, labels below 0, or wrong parameters.
    """
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

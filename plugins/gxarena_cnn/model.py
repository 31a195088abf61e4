"""The one-hot networks as gxarena models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gxarena_cnn.checkpoint import load_network
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.describe import cnn_folder, deepstarr_folder
from gxarena_torch.one_hot import OneHotModel

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

__all__ = ["CNN", "DeepSTARR", "OneHotModel"]


class CNN(OneHotModel):
    """The Genomic Benchmarks CNN (see `gxarena_cnn.networks.cnn`).

    Parameters
    ----------
    checkpoint : folder, optional
        With ``config.json`` and ``model.safetensors``, or the data set of bundled weights: "fly"
        (fly-promoters, where none is given) or "planted";
        "fly-1", … are further replicates, trained alike from another seed.
    device, batch_size
        See `OneHotModel`.
    """

    def __init__(
        self, checkpoint: str | Path | None = None, device: str = "auto", batch_size: int = 256
    ) -> None:
        network = load_network(cnn_folder(checkpoint), CNNConfig)
        super().__init__(network, device, batch_size)

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train on ``job.train``, choose on ``job.valid``, write a checkpoint to ``job.out``."""
        from gxarena_cnn.training.train import train

        return train(job, CNNConfig)


class DeepSTARR(OneHotModel):
    """DeepSTARR (see `gxarena_cnn.networks.deepstarr`).

    Parameters
    ----------
    checkpoint : folder
        With ``config.json`` and ``model.safetensors``.
    device, batch_size
        See `OneHotModel`.
    """

    def __init__(
        self, checkpoint: str | Path | None = None, device: str = "auto", batch_size: int = 256
    ) -> None:
        network = load_network(deepstarr_folder(checkpoint), DeepSTARRConfig)
        super().__init__(network, device, batch_size)

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train on ``job.train``, choose on ``job.valid``, write a checkpoint to ``job.out``."""
        from gxarena_cnn.training.train import train

        return train(job, DeepSTARRConfig)

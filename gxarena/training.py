"""`gxarena train`: a recipe, a trainable model, data; out comes a checkpoint with its model card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gxarena.datasets import Dataset


@dataclass(frozen=True)
class TrainingJob:
    """What a trainable model is given.

    Parameters
    ----------
    train, valid : Dataset
        The model is fitted on `train` and chosen on `valid`; it never sees the test split.
    settings : mapping
        The recipe's ``[settings]``, passed on as they are.
    seed : int
    out : Path
        Existing folder the checkpoint goes to, and intermediate state for resuming.
    """

    train: Dataset
    valid: Dataset
    settings: Mapping[str, object]
    seed: int
    out: Path


class Trainable(Protocol):
    """A model factory with the capability ``trainable``."""

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Write a checkpoint to ``job.out`` that ``factory(checkpoint=job.out)`` loads.

        Returns facts for the model card (parameters, epochs, ...).
        """
        ...

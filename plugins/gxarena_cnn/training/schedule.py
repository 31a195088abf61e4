"""The learning rate over the epochs, which epoch is kept, and when training stops early."""

from __future__ import annotations

import math

from gxarena_cnn.training.settings import Settings

History = list[dict[str, float]]
"""Scores of each epoch."""


def learning_rate(epoch: float, settings: Settings) -> float:
    """Warmed up over the first epoch, then along a cosine; `epoch` counts parts of epochs too."""
    if epoch < 1:
        return settings.learning_rate * (0.05 + 0.95 * epoch)
    done = (epoch - 1) / max(settings.epochs - 1, 1)
    return settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def best_epoch(history: History, settings: Settings) -> int:
    """The first epoch with the best validation score."""
    sign = 1.0 if settings.choose_by == "loss" else -1.0
    values = [sign * scores[settings.choose_by] for scores in history]
    return values.index(min(values))


def exhausted(history: History, settings: Settings) -> bool:
    """Whether `patience` epochs have passed since the best one."""
    return bool(history) and (len(history) - 1 - best_epoch(history, settings) >= settings.patience)

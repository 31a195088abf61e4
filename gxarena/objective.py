"""What of a model's outputs is explained: which one (its target), and as what.

An objective takes the target's logit, its log-odds or its probability.

Each objective gives its value and its gradient with respect to the raw outputs in closed form,
so that a torch explainer can start its backward pass from any of them while the core stays free
of torch. Notation: z raw outputs (B, C), t the targets (B,).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast, get_args

import numpy as np
import scipy  # its parts load when they are used: who plans or resumes needs none

from gxarena.data import Floats, Ints
from gxarena.errors import InputError, unknown

Objective = Literal["logit", "log_odds", "probability"]
OBJECTIVES: tuple[str, ...] = get_args(Objective)


def checked(objective: str) -> Objective:
    """The objective of that name; InputError where there is none."""
    if objective not in OBJECTIVES:
        raise unknown("objective", objective, OBJECTIVES)
    return cast(Objective, objective)


def check_targets(targets: Ints, n_outputs: int) -> None:
    """Raise where a target is not one of the model's outputs 0 .. C - 1."""
    outside = targets[(targets < 0) | (targets >= n_outputs)]
    if len(outside):
        raise InputError(
            f"target: expected an output of the model, 0 to {n_outputs - 1}, got {outside[0]}."
        )


def resolve_targets(target: str | int, labels: Sequence[int | None], outputs: Floats) -> Ints:
    """The output that is explained of each sample, shape (N,).

    Parameters
    ----------
    target : "predicted", "label" or int
        The highest output, the sample's label, or the same output for all.
    labels : sequence of N int or None
    outputs : float array, shape (N, C)
        Of the sequences as they are: targets are resolved once and shared by all who explain.

    Raises
    ------
    InputError
        An output that the model does not have.
    """
    if target == "predicted":
        return np.asarray(np.argmax(outputs, axis=1), dtype=np.int64)
    if target == "label":
        targets = np.array(labels, dtype=np.int64)
    else:
        # As Python has it: numpy has no integers beyond 64 bits.
        targets = np.full(len(labels), target, dtype=object)
    check_targets(targets, outputs.shape[1])
    return targets.astype(np.int64)


def value(objective: str, outputs: Floats, targets: Ints) -> Floats:
    """The explained value, shape (B,).

    ``logit``: z_t. ``log_odds``: z_t - log sum_{c != t} exp z_c. ``probability``: softmax(z)_t.
    """
    outputs, rows = np.asarray(outputs, dtype=np.float64), np.arange(len(outputs))
    chosen: Floats = outputs[rows, targets]
    if objective == "logit":
        return chosen
    if objective == "log_odds":
        return chosen - scipy.special.logsumexp(_others(outputs, targets), axis=1)  # type: ignore[no-any-return]
    if objective == "probability":
        check_outputs(objective, outputs.shape[1])
        return scipy.special.softmax(outputs, axis=1)[rows, targets]  # type: ignore[no-any-return]
    raise unknown("objective", objective, OBJECTIVES)


def gradient(objective: str, outputs: Floats, targets: Ints) -> Floats:
    """The explained value's gradient with respect to the raw outputs, shape (B, C)."""
    outputs, rows = np.asarray(outputs, dtype=np.float64), np.arange(len(outputs))
    one_hot = np.zeros_like(outputs)
    one_hot[rows, targets] = 1.0
    if objective == "logit":
        return one_hot
    if objective == "log_odds":
        return one_hot - scipy.special.softmax(_others(outputs, targets), axis=1)  # type: ignore[no-any-return]
    if objective == "probability":
        check_outputs(objective, outputs.shape[1])
        p = scipy.special.softmax(outputs, axis=1)
        return p[rows, targets][:, None] * (one_hot - p)  # type: ignore[no-any-return]
    raise unknown("objective", objective, OBJECTIVES)


def check_outputs(objective: str, n_outputs: int, where: str = "") -> None:
    """Raise where a model has too few outputs for an objective: over one class all are certain."""
    if objective != "logit" and n_outputs < 2:
        raise InputError(
            f"{where}objective '{objective}': expected a model with at least two outputs, got 1. "
            "Explain its logit, or let it hand out [0, x] of its output x."
        )


def _others(outputs: Floats, targets: Ints) -> Floats:
    """The outputs with the target's own set to minus infinity."""
    check_outputs("log_odds", outputs.shape[1])
    others = outputs.copy()
    others[np.arange(len(outputs)), targets] = -np.inf
    return others

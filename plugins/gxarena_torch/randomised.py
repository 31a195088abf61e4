"""A network that has learned nothing: every parameter of a copy drawn anew.

For model randomisation tests (Adebayo et al. 2018, NeurIPS, arXiv:1810.03292). Tensors are torch's
and are only asked for what they offer themselves: the core imports no framework.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from gxarena.data import Floats
from gxarena.errors import PluginError

LEAST_SPREAD = 0.02
"""Standard deviation of what replaces a tensor that is zero throughout."""


def randomised_copy(network: Any, seed: int) -> Any:
    """A deep copy of a torch module with every element of every parameter drawn anew.

    Elements are normal with their tensor's own mean and standard deviation, so that activations
    keep their scale while nothing of what was learned is left. Running statistics of
    normalisation layers, which are learned too, start over.

    Parameters
    ----------
    network : torch.nn.Module
        Stays bit-identical.
    seed : int

    Raises
    ------
    PluginError
        An element could not be changed, e.g. because it is not finite.
    """
    made = copy.deepcopy(network)
    rng = np.random.default_rng(seed)
    for name, parameter in made.named_parameters():
        _redraw(name, parameter.data, rng)
    for module in made.modules():
        if callable(reset := getattr(module, "reset_running_stats", None)):
            reset()
    return made


def _redraw(name: str, tensor: Any, rng: np.random.Generator) -> None:
    old = tensor.clone()
    mean = float(old.double().mean())
    spread = float(old.double().std(correction=0))
    if not spread:  # say a single bias: its mean is what it has learned
        mean, spread = 0.0, min(abs(mean), 1.0) or LEAST_SPREAD
    tensor.copy_(tensor.new_tensor(_normal(rng, mean, spread, tuple(old.shape))))
    # In low precision a draw often rounds to the very number that was there.
    for _ in range(100):
        if not (same := (tensor == old) | ~tensor.isfinite()).any():
            return
        tensor[same] = tensor.new_tensor(_normal(rng, mean, spread, (int(same.sum()),)))
    raise PluginError(
        f"randomised, parameter '{name}': expected every element to change, "
        f"got {int(same.sum())} that stayed. Use float32."
    )


def _normal(rng: np.random.Generator, mean: float, spread: float, shape: tuple[int, ...]) -> Floats:
    return mean + spread * rng.standard_normal(shape)

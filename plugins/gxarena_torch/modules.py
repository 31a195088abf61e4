"""A model of any ``torch.nn.Module`` that reads one-hot nucleotides.

from gxarena_torch.modules import model_of

mine = model_of("mine", network, input_length=200)
gxarena.run("quickstart", models=[mine])
"""

from __future__ import annotations

import copy
from collections.abc import Collection

import numpy as np
import torch
from torch import Tensor, nn

from gxarena.data import Floats
from gxarena.declared import declares
from gxarena.dna import ALPHABET
from gxarena.errors import InputError, PluginError
from gxarena_torch.one_hot import OneHotModel
from gxarena_torch.randomised import randomised_copy
from gxarena_torch.tracing import why_not_modular

CLOSE = 1e-4
"""Relative to the largest output: what a batch may change in last bits."""

ZENNIT = "gxarena_cnn:zennit"
"""What LRP asks of a network: that zennit's rules can walk it."""

_TRIED = 3
"""Sequences that a module is tried on."""


def model_of(
    name: str,
    network: nn.Module,
    input_length: int,
    *,
    device: str = "auto",
    batch_size: int = 256,
    also: Collection[str] = (),
) -> OneHotModel:
    """A model for `gxarena.run`, or for a plugin to return, of a plain module.

    How many outputs it has, and which capabilities hold, is found out by trying it on a few random
    sequences (`capabilities_of`); it declares those.

    Parameters
    ----------
    name : str
        As boards call it.
    network : nn.Module
        One-hot (B, 4, input_length) over A, C, G, T to raw outputs (B, C), logits. N, and what a
        shorter sequence lacks on the right, are zero columns. It stays as it is: a copy in float32
        and evaluation mode is worked on.
    input_length : int
    device, batch_size
        See `gxarena_torch.one_hot.OneHotModel`.
    also : collection of str
        Further capabilities that you know to hold, of a plugin of yours.

    Raises
    ------
    InputError
        It does not read such input, gives something of another shape or that is not finite, gives
        other outputs each time, or outputs that depend on what else is in the batch.
    """
    where = f"model_of, '{name}'"
    own = copy.deepcopy(network).float().eval()
    outputs = _tried(own, input_length, where)
    model = OneHotModel(
        own, device, batch_size, input_length=input_length, n_outputs=outputs.shape[1]
    )
    found = capabilities_of(model)
    model.modular = not found["modular"]
    model.lacks = {capability: lacks for capability, lacks in found.items() if lacks}
    holding = {capability for capability, lacks in found.items() if not lacks}
    return declares(name=name, provides=holding | set(also))(model)


def capabilities_of(model: OneHotModel) -> dict[str, str]:
    """Each capability that a one-hot model may have: empty where it holds, else why it does not.

    ``one-hot``, ``modular`` and ``gxarena_cnn:zennit``, which LRP asks for, say something of
    gradients, and hold only where there are some.
    """
    inputs = _some(model.max_length)[:1].to(model.device)
    no_gradient = _why_not_differentiable(model.network, inputs)
    return {
        "maskable": "",
        "differentiable": no_gradient,
        "one-hot": no_gradient,
        "modular": no_gradient or why_not_modular(model.network, inputs),
        "randomisable": _why_not_randomisable(model.network),
        ZENNIT: no_gradient or _why_not_zennit(model.network, inputs),
    }


def _tried(network: nn.Module, length: int, where: str) -> Floats:
    """Outputs for a few sequences; InputError where the module is none that can be a model."""
    inputs = _some(length)
    wanted = f"{where}: expected a module from one-hot (B, 4, {length}) to raw outputs (B, C)"
    try:
        with torch.inference_mode():
            given = [network.cpu()(rows) for rows in (inputs, inputs, inputs[:1])]
    except Exception as error:
        raise InputError(
            f"{wanted}, got {type(error).__name__}: {error}. Where it reads another length, say "
            "that (`input_length`), or wrap it in one that brings the input into its shape, such "
            "as (B, length, 4)."
        ) from error
    for one, rows in zip(given, (_TRIED, _TRIED, 1), strict=True):
        if not isinstance(one, Tensor) or one.ndim != 2 or len(one) != rows or not one.shape[1]:
            got = f"shape {tuple(one.shape)}" if isinstance(one, Tensor) else type(one).__name__
            raise InputError(
                f"{wanted}, got {got} for {rows} sequences. Wrap it in one whose forward returns "
                "such a tensor, e.g. outputs[:, None] of a single number a sequence."
            )
    whole, again, alone = (one.double().numpy() for one in given)
    if not np.isfinite(whole).all():
        raise InputError(f"{where}: expected finite outputs, got NaN or infinity.")
    if not np.array_equal(whole, again):
        raise InputError(
            f"{where}: expected the same outputs each time in evaluation mode, got others. Make "
            "dropout a module, or give it training=self.training."
        )
    if np.abs(whole[:1] - alone).max() > CLOSE * max(1.0, np.abs(whole).max()):
        raise InputError(
            f"{where}: expected outputs that do not depend on the batch, got others for a sequence "
            "alone than beside two more. Compute row by row."
        )
    found: Floats = whole
    return found


def _some(length: int) -> Tensor:
    """A few random one-hot sequences, always the same, (3, 4, length)."""
    letters = np.random.default_rng(0).integers(0, len(ALPHABET), (_TRIED, length))
    return torch.eye(len(ALPHABET))[torch.from_numpy(letters)].transpose(1, 2).contiguous()


def _why_not_differentiable(network: nn.Module, inputs: Tensor) -> str:
    reading = inputs.clone().requires_grad_()
    try:
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(network(reading).sum(), reading)
    except RuntimeError as error:
        return f"no gradient passes through it: {error}"
    if not torch.isfinite(gradient).all():
        return "its gradient is not finite"
    return "" if gradient.any() else "its gradient is zero everywhere"


def _why_not_zennit(network: nn.Module, inputs: Tensor) -> str:
    try:
        from gxarena_torch.walking import why_not_walkable
    except ModuleNotFoundError:
        return "zennit is not installed, whose rules would walk it. pip install 'gxarena[cnn]'"
    if why := why_not_walkable(network, inputs):
        return f"zennit's rules cannot walk it: {why}"
    return ""


def _why_not_randomisable(network: nn.Module) -> str:
    if not any(True for _ in network.parameters()):
        return "it has no parameters"
    try:
        randomised_copy(network, 0)
    except PluginError as error:
        return str(error)
    return ""

"""The explained value as one torch module: what libraries of gradient methods want to be given."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import DifferentiableModel, Model
from gxarena.data import Floats, Ints
from gxarena.errors import Unsupported


class ExplainedValue(nn.Module):
    """Embeddings (B, T, D) to the explained value (B,).

    Parameters
    ----------
    model : DifferentiableModel
    objective : str
        See `gxarena.objective`.

    Attributes
    ----------
    model : DifferentiableModel
    """

    def __init__(self, model: DifferentiableModel, objective: str) -> None:
        super().__init__()
        # A submodule, so that hooks meant for all of this module's parts reach the network.
        self.network = model.network
        self.model = model
        self._objective = objective
        # Whoever puts a module back into the mode it came in must not put the network in training.
        self.training = False

    def forward(self, embedded: Tensor, encoded: Tensor, targets: Tensor) -> Tensor:
        """The value of rows of embeddings, of what they encode and of their targets (B,)."""
        outputs = self.model.forward_embedded(embedded, encoded)
        value: Tensor = _Objective.apply(outputs, self._objective, targets.cpu().numpy())
        return value


class _Objective(torch.autograd.Function):
    """`gxarena.objective` with its gradient in closed form."""

    @staticmethod
    def forward(ctx: Any, outputs: Tensor, what: str, targets: Ints) -> Tensor:
        ctx.outputs, ctx.what, ctx.targets = outputs.detach(), what, targets
        value = torch.from_numpy(objective.value(what, _numbers(outputs), targets))
        # In float32 at least: differences of values would be lost in half precision.
        dtype = torch.promote_types(outputs.dtype, torch.float32)
        return value.to(outputs.device, dtype)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, None, None]:
        outputs = ctx.outputs
        gradient = objective.gradient(ctx.what, _numbers(outputs), ctx.targets)
        return (above[0][:, None] * torch.from_numpy(gradient).to(above[0])).to(outputs), None, None


def differentiable(model: Model, explainer: str) -> DifferentiableModel:
    """The model; Unsupported where it has no gradients."""
    if not isinstance(model, DifferentiableModel):
        raise Unsupported(
            f"{explainer}: expected a differentiable model, got {type(model).__name__}. "
            "Use a method that asks for predictions alone, such as occlusion."
        )
    return model


def one_hot(model: Model, explainer: str) -> DifferentiableModel:
    """The model; Unsupported where its embeddings are not one-hot sequences."""
    if not isinstance(model, DifferentiableModel) or not model.one_hot:
        raise Unsupported(
            f"{explainer}: expected a one-hot model, got {type(model).__name__}. Use ism."
        )
    return model


def modular(model: DifferentiableModel, explainer: str) -> DifferentiableModel:
    """The model; Unsupported where a rule cannot be hooked to each of its nonlinearities."""
    if not model.modular:
        raise Unsupported(
            f"{explainer}: expected a network whose every nonlinearity is a module, got "
            f"{type(model).__name__}. Use integrated_gradients."
        )
    return model


def _numbers(tensor: Tensor) -> Floats:
    return cast(Floats, tensor.detach().double().cpu().numpy())

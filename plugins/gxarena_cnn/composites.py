"""LRP's composites: which of zennit's rules each layer of a network follows.

Anders et al. 2021 (zennit), arXiv:2106.13200; composites as in Montavon et al. 2019, Layer-wise
relevance propagation: an overview. The rules themselves are zennit's, but for what is said below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gxarena_torch.lazy_zennit import (
    AlphaBeta,
    BasicHook,
    Composite,
    Convolution,
    Epsilon,
    Gamma,
    Linear,
    SequentialMergeBatchNorm,
    ZPlus,
    layer_map_base,
)

_CONVOLUTION_RULES: Mapping[str, Callable[[float, float, float], BasicHook]] = {
    "epsilon": lambda epsilon, _gamma, _alpha: Epsilon(epsilon=epsilon),
    "epsilon_plus": lambda epsilon, _gamma, _alpha: ZPlus(stabilizer=epsilon),
    "epsilon_gamma": lambda epsilon, gamma, _alpha: Gamma(gamma=gamma, stabilizer=epsilon),
    # zennit compares alpha - beta with 1 exactly, and 2.3 - 1.3 is not: beta is made from alpha.
    "alpha_beta": lambda epsilon, _gamma, alpha: AlphaBeta(alpha, alpha - 1.0, stabilizer=epsilon),
}

COMPOSITES = tuple(_CONVOLUTION_RULES)
"""They differ in the rule of the convolutions; see `gxarena_cnn.lrp.LRP`."""


def convolution_rule(composite: str, epsilon: float, gamma: float, alpha: float) -> BasicHook:
    """The rule of a composite's convolutions."""
    return _CONVOLUTION_RULES[composite](epsilon, gamma, alpha)


@contextmanager
def hooked(network: nn.Module, convolution: BasicHook, dense: BasicHook) -> Iterator[nn.Module]:
    """The network with BatchNorm merged and rules hooked; both undone however one leaves.

    Parameters
    ----------
    network : nn.Module
    convolution, dense : BasicHook
        Rules of its convolutions and of its dense layers. The first layer's gives multipliers
        instead of relevance.
    """
    rules: list[tuple[Any, BasicHook]] = [
        *layer_map_base(),
        (Convolution, convolution),
        (nn.Linear, dense),
    ]
    first = next((m for m in network.modules() if isinstance(m, Linear)), None)

    def rule_of(_context: dict[str, Any], _name: str, module: nn.Module) -> BasicHook | None:
        rule = next((rule for types, rule in rules if isinstance(module, types)), None)
        return _multiplying(rule) if rule is not None and module is first else rule

    composite = Composite(module_map=rule_of, canonizers=[MergeBatchNorm()])
    try:
        composite.register(network)
        yield network
    finally:
        composite.remove()


class MergeBatchNorm(SequentialMergeBatchNorm):  # type: ignore[misc]
    """zennit's canonizer, which besides makes the merged BatchNorm an exact identity.

    zennit 0.5 leaves its eps, so that each merged layer still divides by sqrt(1 + eps). zennit 1.0
    afterwards leaves merged weights as the parameters, hidden by attributes that hold the network's
    own: predictions are as before, and whoever saves the network or asks for its state gets others.
    """

    eps: float
    held: list[tuple[nn.Module, dict[str, nn.Parameter | None], dict[str, Tensor | None]]]

    def register(self, linears: tuple[nn.Module, ...], batch_norm: nn.BatchNorm1d) -> None:
        self.eps = batch_norm.eps
        self.held = [(m, dict(m._parameters), dict(m._buffers)) for m in (*linears, batch_norm)]
        super().register(linears, batch_norm)
        batch_norm.eps = 0.0

    def remove(self) -> None:
        super().remove()
        self.batch_norm.eps = self.eps
        for module, parameters, buffers in self.held:
            for name in (*parameters, *buffers):
                vars(module).pop(name, None)
            module._parameters.update(parameters)
            module._buffers.update(buffers)


def _multiplying(rule: BasicHook) -> BasicHook:
    """The rule, giving its multipliers m instead of the relevance x * m, for an input x >= 0.

    A rule's reducer weighs its gradients by the modified inputs (x, x+, x-); with x = 1 it gives
    what a letter would receive were it there.
    """

    def reducer(inputs: list[Tensor], gradients: tuple[Tensor, ...]) -> Tensor:
        ones = [modify(torch.ones_like(inputs[0])) for modify in rule.input_modifiers]
        multipliers: Tensor = rule.reducer(ones, gradients)
        return multipliers

    return BasicHook(
        input_modifiers=rule.input_modifiers,
        param_modifiers=rule.param_modifiers,
        output_modifiers=rule.output_modifiers,
        gradient_mapper=rule.gradient_mapper,
        reducer=reducer,
    )

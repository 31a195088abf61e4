"""LXT's efficient rules, without the package that they stand in.

``lxt.efficient`` patches transformers' modules and does not import under transformers 5 (lxt 2.1);
its file of rules needs torch alone. Whatever else LXT does stays out of this process.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import lxt
import torch
from torch import Tensor, nn


def _module() -> ModuleType:
    """``lxt/efficient/rules.py`` of the LXT that is installed, by its path."""
    path = Path(lxt.__path__[0]) / "efficient" / "rules.py"
    spec = importlib.util.spec_from_file_location("gxarena_torch._lxt_efficient_rules", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(
            f"{path}: expected LXT's efficient rules, found none. Install another version: "
            "pip install lxt==2.1"
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_RULES: Any = _module()


def identity_rule(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`function` of x, element by element, by the identity rule (AttnLRP, eq. 9).

    The output's relevance goes to the input whole: the gradient is the constant f(x) / x.
    """
    y: Tensor = _RULES.identity_rule_implicit(function, x)
    return y


def uniform_rule(x: Tensor, ways: int) -> Tensor:
    """x itself, with one of so many parts of its gradient (AttnLRP, eq. 7).

    Factors of a product split its relevance equally; each gets all of it by the product rule, so
    that each gradient is divided.
    """
    y: Tensor = _RULES.divide_gradient(x, ways)
    return y


def detached_layer_norm(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """Layer normalisation whose standard deviation is a constant to the backward pass.

    As LXT's code has it, and Ali et al. 2022 before. It is the identity rule for the division by
    the standard deviation alone: centring, scale and bias keep their plain gradients, so that
    relevance moves between elements and the bias takes a share. A strict identity rule for the
    whole layer, R_in = R_out of every element (AttnLRP, eq. 9), gives other maps, and is undefined
    where an input is zero.
    """
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred**2).mean(-1, keepdim=True)
    y = centred * torch.rsqrt(variance + norm.eps).detach() * norm.weight
    return y if norm.bias is None else y + norm.bias

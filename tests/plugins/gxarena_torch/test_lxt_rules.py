from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from gxarena_torch.lxt_rules import detached_layer_norm, identity_rule, uniform_rule


def _gradient(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(y.sum(), x)[0]


def test_the_identity_rule_passes_relevance_on_whole() -> None:
    x = torch.tensor([-1.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
    y = identity_rule(torch.tanh, x)
    torch.testing.assert_close(y, torch.tanh(x))
    torch.testing.assert_close(x * _gradient(y, x), torch.tanh(x))


def test_the_uniform_rule_splits_a_product_equally() -> None:
    a, b = (torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in (3.0, -2.0))
    product = uniform_rule(a, 2) * uniform_rule(b, 2)
    for factor in (a, b):
        relevance = factor * torch.autograd.grad(product.sum(), factor, retain_graph=True)[0]
        torch.testing.assert_close(relevance, product / 2)


@pytest.mark.parametrize("bias", [True, False])
def test_the_standard_deviation_alone_is_constant(bias: bool) -> None:
    torch.manual_seed(0)
    norm = nn.LayerNorm(5, bias=bias).double()
    nn.init.normal_(norm.weight)
    x = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    y = detached_layer_norm(norm, x)
    torch.testing.assert_close(y, norm(x))
    # The layer's Jacobian with a fixed deviation s, by hand: weight_i (1[i = j] - 1/5) / s.
    deviation = (x.var(-1, correction=0, keepdim=True) + norm.eps).sqrt()
    expected = (norm.weight - norm.weight.mean()) / deviation
    torch.testing.assert_close(_gradient(y, x), expected)


def test_nothing_else_of_lxt_is_imported() -> None:
    code = (
        "import sys, gxarena_torch.lxt_rules;"
        "sys.exit('lxt.efficient' in sys.modules or 'transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

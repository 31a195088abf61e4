"""AttnLRP's rules for transformers' BERT, ESM and ModernBERT, as forward hooks on one network.

Achtibat et al. 2024 (AttnLRP), computed as modified gradient x input by LXT's efficient rules:

- GELU and the classifier's tanh: identity rule (AttnLRP, eq. 9);
- LayerNorm: its standard deviation is a constant to the backward pass, as in LXT's code. That is
  not eq. 9, see `gxarena_torch.lxt_rules.detached_layer_norm`;
- softmax(Q K^T / sqrt(d) + bias) V: uniform rule on both products (eq. 7), so that v gets half
  and q and k a quarter each. Head layout, scale and rotary positions are linear: what q, k and v
  get can be set where they leave their projections;
- a gated unit's product (ModernBERT): uniform rule, half to each factor.

LXT itself replaces functions of transformers' modules for the whole process, and leaves BERT's
pooler as it is; hooks sit on one network and are removed, whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers.models.bert import modeling_bert as bert
from transformers.models.esm import modeling_esm as esm
from transformers.models.modernbert import modeling_modernbert as modernbert

from gxarena.errors import Unsupported, suggest
from gxarena_torch.lxt_rules import detached_layer_norm, identity_rule, uniform_rule

Rule = Callable[[Any], RemovableHandle]
"""Puts hooks on a module of one kind."""


def layer_norm(module: nn.LayerNorm) -> RemovableHandle:
    """The standard deviation is a constant to the backward pass."""
    return module.register_forward_hook(lambda _, x, __: detached_layer_norm(module, x[0]))


def identity(module: nn.Module) -> RemovableHandle:
    """The identity rule on an element-wise nonlinearity."""

    def hook(_: nn.Module, inputs: tuple[Tensor], __: Tensor) -> Any:
        return identity_rule(module.forward, inputs[0])

    return module.register_forward_hook(hook)


def share(module: nn.Module, ways: int) -> RemovableHandle:
    """The uniform rule: what leaves the module gets one of so many parts of the relevance."""
    return module.register_forward_hook(lambda _, __, y: uniform_rule(y, ways))


def share_of_input(module: nn.Module, ways: int) -> RemovableHandle:
    """The same for what enters the module."""
    return module.register_forward_pre_hook(lambda _, inputs: (uniform_rule(inputs[0], ways),))


def attention(module: Any) -> Iterator[RemovableHandle]:
    """Two products in a row: q and k share the half that the softmax gets."""
    yield share(module.query, 4)
    yield share(module.key, 4)
    yield share(module.value, 2)


def fused_projection(module: nn.Module) -> RemovableHandle:
    """`attention` where one matrix gives q, k and v."""

    def hook(_: nn.Module, __: tuple[Tensor], qkv: Tensor) -> Tensor:
        q, k, v = qkv.chunk(3, dim=-1)
        return torch.cat([uniform_rule(q, 4), uniform_rule(k, 4), uniform_rule(v, 2)], -1)

    return module.register_forward_hook(hook)


def esm_intermediate(module: Any) -> RemovableHandle:
    """ESM calls its GELU as a function: compute what surrounds it again."""
    return module.register_forward_hook(  # type: ignore[no-any-return]
        lambda _, inputs, __: identity_rule(esm.gelu, module.dense(inputs[0]))
    )


def esm_head(module: Any) -> RemovableHandle:
    """ESM's tanh is a function too; dropout is none in evaluation."""

    def hook(_: nn.Module, inputs: tuple[Tensor], __: Tensor) -> Any:
        return module.out_proj(identity_rule(torch.tanh, module.dense(inputs[0][:, 0])))

    return module.register_forward_hook(hook)  # type: ignore[no-any-return]


def gated_unit(module: Any) -> Iterator[RemovableHandle]:
    """W_o (act(a) * b): identity rule on act, uniform rule on the product."""
    yield identity(module.act)
    yield share_of_input(module.Wo, 2)


RULES: dict[type[nn.Module], dict[type[nn.Module], Callable[[Any], Any]]] = {
    bert.BertForSequenceClassification: {
        nn.LayerNorm: layer_norm,
        bert.BertSelfAttention: attention,
        bert.BertIntermediate: lambda module: identity(module.intermediate_act_fn),
        bert.BertPooler: lambda module: identity(module.activation),
    },
    esm.EsmForSequenceClassification: {
        nn.LayerNorm: layer_norm,
        esm.EsmSelfAttention: attention,
        esm.EsmIntermediate: esm_intermediate,
        esm.EsmClassificationHead: esm_head,
    },
    modernbert.ModernBertForSequenceClassification: {
        nn.LayerNorm: layer_norm,
        modernbert.ModernBertAttention: lambda module: fused_projection(module.Wqkv),
        modernbert.ModernBertMLP: gated_unit,
        modernbert.ModernBertPredictionHead: lambda module: identity(module.act),
    },
}
"""Rules of each architecture by kind of module."""


@contextmanager
def attnlrp_rules(network: Any) -> Iterator[None]:
    """Within this context, the network's backward pass propagates relevance.

    Gradient times input of any layer is then relevance. Outputs are the same up to rounding
    within, and bit-identical after.

    Raises
    ------
    Unsupported
        An architecture, or a variant of one, whose rules are not given here.
    """
    rules = _rules(network)
    with ExitStack() as stack:
        for module in network.modules():
            for kind, rule in rules.items():
                if isinstance(module, kind):
                    placed = rule(module)
                    handles = [placed] if isinstance(placed, RemovableHandle) else placed
                    for handle in handles:
                        stack.callback(handle.remove)
        yield


def _rules(network: Any) -> dict[type[nn.Module], Callable[[Any], Any]]:
    rules = RULES.get(type(network))
    if rules is None:
        known = [architecture.__name__ for architecture in RULES]
        name = type(network).__name__
        raise Unsupported(f"attnlrp-hf: no rules for '{name}'. {suggest(name, known, 'Known')}")
    config = network.config
    relative = str(getattr(config, "position_embedding_type", "")).startswith("relative")
    if relative or getattr(config, "is_decoder", False):
        raise Unsupported(
            "attnlrp-hf: expected an encoder with absolute or rotary positions, got "
            f"{'relative ones' if relative else 'a decoder'}: no rules are given for it."
        )
    return rules

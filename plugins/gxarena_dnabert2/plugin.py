"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_DNABERT2 = "Zhou et al. 2024, DNABERT-2, ICLR, arXiv:2306.15006"
_NETWORK = "gxarena_dnabert2:network"
_PHRASES = {_NETWORK: "a network of DNABERT-2's architecture"}
_CAPABILITIES = frozenset(
    {"maskable", "differentiable", "trainable", "randomisable", "special", _NETWORK}
)


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="dnabert2",
        target="gxarena_dnabert2.model:DNABERT2",
        summary="DNABERT-2 or anything fine-tuned from it; checkpoint = hub id or folder",
        citation=_DNABERT2,
        extra="dnabert2",
        provides=_CAPABILITIES,
        phrases=_PHRASES,
        describe="gxarena_dnabert2.describe:describe",
    )
    yield Component(
        name="dnabert2-mini",
        target="gxarena_dnabert2.model:Mini",
        summary="the DNABERT-2 architecture small; bundled weights for fly-promoters and planted",
        citation=_DNABERT2,
        extra="dnabert2",
        provides=_CAPABILITIES,
        phrases=_PHRASES,
        describe="gxarena_dnabert2.describe:describe_mini",
    )


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="attnlrp",
        target="gxarena_dnabert2.attnlrp:AttnLRP",
        summary="attention-aware layer-wise relevance propagation, adapted to ALiBi and GLU",
        citation="Achtibat et al. 2024, AttnLRP, ICML; Kurth et al. 2026, arXiv:2604.21690",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )
    yield Component(
        name="cp-lrp",
        target="gxarena_dnabert2.cp_lrp:CPLRP",
        summary="conservative propagation: no relevance through the softmax and the GLU's gate",
        citation="Ali et al. 2022, XAI for Transformers, ICML, arXiv:2202.07304",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )
    yield Component(
        name="gradient-x-input",
        target="gxarena_dnabert2.gradient_x_input:GradientXInput",
        summary="word embedding x gradient",
        citation="Shrikumar et al. 2017, arXiv:1605.01713",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )
    yield Component(
        name="attention-cls",
        target="gxarena_dnabert2.attention:AttentionCLS",
        summary="raw attention: what [CLS] reads of each token in one layer, mean over heads",
        citation="Ji et al. 2021, DNABERT, Bioinformatics 37:2112",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )
    yield Component(
        name="attention-rollout",
        target="gxarena_dnabert2.attention:AttentionRollout",
        summary="attention multiplied through the layers, residual connections included",
        citation="Abnar and Zuidema 2020, ACL, arXiv:2005.00928",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )
    yield Component(
        name="attention-x-gradient",
        target="gxarena_dnabert2.attention:AttentionXGradient",
        summary="attention weights x their gradients, over all layers and heads",
        citation="Barkan et al. 2021, Grad-SAM, CIKM, arXiv:2204.11073",
        extra="dnabert2",
        requires=frozenset({_NETWORK}),
    )

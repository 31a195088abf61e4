"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_ZENNIT = "gxarena_cnn:zennit"
_PHRASES = {_ZENNIT: "a network that zennit's rules can walk"}
_CAPABILITIES = frozenset(
    {"maskable", "differentiable", "one-hot", "modular", "trainable", "randomisable", _ZENNIT}
)


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="cnn",
        target="gxarena_cnn.model:CNN",
        summary="the Genomic Benchmarks CNN; bundled weights for fly-promoters and planted",
        citation="Gresova et al. 2023, Genomic benchmarks, BMC Genomic Data 24:25",
        extra="cnn",
        provides=_CAPABILITIES,
        phrases=_PHRASES,
        describe="gxarena_cnn.describe:describe_cnn",
    )
    yield Component(
        name="deepstarr",
        target="gxarena_cnn.model:DeepSTARR",
        summary="DeepSTARR's network with free input length; needs a checkpoint",
        citation="de Almeida et al. 2022, DeepSTARR, Nature Genetics 54:613",
        extra="cnn",
        provides=_CAPABILITIES,
        phrases=_PHRASES,
        describe="gxarena_cnn.describe:describe_deepstarr",
    )


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="lrp",
        target="gxarena_cnn.lrp:LRP",
        summary="layer-wise relevance propagation; composite: epsilon(_plus, _gamma), alpha_beta",
        citation="Bach et al. 2015, PLoS ONE 10:e0130140; Anders et al. 2021, arXiv:2106.13200",
        extra="cnn",
        requires=frozenset({_ZENNIT}),
    )

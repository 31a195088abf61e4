"""What this plugin offers; imports neither shap nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_SHAP = "Lundberg and Lee 2017, NeurIPS, arXiv:1705.07874"
_MASKABLE = frozenset({"maskable"})


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="shap-partition",
        target="gxarena_shap.explainers:Partition",
        summary="Owen values over a balanced hierarchy of neighbouring units",
        citation=f"{_SHAP}; Owen 1977, Values of games with a priori unions",
        extra="shap",
        requires=_MASKABLE,
    )
    yield Component(
        name="shap-exact",
        target="gxarena_shap.explainers:Exact",
        summary="exact Shapley values of up to 20 units, or of as many stretches of units",
        citation="Shapley 1953, Contributions to the theory of games II:307",
        extra="shap",
        requires=_MASKABLE,
    )
    yield Component(
        name="shap-permutation",
        target="gxarena_shap.explainers:Permutation",
        summary="Shapley values from random orders of the units, walked both ways",
        citation="Strumbelj and Kononenko 2014, Knowledge and Information Systems 41:647",
        extra="shap",
        requires=_MASKABLE,
    )
    yield Component(
        name="shap-kernel",
        target="gxarena_shap.explainers:Kernel",
        summary="Shapley values by weighted least squares over sampled coalitions of units",
        citation=_SHAP,
        extra="shap",
        requires=_MASKABLE,
    )
    yield Component(
        name="shap-deep",
        target="gxarena_shap.deep:Deep",
        summary="DeepSHAP of one-hot networks, against dinucleotide shuffles of each sequence",
        citation=f"{_SHAP}; Shrikumar et al. 2017, DeepLIFT, ICML, arXiv:1704.02685",
        extra="shap",
        requires=frozenset({"differentiable", "one-hot", "modular"}),
    )

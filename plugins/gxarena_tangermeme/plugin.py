"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_TANGERMEME = "tangermeme, Schreiber 2026, Nature Methods, doi:10.1038/s41592-026-03254-z"


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="deep_lift_shap",
        target="gxarena_tangermeme.deep_lift_shap:DeepLIFTSHAP",
        summary="tangermeme's DeepLIFT-SHAP over dinucleotide shuffles",
        citation=f"Lundberg and Lee 2017, NeurIPS, arXiv:1705.07874; {_TANGERMEME}",
        extra="tangermeme",
        requires=frozenset({"differentiable", "one-hot", "modular"}),
    )
    yield Component(
        name="saturation_mutagenesis",
        target="gxarena_tangermeme.mutagenesis:SaturationMutagenesis",
        summary="tangermeme's in-silico mutagenesis: every letter at every place",
        citation=f"Zhou and Troyanskaya 2015, Nature Methods 12:931; {_TANGERMEME}",
        extra="tangermeme",
        requires=frozenset({"differentiable", "one-hot"}),
    )
    yield Component(
        name="marginalization",
        target="gxarena_tangermeme.mutagenesis:Marginalization",
        summary="what windows of the sequence add to shuffled backgrounds",
        citation=f"Koo et al. 2021, PLoS Computational Biology 17:e1008925; {_TANGERMEME}",
        extra="tangermeme",
        requires=frozenset({"differentiable", "one-hot"}),
    )

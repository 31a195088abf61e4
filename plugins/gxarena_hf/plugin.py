"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_NETWORK = "gxarena_hf:network"


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="hf",
        target="gxarena_hf.model:HuggingFace",
        summary="any Hugging Face sequence classifier of DNA; checkpoint = folder or hub id",
        citation="Wolf et al. 2020, Transformers, EMNLP System Demonstrations",
        extra="hf",
        provides=frozenset(
            {"maskable", "differentiable", "randomisable", "special", "trainable", _NETWORK}
        ),
        phrases={_NETWORK: "a Hugging Face classifier"},
        describe="gxarena_hf.describe:describe",
    )


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="attnlrp-hf",
        target="gxarena_hf.attnlrp:AttnLRP",
        summary="attention-aware LRP for Hugging Face BERT, ESM and ModernBERT classifiers",
        citation="Achtibat et al. 2024, AttnLRP, ICML",
        extra="hf",
        requires=frozenset({_NETWORK}),
    )

"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_DNABERT2 = "Zhou et al. 2024, DNABERT-2, ICLR, arXiv:2306.15006"
_CAPABILITIES = frozenset({"maskable", "differentiable", "trainable", "special", "attnlrp"})


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="dnabert2",
        target="gxarena_dnabert2.model:DNABERT2",
        summary="DNABERT-2 or anything fine-tuned from it; checkpoint = hub id or folder",
        citation=_DNABERT2,
        extra="dnabert2",
        provides=_CAPABILITIES,
        describe="gxarena_dnabert2.describe:describe",
    )
    yield Component(
        name="dnabert2-mini",
        target="gxarena_dnabert2.model:Mini",
        summary="the DNABERT-2 architecture small; bundled weights for fly-promoters and planted",
        citation=_DNABERT2,
        extra="dnabert2",
        provides=_CAPABILITIES,
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
        requires=frozenset({"attnlrp"}),
    )

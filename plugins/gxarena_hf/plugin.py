"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="hf",
        target="gxarena_hf.model:HuggingFace",
        summary="any Hugging Face sequence classifier of DNA; checkpoint = folder or hub id",
        citation="Wolf et al. 2020, Transformers, EMNLP System Demonstrations",
        extra="hf",
        provides=frozenset({"maskable", "special"}),
        describe="gxarena_hf.describe:describe",
    )

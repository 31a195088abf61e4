"""What this plugin offers, as data; gxarena imports nothing else until it is used."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena import Component, hookimpl


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="taylor-ism",
        target="taylor_ism.explainer:TaylorIsm",
        summary="in-silico mutagenesis to first order: one gradient for every substitution",
        citation="Sasse et al. 2024, iScience 27:110807; "
        "Majdandzic et al. 2023, Genome Biology 24:109",
        extra="torch",
        requires=frozenset({"differentiable", "one-hot"}),
    )

"""What this plugin offers, as data; gxarena imports nothing else until it is used."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena import Component, hookimpl


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    yield Component(
        name="decision-flip",
        target="decision_flip.metric:DecisionFlip",
        summary="faithfulness: share of nucleotides unknown when the model decides otherwise",
        citation="Chrysostomou and Aletras 2021, ACL, arXiv:2105.02657; "
        "Serrano and Smith 2019, ACL, arXiv:1906.03731",
        provides=frozenset({"sample"}),
        requires=frozenset({"probe", "maskable"}),
        question="faithfulness",
    )

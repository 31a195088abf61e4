"""What this plugin offers; imports neither Quantus nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl
from gxarena_quantus.catalogue import ENTRIES

_HEDSTROM = "Hedstrom et al. 2023, Quantus, JMLR 24:34"
_REQUIRES = {
    "map": frozenset[str](),
    "truth": frozenset({"truth"}),
    "probe": frozenset({"probe", "maskable", "native"}),
}
_QUESTION = {"map": "complexity", "truth": "localization", "probe": "faithfulness"}


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    yield Component(
        name="quantus",
        target="gxarena_quantus.metric:Quantus",
        summary="any of Quantus' metrics by name: metric, settings",
        citation=_HEDSTROM,
        extra="quantus",
        provides=frozenset({"sample"}),
    )
    for name, entry in ENTRIES.items():
        yield Component(
            name=entry.component,
            target="gxarena_quantus.metric:Quantus",
            summary=f"Quantus' {name}: {entry.summary}",
            citation=f"{entry.citation}; {_HEDSTROM}",
            extra="quantus",
            provides=frozenset({"sample"}),
            requires=_REQUIRES[entry.needs],
            defaults={"metric": name},
            question=_QUESTION[entry.needs],
        )

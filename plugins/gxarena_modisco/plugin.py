"""What this plugin offers; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    yield Component(
        name="modisco",
        target="gxarena_modisco.metric:TFMoDISco",
        summary="localization: motifs of a whole set by TF-MoDISco, matched with JASPAR, with null",
        citation="Shrikumar et al. 2018, arXiv:1811.00416; Gupta et al. 2007, Genome Biol 8:R24",
        extra="modisco",
        provides=frozenset({"set"}),
    )

"""What this plugin offers; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl
from gxarena_jaspar.grammars import RULES

_JASPAR = "Rauluseviciute et al. 2024, JASPAR, Nucleic Acids Research 52:D174"


@hookimpl
def gxarena_datasets() -> Iterable[Component]:
    yield Component(
        name="planted",
        target="gxarena_jaspar.planted:planted",
        summary="JASPAR motifs planted by six grammars into shuffled fly sequences; exact truth",
        citation=_JASPAR,
        extra="jaspar",
        provides=frozenset({"made"}),
    )
    yield Component(
        name="scan",
        target="gxarena_jaspar.scan:scan",
        paths=("data",),
        summary="another data set, annotated where JASPAR matrices fit (FIMO)",
        citation="Grant, Bailey and Noble 2011, Bioinformatics 27:1017; memelite",
        extra="jaspar",
    )


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    """The core's metrics that judge by a rule, with the rules of `planted`."""
    yield Component(
        name="grammar_satisfiability",
        target="gxarena.metrics.grammar:GrammarSatisfiability",
        summary="whether the motifs' signed relevance satisfies the rule that made the label",
        citation="Zadeh 1965, Information and Control 8:338 (graded); gxarena",
        provides=frozenset({"sample"}),
        question="localization",
        requires=frozenset({"truth"}),
        defaults={"rules": RULES},
    )
    yield Component(
        name="dependency_map",
        target="gxarena.metrics.dependency:DependencyMap",
        summary="shift of a motif's relevance when its partner is broken, beside the model's own",
        citation="after Greenside et al. 2018, DFIM, Bioinformatics 34:i629",
        provides=frozenset({"sample"}),
        question="faithfulness",
        requires=frozenset({"explainer", "native", "probe", "truth"}),
        defaults={"rules": RULES},
    )

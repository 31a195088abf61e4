"""What this package offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_SPLICEAI = "Jaganathan et al. 2019, Predicting splicing from primary sequence, Cell 176:535"


@hookimpl
def gxarena_models() -> Iterable[Component]:
    yield Component(
        name="spliceai",
        target="gxarena_spliceai.model:SpliceAIModel",
        summary="SpliceAI-10k: is a position an acceptor, a donor, or neither; published weights",
        citation=_SPLICEAI,
        provides=frozenset(
            {
                "maskable",
                "differentiable",
                "one-hot",
                "modular",
                "randomisable",
                "gxarena_cnn:zennit",
            }
        ),
        describe="gxarena_spliceai.describe:describe",
        paths=("checkpoint",),
    )


@hookimpl
def gxarena_datasets() -> Iterable[Component]:
    yield Component(
        name="splice-sites",
        target="gxarena_spliceai.sites:splice_sites",
        summary="human splice sites with 5,000 nucleotides on either side; truth: their motifs",
        citation=f"GENCODE, as in {_SPLICEAI}; hg19; motifs: Yeo and Burge 2004, JCB 11:377",
        paths=("windows", "annotations"),
    )

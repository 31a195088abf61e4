"""The core's own components, registered through the same entry-point group as everybody's."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.builtin_metrics import gxarena_metrics
from gxarena.hookspecs import Component, hookimpl

__all__ = ["gxarena_aggregators", "gxarena_datasets", "gxarena_explainers", "gxarena_metrics"]

_PAPER = "Kurth, Yanez Sarmiento and Renard 2026, arXiv:2604.21690"
_COARSEN = frozenset({"coarsen"})
_REFINE = frozenset({"refine"})
_TRUTH = frozenset({"truth"})


@hookimpl
def gxarena_datasets() -> Iterable[Component]:
    yield Component(
        name="fly-promoters",
        target="gxarena.datasets.bundled:fly_promoters",
        summary="Drosophila promoter-proximal windows of 250 bp against distal ones; real, bundled",
        citation="UCSC dm3 upstream sequences, through Bioconductor Biostrings",
    )
    yield Component(
        name="fly-kilobases",
        target="gxarena.datasets.bundled:fly_kilobases",
        summary="the kilobase before Drosophila TSSs against the one before that; real, bundled",
        citation="UCSC dm3 upstream sequences, through Bioconductor Biostrings",
    )
    yield Component(
        name="genomic-benchmarks",
        target="gxarena.datasets.genomic_benchmarks:genomic_benchmarks",
        paths=("root",),
        summary="Genomic Benchmarks, by task: human_nontata_promoters and eight others",
        citation="Gresova et al. 2023, BMC Genomic Data 24:25",
    )
    yield Component(
        name="gue",
        target="gxarena.datasets.gue:gue",
        paths=("root",),
        summary="Genome Understanding Evaluation, by task: prom/prom_300_notata and 27 others",
        citation="Zhou et al. 2024, DNABERT-2, ICLR, arXiv:2306.15006",
    )
    yield Component(
        name="windows",
        target="gxarena.datasets.windows:windows",
        paths=("data",),
        summary="windows of another data set's sequences: what length does, all else held",
    )


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component(
        name="random",
        target="gxarena.explainers.controls:Random",
        role="floor",
        summary="control: scores drawn at random, seeded per sample",
    )
    yield Component(
        name="gc",
        target="gxarena.explainers.controls:GC",
        role="control",
        summary="control: the share of G and C in each unit",
    )
    yield Component(
        name="blur",
        target="gxarena.explainers.controls:Blur",
        role="control",
        summary="control: smooth random hills, seeded per sample",
        citation="arXiv:2304.13836, on removal benchmarks that favour blurry maps",
    )
    yield Component(
        name="oracle",
        target="gxarena.explainers.controls:Oracle",
        role="ceiling",
        summary="control: the data set's annotations themselves, the ceiling of localization",
        requires=_TRUTH,
    )
    yield Component(
        name="randomised",
        target="gxarena.explainers.randomised:Randomised",
        role="control",
        summary="control: another explainer, of the model with every parameter drawn anew",
        citation="Adebayo et al. 2018, NeurIPS, arXiv:1810.03292",
        provides=frozenset({"wrapper"}),
        requires=frozenset({"randomisable"}),
        defaults={"explainer": "lrp"},
    )
    yield Component(
        name="degraded_oracle",
        target="gxarena.explainers.degraded:DegradedOracle",
        role="control",
        summary="control: the annotations, made worse to a level, for judging metrics",
        requires=_TRUTH,
    )
    yield Component(
        name="permuted",
        target="gxarena.explainers.permuted:Permuted",
        role="control",
        summary="control: another explainer's scores, exchanged among units of the same width",
        provides=frozenset({"wrapper"}),
        defaults={"explainer": "lrp"},
    )
    yield Component(
        name="occlusion",
        target="gxarena.explainers.perturbation:Occlusion",
        summary="drop of the output while a window of units is unknown; window, stride",
        citation="Zeiler and Fergus 2014, ECCV, arXiv:1311.2901",
        requires=frozenset({"maskable"}),
    )
    yield Component(
        name="ism",
        target="gxarena.explainers.perturbation:ISM",
        summary="in-silico mutagenesis: every nucleotide to every other letter, on any model",
        citation="Zhou and Troyanskaya 2015, DeepSEA, Nature Methods 12:931",
    )
    yield Component(
        name="precomputed",
        target="gxarena.explainers.precomputed:Precomputed",
        summary="explanations made elsewhere: path of a Parquet, npz or HDF5 file, by sample id",
        provides=frozenset({"fixed"}),
        paths=("path",),
    )


@hookimpl
def gxarena_aggregators() -> Iterable[Component]:
    yield Component(
        name="native",
        target="gxarena.aggregators.native:Native",
        summary="as the explainer gave them, on the model's own units",
    )
    yield Component(
        name="sum",
        target="gxarena.aggregators.nucleotides_to_tokens:Sum",
        summary="nucleotide to token: sum over the token (keeps the total)",
        citation=f"{_PAPER}, strategy (a)",
        provides=_COARSEN,
    )
    yield Component(
        name="mean",
        target="gxarena.aggregators.nucleotides_to_tokens:Mean",
        summary="nucleotide to token: mean over the token",
        citation=f"{_PAPER}, strategy (b)",
        provides=_COARSEN,
    )
    yield Component(
        name="passed_on",
        target="gxarena.aggregators.tokens_to_nucleotides:PassedOn",
        summary="token to nucleotide: each nucleotide gets its token's score",
        citation=f"{_PAPER}, strategy (c)",
        provides=_REFINE,
    )
    yield Component(
        name="equally_distributed",
        target="gxarena.aggregators.tokens_to_nucleotides:EquallyDistributed",
        summary="token to nucleotide: the score is split evenly (keeps the total)",
        citation=f"{_PAPER}, strategy (d)",
        provides=_REFINE,
    )


@hookimpl
def gxarena_engines() -> Iterable[Component]:
    yield Component(
        name="local",
        target="gxarena.run.engines.local:local",
        summary="workers of this machine, each task in a process of its own; the default",
    )
    yield Component(
        name="dask",
        target="gxarena.run.engines.dask:dask",
        summary="a Dask cluster: dask:ADDRESS of its scheduler",
        citation="Rocklin 2015, Proc. 14th Python in Science Conf., 126",
        extra="dask",
    )
    yield Component(
        name="parsl",
        target="gxarena.run.engines.parsl:parsl",
        summary="SLURM, PBS, Kubernetes and others: parsl:FILE.py with a Parsl configuration",
        citation="Babuji et al. 2019, HPDC, arXiv:1905.02158",
        extra="parsl",
    )

"""`gxarena explain`: one model, one explainer, a few sequences."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gxarena.cli.inventory import Json

if TYPE_CHECKING:
    from gxarena.data import Explained


def explain(
    model: Annotated[str, typer.Option("--model", help="A model, see `gxarena plugins list`.")],
    explainer: Annotated[str, typer.Option("--explainer", help="An explainer, likewise.")],
    sequence: Annotated[str | None, typer.Option("--sequence", help="DNA, ACGTN.")] = None,
    fasta: Annotated[
        Path | None, typer.Option("--fasta", help="A FASTA (or CSV, TSV, Parquet) file.")
    ] = None,
    region: Annotated[
        str,
        typer.Option(
            "--region",
            metavar="START-END",
            help="Explain this part alone, 0-based and half-open; the model reads all of it.",
        ),
    ] = "",
    target: Annotated[
        int | None, typer.Option("--target", help="Output to explain; default: the predicted one.")
    ] = None,
    objective: Annotated[
        str, typer.Option("--objective", help="What is explained: logit, log_odds, probability.")
    ] = "logit",
    model_args: Annotated[
        list[str], typer.Option("--model-arg", metavar="K=V", help="Parameter of the model.")
    ] = [],  # noqa: B006 (typer reads the default, nobody edits it)
    explainer_args: Annotated[
        list[str], typer.Option("--explainer-arg", metavar="K=V", help="Of the explainer.")
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option("--seed", help="For stochastic explainers.")] = 0,
    json: Json = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Draw the explanations.")
    ] = None,
) -> None:
    """Explain a model's output for given sequences: which nucleotides speak for it.

    Scores are raw, as the method gives them, one per unit of the model (token or nucleotide);
    `nucleotide_scores` pass each token's score on to its nucleotides.
    """
    from gxarena.cli.console import key_values, out, print_json
    from gxarena.registry import Registry
    from gxarena.run.single import explain_samples

    samples = _samples(sequence, fasta, region)
    if plot is not None:
        from gxarena.report.logos import check_plot, plot_explained

        check_plot([sample.sequence for sample in samples], plot)
    explained = explain_samples(
        Registry.load(),
        samples,
        model=model,
        explainer=explainer,
        model_parameters=key_values("--model-arg", model_args),
        explainer_parameters=key_values("--explainer-arg", explainer_args),
        target="predicted" if target is None else target,
        objective=objective,
        seed=seed,
    )
    if plot is not None:
        plot_explained(explained, plot, title=f"{explainer} on {model}")
    if json:
        told = list(_documents(explained))
        print_json({"model": model, "explainer": explainer, "samples": told})
    else:
        _show(explained)
        if plot is not None:
            out().print(f"Drawn: {plot}", markup=False, highlight=False)


def _samples(sequence: str | None, fasta: Path | None, region: str) -> Any:
    from gxarena.data import Sample
    from gxarena.datasets.reading import checked_sequence, read_dataset, read_region
    from gxarena.errors import InputError

    if (sequence is None) == (fasta is None):
        raise InputError("explain: expected either --sequence or --fasta, got both or neither.")
    if fasta is not None:
        samples = read_dataset(fasta).samples
    else:
        samples = (Sample("sequence", checked_sequence(sequence or "", "--sequence")),)
    if not region:
        return samples
    start, end = read_region(region, "--region")
    return tuple(sample.whole.within(start, end) for sample in samples)


def _documents(explained: Explained) -> Any:
    """The contract's document for each sample, in input order.

    Where a region is explained, `sequence` is all that was given, `region` says where it lies in
    that, `units` are counted in it too, and `nucleotide_scores` are of the region.
    """
    from gxarena.aggregators.tokens_to_nucleotides import PassedOn
    from gxarena.data import Spans

    passed_on = PassedOn()
    for index, (sample, attribution) in enumerate(
        zip(explained.samples, explained.attributions, strict=True)
    ):
        region, first = sample.region, len(sample.flanks[0])
        ends = (attribution.spans.boundaries + first).tolist()
        nucleotides = passed_on.project(attribution, Spans.nucleotides(len(sample.sequence)))
        yield {
            "id": sample.id,
            "sequence": sample.whole.sequence,
            **({"region": [region.start, region.end]} if region else {}),
            "target": int(explained.targets[index]),
            "outputs": explained.outputs[index].tolist(),
            "units": [list(unit) for unit in itertools.pairwise(ends)],
            "scores": attribution.scores.tolist(),
            "special": dict(attribution.special),
            "nucleotide_scores": nucleotides.scores.tolist(),
            "diagnostics": dict(attribution.diagnostics),
        }


def _show(explained: Explained) -> None:
    """Each sequence with its units shaded: red speaks for the target, blue against."""
    import numpy as np
    from rich.markup import escape
    from rich.text import Text

    from gxarena.cli.console import out

    for index, (sample, attribution) in enumerate(
        zip(explained.samples, explained.attributions, strict=True)
    ):
        outputs = ", ".join(f"{value:.4g}" for value in explained.outputs[index])
        target = explained.targets[index]
        where = f", region {place.start}-{place.end}" if (place := sample.region) else ""
        out().print(f"[bold]{escape(sample.id)}[/] target {target}, outputs {outputs}{where}")
        # What is not finite has no colour: what the explainer did is for a run to say.
        scores = np.nan_to_num(attribution.scores, nan=0.0, posinf=0.0, neginf=0.0)
        largest = abs(scores).max() or 1.0
        line = Text()
        ends = attribution.spans.boundaries
        for start, end, score in zip(ends[:-1], ends[1:], scores / largest, strict=True):
            fade = round(255 * (1 - abs(score)))
            color = f"rgb(255,{fade},{fade})" if score > 0 else f"rgb({fade},{fade},255)"
            line.append(sample.sequence[start:end], style=f"black on {color}")
        out().print(line)
        for name, value in attribution.special.items():
            out().print(f"{name} {value:.4g}", highlight=False, markup=False)

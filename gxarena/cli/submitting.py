"""`gxarena submit` and `verify`: a run as one file for others, and whether one holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gxarena.cli.inventory import Json
from gxarena.cli.running import RunDir

REFUSED, NOT_REPLAYED = 1, 3
"""Exit status of a bundle that does not hold, and of one that only cannot be run again here."""


def submit(
    folder: RunDir,
    out: Annotated[
        Path, typer.Option("--out", metavar="BUNDLE", help="FILE.zip, or a new folder.")
    ],
    attributions: Annotated[
        int | None,
        typer.Option(
            "--attributions",
            metavar="N",
            help="Add the attributions of the first N samples of each explanation; 8 where the "
            "run's store is still there, 0 for none.",
        ),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Card: who submits it.")] = None,
    summary: Annotated[
        str | None, typer.Option("--summary", help="Card: the method, in one line.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Card: of the method's code, e.g. MIT.")
    ] = None,
    install: Annotated[
        str | None, typer.Option("--install", help="Card: how others install the method.")
    ] = None,
) -> None:
    """Write a run as a bundle, which `gxarena leaderboard` ranks like a run and others verify.

    A bundle holds run.json, the tables with all samples, some attributions, a card if one is
    given, and their digests.
    """
    from gxarena.cli.console import say
    from gxarena.results.reading import RunResults, check_outside_runs
    from gxarena.submissions.card import card_of
    from gxarena.submissions.hindrances import hindrances
    from gxarena.submissions.making import make_bundle

    check_outside_runs(out.parent)
    card = card_of(
        {"by": by, "summary": summary, "licence": licence, "install": install}, "gxarena submit"
    )
    run = RunResults.of(folder)
    samples = make_bundle(run, out, samples=attributions, said=card)
    say(f"Written: {out}")
    for sentence in hindrances(run):
        say(f"It cannot be replayed by everybody: {sentence}")
    if samples:
        say(f"With the attributions of the first {samples} samples of each explanation, at most.")


def verify(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle: FILE.zip or a folder.", metavar="BUNDLE")
    ],
    replay: Annotated[
        int, typer.Option("--replay", metavar="N", help="Also run N of its cells again here.")
    ] = 0,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", help="Which draws them; by chance where not given."),
    ] = None,
    attest: Annotated[
        Path | None,
        typer.Option(
            "--attest",
            metavar="FILE",
            help="Write down that it holds, for boards: BUNDLE's name with .verified.json.",
        ),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Attestation: who verifies it.")] = None,
    json: Json = False,
) -> None:
    """Check whether what a bundle says follows from what it holds; runs nothing that is in it.

    With --replay, cells that the seed draws are run again by what is installed here, and every
    value is compared, up to 1e-4 of it or 1e-6.

    With --attest, a bundle that holds gets a file beside it that says who checked what of it;
    boards of the bundle take the `verification` of rows from it that were checked whole.

    Exit status: 0 where it holds, 1 where it does not, 2 for a mistake in the input, 3 where
    nothing speaks against it but cells cannot be run again here.
    """
    from gxarena.cli.console import out, print_json, say
    from gxarena.results.attestation import write_attestation
    from gxarena.submissions.verifying import as_document, attested
    from gxarena.submissions.verifying import verify as checked

    _check_attestation(bundle, attest, by)
    verdict = checked(bundle, replays=replay, seed=seed)
    if json:
        print_json(as_document(verdict, bundle))
    else:
        for note in verdict.findings.notes:
            say(note)
        if verdict.card:
            say("Its card: " + "; ".join(f"{key} {text!r}" for key, text in verdict.card))
        findings = verdict.findings
        for finding in findings.listed:
            out().print(finding.sentence, markup=False, highlight=False, soft_wrap=True)
        if unlisted := findings.counts.total() - len(findings.listed):
            out().print(f"And {unlisted} more of these kinds.", markup=False, highlight=False)
        counted = ", ".join(f"{n} {what}" for what, n in verdict.counts.items())
        if replay:
            counted += f"; drawn by the seed {verdict.seed}"
        end = f"holds; {verdict.sentence}" if verdict.holds else "does not hold"
        if verdict.only_not_here:
            end = (
                f"nothing speaks against it, but cells cannot be run again here; {verdict.sentence}"
            )
        out().print(f"{bundle}: {end} ({counted}).", markup=False, highlight=False, soft_wrap=True)
    if not verdict.holds:
        raise typer.Exit(NOT_REPLAYED if verdict.only_not_here else REFUSED)
    if attest is not None:
        write_attestation(attest, attested(verdict, by or ""))
        say(f"Written: {attest}")


def _check_attestation(bundle: Path, attest: Path | None, by: str | None) -> None:
    """InputError where an attestation could not be written, or would not be found, later."""
    from gxarena.errors import InputError
    from gxarena.results.attestation import place_beside

    if attest is None:
        if by is not None:
            raise InputError("--by: expected --attest FILE too, where that is written, got none.")
        return
    if not (by or "").strip():
        raise InputError(
            "--attest: expected --by WHO too, as an attestation is somebody's, got none."
        )
    wanted = place_beside(bundle)
    if attest.name != wanted.name or attest.resolve().is_relative_to(bundle.resolve()):
        raise InputError(
            f"--attest {attest}: expected the name {wanted.name} and a place outside of the "
            f"bundle, as boards look for it beside one, got another. Say --attest {wanted}."
        )

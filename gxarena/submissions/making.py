"""`gxarena submit`: a run as a bundle, with the first samples' attributions and a card."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gxarena.errors import InputError
from gxarena.results.bundle import write_bundle
from gxarena.results.reading import RunResults
from gxarena.submissions import attributions, card
from gxarena.submissions.card import Card


def make_bundle(
    run: RunResults, out: Path, *, samples: int | None = None, said: Card | None = None
) -> int:
    """Write a run as a bundle.

    Parameters
    ----------
    run : RunResults
    out : Path
        A .zip, or a folder.
    samples : int, optional
        Of how many of the first samples attributions go in; 0 for none. Where it is not given,
        of `gxarena.submissions.attributions.DEFAULT` if the run's store is still there.
    said : Card, optional

    Returns
    -------
    int
        Of how many samples attributions went in, at most.

    Raises
    ------
    InputError
        There is something else at that place, or attributions are not there.
    StorageError
        The disk is full or read-only.
    """
    if samples is not None and samples < 0:
        raise InputError(f"--attributions: expected 0 or more samples, got {samples}.")
    if samples is None:
        samples = attributions.DEFAULT if attributions.has_store(run) else 0
    with tempfile.TemporaryDirectory() as place:
        extras = {}
        if samples:
            path = Path(place, attributions.FILE)
            if attributions.write_attributions(run, samples, path):
                extras[attributions.FILE] = path
        if said:
            extras[card.FILE] = Path(place, card.FILE)
            card.write_card(extras[card.FILE], said)
        write_bundle(run, out, extras)
    return samples

"""What a dossier draws of sequences: of the best and the worst, where most of the explanation lies.

A sequence has hundreds of letters and a page twenty of them: of each the stretch is drawn in which
the scores' magnitudes sum to most, and the explanation as a whole is a click away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gxarena.data import Attribution, Floats, Sample
from gxarena.errors import GxarenaError
from gxarena.results.schemas import REPLICATE
from gxarena.site.content import Row, Source
from gxarena.site.explorer import Explored, held_maps

LONGEST = 48
"""Nucleotides that are drawn: as many as can be read beside another one, or on a phone."""
ENDS = 10
"""Best and worst sequences of a number."""
MOST_DRAWN = 200
"""Sequences of a dossier: those that are at the ends of most of its numbers."""


def stretches(
    values: Mapping[str, Any], parts: Mapping[Source, Sequence[Row]], explored: Explored
) -> dict[str, dict[str, Any]]:
    """Stretches by sequence, of those at the ends of any number whose explanation is here.

    Parameters
    ----------
    values : mapping
        Of `gxarena.site.dossiers.Values.of`.
    parts : mapping
        Cells behind the numbers; of replicates the first one's explanation is drawn.
    explored : Explored
        Of the same data set.
    """
    wanted = set(at_the_ends(values))
    samples = explored.samples
    last = max((i for i, sample in enumerate(samples) if sample.id in wanted), default=-1)
    ids = [sample.id for sample in samples[: last + 1]]
    for source, cells in parts.items():
        explained = [cell for cell in cells if cell["attributions_key"]]
        if source.name == explored.source and explained and ids:
            first = min(explained, key=lambda cell: cell[REPLICATE] or 0)
            try:
                maps = held_maps(source, first["attributions_key"], ids)
            except GxarenaError:  # the numbers stay; what was cleared away since is not drawn
                return {}
            # A bundle holds the maps of its first sequences alone.
            held = zip(samples, maps, strict=False)
            return {sample.id: _stretch(sample, one) for sample, one in held if sample.id in wanted}
    return {}


def at_the_ends(values: Mapping[str, Any]) -> list[str]:
    """Sequences with one of the ten lowest or highest values of any number, at most so many."""
    ends: Counter[str] = Counter()
    for numbers in values["values"].values():
        pairs = [pair for pair in zip(numbers, values["ids"], strict=True) if pair[0] is not None]
        ordered = [name for _, name in sorted(pairs, key=lambda pair: pair[0])]
        ends.update([*dict.fromkeys(ordered[:ENDS] + ordered[-ENDS:])])
    return [name for name, _ in ends.most_common(MOST_DRAWN)]


def _stretch(sample: Sample, attribution: Attribution) -> dict[str, Any]:
    """Letters and scores from `start` on; `most` is the largest magnitude of the whole."""
    scores = _by_nucleotide(attribution)
    sums = np.concatenate([[0.0], np.cumsum(np.abs(scores))])
    long = min(LONGEST, len(scores))
    start = int(np.argmax(sums[long:] - sums[: len(sums) - long]))
    here = slice(start, start + long)
    return {
        "start": start,
        "of": len(scores),
        "letters": sample.sequence[here],
        "scores": [float(f"{score:.3g}") for score in scores[here]],
        "most": float(f"{np.abs(scores).max(initial=0):.3g}"),
        "annotations": [[a.start, a.end, a.name] for a in sample.annotations],
    }


def _by_nucleotide(attribution: Attribution) -> Floats:
    """Each nucleotide with its unit's score, as letters are drawn; 0 where it is not finite."""
    widths = np.diff(attribution.spans.boundaries)
    scores: Floats = np.repeat(np.nan_to_num(np.asarray(attribution.scores)), widths)
    return scores

"""What [CLS] and [SEP] take of the relevance (section 5, first paragraph; Figure 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gxarena.data import Attribution, Floats
from gxarena.report.claims.claim import Claim, Setting, name
from gxarena.report.columns import Column, matched
from gxarena.report.evidence import Evidence
from gxarena.report.inference import above
from gxarena.report.rising import rising
from gxarena.report.runs import Cell, NotHeld
from gxarena.report.verdicts import Comparison


def substantial(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    missing, told = None, False
    for cell in evidence.cells("special_share"):
        share = cell.column("total")
        if share is None:
            continue
        try:
            even, largest = _by_position(cell, share)
        except NotHeld as error:
            missing = error
            continue
        if not np.isfinite(even).any():
            continue
        told = True
        times = np.nanmean(share.values) / np.nanmean(even)
        yield above(
            f"share on special tokens − an even share, {name(cell)}",
            replace(share, replicates=share.replicates - even),
            unit="share of |relevance|",
            note=f"{times:.1f} times an even share of {np.nanmean(even):.3f}",
        )
        yield above(
            f"how often a special token has the most − by chance, {name(cell)}",
            replace(share, replicates=largest - even),
            unit="share of sequences",
            note=f"in {np.nanmean(largest):.0%} of sequences",
        )
    if missing is not None and not told:  # the tables alone do not tell how many positions
        raise missing


def _by_position(cell: Cell, share: Column) -> tuple[Floats, Floats]:
    """An even share, shape (N,), and whether a special token has the most, shape (R, N)."""
    found = [part.attributions() for part in cell.apart()]
    even = np.array([_even(found[0][sample]) for sample in share.ids])
    largest = np.array([[_largest(maps[sample]) for sample in share.ids] for maps in found])
    return even, np.where(np.isfinite(share.replicates), largest, np.nan)


def _even(attribution: Attribution) -> float:
    """What special tokens would take if every position took the same; NaN without any."""
    special = len(attribution.special)
    return special / (special + len(attribution.scores)) if special else np.nan


def _largest(attribution: Attribution) -> float:
    """1 where a special token has more than every other one, else 0."""
    special = np.abs(list(attribution.special.values())).max(initial=0.0)
    return float(special > np.abs(attribution.scores).max(initial=0.0))


def with_length(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for same in _of_one_explanation(evidence.cells("special_share")):
        columns = [(cell, column) for cell in same if (column := cell.column("total")) is not None]
        if not columns:
            continue
        lengths = np.concatenate([_lengths(cell, column) for cell, column in columns])
        shared = matched([column for _, column in columns])
        pairs = replace(
            shared[0],
            ids=np.concatenate([column.ids for column in shared]),
            replicates=np.concatenate([column.replicates for column in shared], axis=1),
            groups=_groups_of_all(shared),
        )
        datasets = ", ".join(dict.fromkeys(cell.dataset for cell, _ in columns))
        spread = f"{lengths.min():.0f} to {lengths.max():.0f} bp"
        what = f"share on special tokens with length, {same[0].explanation}, {datasets}, {spread}"
        yield rising(what, lengths, pairs)


def _of_one_explanation(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells of the same explainer and weights, of any replicate that is done on both data sets."""
    facts = ("model_digest", "model_parameters", "explainer_digest", "objective")
    found: list[tuple[set[tuple[str, ...]], list[Cell]]] = []
    for cell in cells:
        weights = {tuple(str(row[fact]) for fact in facts) for row in cell.rows}
        known, same = next((one for one in found if one[0] & weights), (set(), []))
        if not same:
            found.append((known, same))
        known |= weights
        same.append(cell)
    return [same for _, same in found]


def _groups_of_all(columns: Sequence[Column]) -> np.ndarray:
    """Groups of several data sets' samples; where one has none, each sample is its own."""
    return np.concatenate([c.ids if c.groups is None else c.groups for c in columns])


def _lengths(cell: Cell, column: Column) -> Floats:
    found = cell.attributions()
    return np.array([found[sample].spans.length for sample in column.ids], dtype=np.float64)


CLAIMS = (
    Claim(
        "special-tokens",
        "A substantial portion of the relevance is concentrated at [CLS] and [SEP].",
        "section 5, first paragraph; Figure 1",
        "mean share of |relevance| on special tokens above what they would have if every position "
        "had the same, and a special token the largest of all positions more often than by chance",
        "metric special_share on a model with special tokens, and the run's store",
        substantial,
    ),
    Claim(
        "special-tokens-length",
        "The longer the sequence, the more relevance special tokens take.",
        "section 5, first paragraph",
        "Spearman's correlation of share and length above 0, over all data sets of one model",
        "metric special_share on sequences of several lengths, and the run's store",
        with_length,
    ),
)

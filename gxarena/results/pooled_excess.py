"""Matched motifs beyond the controls', over all sets of weights of a model together.

A row is one explainer on one data set, model, strategy and kind of contributions: patterns and how
many match, the same of scores of the same model that know nothing, and the difference of the shares
with its limits. The first row is beside all `controls` together, the others beside one each: what
random scores match is nothing, what GC content does stands in the sequences. All matches count,
whichever matrix. The limits take patterns for independent draws; those of trainings on the same
sequences are not, so that the limits are too narrow where `replicates` is above 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.results.excess import Excess, Found, kind_of

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("dataset", "model", "explainer", "aggregator")),
        *((name, pa.string()) for name in ("metric", "contributions", "controls", "beside")),
        *((name, pa.int64()) for name in ("replicates", "patterns", "matched")),
        *((name, pa.int64()) for name in ("control_patterns", "control_matched")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        ("said", pa.string()),
        ("of_controls", pa.string()),
    ]
)
"""`beside`: what the controls are. `share`, `low`, `high`: of patterns that match, less that of
controls; null without patterns. `said`: the three as text, `of_controls`: their matches."""


def pooled(found: Iterable[Excess]) -> Iterator[dict[str, Any]]:
    """A row for what differs in nothing but the set of weights, in the order given."""
    alike: dict[tuple[str, ...], list[Excess]] = defaultdict(list)
    for one in found:
        key = one.dataset, one.model, one.aggregator, one.metric, one.contributions
        alike[*key, one.found.explainer].append(one)
    for several in alike.values():
        yield _row(several)
        names = sorted({control.explainer for one in several for control in one.controls})
        for name in names if len(names) > 1 else ():
            yield _row([_beside(one, name) for one in several])


def read_pooled(file: Path) -> list[dict[str, Any]]:
    """The rows of a written table; none where a file is another one."""
    try:
        if pq.read_schema(file.absolute()).equals(SCHEMA):
            rows: list[dict[str, Any]] = pq.read_table(file.absolute()).to_pylist()
            return rows
    except (OSError, pa.ArrowInvalid):
        return []
    return []


def _beside(one: Excess, control: str) -> Excess:
    """With one control alone."""
    return replace(one, controls=tuple(c for c in one.controls if c.explainer == control))


def _row(several: Sequence[Excess]) -> dict[str, Any]:
    first = several[0]
    controls = _once([control for one in several for control in one.controls])
    whole = replace(
        first, found=_together([one.found for one in several]), controls=(_together(controls),)
    )
    low, high = whole.interval or (None, None)
    names = sorted({control.explainer for control in controls})
    return {
        "dataset": first.dataset,
        "model": first.model,
        "explainer": first.found.explainer,
        "aggregator": first.aggregator,
        "metric": first.metric,
        "contributions": first.contributions,
        "controls": ", ".join(names),
        "beside": kind_of(names[0]) if len(names) == 1 else "all controls",
        "replicates": len(several),
        "patterns": whole.found.patterns,
        "matched": whole.found.matched,
        "control_patterns": whole.controls[0].patterns,
        "control_matched": whole.controls[0].matched,
        "share": whole.share,
        "low": low,
        "high": high,
        "said": "–" if low is None else f"{whole.share:z.2f} ({low:z.2f} to {high:z.2f})",
        "of_controls": f"{whole.controls[0].matched} of {whole.controls[0].patterns}",
    }


def _once(controls: Sequence[Found]) -> list[Found]:
    """Controls of all sets of weights, once where they say the same of each: they know no model."""
    of: dict[str, list[Found]] = defaultdict(list)
    for control in controls:
        of[control.explainer].append(control)
    alike = {name for name, found in of.items() if len(set(found)) == 1}
    return [one for name, found in of.items() for one in (found[:1] if name in alike else found)]


def _together(found: Sequence[Found]) -> Found:
    return Found(
        found[0].explainer if found else "",
        *(sum(getattr(one, name) for one in found) for name in ("patterns", "counting", "matched")),
    )

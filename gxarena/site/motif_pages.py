"""The page of motifs: what each explainer's maps have in common, beside JASPAR and its controls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gxarena.results.excess import Excess
from gxarena.results.expected_motifs import EXPLANATION
from gxarena.results.motifs import KeptMotif
from gxarena.site import pages
from gxarena.site.content import Source
from gxarena.site.logo import information, logo
from gxarena.site.motif_table import BEHIND, BEYOND, axis, besides, controls_of, in_words
from gxarena.site.numbers import counted, number
from gxarena.site.rendering import Page
from gxarena.site.site import Site

METRIC = "modisco"
"""The component that finds motifs."""
MOST = 8
"""Patterns of a cell that are drawn: those with most seqlets."""


def motif_page(site: Site) -> Page:
    """Motifs of every run and bundle that holds any."""
    cells = [cell for source in site.content.sources.values() for cell in _cells(source)]
    counted_by = [
        label
        for label in pages.metrics_of(site.boards)
        if site.catalogue.known("metric", label).component == METRIC
    ]
    lines = besides(site.content)
    context = {
        "cells": cells,
        "counted_by": counted_by,
        "lines": lines,
        "controls": controls_of(lines),
        "explanation": EXPLANATION,
        "beyond": BEYOND,
        "behind": BEHIND,
        "axis": axis(lines),
        "words": in_words(lines),
    }
    return Page("motifs.html", "motifs.html", "Motifs", context)


def _cells(source: Source) -> Iterator[dict[str, Any]]:
    """Each cell's motifs, methods before controls."""
    beside = {
        (
            one.dataset,
            one.model,
            one.found.explainer,
            one.aggregator,
            one.metric,
            one.replicate,
        ): one
        for one in source.excesses
    }
    kept: dict[tuple[Any, ...], list[KeptMotif]] = {}
    for motif in source.motifs:
        kept.setdefault((*motif.cell, motif.replicate), []).append(motif)
    for key in sorted(kept, key=lambda one: (one not in beside, [str(part) for part in one])):
        dataset, model, explainer, aggregator, metric, replicate = key
        yield {
            "explainer": explainer,
            "model": model,
            "where": ", ".join(
                (
                    dataset,
                    *([] if aggregator == "native" else [aggregator]),
                    *([] if replicate is None else [f"replicate {replicate}"]),
                    metric,
                    source.name,
                )
            ),
            "method": key in beside,
            "says": _said(kept[key], beside.get(key)),
            "motifs": [_drawn(motif) for motif in kept[key][:MOST]],
        }


def _said(motifs: list[KeptMotif], excess: Excess | None) -> str:
    matched = sum(bool(motif.match) for motif in motifs)
    counting = sum(motif.counts for motif in motifs)
    said = (
        f"{counted(len(motifs), 'pattern')}, {counting} of them with enough information to be "
        f"compared; {matched} resemble an entry of JASPAR."
    )
    if excess is None:
        return said
    if excess.most is None:
        return f"{said} No control was asked for: what scores that know nothing find is not known."
    share = "" if excess.share is None or excess.interval is None else (
        f" The share of matched patterns is {number(excess.share, 2)} above that of all controls "
        f"({number(excess.interval[0], 2)} to {number(excess.interval[1], 2)})."
    )  # fmt: skip
    return f"{said} The control that has most has {excess.most}.{share}"


def _drawn(motif: KeptMotif) -> dict[str, Any]:
    positions = len(motif.scores)
    drawn = {
        "name": motif.name,
        "sign": "for the target" if motif.sign == "positive" else "against the target",
        "seqlets": motif.n_seqlets,
        "logo": logo(motif.scores, f"mean contributions of {motif.consensus}"),
        "match": "",
    }
    if motif.match:
        frequencies = motif.match["frequencies"]
        if motif.match["reverse"]:
            frequencies = frequencies[::-1, ::-1]
        start = motif.trimmed[0] - int(motif.match["offset"])
        words = f"{motif.match['name']} {motif.match['id']}"
        turned = ", reverse complement" if motif.match["reverse"] else ""
        drawn["match"] = f"{words}{turned}, q = {number(motif.match['q'], 2)}"
        drawn["entry"] = logo(information(frequencies), words, start, positions)
    elif not motif.counts:
        drawn["match"] = "too little information to be compared"
    else:
        drawn["match"] = "nothing in the database resembles it"
    return drawn

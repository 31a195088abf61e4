"""Cells by hand of a token model and a nucleotide model, and one claim's finding on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.data import Attribution, Floats, Spans
from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.claims.findings import Finding, judged
from gxarena.report.evidence import Evidence

N = 60
TOKENS: dict[str, Any] = {"model": "tokens", "explainer": "attnlrp"}
NUCLEOTIDES: dict[str, Any] = {"model": "cnn", "explainer": "lrp"}
RANDOM = {"explainer": "random"}


def around(mean: float, seed: int = 0, spread: float = 0.05, n: int = N) -> Floats:
    """Values whose mean is exactly `mean`."""
    values = np.random.default_rng(seed).normal(size=n)
    found: Floats = mean + spread * (values - values.mean())
    return found


def finding(claim: str, *runs: Path) -> Finding:
    """One claim's finding on runs."""
    return judged(next(one for one in CLAIMS if one.id == claim), Evidence.of(runs))


def replicated(cell: dict[str, Any], columns: Sequence[dict[str, Floats]]) -> list[dict[str, Any]]:
    """The cell for each replicate of its model, each with values of its own."""
    return [cell | {"model_replicate": i, "values": one} for i, one in enumerate(columns)]


def relevance(length: int, special: float = 0.0, units: int = 8) -> Attribution:
    """A map of 1 a unit, of what is asked for on [CLS], and of nothing on [SEP]."""
    spans = Spans(np.linspace(0, length, units + 1).astype(np.int64))
    return Attribution(np.ones(units), spans, {"[CLS]": special, "[SEP]": 0.0})

"""From an explained set to its patterns: what TF-MoDISco is given, and what it gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gxarena.data import Explained, Floats, Interval, Spans
from gxarena.errors import InputError, PluginError, Unsupported
from gxarena.seeds import sample_seed
from gxarena_modisco import worker
from gxarena_modisco.settings import Settings

Kind = Literal["hypothetical", "observed"]
_FEWEST_VALUES = 0.01
"""Distinct scores per nucleotide below which windows tie."""
_TIE_BREAK = 0.25
"""Spread of what breaks ties, over the spread of the scores."""
TIED = "Too many bins for data range"
"""What numpy says of window sums that differ by rounding alone, as few sequences' may."""
_TAIL = 400
"""Characters of a failed worker's last words."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """A cluster of seqlets.

    Attributes
    ----------
    name : str
        Its sign and number.
    sign : "positive" or "negative"
    frequencies, scores : float arrays, shape (w, 4)
    seqlets : tuple of (sample index, Interval)
    """

    name: str
    sign: Literal["positive", "negative"]
    frequencies: Floats
    scores: Floats
    seqlets: tuple[tuple[int, Interval], ...]


@dataclass(frozen=True, eq=False)
class Discovery:
    """What TF-MoDISco found: seqlets of either sign, and patterns, most seqlets first."""

    n_positive: int
    n_negative: int
    patterns: tuple[Pattern, ...]


def contributions(explained: Explained, kind: Kind, encoded: Floats) -> Floats:
    """Contributions per letter, shape (N, L, 4).

    Hypothetical ones are centred over the four letters: only what a letter does beyond the others
    tells motifs apart. Observed ones know the letter that is there.

    Windows of a map with few values, such as GC content, tie; the null that TF-MoDISco fits to
    their sums is then undefined. Such a map gets noise of a quarter of its spread.

    Raises
    ------
    Unsupported
        Units are wider than a nucleotide.
    InputError
        Scores without signs, or that are not finite.
    """
    if any(a.spans != Spans.nucleotides(a.spans.length) for a in explained.attributions):
        raise Unsupported(
            "modisco: expected a score for each nucleotide, got wider units. "
            "Use the aggregator passed_on or equally_distributed."
        )
    made = np.zeros_like(encoded)
    for row, attribution in enumerate(explained.attributions):
        length = attribution.spans.length
        if kind == "observed":
            made[row, :length] = attribution.scores[:, None] * encoded[row, :length]
        elif attribution.hypothetical is not None:
            made[row, :length] = attribution.hypothetical
    if not np.isfinite(made).all():
        raise InputError("modisco: expected finite scores, got NaN or infinity.")
    if kind == "hypothetical":
        made -= made.mean(axis=2, keepdims=True)
    if made.any() and not (made < 0).any():
        raise InputError(
            "modisco: expected signed scores, got none below 0. TF-MoDISco needs to know what "
            "speaks against the target: give it raw scores, not their magnitudes."
        )
    return ties_broken(explained, kind, encoded, made) if _ties(made) else made


def ties_broken(explained: Explained, kind: Kind, encoded: Floats, scores: Floats) -> Floats:
    """Contributions with noise of a quarter of their spread, each sample's own."""
    return scores + _noise(explained, scores) * (encoded if kind == "observed" else 1.0)


def _ties(scores: Floats) -> bool:
    """Whether scores, up to rounding, have very few values."""
    largest = np.abs(scores).max(axis=2)
    if not largest.any():
        return False
    n_values = len(np.unique(np.round(largest / largest.max(), 9)))
    return bool(n_values < _FEWEST_VALUES * largest.size)


def _noise(explained: Explained, scores: Floats) -> Floats:
    """Noise that breaks ties, each sample's own; shape (N, L, 4)."""
    noise = np.zeros_like(scores)
    for row, (sample, attribution) in enumerate(
        zip(explained.samples, explained.attributions, strict=True)
    ):
        length = attribution.spans.length
        rng = np.random.default_rng(sample_seed(explained.seed, "modisco/ties", sample.id))
        noise[row, :length] = rng.standard_normal((length, 4))
    return noise * _TIE_BREAK * float(scores.std())


def discover(encoded: Floats, scores: Floats, settings: Settings) -> Discovery:
    """Run TF-MoDISco in a process of its own (see `gxarena_modisco.worker`).

    Parameters
    ----------
    encoded, scores : float arrays, shape (N, L, 4)

    Raises
    ------
    PluginError
        The process failed; its last words are in the message.
    """
    if encoded.shape[1] < settings.window + 2 * settings.flank:
        raise InputError(
            f"modisco: expected sequences of at least {settings.window + 2 * settings.flank} "
            f"nucleotides (window + 2 flank), got {encoded.shape[1]}. Set a smaller window."
        )
    with tempfile.TemporaryDirectory(prefix="gxarena-modisco-") as name:
        folder = Path(name)
        np.savez(folder / "input.npz", one_hot=encoded, contributions=scores)
        (folder / "settings.json").write_text(json.dumps({"arguments": settings.arguments()}))
        command = [sys.executable, "-m", worker.__name__, str(folder)]
        # The layer whose threads survive a fork, which modisco-lite does for its clusterings.
        environment = os.environ | {"NUMBA_THREADING_LAYER": "workqueue"}
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            raise PluginError(
                f"modisco: expected TF-MoDISco to finish, got exit status {done.returncode}: "
                f"{done.stderr.strip()[-_TAIL:]}"
            )
        with np.load(folder / "output.npz", allow_pickle=False) as found:
            return _discovery({key: found[key] for key in found.files}, encoded)


def _discovery(found: dict[str, np.ndarray[Any, np.dtype[Any]]], encoded: Floats) -> Discovery:
    lengths = [int(np.flatnonzero(row.any(axis=1))[-1]) + 1 for row in encoded]
    names = sorted(
        {key.rpartition(".")[0] for key in found if "." in key},
        key=lambda name: (name.split(".")[0] != "positive", int(name.split(".")[1])),
    )
    patterns = tuple(
        Pattern(
            name=name.replace(".", "_"),
            sign="positive" if name.startswith("positive") else "negative",
            frequencies=found[f"{name}.frequencies"],
            scores=found[f"{name}.scores"],
            seqlets=tuple(_seqlet(row, lengths) for row in found[f"{name}.seqlets"].tolist()),
        )
        for name in names
    )
    positive, negative = found["n_seqlets"].tolist()
    return Discovery(positive, negative, patterns)


def _seqlet(row: list[int], lengths: list[int]) -> tuple[int, Interval]:
    """A seqlet within its sequence; patterns may be wider than what is left of it."""
    sample, start, end, reverse = row
    interval = Interval(max(start, 0), min(end, lengths[sample]), "", "-" if reverse else "+")
    return sample, interval

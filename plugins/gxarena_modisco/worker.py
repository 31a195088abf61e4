"""The process that TF-MoDISco runs in: ``python -m gxarena_modisco.worker FOLDER``.

modisco-lite forks, compiles and takes much memory; a process of its own is free of torch's
threads, gives the memory back, and a crash in it is an error of one cell. Numba keeps what it
compiled on disk, so that the next process starts at once.
"""

from __future__ import annotations

import ctypes
import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.data import Floats

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]
_SET_PARENT_DEATH_SIGNAL = 1


def main(folder: Path) -> None:
    """Read ``input.npz`` and ``settings.json``, write ``output.npz``."""
    given = np.load(folder / "input.npz", allow_pickle=False)
    document = json.loads((folder / "settings.json").read_text())
    found = discover(given["one_hot"], given["contributions"], document)
    np.savez(folder / "output.npz", allow_pickle=False, **found)


def discover(one_hot: Floats, contributions: Floats, document: dict[str, Any]) -> Arrays:
    """Counts of seqlets and, where there are enough, patterns.

    Parameters
    ----------
    one_hot, contributions : float arrays, shape (N, L, 4)
        Contributions of every letter, or of the observed one only.
    document : mapping
        ``arguments`` of TFMoDISco.
    """
    from modiscolite import precompile

    # First, while nothing has started numba's threads: it compiles in forked children, to disk.
    precompile.start()
    arguments = document["arguments"]
    positive, negative = _count_seqlets(one_hot * contributions, arguments)
    found: Arrays = {"n_seqlets": np.array([positive, negative])}
    if max(positive, negative) <= arguments["min_metacluster_size"]:
        return found
    from modiscolite.tfmodisco import TFMoDISco

    patterns = TFMoDISco(one_hot, contributions, **arguments)
    for sign, group in zip(("positive", "negative"), patterns, strict=True):
        for number, pattern in enumerate(group or []):
            key = f"{sign}.{number}"
            found[f"{key}.frequencies"] = np.asarray(pattern.sequence)
            found[f"{key}.scores"] = np.asarray(pattern.contrib_scores)
            found[f"{key}.seqlets"] = np.array(
                [[s.example_idx, s.start, s.end, s.is_revcomp] for s in pattern.seqlets],
                dtype=np.int64,
            ).reshape(-1, 4)
    return found


def _count_seqlets(scores: Floats, arguments: dict[str, Any]) -> tuple[int, int]:
    """Seqlets for and against the target, counted as TFMoDISco itself does."""
    from modiscolite import extract_seqlets

    window, flank = arguments["sliding_window_size"], arguments["flank_size"]
    track = scores.sum(axis=2)
    seqlets, threshold = extract_seqlets.extract_seqlets(
        attribution_scores=track,
        window_size=window,
        flank=flank,
        suppress=int(0.5 * window) + flank,
        target_fdr=arguments["target_seqlet_fdr"],
        min_passing_windows_frac=0.03,
        max_passing_windows_frac=0.2,
        weak_threshold_for_counting_sign=0.8,
    )
    cores = [track[s.example_idx, s.start + flank : s.end - flank].sum() for s in seqlets]
    amounts = np.array(cores)
    return int((amounts > threshold).sum()), int((amounts < -threshold).sum())


def _die_with_parent() -> None:
    """A killed run must not leave this one at work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


if __name__ == "__main__":
    _die_with_parent()
    main(Path(sys.argv[1]))

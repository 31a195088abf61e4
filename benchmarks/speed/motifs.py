"""TF-MoDISco and TOMTOM: wall time, peak memory, and what numba's cache on disk is worth.

    python benchmarks/speed/motifs.py [N]

N promoters of 250 bp (2,000 where not given), explained by LRP on the bundled CNN, hypothetical
contributions. The first process compiles into an empty cache, the second reads it; the peer is
modisco-lite with its own number of clusterings (50). Numbers are the machine's, never a test.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from gxarena.data import Batch, Explained
from gxarena.datasets.bundled import fly_promoters
from gxarena.dna import letters, one_hot
from gxarena_cnn.lrp import LRP
from gxarena_cnn.model import CNN
from gxarena_jaspar.matching import SHUFFLES, compare
from gxarena_jaspar.matrices import collection
from gxarena_modisco.discovery import Discovery, contributions, discover
from gxarena_modisco.settings import settings_for


def timed(what: str, work: Callable[[], Discovery]) -> tuple[float, Discovery]:
    start = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{what:46s} {seconds:8.1f} s   peak {peak:6.0f} MiB   "
        f"{found.n_positive} + {found.n_negative} seqlets, {len(found.patterns)} patterns",
        flush=True,
    )
    return seconds, found


def explained(n: int) -> Explained:
    """The first `n` promoters of the training split, explained."""
    samples = fly_promoters("train").with_labels([1]).samples[:n]
    sequences = tuple(sample.sequence for sample in samples)
    targets = np.ones(len(samples), dtype=np.int64)
    attributions = LRP().explain(CNN(), Batch(sequences, targets))
    return Explained(samples, tuple(attributions), targets, np.zeros((len(samples), 2)))


def main(n: int) -> None:
    given = explained(n)
    encoded = one_hot(letters(given.sequences))
    scores = contributions(given, "hypothetical", encoded)
    settings = settings_for(encoded.shape[1], {})
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        print(f"{len(given)} x {encoded.shape[1]} bp, {os.cpu_count()} cores")
        cold, _ = timed("first process, compiles", lambda: discover(encoded, scores, settings))
        warm, found = timed("next process, compiled", lambda: discover(encoded, scores, settings))
        published = settings_for(encoded.shape[1], {"leiden_runs": 50, "max_seqlets": 20000})
        peer, _ = timed(
            "modisco-lite's own 50 clusterings", lambda: discover(encoded, scores, published)
        )
    print(f"compiling costs x {cold / warm:.1f}; fewer clusterings save x {peer / warm:.1f}")
    motifs = [pattern.frequencies for pattern in found.patterns] or [np.eye(4)]
    targets = collection("vertebrates")
    compare(motifs[:1], targets, shuffles=1)
    start = time.perf_counter()
    compare(motifs, targets)
    print(
        f"TOMTOM, {len(motifs)} motifs, each with {SHUFFLES} shuffles, "
        f"against {len(targets)} matrices: "
        f"{time.perf_counter() - start:.3f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)

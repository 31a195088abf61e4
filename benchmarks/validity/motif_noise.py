"""How often patterns of scores that know nothing match a motif: what `modisco` lets pass.

    python benchmarks/validity/motif_noise.py leaderboard/motif-noise.parquet [--seeds 20]
        [--sequences 700] [--minutes M] [--units NAME...] [--scores NAME...]
        [--data NAME REFERENCE LABEL GROUP]...

Scores are random, GC content, or a real explainer's in random order among a sequence's units; on
the tokens of the bundled fly DNABERT-2, and on nucleotides, observed and hypothetical. Each seed
draws the scores and takes its own sequences of one class (their first 250 nucleotides, which the
bundled CNN reads). A row is one run of TF-MoDISco: its patterns, how many matched by the former
rule (TOMTOM alone, rows trimmed over even letters), how many count, how many match, which entries
(null in rows of earlier tables), and its seconds. At most .05 of the patterns of random and
permuted scores should match. GC content is a control but no noise: it says something of the
sequence, and finds CTCF in CTCF's own peaks, which hold it.

What the table has is not made again: the same command goes on where it stopped, with more seeds,
other scores or data too; after --minutes nothing new begins. The table is written after every kind
of scores. Begin with none where the rules of `modisco` have changed. Ten to thirty seconds a run on
one core, three hours for all.

Without --data: fly-promoters, and human non-TATA promoters of Genomic Benchmarks (downloaded).
REFERENCE is a data set's name or a file; GROUP is JASPAR's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product, starmap
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from memelite import tomtom
from scipy.stats import false_discovery_control

from gxarena.aggregators.projection import project_all
from gxarena.aggregators.tokens_to_nucleotides import PassedOn
from gxarena.api import Motif
from gxarena.data import Attribution, Explained, Floats, Sample, Spans
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError
from gxarena.files import writing
from gxarena.registry import Registry
from gxarena.run.single import explain_samples
from gxarena_jaspar.matrices import collection
from gxarena_modisco.metric import TFMoDISco

LONGEST = 250
DATA = (
    ("fly", "fly-promoters:test", "1", "insects"),
    ("nontata", "genomic-benchmarks:human_nontata_promoters:test", "1", "vertebrates"),
)
MODELS = {"tokens": ("dnabert2-mini", "attnlrp"), "nucleotides": ("cnn", "lrp")}
"""Units -> the model that has them, and the explainer whose scores are permuted."""
KINDS = {"tokens": ("observed",), "nucleotides": ("observed", "hypothetical")}
SCORES = ("random", "gc", "permuted")
KEYS = ("seed", "dataset", "units", "scores", "contributions")
"""What tells rows apart."""
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("dataset", "group", "units", "contributions", "scores")),
        *((name, pa.int64()) for name in ("sequences", "seed")),
        *((name, pa.int64()) for name in ("patterns", "matched_before", "counted", "matched")),
        ("matches", pa.list_(pa.string())),
        *((name, pa.float64()) for name in ("most_bits", "seconds")),
    ]
)
FORMER = {"row": 0.25, "bits": 5.0, "rows": 4, "pseudocount": 1e-3, "level": 0.05}


@dataclass(frozen=True)
class Source:
    """Sequences of one class, and the group of JASPAR they are compared with."""

    name: str
    samples: tuple[Sample, ...]
    group: str


def opened(name: str, reference: str, label: str, group: str) -> Source:
    """A source by name or file, cut to what every model reads."""
    chosen = open_dataset(reference).with_labels([int(label)])
    cut = (replace(s, sequence=s.sequence[:LONGEST], annotations=()) for s in chosen.samples)
    return Source(name, tuple(cut), group)


@dataclass(frozen=True)
class Work:
    """One kind of scores on some of a source's sequences: a row for each of its contributions."""

    seed: int
    source: Source
    units: str
    scores: str

    def row_keys(self) -> set[tuple[Any, ...]]:
        """Of its rows, see `KEYS`."""
        base = (self.seed, self.source.name, self.units, self.scores)
        return {(*base, kind) for kind in KINDS[self.units]}

    def rows(self, sequences: int, registry: Registry) -> Iterator[dict[str, Any]]:
        """Explain, and run TF-MoDISco once for each of the contributions."""
        rng = np.random.default_rng(self.seed)
        chosen = rng.permutation(len(self.source.samples))[:sequences]
        samples = tuple(self.source.samples[i] for i in sorted(chosen.tolist()))
        explained = noise(self.scores, self.units, samples, self.seed, registry)
        group = self.source.group
        for kind in KINDS[self.units]:
            begin = time.perf_counter()
            motifs = TFMoDISco(contributions=kind, group=group).score_set(explained).motifs
            seconds = time.perf_counter() - begin
            yield {
                "dataset": self.source.name, "group": group, "sequences": len(samples),
                "units": self.units, "contributions": kind, "scores": self.scores,
                "seed": self.seed,
                "patterns": len(motifs), "matched_before": matched_before(motifs, group),
                "counted": sum(motif.counts for motif in motifs),
                "matched": sum(motif.match is not None for motif in motifs),
                "matches": sorted(f"{m.match.name} {m.match.id}" for m in motifs if m.match),
                "most_bits": max((motif.bits or 0.0 for motif in motifs), default=None),
                "seconds": seconds,
            }  # fmt: skip


def made_before(path: Path, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rows of a table that is there.

    Parameters
    ----------
    path : Path
    sizes : mapping
        How many sequences a row of each data set is to be of.

    Raises
    ------
    InputError
        A row is of another number of sequences.
    """
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path.is_file() else []
    for row in found:
        if (asked := sizes.get(row["dataset"], row["sequences"])) != row["sequences"]:
            raise InputError(
                f"{path}, {row['dataset']}: expected rows of {asked} sequences, got one of "
                f"{row['sequences']}. Set --sequences {row['sequences']}, or name another file."
            )
    return found


def noise(
    scores: str, units: str, samples: tuple[Sample, ...], seed: int, registry: Registry
) -> Explained:
    """Scores that know nothing, a value for each nucleotide."""
    model, explainer = MODELS[units]
    if scores != "permuted":
        explainer = scores
    explained = explain_samples(
        registry, samples, model=model, explainer=explainer, target=1, seed=seed,
        explainer_parameters={"centred": True} if scores == "gc" else {},
    )  # fmt: skip
    if scores == "permuted":
        rng = np.random.default_rng(seed)
        explained = explained.with_attributions(
            [permuted(attribution, rng) for attribution in explained.attributions]
        )
    nucleotides = [Spans.nucleotides(len(sample.sequence)) for sample in samples]
    return project_all(PassedOn(), explained, nucleotides) if units == "tokens" else explained


def permuted(attribution: Attribution, rng: np.random.Generator) -> Attribution:
    """Scores, and contributions of every letter, in one random order among the units."""
    order = rng.permutation(len(attribution.scores))
    others = attribution.hypothetical
    return replace(
        attribution,
        scores=attribution.scores[order],
        hypothetical=None if others is None else others[order],
    )


def matched_before(motifs: tuple[Motif, ...], group: str) -> int:
    """Patterns that matched by the rule that was, written out again here."""
    queries = [kept for motif in motifs if len(kept := _trimmed_before(motif.frequencies))]
    if not queries:
        return 0
    targets = [target.frequencies.T for target in collection(group)]
    shape = (len(motifs), len(targets))
    p = np.ones(shape)
    p[: len(queries)] = tomtom([np.ascontiguousarray(one.T) for one in queries], targets)[0]
    q = false_discovery_control(np.clip(p, 0, 1), axis=None).reshape(shape)
    return int((q.min(axis=1) < FORMER["level"]).sum())


def _trimmed_before(frequencies: Floats) -> Floats:
    """Informative rows over even letters; none where a motif held too little."""
    shares = (frequencies + FORMER["pseudocount"]) / (1 + 4 * FORMER["pseudocount"])
    bits = 2 + (shares * np.log2(shares)).sum(axis=1)
    informative = np.flatnonzero(bits >= FORMER["row"])
    if not len(informative):
        return frequencies[:0]
    kept = slice(informative[0], informative[-1] + 1)
    enough = bits[kept].sum() >= FORMER["bits"] and len(bits[kept]) >= FORMER["rows"]
    return frequencies[kept] if enough else frequencies[:0]


def _print(found: pa.Table) -> None:
    """Shares of patterns, by data set, units and scores."""
    keys = ["dataset", "units", "contributions", "scores"]
    amounts = ["patterns", "matched_before", "counted", "matched"]
    sums = found.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in amounts])
    print(f"{'data, units, contributions, scores':48} {'patterns':>8} {'before':>7} {'now':>7}")
    for row in sums.to_pylist():
        n = row["patterns_sum"]
        before, now = ((row[f"{key}_sum"] / n if n else np.nan) for key in amounts[1::2])
        print(f"{', '.join(row[key] for key in keys):48} {n:8} {before:7.3f} {now:7.3f}")


def main(arguments: Sequence[str]) -> None:
    """Whatever is asked for and not there yet, one seed of everything after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sequences", type=int, default=700)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--units", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--scores", nargs="+", choices=SCORES, default=list(SCORES))
    parser.add_argument(
        "--data", nargs=4, action="append", metavar=("NAME", "REF", "LABEL", "GROUP")
    )
    given = parser.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    sources = [opened(*one) for one in given.data or DATA]
    sizes = {one.name: min(given.sequences, len(one.samples)) for one in sources}
    found = made_before(given.out, sizes)
    have = {tuple(row[key] for key in KEYS) for row in found}
    asked = starmap(Work, product(range(given.seeds), sources, given.units, given.scores))
    due = [work for work in asked if not work.row_keys() <= have]
    registry = Registry.load()
    for place, work in enumerate(due):
        if time.monotonic() >= end:
            print(f"{len(due) - place} of {len(due)} left: the same command goes on.", flush=True)
            break
        kept = [row for row in found if tuple(row[key] for key in KEYS) not in work.row_keys()]
        found = kept + list(work.rows(given.sequences, registry))
        with writing(given.out) as file:
            pq.write_table(pa.Table.from_pylist(found, SCHEMA), file)
        print(f"seed {work.seed}: {work.source.name}, {work.units}, {work.scores}", flush=True)
    if found:
        _print(pa.Table.from_pylist(found, SCHEMA))


if __name__ == "__main__":
    main(sys.argv[1:])

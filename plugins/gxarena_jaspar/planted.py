"""Sequences whose truth is known: JASPAR motifs planted into shuffled real sequences.

Each sequence belongs to one of six grammars, and each grammar has motifs of its own, so that one
network can learn them all:

- ``one``: phol;
- ``and``: M1BP and sens, each alone is negative;
- ``or``: Hnf4, or gsb, or both;
- ``spacing``: bs, then Dif 6 to 10 nucleotides behind it; other spacings are negative;
- ``unless``: HLH4C, but not beside vri;
- ``decoys``: klu, among Sox102F and su(Hw), which both classes have alike.

A motif counts as present where a window scores at least as high as its weakest planted instance:
planted instances are drawn from the matrix above that score, and sequences in which another such
window arises, on either strand, are drawn again. Labels and annotations are exact by construction.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxarena import dna
from gxarena.data import Floats, Interval, Sample
from gxarena.datasets.bundled import fly_promoters
from gxarena.datasets.dataset import Dataset
from gxarena.dna import Letters, dinucleotide_shuffles
from gxarena.errors import check_at_least, check_choice
from gxarena.truth import DECOY
from gxarena_jaspar.grammars import (
    BS,
    DIF,
    GRAMMARS,
    GSB,
    HLH4C,
    HNF4,
    KLU,
    M1BP,
    PHOL,
    SENS,
    SOX102F,
    SUHW,
    VRI,
    Group,
)
from gxarena_jaspar.matrices import RELEASE, Matrix, matrices

SIZES = {"train": 96_000, "valid": 2_400, "test": 2_400}
MARGIN = 5
"""Nucleotides at either end, and between planted groups, that stay background."""
WEAKEST = 0.25
"""Quantile of a matrix's own instances below which a window does not count as the motif."""
_DRAWN_INSTANCES = 4096
_BATCH = 1024


def planted(
    split: str = "test",
    grammar: str = "all",
    n: int | None = None,
    seed: int = 0,
    release: str = RELEASE,
) -> Dataset:
    """Planted sequences of 250 bp, half of them positive; annotations are the planted motifs.

    Parameters
    ----------
    split : "train", "valid" or "test"
        Shuffled from the same split of fly-promoters.
    grammar : str
        One of `GRAMMARS`, or "all" for equal parts of each.
    n : int, optional
        Sequences; 96,000, 2,400 and 2,400 where not given. A smaller set is the beginning of a
        larger one.
    seed : int
    release : str
        JASPAR's.

    Returns
    -------
    Dataset
        An interval is named by its matrix; behind ``decoy:`` where it does not make the sequence
        positive, which holds for all intervals of negatives.
    """
    check_choice("planted, split", split, SIZES)
    check_choice("planted, grammar", grammar, [*GRAMMARS, "all"])
    size = SIZES[split] if n is None else n
    check_at_least("planted, n", size)
    return _made(split, grammar, size, seed, release)


@functools.lru_cache(maxsize=8)
def _made(split: str, grammar: str, size: int, seed: int, release: str) -> Dataset:
    names = list(GRAMMARS) if grammar == "all" else [grammar]
    background = [sample.sequence for sample in fly_promoters(split).samples]
    planter = _Planter(background, release, [zlib.crc32(split.encode()), seed])
    slots = [(names[i % len(names)], i // len(names)) for i in range(size)]
    samples: list[Sample] = []
    for start in range(0, size, _BATCH):
        samples.extend(planter.samples(split, slots[start : start + _BATCH]))
    return Dataset(f"planted:{split}", tuple(samples), "planted motifs")


@dataclass(frozen=True, eq=False)
class _Motif:
    """A matrix with its threshold and the instances it is planted as.

    Attributes
    ----------
    instances : uint8 array, shape (n, w)
        Letters of A, C, G, T.
    """

    matrix: Matrix
    threshold: float
    instances: Letters


class _Planter:
    """Makes samples; sample i of a grammar depends on the seed and i alone."""

    def __init__(self, background: list[str], release: str, seed: list[int]) -> None:
        self._background = background
        self._seed = seed
        wanted = [PHOL, M1BP, SENS, HNF4, GSB, BS, DIF, HLH4C, VRI, KLU, SOX102F, SUHW]
        self._motifs = {
            m.id: _motif(m, number) for number, m in enumerate(matrices(wanted, release))
        }

    def samples(self, split: str, slots: Sequence[tuple[str, int]]) -> list[Sample]:
        """One sample per (grammar, number), drawn again until nothing unplanned is in it."""
        made: dict[tuple[str, int], Sample] = {}
        attempt = 0
        while pending := [slot for slot in slots if slot not in made]:
            drafts = [self._draft(split, *slot, attempt) for slot in pending]
            clean = self._clean([sample.sequence for sample, _ in drafts], [n for _, n in drafts])
            for slot, (sample, _), is_clean in zip(pending, drafts, clean, strict=True):
                if is_clean:
                    made[slot] = sample
            attempt += 1
        return [made[slot] for slot in slots]

    def _draft(self, split: str, name: str, number: int, attempt: int) -> tuple[Sample, int]:
        """A sample, and how many motifs were planted into it."""
        grammar = GRAMMARS[name]
        rng = np.random.default_rng([*self._seed, zlib.crc32(name.encode()), number, attempt])
        label = number % 2
        arrangements = grammar.positive if label else grammar.negative
        causal = arrangements[number // 2 % len(arrangements)]
        source = self._background[int(rng.random() * len(self._background))]
        shuffled = dinucleotide_shuffles(source, 1, int(rng.integers(2**62)))[0]
        codes = dna.codes(dna.letters([shuffled]))[0]
        groups = [(group, bool(label)) for group in causal]
        groups += [(group, False) for group in grammar.decoys]
        intervals = self._plant(codes, groups, rng)
        sequence = dna.LETTERS[codes].tobytes().decode()
        identifier = f"{split}-{name}-{number:05d}"
        return Sample(identifier, sequence, label, tuple(intervals)), len(intervals)

    def _plant(
        self, codes: Letters, groups: list[tuple[Group, bool]], rng: np.random.Generator
    ) -> list[Interval]:
        """Write the groups into `codes`, shape (L,), in random order at random places."""
        order = np.argsort(rng.random(len(groups))).tolist()
        laid = [self._laid_out(group, causal, rng) for group, causal in (groups[i] for i in order)]
        widths = [parts[-1][1].end for parts in laid if parts]
        free = len(codes) - sum(widths) - MARGIN * (len(laid) + 1)
        cuts = np.sort((rng.random(len(laid)) * (free + 1)).astype(np.int64))
        intervals = []
        begin = MARGIN
        for parts, cut, width in zip(laid, cuts.tolist(), widths, strict=True):
            for instance, place in parts:
                start, end = begin + cut + place.start, begin + cut + place.end
                codes[start:end] = instance
                intervals.append(Interval(start, end, place.name, "+"))
            begin += width + MARGIN
        return intervals

    def _laid_out(
        self, group: Group, causal: bool, rng: np.random.Generator
    ) -> list[tuple[Letters, Interval]]:
        """Instances of a group's motifs, with their places relative to its start."""
        parts: list[tuple[Letters, Interval]] = []
        position = 0
        low, high = group.gaps
        for identifier in group.motifs:
            if parts:
                position += low + int(rng.random() * (high - low + 1))
            instances = self._motifs[identifier].instances
            instance = instances[int(rng.random() * len(instances))]
            name = identifier if causal else DECOY + identifier
            parts.append((instance, Interval(position, position + len(instance), name, "+")))
            position += len(instance)
        return parts

    def _clean(self, sequences: list[str], n_planted: list[int]) -> list[bool]:
        """Whether a sequence has as many windows that count as were planted, and no others.

        A palindromic matrix finds its instances on both strands: one window counts once.
        """
        codes = dna.codes(dna.letters(sequences))
        found = np.zeros(len(sequences), dtype=np.int64)
        for motif in self._motifs.values():
            forward = window_scores(codes, motif.matrix.log_odds) >= motif.threshold
            reverse = window_scores(codes, motif.matrix.log_odds[::-1, ::-1]) >= motif.threshold
            found += (forward | reverse).sum(axis=1)
        return [bool(one) for one in found == n_planted]


def window_scores(codes: NDArray[np.integer], log_odds: Floats) -> Floats:
    """A matrix's score at every window, shape (N, L - w + 1).

    Parameters
    ----------
    codes : int array, shape (N, L)
    log_odds : float array, shape (w, 4)
    """
    width = len(log_odds)
    n_windows = codes.shape[1] - width + 1
    scores = np.zeros((len(codes), n_windows))
    for position in range(width):
        scores += log_odds[position][codes[:, position : position + n_windows]]
    return scores


def _motif(matrix: Matrix, number: int) -> _Motif:
    """Threshold and instances, the same for every seed."""
    draws = np.random.default_rng([2024, number]).random((_DRAWN_INSTANCES, matrix.width, 1))
    drawn = (draws > np.cumsum(matrix.frequencies, axis=1)[:, :3]).sum(axis=2)
    scores = window_scores(drawn, matrix.log_odds)[:, 0]
    threshold = float(np.quantile(scores, WEAKEST)) - 1e-9
    return _Motif(matrix, threshold, drawn[scores >= threshold].astype(np.uint8))

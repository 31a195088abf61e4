"""Sequences whose truth is known: JASPAR motifs planted into shuffled real sequences.

Each sequence belongs to one of six grammars, and each grammar has motifs of its own, so that one
network can learn them all:

- ``one``: phol;
- ``and``: M1BP and sens, each alone is negative;
- ``or``: Hnf4, or gsb, or both;
- ``spacing``: bs, then Dif 6 to 10 nucleotides behind it; other spacings are negative;
- ``unless``: HLH4C, but not beside vri;
- ``decoys``: klu, among Sox102F and su(Hw), which both classes have alike.

A seventh there is by its name alone:

- ``order``: Atf6, then CG7928; the other way round, 6 to 30 nucleotides apart too, is negative.

A motif counts as present where a window scores at least as high as its weakest planted instance:
planted instances are drawn from the matrix above that score, and sequences in which another such
window arises, on either strand, are drawn again. Labels and annotations are exact by construction.
Spacing and order are read along the sequence as it is given, whichever strand the motifs lie on.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from gxarena import dna
from gxarena.data import Interval, Sample
from gxarena.datasets.bundled import fly_promoters
from gxarena.datasets.dataset import Dataset
from gxarena.dna import Letters, dinucleotide_shuffles
from gxarena.errors import InputError, check_at_least, check_choice
from gxarena.truth import DECOY
from gxarena_jaspar.grammars import GRAMMARS, MORE_MOTIFS, MOTIFS, TOGETHER, Group
from gxarena_jaspar.informed import informed
from gxarena_jaspar.instances import Motif, drawn_motif, of_split
from gxarena_jaspar.matrices import RELEASE, matrices

Strands = Literal["forward", "both"]

SIZES = {"train": 96_000, "valid": 2_400, "test": 2_400}
MARGIN = 5
"""Nucleotides at either end, and between planted groups, that stay background."""
_BATCH = 1024
_STRANDS = zlib.crc32(b"strands")


def planted(
    split: str = "test",
    grammar: str = "all",
    n: int | None = None,
    seed: int = 0,
    release: str = RELEASE,
    strands: Strands = "forward",
    held_out: bool = False,
    information: bool = False,
) -> Dataset:
    """Planted sequences of 250 bp, half of them positive; annotations are the planted motifs.

    Parameters
    ----------
    split : "train", "valid" or "test"
        Shuffled from the same split of fly-promoters.
    grammar : str
        The rule that makes a sequence positive: "one", "and", "or", "spacing", "unless", "decoys",
        or "all" for equal parts of each of these; "order" apart (`gxarena_jaspar.grammars`).
    n : int, optional
        Sequences; 96,000, 2,400 and 2,400 where not given. A smaller set is the beginning of a
        larger one.
    seed : int
        Of the random numbers: with another one other backgrounds, instances and places.
    release : str
        JASPAR's release, such as "JASPAR2026".
    strands : "forward" or "both"
        Whether each planted instance lies on a strand of its own, drawn by the seed; intervals say
        which. Spacing and order stay those along the given sequence.
    held_out : bool
        Whether train, valid and test are planted with words of their own: none that one split has
        occurs in another, on either strand (see `gxarena_jaspar.instances.of_split`).
    information : bool
        Whether intervals say how informative each of their nucleotides is, for metrics that weigh
        the truth by it.

    Returns
    -------
    Dataset
        An interval is named by its matrix; behind ``decoy:`` where it does not make the sequence
        positive, which holds for all intervals of negatives.
    """
    check_choice("planted, split", split, SIZES)
    check_choice("planted, grammar", grammar, [*GRAMMARS, "all"])
    check_choice("planted, strands", strands, get_args(Strands))
    for name, flag in (("held_out", held_out), ("information", information)):
        if not isinstance(flag, bool):
            raise InputError(f"planted, {name}: expected true or false, got {flag!r}.")
    size = SIZES[split] if n is None else n
    check_at_least("planted, n", size)
    made = _made(split, grammar, size, seed, release, strands, held_out)
    motifs = (*MOTIFS, *MORE_MOTIFS.get(grammar, ()))
    return informed(made, matrices(motifs, release)) if information else made


@functools.lru_cache(maxsize=8)
def _made(
    split: str, grammar: str, size: int, seed: int, release: str, strands: Strands, held_out: bool
) -> Dataset:
    names = TOGETHER if grammar == "all" else (grammar,)
    background = [sample.sequence for sample in fly_promoters(split).samples]
    wanted = (*MOTIFS, *MORE_MOTIFS.get(grammar, ()))
    motifs = {m.id: drawn_motif(m, number) for number, m in enumerate(matrices(wanted, release))}
    if held_out:
        motifs = {name: of_split(one, split) for name, one in motifs.items()}
    planter = _Planter(
        background, motifs, [zlib.crc32(split.encode()), seed], both_strands=strands == "both"
    )
    slots = [(names[i % len(names)], i // len(names)) for i in range(size)]
    samples: list[Sample] = []
    for start in range(0, size, _BATCH):
        samples.extend(planter.samples(split, slots[start : start + _BATCH]))
    return Dataset(f"planted:{split}", tuple(samples), "planted motifs")


class _Planter:
    """Makes samples; sample i of a grammar depends on the seed and i alone."""

    def __init__(
        self,
        background: list[str],
        motifs: Mapping[str, Motif],
        seed: list[int],
        *,
        both_strands: bool = False,
    ) -> None:
        self._background = background
        self._motifs = motifs
        self._seed = seed
        self._both_strands = both_strands

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
        seed = [*self._seed, zlib.crc32(name.encode()), number, attempt]
        rng = np.random.default_rng(seed)
        label = number % 2
        arrangements = grammar.positive if label else grammar.negative
        causal = arrangements[number // 2 % len(arrangements)]
        source = self._background[int(rng.random() * len(self._background))]
        shuffled = dinucleotide_shuffles(source, 1, int(rng.integers(2**62)))[0]
        codes = dna.codes(dna.letters([shuffled]))[0]
        groups = [(group, bool(label)) for group in causal]
        groups += [(group, False) for group in grammar.decoys]
        # Of a stream of their own: places and words are those of the forward strand alone.
        turns = np.random.default_rng([*seed, _STRANDS]) if self._both_strands else None
        intervals = self._plant(codes, groups, rng, turns)
        sequence = dna.LETTERS[codes].tobytes().decode()
        identifier = f"{split}-{name}-{number:05d}"
        return Sample(identifier, sequence, label, tuple(intervals)), len(intervals)

    def _plant(
        self,
        codes: Letters,
        groups: list[tuple[Group, bool]],
        rng: np.random.Generator,
        turns: np.random.Generator | None,
    ) -> list[Interval]:
        """Write the groups into `codes`, shape (L,), in random order at random places.

        Each instance is turned round by a throw of `turns`, where it is given.
        """
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
                turned = turns is not None and turns.random() < 0.5
                codes[start:end] = 3 - instance[::-1] if turned else instance
                intervals.append(Interval(start, end, place.name, "-" if turned else "+"))
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
        """Whether a sequence has as many windows that count as were planted, and no others."""
        codes = dna.codes(dna.letters(sequences))
        found = np.zeros(len(sequences), dtype=np.int64)
        for one in self._motifs.values():
            found += one.found(codes).sum(axis=1)
        return [bool(one) for one in found == n_planted]

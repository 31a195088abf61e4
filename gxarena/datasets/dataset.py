"""Dataset: named samples with unique ids."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from gxarena.data import Sample
from gxarena.errors import InputError
from gxarena.samples import NO_FLANKS


@dataclass(frozen=True)
class Dataset:
    """Named samples with unique ids.

    Parameters
    ----------
    name : str
    samples : tuple of N Sample
    kind : str
        What its sequences are, for readers of results: "promoters", "enhancers", …; empty where it
        does not say.
    """

    name: str
    samples: tuple[Sample, ...]
    kind: str = ""

    def __post_init__(self) -> None:
        if not self.samples:
            raise InputError(f"dataset '{self.name}': expected at least one sample, got none.")
        if len({sample.id for sample in self.samples}) < len(self.samples):
            repeated = Counter(sample.id for sample in self.samples).most_common(1)[0][0]
            raise InputError(
                f"dataset '{self.name}': expected unique ids, got '{repeated}' more than once."
            )

    @functools.cached_property
    def digest(self) -> str:
        """Digest of ids, sequences, labels, annotations and flanks, in order; not of name, kind."""
        state = hashlib.sha256()
        for sample in self.samples:
            state.update(repr((sample.id, sample.sequence, sample.label)).encode())
            state.update(repr(sample.annotations).encode())
            # Apart: annotations without it have the digest that they had before it existed.
            if information := [one.information for one in sample.annotations if one.information]:
                state.update(repr(information).encode())
            if sample.flanks != NO_FLANKS:  # likewise
                state.update(repr(sample.flanks).encode())
        return state.hexdigest()

    @functools.cached_property
    def annotated(self) -> bool:
        """Whether any sample has annotations."""
        return any(sample.annotations for sample in self.samples)

    @property
    def whole(self) -> Dataset:
        """The samples as a model reads them, with their flanks: what it is trained on."""
        return replace(self, samples=tuple(sample.whole for sample in self.samples))

    def within(self, start: int, end: int) -> Dataset:
        """The samples with ``[start, end)`` as the region that is explained and scored.

        Raises
        ------
        InputError
            A sample is shorter, or the region is empty.
        """
        return replace(self, samples=tuple(sample.within(start, end) for sample in self.samples))

    def with_labels(self, labels: Iterable[int]) -> Dataset:
        """The samples whose label is one of `labels`."""
        wanted = set(labels)
        kept = tuple(sample for sample in self.samples if sample.label in wanted)
        if not kept:
            present = sorted({str(sample.label) for sample in self.samples})
            raise InputError(
                f"dataset '{self.name}', labels: expected some of {', '.join(present)}, "
                f"got {sorted(wanted)}."
            )
        return replace(self, samples=kept)

    def subset(self, n: int, seed: int = 0) -> Dataset:
        """At most `n` samples in their order, as evenly as can be from every class.

        Parameters
        ----------
        n : int
        seed : int
            Chooses the samples; for one seed, a larger subset holds the smaller ones where the
            classes allow it.
        """
        if n < 1:
            raise InputError(f"dataset '{self.name}', n: expected at least 1, got {n}.")
        if n >= len(self.samples):
            return self
        members: dict[int | None, list[int]] = defaultdict(list)
        for index in np.random.default_rng(seed).permutation(len(self.samples)).tolist():
            members[self.samples[index].label].append(index)
        # Deal the classes' samples out in turn.
        place = {i: (turn, str(c)) for c, ones in members.items() for turn, i in enumerate(ones)}
        chosen = sorted(sorted(place, key=place.__getitem__)[:n])
        return replace(self, samples=tuple(self.samples[index] for index in chosen))

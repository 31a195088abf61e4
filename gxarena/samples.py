"""Samples: sequences with their annotations, and the region of them that is explained.

Third parties import these from `gxarena.data`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gxarena.errors import InputError

Flanks = tuple[str, str]
"""What a model reads on the left and on the right of the sequence that is explained."""

NO_FLANKS: Flanks = ("", "")


@dataclass(frozen=True)
class Interval:
    """An annotated stretch ``[start, end)`` of a sequence: ground truth for localization.

    Attributes
    ----------
    information : tuple of float
        Of each of its nucleotides, in the sequence's order, how much it says of the motif: the bits
        of its column over those of the motif's most informative one. Empty where that is not known.
    """

    start: int
    end: int
    name: str = ""
    strand: str = "."
    information: tuple[float, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        width, given = self.end - self.start, self.information
        if given and not (len(given) == width and all(0 <= one <= 1 for one in given)):
            raise InputError(
                f"Interval '{self.name}', information: expected {width} numbers from 0 to 1, "
                f"one for each nucleotide, got {list(given)}."
            )

    def within(self, start: int, end: int) -> Interval | None:
        """What of it lies in ``[start, end)``, counted from there; None where nothing does."""
        if not (self.end > start and self.start < end):
            return None
        return Interval(
            max(self.start, start) - start,
            min(self.end, end) - start,
            self.name,
            self.strand,
            self.information[max(start - self.start, 0) : max(end - self.start, 0)],
        )


@dataclass(frozen=True)
class Sample:
    """One sequence of a dataset: upper-case ACGTN, an integer class label where known.

    Where only a region of what a model reads is explained and scored, `sequence` is that region
    and coordinates count from its start; `flanks` are what lies around it. So nobody who explains,
    edits or scores a sequence can touch them or take them for units: only a model sees them.

    Parameters
    ----------
    flanks : (left, right)
        Both empty where the whole sequence is explained.
    """

    id: str
    sequence: str
    label: int | None = None
    annotations: tuple[Interval, ...] = ()
    flanks: Flanks = NO_FLANKS

    @property
    def region(self) -> Interval | None:
        """Where the sequence lies in what a model reads; None where it is all of it."""
        if self.flanks == NO_FLANKS:
            return None
        start = len(self.flanks[0])
        return Interval(start, start + len(self.sequence), "region")

    @property
    def whole(self) -> Sample:
        """The sample as a model reads it, with the flanks in its sequence."""
        if self.flanks == NO_FLANKS:
            return self
        left, right = self.flanks
        moved = (
            replace(one, start=one.start + len(left), end=one.end + len(left))
            for one in self.annotations
        )
        return replace(
            self, sequence=left + self.sequence + right, annotations=tuple(moved), flanks=NO_FLANKS
        )

    def within(self, start: int, end: int) -> Sample:
        """The sample with ``[start, end)`` of its sequence as the region that is explained.

        Annotations are cut to it; those outside are dropped.

        Raises
        ------
        InputError
            The region is empty, or not within the sequence.
        """
        if not 0 <= start < end <= len(self.sequence):
            raise InputError(
                f"sample '{self.id}', region: expected a start and an end within its "
                f"{len(self.sequence)} nucleotides, got {start} and {end}."
            )
        left, right = self.flanks
        return replace(
            self,
            sequence=self.sequence[start:end],
            annotations=tuple(a for one in self.annotations if (a := one.within(start, end))),
            flanks=(left + self.sequence[:start], self.sequence[end:] + right),
        )

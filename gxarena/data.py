"""The types every stage speaks: strings in, NumPy out.

Shape letters: N samples, B micro-batch, L nucleotides, U units, C outputs, K budgets.
Coordinates are 0-based and half-open. Padding never leaves a plugin.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gxarena.errors import InputError, ShapeError
from gxarena.samples import Interval as Interval
from gxarena.samples import Sample as Sample

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Chosen = TypeVar("Chosen")


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array read-only, so that no plugin can edit what another one reads."""
    array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Spans:
    """A partition of the nucleotides [0, L) into U consecutive, non-empty units.

    Gaps, overlaps, padding and special tokens cannot be expressed. Granularity *is* this
    partition: a CNN's is one nucleotide a unit, a BPE model's one token a unit.

    Parameters
    ----------
    boundaries : int array, shape (U + 1,)
        Strictly increasing, from 0 to L; unit u covers ``[boundaries[u], boundaries[u + 1])``.
    """

    boundaries: Ints

    def __post_init__(self) -> None:
        boundaries = np.array(self.boundaries, dtype=np.int64)
        if boundaries.ndim != 1 or len(boundaries) < 2 or boundaries[0] != 0:
            raise ShapeError(
                "Spans: expected boundaries that run from 0 to the sequence length, "
                f"got {boundaries.tolist()}."
            )
        if np.any(np.diff(boundaries) <= 0):
            raise ShapeError(
                f"Spans: expected strictly increasing boundaries, got {boundaries.tolist()}."
            )
        frozen(boundaries)
        object.__setattr__(self, "boundaries", boundaries)

    @classmethod
    def nucleotides(cls, length: int) -> Spans:
        """One unit per nucleotide of a sequence of `length`."""
        return cls(np.arange(length + 1))

    def __len__(self) -> int:
        return len(self.boundaries) - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and np.array_equal(self.boundaries, other.boundaries)

    __hash__ = None  # type: ignore[assignment]  # compared by content, never a key

    @property
    def length(self) -> int:
        """Number of nucleotides L."""
        return int(self.boundaries[-1])

    @functools.cached_property
    def widths(self) -> Ints:
        """Nucleotides per unit, shape (U,); read-only, and made once."""
        widths = np.diff(self.boundaries)
        frozen(widths)
        return widths

    @property
    def owner(self) -> Ints:
        """The unit each nucleotide belongs to, shape (L,)."""
        return np.repeat(np.arange(len(self)), self.widths)

    def refines(self, coarser: Spans) -> bool:
        """Whether every boundary of `coarser` is one of these."""
        return self.length == coarser.length and bool(
            np.isin(coarser.boundaries, self.boundaries, assume_unique=True).all()
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """What an explainer is given: B sequences, what to explain of each, and a seed of its own each.

    Parameters
    ----------
    sequences : tuple of B str
        Upper-case ACGTN, each of its own length.
    targets : int array, shape (B,)
        The output explained.
    objective : str
        What of the outputs is explained: see `gxarena.objective`.
    seeds : int array, shape (B,)
        Per-sample seeds; a stochastic explainer draws sample b's noise from ``seeds[b]`` alone,
        so that no result depends on the batch.
    ids : tuple of B str
        The samples' ids.
    annotations : tuple of B tuples of Interval
        Ground truth where the dataset has it; only control explainers may look at it.
    origins : tuple of B str
        The sequences that edited copies were made from; see `drawn_from`.
    """

    sequences: tuple[str, ...]
    targets: Ints
    objective: str = "logit"
    seeds: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    ids: tuple[str, ...] = ()
    annotations: tuple[tuple[Interval, ...], ...] = ()
    origins: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sequences)

    def of(self, indices: Sequence[int]) -> Batch:
        """Some of the sequences, with what belongs to them."""
        chosen = list(indices)

        def some(values: tuple[Chosen, ...]) -> tuple[Chosen, ...]:
            return tuple(values[i] for i in chosen) if values else ()

        return Batch(
            some(self.sequences),
            self.targets[chosen],
            self.objective,
            self.seeds[chosen] if len(self.seeds) else self.seeds,
            some(self.ids),
            some(self.annotations),
            some(self.origins),
        )

    @property
    def drawn_from(self) -> tuple[str, ...]:
        """What references are drawn from (`gxarena.explainers.references.shuffled`), B str.

        An edited copy has its origin's references: else what they differ by, and not the edit,
        would decide how much its explanation changes.
        """
        return self.origins or self.sequences


@dataclass(frozen=True, eq=False)
class Attribution:
    """One explanation of one sequence.

    Parameters
    ----------
    scores : float array, shape (U,)
        One score per unit of `spans`, raw, as the method gives them.
    spans : Spans
        The units.
    special : mapping of str to float
        Scores on special tokens by name ([CLS], [SEP]), kept apart so that conservation stays
        checkable. Empty for models without any.
    hypothetical : float array, shape (L, 4), or None
        Hypothetical contributions over A, C, G, T where the method defines them.
    diagnostics : mapping of str to float
        What the method can say about itself, e.g. ``explained`` (the value it distributes)
        and ``absorbed`` (the part that biases keep).
    """

    scores: Floats
    spans: Spans
    special: Mapping[str, float] = field(default_factory=dict)
    hypothetical: Floats | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = np.asarray(self.scores)
        if given.dtype.kind in "cSU":  # which would lose a part, or be read as numbers
            raise ShapeError(f"Attribution: expected real numbers as scores, got {given.dtype}.")
        scores = np.array(given, dtype=np.float64)
        if scores.shape != (len(self.spans),):
            raise ShapeError(
                f"Attribution: expected one score for each of {len(self.spans)} units, "
                f"got an array of shape {scores.shape}."
            )
        frozen(scores)
        object.__setattr__(self, "scores", scores)
        if self.hypothetical is not None:
            hypothetical = np.array(self.hypothetical, dtype=np.float64)
            if hypothetical.shape != (self.spans.length, 4):
                raise ShapeError(
                    f"Attribution: expected hypothetical contributions of shape "
                    f"({self.spans.length}, 4), got {hypothetical.shape}."
                )
            frozen(hypothetical)
            object.__setattr__(self, "hypothetical", hypothetical)

    def with_scores(self, scores: Floats, spans: Spans | None = None) -> Attribution:
        """The same explanation with other scores, on other spans where given."""
        return replace(self, scores=scores, spans=self.spans if spans is None else spans)


@dataclass(frozen=True, eq=False)
class Explained:
    """A cell's N samples with their explanations: all that a metric may read.

    Parameters
    ----------
    samples : tuple of N Sample
    attributions : tuple of N Attribution
    targets : int array, shape (N,)
        The output explained of each sample, resolved once from unperturbed predictions.
    outputs : float array, shape (N, C)
        Unperturbed raw outputs (logits).
    objective : str
        What was explained: see `gxarena.objective`.
    seed : int
        The suite's seed; see `gxarena.seeds.sample_seed` for a sample's own.
    native : bool
        Whether the attributions are on the model's own units.
    """

    samples: tuple[Sample, ...]
    attributions: tuple[Attribution, ...]
    targets: Ints
    outputs: Floats
    objective: str = "logit"
    seed: int = 0
    native: bool = True

    def __post_init__(self) -> None:
        sizes = (len(self.samples), len(self.attributions), len(self.targets), len(self.outputs))
        if len(set(sizes)) != 1:
            raise InputError(
                "Explained: expected as many samples as attributions, targets and outputs, "
                f"got {sizes}."
            )
        for name in ("targets", "outputs"):
            array = np.array(getattr(self, name))
            frozen(array)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def sequences(self) -> tuple[str, ...]:
        return tuple(sample.sequence for sample in self.samples)

    def of(self, indices: Sequence[int]) -> Explained:
        """Some of the samples, with what belongs to them."""
        chosen = list(indices)
        return replace(
            self,
            samples=tuple(self.samples[i] for i in chosen),
            attributions=tuple(self.attributions[i] for i in chosen),
            targets=self.targets[chosen],
            outputs=self.outputs[chosen],
        )

    def with_attributions(self, attributions: Sequence[Attribution]) -> Explained:
        """The same samples with other attributions, e.g. projected onto other spans."""
        return replace(self, attributions=tuple(attributions))

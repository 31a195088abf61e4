"""The doors from a metric to a model: what any probe offers, and what a run's own offer besides.

Third parties import these from `gxarena.api`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from gxarena.data import Attribution, Bools, Floats, Interval, Ints, Spans


class Probe(Protocol):
    """The only door from a metric to a model: micro-batches, counts and memoises."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (M, C), for any number M of sequences."""
        ...

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with units masked (see `MaskableModel`), shape (M, C)."""
        ...

    def explain(
        self,
        sequences: Sequence[str],
        *,
        targets: Ints,
        ids: Sequence[str],
        annotations: Sequence[tuple[Interval, ...]] = (),
        origins: Sequence[str] = (),
    ) -> list[Attribution]:
        """The cell's own explainer on its own model again, for metrics that require "explainer".

        Parameters
        ----------
        sequences : sequence of M str
        targets : int array, shape (M,)
        ids : sequence of M str
            An id decides the seed: a sample's edited copies under its own id are explained with
            the very noise the sample was.
        annotations : sequence of M tuples of Interval
            None of any where left out.
        origins : sequence of M str
            The sequences that edited copies were made from, whose references they share.
        """
        ...

    def randomised(self, seed: int) -> Probe:
        """The same door to a copy of the model that has learned nothing."""
        ...


@runtime_checkable
class PiecewiseProbe(Probe, Protocol):
    """A probe that tells units and takes pieces; a run's own are."""

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """The model's own units of each of M sequences (see `Model`)."""
        ...

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        """Raw outputs of sequences cut into pieces (see `PiecewiseModel`), shape (M, C)."""
        ...


@runtime_checkable
class StrandedProbe(Probe, Protocol):
    """A probe that knows what lies around a sample's region; a run's own do."""

    def other_strand(self) -> Probe:
        """The door for reverse complements of the samples: their flanks are turned with them."""
        ...


@runtime_checkable
class SharingProbe(Probe, Protocol):
    """A probe that keeps what is the same for every explainer; a run's own are.

    A metric asks `isinstance`, and with any other probe does without.
    """

    def shared(
        self,
        what: Mapping[str, object],
        *,
        ids: Sequence[str],
        spans: Sequence[Spans],
        compute: Callable[[Probe], Floats],
    ) -> Floats:
        """What `compute` gives, asked once for all explainers of these weights on this data set.

        Parameters
        ----------
        what : mapping of str to plain values
            What else decides the answers: numbers, text, None, and lists and dicts of them. The
            data set, the model, target, objective and seed, and the metric with its parameters
            and its code are in the key anyhow.
        ids : sequence of M str
            The samples that are asked about.
        spans : sequence of M Spans
            Their units.
        compute : callable
            Asks, through the probe that it is given: one that remembers nothing, so that the
            answers are the same bits whoever asks first, and that has no explainer. It must not
            read scores, or anything else of an explainer but the units.
        """
        ...

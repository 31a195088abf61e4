"""The protocols a component's factory must return.

Shape letters as in `gxarena.data`. Everything that crosses these boundaries is `str` and NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

from gxarena.data import Attribution, Batch, Bools, Explained, Floats, Ints, Spans
from gxarena.metric_results import Better, Curve, Match, Motif, Quantity, Scored, SetScored
from gxarena.probes import PiecewiseProbe, Probe, SharingProbe, StrandedProbe

__all__ = [
    "Aggregator",
    "Better",
    "ControlledMetric",
    "Curve",
    "DifferentiableModel",
    "Explainer",
    "Layout",
    "MaskableModel",
    "Match",
    "Model",
    "Motif",
    "ObjectiveMetric",
    "PairMetric",
    "PiecewiseModel",
    "PiecewiseProbe",
    "Probe",
    "Quantity",
    "RandomisableModel",
    "SampleMetric",
    "Scored",
    "SetMetric",
    "SetScored",
    "SharingProbe",
    "StrandedProbe",
]


@runtime_checkable
class Model(Protocol):
    """A trained classifier of DNA sequences.

    Attributes
    ----------
    n_outputs : int
        Number of raw outputs C.
    max_length : int or None
        Longest sequence in nucleotides, None where there is no limit.
    """

    @property
    def n_outputs(self) -> int: ...
    @property
    def max_length(self) -> int | None: ...

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """The model's own units of each sequence: nucleotides, or tokens."""
        ...

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs (logits), shape (B, C)."""
        ...


@runtime_checkable
class MaskableModel(Model, Protocol):
    """Capability ``maskable``: replaces whole units by the model's own unknown."""

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with the masked units unknown, tokenisation held fixed; shape (B, C).

        Parameters
        ----------
        masks : sequence of B bool arrays, shape (U_b,)
            True where a unit of ``spans(sequences)[b]`` is replaced: by [UNK] for a token, by N
            for a nucleotide.
        """
        ...


@runtime_checkable
class PiecewiseModel(Model, Protocol):
    """A model that reads a sequence cut in given places; tokens of a piece are its own."""

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        """Raw outputs with each of ``pieces[b]`` tokenised by itself, shape (B, C).

        Cut into its own units, ``spans(sequences)[b]``, a sequence has the tokens it has.
        """
        ...


@runtime_checkable
class RandomisableModel(Model, Protocol):
    """Capability ``randomisable``: gives a copy of itself that has learned nothing."""

    def randomised(self, seed: int) -> Model:
        """A copy with every parameter drawn anew; this model stays as it is.

        See `gxarena_torch.randomised`.
        """
        ...


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the units and special tokens of one sequence lie among a model's positions.

    Parameters
    ----------
    units : int array, shape (U,)
        The position of each unit.
    spans : Spans
        The units.
    special : mapping of str to int
        The position of each special token by name.
    length : int
        Positions that the network computes for the sequence alone.
    """

    units: Ints
    spans: Spans
    special: Mapping[str, int] = field(default_factory=dict)
    length: int = 0


@runtime_checkable
class DifferentiableModel(Model, Protocol):
    """Capability ``differentiable``: a network whose outputs have gradients at every position.

    Tensors are torch's and stay on the model's device. `encode` may pad; outputs and gradients
    of a sequence do not depend on the others it is encoded with. One gradient explainer so
    serves a one-hot network (the one-hot sequence *is* the embedding) and a token model.

    Attributes
    ----------
    network : torch.nn.Module
        What `forward_embedded` runs, in evaluation mode: hooks go there.
    one_hot : bool
        Whether embeddings are one-hot over A, C, G, T (capability ``one-hot``): D = 4, a unit is
        a nucleotide, an N is zero.
    modular : bool
        Whether every nonlinearity is a module of its own that is used once, so that rules such as
        DeepLIFT's can be hooked to it (capability ``modular``).
    reference_kinds : tuple of str
        The references `reference` can give: some of `gxarena.explainers.references.KINDS`.
    """

    @property
    def network(self) -> Any: ...
    @property
    def one_hot(self) -> bool: ...
    @property
    def modular(self) -> bool: ...
    @property
    def reference_kinds(self) -> tuple[str, ...]: ...

    def encode(self, sequences: Sequence[str]) -> Any:
        """One tensor, shape (B, ...), of token ids or the like; rows may be repeated or dropped."""
        ...

    def embed(self, encoded: Any) -> Any:
        """Embeddings, shape (B, T, D), that gradients are taken with respect to."""
        ...

    def forward_embedded(self, embedded: Any, encoded: Any) -> Any:
        """Raw outputs (B, C) of embeddings (B, T, D); of `encoded` only the padding is read."""
        ...

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Where each sequence's units and special tokens lie among the T positions."""
        ...

    def reference(self, sequences: Sequence[str], kind: str) -> Any:
        """Embeddings (B, T, D) with every unit replaced; special tokens and padding stay."""
        ...

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Any:
        """Embeddings (B, T, D) of other sequences of the same lengths on `sequences`' positions.

        Where units differ in number, the other's are repeated from its start, or cut.
        """
        ...


@runtime_checkable
class Explainer(Protocol):
    """Turns a model and sequences into attributions."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence of the batch, in its order."""
        ...


@runtime_checkable
class Aggregator(Protocol):
    """Carries an attribution from one partition of the sequence to another.

    Attributes
    ----------
    conservative : bool
        Whether the sum of the scores is kept.
    """

    @property
    def conservative(self) -> bool: ...

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        """The attribution on `onto`; raises `gxarena.errors.Unsupported` where it cannot be."""
        ...


@runtime_checkable
class SampleMetric(Protocol):
    """A number (or several) for each explained sample."""

    @property
    def quantities(self) -> Mapping[str, Quantity]: ...

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Values for the N samples. Metrics that do not require ``probe`` never touch it.

        These may be some of a cell's samples: of a large one not all are given at once.
        """
        ...


@runtime_checkable
class ControlledMetric(SampleMetric, Protocol):
    """A metric of samples with a control that is made of the whole set's explanations."""

    def control(self, explained: Explained) -> Scored:
        """Values of further ``quantities``, for the N samples; asked once, of the whole set.

        Those of `score` depend on a sample alone, these on the others too. They rank nobody.
        """
        ...


@runtime_checkable
class ObjectiveMetric(Protocol):
    """A metric of samples or pairs whose quantities depend on what of the outputs is explained."""

    @property
    def quantities(self) -> Mapping[str, Quantity]: ...

    def under(self, objective: str) -> Self:
        """The metric where `objective` is explained (see `gxarena.objective`): asked for once."""
        ...


@runtime_checkable
class PairMetric(Protocol):
    """A number for each sample from two explanations of it on the same spans.

    One that requires "probe" is given a third argument, the probe of the model that `right`
    explains: it has no explainer.

    Attributes
    ----------
    renormalise : bool
        Whether the runner rescales both sets per sample to [-1, 1] (special tokens excluded)
        before they are projected onto common spans.
    """

    @property
    def quantities(self) -> Mapping[str, Quantity]: ...
    @property
    def renormalise(self) -> bool: ...

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Values for the N samples; both sets hold the same samples on equal spans."""
        ...


@runtime_checkable
class SetMetric(Protocol):
    """A number (or several) for a whole explained set."""

    @property
    def quantities(self) -> Mapping[str, Quantity]: ...

    def score_set(self, explained: Explained) -> SetScored:
        """Values for the set of N samples."""
        ...

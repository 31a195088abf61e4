"""The only door from a metric to a model and its explainer: micro-batches, counts and memoises.

The memory is per cell, not per run: which questions share a batch, and with it the last bits of
the answers, must not depend on what ran before. What is the same for every explainer is asked
apart from the rest (`ModelProbe.shared`), with no memory at all, and may so be kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gxarena.api import MaskableModel, Model, PiecewiseModel, Probe, RandomisableModel
from gxarena.data import Attribution, Bools, Floats, Interval, Ints, Sample, Spans
from gxarena.dna import reverse_complement
from gxarena.errors import PluginError, Unsupported
from gxarena.run.flanked import in_flanks
from gxarena.samples import NO_FLANKS, Flanks

Answer = TypeVar("Answer")
Explain = Callable[[Model, tuple[Sample, ...], Ints, tuple[str, ...]], list[Attribution]]
"""Explains M samples, whose ids decide the seeds, for M targets; origins decide the references."""

Share = Callable[[str, Callable[[], Floats]], Floats]
"""Gives the answers that are kept to a question, or asks for them and keeps them."""

PROBED_AT_ONCE = 1024
"""Sequences a model is given together."""

EXPLAINED_AT_ONCE = 64
"""Sequences an explainer is given together, as in the explain stage."""

MOST_KNOWN, MOST_EXPLAINED = 2**18, 2**12
"""Answers and attributions that are remembered, the newest; some 100 MB each."""


@dataclass
class _Count:
    """What a probe and the probes made from it have asked for."""

    forwards: int = 0
    explanations: int = 0
    tell: Callable[[int], None] | None = None

    def told(self) -> None:
        """Say how many there are by now."""
        if self.tell:
            self.tell(self.forwards + self.explanations)


class ModelProbe:
    """Asks a model on behalf of one cell's metric (see `gxarena.api.Probe`).

    Parameters
    ----------
    model : callable
        Gives the model.
    batch_size : int
        Most sequences a model is given at once.
    explain : callable, optional
        The cell's explainer.
    share : callable, optional
        Keeps what is the same for every explainer of this model; without it nothing is kept.

    tell : callable, optional
        Told how many questions were answered, as they are.

    Attributes
    ----------
    forwards : int
        Sequences the model was really given.
    explanations : int
        Sequences the explainer was really given.
    """

    def __init__(
        self,
        model: Callable[[], Model],
        batch_size: int = PROBED_AT_ONCE,
        explain: Explain | None = None,
        share: Share | None = None,
        tell: Callable[[int], None] | None = None,
    ) -> None:
        self._model = model
        self._batch_size = batch_size
        self._explain = explain
        self._share = share
        self._known: dict[Hashable, Floats] = {}
        self._explained: dict[Hashable, Attribution] = {}
        self._randomised: dict[int, ModelProbe] = {}
        self._count = _Count(tell=tell)
        self._outside: tuple[ModelProbe, Flanks] | None = None

    @property
    def forwards(self) -> int:
        return self._count.forwards

    @property
    def explanations(self) -> int:
        return self._count.explanations

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (M, C)."""
        return self._ask(
            [_key(sequence) for sequence in sequences],
            lambda wanted: self._model().predict([sequences[i] for i in wanted]),
        )

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with units masked, shape (M, C).

        Raises
        ------
        Unsupported
            The model is not maskable.
        """
        model = self._model()
        if not isinstance(model, MaskableModel):
            raise Unsupported(
                f"{type(model).__name__}: expected a maskable model (predict_masked), got none. "
                'Use fill = "complement", "random" or "dinucleotide".'
            )
        return self._ask(
            [
                (_key(sequence), np.packbits(mask).tobytes(), len(mask))
                for sequence, mask in zip(sequences, masks, strict=True)
            ],
            lambda wanted: model.predict_masked(
                [sequences[i] for i in wanted], [masks[i] for i in wanted]
            ),
        )

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """The model's own units of each sequence."""
        unique = list(dict.fromkeys(sequences))
        found = dict(zip(unique, self._model().spans(unique), strict=True))
        return [found[sequence] for sequence in sequences]

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        """Raw outputs of sequences cut into pieces, shape (M, C).

        Raises
        ------
        Unsupported
            The model takes no pieces.
        """
        model = self._model()
        if not isinstance(model, PiecewiseModel):
            raise Unsupported(
                f"{type(model).__name__}: expected a model that takes pieces of a sequence "
                "(predict_pieces), because edits move its tokens, got none."
            )
        return self._ask(
            [
                (_key(sequence), "pieces", cut.boundaries.tobytes())
                for sequence, cut in zip(sequences, pieces, strict=True)
            ],
            lambda wanted: model.predict_pieces(
                [sequences[i] for i in wanted], [pieces[i] for i in wanted]
            ),
        )

    def explain(
        self,
        sequences: Sequence[str],
        *,
        targets: Ints,
        ids: Sequence[str],
        annotations: Sequence[tuple[Interval, ...]] = (),
        origins: Sequence[str] = (),
    ) -> list[Attribution]:
        """The cell's explainer on this model, M attributions on the model's own units.

        Raises
        ------
        Unsupported
            There is no explainer to ask.
        """
        if (explain := self._explain) is None:
            raise Unsupported("probe: expected an explainer to ask again, got none.")
        marks = annotations or [()] * len(sequences)
        samples = [
            Sample(identifier, sequence, None, marked)
            for identifier, sequence, marked in zip(ids, sequences, marks, strict=True)
        ]
        drawn_from = tuple(origins or sequences)
        keys: list[Hashable] = list(
            zip(samples, np.asarray(targets).tolist(), drawn_from, strict=True)
        )

        def answer(wanted: list[int]) -> list[Attribution]:
            self._count.explanations += len(wanted)
            self._count.told()
            return explain(
                self._model(),
                tuple(samples[i] for i in wanted),
                targets[wanted],
                tuple(drawn_from[i] for i in wanted),
            )

        return _remember(keys, self._explained, MOST_EXPLAINED, EXPLAINED_AT_ONCE, answer)

    def in_flanks(self, flanks: Flanks) -> ModelProbe:
        """The same door to the model in these flanks (see `gxarena.run.flanked`)."""
        if flanks == NO_FLANKS:
            return self
        # One object as long as the probe lives: explainers keep what they know of a model by it.
        model = functools.cache(lambda: in_flanks(self._model(), flanks))
        inside = ModelProbe(model, self._batch_size, self._explain, self._share)
        inside._count, inside._outside = self._count, (self, flanks)
        return inside

    def other_strand(self) -> ModelProbe:
        """The door for reverse complements: what is on the right flank is then on the left."""
        if self._outside is None:
            return self
        outside, (left, right) = self._outside
        return outside.in_flanks((reverse_complement(right), reverse_complement(left)))

    def randomised(self, seed: int) -> ModelProbe:
        """A probe of a copy of the model with every parameter drawn anew; counts go together.

        Raises
        ------
        Unsupported
            The model is not randomisable.
        """
        if seed not in self._randomised and self._outside:
            outside, flanks = self._outside  # one copy for all flanks
            self._randomised[seed] = outside.randomised(seed).in_flanks(flanks)
        if seed not in self._randomised:
            model = self._model()
            if not isinstance(model, RandomisableModel):
                raise Unsupported(
                    f"{type(model).__name__}: expected a randomisable model (randomised), got none."
                )
            copy = model.randomised(seed)
            # It shares nothing: what is kept is the trained model's.
            self._randomised[seed] = ModelProbe(lambda: copy, self._batch_size, self._explain)
            self._randomised[seed]._count = self._count
        return self._randomised[seed]

    def shared(
        self,
        what: Mapping[str, object],
        *,
        ids: Sequence[str],
        spans: Sequence[Spans],
        compute: Callable[[Probe], Floats],
    ) -> Floats:
        """What `compute` gives (see `gxarena.api.SharingProbe`): kept before, or asked apart.

        Raises
        ------
        PluginError
            `what` holds something that is no plain value.
        """
        _check_plain(what)

        def ask() -> Floats:
            return np.asarray(compute(self._apart()), dtype=np.float64)

        return self._share(_question(what, ids, spans), ask) if self._share else ask()

    def _apart(self) -> ModelProbe:
        """A door that knows nothing of what was asked before, and no explainer."""
        whole, flanks = self._outside or (self, NO_FLANKS)
        apart = ModelProbe(whole._model, whole._batch_size)
        apart._count = self._count
        return apart.in_flanks(flanks)

    def _ask(self, keys: Sequence[Hashable], predict: Callable[[list[int]], Floats]) -> Floats:
        def answer(wanted: list[int]) -> list[Floats]:
            outputs = np.asarray(predict(wanted), dtype=np.float64)
            if outputs.ndim != 2 or len(outputs) != len(wanted):
                raise PluginError(
                    f"{type(self._model()).__name__}: expected outputs of shape "
                    f"({len(wanted)}, C), got {outputs.shape}."
                )
            self._count.forwards += len(wanted)
            self._count.told()
            return list(outputs)

        if not keys:
            return np.zeros((0, self._model().n_outputs))
        rows = _remember(keys, self._known, MOST_KNOWN, self._batch_size, answer)
        return np.array(rows)


def _remember(
    keys: Sequence[Hashable],
    known: dict[Hashable, Answer],
    most: int,
    at_once: int,
    answer: Callable[[list[int]], Sequence[Answer]],
) -> list[Answer]:
    """Answers to `keys`; what is not known yet is asked, each question once, in batches."""
    found = {key: known[key] for key in keys if key in known}
    first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in known}
    wanted = sorted(first.values())
    for start in range(0, len(wanted), at_once):
        batch = wanted[start : start + at_once]
        new = {keys[i]: row for i, row in zip(batch, answer(batch), strict=True)}
        found |= new
        known |= new
        while len(known) > most:
            del known[next(iter(known))]
    return [found[key] for key in keys]


def _check_plain(what: Mapping[str, object]) -> None:
    """Raise PluginError where a question holds something that is no plain value."""
    try:
        json.dumps(dict(what), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise PluginError(
            "metric, shared: expected numbers, text, None, and lists and dicts of them, "
            f"got {what} ({error})."
        ) from error


def _question(what: Mapping[str, object], ids: Sequence[str], spans: Sequence[Spans]) -> str:
    """What is asked, as text in which nothing is left out, as it is when an array is printed."""
    units = [partition.boundaries.tolist() for partition in spans]
    return json.dumps([dict(what), list(ids), units], sort_keys=True)


def _key(sequence: str) -> bytes:
    return hashlib.blake2b(sequence.encode(), digest_size=16).digest()

"""Explanations by asking: what a model answers when a part of the sequence is gone, or another.

Both methods need nothing but predictions. Questions about many samples are asked in bounded
batches; the answers of a sample depend on its own questions alone.

Every attribution's ``diagnostics["forwards"]`` is the number of sequences that the model was
given for it: it depends on the sequence's length, so no fixed ``cost`` could say it.
"""

from __future__ import annotations

import numpy as np

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch, Bools, Floats, Ints, Spans
from gxarena.dna import LETTERS, codes, letters
from gxarena.errors import InputError, check_at_least
from gxarena.explainers.presence import ask, maskable

MOST_LETTERS = 2**24
"""Letters of altered sequences, or elements of masks, held at a time: 16 MiB."""


class Occlusion:
    """The drop of the explained value while a window slides over the units, hiding what it covers.

    Zeiler and Fergus 2014. A unit's score is the mean drop over the windows that cover it, as
    in captum; the last window is cut at the end of the sequence. Hidden units are the model's own
    unknown, tokenisation held fixed.

    Parameters
    ----------
    window : int
        Units hidden at a time.
    stride : int
        Units from one window to the next; `window` at most, or units would be left out.
    batch_size : int
        Most questions per call of the model.
    """

    def __init__(self, window: int = 1, stride: int = 1, batch_size: int = 1024) -> None:
        check_at_least("occlusion, window", window)
        check_at_least("occlusion, batch_size", batch_size)
        if not 1 <= stride <= window:
            raise InputError(
                f"occlusion, stride: expected 1 to {window}, the window's units, got {stride}."
            )
        self._window, self._stride, self._batch_size = window, stride, batch_size

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per unit.

        Raises
        ------
        Unsupported
            The model is not maskable.
        """
        model = maskable(model, "occlusion")
        objective.check_targets(batch.targets, model.n_outputs)
        spans = model.spans(batch.sequences)
        starts = [self._starts(len(units)) for units in spans]
        whole = objective.value(batch.objective, model.predict(batch.sequences), batch.targets)
        asked = ask(
            batch.targets,
            batch.objective,
            [len(row) for row in starts],
            min(self._batch_size, MOST_LETTERS // max(map(len, spans)) + 1),
            lambda rows, which: model.predict_masked(
                [batch.sequences[row] for row in rows],
                self._masks(spans, starts, rows, which),
            ),
        )
        return [
            Attribution(
                self._covered_means(value - hidden, row, len(units)),
                units,
                diagnostics={"forwards": float(len(row) + 1)},
            )
            for value, hidden, row, units in zip(whole, asked, starts, spans, strict=True)
        ]

    def _starts(self, n_units: int) -> Ints:
        """First units of the windows, up to the first one that reaches the end."""
        steps = -(-max(n_units - self._window, 0) // self._stride)
        return np.arange(steps + 1) * self._stride

    def _masks(
        self, spans: list[Spans], starts: list[Ints], rows: Ints, which: Ints
    ) -> list[Bools]:
        first = np.array([starts[row][k] for row, k in zip(rows, which, strict=True)])[:, None]
        unit = np.arange(max(len(spans[row]) for row in rows))
        masks: Bools = (unit >= first) & (unit < first + self._window)
        return [mask[: len(spans[row])] for mask, row in zip(masks, rows, strict=True)]

    def _covered_means(self, drops: Floats, starts: Ints, n_units: int) -> Floats:
        """Each unit's mean over the windows that cover it, from sums up to each boundary."""
        ends = np.minimum(starts + self._window, n_units)
        changes = np.zeros((2, n_units + 1))
        for amounts, change in zip((drops, np.ones_like(drops)), changes, strict=True):
            np.add.at(change, starts, amounts)
            np.add.at(change, ends, -amounts)
        if self._window == 1:
            return drops
        totals, covers = np.cumsum(changes[:, :-1], axis=1)
        return np.asarray(totals / covers)


class ISM:
    """In-silico mutagenesis: every nucleotide is replaced by every other letter in turn.

    The hypothetical contribution of letter c at position l is f(x with c at l) less the mean of
    that over the four letters; the score of l is the contribution of the letter that is there,
    f(x) less the mean over A, C, G, T (as in tangermeme's saturation mutagenesis; Zhou and
    Troyanskaya 2015 call the differences f(x with c at l) - f(x)). An N is scored likewise, by
    f(x) less the mean. The score of a token is the sum over its nucleotides. A model with tokens
    reads each altered sequence as it comes: a substitution may well change where tokens begin.

    Parameters
    ----------
    batch_size : int
        Most altered sequences per call of the model.
    """

    def __init__(self, batch_size: int = 1024) -> None:
        check_at_least("ism, batch_size", batch_size)
        self._batch_size = batch_size

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per unit; hypothetical contributions (L, 4) where units are nucleotides."""
        objective.check_targets(batch.targets, model.n_outputs)
        spans = model.spans(batch.sequences)
        whole = objective.value(batch.objective, model.predict(batch.sequences), batch.targets)
        altered = [_substitutions(sequence) for sequence in batch.sequences]
        written = letters(batch.sequences)

        def outputs(rows: Ints, which: Ints) -> Floats:
            texts = written[rows]
            place, letter = np.array(
                [altered[row][k] for row, k in zip(rows, which, strict=True)]
            ).T
            texts[np.arange(len(rows)), place] = LETTERS[letter]
            return model.predict(
                [
                    text[: len(batch.sequences[row])].tobytes().decode()
                    for text, row in zip(texts, rows, strict=True)
                ]
            )

        most = min(self._batch_size, MOST_LETTERS // written.shape[1] + 1)
        counts = [len(row) for row in altered]
        asked = ask(batch.targets, batch.objective, counts, most, outputs)
        return [
            _mutated(float(value), answered, row, units)
            for value, answered, row, units in zip(whole, asked, altered, spans, strict=True)
        ]


def _substitutions(sequence: str) -> Ints:
    """Positions and letters (0 to 3 for ACGT) that a sequence does not have, shape (K, 2)."""
    present = codes(letters([sequence]))[0]
    return np.argwhere(present[:, None] != np.arange(4))


def _mutated(value: float, answered: Floats, altered: Ints, spans: Spans) -> Attribution:
    """The attribution from f(x) and from f of each altered sequence."""
    table = np.full((spans.length, 4), value)
    table[altered[:, 0], altered[:, 1]] = answered
    means = table.mean(axis=1)
    per_nucleotide = value - means
    nucleotides = len(spans) == spans.length
    return Attribution(
        scores=np.add.reduceat(per_nucleotide, spans.boundaries[:-1]),
        spans=spans,
        hypothetical=table - means[:, None] if nucleotides else None,
        diagnostics={"forwards": float(len(altered) + 1)},
    )

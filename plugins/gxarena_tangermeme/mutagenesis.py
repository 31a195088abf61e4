"""In-silico mutagenesis by tangermeme: every letter at every place, or windows in backgrounds."""

from __future__ import annotations

import numpy as np
import torch
from tangermeme.ersatz import substitute
from tangermeme.predict import predict
from tangermeme.saturation_mutagenesis import saturation_mutagenesis
from torch import Tensor

from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Ints, Spans
from gxarena.errors import InputError, check_at_least
from gxarena_tangermeme.network import (
    OneHotValue,
    device_of,
    drawn,
    encoded,
    equal_lengths,
    first_position,
    one_hot_value,
    rows_at_once,
)


class SaturationMutagenesis:
    """f(x) less the mean of f over the four letters at a place; other letters likewise.

    tangermeme's saturation mutagenesis (Schreiber 2026) of the explained value: at every position
    the hypothetical contributions add up to 0. ``diagnostics["forwards"]`` is what it took.

    Parameters
    ----------
    batch_size : int
        Altered sequences in one pass: bounds memory.
    """

    def __init__(self, batch_size: int = 256) -> None:
        check_at_least("saturation_mutagenesis, batch_size", batch_size)
        self._batch_size = batch_size

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence, with hypothetical contributions (L, 4).

        Raises
        ------
        Unsupported
            The model is not one-hot.
        """
        value = one_hot_value(model, batch, "saturation_mutagenesis")
        found: dict[int, Attribution] = {}
        for indices, sequences, targets in equal_lengths(batch):
            whole, altered = self._values(value, sequences, targets)
            means = altered.mean(-1)
            for index, sequence, f, g, mean in zip(
                indices, sequences, whole, altered, means, strict=True
            ):
                # An identity is not asked: three letters at each place, all four at an N.
                asked = 3 * len(sequence) + sequence.count("N") + 1
                found[index] = Attribution(
                    f - mean,
                    Spans.nucleotides(len(sequence)),
                    hypothetical=g - mean[:, None],
                    diagnostics={"forwards": float(asked)},
                )
        return [found[index] for index in range(len(batch))]

    def _values(
        self, value: OneHotValue, sequences: list[str], targets: Tensor
    ) -> tuple[Floats, Floats]:
        """f of the sequences, (B,), and with each letter at each place, (B, L, 4)."""
        first = first_position(value, sequences)
        at_once = rows_at_once(value, sequences[0], self._batch_size)
        # tangermeme bounds the altered ones alone.
        parts = [
            saturation_mutagenesis(
                value,
                rows,
                args=(whose,),
                start=first,
                end=first + len(sequences[0]),
                batch_size=at_once,
                raw_outputs=True,
                device=device_of(value),
                # Whether its fast path is taken depends on the clock, and changes the last digits.
                fast=False,
            )
            for rows, whose in zip(
                torch.split(encoded(value, sequences), at_once),
                torch.split(targets, at_once),
                strict=True,
            )
        ]
        whole = torch.cat([part.y0 for part in parts])[:, 0]
        altered = torch.cat([part.y_hat for part in parts])[..., 0]
        return whole.double().numpy(), altered.double().transpose(1, 2).numpy()


class Marginalization:
    """What a window of the sequence adds to the explained value of backgrounds.

    Each window is written into dinucleotide shuffles of its sequence, at its own place
    (tangermeme's `substitute`; Schreiber 2026, after Koo et al. 2021, global importance analysis);
    a nucleotide's score is the mean effect of the windows that cover it. Where the sequence has
    an N, the background's letter stays.

    Parameters
    ----------
    window, stride : int
        Nucleotides written at a time, and from one window to the next; `window` at most.
    n_references : int
        Shuffles of each sequence, the same that every explainer gets.
    batch_size : int
        Sequences in one pass: bounds memory.
    """

    def __init__(
        self, window: int = 10, stride: int = 5, n_references: int = 10, batch_size: int = 256
    ) -> None:
        check_at_least("marginalization, window", window)
        check_at_least("marginalization, n_references", n_references)
        check_at_least("marginalization, batch_size", batch_size)
        if not 1 <= stride <= window:
            raise InputError(
                f"marginalization, stride: expected 1 to {window}, the window's nucleotides, "
                f"got {stride}."
            )
        self._window, self._stride = window, stride
        self._n, self._batch_size = n_references, batch_size

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per nucleotide.

        Raises
        ------
        Unsupported
            The model is not one-hot.
        """
        value = one_hot_value(model, batch, "marginalization")
        found: dict[int, Attribution] = {}
        for indices, sequences, targets in equal_lengths(batch):
            length = len(sequences[0])
            starts, width = self._starts(length), min(self._window, length)
            others = drawn(batch, indices, self._n)
            effects = self._effects(value, sequences, others, targets, starts, width)
            covers = np.zeros((len(starts), length))
            for row, start in zip(covers, starts.tolist(), strict=True):
                row[start : start + width] = 1.0
            scores = effects @ covers / covers.sum(0)
            forwards = float(self._n * (len(starts) + 1))
            for index, row in zip(indices, scores, strict=True):
                spans = Spans.nucleotides(length)
                found[index] = Attribution(row, spans, diagnostics={"forwards": forwards})
        return [found[index] for index in range(len(batch))]

    def _starts(self, length: int) -> Ints:
        """First nucleotides of the windows; the last one ends with the sequence."""
        last = max(length - self._window, 0)
        return np.unique(np.append(np.arange(0, last + 1, self._stride), last))

    def _effects(
        self,
        value: OneHotValue,
        sequences: list[str],
        others: list[str],
        targets: Tensor,
        starts: Ints,
        width: int,
    ) -> Floats:
        """Mean change of the value by each window, (B, W)."""
        backgrounds = encoded(value, others)
        written = encoded(value, sequences).repeat_interleave(self._n, 0)
        whose = targets.repeat_interleave(self._n)
        places = (starts + first_position(value, sequences)).tolist()

        at_once = rows_at_once(value, sequences[0], self._batch_size)

        def mean_value(one_hot: Tensor) -> Floats:
            values: Tensor = predict(
                value, one_hot, args=(whose,), batch_size=at_once, device=device_of(value)
            )
            return np.asarray(values.double().reshape(-1, self._n).mean(1).numpy())

        before = mean_value(backgrounds)
        with torch.no_grad():
            after = [
                mean_value(
                    substitute(backgrounds, written[:, :, start : start + width], start=start)
                )
                for start in places
            ]
        return np.stack(after, axis=1) - before[:, None]

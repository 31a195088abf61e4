"""The only door from a metric to a model: micro-batches, counts and memoises.

The memory is per cell, not per run: which questions share a batch, and with it the last bits of
the answers, must not depend on what ran before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from gxarena.api import MaskableModel, Model
from gxarena.data import Bools, Floats
from gxarena.errors import PluginError, Unsupported


class ModelProbe:
    """Asks a model on behalf of one cell's metric (see `gxarena.api.Probe`).

    Attributes
    ----------
    forwards : int
        Sequences the model was really given.
    """

    def __init__(self, model: Callable[[], Model], batch_size: int = 1024) -> None:
        self._model = model
        self._batch_size = batch_size
        self._known: dict[Hashable, Floats] = {}
        self.forwards = 0

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
                'Use fill = "complement" or "random".'
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

    def _ask(self, keys: Sequence[Hashable], predict: Callable[[list[int]], Floats]) -> Floats:
        first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in self._known}
        wanted = sorted(first.values())
        for start in range(0, len(wanted), self._batch_size):
            batch = wanted[start : start + self._batch_size]
            outputs = np.asarray(predict(batch), dtype=np.float64)
            if outputs.ndim != 2 or len(outputs) != len(batch):
                raise PluginError(
                    f"{type(self._model()).__name__}: expected outputs of shape "
                    f"({len(batch)}, C), got {outputs.shape}."
                )
            self.forwards += len(batch)
            self._known.update((keys[i], row) for i, row in zip(batch, outputs, strict=True))
        if not keys:
            return np.zeros((0, self._model().n_outputs))
        return np.stack([self._known[key] for key in keys])


def _key(sequence: str) -> bytes:
    return hashlib.blake2b(sequence.encode(), digest_size=16).digest()

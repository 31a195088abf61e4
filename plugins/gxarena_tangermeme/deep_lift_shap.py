"""DeepLIFT-SHAP by tangermeme, with each sequence's own dinucleotide shuffles."""

from __future__ import annotations

import warnings

import torch
from tangermeme.deep_lift_shap import deep_lift_shap
from torch import Tensor

from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import check_at_least
from gxarena_tangermeme.network import (
    OneHotValue,
    device_of,
    drawn,
    encoded,
    equal_lengths,
    one_hot_value,
)
from gxarena_torch.cost import cost
from gxarena_torch.explained_value import modular
from gxarena_torch.multipliers import from_multipliers


class DeepLIFTSHAP:
    """Differences from dinucleotide shuffles by the rescale rule (Lundberg and Lee 2017).

    Hypothetical contributions are tangermeme's; a nucleotide's score is that of its own letter, of
    an N what takes the references' letters away. ``diagnostics["absorbed"]`` is the convergence
    delta, 0 for objectives that are linear in the outputs.

    Parameters
    ----------
    n_references : int
        Dinucleotide shuffles of each sequence, the same that every explainer gets.
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    batch_size : int
        Pairs of sequence and reference in one pass: bounds memory.
    """

    def __init__(
        self, n_references: int = 20, center_hypothetical: bool = False, batch_size: int = 64
    ) -> None:
        check_at_least("deep_lift_shap, n_references", n_references)
        check_at_least("deep_lift_shap, batch_size", batch_size)
        self._n, self._center, self._batch_size = n_references, center_hypothetical, batch_size
        self.cost = (3 * n_references + 1, 2 * n_references)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence, with hypothetical contributions (L, 4).

        Raises
        ------
        Unsupported
            The model is not one-hot, or a nonlinearity of it is no module of its own.
        """
        value = one_hot_value(model, batch, "deep_lift_shap")
        modular(value.value.model, "deep_lift_shap")
        found: dict[int, Attribution] = {}
        for indices, sequences, targets in equal_lengths(batch):
            others = drawn(batch, indices, self._n)
            takes = cost(value.value.model, sequences[0])
            at_once = min(self._batch_size, max(1, takes.hooked_rows // 2))  # a pair is two rows
            explained = self._explained(value, sequences, others, targets, at_once)
            found.update(zip(indices, explained, strict=True))
        return [found[index] for index in range(len(batch))]

    def _explained(
        self,
        value: OneHotValue,
        sequences: list[str],
        others: list[str],
        targets: Tensor,
        at_once: int,
    ) -> list[Attribution]:
        one_hot = encoded(value, sequences)
        references = encoded(value, others).reshape(-1, self._n, *one_hot.shape[1:])
        multipliers = self._multipliers(value, one_hot, references, targets, at_once)
        return from_multipliers(
            value.value.model.layouts(sequences),
            one_hot.transpose(1, 2),
            references.transpose(2, 3),
            multipliers.transpose(2, 3),
            self._difference(value, one_hot, references, targets, at_once),
            one_hot=True,
            center=self._center,
        )

    def _multipliers(
        self,
        value: OneHotValue,
        one_hot: Tensor,
        references: Tensor,
        targets: Tensor,
        at_once: int,
    ) -> Tensor:
        """Of every pair, (B, R, 4, T)."""
        with warnings.catch_warnings():
            # Of columns that are zero (N, padding), and of convergence, which is stored.
            warnings.simplefilter("ignore")
            found: Tensor = deep_lift_shap(
                value,
                one_hot,
                args=(targets,),
                references=references,
                batch_size=at_once,
                raw_outputs=True,
                only_warn=True,
                device=device_of(value),
            )
        return found

    def _difference(
        self,
        value: OneHotValue,
        one_hot: Tensor,
        references: Tensor,
        targets: Tensor,
        at_once: int,
    ) -> Tensor:
        """f(x) less the mean of f over the references, (B,)."""
        device = device_of(value)
        rows = torch.cat([one_hot[:, None], references], 1).flatten(0, 1)
        whose = targets.repeat_interleave(self._n + 1)
        with torch.inference_mode():
            values = torch.cat(
                [
                    value(part.to(device), its.to(device)).double().cpu()
                    for part, its in zip(
                        torch.split(rows, at_once),
                        torch.split(whose, at_once),
                        strict=True,
                    )
                ]
            ).reshape(len(one_hot), self._n + 1)
        return values[:, 0] - values[:, 1:].mean(1)

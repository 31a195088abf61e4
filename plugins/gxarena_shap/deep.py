"""DeepSHAP by the shap package, for networks whose every nonlinearity is a module."""

from __future__ import annotations

import copy

import numpy as np
import shap
import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import DifferentiableModel, Layout, Model
from gxarena.data import Attribution, Batch, Floats
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.references import shuffled


class Deep:
    """The mean of DeepLIFT's rescale rule over dinucleotide shuffles (Lundberg and Lee 2017).

    Each sequence has its own references, the same that every other explainer compares it with.
    The scores add up to f(x) less the mean of f over the references, which is what
    ``diagnostics["explained"]`` holds.

    Parameters
    ----------
    n_references : int
        Shuffles of each sequence; all of them pass the network at once, twice.
    """

    def __init__(self, n_references: int = 20) -> None:
        if n_references < 1:
            raise InputError(f"shap-deep, n_references: expected 1 or more, got {n_references}.")
        self._n_references = n_references
        self.cost = (3 * n_references + 1, 2 * n_references)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per nucleotide.

        Raises
        ------
        Unsupported
            A nonlinearity of the model is no module of its own, inputs are not one-hot, or the
            objective is not linear in the outputs.
        """
        if not (isinstance(model, DifferentiableModel) and model.one_hot and model.modular):
            raise Unsupported(
                "shap-deep: expected a one-hot network whose every nonlinearity is a module, got "
                f"{type(model).__name__}. Use shap-partition."
            )
        if batch.objective != "logit" and (batch.objective, model.n_outputs) != ("log_odds", 2):
            raise Unsupported(
                "shap-deep, objective: expected one that is linear in the outputs, 'logit', or "
                f"'log_odds' of two outputs, got '{batch.objective}'."
            )
        objective.check_targets(batch.targets, model.n_outputs)
        # shap hooks modules and leaves tensors on them when it fails: a copy takes that.
        taken = copy.copy(model)
        taken.network = copy.deepcopy(model.network)  # type: ignore[misc]  # an attribute there
        return [
            self._attribution(taken, sequence, origin, layout, weights)
            for sequence, origin, layout, weights in zip(
                batch.sequences,
                batch.drawn_from,
                model.layouts(batch.sequences),
                _weights(model, batch),
                strict=True,
            )
        ]

    def _attribution(
        self,
        model: DifferentiableModel,
        sequence: str,
        origin: str,
        layout: Layout,
        weights: Floats,
    ) -> Attribution:
        others = shuffled(origin, self._n_references)
        encoded = model.encode([sequence])
        observed = model.embed(encoded)
        references = model.embed_others(others, [sequence] * len(others)).to(observed)
        value = _Value(model, encoded, torch.from_numpy(weights).to(observed)).eval()
        with torch.enable_grad():
            explainer = shap.DeepExplainer(value, references)
            # Its check is an assertion; the sum is judged by what is stored.
            found = explainer.shap_values(observed, check_additivity=False)
        with torch.no_grad():
            explained = value(observed).double().mean() - value(references).double().mean()
        scores = np.asarray(found, dtype=np.float64).reshape(observed.shape[1:]).sum(axis=1)
        units = scores[layout.units]
        return Attribution(units, layout.spans, diagnostics={"explained": float(explained)})


class _Value(nn.Module):
    """Embeddings (B, T, D) to the explained value (B, 1), a sum of the outputs with weights."""

    def __init__(self, model: DifferentiableModel, encoded: Tensor, weights: Tensor) -> None:
        super().__init__()
        # A submodule, so that shap's hooks reach every part of the network.
        self.network = model.network
        self._model, self._encoded, self._weights = model, encoded, weights

    def forward(self, embedded: Tensor) -> Tensor:
        encoded = self._encoded.expand(len(embedded), *self._encoded.shape[1:])
        outputs: Tensor = self._model.forward_embedded(embedded, encoded)
        return (outputs * self._weights).sum(-1, keepdim=True)


def _weights(model: Model, batch: Batch) -> Floats:
    """The objective's gradient, which is constant where it is linear; shape (B, C)."""
    outputs = np.zeros((len(batch), model.n_outputs))
    return objective.gradient(batch.objective, outputs, batch.targets)

"""DeepSHAP by the shap package, for networks whose every nonlinearity is a module."""

from __future__ import annotations

import copy

import numpy as np
import shap
import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import Layout, Model
from gxarena.data import Attribution, Batch
from gxarena.errors import Unsupported, check_at_least
from gxarena.explainers.references import shuffled
from gxarena_torch.cost import cost
from gxarena_torch.explained_value import ExplainedValue, modular, one_hot


class Deep:
    """The mean of DeepLIFT's rescale rule over dinucleotide shuffles (Lundberg and Lee 2017).

    Each sequence has its own references, the same that every other explainer compares it with.
    The scores add up to f(x) less the mean of f over the references, which is what
    ``diagnostics["explained"]`` holds.

    Parameters
    ----------
    n_references : int
        Shuffles of each sequence; as many pass the network at once, twice, as memory allows
        (`gxarena_torch.cost`).
    """

    def __init__(self, n_references: int = 20) -> None:
        check_at_least("shap-deep, n_references", n_references)
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
        asked = modular(one_hot(model, "shap-deep"), "shap-deep")
        if batch.objective != "logit" and (batch.objective, model.n_outputs) != ("log_odds", 2):
            raise Unsupported(
                "shap-deep, objective: expected one that is linear in the outputs, 'logit', or "
                f"'log_odds' of two outputs, got '{batch.objective}'."
            )
        objective.check_targets(batch.targets, model.n_outputs)
        # shap hooks modules and leaves tensors on them when it fails: a copy takes that.
        taken = copy.copy(asked)
        taken.network = copy.deepcopy(asked.network)  # type: ignore[misc]  # an attribute there
        value = ExplainedValue(taken, batch.objective)
        return [
            self._attribution(value, sequence, origin, layout, target)
            for sequence, origin, layout, target in zip(
                batch.sequences,
                batch.drawn_from,
                asked.layouts(batch.sequences),
                torch.from_numpy(batch.targets),
                strict=True,
            )
        ]

    def _attribution(
        self, value: ExplainedValue, sequence: str, origin: str, layout: Layout, target: Tensor
    ) -> Attribution:
        model = value.model
        others = shuffled(origin, self._n_references)
        encoded = model.encode([sequence])
        observed = model.embed(encoded)
        references = model.embed_others(others, [sequence] * len(others)).to(observed)
        one = _OneSequence(value, encoded, target).eval()
        parts = references.split(max(1, cost(model, sequence).hooked_rows // 2))
        with torch.enable_grad():
            # Its check is an assertion; the sum is judged by what is stored. It gives means.
            found = [
                len(part)
                * np.asarray(
                    shap.DeepExplainer(one, part).shap_values(observed, check_additivity=False),
                    dtype=np.float64,
                )
                for part in parts
            ]
        with torch.no_grad():
            away = torch.cat([one(part).double() for part in parts])
            explained = one(observed).double().mean() - away.mean()
        mean = np.sum(found, axis=0) / len(references)
        scores = mean.reshape(observed.shape[1:]).sum(axis=1)
        units = scores[layout.units]
        return Attribution(units, layout.spans, diagnostics={"explained": float(explained)})


class _OneSequence(nn.Module):
    """The explained value (B, 1) of embeddings (B, T, D) that stand for one sequence."""

    def __init__(self, value: ExplainedValue, encoded: Tensor, target: Tensor) -> None:
        super().__init__()
        # A submodule, so that shap's hooks reach every part of the network.
        self.value = value
        self._encoded, self._target = encoded, target

    def forward(self, embedded: Tensor) -> Tensor:
        n = len(embedded)
        encoded = self._encoded.expand(n, *self._encoded.shape[1:])
        values: Tensor = self.value(embedded, encoded, self._target.expand(n))
        return values[:, None]

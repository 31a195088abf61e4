"""Word embedding x gradient of DNABERT-2, under the backward pass that a set of rules describes."""

from __future__ import annotations

from torch import Tensor

from gxarena.api import Model
from gxarena.errors import Unsupported
from gxarena_dnabert2.backward import Rules
from gxarena_dnabert2.model import DNABERT2
from gxarena_torch import word_gradients
from gxarena_torch.token_model import TokenModel


class WordGradients(word_gradients.WordGradients):
    """Parameters as `gxarena_torch.word_gradients.WordGradients`.

    Attributes
    ----------
    rules : Rules
        The backward pass.
    """

    rules: Rules

    def _known(self, model: Model) -> DNABERT2:
        return dnabert2(model, self.name)

    def _logits(self, model: TokenModel, ids: Tensor, mask: Tensor, words: Tensor) -> Tensor:
        del ids
        logits: Tensor = model.network.logits(words, mask, self.rules)
        return logits


def dnabert2(model: Model, explainer: str) -> DNABERT2:
    """The model, once it is known to be one of this plugin's."""
    if not isinstance(model, DNABERT2):
        raise Unsupported(f"{explainer}: expected a DNABERT-2 model, got {type(model).__name__}.")
    return model

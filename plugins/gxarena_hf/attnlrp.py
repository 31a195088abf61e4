"""AttnLRP for Hugging Face classifiers (see `gxarena_hf.rules`)."""

from __future__ import annotations

from contextlib import AbstractContextManager

from gxarena.api import Model
from gxarena.errors import Unsupported
from gxarena_hf.model import HuggingFace
from gxarena_hf.rules import attnlrp_rules
from gxarena_torch.token_model import TokenModel
from gxarena_torch.word_gradients import WordGradients


class AttnLRP(WordGradients):
    """Attention-aware layer-wise relevance propagation.

    Parameters as `gxarena_torch.word_gradients.WordGradients`.
    """

    name = "attnlrp-hf"
    distributes = True

    def _known(self, model: Model) -> HuggingFace:
        if not isinstance(model, HuggingFace):
            raise Unsupported(f"{self.name}: expected the model 'hf', got {type(model).__name__}.")
        return model

    def _backward_rules(self, model: TokenModel) -> AbstractContextManager[None]:
        return attnlrp_rules(model.network)

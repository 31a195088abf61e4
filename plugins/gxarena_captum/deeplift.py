"""DeepLIFT and DeepLIFT-SHAP by captum: rescale rule, each sequence with its own references."""

from __future__ import annotations

import warnings
from typing import cast

import torch
from captum.attr import DeepLift as CaptumDeepLift
from torch import Tensor, nn

from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.explainers.references import SHUFFLES
from gxarena_captum.gradients import MAX_POSITIONS
from gxarena_captum.references import AgainstReferences
from gxarena_torch.explained_value import differentiable, modular
from gxarena_torch.rows import Rows, grouped, repeat


class _Rescale(CaptumDeepLift):  # type: ignore[misc]  # captum has no types
    """captum's DeepLift, right for a max-pooling that directly follows another nonlinearity.

    In captum 0.9 the two then hook the same tensor, so that the first one reads the plain gradient
    before the pooling's multipliers replace it (scores no longer add up); and where a pooling's
    input equals the reference's, every row gets the first row's gradient.
    """

    def _register_hooks(self, module: nn.Module, attribute_to_layer_input: bool = True) -> None:
        if self._can_register_hook(module):
            # Before captum's own hooks, which so find a tensor of this module's alone.
            self.forward_handles.append(module.register_forward_pre_hook(_copied))
        super()._register_hooks(module, attribute_to_layer_input)

    def _backward_hook(self, module: nn.Module, grad_input: Tensor, grad_output: Tensor) -> Tensor:
        if not isinstance(module, nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d):
            found: Tensor = super()._backward_hook(module, grad_input, grad_output)
            return found
        observed, reference = cast(Tensor, module.input).chunk(2)
        unchanged = ((observed - reference).abs() < self.eps).repeat(2, *[1] * (observed.ndim - 1))
        plain = torch.cat(2 * [grad_input.chunk(2)[0]])
        return torch.where(
            unchanged, plain, super()._backward_hook(module, grad_input, grad_output)
        )


def _copied(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    del module
    return tuple(tensor.clone() for tensor in inputs)


class DeepLIFT(AgainstReferences):
    """Differences from a reference by the rescale rule (Shrikumar et al. 2017, section 3.5.1).

    Only for networks whose every nonlinearity is a module used once: captum hooks its rules to
    modules, and would take plain gradients of anything else without a word. The scores add up to
    f(x) - f(reference) for objectives that are linear in the outputs: ``logit``, and ``log_odds``
    of two outputs.

    Parameters
    ----------
    reference : str
        ``zeros``, ``uniform``, ``unknown`` or ``shuffles``, of which the mean is taken.
    n_references : int
        Shuffles of each sequence; of the others there is one.
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "deeplift"

    def __init__(
        self,
        reference: str = "unknown",
        n_references: int = 20,
        center_hypothetical: bool = False,
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        # Input and reference go through the network together.
        super().__init__(reference, n_references, center_hypothetical, max_positions, 2)
        n = self._n_references
        self.cost = (3 * n + 1, 2 * n)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence, with hypothetical contributions on one-hot models.

        Raises
        ------
        Unsupported
            A nonlinearity of the model is no module of its own.
        InputError
            The model has no such reference.
        """
        modular(differentiable(model, self.name), self.name)
        return super().explain(model, batch)

    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        n = references.shape[1]
        with warnings.catch_warnings():
            # Says that it sets hooks and removes them afterwards.
            warnings.filterwarnings("ignore", message="Setting forward, backward hooks")
            multipliers = _Rescale(rows.value, multiply_by_inputs=False).attribute(
                repeat(rows.embedded, n).requires_grad_(),
                baselines=references.flatten(0, 1),
                additional_forward_args=(repeat(rows.encoded, n), repeat(rows.targets, n)),
            )
        return grouped(multipliers.detach(), n)


class DeepLIFTSHAP(DeepLIFT):
    """The mean of DeepLIFT over dinucleotide shuffles (Lundberg and Lee 2017).

    Not captum's DeepLiftShap, which compares all sequences with the same references. Parameters as
    `DeepLIFT`.
    """

    name = "deeplift_shap"

    def __init__(
        self,
        reference: str = SHUFFLES,
        n_references: int = 20,
        center_hypothetical: bool = False,
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        super().__init__(reference, n_references, center_hypothetical, max_positions)

"""Occlusion by captum, on any maskable model."""

from __future__ import annotations

from typing import Any

from captum.attr import Occlusion as CaptumOcclusion
from torch import Tensor

from gxarena.errors import InputError
from gxarena_captum.perturbation import PerturbationMethod, Value


class Occlusion(PerturbationMethod):
    """The mean drop of the explained value over the sliding windows that cover a unit.

    Zeiler and Fergus 2014, as captum has it; the core's ``occlusion`` gives the same without torch.

    Parameters
    ----------
    window, stride : int
        Units hidden at a time, and from one window to the next; `window` at most.
    reference, n_references, batch_size
        See `gxarena_captum.feature_ablation.FeatureAblation`.
    """

    name = "occlusion-captum"

    def __init__(
        self,
        window: int = 1,
        stride: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        if not 1 <= stride <= window:
            raise InputError(
                f"{self.name}, stride: expected 1 to {window}, the window's units, got {stride}."
            )
        # Every unit is a player here: windows overlap.
        super().__init__(1, reference, n_references, batch_size)
        self._width, self._stride = window, stride

    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        width = min(self._width, present.shape[1])
        strides = (min(self._stride, width),)
        method = CaptumOcclusion(value)
        found: Tensor = method.attribute(present, (width,), strides=strides, **asking)
        return found

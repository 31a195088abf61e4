"""Control: another explainer, of the model with every parameter drawn anew."""

from __future__ import annotations

from typing import Any

from gxarena.api import Model, RandomisableModel
from gxarena.data import Attribution, Batch
from gxarena.errors import Unsupported
from gxarena.explainers.wrapping import wrapped
from gxarena.registry import Registry


class Randomised:
    """Another explainer, of a copy of the model that has learned nothing.

    What is left of an explanation when nothing was learned: the sequence and the architecture
    (Adebayo et al. 2018, NeurIPS, arXiv:1810.03292).

    Parameters
    ----------
    registry : Registry
        Where the explainer is found.
    explainer : str
        The explainer that is wrapped, by name.
    draw : int
        Which of the random copies.
    **parameters
        The wrapped explainer's.
    """

    def __init__(
        self, registry: Registry, explainer: str = "lrp", draw: int = 0, **parameters: Any
    ) -> None:
        self._explainer = wrapped(registry, "randomised", explainer, parameters)
        self._draw = draw
        self._last: tuple[Model, Model] | None = None
        self.cost = getattr(self._explainer, "cost", None)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """What the wrapped explainer says of the copy, about the same targets.

        Raises
        ------
        Unsupported
            The model is not randomisable.
        """
        if self._last is None or self._last[0] is not model:
            if not isinstance(model, RandomisableModel):
                raise Unsupported(
                    f"randomised: expected a randomisable model, got {type(model).__name__}."
                )
            self._last = model, model.randomised(self._draw)
        return self._explainer.explain(self._last[1], batch)

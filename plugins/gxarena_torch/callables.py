"""An explainer of any function ``(module, inputs, target) -> tensor``, as captum's are called.

from captum.attr import DeepLift
from gxarena_torch.callables import explainer_of

mine = explainer_of("my-deeplift", lambda module, inputs, target: DeepLift(module).attribute(
    inputs, target=target))
gxarena.run("quickstart", explainers=[mine])
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.declared import declares
from gxarena.errors import PluginError
from gxarena_torch.explained_value import ExplainedValue, differentiable
from gxarena_torch.rows import Rows, micro_batches
from gxarena_torch.seeds import torch_seeded

Attribute = Callable[[nn.Module, Tensor, int], Tensor]


class OneColumn(nn.Module):
    """Embeddings (rows, T, D) of copies of one sequence to the explained value, (rows, 1).

    Parameters
    ----------
    rows : Rows
        Of one sequence.
    """

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.value = rows.value  # a submodule: hooks reach the network
        self._encoded, self._target = rows.encoded, rows.targets
        self.training = False

    def forward(self, embedded: Tensor) -> Tensor:
        """As many rows as a method likes; each is of the same sequence."""
        n = len(embedded)
        encoded = self._encoded.repeat(n, *[1] * (self._encoded.ndim - 1))
        value: Tensor = self.value(embedded, encoded, self._target.repeat(n))
        return value[:, None]


class OfCallable:
    """Asks a function about one sequence at a time, seeded by the sequence's own seed.

    Parameters
    ----------
    name : str
        What it is called in messages.
    attribute : callable
        Given a module from embeddings (rows, T, D) to the explained value (rows, 1), the
        embeddings (1, T, D) of a sequence, and the target 0, which picks that one column; gives
        scores (1, T, D), which are added up over D, or (1, T).
    """

    def __init__(self, name: str, attribute: Attribute) -> None:
        self.name = name
        self._attribute = attribute

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution a sequence; scores of special tokens go to ``special``.

        Raises
        ------
        Unsupported
            The model is not differentiable.
        PluginError
            The function gives something of another shape.
        """
        objective.check_targets(batch.targets, model.n_outputs)
        value = ExplainedValue(differentiable(model, self.name), batch.objective)
        found: dict[int, Attribution] = {}
        for rows in micro_batches(value, batch, 1):
            with torch.enable_grad(), torch_seeded(rows.seeds[0]):
                found[rows.indices[0]] = self._of_one(rows)
        return [found[index] for index in range(len(batch))]

    def _of_one(self, rows: Rows) -> Attribution:
        inputs = rows.embedded.detach().requires_grad_()
        given: object = self._attribute(OneColumn(rows).eval(), inputs, 0)
        if not isinstance(given, Tensor):
            got = "nothing" if given is None else f"a {type(given).__name__}"
            raise PluginError(f"{self.name}: expected a tensor of scores, got {got}.")
        scores = given.detach()
        if scores.shape not in (inputs.shape, inputs.shape[:2]):
            raise PluginError(
                f"{self.name}: expected scores of shape {tuple(inputs.shape)} or "
                f"{tuple(inputs.shape[:2])}, got {tuple(scores.shape)}."
            )
        places = (scores.sum(dim=-1) if scores.ndim == inputs.ndim else scores)[0].cpu().numpy()
        layout = rows.layouts[0]
        special = {name: float(places[position]) for name, position in layout.special.items()}
        return Attribution(places[layout.units], layout.spans, special)


def explainer_of(name: str, attribute: Attribute) -> OfCallable:
    """An explainer for `gxarena.run`; see `OfCallable`."""
    return declares(name=name, requires={"differentiable"})(OfCallable(name, attribute))

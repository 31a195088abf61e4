"""What a pass through a network takes, asked of the network itself, and how many rows that allows.

An input's length says nothing of it: two networks that read the same letters may differ a
thousandfold in what they hold. So one row is sent through once and what every operation reads and
writes is counted, and what a backward pass would find kept. That is arithmetic on shapes: the same
on every machine and at every load, so that the size of a micro-batch, and with it the last bits of
results, follows from network and input alone.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from gxarena.api import DifferentiableModel

MEMORY, MEMORY_ON_GPU = 2**30, 2**32
"""Bytes that activations may take at a time, unless those of a single row are more."""

CACHE = 2**21
"""Bytes that an operation on tokens reads and writes: more rows at a time are no faster, since its
matrix products have many rows in one sequence. Stated, not asked: results must not depend on the
machine."""

CONVOLVED = 2**24
"""The same of a network on one-hot nucleotides, whose many small operations take long to begin
beside what they compute: a row of the bundled one took 181 microseconds at 16 rows, 151 at 64,
143 at 128, and no less at 256."""

LEAST_ROWS = 16
"""Rows of a batch on a CPU, where memory allows: with fewer, weights are read too often."""

HOOKED = 4
"""How much more a pass keeps whose rules are hooked to modules: each one's input and output, and
copies of them (DeepLIFT's by tangermeme and by shap were seen to hold up to this)."""

_known: weakref.WeakKeyDictionary[nn.Module, dict[tuple[int, ...], Cost]]
_known = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Cost:
    """What one row takes.

    Attributes
    ----------
    widest : int
        Bytes of activations that the largest operation reads and writes.
    kept : int
        Bytes that a backward pass would find kept.
    device : torch.device
        Where.
    """

    widest: int
    kept: int
    device: torch.device

    def forward_rows(self, at_once: int = CACHE) -> int:
        """Rows of a pass without gradients: as memory allows; on a CPU no more than `at_once` bytes
        of an operation, where that is not too few."""
        fit = self._within_memory(self.widest)
        if self.device.type != "cpu":
            return fit
        return min(fit, max(LEAST_ROWS, _power_of_two(at_once // max(1, self.widest))))

    @property
    def backward_rows(self) -> int:
        """Rows of a pass whose gradient is taken, as memory allows."""
        return self._within_memory(self.kept)

    @property
    def hooked_rows(self) -> int:
        """The same where rules are hooked to the modules."""
        return self._within_memory(HOOKED * self.kept)

    def _within_memory(self, amount: int) -> int:
        memory = MEMORY if self.device.type == "cpu" else MEMORY_ON_GPU
        return max(1, memory // max(1, amount))


def cost(model: DifferentiableModel, sequence: str) -> Cost:
    """What a sequence takes in a pass through a model; asked once for each shape of input."""
    encoded = model.encode([sequence])
    precision = next((one.dtype for one in model.network.parameters()), torch.float32)
    embedded = model.embed(encoded).detach().to(precision).requires_grad_()
    known = _known.setdefault(model.network, {})
    if (shape := tuple(embedded.shape)) not in known:
        known[shape] = measured(model.network, lambda: model.forward_embedded(embedded, encoded))
    return known[shape]


def measured(network: nn.Module, forward: Callable[[], Tensor]) -> Cost:
    """What `forward`, a pass of one row through `network`, takes; it gives the outputs."""
    own = {one.data_ptr() for one in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:  # weights are there anyhow
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    counting = _Counting(own)
    with torch.enable_grad(), counting, saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = forward()  # as long as it lives nothing that it keeps has another's address
    return Cost(counting.widest, sum(kept.values()), outputs.device)


class _Counting(TorchFunctionMode):
    """Notes the bytes of activations that the largest operation reads and writes."""

    def __init__(self, own: set[int]) -> None:
        super().__init__()
        self.widest, self._own = 0, own

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        touched: dict[int, int] = {}
        for tensor in _tensors((args, tuple((kwargs or {}).values()), found)):
            if (address := tensor.data_ptr()) not in self._own:
                touched[address] = tensor.nelement() * tensor.element_size()
        self.widest = max(self.widest, sum(touched.values()))
        return found


def _tensors(values: Any) -> Iterator[Tensor]:
    """Every tensor among arguments or results."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


def _power_of_two(number: int) -> int:
    """The largest that is not above it, or 0."""
    return 1 << (number.bit_length() - 1) if number > 0 else 0

"""Whether every nonlinearity of a network is a module of its own that is used once.

A pass is watched: which of torch's functions are called, and inside of which of torch's own
modules. Rules such as DeepLIFT's are hooked to modules; what a ``forward`` computes besides, they
cannot see. What is not known to be linear counts as what is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_LINEAR = {
    "__get__", "__getitem__", "__len__", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "add",
    "avg_pool1d", "avg_pool2d", "cat", "chunk", "clone", "concat", "concatenate", "contiguous", "conv1d",
    "conv2d", "cpu", "diff", "dim", "expand", "expand_as", "flatten", "flip", "float",
    "index_select", "linear", "mean", "movedim", "moveaxis", "mT", "narrow", "neg", "negative",
    "nelement", "numel", "pad", "permute", "ravel", "repeat", "repeat_interleave", "reshape",
    "roll", "rsub", "select", "size", "split", "squeeze", "stack", "stride", "sub", "subtract",
    "sum", "swapaxes", "swapdims", "T", "tensor_split", "to", "transpose", "type_as", "unbind",
    "unflatten", "unfold", "unsqueeze", "view", "view_as",
}  # fmt: skip
"""Functions that pass a difference on as it is, or that tell a shape."""

_SCALING = {"bmm", "div", "divide", "einsum", "matmul", "mm", "mul", "multiply", "true_divide"}
"""Linear where one of the operands does not depend on the input."""

_OPERATORS = {"truediv": "div", "rdiv": "reciprocal", "rtruediv": "reciprocal", "rpow": "pow"}

_LINEAR_MODULES = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.BatchNorm1d,
    nn.BatchNorm2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d,
    nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d,
    nn.AlphaDropout, nn.ZeroPad1d, nn.ZeroPad2d, nn.ConstantPad1d, nn.Upsample,
)  # fmt: skip
"""Modules that are linear in evaluation mode, and may be used any number of times."""


def why_not_modular(network: nn.Module, inputs: Tensor) -> str:
    """Why rules cannot be hooked to a network's nonlinearities; empty where they can.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode.
    inputs : tensor, shape (1, ...)
        What it is given.
    """
    watching = _Watching(network)
    reading = inputs.detach().clone().requires_grad_()
    with _unlearned(network), torch.enable_grad(), watching.hooked(), watching:
        network(reading)
    if watching.outside:
        names = ", ".join(f"'{name}'" for name in sorted(watching.outside))
        return f"its forward computes {names} outside of torch's modules"
    twice = sorted(name for name, count in watching.used.items() if count > 1)
    return f"module '{twice[0]}' is used {watching.used[twice[0]]} times" if twice else ""


class _Watching(TorchFunctionMode):
    """Notes what is computed outside of torch's own modules, and how often each of these is used.

    Attributes
    ----------
    outside : set of str
        Functions that may be no linear ones.
    used : counter of module names
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.outside: set[str] = set()
        self.used: Counter[str] = Counter()
        self._network, self._depth = network, 0

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """With hooks on torch's own modules that are no containers; they are gone afterwards."""
        handles = []
        for name, module in self._network.named_modules():
            whole = not any(True for _ in module.children())
            if whole and type(module).__module__.startswith("torch.nn."):
                handles += [
                    module.register_forward_pre_hook(self._enter(name, module)),
                    module.register_forward_hook(self._leave, always_call=True),
                ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, name: str, module: nn.Module) -> Any:
        def enter(*_: Any) -> None:
            self._depth += 1
            if not isinstance(module, _LINEAR_MODULES):
                self.used[name] += 1
            if isinstance(module, nn.RNNBase):
                self.outside.add(type(module).__name__)

        return enter

    def _leave(self, *_: Any) -> None:
        self._depth -= 1

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if not self._depth:
            active = sum(_depends(one) for one in (*args, *(kwargs or {}).values()))
            name = _name(func)
            linear = name in _LINEAR or (name in _SCALING and active == 1 and _first(func, args))
            if active and not linear:
                self.outside.add(name)
        return found


@contextmanager
def _unlearned(network: nn.Module) -> Iterator[None]:
    """With parameters that ask for no gradient: what asks for one then depends on the input."""
    asking = [one for one in network.parameters() if one.requires_grad]
    for one in asking:
        one.requires_grad_(False)
    try:
        yield
    finally:
        for one in asking:
            one.requires_grad_()


def _depends(value: Any) -> int:
    """How many tensors of an argument depend on the input."""
    if isinstance(value, Tensor):
        return int(value.requires_grad)
    return sum(map(_depends, value)) if isinstance(value, list | tuple) else 0


def _first(func: Any, args: Any) -> bool:
    """Of a division, whether it is the numerator that depends on the input."""
    return "div" not in _name(func) or bool(_depends(args[0]))


def _name(func: Any) -> str:
    """A function's name; operators and those that write in place are called as the others are."""
    name = str(getattr(func, "__name__", func))
    if name in _LINEAR:
        return name
    name = name.strip("_")
    if name in _OPERATORS:
        return _OPERATORS[name]
    for plain in (name, name.removeprefix("i"), name.removeprefix("r")):
        if plain in _LINEAR or plain in _SCALING:
            return plain
    return name

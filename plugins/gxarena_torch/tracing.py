"""What a network's forward consists of: modules that rules can be hooked to, and what is besides.

A pass is watched: which of torch's functions are called, and inside of which of torch's own
modules. Rules such as DeepLIFT's are hooked to modules; what a ``forward`` computes besides, they
cannot see. What is not known to be linear counts as what is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

SHAPING = {
    "__get__", "__getitem__", "__len__", "cat", "chunk", "clone", "concat", "concatenate",
    "contiguous", "cpu", "dim", "expand", "expand_as", "flatten", "flip", "float", "index_select",
    "movedim", "moveaxis", "mT", "narrow", "nelement", "numel", "pad", "permute", "ravel",
    "repeat", "reshape", "roll", "select", "size", "split", "squeeze", "stack", "stride",
    "swapaxes", "swapdims", "T", "tensor_split", "to", "transpose", "type_as", "unbind",
    "unflatten", "unfold", "unsqueeze", "view", "view_as",
}  # fmt: skip
"""Functions that put values elsewhere, or tell a shape."""

_LINEAR = SHAPING | {
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "add", "avg_pool1d", "avg_pool2d", "conv1d",
    "conv2d", "diff", "linear", "mean", "neg", "negative", "rsub", "sub", "subtract", "sum",
}  # fmt: skip
"""Functions that pass a difference on as it is."""

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
    seen = watched(network, inputs)
    outside = (
        f"its forward computes {listed(seen.nonlinear)} outside of torch's modules (a module does "
        "for each that there is one of, such as nn.GELU; of products of two parts of the input, as "
        "attention takes them, there is none)"
    )
    why = [outside] if seen.nonlinear else []
    for name, module in seen.modules.items():
        if seen.used[name] > 1 and not isinstance(module, _LINEAR_MODULES):
            why.append(f"module '{name}' is used {seen.used[name]} times")
    return "; ".join(why)


@dataclass
class Watched:
    """What a pass through a network consists of.

    Attributes
    ----------
    computed : set of str
        Functions of the input that are computed outside of modules that are looked at whole.
    nonlinear : set of str
        Of these all that are not known to be linear.
    modules : mapping of name to nn.Module
        Those that are looked at whole, in the order in which they are first used.
    used : counter of name
        How often each is.
    reading : set of name
        Those that are given the network's input itself, or a view of it.
    """

    computed: set[str] = field(default_factory=set)
    nonlinear: set[str] = field(default_factory=set)
    modules: dict[str, nn.Module] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    reading: set[str] = field(default_factory=set)


def watched(network: nn.Module, inputs: Tensor, whole: tuple[type[nn.Module], ...] = ()) -> Watched:
    """Send one input through a network and see what is computed.

    Parameters
    ----------
    network, inputs
        As for `why_not_modular`.
    whole : tuple of module classes
        Looked at whole besides torch's own modules without parts.
    """
    reading = inputs.detach().clone().requires_grad_()
    watching = _Watching(network, reading, whole)
    with _unlearned(network), torch.enable_grad(), watching.hooked(), watching:
        network(reading)
    return watching.seen


class _Watching(TorchFunctionMode):
    """Notes which modules are used how often, and what is computed outside of them."""

    def __init__(
        self, network: nn.Module, inputs: Tensor, whole: tuple[type[nn.Module], ...]
    ) -> None:
        super().__init__()
        self.seen = Watched()
        self._network, self._whole, self._depth = network, whole, 0
        self._storage = inputs.untyped_storage().data_ptr()

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """With hooks on the modules that are looked at whole; they are gone afterwards."""
        handles = []
        for name, module in self._network.named_modules():
            own = type(module).__module__.startswith("torch.nn.") and not [*module.children()]
            if own or isinstance(module, self._whole):
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
        def enter(_: nn.Module, given: tuple[Any, ...]) -> None:
            self._depth += 1
            self.seen.modules.setdefault(name, module)
            self.seen.used[name] += 1
            if isinstance(module, nn.RNNBase):
                self.seen.nonlinear.add(type(module).__name__)
            tensors = [one for one in given if isinstance(one, Tensor)]
            if any(one.untyped_storage().data_ptr() == self._storage for one in tensors):
                self.seen.reading.add(name)

        return enter

    def _leave(self, *_: Any) -> None:
        self._depth -= 1

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if not self._depth:
            active = sum(_depends(one) for one in (*args, *(kwargs or {}).values()))
            name = _name(func)
            scaled = name in _SCALING and active == 1 and _first(func, args)
            if active:
                self.seen.computed.add(name)
            if active and not (name in _LINEAR or scaled):
                self.seen.nonlinear.add(name)
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


def listed(names: set[str]) -> str:
    """Names of functions in quotes, in order."""
    return ", ".join(f"'{name}'" for name in sorted(names))


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

"""Whether zennit's rules can walk a network: the capability ``gxarena_cnn:zennit``, checked.

Relevance goes back through gradients that the rules replace, module by module. What a forward
computes outside of modules has its plain gradient there, which shares no relevance out: a sum would
give all of it to either part. So what cannot be walked is refused, and not explained wrongly.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from torch import Tensor, nn

from gxarena_torch.lazy_zennit import (
    Activation,
    AvgPool,
    BatchNorm,
    Linear,
    MaxPool,
    Sum,
    collect_leaves,
)
from gxarena_torch.tracing import SHAPING, Watched, listed, watched

_WALKED = (Activation, AvgPool, BatchNorm, Linear, MaxPool, Sum)
_NEUTRAL = (
    nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout,
    nn.ZeroPad1d, nn.ZeroPad2d,
)  # fmt: skip
"""Modules whose gradient hands relevance on as it is."""

_known: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()


def why_not_walkable(network: nn.Module, one_hot: Tensor) -> str:
    """What of a network zennit's rules cannot walk, all of it; empty where they can.

    Asked once of each.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode.
    one_hot : tensor, shape (1, 4, L)
    """
    if network not in _known:
        _known[network] = ". And ".join(_asked(network, one_hot))
    return _known[network]


def _asked(network: nn.Module, one_hot: Tensor) -> Iterator[str]:
    """Everything at once: who mends one thing and tries again learns of the next too late."""
    seen = watched(network, one_hot, whole=(Sum,))
    if outside := seen.computed - SHAPING:
        yield (
            f"a forward that computes {listed(outside)} outside of modules. Make each one of "
            "torch's modules, a sum a zennit.layer.Sum of stacked parts"
        )
    for name, module in seen.modules.items():
        if isinstance(module, nn.MultiheadAttention) or not isinstance(module, _WALKED + _NEUTRAL):
            yield f"'{name}', a {type(module).__name__}, for which there is no rule"
        elif seen.used[name] > 1 and isinstance(module, _WALKED):
            yield f"'{name}' used {seen.used[name]} times. Make a module for each use"
    yield from _why_not_read(network, seen)
    yield from _why_not_merged(network)


def _why_not_read(network: nn.Module, seen: Watched) -> Iterator[str]:
    """Which modules read the input, where that is not the first linear layer alone."""
    reading = sorted(n for n in seen.reading if not isinstance(seen.modules[n], _NEUTRAL))
    linear = [name for name, one in network.named_modules() if isinstance(one, Linear)]
    if reading != linear[:1]:
        first = f"'{linear[0]}'" if linear else "none"
        yield (
            f"the input read by {', '.join(map(repr, reading)) or 'no module'}, and {first} as the "
            "first linear one in the order of modules. Let that one alone read it"
        )


def _why_not_merged(network: nn.Module) -> Iterator[str]:
    """Which BatchNorm cannot be merged into the layer before it: its bias would leak relevance."""
    previous: nn.Module | None = None
    for leaf in collect_leaves(network):
        if isinstance(leaf, BatchNorm) and not isinstance(previous, Linear):
            yield (
                "a BatchNorm not right behind a convolution or dense layer, but one behind "
                f"{type(previous).__name__ if previous else 'nothing'}. Give it as a depthwise "
                "convolution, nn.Conv1d(channels, channels, 1, groups=channels), with weight "
                "w / sqrt(var + eps) and bias b - mean w / sqrt(var + eps)"
            )
        previous = leaf

"""What an explainer may ask of the network's backward pass: the interface of AttnLRP and kin."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class Rules:
    """How relevance flows backwards through what is not linear; here: as plain gradients.

    The forward pass asks these wherever an explainer may want another backward pass. They never
    change a value, so that predictions are those of the plain network.
    """

    fused_attention = True
    """Whether attention may run as one kernel, with no rule between its products."""

    def elementwise(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """An element-wise nonlinearity."""
        return function(x)

    def gate(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """The nonlinearity of a gate, whose value multiplies the content."""
        return self.elementwise(function, x)

    def attention(self, weights: Tensor) -> Tensor:
        """Attention weights after the softmax, (B, H, T, T); not asked where attention is fused."""
        return weights

    def factor(self, x: Tensor, share: int) -> Tensor:
        """An input of a product; `share` is how many ways relevance is split on its way."""
        del share
        return x

    def layer_norm(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        """Layer normalisation over the last dimension."""
        y: Tensor = norm(x)
        return y

    def last(self, layer: nn.Module, x: Tensor, bias: Tensor) -> Tensor:
        """The encoder's last layer; of its positions the first alone is read, [CLS]."""
        y: Tensor = layer(x, bias, self)
        return y


PLAIN = Rules()

"""Layer-wise relevance propagation for one-hot networks, with zennit's rules.

Bach et al. 2015, PLoS ONE 10:e0130140; composites as in Montavon et al. 2019, Layer-wise relevance
propagation: an overview, and Anders et al. 2021 (zennit), arXiv:2106.13200.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from gxarena import objective as objectives
from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Ints, Spans
from gxarena.errors import InputError, Unsupported, check_at_least, check_choice, check_positive
from gxarena_cnn.composites import COMPOSITES, convolution_rule, hooked
from gxarena_torch.lazy_zennit import Epsilon
from gxarena_torch.walking import why_not_walkable


@runtime_checkable
class ZennitModel(Model, Protocol):
    """Capability ``gxarena_cnn:zennit``: a one-hot network whose every operation is a module.

    Attributes
    ----------
    network : nn.Module
        One-hot (B, 4, L') to logits (B, C), in evaluation mode. Outside of modules values may be
        put elsewhere (views, slices, concatenation), no more; a sum is a `zennit.layer.Sum` of
        stacked parts, and no module is used twice. The first linear layer in the order of modules,
        and it alone, reads the input. A BatchNorm comes right behind a convolution or dense layer,
        in the order of modules too: one before its convolution is given as a depthwise convolution
        of width 1. What keeps to none of this is refused (`gxarena_torch.walking`).
    batch_size : int
        Sequences that fit into memory together.
    """

    @property
    def network(self) -> nn.Module: ...
    @property
    def batch_size(self) -> int: ...

    def encode(self, sequences: Sequence[str]) -> Tensor:
        """One-hot (B, 4, L') over A, C, G, T; L' >= L, what is beyond a sequence is zero."""
        ...


class LRP:
    """Relevance of every nucleotide for the explained output.

    Dense layers always use the epsilon rule; the composite says which rule the convolutions use:

    ========================  ===========================================================
    ``epsilon``               LRP-epsilon (Bach et al. 2015, eq. 58)
    ``epsilon_plus``          z+, positive contributions only (Montavon et al. 2017)
    ``epsilon_gamma``         positive contributions favoured by gamma (Montavon et al. 2019)
    ``alpha_beta``            alpha-beta (Bach et al. 2015, eq. 60)
    ========================  ===========================================================

    ReLUs pass relevance on, max-pooling gives it to the winner, BatchNorm is merged into the layer
    before it. A nucleotide's score is the sum over its column. The starting relevance is the
    objective's gradient times the outputs: the target's logit for ``logit``, z_t and the negative
    of the other logit for ``log_odds`` of two classes.

    Hypothetical contributions. A one-hot input is never negative, so under each of the four rules
    a letter's relevance is x_c * m_c with one multiplier per channel, m_c = sum_j w'_cj R_j / z_j
    (w' the weights as the rule modifies them, z_j the rule's denominator). m does not depend on
    which letter is there except through the denominators, which are held at the observed
    sequence, as DeepLIFT's hypothetical contributions hold its multipliers. So all four composites
    give them, and at the observed letters they equal the scores. Under ``epsilon_plus`` only
    positive weights count, so the four contributions of a position tend to share one sign; center
    them for TF-MoDISco.

    Parameters
    ----------
    composite : str
        Which rule the convolutions use, see above; how the default was chosen, see Notes.
    epsilon : float
        Stabiliser of every rule's denominator; of the epsilon rule it is the epsilon.
    gamma : float
        How much ``epsilon_gamma`` favours positive contributions.
    alpha, beta : float
        Of ``alpha_beta``; alpha - beta = 1.
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.

    Notes
    -----
    Diagnostics: ``explained`` is the sum of the starting relevance, ``absorbed`` what of it does
    not arrive at the nucleotides: what biases and epsilon keep, and, under ``alpha_beta``, what
    neurons without contributions of one sign lose or gain.

    The default, ``epsilon``, was once chosen by faithfulness on validation sequences, which is
    among what judges it. So read the composites side by side: the suite ``planted`` judges four
    of them by truth, ``question-composite`` all by faithfulness, shape and conservation.
    """

    cost = (1, 1)

    def __init__(
        self,
        composite: str = "epsilon",
        epsilon: float = 1e-6,
        gamma: float = 0.25,
        alpha: float = 2.0,
        beta: float = 1.0,
        center_hypothetical: bool = False,
    ) -> None:
        check_choice("lrp, composite", composite, COMPOSITES)
        check_positive("lrp, epsilon", epsilon)
        check_at_least("lrp, gamma", gamma, 0)
        check_at_least("lrp, beta", beta, 0)
        if not np.isclose(alpha - beta, 1.0, rtol=0, atol=1e-9):
            raise InputError(f"lrp, alpha and beta: expected alpha - beta = 1, got {alpha - beta}.")
        self._center = center_hypothetical
        self._convolution = convolution_rule(composite, epsilon, gamma, alpha)
        self._dense = Epsilon(epsilon=epsilon)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence, with hypothetical contributions.

        Raises
        ------
        Unsupported
            A model without the capability ``gxarena_cnn:zennit``, or whose network does not keep
            to it.
        """
        if not isinstance(model, ZennitModel):
            raise Unsupported(
                "lrp: expected a network that zennit's rules can walk (modules over one-hot "
                f"nucleotides), got {type(model).__name__}."
            )
        objectives.check_targets(batch.targets, model.n_outputs)
        if why := why_not_walkable(model.network, model.encode(batch.sequences[:1])):
            raise Unsupported(f"lrp: expected a network that zennit's rules can walk, got {why}.")
        attributions: list[Attribution] = []
        with hooked(model.network, self._convolution, self._dense) as network:
            for start in range(0, len(batch), model.batch_size):
                chunk = slice(start, start + model.batch_size)
                one_hot = model.encode(batch.sequences[chunk])
                multipliers, explained = _propagate(
                    network, one_hot, batch.targets[chunk], batch.objective
                )
                attributions += self._attributions(
                    batch.sequences[chunk], one_hot, multipliers, explained
                )
        return attributions

    def _attributions(
        self, sequences: tuple[str, ...], one_hot: Tensor, multipliers: Tensor, explained: Floats
    ) -> list[Attribution]:
        hypothetical = multipliers.double().transpose(1, 2).cpu().numpy()
        scores = (multipliers.double() * one_hot).sum(1).cpu().numpy()
        if self._center:
            hypothetical = hypothetical - hypothetical.mean(axis=2, keepdims=True)
        return [
            Attribution(
                scores=scores[b, : len(sequence)],
                spans=Spans.nucleotides(len(sequence)),
                hypothetical=hypothetical[b, : len(sequence)],
                diagnostics={
                    "explained": float(explained[b]),
                    "absorbed": float(explained[b] - scores[b].sum()),
                },
            )
            for b, sequence in enumerate(sequences)
        ]


def _propagate(
    network: nn.Module, one_hot: Tensor, targets: Ints, objective: str
) -> tuple[Tensor, Floats]:
    """Multipliers (B, 4, L) at the input, and the sum of the starting relevance (B,)."""
    with torch.enable_grad():
        inputs = one_hot.detach().requires_grad_()
        outputs = network(inputs)
        values = outputs.detach().cpu().double().numpy()
        start = objectives.gradient(objective, values, targets) * values
        relevance = torch.from_numpy(start).to(outputs)
        (multipliers,) = torch.autograd.grad(outputs, inputs, grad_outputs=relevance)
    return multipliers, start.sum(axis=1)

"""Attributions from multipliers: what a change of the embedding at each position is worth.

Scores are multipliers times the input, or its difference from a reference. On one-hot models the
multipliers also say what the other letters would contribute.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Attribution, Floats


def from_multipliers(
    layouts: Sequence[Layout],
    embedded: Tensor,
    references: Tensor,
    multipliers: Tensor,
    explained: Tensor | None = None,
    *,
    one_hot: bool,
    center: bool = False,
) -> list[Attribution]:
    """Attributions from multipliers against R references: the mean over R.

    A position's score is sum_d (x_d - r_d) m_d. On one-hot models letter c would contribute
    m_c - sum_d r_d m_d there: (e_c - r) m, with the multipliers held at the observed sequence
    (Shrikumar et al. 2017, DeepLIFT, and TF-MoDISco's hypothetical contributions).

    Parameters
    ----------
    layouts : sequence of b Layout
    embedded : tensor, shape (b, T, D)
    references, multipliers : tensors, shape (b, R, T, D)
    explained : tensor, shape (b,), optional
        The values that the method distributes.
    one_hot : bool
        Whether embeddings are one-hot over A, C, G, T.
    center : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    """
    multipliers = multipliers.double()
    apart = embedded.double()[:, None] - references.double()
    scores = (apart * multipliers).sum(-1).mean(1)
    hypothetical: list[Floats | None] = [None] * len(layouts)
    if one_hot:
        of_references = (references.double() * multipliers).sum(-1, keepdim=True)
        letters = (multipliers - of_references).mean(1)
        if center:
            letters = letters - letters.mean(-1, keepdim=True)
        hypothetical = list(to_numpy(letters))
    values = [None] * len(layouts) if explained is None else explained.tolist()
    return [
        attribution(*parts)
        for parts in zip(layouts, to_numpy(scores), hypothetical, values, strict=True)
    ]


def attribution(
    layout: Layout,
    scores: Floats,
    hypothetical: Floats | None = None,
    explained: float | None = None,
) -> Attribution:
    """An attribution from scores of positions (T,) and hypothetical contributions (T, 4).

    ``diagnostics``: ``explained``, the value that the method distributes, and ``absorbed``, what
    of it the scores do not add up to (captum's convergence delta with the other sign).
    """
    special = {name: float(scores[position]) for name, position in layout.special.items()}
    units = scores[layout.units]
    diagnostics = {}
    if explained is not None:
        absorbed = explained - float(units.sum()) - sum(special.values())
        diagnostics = {"explained": explained, "absorbed": absorbed}
    contributions = None if hypothetical is None else hypothetical[layout.units]
    return Attribution(units, layout.spans, special, contributions, diagnostics)


def to_numpy(tensor: Tensor) -> Floats:
    """A tensor's numbers in double precision."""
    found: Floats = tensor.detach().double().cpu().numpy()
    return found

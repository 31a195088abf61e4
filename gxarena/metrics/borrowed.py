"""Faithfulness on borrowed positions: what another model loses by an explanation's order.

Budgets of nucleotides do not make two architectures meet: tokens are removed whole, nucleotides one
by one, each in an order of its own. Here the model that is compared with loses exactly the
nucleotides that the explanation's own order removed from the model that it explains, budget by
budget, so that the two drops are of the same positions of the same sample, and may be paired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.metrics.similarity import DIFFERENT_TARGETS


class Borrowed(Faithfulness):
    """The drops of `Faithfulness`, of another model in the order of this explanation.

    A suite's ``against`` names the model that is asked; which of its explainers is named with it
    changes no value. Units, orders, ties, budgets and the random order, the control, are those that
    `Faithfulness` with the same parameters takes for the explanation itself. Targets and drops are
    the asked model's. With ``fill = "unknown"`` it reads N in place of each nucleotide removed,
    unless the units are its own: then its own unknown. A token model that borrows nucleotides
    tokenises the edited sequence anew. A sample of which the two explain different targets has no
    value.

    Nobody ranks by it: what matters to another model may not matter to the one explained.

    Parameters
    ----------
    as `gxarena.metrics.faithfulness.Faithfulness`
    """

    renormalise = False

    def compare(self, left: Explained, right: Explained, probe: Probe) -> Scored:
        """Drops of the model that `right` explains and `probe` asks, in the order of `left`."""
        pairs = zip(left.attributions, right.attributions, strict=True)
        own_units = right.native and all(one.spans == other.spans for one, other in pairs)
        lent = replace(right, attributions=left.attributions, native=own_units)
        differ = np.flatnonzero(left.targets != right.targets)
        return self._scored(lent, probe, dict.fromkeys(differ.tolist(), DIFFERENT_TARGETS))

    def _named(self) -> Mapping[str, Quantity]:
        return {key: replace(one, better="none") for key, one in super()._named().items()}

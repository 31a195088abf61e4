"""What special tokens ([CLS], [SEP]) take of the relevance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained, Floats

NAMES = {"cls": ("[cls]", "<cls>", "<s>"), "sep": ("[sep]", "<sep>", "<eos>", "</s>")}
"""What tokenizers call the token before, and the one behind, the sequence; in lower case."""


class SpecialShare:
    """Share of the total |relevance| that lies on special tokens (Kurth et al. 2026, section 5).

    ``cls`` and ``sep`` are the tokens before and behind the sequence, whatever a tokenizer calls
    them (`NAMES`); a model without one has no value there.
    """

    quantities: Mapping[str, Quantity] = {
        key: Quantity("none", (0.0, 1.0), "", summary)
        for key, summary in (
            ("total", "on all special tokens"),
            ("cls", "on [CLS]"),
            ("sep", "on [SEP]"),
        )
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        attributions = explained.attributions
        special = [
            {name.lower(): abs(value) for name, value in a.special.items()} for a in attributions
        ]
        on_special = np.array([sum(tokens.values()) for tokens in special])
        with np.errstate(over="ignore"):
            everything = on_special + np.array([np.abs(a.scores).sum() for a in attributions])
        has_special = np.array([bool(tokens) for tokens in special])
        defined = has_special & np.isfinite(everything) & (everything > 0)

        def share(amount: Floats) -> Floats:
            nothing = np.full(len(everything), np.nan)
            return np.asarray(np.divide(amount, everything, out=nothing, where=defined))

        reasons = {
            int(i): "no relevance at all, or not finite"
            if has_special[i]
            else "no scores on special tokens"
            for i in np.flatnonzero(~defined)
        }
        values, why = {"total": share(on_special)}, {"total": reasons}
        for key, names in NAMES.items():
            amount = np.array([sum(tokens.get(n, 0.0) for n in names) for tokens in special])
            missing = [i for i, tokens in enumerate(special) if tokens.keys().isdisjoint(names)]
            values[key] = share(amount)
            values[key][missing] = np.nan
            why[key] = dict.fromkeys(missing, f"no token {' or '.join(names)}") | reasons
        return Scored(values, why)

"""The grammars of `planted`: what makes a sequence positive, as data.

Each grammar has motifs of its own, so that a sequence's motifs say which grammar it belongs to, and
metrics that judge by the rule (`gxarena.metrics.rules`) need no other mark of it. Imports nothing
heavy: the plugin hands `RULES` to the core's metrics.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Motifs planted together, in this order, `gaps` apart (lowest and highest, inclusive)."""

    motifs: tuple[str, ...]
    gaps: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Grammar:
    """What makes a sequence positive, and what the negatives have instead.

    Attributes
    ----------
    positive, negative : tuple of arrangements
        Each sequence gets one of its label's arrangements, in turn; an arrangement is a tuple of
        groups.
    decoys : tuple of Group
        Planted into both classes.
    """

    positive: tuple[tuple[Group, ...], ...]
    negative: tuple[tuple[Group, ...], ...]
    decoys: tuple[Group, ...] = ()


def _only(*motifs: str) -> tuple[Group, ...]:
    return tuple(Group((motif,)) for motif in motifs)


PHOL, M1BP, SENS, HNF4, GSB = "MA2261.1", "MA1459.2", "MA2271.1", "MA2242.1", "MA2239.1"
BS, DIF, HLH4C, VRI, KLU = "MA2200.1", "MA2213.1", "MA2241.1", "MA2291.1", "MA2250.1"
SOX102F, SUHW = "MA2273.1", "MA0533.1"
ATF6, CG7928 = "MA2194.1", "MA2205.1"

GRAMMARS = {
    "one": Grammar((_only(PHOL),), ((),)),
    "and": Grammar((_only(M1BP, SENS),), (_only(M1BP), _only(SENS))),
    "or": Grammar((_only(HNF4), _only(GSB), _only(HNF4, GSB)), ((),)),
    "spacing": Grammar(
        ((Group((BS, DIF), (6, 10)),),),
        ((Group((BS, DIF), (30, 70)),), (Group((DIF, BS), (6, 10)),)),
    ),
    "unless": Grammar((_only(HLH4C),), (_only(HLH4C, VRI), _only(VRI))),
    "decoys": Grammar((_only(KLU),), ((),), _only(SOX102F, SUHW)),
    "order": Grammar(((Group((ATF6, CG7928), (6, 30)),),), ((Group((CG7928, ATF6), (6, 30)),),)),
}
TOGETHER = ("one", "and", "or", "spacing", "unless", "decoys")
"""The grammars that "all" means: those that the models that ship were trained on."""
MOTIFS = (PHOL, M1BP, SENS, HNF4, GSB, BS, DIF, HLH4C, VRI, KLU, SOX102F, SUHW)
"""Their motifs, none of which any sequence has unplanned. The position seeds the instances."""
MORE_MOTIFS = {"order": (ATF6, CG7928)}
"""What grammars that are asked for by name alone have besides; elsewhere they may arise."""

RULES: tuple[dict[str, list[str]], ...] = (
    {"all": [PHOL]},
    {"all": [M1BP, SENS]},
    {"any": [HNF4, GSB]},
    {"all": [BS, DIF]},
    {"all": [HLH4C], "none": [VRI]},
    {"all": [KLU]},
    {"all": [ATF6, CG7928]},
)
"""Each grammar's rule, in the order of `GRAMMARS`: which motifs must be there.

Spacing and order are none of a rule's business; decoys are what no rule names.
"""

"""Grammar: do signed scores satisfy the rule that made the label, and tell motifs from decoys?

Localization asks where relevance lies; these ask what it says there. A motif is *for* the positive
class, *against* it, or neither, by how its relevance stands beside the sample's own background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Bools, Explained, Floats, Interval, Ints
from gxarena.errors import InputError
from gxarena.metrics import rules as grammars
from gxarena.metrics.correlation import NOT_FINITE
from gxarena.metrics.positional import KEY, Positional, control_of
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.robustness import on_nucleotides
from gxarena.metrics.rules import Case
from gxarena.metrics.windows import beside_background
from gxarena.truth import DECOY, marked, truth

FEW_WINDOWS = "too few windows outside the annotations"


class GrammarSatisfiability:
    """Whether the motifs' signed evidence makes the sample's rule true.

    A stretch's relevance r is the sum of its scores, a unit's by its share; turned round where the
    target is not the positive class, so that it speaks for that class. It is *supported*, with the
    sign of r, where (1 + windows with at least |r|) / (1 + windows) <= 1 - level, over all equally
    wide windows outside the annotations: by the rule of Monte Carlo tests (Davison and Hinkley
    1997, eq. 4.11), of which a map without any relevance passes none. Demanded is

    - of a positive: every motif of *all* for it, some motif of *any* for it, no distractor for it;
    - of a negative that has all it needs and a veto (*none*): some veto against the positive
      class, no distractor against it.

    Other negatives are so by what is absent, and the rule says nothing of what is there. Graded,
    each statement holds by the share of windows that |r| is above, 0 where the sign is the other
    one; *not* takes that from 1, *and* and *or* are minimum and maximum (Zadeh 1965, Information
    and Control 8:338).

    Parameters
    ----------
    rules : sequence of tables
        Which motifs make a sequence positive: ``{all = [A, B], any = [C, D], none = [E]}``, names
        or patterns of annotations; without any rule, every annotation but decoys is required.
    positive : int
        The label, and the output, of what a rule makes positive.
    level : float
        Share of the windows above which a motif is supported.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "1 where the motifs' evidence satisfies the rule"),
        "graded": Quantity("higher", (0.0, 1.0), "", "how far it does, by ranks among windows"),
        "chance": Quantity("none", (0.0, 1.0), "", "what signs and ranks at random would satisfy"),
    }

    def __init__(
        self,
        rules: Sequence[Mapping[str, Sequence[str]]] = (),
        positive: int = 1,
        level: float = 0.95,
    ) -> None:
        self._rules = grammars.checked("grammar_satisfiability, rules", rules)
        if not 0 < level < 1:
            raise InputError(
                f"grammar_satisfiability, level: expected a share between 0 and 1, got {level}."
            )
        self._positive, self._level = positive, level

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Satisfied or not, 1 or 0; NaN where the rule says nothing, or nothing can be judged."""
        del probe
        reasons: dict[int, str] = {}
        demands = _Demands()
        for index, sample in enumerate(explained.samples):
            finite = np.isfinite(explained.attributions[index].scores).all()
            case = (
                grammars.case(self._rules, sample, self._positive) if finite else Case(NOT_FINITE)
            )
            if case.reason:
                reasons[index] = case.reason
            else:
                demands.add(index, case)
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        if demands.owners:
            judged = self._judged(explained, demands, reasons)
            chosen, rows = np.unique(demands.owner_of_term, return_inverse=True)
            for key, of_terms, combine in zip(
                values, judged, (np.minimum, np.minimum, np.multiply), strict=True
            ):
                column = np.ones(len(chosen))
                combine.at(column, rows, of_terms)
                values[key][chosen] = column
        for column in values.values():
            column[list(reasons)] = np.nan
        return Scored(values, dict.fromkeys(values, reasons))

    def _judged(
        self, explained: Explained, demands: _Demands, reasons: dict[int, str]
    ) -> tuple[Floats, Floats, Floats]:
        """Of each term whether it holds, how far, and with which chance; adds to the reasons."""
        beside = beside_background(explained, demands.owners, demands.stretches)
        owners = np.asarray(demands.owners)
        # Where there are so few, not even the highest of all is beyond the level.
        most = (1 - self._level) * (1 + beside.n_windows) + 1e-9
        reasons |= dict.fromkeys(owners[most < 1].tolist(), FEW_WINDOWS)
        for_positive = np.where(explained.targets == self._positive, 1, -1)[owners]
        agrees = beside.sums * for_positive * demands.signs > 0
        supported = agrees & (1 + beside.n_above <= most)
        strength = np.where(agrees, beside.n_below / np.maximum(beside.n_windows, 1), 0.0)
        # By chance one in so many is beyond the level, and has the wanted sign half of the time.
        unlikely = np.full(len(owners), 1 - (1 - self._level) / 2)
        return (
            demands.of_terms(supported.astype(np.float64)),
            demands.of_terms(strength),
            demands.of_terms(unlikely, chance=True),
        )


@dataclass
class _Demands:
    """What is demanded of all samples: terms, each a motif or several of which one is enough.

    Attributes
    ----------
    owners, stretches, signs, terms : list of M
        Of each stretch: its sample, where it lies, whether it must speak for (1) or against (-1)
        the positive class, and the term it is part of.
    owner_of_term, negated : list of T
    """

    owners: list[int] = field(default_factory=list)
    stretches: list[Interval] = field(default_factory=list)
    signs: list[int] = field(default_factory=list)
    terms: list[int] = field(default_factory=list)
    owner_of_term: list[int] = field(default_factory=list)
    negated: list[bool] = field(default_factory=list)

    def add(self, owner: int, case: Case) -> None:
        """The terms of one sample."""
        sign = 1 if case.positive else -1
        wanted = [*case.required] if case.positive else []
        either = case.alternatives if case.positive else case.vetoes
        if either:
            wanted.append(tuple(one for instances in either for one in instances))
        for instances in wanted:
            self._term(owner, instances, sign, negated=False)
        for one in case.distractors:
            self._term(owner, (one,), sign, negated=True)

    def _term(self, owner: int, stretches: Sequence[Interval], sign: int, *, negated: bool) -> None:
        self.owners += [owner] * len(stretches)
        self.stretches += stretches
        self.signs += [sign] * len(stretches)
        self.terms += [len(self.negated)] * len(stretches)
        self.owner_of_term.append(owner)
        self.negated.append(negated)

    def of_terms(self, of_stretches: Floats, *, chance: bool = False) -> Floats:
        """One value a term, shape (T,): its best stretch's, turned round where it is negated.

        `chance`: from each stretch's chance not to hold, that one or more do.
        """
        best = np.full(len(self.negated), 1.0 if chance else 0.0)
        (np.multiply if chance else np.maximum).at(best, self.terms, of_stretches)
        turned = np.asarray(self.negated) != chance
        return np.where(turned, 1.0 - best, best)


class DecoyPrecision(Positional):
    """1 - |decoy| / |motif|: how much less relevance decoys have than motifs, per nucleotide.

    Mean magnitudes over the nucleotides of ``decoy:`` intervals and of the others. 1: none on
    decoys; 0: as much; -1: twice as much or more, where it is cut off, as a motif with hardly any
    relevance would decide every mean.
    """

    _value = Quantity("higher", (-1.0, 1.0), "", "1 - decoys' mean relevance over that of motifs")
    quantities: Mapping[str, Quantity] = {"": _value, KEY: control_of(_value)}

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """NaN without decoys, without motifs, and without relevance on motifs."""
        del probe
        rows = [np.abs(on_nucleotides(one)) for one in explained.attributions]
        motifs = [truth(sample) for sample in explained.samples]
        decoys = [
            marked(
                len(sample.sequence),
                [one for one in sample.annotations if one.name.startswith(DECOY)],
            )
            & ~motif
            for sample, motif in zip(explained.samples, motifs, strict=True)
        ]
        amounts, inside = padded(rows), filled(rows)
        finite = np.isfinite(amounts).all(axis=1)
        # By the largest first: sums of subnormal or huge scores stay exact.
        largest = np.where(inside, amounts, 0.0).max(axis=1, keepdims=True)
        amounts = np.divide(amounts, largest, out=np.zeros_like(amounts), where=largest > 0)
        of_motifs, n_motif = _mean(amounts, padded(motifs))
        of_decoys, n_decoy = _mean(amounts, padded(decoys))
        cases = (
            (NOT_FINITE, ~finite),
            ("no decoy", n_decoy == 0),
            ("no motif that counts", n_motif == 0),
            ("no relevance on motifs", of_motifs == 0),
        )
        reasons: dict[int, str] = {}
        for reason, met in cases:
            reasons |= {i: reason for i in np.flatnonzero(met).tolist() if i not in reasons}
        values = np.full(len(rows), np.nan)
        defined = [i for i in range(len(rows)) if i not in reasons]
        values[defined] = np.maximum(1 - of_decoys[defined] / of_motifs[defined], -1.0)
        return Scored({"": values}, {"": reasons})


def _mean(amounts: Floats, where: Bools) -> tuple[Floats, Ints]:
    """Mean amount of each row where it is marked, 0 where nothing is, and how much that is."""
    counts = where.sum(axis=1)
    return np.where(where, amounts, 0.0).sum(axis=1) / np.maximum(counts, 1), counts

"""Dependence: does a motif's relevance shift when its partner is broken?

Where a rule demands two motifs together, neither is evidence without the other; where one forbids
what the other brings, the second is evidence again once the first is gone. A model that knows the
rule knows that, and its explanation should say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gxarena import dna, objective
from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Attribution, Bools, Explained, Floats, Interval, Sample
from gxarena.errors import InputError
from gxarena.metrics import rules as grammars
from gxarena.metrics.correlation import NOT_FINITE
from gxarena.metrics.robustness import SAMPLES_AT_ONCE, on_nucleotides
from gxarena.metrics.rules import Case, Instances
from gxarena.metrics.windows import DECIMALS
from gxarena.seeds import sample_seed
from gxarena.truth import marked

NO_PARTNER = "no two motifs that depend on each other"
NO_ROOM = "no room for a window outside the annotations"
EDITED_NOT_FINITE = "scores of an edited sequence are not finite"
NO_RELEVANCE = "no relevance on motifs, before or after"
NO_DROP = "the model does not answer otherwise without a motif, before or after"
NO_GAP = "no pair of motifs with both a shift and the model's"


class DependencyMap:
    """Shift of each motif's relevance when its partner is broken, as far as the rule says so.

    The partner's letters are replaced by their complements, which leaves no letter as it was and
    keeps the GC content; the other strand then reads the word backwards, which of a few motifs is
    the motif again, some letters on. The explainer is asked again, for the same target and with the
    sample's own noise and references. Of a motif's relevance r (summed over its nucleotides, for
    the positive class) before and r' after the shift is (r - r') / (|r| + |r'|), as much as there
    is for a motif that means nothing alone. It is turned round where a veto is broken, as what it
    forbade should gain by it, and where a veto is looked at, which is evidence against; so 1 is
    wholly as the rule says, 0 no dependence, -1 wholly against it. A model that got the labels
    right may not depend so: ``model`` is the same shift of what the model's explained value drops
    by when the motif is broken, with its partner and without, and ``gap`` the distance of the two.
    A sample's values are means over its ordered pairs of motifs. After the interactions of
    Greenside et al. 2018, Bioinformatics 34:i629 (DFIM), on annotated motifs and in relative terms.

    Parameters
    ----------
    rules : sequence of tables
        Which motifs make a sequence positive: ``{all = [A, B], any = [C, D], none = [E]}``, names
        or patterns of annotations. Motifs of *all* depend on each other and on those of *none*;
        without any rule, so do all annotations but decoys.
    positive : int
        The label, and the output, of what a rule makes positive.
    windows : int
        Random windows outside the annotations, as wide as the partner, that are broken in its
        place for ``null``, drawn from the sample's own seed.
    """

    # The shift alone is never ranked: of a model that only adds, the right one is none.
    quantities: Mapping[str, Quantity] = {
        "": Quantity("none", (-1.0, 1.0), "", "shift of a motif's relevance without its partner"),
        "null": Quantity("none", (-1.0, 1.0), "", "the same without a random window in its place"),
        "model": Quantity("none", (-1.0, 1.0), "", "the same of the model's drop without a motif"),
        "gap": Quantity("lower", (0.0, 2.0), "", "how far the shift is from the model's own"),
    }

    def __init__(
        self,
        rules: Sequence[Mapping[str, Sequence[str]]] = (),
        positive: int = 1,
        windows: int = 1,
    ) -> None:
        self._rules = grammars.checked("dependency_map, rules", rules)
        if not isinstance(windows, int) or windows < 1:
            raise InputError(
                f"dependency_map, windows: expected a whole number, at least 1, got {windows}."
            )
        self._positive, self._windows = positive, windows

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Shifts and their gap; NaN where no motif has a partner, or none has any relevance."""
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        reasons: dict[str, dict[int, str]] = {key: {} for key in self.quantities}
        plans: dict[int, _Plan] = {}
        for index, sample in enumerate(explained.samples):
            case = grammars.case(self._rules, sample, self._positive)
            if not np.isfinite(explained.attributions[index].scores).all():
                case = Case(NOT_FINITE)
            pairs = tuple(_pairs(case))
            if pairs:
                seed = sample_seed(explained.seed, "dependency/windows", sample.id)
                plans[index] = _Plan(sample, pairs, self._windows, seed)
                continue
            for key in values:
                reasons[key][index] = case.reason or NO_PARTNER
        chosen = list(plans)
        for start in range(0, len(chosen), SAMPLES_AT_ONCE):
            some = chosen[start : start + SAMPLES_AT_ONCE]
            found_of = self._values_of(explained, some, [plans[i] for i in some], probe)
            for index, found in zip(some, found_of, strict=True):
                for key, one in found.items():
                    if isinstance(one, str):
                        reasons[key][index] = one
                    else:
                        values[key][index] = one
        return Scored(values, reasons)

    def _values_of(
        self, explained: Explained, chosen: list[int], plans: list[_Plan], probe: Probe
    ) -> Iterator[dict[str, float | str]]:
        """Of each chosen sample every value, or the reason why it has none."""
        copies = [len(plan.edits) for plan in plans]
        owners = np.repeat(chosen, copies)
        again = probe.explain(
            [edit for plan in plans for edit in plan.edits],
            targets=explained.targets[owners],
            ids=[explained.samples[i].id for i in owners],
            annotations=[explained.samples[i].annotations for i in owners],
            origins=[explained.samples[i].sequence for i in owners],
        )
        drops_of = self._drops_without(explained, chosen, plans, probe)
        ends = np.cumsum(copies)
        for index, plan, end, drops in zip(chosen, plans, ends.tolist(), drops_of, strict=True):
            toward = 1.0 if explained.targets[index] == self._positive else -1.0
            after = again[end - len(plan.edits) : end]
            shift, null = plan.shifts(explained.attributions[index], after, toward)
            model = plan.signs * _relative_change(drops * toward)
            finite = all(np.isfinite(one.scores).all() for one in after)
            undefined = NO_RELEVANCE if finite else EDITED_NOT_FINITE
            yield {
                "": _mean(shift, undefined),
                "null": _mean(null, undefined if null.size else NO_ROOM),
                "model": _mean(model, NO_DROP),
                "gap": _mean(np.abs(shift - model), NO_GAP if finite else EDITED_NOT_FINITE),
            }

    def _drops_without(
        self, explained: Explained, chosen: list[int], plans: list[_Plan], probe: Probe
    ) -> list[Floats]:
        """Drops of the explained value without each pair's motif, shape (pairs, 2).

        First with the partner as it is, then with it broken.
        """
        counts = [len(plan.pairs) for plan in plans]
        asked = [one for plan in plans for one in plan.questions]
        owners = np.repeat(chosen, [3 * count for count in counts])
        targets = explained.targets[owners]
        answers = objective.value(explained.objective, probe.predict(asked), targets)
        whole = objective.value(
            explained.objective, explained.outputs[chosen], explained.targets[chosen]
        )
        found = []
        ends = 3 * np.cumsum(counts)
        for value, count, end in zip(whole, counts, ends.tolist(), strict=True):
            without, partner, neither = answers[end - 3 * count : end].reshape(count, 3).T
            found.append(np.stack([value - without, partner - neither], axis=1))
        return found


@dataclass(frozen=True)
class _Pair:
    """A motif that is looked at, its partner that is broken, and the sign of what should come."""

    motif: Instances
    partner: Instances
    sign: float


def _pairs(case: Case) -> Iterator[_Pair]:
    """Ordered pairs of motifs that depend on each other: every one of *all* and *none*."""
    roles = [(motif, 1.0) for motif in case.required] + [(motif, -1.0) for motif in case.vetoes]
    for i, (motif, role) in enumerate(roles):
        for j, (partner, broken) in enumerate(roles):
            if i != j:
                yield _Pair(motif, partner, role * broken)


class _Plan:
    """What is edited in one sample, and what follows from the answers.

    Attributes
    ----------
    pairs : tuple of P _Pair
    signs : float array, shape (P,)
    edits : list of str
        The sequence without each partner, then without its windows, partner by partner.
    questions : list of 3 P str
        The sequence without the motif, without its partner, without both, pair by pair.
    """

    def __init__(self, sample: Sample, pairs: tuple[_Pair, ...], windows: int, seed: int) -> None:
        self.pairs = pairs
        self.signs = np.array([pair.sign for pair in pairs])
        sequence = sample.sequence
        self._partners = list(dict.fromkeys(pair.partner for pair in pairs))
        free = ~marked(len(sequence), sample.annotations)
        rng = np.random.default_rng(seed)
        drawn = [_elsewhere(partner, free, windows, rng) for partner in self._partners]
        # Without room for one of them there is no null, and nothing to explain for it.
        self._windows = windows if all(drawn) else 0
        self.edits = []
        for partner, places in zip(self._partners, drawn, strict=True):
            self.edits.append(broken(sequence, partner))
            self.edits += [broken(sequence, place) for place in places[: self._windows]]
        self.questions = [
            broken(sequence, gone)
            for pair in pairs
            for gone in (pair.motif, pair.partner, pair.motif + pair.partner)
        ]

    def shifts(
        self, before: Attribution, after: Sequence[Attribution], toward: float
    ) -> tuple[Floats, Floats]:
        """Each pair's shift without the partner, and without windows in its place.

        Parameters
        ----------
        before : Attribution
        after : sequence of Attribution
            Of `edits`.
        toward : float
            1 where scores speak for the positive class, -1 where against it.

        Returns
        -------
        shifts : float array, shape (P,)
            NaN without relevance, and where a score of any edited sequence is not finite.
        null : float array, shape (P, windows)
        """
        maps = np.stack([on_nucleotides(one) for one in (before, *after)]) * toward
        if not np.isfinite(maps).all():
            maps = np.full_like(maps, np.nan)
        # Relative to the largest: sums of huge scores stay finite, and what cancels is 0.
        largest = np.abs(maps).max()
        maps = maps / largest if largest > 0 else maps
        each = 1 + self._windows
        rows = []  # of each pair (r, r'): r' without the partner, then without its windows
        for pair in self.pairs:
            sums = [maps[:, place.start : place.end].sum(axis=1) for place in pair.motif]
            relevance = np.sum(sums, axis=0)
            relevance[np.abs(relevance) < 10.0**-DECIMALS] = 0.0
            first = 1 + each * self._partners.index(pair.partner)
            copies = relevance[first : first + each]
            rows.append(np.stack([np.full(each, relevance[0]), copies], axis=1))
        changes = self.signs[:, None] * _relative_change(np.stack(rows))
        return changes[:, 0], changes[:, 1:]


def _relative_change(both: Floats) -> Floats:
    """(r - r') / (|r| + |r'|) of pairs (r, r'), shape (..., 2); NaN where both are 0."""
    size = np.abs(both).sum(axis=-1)
    change = np.full(size.shape, np.nan)
    np.divide(both[..., 0] - both[..., 1], size, out=change, where=size > 0)
    return change


def _mean(values: Floats, undefined: str) -> float | str:
    """Mean of those that are defined, or why there is none."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else undefined


def broken(sequence: str, places: Sequence[Interval]) -> str:
    """The sequence with every letter of these places replaced by its complement; N stays."""
    letters: dna.Letters = dna.letters([sequence])[0]
    inside = marked(len(sequence), places)
    letters[inside] = dna.complement(letters[inside])
    return str(letters.tobytes(), "ascii")


def _elsewhere(
    partner: Instances, free: Bools, windows: int, rng: np.random.Generator
) -> list[Instances]:
    """So many places as wide as a partner's where nothing is annotated; none without room."""
    widths = [one.end - one.start for one in partner]
    drawn = []
    for width in widths:
        starts = np.flatnonzero(np.convolve(free, np.ones(width), mode="valid") == width)
        if not len(starts):
            return []
        # Different ones, as long as there are.
        drawn.append(np.resize(rng.permutation(starts), windows).tolist())
    return [
        tuple(Interval(start, start + width) for start, width in zip(place, widths, strict=True))
        for place in zip(*drawn, strict=True)
    ]

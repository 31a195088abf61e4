"""Faithfulness: does the model's score fall when the units called important are replaced?

Most important first (MIF) should make it fall, least important first (LIF) should not, and both
are read beside a random order on the same partition (Kurth et al. 2026, section 4.1; Samek et
al. 2017). The target stays the original one when the perturbed prediction flips, and the drop is
kept in logits, in probability, which saturates, and in what is explained where that is neither.
What the model says under the random orders does not depend on the scores: it is asked once for all
explainers, where the probe shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from numbers import Real
from typing import Literal, get_args

import numpy as np
from scipy.integrate import trapezoid

from gxarena import objective
from gxarena.api import Curve, Probe, Quantity, Scored, SharingProbe
from gxarena.data import Bools, Explained, Floats, Ints, Spans
from gxarena.errors import InputError, check_choice
from gxarena.metrics import removal
from gxarena.metrics.correlation import NOT_FINITE
from gxarena.metrics.fills import Fill, answers_without
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.scales import Scaled, bounds_of

Ranking = Literal["signed", "magnitude"]
_NUCLEOTIDES = re.compile(r"([1-9]\d{0,11})nt")

SAMPLES_AT_ONCE = 64
"""Bounds memory: perturbed copies of so many samples exist at a time.

The runs of samples are fixed, so that an explainer without scores for some shares the control.
"""


class Faithfulness(Scaled):
    """MIF and LIF curves on nucleotide budgets, with a random order as control.

    Parameters
    ----------
    fill : "unknown", "random", "complement" or "dinucleotide"
        What replaces a unit. Unknown: on the model's own units its own unknown ([UNK] for a
        token, tokenisation held fixed; N for a nucleotide), on projected units the letter N.
        Random: a letter drawn evenly, the same for every order. Dinucleotide: the letter at that
        place of one dinucleotide shuffle of the whole sequence, the same for every order; an N
        stays N. All but unknown edit the sequence, so a token model tokenises it anew: about half
        of all single edits move a token boundary.
    budgets : sequence of K float, or of K str
        Percent of nucleotides; or nucleotides, as ``["10nt", "50nt"]``: of long sequences even 1%
        may be more than what matters. Quantities are named after them: ``mif_drop_logit@10nt``.
    ranking : "signed" or "magnitude"
        Signed: the highest score is most important, the lowest least. Magnitude: by |score|.
    random_orders : int
        Random orders the control averages over.
    """

    def __init__(
        self,
        fill: Fill = "unknown",
        budgets: Sequence[removal.Budget] = (1, 5, 10, 20, 50),
        ranking: Ranking = "signed",
        random_orders: int = 1,
    ) -> None:
        check_choice("faithfulness, fill", fill, get_args(Fill))
        check_choice("faithfulness, ranking", ranking, get_args(Ranking))
        if not isinstance(random_orders, int) or random_orders < 1:
            raise InputError(
                "faithfulness, random_orders: expected a whole number, at least 1, "
                f"got {random_orders}."
            )
        self._fill = fill
        self._budgets = checked_budgets("faithfulness, budgets", budgets)
        self._names = [removal.budget_name(budget) for budget in self._budgets]
        self._ranking = ranking
        self._random_orders = random_orders
        self.quantities = self._named()

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Drops at each budget, areas under the curves, and the curves."""
        return self._scored(explained, probe, {})

    def _scored(self, explained: Explained, probe: Probe, undefined: Mapping[int, str]) -> Scored:
        """`score`, but for samples that are undefined for a reason of their own."""
        n = len(explained)
        values = {key: np.full(n, np.nan) for key in self.quantities}
        curves: list[Curve] = []
        finite = [bool(np.isfinite(a.scores).all()) for a in explained.attributions]
        reasons = {i: NOT_FINITE for i in range(n) if not finite[i]} | dict(undefined)
        for start in range(0, n, SAMPLES_AT_ONCE):
            together = list(range(start, min(start + SAMPLES_AT_ONCE, n)))
            if chosen := [i for i in together if i not in reasons]:
                drops, fractions = self._drops(explained, chosen, together, probe)
                for key, column in self._summaries(drops, fractions):
                    values[key][chosen] = column
                spans = [explained.attributions[i].spans for i in chosen]
                for k, below in zip(self._names, self._below_unit(spans).T, strict=True):
                    values[f"below_unit@{k}"][chosen] = below
                curves += _curves(drops, fractions, chosen)
        return Scored(values, self._reasons(explained.outputs, reasons), tuple(curves))

    def _below_unit(self, spans: Sequence[Spans]) -> Bools:
        """Which budgets are less than a sequence's mean unit, shape (n, K)."""
        n_units = np.array([len(partition) for partition in spans])[:, None]
        if isinstance(self._budgets[0], str):
            lengths = np.array([partition.length for partition in spans])
            below = removal.wanted(self._budgets, lengths) * n_units < lengths[:, None]
        else:
            below = np.asarray(self._budgets, dtype=np.float64) * n_units < 100
        return np.asarray(below)

    def from_curves(self, curves: Mapping[str, tuple[Floats, Floats]]) -> Mapping[str, Floats]:
        """What `score` gives samples that have these curves, but for what depends on their units.

        All but whether a budget is below a unit, which the units say.

        Parameters
        ----------
        curves : mapping of key to (x, y)
            As `score` gives them, each of n samples: float arrays of shape (n, 1 + K).

        Returns
        -------
        mapping of quantity's key to float array, shape (n,)
        """
        orders = ("mif", "lif", "random")
        drops = {
            unit: {order: curves[_stem(order, unit)][1][:, 1:] for order in orders}
            for unit in self._scales
            if _stem("mif", unit) in curves
        }
        first = next(iter(drops))
        fractions = {order: curves[_stem(order, first)][0][:, 1:] for order in orders}
        told = dict(self._summaries(drops, fractions))
        # A scale without curves has no values: of one output, probabilities.
        none = np.full(len(fractions["mif"]), np.nan)
        silent = (k for k in self.quantities if k not in told and not k.startswith("below_unit"))
        return dict.fromkeys(silent, none) | told

    def _drops(
        self, explained: Explained, chosen: list[int], together: list[int], probe: Probe
    ) -> tuple[dict[str, dict[str, Floats]], dict[str, Floats]]:
        """Score drops by unit and order, (n, K) each, and fractions replaced by order."""
        rows = np.searchsorted(together, chosen)
        ties = _uniform("ties", explained, together)
        ranked = self._ranked(explained, chosen, ties[rows])
        masks, fractions = self._masks(explained, chosen, ranked)
        answers = self._answers(explained, chosen, masks, probe)
        # Of all samples together, whichever of them this explainer has scores for: the next one's
        # question must be the same.
        orders = self._drawn(explained, together, ties)
        drawn, replaced = self._masks(explained, together, orders)
        control = self._control(explained, together, drawn, probe)
        answers = np.concatenate([answers, control[rows]], axis=1)
        fractions = np.concatenate([fractions, replaced[rows]], axis=1)
        targets, outputs = explained.targets[chosen], explained.outputs[chosen]
        copies, flat = answers.shape[1], answers.reshape(-1, answers.shape[2])
        drops = {
            unit: np.repeat(objective.value(what, outputs, targets), copies)
            - objective.value(what, flat, np.repeat(targets, copies))
            for unit, what in self._told_by(outputs).items()
        }
        return (
            {unit: _by_order(drop.reshape(fractions.shape)) for unit, drop in drops.items()},
            _by_order(fractions),
        )

    def _masks(
        self, explained: Explained, chosen: list[int], orders: Sequence[Ints]
    ) -> tuple[Bools, Floats]:
        """Units replaced, (n, orders * K, most units), and fractions, (n, orders, K)."""
        spans = [explained.attributions[i].spans for i in chosen]
        budgeted = [removal.budget_masks(ranks, spans, self._budgets) for ranks in orders]
        masks = np.concatenate([mask for mask, _ in budgeted], axis=1)
        return masks, np.stack([fraction for _, fraction in budgeted], axis=1)

    def _answers(
        self, explained: Explained, chosen: list[int], masks: Bools, probe: Probe
    ) -> Floats:
        """The model's outputs for each sample and mask, shape (n, masks, C)."""
        answers = answers_without(self._fill, explained, chosen, masks, probe)
        return answers.reshape(*masks.shape[:2], -1)

    def _control(
        self, explained: Explained, together: list[int], masks: Bools, probe: Probe
    ) -> Floats:
        """`_answers` to the random orders, which are the same for every explainer: asked once."""

        def compute(door: Probe) -> Floats:
            return self._answers(explained, together, masks, door)

        if not isinstance(probe, SharingProbe):
            return compute(probe)
        what = {
            "fill": self._fill,
            "native": bool(explained.native),
            "budgets": [k if isinstance(k, str) else float(k) for k in self._budgets],
            "random_orders": self._random_orders,
            "seed": explained.seed,
        }
        ids = [explained.samples[i].id for i in together]
        spans = [explained.attributions[i].spans for i in together]
        return probe.shared(what, ids=ids, spans=spans, compute=compute)

    def _ranked(self, explained: Explained, chosen: list[int], ties: Floats) -> list[Ints]:
        """Removal ranks of MIF and LIF, shape (n, most units) each."""
        rows = [explained.attributions[i].scores for i in chosen]
        scores, inside = padded(rows), filled(rows)
        keys = scores if self._ranking == "signed" else np.abs(scores)
        ties = ties[:, : inside.shape[1]]  # as wide as the longest of all together
        return [removal.removal_ranks(key, ties, inside) for key in (keys, -keys)]

    def _drawn(self, explained: Explained, chosen: list[int], ties: Floats) -> list[Ints]:
        """Removal ranks of the random orders, shape (n, most units) each."""
        inside = filled([explained.attributions[i].spans.widths for i in chosen])
        return [
            removal.removal_ranks(_uniform(f"order/{number}", explained, chosen), ties, inside)
            for number in range(self._random_orders)
        ]

    def _summaries(
        self, drops: dict[str, dict[str, Floats]], fractions: dict[str, Floats]
    ) -> Sequence[tuple[str, Floats]]:
        """(key, values of the n samples) for every quantity."""
        found: list[tuple[str, Floats]] = []
        for unit, by_order in drops.items():
            areas = {order: _area(fractions[order], y) for order, y in by_order.items()}
            change = np.abs(by_order["lif"])
            areas["gain"] = areas["mif"] - areas["random"]
            areas["change"] = _area(fractions["lif"], change)
            by_order = by_order | {"gain": by_order["mif"] - by_order["random"], "change": change}
            for order, y in by_order.items():
                stem = _stem(order, unit)
                found += [(f"{stem}@{k}", y[:, i]) for i, k in enumerate(self._names)]
                found.append((stem.replace("_drop", "") + "_area", areas[order]))
        found += [(f"replaced@{k}", fractions["mif"][:, i]) for i, k in enumerate(self._names)]
        return found

    def _named(self) -> Mapping[str, Quantity]:
        named: list[tuple[str, Quantity]] = []
        for unit in self._scales:
            for order, better, what in _ORDERS:
                low, high = bounds_of(unit, times=2.0 if order == "gain" else 1.0)
                bounds = (0.0 if order == "change" else low, high)
                quantity = Quantity(better, bounds, unit.replace("_", "-"), what)
                stem = _stem(order, unit)
                named += [(f"{stem}@{k}", quantity) for k in self._names]
                named.append((stem.replace("_drop", "") + "_area", quantity))
        really = Quantity("none", (0.0, 1.0), "of nucleotides", "really replaced, MIF")
        below = Quantity("none", (0.0, 1.0), "", "whether the budget is less than a mean unit")
        for stem, quantity in (("replaced", really), ("below_unit", below)):
            named += [(f"{stem}@{k}", quantity) for k in self._names]
        return dict(named)


_ORDERS: tuple[tuple[str, Literal["higher", "lower", "none"], str], ...] = (
    ("mif", "higher", "drop when the most important go first"),
    ("lif", "lower", "drop when the least important go first"),
    ("random", "none", "drop under a random order on the same units: the control"),
    ("gain", "higher", "MIF's drop beyond the random order's"),
    ("change", "lower", "size of the change, either way, when the least important go first"),
)


def _uniform(stage: str, explained: Explained, chosen: Sequence[int]) -> Floats:
    """A random number per unit, of each sample's own, shape (n, most units)."""
    ids = [explained.samples[i].id for i in chosen]
    spans = [explained.attributions[i].spans for i in chosen]
    seeds = removal.sample_seeds(explained.seed, f"faithfulness/{stage}", ids)
    return removal.seeded_uniform(spans, seeds)


def _stem(order: str, unit: str) -> str:
    return {"gain": f"gain_{unit}", "change": f"lif_change_{unit}"}.get(
        order, f"{order}_drop_{unit}"
    )


def _by_order(values: Floats) -> dict[str, Floats]:
    """(n, orders, K) as MIF, LIF and the mean of the random orders, (n, K) each."""
    return {"mif": values[:, 0], "lif": values[:, 1], "random": values[:, 2:].mean(axis=1)}


def _area(x: Floats, y: Floats) -> Floats:
    """Mean height of the curve from (0, 0) over the fraction really replaced, shape (n,)."""
    area = trapezoid(_from_nothing(y), _from_nothing(x), axis=1)
    return area / x[:, -1]  # type: ignore[no-any-return]


def _curves(
    drops: dict[str, dict[str, Floats]], fractions: dict[str, Floats], chosen: Sequence[int]
) -> list[Curve]:
    """Every sample's curves, each from (0, 0)."""
    x = {order: _from_nothing(replaced) for order, replaced in fractions.items()}
    return [
        Curve(_stem(order, unit), *one)
        for unit, by_order in drops.items()
        for order, y in by_order.items()
        for one in zip(chosen, x[order], _from_nothing(y), strict=True)
    ]


def _from_nothing(values: Floats) -> Floats:
    """What there is with nothing replaced, 0, before each row of (n, K)."""
    return np.hstack([np.zeros((len(values), 1)), values])


def checked_budgets(where: str, budgets: Sequence[removal.Budget]) -> tuple[removal.Budget, ...]:
    """Budgets as given; InputError where they are neither rising percentages nor nucleotides."""
    many = isinstance(budgets, list | tuple) and len(budgets) > 0
    if many and all(isinstance(k, str) and k.endswith(removal.NUCLEOTIDES) for k in budgets):
        amounts = [int(k[1]) if (k := _NUCLEOTIDES.fullmatch(str(text))) else 0 for text in budgets]
        if not all(a < b for a, b in pairwise((0, *amounts))):
            raise InputError(
                f"{where}: expected rising nucleotides such as '10nt', got {list(budgets)}."
            )
        return tuple(budgets)
    numbers = many and all(isinstance(k, Real) for k in budgets)
    # NaN is above nothing, so it ends here too.
    if not (numbers and all(a < b for a, b in pairwise((0, *budgets)))):  # type: ignore[operator]
        raise InputError(
            f"{where}: expected rising percentages above 0, got {budgets}. Or nucleotides, each "
            "as '10nt'; where both are wanted, the metric under two aliases."
        )
    if float(budgets[-1]) > 100:
        raise InputError(f"{where}: expected at most 100 percent, got {budgets[-1]}.")
    return tuple(budgets)

"""Matched motifs beyond the controls': what a set metric finds in scores that know nothing.

The sequences hold motifs whatever explains them: GC content finds CTCF in CTCF's peaks. What an
explainer found is therefore read beside random, GC and randomised-model scores of the same model,
data and metric, on the same units and in the same contributions. Of copies that learned nothing
those stand beside it that it explained itself: another rule reads something else off them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gxarena.results.reading import RunResults, last_attempts
from gxarena.statistics.bounded import two_valued

LEVEL = 0.95
_CONTRIBUTIONS = ("hypothetical", "observed")
_LIKE = ("dataset", "model", "model_replicate", "aggregator", "metric_name")
TOLD_THE_TRUTH = frozenset({"oracle", "degraded_oracle"})
"""Components that read the annotations: of all controls, theirs alone are no null."""


@dataclass(frozen=True)
class Found:
    """How many patterns one explainer has.

    Attributes
    ----------
    explainer : str
    patterns, counting, matched : int
        All; those that say enough to be compared; those that match.
    """

    explainer: str
    patterns: int
    counting: int
    matched: int


@dataclass(frozen=True)
class Excess:
    """An explainer's matched patterns beside its controls'.

    Attributes
    ----------
    dataset, model, aggregator, metric : str
    replicate : int or None
    contributions, units : str
        What all were found in, and on what the explainers gave them.
    found : Found
    controls : tuple of Found
    """

    dataset: str
    model: str
    aggregator: str
    metric: str
    replicate: int | None
    contributions: str
    units: str
    found: Found
    controls: tuple[Found, ...]

    @property
    def most(self) -> int | None:
        """Matched patterns of the control that has most; None without controls."""
        return max((one.matched for one in self.controls), default=None)

    @property
    def number(self) -> int | None:
        """Matched patterns beyond those of the control that has most; None without controls."""
        return None if self.most is None else self.found.matched - self.most

    @property
    def share(self) -> float | None:
        """Share of all patterns that match, less that of the controls' patterns together.

        None where either has no pattern.
        """
        patterns, matched = self._pooled
        if not patterns or not self.found.patterns:
            return None
        return self.found.matched / self.found.patterns - matched / patterns

    @property
    def interval(self) -> tuple[float, float] | None:
        """Limits of `share`, were patterns independent draws: they hold at least 95%.

        Clopper and Pearson's limits of either share, each at 97.5%, combined (Bonferroni). Patterns
        are few, and the limits wide.
        """
        if self.share is None:
            return None
        patterns, matched = self._pooled
        each = 1 - (1 - LEVEL) / 2
        low, high = two_valued(self.found.matched, self.found.patterns, each)
        null_low, null_high = two_valued(matched, patterns, each)
        return low - null_high, high - null_low

    @property
    def _pooled(self) -> tuple[int, int]:
        return (
            sum(one.patterns for one in self.controls),
            sum(one.matched for one in self.controls),
        )


def is_null(cell: Mapping[str, Any]) -> bool:
    """Whether a cell's scores are a control's that knows nothing, be it ours or a plugin's own."""
    controls = ("floor", "control")
    return cell["explainer_role"] in controls and cell["explainer_component"] not in TOLD_THE_TRUTH


def kind_of(control: str) -> str:
    """What a control is, as its label says: whichever explainer it randomises."""
    kinds = {"randomised": "a randomised model", "gc": "GC content", "random": "random scores"}
    return kinds.get(control.partition("-")[0], control)


def is_beside(control: str, explainer: str, explainers: Collection[str]) -> bool:
    """Whether a control stands beside an explainer, by their labels.

    A copy that learned nothing, as explained by another of the `explainers` (``randomised-lrp``
    where there is an ``lrp``), stands beside that one alone.
    """
    of = control.removeprefix("randomised-")
    return of in (control, explainer) or of not in explainers


def excesses(run: RunResults) -> list[Excess]:
    """Every method's matched patterns beside its controls', in the order of the run's cells."""
    cells = [
        row
        for row in last_attempts(run.table("cells"))
        if row["status"] == "ok" and row["metric_scope"] == "set"
    ]
    motifs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    wanted = ["cell_id", "contributions", "counts", "match_id"]
    for row in run.table("motifs").select(wanted).to_pylist():
        motifs[row["cell_id"]].append(row)
    kinds = _kinds(run, cells)
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for cell in cells:
        if kinds.get(cell["cell_id"]) in _CONTRIBUTIONS:
            alike[_like(cell, kinds)].append(cell)
    return [
        _excess(cell, kinds[cell["cell_id"]], alike[_like(cell, kinds)], motifs)
        for cells in alike.values()
        for cell in cells
        if cell["explainer_role"] == "method"
    ]


def _kinds(run: RunResults, cells: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Cell -> what its motifs were sought in, which its quantities' names begin with."""
    names = {cell["cell_id"]: cell["metric_name"] for cell in cells}
    kinds = {}
    for row in run.table("samples").select(["cell_id", "sample_id", "metric"]).to_pylist():
        if row["cell_id"] in names and not row["sample_id"]:
            key = row["metric"].removeprefix(f"{names[row['cell_id']]}.")
            kinds[row["cell_id"]] = key.partition(".")[0]
    return kinds


def _like(cell: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, ...]:
    """What two cells have in common whose motifs may be compared."""
    return (*(cell[name] for name in _LIKE), cell["attributions_units"], kinds[cell["cell_id"]])


def _excess(
    cell: dict[str, Any],
    kind: str,
    alike: Sequence[dict[str, Any]],
    motifs: dict[str, list[dict[str, Any]]],
) -> Excess:
    methods = {other["explainer"] for other in alike if other["explainer_role"] == "method"}
    controls = [
        other
        for other in alike
        if is_null(other) and is_beside(other["explainer"], cell["explainer"], methods)
    ]
    return Excess(
        dataset=cell["dataset"],
        model=cell["model"],
        aggregator=cell["aggregator"],
        metric=cell["metric_name"],
        replicate=cell["model_replicate"],
        contributions=kind,
        units=cell["attributions_units"] or "",
        found=_found(cell, motifs),
        controls=tuple(_found(other, motifs) for other in controls),
    )


def _found(cell: dict[str, Any], motifs: dict[str, list[dict[str, Any]]]) -> Found:
    rows = motifs[cell["cell_id"]]
    return Found(
        explainer=cell["explainer"],
        patterns=len(rows),
        counting=sum(row["counts"] for row in rows),
        matched=sum(row["match_id"] is not None for row in rows),
    )

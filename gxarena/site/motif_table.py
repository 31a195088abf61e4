"""Which explainer finds motifs beyond noise: explanations beside their controls, and in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gxarena.results.expected_motifs import EXPLANATION, found
from gxarena.results.pooled_excess import pooled
from gxarena.site.axis import Axis
from gxarena.site.content import Content
from gxarena.site.numbers import listed

Row = Mapping[str, Any]
_KEY = ("dataset", "model", "explainer", "aggregator", "contributions")
BEYOND, NOT_TOLD, BEHIND = "beyond its controls", "not told from its controls", "behind them"


@dataclass(eq=False)
class Beside:
    """One explainer's motifs beside its controls', on one data set and model.

    Attributes
    ----------
    labels : tuple of str
        Data set, model, explainer, strategy, kind of contributions.
    excess : mapping
        As `gxarena.results.pooled_excess`, beside all controls together; empty where not known.
    expected : mapping of str to mapping
        As `gxarena.results.expected_motifs`, by who finds them.
    """

    labels: tuple[str, ...]
    excess: Row = field(default_factory=dict)
    expected: dict[str, Row] = field(default_factory=dict)

    @property
    def trainings(self) -> int:
        """Sets of weights."""
        own = self.expected.get(EXPLANATION, {})
        return int(self.excess.get("replicates") or own.get("trainings") or 0)

    @property
    def verdict(self) -> str:
        """What the limits of its excess say; empty without any."""
        low, high = self.excess.get("low"), self.excess.get("high")
        if low is None or high is None:
            return ""
        return BEYOND if low > 0 else BEHIND if high < 0 else NOT_TOLD


def besides(content: Content) -> list[Beside]:
    """All that is known: of runs and bundles, of tables beside boards, of boards' own rows."""
    lines: dict[tuple[str, ...], Beside] = {}

    def line(row: Row) -> Beside:
        key = tuple(str(row[name]) for name in _KEY)
        return lines.setdefault(key, Beside(key))

    known = [row for source in content.sources.values() for row in pooled(source.excesses)]
    for row in (*known, *content.excesses):
        here = line(row)
        if not here.excess:  # the first is beside all controls, and a run's own before a table's
            here.excess = row
    for board in content.boards:
        for row in found(board.shown.to_pylist()):
            line(row).expected.setdefault(row["of"], row)
    return sorted(lines.values(), key=lambda one: (one.labels[1], one.labels[0], one.labels[2:]))


def axis(lines: Iterable[Beside]) -> Axis:
    """On which all excesses lie."""
    return Axis.over(line.excess.get(end) for line in lines for end in ("low", "high"))


def controls_of(lines: Iterable[Beside]) -> list[str]:
    """Who stands beside explanations, in the order of the boards."""
    return [name for name in dict.fromkeys(n for one in lines for n in one.expected)
            if name != EXPLANATION]  # fmt: skip


def in_words(lines: Sequence[Beside]) -> list[str]:
    """Of each model which explainers are beyond their controls, and who else finds as much."""
    of: dict[str, list[Beside]] = defaultdict(list)
    for line in lines:
        of[line.labels[1]].append(line)
    said = [sentence for model, some in of.items() for sentence in _of_model(model, some)]
    if said:
        asked = sorted({line.labels[2] for line in lines if line.verdict})
        said.append(f"Asked of {listed(asked, len(asked))} alone; of others it is not known.")
    return [*said, *_found_by_controls(lines)]


def _of_model(model: str, lines: Sequence[Beside]) -> Iterator[str]:
    """A sentence on a model; none where no excess is known."""
    outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        if line.verdict:
            outcomes[line.labels[2], line.labels[0]].append(line.verdict)
    by_verdict: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (explainer, dataset), verdicts in outcomes.items():
        once = sorted(set(verdicts))
        verdict = once[0] if len(once) == 1 else f"{listed(once)}, by what it is asked on,"
        by_verdict[verdict][explainer].append(dataset)
    parts = [
        f"{explainer} is {verdict} on {listed(datasets)}"
        for verdict, of in sorted(by_verdict.items(), key=lambda item: item[0] != BEYOND)
        for explainer, datasets in of.items()
    ]
    if parts:
        few = min(line.trainings for line in lines if line.verdict)
        yield f"With {model}: {'; '.join(parts)}{' (one training)' if few == 1 else ''}."


def _found_by_controls(lines: Sequence[Beside]) -> Iterator[str]:
    """Which controls find the expected motifs too: these then stand in the sequences."""
    by: dict[str, dict[str, None]] = defaultdict(dict)
    for line in lines:
        for name, row in line.expected.items():
            if name != EXPLANATION and row["found"]:
                by[name][line.labels[0]] = None
    if by:
        who = "; ".join(f"{name} on {listed(list(of))}" for name, of in by.items())
        yield (
            f"Controls find expected motifs as well, at least once: {who}. That an explanation "
            "finds one says that the sequences hold it, not by itself that the model reads it."
        )

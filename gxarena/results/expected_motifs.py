"""Who finds the motifs that are expected: explanations and each of their controls, from boards.

A row is an explanation, or one control beside it, on one data set, model, strategy and kind of
contributions: the share of the expected matrices that some pattern resembles (`found`) and that are
a pattern's best match (`found_best`), mean over sets of weights, 0 where no pattern of a set
counts; and the second reading, the share of all counted patterns that match any matrix (`matched`),
mean over the sets that have one. What GC content and a model that learned nothing find as well
stands in the sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gxarena.results.excess import is_beside, kind_of

_LIKE = ("dataset", "model", "aggregator", "metric")
Row = Mapping[str, Any]
EXPLANATION = "the explanation"
_ASKED = {"counted", "matched", "recall", "recall_best"}


def found(board: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Each method and, beside it, each of its controls."""
    numbers: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in board:
        metric, _, quantity = row["metric"].rpartition(".")
        if metric.partition(".")[2] in ("observed", "hypothetical"):
            key = (*(row[name] for name in _LIKE[:3]), metric, row["role"], row["explainer"])
            numbers.setdefault(key, {})[quantity] = row
    numbers = {key: own for key, own in numbers.items() if own.keys() >= _ASKED}
    for (*like, role, explainer), own in numbers.items():
        if role == "method":
            alike = [key for key in numbers if list(key[:-2]) == like]
            methods = {key[-1] for key in alike if key[-2] == "method"}
            yield _row(like, explainer, EXPLANATION, own)
            for key in alike:
                if key[-2] == "method" or not is_beside(key[-1], explainer, methods):
                    continue
                yield _row(like, explainer, kind_of(key[-1]), numbers[key])


def _row(
    like: Sequence[str], explainer: str, of: str, numbers: Mapping[str, Row]
) -> dict[str, Any]:
    """`counted` has a value for each set of weights, also where no pattern counts."""
    trainings = numbers["counted"]["n"]
    shares = {
        name: (numbers[quantity]["estimate"] or 0.0) * numbers[quantity]["n"] / trainings
        if trainings
        else None
        for name, quantity in (("found", "recall"), ("found_best", "recall_best"))
    }
    matched, counted = numbers["matched"]["estimate"], numbers["counted"]["estimate"]
    said = "not asked"
    if trainings:
        said = f"{shares['found']:.0%}; no pattern counts"
        if matched is not None:
            said = f"{shares['found']:.0%}; {matched:.0%} of {counted:.3g}"
    return {
        "dataset": like[0], "model": like[1], "explainer": explainer, "aggregator": like[2],
        "contributions": like[3].rpartition(".")[2], "of": of, "trainings": trainings,
        **shares, "counted": counted, "matched": matched, "said": said,
    }  # fmt: skip

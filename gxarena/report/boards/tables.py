"""A board as tables: by question first, then the rows, one table a metric, units and data set."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.hookspecs import QUESTIONS
from gxarena.results.blocks import NONE_KNOWN, Components
from gxarena.results.encoded import as_arrow
from gxarena.results.leaderboard import AGAINST_ONE, OF_THE_OTHER, ONE_PAIR
from gxarena.results.patterns import matches
from gxarena.results.places import competed_with_nobody
from gxarena.results.strata import stratum_of
from gxarena.results.summary import alone, left_out, summary

Row = Mapping[str, Any]
Value = str | int | float | None

TABLE = ("suite", "metric", "aggregator", "dataset")
"""What the rows of one table share."""
SUMMARY_IN_WORDS = (
    "Ranked by: families of a metric (mif, lif) count alike, whatever their budgets, scales, "
    "labels and strategies; mif holds gains over a random order too. "
    "95% ranks: mean ends of the ranks' intervals; place: by mean rank, as one data set, metric or "
    "training is left out; first tier: quantities by which it is the best or not told apart from "
    "the best; tier: over data sets, from ten of them on; seconds: an explanation of one sequence."
)
"""The columns of `summary_tables` that their names do not explain."""
ROWS_IN_WORDS = (
    "rank: by the mean, and between which it is, as sure as these data make it (95%); of one set "
    "of weights that says nothing of the next; tier 1: the best, and all that the data do not tell "
    "apart from it; tier 2: the best of the others, and so on. Controls are beside the ranks."
)
"""The columns of `row_tables` that their names do not explain."""
_DIRECTIONS = {"higher": ["higher is better"], "lower": ["lower is better"], "none": []}


@dataclass(frozen=True)
class Table:
    """A table to be shown.

    Attributes
    ----------
    title : str
        What it is of, in a word or two.
    about : str
        The rest of the heading.
    columns : tuple of str
    rows : tuple of tuples of values
        Numbers as they are; None where there is nothing to say; "" beside a model's name, whose
        explainers follow.
    notes : tuple of str
        Sentences to say below.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()


def is_numeric(values: Iterable[object]) -> bool:
    """Whether a column holds numbers alone, but for what is not there."""
    return all(isinstance(value, int | float | None) or value == "" for value in values)


def as_text(value: Value) -> str:
    """A value as tables show it; four digits of a number."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def blocks_in_words(blocks: int) -> str:
    """Over how much a mean rank is."""
    return "1 metric on 1 data set" if blocks == 1 else f"{blocks} metrics x data sets"


def summary_tables(board: pa.Table, components: Components = NONE_KNOWN) -> Iterator[Table]:
    """One table a model and question; of a board whose metrics are of these components."""
    stratum = stratum_of(board)
    stated = f"; {stratum}" if stratum else ""
    lacking = left_out(board, components)
    for (model, question), group in itertools.groupby(
        summary(board, components), key=lambda one: (one.model, one.question)
    ):
        listed = list(group)
        tiers = any(one.tier is not None for one in listed)
        yield Table(
            model,
            f": {QUESTIONS[question]} ({blocks_in_words(listed[0].blocks)}; "
            f"{weights_in_words(one.weights for one in listed)}{stated}). "
            f"Ranked by {'; '.join(listed[0].ranked_by)}.",
            (
                *("", "explainer", "mean rank", "95% ranks", "place"),
                *(("tier",) if tiers else ()),
                "first tier",
                "seconds",
            ),
            tuple(
                (
                    one.place,
                    " = ".join(one.names),
                    one.mean_rank,
                    f"{one.rank_low:.1f} … {one.rank_high:.1f}",
                    f"{one.low} … {one.high}",
                    *((one.tier,) if tiers else ()),
                    f"{one.leads} of {one.quantities}",
                    None if one.seconds is None else float(f"{one.seconds:.2g}"),
                )
                for one in listed
            ),
            (
                *(
                    f"{name} is not among them: {n} of the {of} ask about it."
                    for name, (n, of) in lacking.get((model, question), {}).items()
                ),
                *(
                    f"{one.names[0]} answers for {_percent(one.coverage)}; with the floor's "
                    f"answers for the others its place is {one.place_filled}."
                    for one in listed
                    if one.coverage is not None and one.coverage < 1
                ),
            ),
        )


def weights_in_words(counts: Iterable[int]) -> str:
    """How many sets of weights something is over, at least."""
    least = min(counts)
    return "one set of weights" if least <= 1 else f"{least} sets of weights"


def without_competitors(board: pa.Table, components: Components = NONE_KNOWN) -> list[str]:
    """A sentence for each model of which no two methods meet in all metrics of a question."""
    return [
        f"{model}: {', '.join(names)} meet under some metrics, in no question's all; the rows rank "
        "them."
        if len(names) > 1
        else f"{model}: {names[0]} competes with nobody here; the rows show it beside the controls."
        for model, names in alone(board, components).items()
    ]


def row_tables(board: pa.Table, patterns: Sequence[str]) -> Iterator[Table]:
    """The rows whose metric matches one of the patterns; all where there are none.

    One line a contestant under its metric and model, by rank, so that an 80-column terminal is wide
    enough.
    """
    keys = list(zip(*(board[name].to_pylist() for name in TABLE), strict=True))
    metrics = enumerate(board["metric"].to_pylist())
    shown = [position for position, metric in metrics if matches(metric, patterns)]
    shown.sort(key=keys.__getitem__)  # stable: else as on the board
    for _, group in itertools.groupby(shown, key=keys.__getitem__):
        yield _of_rows(board.take(as_arrow(np.array(list(group)))).to_pylist())


def _of_rows(unordered: Sequence[Row]) -> Table:
    models = list(dict.fromkeys(row["model"] for row in unordered))
    rows = sorted(unordered, key=lambda row: (models.index(row["model"]), *_standing(row)))
    one = rows[0]
    of = [one["aggregator"], one["dataset"], *(models if len(models) == 1 else ())]
    facts = [*_DIRECTIONS[one["direction"]], *_sizes(rows)]
    several = len({row["replicates"] for row in rows}) > 1
    gaps = len({row["coverage"] for row in rows}) > 1  # else it is said in the heading
    # Where nobody can be ranked a sentence says so: the line is for numbers.
    ranks = any(row["role"] == "method" and not row["not_ranked"] for row in rows)
    columns: dict[str, list[Value]] = {
        "explainer": [row["explainer"] for row in rows],
        **({"weights": [row["replicates"] for row in rows]} if several else {}),
        "mean": [row["estimate"] for row in rows],
        "95% CI": [_interval(row) for row in rows],
        **({"coverage": [_percent(row["coverage"]) for row in rows]} if gaps else {}),
        "rank": [_rank(row) for row in rows],
        **({"tier": [row["tier"] for row in rows]} if ranks else {}),
        **({"with the floor's": [_filled(row) for row in rows]} if ranks and gaps else {}),
    }
    cells = list(zip(*columns.values(), strict=True))
    return Table(
        one["metric"],
        f", {', '.join(of)} ({'; '.join(facts)})",
        tuple(columns),
        tuple(cells if len(models) == 1 else _under_models(rows, cells)),
        (
            *(f"Nobody is ranked here for {model}: {why}." for model, why in _not_ranked(rows)),
            *_tiers_in_words(rows),
        ),
    )


def _standing(row: Row) -> tuple[bool, int]:
    """Sorts the ranked first, by rank; then who is not, then controls."""
    return row["role"] != "method", row["rank"] or sys.maxsize


def _under_models(
    rows: Sequence[Row], cells: Sequence[tuple[Value, ...]]
) -> Iterator[tuple[Value, ...]]:
    """Each model's name on a line of its own above its explainers, which stay on one line each."""
    pairs = zip(rows, cells, strict=True)
    for model, group in itertools.groupby(pairs, key=lambda pair: str(pair[0]["model"])):
        yield (model, *("",) * (len(cells[0]) - 1))
        yield from ((f"  {name}", *rest) for _, (name, *rest) in group)


def _tiers_in_words(rows: Sequence[Row]) -> Iterator[str]:
    """What a reader would take wrongly: an order that may be luck, a late rank in an early tier."""
    for model, group in itertools.groupby(rows, key=lambda row: str(row["model"])):
        ranked = [row for row in group if row["rank"] is not None and row["tier"] is not None]
        before = itertools.accumulate((row["tier"] for row in ranked), max)
        late = [row for row, tier in zip(ranked, before, strict=True) if row["tier"] < tier]
        if late:
            one = min(late, key=lambda row: (row["tier"], -row["rank"]))
            yield (
                f"{model}: a tier holds all that the data do not tell apart from its first, "
                f"whatever their rank: {one['explainer']} (rank {one['rank']}, tier {one['tier']}) "
                "varies too much to be told apart from it."
            )
        elif {row["tier"] for row in ranked} == {1} != {row["rank"] for row in ranked}:
            yield f"{model}: nobody is told apart from the first, so the order may be luck."


def _not_ranked(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Models whose methods the metric does not rank, each with why."""
    found = {row["model"]: row["not_ranked"] for row in rows}
    return [(model, why) for model, why in found.items() if why]


def _sizes(rows: Sequence[Row]) -> list[str]:
    """Of how many sequences and sets of weights an interval is, and whether all answer."""
    n, r = ({row[key] for row in rows} for key in ("sequences", "replicates"))
    sizes = [f"n = {_range(n)}"]
    if max(n) > 1 and len(r) == 1:
        others = any(OF_THE_OTHER in row["ci_method"] for row in rows)
        whose = " of the other model" if others else ""
        sizes.append(weights_in_words(r) + (whose if max(r) > 1 else ""))
        if any(AGAINST_ONE in row["ci_method"] for row in rows):
            sizes.append(AGAINST_ONE)
    if any(ONE_PAIR in row["ci_method"] for row in rows):
        sizes.append(f"intervals over sequences alone, of {ONE_PAIR}")
    coverages = {row["coverage"] for row in rows}
    if len(coverages) == 1 and (coverage := coverages.pop()) is not None:
        sizes.append(f"coverage {_percent(coverage)}")
    return sizes


def _percent(share: float | None) -> str:
    """Rounded down: what is not whole never reads 100%."""
    return "–" if share is None else f"{math.floor(100 * share)}%"


def _range(numbers: set[int]) -> str:
    return " to ".join(map(str, sorted({min(numbers), max(numbers)})))


def _rank(row: Row) -> str:
    if row["not_ranked"] and row["role"] == "method":
        return "not ranked"
    if competed_with_nobody(row):
        return "nobody competed"
    if row["rank"] is None:
        return "–" if row["role"] == "method" else str(row["role"])
    return f"{row['rank']} ({row['rank_low']} … {row['rank_high']})"


def _filled(row: Row) -> str:
    """Mean and rank were the floor's values in the place of those that are missing."""
    if row["estimate_filled"] is None:
        return "–"
    rank = "" if row["rank_filled"] is None else f", rank {row['rank_filled']}"
    return f"{row['estimate_filled']:.3g}{rank}"


def _interval(row: Row) -> str:
    if row["n_failed"]:
        return f"{row['n_failed']} failed"
    return "–" if row["ci_low"] is None else f"{row['ci_low']:.3g} … {row['ci_high']:.3g}"

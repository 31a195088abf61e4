"""Which metric measures what it says? Judges the metrics of runs of `metric-validity`.

    gxarena run metric-validity --out runs/metric-validity
    python benchmarks/validity/metrics.py leaderboard runs/metric-validity

Writes three tables into the folder.

`metric-validity`: for every metric that has a direction, and each way in which the truth is made
worse, in how many of the four steps the metric tells the worse from the better (paired over samples
and replicates, 5% without correction), whether its means fall at every step, and how often it turns
a step round. One row a data set, model, metric and way; `against` rows are for controls: on what
share of the maps the truth is `ahead`, with its interval, and what came of it (`outcome`): the
metric `tells` the truth from the control; is `misled`, taking that for better, by the means or on
most maps; is `blind`, as even by the interval's end the truth is ahead on less than two maps of
three; or it is `not decided`.

`metric-trust`: the same in one row a model and metric.

`metric-conflicts`: how far two metrics order the same maps alike (Spearman's correlation over them,
the mean over the data sets).

And beside itself `not_ranked.json`: by which metrics boards rank nobody, and why; and, without a
reason, at which budgets one was judged that had none.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from gxarena.errors import InputError
from gxarena.results.contestants import Contestant, groups_of_contestants
from gxarena.results.reading import RunResults
from gxarena.results.same_maps import entries
from gxarena.results.validity import ANY, BUDGET, FILE, Measure, by_definition, write_verdicts
from gxarena.statistics.bounded import all_equal
from gxarena.statistics.differences import pairwise_differences, told_apart
from gxarena.statistics.intervals import mean_intervals

TRUTH = "oracle"
STEP = re.compile(r"(?P<way>[a-z]+)-(?P<level>\d+)")
"""How the suite calls a degraded truth: its way and its level in percent."""

TELLS, MISLED, BLIND, UNDECIDED = "tells", "misled", "blind", "not decided"
LEAST_AHEAD = 2 / 3
"""The smallest effect of interest: on so large a share of maps is the truth ahead of a control.

Of two maps of which one knows nothing chance gets half. Who does not get two of three right where
the difference is as large as it can be, does not tell two explainers apart.
"""


def judged(group: list[Contestant]) -> Iterator[dict[str, Any]]:
    """The rows of contestants that one quantity of one metric was asked about."""
    direction = next((one.direction for one in group if one.direction != "none"), "none")
    by_name = {one.labels["explainer"]: one for one in group}
    if direction == "none" or TRUTH not in by_name or group[0].whole:
        return
    truth = np.isfinite(by_name[TRUTH].values)
    if not truth.any():  # a rule, say, that the data do not have: undefined, and not blind
        return
    sign = 1.0 if direction == "higher" else -1.0
    labels, trainings = group[0].labels, len(by_name[TRUTH].replicates)
    shared = {name: labels[name] for name in ("dataset", "model", "metric")}
    shared |= {"question": group[0].question}
    for way, steps in ways(by_name).items():
        if len(set(entries([one.fingerprints for one in steps]))) == 1:
            continue  # nothing is made worse, such as by decoys where the data have none
        leads = [_lead(better, worse, sign) for better, worse in pairwise(steps)]
        yield shared | {
            "way": way, "against": None, "trainings": trainings, "outcome": None,
            "ahead": None, "ahead_low": None, "ahead_high": None,
            "steps": len(leads),
            "told": sum(mean > 0 and apart for mean, apart in leads),
            "turned": sum(mean < 0 and apart for mean, apart in leads),
            "monotone": all(mean > 0 for mean, _ in leads),
        }  # fmt: skip
    for name, one in by_name.items():
        beside = one.role in ("floor", "control") and not STEP.fullmatch(name)
        if beside and (np.isfinite(one.values) & truth).any():
            yield (
                shared
                | {"way": None, "against": name, "trainings": trainings, "steps": 1}
                | (_beside(by_name[TRUTH], one, sign))
            )


def ways(by_name: Mapping[str, Contestant]) -> dict[str, list[Contestant]]:
    """The truth, then its degraded versions as the level rises, for each way."""
    levels: dict[str, dict[int, Contestant]] = {}
    for name, one in by_name.items():
        if found := STEP.fullmatch(name):
            levels.setdefault(found["way"], {})[int(found["level"])] = one
    return {
        way: [by_name[TRUTH], *(of[level] for level in sorted(of))] for way, of in levels.items()
    }


def _lead(better: Contestant, worse: Contestant, sign: float) -> tuple[float, bool]:
    """By how much one is ahead on average, and whether they are told apart."""
    values = np.stack([better.values, worse.values], axis=-1)
    found = pairwise_differences(values)
    mean = float(np.nan_to_num(sign * found.mean[0, 1]))
    return mean, bool(told_apart(found)[0, 1])


def _beside(truth: Contestant, control: Contestant, sign: float) -> dict[str, Any]:
    """What came of the truth beside a control, of values that may be far apart on a few maps.

    So whether they are told apart is a matter of means, as on boards; that they are not is shown by
    how often the truth is ahead, which no outlier hides. A control that is ahead on most maps, by
    the whole interval, and by its mean is taken for better although its mean alone is not told.
    """
    mean, apart = _lead(truth, control, sign)
    lead = sign * (truth.values - control.values)
    even = np.isclose(truth.values, control.values, rtol=1e-9, atol=0.0)
    found = mean_intervals((np.sign(np.where(even, 0.0, lead)) + 1) / 2, bounds=(0.0, 1.0))
    ahead, low, high = (float(part[0]) for part in (found.mean, found.low, found.high))
    if apart:
        outcome = TELLS if mean > 0 else MISLED
    elif high < 0.5 and mean <= 0:
        outcome = MISLED
    else:
        outcome = BLIND if high < LEAST_AHEAD else UNDECIDED  # without an interval nothing is shown
    return {
        "told": int(outcome == TELLS), "turned": int(outcome == MISLED), "monotone": mean > 0,
        "outcome": outcome, "ahead": ahead,
        "ahead_low": None if np.isnan(low) else low, "ahead_high": None if np.isnan(high) else high,
    }  # fmt: skip


def trusted(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row a model and metric of those that `judged` gives.

    ``told`` is the mean share of the steps, with Student's t interval over the ways and data sets,
    which are few (and share the model's weights); where all are equal the exact rule for that.
    ``trusted`` is who tells the truth from every control on every data set, and takes no control
    for better than it.
    """
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["model"], row["metric"], row["question"]].append(row)
    for (model, metric, question), of in groups.items():
        steps = [row for row in of if row["way"] is not None]
        controls = [row for row in of if row["against"] is not None]
        shares = np.array([row["told"] / row["steps"] for row in steps])
        mean, error = float(shares.mean()), float(stats.sem(shares))
        low, high = all_equal(mean, len(shares), (0.0, 1.0), 0.95)
        if error:
            low, high = stats.t.interval(0.95, len(shares) - 1, mean, error)
        missed = [f"{row['against']} ({row['dataset']})" for row in controls if not row["told"]]
        yield {
            "model": model, "metric": metric, "question": question,
            "trainings": min(row["trainings"] for row in of), "told": mean,
            "told_low": max(float(low), 0.0), "told_high": min(float(high), 1.0),
            "turned": sum(row["turned"] for row in steps) / sum(row["steps"] for row in steps),
            "monotone": sum(row["monotone"] for row in steps), "ways": len(steps),
            "controls": len(controls), "controls_told": len(controls) - len(missed),
            "not_told_from": ", ".join(sorted(missed)) or "none", "trusted": not missed,
            "beside_controls": _said(controls),
        }  # fmt: skip


def _said(controls: Iterable[Mapping[str, Any]]) -> str:
    """What came of the truth beside controls, in words, the worst first."""
    words = {BLIND: "does not tell", MISLED: "prefers", UNDECIDED: "not decided:"}
    found = [
        f"{word} {names}"
        for outcome, word in words.items()
        if (names := _where([row for row in controls if row["outcome"] == outcome]))
    ]
    return "; ".join(found) or "tells all"


def _where(controls: Iterable[Mapping[str, Any]]) -> str:
    """Controls, each once, with the data sets that it is of."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in controls:
        found[row["against"]].append(row["dataset"])
    return ", ".join(f"{name} ({', '.join(sorted(found[name]))})" for name in sorted(found))


FLOOR = "random"
WHY = {
    BLIND: "on planted motifs it does not tell the truth from {}",
    UNDECIDED: "on planted motifs it is not decided whether it tells the truth from {}",
    MISLED: "on planted motifs it takes {} for better than the truth",
}

DECOYS = tuple(
    f'{{"names": ["decoy:*"], "sign": "{sign}", "smoothing": 1, "weights": "even"}}'
    for sign in ("magnitude", "signed")
)
"""Of `relevance_mass` on what does not matter."""

SAME_GAP = "a map that never changes has the same gap whatever it says, the truth as well as noise"
FOUND_ANYHOW = (
    "scores that know nothing of the model find motifs that the sequences hold: what counts is the "
    "excess over theirs"
)
CONSISTENT = "GC content, which knows no model, has the most consistent maps"
EITHER_STRAND = "GC content, which knows no model, has the same map on either strand"
LESS_IS_BETTER = (
    "the less relevance on decoys the better, and the metric says the more the better: see "
    "decoy_precision"
)

BY_DEFINITION = {
    by_definition("dependency_map", "gap"): SAME_GAP,
    by_definition("attribution_consistency", "excess"): CONSISTENT,
    by_definition("reverse_complement_consistency", ""): EITHER_STRAND,
    **{
        by_definition("modisco", f"{contributions}.{quantity}"): FOUND_ANYHOW
        for contributions in ("observed", "hypothetical")
        for quantity in ("recall", "recall_best", "matched")
    },
    **{Measure(ANY, "relevance_mass", asked, ""): LESS_IS_BETTER for asked in DECOYS},
}
"""What the truth made worse is not asked for: it follows from what the metric measures."""


def not_ranked(
    groups: Iterable[list[Contestant]], rows: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Measure, str]]:
    """By what nobody is to be ranked: who is not shown to tell the truth from noise, or misled.

    On any data set. Two outcomes beside noise bar, and are told apart: that the truth is ahead too
    seldom is shown, or nothing is. More trainings may change either, as means are asked first.
    Ranks wait for that: one by a blind metric misleads, one that is not given costs little, as
    values are shown. A control that reads the sequence must be told to be ahead of the truth: that
    it is not told from it is a reason not to trust the metric, not one to rank nobody.

    Parameters
    ----------
    groups : iterable of list of Contestant
    rows : iterable of mapping
        What `judged` says of them.
    """
    measures = {
        (one.labels["model"], one.labels["metric"]): one.measure
        for group in groups
        for one in group
    }
    asked: dict[Measure, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        measure = measures[row["model"], row["metric"]]
        if row["against"] is not None and measure is not None:
            asked[measure].append(row)
    for measure, beside in asked.items():
        why = "; ".join(_reasons(beside))
        judged_at_budget = BUDGET in measure.quantity and any(
            row["against"] == FLOOR for row in beside
        )
        if why or judged_at_budget:
            yield measure, why


def _reasons(beside: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each once, with all that it is about."""
    for outcome, why in WHY.items():
        against = [
            row
            for row in beside
            if row["outcome"] == outcome and (row["against"] == FLOOR or outcome == MISLED)
        ]
        if against:
            yield why.format(_where(against))


def conflicts(groups: Iterable[list[Contestant]]) -> Iterator[dict[str, Any]]:
    """How alike two metrics of one model order the maps, and the least and most over data sets."""
    means: dict[tuple[str, str], dict[str, dict[str, float]]] = defaultdict(dict)
    for group in groups:
        direction = next((one.direction for one in group if one.direction != "none"), "none")
        if direction == "none" or group[0].whole:
            continue
        sign = 1.0 if direction == "higher" else -1.0
        labels = group[0].labels
        means[labels["model"], labels["metric"]][labels["dataset"]] = {
            one.labels["explainer"]: sign * float(np.nanmean(one.values))
            for one in group
            if np.isfinite(one.values).any()
        }
    for (model, one), (other_model, other) in product(means, repeat=2):
        if model == other_model:
            found = [
                _agreement(means[model, one][data], means[model, other][data])
                for data in means[model, one].keys() & means[model, other].keys()
            ]
            if found:
                yield {
                    "model": model, "metric": one, "other": other, "data_sets": len(found),
                    "rank_correlation": float(np.mean(found)),
                    "least": min(found), "most": max(found),
                }  # fmt: skip


def _agreement(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Spearman's correlation over the maps that both have; 0 where a metric does not tell any."""
    names = sorted(one.keys() & other.keys())
    left, right = ([values[name] for name in names] for values in (one, other))
    if len(set(left)) < 2 or len(set(right)) < 2:
        return 0.0
    return float(stats.spearmanr(left, right).statistic)


def groups_of(runs: Iterable[Path]) -> list[list[Contestant]]:
    """Contestants of all runs."""
    found: list[list[Contestant]] = []
    for results in map(RunResults.of, runs):
        found += groups_of_contestants(results.table("cells"), results.table("samples"))
    return found


def main(arguments: Sequence[str], verdicts: Path) -> None:
    """Verdicts and boards of some runs; nothing is written unless all can be.

    Raises
    ------
    InputError
        The runs hold no steps in which the truth was made worse.
    """
    out, *folders = map(Path, arguments)
    groups = groups_of(folders)
    rows = [row for group in groups for row in judged(group)]
    if not any(row["against"] is None for row in rows):
        raise InputError(
            f"{', '.join(map(str, folders)) or 'no run'}: expected runs of metric-validity, whose "
            "maps are the truth made worse in steps, got none. Run that suite first."
        )
    found = [*BY_DEFINITION.items(), *not_ranked(groups, rows)]
    boards = {
        "metric-validity": rows,
        "metric-trust": list(trusted(rows)),
        "metric-conflicts": list(conflicts(groups)),
    }
    write_verdicts(found, verdicts)
    for name, made in boards.items():
        pq.write_table(pa.Table.from_pylist(made), out / f"{name}.parquet")


if __name__ == "__main__":
    main(sys.argv[1:] or ["leaderboard"], Path(__file__).with_name(Path(FILE).name))

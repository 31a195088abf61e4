"""What a section of the start page says, in sentences made of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gxarena.results.summary import Standing
from gxarena.run.suite import shipped_suites
from gxarena.site.addresses import metric_of
from gxarena.site.numbers import counted, duration, listed, number
from gxarena.site.questions import LEVEL, WISHES, Line, Row, Section


def alone(suite: str) -> str:
    """Where to find seconds that a board of several runs does not show, a sentence."""
    run = f"gxarena run {suite} --out RUN, then " if suite in shipped_suites() else ""
    return f"A site of one run alone shows what each explainer costs: {run}gxarena site RUN."


def in_words(section: Section) -> list[str]:
    """What the section says, in sentences made of its numbers; the first is the headline."""
    return [headline(section), *cheaper(section), *warnings(section), *in_detail(section)]


def in_detail(section: Section) -> Iterator[str]:
    """Who is told apart from whom, on what it was measured, what is not known."""
    yield from _who(section)
    yield _evidence(section)
    yield from _ranked_by(section)
    yield from _unknown(section)


def headline(section: Section) -> str:
    """Which explainer to use, how sure that is, and what it costs."""
    wish = f"To {WISHES.get(section.question, section.question)} with {section.model}"
    if len(section.lines) == 1:
        return (
            f"{wish}: {_named(section.lines[0])} competes with nobody here; read its estimate "
            "beside the controls'."
        )
    best = _best(section)
    if not best:
        return f"{wish}: nobody is ranked{_why_nobody(section)}."
    use = " or ".join(_named(line) for line in best[:3]) + (" or others" if best[3:] else "")
    costs = [line.seconds for line in best if line.seconds is not None]
    takes = (
        " to ".join(dict.fromkeys(duration(s) for s in (min(costs), max(costs)))) if costs else ""
    )
    unknown = (
        "Seconds of several runs do not compare."
        if section.machines
        else ("What it costs was not measured.")
    )
    cost = f"It takes {takes} a sequence." if takes else unknown
    return " ".join(
        [
            f"{wish}: of {len(section.lines)} compared use {use}.",
            _how_sure(section, best),
            cost,
            *_beaten(section, best),
        ]
    )


def _why_nobody(section: Section) -> str:
    """Of metrics without a direction that they have none; others' pages say what bars them."""
    directed = {metric_of(row["metric"]) for row in section.rows if row["direction"] != "none"}
    neither = sorted({metric_of(row["metric"]) for row in section.rows} - directed)
    why = [f"of {listed(neither)} neither more nor less is better"] if neither else []
    if barred := _barred(section):
        why.append(f"pages of {listed(barred)} say why")
    return f": {'; '.join(why)}" if why else ""


def _best(section: Section) -> list[Line]:
    """Who has the best mean rank; the first tier where nobody has any."""
    first = [line for line in section.lines if line.standing and line.standing.place == 1]
    return first or [line for line in section.lines if section.tier_of(line) == 1]


def _how_sure(section: Section, best: Sequence[Line]) -> str:
    what = (
        "over all metrics and data sets" if section.tiers_over_all else f"by {section.shown.what}"
    )
    first = [line for line in section.lines if section.tier_of(line) == 1]
    ranked = [line for line in section.lines if section.tier_of(line) is not None]
    others = [line for line in first if line not in best]
    trainings = ", of one training alone" if section.replicates[1] <= 1 else ""
    if not all(line in first for line in best):
        return (
            f"How sure: not very, since {what} the first tier is {listed([*map(_named, first)])}."
        )
    if not others and len(first) < len(ranked):
        return f"How sure: {what} all others are told apart from it{trainings}."
    if len(first) == len(ranked):
        return f"How sure: not at all, since {what} nobody is told apart{trainings}."
    many = f"{len(others)} of {len(ranked) - len(best)} others"
    are = "is" if len(others) == 1 else "are"
    return f"How sure: {what}, {many} {are} not told apart from it{trainings}."


def _beaten(section: Section, best: Sequence[Line]) -> Iterator[str]:
    """Which controls have a better estimate than who is recommended, those told the truth apart."""
    sign = -1 if section.direction == "lower" else 1
    worth = [sign * line.row["estimate"] for line in best if line.row and _estimated(line)]
    if not worth or section.direction == "none":
        return
    better = [
        line.explainer
        for line in section.controls
        if line.role != "ceiling" and line.row and _estimated(line)
        and sign * line.row["estimate"] > max(worth)
    ]  # fmt: skip
    if better:
        which = f"control{'s' if better[1:] else ''} {listed(better)}"
        yield f"But the {which} {'beat' if better[1:] else 'beats'} it by {section.shown.what}."


def _estimated(line: Line) -> bool:
    return line.row is not None and line.row["estimate"] is not None


def warnings(section: Section) -> Iterator[str]:
    """By which quantities who has the best mean rank is surely behind, in the worse half."""
    places: dict[tuple[str, str, str], int] = {}
    for row in section.rows:
        if row["rank"] is not None:
            key = _measured(row)
            places[key] = max(places.get(key, 0), row["rank"])
    for line in _best(section):
        worst: dict[str, Row] = {}
        for row in section.rows:
            if row["explainer"] == line.explainer and _surely_low(row, places):
                of = row["metric"].partition("@")[0]
                worst[of] = max(
                    row, worst.get(of, row), key=lambda r: r["rank"] / places[_measured(r)]
                )
        if worst:
            found = [
                f"{row['metric']} on “{row['dataset']}” (place {row['rank']} of "
                f"{places[_measured(row)]})"
                for row in worst.values()
            ]
            yield f"But {_named(line)} is surely among the last by {listed(found, 3)}."


def _measured(row: Row) -> tuple[str, str, str]:
    return row["metric"], row["aggregator"], row["dataset"]


def _surely_low(row: Row, places: Mapping[tuple[str, str, str], int]) -> bool:
    """In the worse half, in another tier than the first, and behind the best after Holm."""
    if row["rank"] is None or row["tier"] in (None, 1) or row["behind_best_p"] is None:
        return False
    return bool(row["behind_best_p"] < LEVEL and 2 * row["rank"] > places[_measured(row)] + 1)


def _evidence(section: Section) -> str:
    """On what it was measured."""
    low, high = section.replicates
    if high <= 1:
        weights = "one set of weights"
    else:
        weights = f"{high if low == high else f'{low} to {high}'} sets of weights"
    sizes = sorted(set(section.datasets.values()))
    each = " to ".join(str(size) for size in dict.fromkeys((sizes[0], sizes[-1])))
    names = listed([f"“{name}”" for name in section.datasets])
    return (
        f"Over {counted(len(section.datasets), 'data set')} of {each} sequences ({names}), "
        f"{counted(len(section.metrics), 'metric')} and {weights}."
    )


def _ranked_by(section: Section) -> Iterator[str]:
    """Which quantities the mean ranks are over."""
    found = next((line.standing.ranked_by for line in section.lines if line.standing), ())
    if found:
        yield f"Mean ranks are by {'; '.join(found)}."


def _who(section: Section) -> Iterator[str]:
    """Who is told apart from whom, and who has the best mean rank; nothing of one alone."""
    if len(section.lines) == 1:
        return
    told = _told_apart(section)
    ranked = [line.standing for line in section.lines if line.standing]
    if section.tiers_over_all or not ranked:
        yield (
            f"Over all metrics and data sets, {told}."
            if ranked
            else f"By {section.shown.what}, {told}."
        )
        return
    best = [one for one in ranked if one.place == 1]
    names = listed([" = ".join(one.names) for one in best])
    has = "has" if len(best) == 1 else "share"
    yield (
        f"By {section.shown.what}, {told}. Over all metrics and data "
        f"sets, too few to tell tiers, {names} {has} the best mean rank, "
        f"{number(best[0].mean_rank)} of {len(ranked)}{_stay(best)}."
    )


def _told_apart(section: Section) -> str:
    first = [_named(line) for tier, lines in section.tiers for line in lines if tier == 1]
    if not first:
        return "nobody is ranked"
    if len(first) == len(section.lines):
        return f"{listed(first)} are not told apart"
    behind = [_named(line) for tier, lines in section.tiers for line in lines if tier and tier > 1]
    # Of a first tier that holds nearly all, the news is who is not in it.
    rest = listed(behind) if len(behind) < len(first) else "the rest"
    if len(first) == 1:
        return f"{first[0]} is ahead of {rest}"
    return f"{listed(first)} are not told apart and ahead of {rest}"


def _stay(best: Sequence[Standing]) -> str:
    """How their place moves; nothing where there was nothing to leave out."""
    left_out = best[0].left_out
    if not left_out:
        return ""
    several = len(best) > 1
    what = " or ".join(filter(None, (", ".join(left_out[:-1]), left_out[-1])))
    low, high = min(one.low for one in best), max(one.high for one in best)
    if low == high:
        keeps = "keep their" if several else "keeps its"
        return f", and {keeps} place whichever {what} is left out"
    are = "are" if several else "is"
    return f", and {are} between place {low} and {high} as a {what} is left out"


def _named(line: Line) -> str:
    return " = ".join(line.names)


def cheaper(section: Section) -> list[str]:
    """The best of those that cost at most a fifth of the first, which may be among the worse."""
    standing = (line for line in section.lines if line.standing)
    ranked = sorted(standing, key=lambda line: line.standing.place if line.standing else 0)
    if not ranked or not ranked[0].seconds:
        return []
    cost = ranked[0].seconds
    for line in ranked[1:]:
        if line.seconds and line.seconds <= cost / 5 and line.standing:
            tier = section.tier_of(line)
            behind = f", and is in tier {tier}" if tier is not None and tier > 1 else ""
            place, many = line.standing.place, len(ranked)
            worse = (
                "Nobody in the better half takes at most a fifth of that. "
                if 2 * place > many + 1
                else ""
            )
            return [
                f"{worse}{_named(line)}, place {place} of {many}, takes "
                f"{duration(line.seconds)} a sequence instead of {duration(cost)}{behind}."
            ]
    return []


def _barred(section: Section) -> list[str]:
    """Metrics by some of whose quantities nobody is ranked."""
    return sorted({metric_of(row["metric"]) for row in section.rows if row["not_ranked"]})


def _methods(section: Section) -> set[str]:
    return {row["explainer"] for row in section.rows if row["role"] == "method"}


def _unknown(section: Section) -> Iterator[str]:
    """What the board cannot say."""
    yield from section.lacking
    if barred := _barred(section):
        yield f"Nobody is ranked by some quantities of {listed(barred)}, whose pages say why."
    if section.replicates[1] <= 1 and len(_methods(section)) > 1:
        yield "Not known: whether another training of the model would order them alike."
    else:
        yield "Not known: other models, data and lengths."
    gaps = sorted({
        row["explainer"]
        for row in section.rows
        if row["role"] == "method" and row["coverage"] is not None and row["coverage"] < 1
    })  # fmt: skip
    if gaps:
        yield f"Not on every sequence: {listed(gaps)}; the table shows coverage."

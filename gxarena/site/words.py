"""What a section of the start page says, in sentences made of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gxarena.results.summary import Standing
from gxarena.site.addresses import metric_of
from gxarena.site.numbers import counted, duration, listed, number
from gxarena.site.questions import WISHES, Line, Section


def in_words(section: Section) -> list[str]:
    """What the section says, in sentences made of its numbers."""
    said = [_who(section)]
    if cheap := _cheaper(section):
        said.append(cheap)
    said.append(_evidence(section))
    return said + list(_unknown(section))


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


def _who(section: Section) -> str:
    wish = f"To {WISHES.get(section.question, section.question)} with {section.model}"
    if len(section.lines) == 1:
        return (
            f"{wish}: {_named(section.lines[0])} competes with nobody here; read its estimate "
            "beside the controls'."
        )
    told = _told_apart(section)
    ranked = [line.standing for line in section.lines if line.standing]
    if section.tiers_over_all or not ranked:
        return f"{wish}: {told}."
    best = [one for one in ranked if one.place == 1]
    names = listed([" = ".join(one.names) for one in best])
    has = "has" if len(best) == 1 else "share"
    return (
        f"{wish}: by {section.shown.what}, {told}. Over all metrics and data "
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


def _cheaper(section: Section) -> str:
    """The best of those that cost at most a fifth of the first, timed on the same machine."""
    if section.machines:
        return ""
    standing = (line for line in section.lines if line.standing)
    ranked = sorted(standing, key=lambda line: line.standing.place if line.standing else 0)
    if not ranked or not ranked[0].seconds:
        return ""
    cost = ranked[0].seconds
    for line in ranked[1:]:
        if line.seconds and line.seconds <= cost / 5 and line.standing:
            return (
                f"{_named(line)}, of mean rank {number(line.standing.mean_rank)}, takes "
                f"{duration(line.seconds)} a sequence instead of {duration(cost)}."
            )
    return ""


def _methods(section: Section) -> set[str]:
    return {row["explainer"] for row in section.rows if row["role"] == "method"}


def _unknown(section: Section) -> Iterator[str]:
    """What the board cannot say."""
    yield from section.lacking
    if barred := sorted({metric_of(row["metric"]) for row in section.rows if row["not_ranked"]}):
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

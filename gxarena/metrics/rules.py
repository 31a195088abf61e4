"""Rules: which motifs make a sequence positive, and what that says of a sample's own motifs.

A rule is a table of motif names, as data sets and suites write it:
``{all = [A, B], any = [C, D], none = [E]}``. Positive is what has every motif of *all*, one or more
of *any* and none of *none*. What is annotated beside these is a distractor: it is there, and does
not make the label. Names are patterns such as ``"MA0139.*"``, matched without the beginning
``decoy:``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gxarena.data import Interval, Sample
from gxarena.errors import InputError, suggest
from gxarena.truth import DECOY, counted

KEYS = ("all", "any", "none")

NO_ANNOTATION = "no annotation"
NO_LABEL = "no label"
NO_RULE = "no rule names its motifs"
SEVERAL_RULES = "more than one rule names its motifs"
NOT_BY_PRESENCE = "label does not follow from which motifs are there"
BY_ABSENCE = "label follows from a motif that is absent"

Instances = tuple[Interval, ...]
"""Where one motif lies in a sample: at least one interval."""


@dataclass(frozen=True)
class Rule:
    """Names (patterns) of motifs that must be there all, any of which, and none of which."""

    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        return self.every + self.some + self.never


@dataclass(frozen=True)
class Case:
    """What the rule says of one sample: the motifs that are there, by their part in it.

    Attributes
    ----------
    reason : str
        Why the rule says nothing of this sample; the rest is empty then.
    positive : bool
        Whether the rule holds. Where not, every motif it demands is there, and a veto too.
    required, alternatives, vetoes : tuple of Instances
        Motifs of *all*, *any* and *none* that are there.
    distractors : tuple of Interval
        Annotated, and no part of the rule.
    """

    reason: str = ""
    positive: bool = False
    required: tuple[Instances, ...] = ()
    alternatives: tuple[Instances, ...] = ()
    vetoes: tuple[Instances, ...] = ()
    distractors: tuple[Interval, ...] = ()


def checked(where: str, tables: Sequence[Mapping[str, Sequence[str]]]) -> tuple[Rule, ...]:
    """Rules as tables give them.

    Raises
    ------
    InputError
        A table with another key, with names that are no list of text, or that demands nothing.
    """
    return tuple(_rule(f"{where}[{i}]", table) for i, table in enumerate(tables))


def _rule(where: str, table: Mapping[str, Sequence[str]]) -> Rule:
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: expected a table of all, any and none, got {table!r}.")
    for key, names in table.items():
        if key not in KEYS:
            raise InputError(f"{where}: unknown key '{key}'. {suggest(str(key), KEYS)}")
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            raise InputError(f"{where}, {key}: expected a list of names of motifs, got {names!r}.")
    every, some, never = (tuple(table.get(key, ())) for key in KEYS)
    if not every + some:
        raise InputError(f"{where}: expected at least one motif in all or any, got none.")
    return Rule(every, some, never)


def case(rules: Sequence[Rule], sample: Sample, positive: int = 1) -> Case:
    """What the rule that names a sample's motifs says of it.

    Parameters
    ----------
    rules : sequence of Rule
        Exactly one may name the sample's motifs. Where there are none, a positive sample's
        annotations are all required, and its decoys distractors.
    sample : Sample
    positive : int
        The label of what a rule makes positive.
    """
    if not sample.annotations:
        return Case(NO_ANNOTATION)
    if sample.label is None:
        return Case(NO_LABEL)
    if not rules:
        return _by_names(sample, positive)
    mine = [rule for rule in rules if any(_places(sample, name) for name in rule.named)]
    if len(mine) != 1:
        return Case(SEVERAL_RULES if mine else NO_RULE)
    return _applied(mine[0], sample, positive)


def _by_names(sample: Sample, positive: int) -> Case:
    """Without a rule: what is no decoy makes the label."""
    causal = counted(sample.annotations)
    if sample.label != positive:
        return Case(NOT_BY_PRESENCE if causal else BY_ABSENCE)
    if not causal:
        return Case(NOT_BY_PRESENCE)
    names = dict.fromkeys(one.name for one in causal)
    required = tuple(tuple(one for one in causal if one.name == name) for name in names)
    others = tuple(one for one in sample.annotations if one not in causal)
    return Case("", True, required, distractors=others)


def _applied(rule: Rule, sample: Sample, positive: int) -> Case:
    every, some, never = (
        [_places(sample, name) for name in names] for names in (rule.every, rule.some, rule.never)
    )
    complete = all(every) and (any(some) or not some)
    holds = complete and not any(never)
    # Spacing and order are more than a rule knows: there the label is another than its.
    if holds != (sample.label == positive):
        return Case(NOT_BY_PRESENCE)
    if not complete:
        return Case(BY_ABSENCE)
    required, alternatives, vetoes = (tuple(filter(None, ones)) for ones in (every, some, never))
    inside = {one for group in (*every, *some, *never) for one in group}
    others = tuple(one for one in sample.annotations if one not in inside)
    return Case("", holds, required, alternatives, vetoes, others)


def _places(sample: Sample, pattern: str) -> Instances:
    return tuple(
        one for one in sample.annotations if fnmatchcase(one.name.removeprefix(DECOY), pattern)
    )

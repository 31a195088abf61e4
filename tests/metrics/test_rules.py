"""What a rule says of a sample: every combination of motifs, tables that are none, patterns."""

from __future__ import annotations

import itertools

import pytest

from gxarena.data import Interval, Sample
from gxarena.errors import InputError
from gxarena.metrics import rules
from gxarena.metrics.rules import Case, Rule, case, checked

RULE = Rule(("A", "B"), ("C", "D"), ("E",))


def _sample(motifs: str, label: int | None = 1) -> Sample:
    """A sample with these one-letter motifs; a small letter is a decoy."""
    return Sample("s", "N" * 50, label, tuple(_interval(i, m) for i, m in enumerate(motifs)))


def _interval(place: int, motif: str) -> Interval:
    return Interval(4 * place, 4 * place + 3, motif if motif.isupper() else f"decoy:{motif}")


def _named(groups: tuple[tuple[Interval, ...], ...]) -> str:
    return "".join(one.name for group in groups for one in group)


@pytest.mark.parametrize(
    "present", [c for n in range(6) for c in itertools.combinations("ABCDE", n)]
)
@pytest.mark.parametrize("label", [0, 1])
def test_every_combination_against_the_rule_in_words(present: tuple[str, ...], label: int) -> None:
    found = case([RULE], _sample("".join(present) + "X", label))
    here = set(present)
    complete = here >= {"A", "B"} and bool(here & {"C", "D"})
    positive = complete and "E" not in here
    if not here:
        assert found == Case(rules.NO_RULE)
    elif positive != bool(label):
        assert found == Case(rules.NOT_BY_PRESENCE)
    elif not complete:
        assert found == Case(rules.BY_ABSENCE)
    else:
        assert (found.reason, found.positive) == ("", positive)
        assert _named(found.required) == "AB"
        assert set(_named(found.alternatives)) == here & {"C", "D"}
        assert _named(found.vetoes) == ("" if positive else "E")
        assert [one.name for one in found.distractors] == ["X"]


def test_a_motif_that_is_there_twice_is_one_motif_and_a_pattern_names_several() -> None:
    found = case([Rule(("A*",))], _sample("AAX"))
    assert [len(instances) for instances in found.required] == [2]


def test_a_decoy_s_name_counts_as_its_motif_s() -> None:
    sample = Sample("s", "N" * 20, 0, (Interval(0, 3, "decoy:A"), Interval(5, 8, "decoy:E")))
    found = case([Rule(("A",), (), ("E",))], sample)
    assert (found.reason, found.positive, len(found.vetoes)) == ("", False, 1)


def test_exactly_one_rule_may_name_a_sample_s_motifs() -> None:
    both = [Rule(("A",)), Rule(("B",))]
    assert case(both, _sample("AB")).reason == rules.SEVERAL_RULES
    assert case(both, _sample("C")).reason == rules.NO_RULE
    assert case(both, _sample("B")).reason == ""
    assert case([Rule((), ("A",)), Rule(("B",))], _sample("A")).reason == ""


def test_without_rules_what_is_no_decoy_makes_the_label() -> None:
    found = case([], _sample("ABxA"))
    assert [len(instances) for instances in found.required] == [2, 1]
    assert [one.name for one in found.distractors] == ["decoy:x"]
    assert found.positive
    assert case([], _sample("xy")).reason == rules.NOT_BY_PRESENCE
    assert case([], _sample("x", 0)).reason == rules.BY_ABSENCE
    assert case([], _sample("A", 0)).reason == rules.NOT_BY_PRESENCE


def test_the_positive_class_may_be_another() -> None:
    assert case([Rule(("A",))], _sample("A", 2), positive=2).positive
    assert case([Rule(("A",))], _sample("A", 1), positive=2).reason == rules.NOT_BY_PRESENCE
    assert case([], _sample("A", 2), positive=2).positive


@pytest.mark.parametrize("tables", [[RULE], []])
def test_without_annotation_or_label_nothing_is_said(tables: list[Rule]) -> None:
    assert case(tables, _sample("")) == Case(rules.NO_ANNOTATION)
    assert case(tables, _sample("A", None)) == Case(rules.NO_LABEL)


def test_tables_become_rules() -> None:
    tables = [{"all": ["A", "B"], "none": ("E",)}, {"any": ["C"]}]
    assert checked("m, rules", tables) == (Rule(("A", "B"), (), ("E",)), Rule((), ("C",)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"al": ["A"]}, r"m, rules\[1\]: unknown key 'al'. Did you mean 'all'\?"),
        ({"all": "A"}, r"m, rules\[1\], all: expected a list of names of motifs, got 'A'"),
        ({"all": [1]}, r"m, rules\[1\], all: expected a list of names of motifs, got \[1\]"),
        ({"none": ["A"]}, r"m, rules\[1\]: expected at least one motif in all or any, got none"),
        ("all", r"m, rules\[1\]: expected a table of all, any and none, got 'all'"),
    ],
)
def test_a_table_that_is_no_rule_is_one_sentence(table: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checked("m, rules", [{"all": ["A"]}, table])  # type: ignore[list-item]

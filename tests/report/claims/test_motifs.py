"""Claims on patterns where they are known to hold, to fail and to be undecided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import NUCLEOTIDES, RANDOM, TOKENS, finding
from scipy.stats import fisher_exact

Make = Callable[..., Path]
SP1, KLF, GATA = ("MA0079.5", "SP1"), ("MA1515.2", "KLF2"), ("MA0035.4", "Gata1")


def _motif(match: tuple[str, str] | None, n_seqlets: int = 30, sign: str = "positive") -> Any:
    uniform = [[0.25] * 4] * 6
    return {
        "motif": f"{sign}_0",
        "sign": sign,
        "contributions": "observed",
        "n_seqlets": n_seqlets,
        "frequencies": uniform,
        "scores": uniform,
        "trimmed_start": 0,
        "trimmed_end": 6,
        "counts": True,
        "match_id": match and match[0],
        "match_name": match and match[1],
    }


def _cell(facts: dict[str, Any], motifs: Sequence[Any], null: float = 0.25, **more: Any) -> Any:
    strategy = "native" if facts["model"] == "cnn" else "passed_on"
    return (
        facts
        | {"metric": "modisco", "metric_scope": "set", "aggregator": strategy}
        | {"values": {"observed.matched_null": [null]}, "motifs": list(motifs)}
        | {"dataset_kind": "promoters"}
        | more
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ((8, 8), (2, 8), "holds"),
        ((8, 8), (7, 8), "undecided"),  # nearly every pattern of the controls matches too
        ((2, 2), (0, 2), "undecided"),  # two tell little
        ((1, 8), (8, 8), "fails"),
        ((0, 0), (1, 4), "undecided"),
        ((8, 8), (0, 0), "undecided"),  # nothing to compare with
    ],
)
def test_patterns_matched_beyond_the_controls(
    make_run: Make, ours: tuple[int, int], theirs: tuple[int, int], verdict: str
) -> None:
    def motifs(count: int, n: int) -> list[Any]:
        return [_motif(GATA)] * count + [_motif(None)] * (n - count)

    control = _cell(TOKENS | RANDOM, motifs(*theirs))
    found = finding("patterns-matched", make_run(_cell(TOKENS, motifs(*ours)), control))
    (one,) = found.comparisons
    assert found.verdict == verdict
    assert one.note.startswith(
        f"{ours[0]} of {ours[1]} match; tokens/random: {theirs[0]} of {theirs[1]}"
    )
    if ours[1] and theirs[1]:
        assert one.estimate == pytest.approx(ours[0] / ours[1] - theirs[0] / theirs[1])
        table = [[c, n - c] for c, n in (ours, theirs)]
        assert one.p_fails == (1.0 if one.estimate > 0 else fisher_exact(table).pvalue)
        assert one.low < one.high
        assert one.low <= one.estimate <= one.high


def test_several_controls_count_together(make_run: Make) -> None:
    cells = [
        _cell(TOKENS | {"explainer": who, "explainer_role": role}, [_motif(GATA if hit else None)])
        for who, role, hit in (
            ("random", "floor", 0),
            ("gc", "control", 1),
            ("oracle", "ceiling", 1),
        )
    ]
    (one,) = finding(
        "patterns-matched", make_run(_cell(TOKENS, [_motif(GATA)]), *cells)
    ).comparisons
    assert one.estimate == pytest.approx(1 - 1 / 2)
    assert "oracle" not in one.note


def _everywhere(facts: dict[str, Any], motifs: Sequence[Any], times: int = 6) -> list[Any]:
    """The same patterns with each of several sets of weights."""
    return [_cell(facts, motifs, model_replicate=i) for i in range(times)]


@pytest.mark.parametrize(
    ("tokens", "cnn", "verdict"),
    [
        ([_motif(SP1)], [_motif(GATA), _motif(KLF)], "holds"),
        ([_motif(GATA)], [_motif(KLF)], "fails"),
        ([_motif(KLF, sign="negative"), _motif(GATA)], [_motif(SP1)], "fails"),
        ([], [_motif(SP1)], "undecided"),
    ],
)
def test_gc_boxes(make_run: Make, tokens: list[Any], cnn: list[Any], verdict: str) -> None:
    cells = [*_everywhere(TOKENS, tokens), *_everywhere(NUCLEOTIDES, cnn)]
    assert finding("gc-boxes", make_run(*cells)).verdict == verdict
    random = _everywhere(NUCLEOTIDES | RANDOM, [_motif(SP1)])
    if verdict == "holds":
        assert finding("gc-boxes", make_run(*cells, *random, name="r")).verdict == "undecided"


def test_one_set_of_weights_shows_nothing_of_what_is_in_most(make_run: Make) -> None:
    cells = [_cell(TOKENS, [_motif(GATA)]), _cell(NUCLEOTIDES, [_motif(KLF)])]
    for claim in ("gc-boxes", "same-top-motif", "more-patterns"):
        assert finding(claim, make_run(*cells, name=claim)).verdict == "undecided"


def test_gc_boxes_of_random_scores_are_of_the_same_sign_and_weights(make_run: Make) -> None:
    cells = _replicated(TOKENS, _motif(SP1), _motif(SP1), _motif(SP1))
    random = _replicated(
        TOKENS | RANDOM, _motif(KLF, sign="negative"), _motif(KLF), _motif(SP1), gone=[2]
    )
    (one,) = finding("gc-boxes", make_run(*cells, *random)).comparisons
    assert one.n == 2
    assert one.note == (
        "in 2 of 2 sets of weights; SP1 (2×); SP1 (random scores show them as well) (1×)"
    )


def test_patterns_of_random_scores_are_of_the_same_weights(make_run: Make) -> None:
    cells = _replicated(TOKENS, _motif(SP1), _motif(SP1))
    random = _replicated(TOKENS | RANDOM, _motif(GATA), _motif(None))
    found = finding("patterns-matched", make_run(*cells, *random))
    said = [c.note.rpartition("; ")[2] for c in found.comparisons]
    assert said == [f"tokens/random: {n} of 1" for n in (1, 0)]


@pytest.mark.parametrize("name", ["SPI1", "SPIB", "KLHL4", "SPDEF", "Gata1"])
def test_other_factors_are_no_gc_boxes(make_run: Make, name: str) -> None:
    (one,) = finding("gc-boxes", make_run(_cell(TOKENS, [_motif(("MA1.1", name))]))).comparisons
    assert one.note == "in 0 of 1 sets of weights; none"


@pytest.mark.parametrize(
    ("tokens", "cnn", "verdict"),
    [
        ([_motif(SP1, 90), _motif(GATA)], [_motif(("MA0079.2", "SP1"), 50)], "holds"),
        ([_motif(SP1), _motif(GATA, 90)], [_motif(SP1)], "fails"),
        ([_motif(SP1), _motif(None, 90)], [_motif(SP1)], "undecided"),
        ([_motif(SP1), _motif(GATA, 90, "negative")], [_motif(SP1)], "holds"),
        ([], [_motif(SP1)], "undecided"),
    ],
)
def test_same_top_motif(make_run: Make, tokens: list[Any], cnn: list[Any], verdict: str) -> None:
    run = make_run(*_everywhere(TOKENS, tokens), *_everywhere(NUCLEOTIDES, cnn))
    assert finding("same-top-motif", run).verdict == verdict


@pytest.mark.parametrize(
    ("tokens", "cnn", "verdict"),
    [
        ([3, 3, 3, 3, 3], [4, 9, 20, 4, 5], "holds"),
        ([8, 8, 8, 8, 8], [7, 3, 1, 0, 0], "fails"),
        ([3, 3, 3, 3, 3], [4, 9, 20, 4, 2], "undecided"),
        ([3, 3, 3, 3, 3], [4, 9, 20, 4, 3], "undecided"),  # as many tells nothing
    ],
)
def test_more_patterns(make_run: Make, tokens: list[int], cnn: list[int], verdict: str) -> None:
    cells = [
        _cell(facts, [_motif(SP1)] * n, model_replicate=i)
        for facts, counts in ((TOKENS, tokens), (NUCLEOTIDES, cnn))
        for i, n in enumerate(counts)
    ]
    (one,) = (found := finding("more-patterns", make_run(*cells))).comparisons
    assert found.verdict == verdict
    assert f"{cnn[1]} and {tokens[1]}" in one.note
    told = [more > fewer for fewer, more in zip(tokens, cnn, strict=True) if more != fewer]
    assert (one.estimate, one.n) == (sum(told) / len(told), len(told))


def test_each_replicate_is_a_set_of_patterns(make_run: Make) -> None:
    cells = [
        _cell(TOKENS, [_motif(match)] * 8, model_replicate=replicate)
        for replicate, match in enumerate((SP1, None))
    ]
    random = [
        _cell(TOKENS | RANDOM, [_motif(None)] * 8, model_replicate=replicate)
        for replicate in (0, 1)
    ]
    found = finding("patterns-matched", make_run(*cells, *random))
    assert [c.verdict for c in found.comparisons] == ["holds", "undecided"]
    assert [c.what[-11:] for c in found.comparisons] == ["replicate 0", "replicate 1"]


def _replicated(facts: dict[str, Any], *patterns: Any, gone: Sequence[int] = ()) -> list[Any]:
    """A cell for each replicate, with one pattern of its own; some of them failed."""
    return [
        _cell(facts, [one], model_replicate=i, status="error" if i in gone else "ok")
        for i, one in enumerate(patterns)
    ]


def test_top_motifs_are_of_the_same_replicate(make_run: Make) -> None:
    tokens = _replicated(TOKENS, _motif(SP1), _motif(GATA), _motif(KLF), gone=[0])
    cnn = _replicated(NUCLEOTIDES, _motif(GATA), _motif(GATA), _motif(KLF))
    (one,) = finding("same-top-motif", make_run(*tokens, *cnn)).comparisons
    assert (one.estimate, one.n) == (1.0, 2)
    alone = _cell(NUCLEOTIDES, [_motif(GATA)])
    (one,) = finding("same-top-motif", make_run(*tokens, alone, name="alone")).comparisons
    assert (one.estimate, one.n) == (0.5, 2)

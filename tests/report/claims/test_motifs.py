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
    cells = [_cell(TOKENS, tokens), _cell(NUCLEOTIDES, cnn)]
    assert finding("gc-boxes", make_run(*cells)).verdict == verdict
    random = _cell(NUCLEOTIDES | RANDOM, [_motif(SP1)])
    if verdict == "holds":
        assert finding("gc-boxes", make_run(*cells, random, name="r")).verdict == "undecided"


def test_gc_boxes_of_random_scores_are_of_the_same_sign_and_weights(make_run: Make) -> None:
    cells = _replicated(TOKENS, _motif(SP1), _motif(SP1), _motif(SP1))
    random = _replicated(
        TOKENS | RANDOM, _motif(KLF, sign="negative"), _motif(KLF), _motif(SP1), gone=[2]
    )
    found = finding("gc-boxes", make_run(*cells, *random))
    assert [c.verdict for c in found.comparisons] == ["holds", "undecided", "holds"]
    noted = ["random scores show them as well" in c.note for c in found.comparisons]
    assert noted == [False, True, False]


def test_patterns_of_random_scores_are_of_the_same_weights(make_run: Make) -> None:
    cells = _replicated(TOKENS, _motif(SP1), _motif(SP1))
    random = _replicated(TOKENS | RANDOM, _motif(GATA), _motif(None))
    found = finding("patterns-matched", make_run(*cells, *random))
    said = [c.note.rpartition("; ")[2] for c in found.comparisons]
    assert said == [f"tokens/random: {n} of 1" for n in (1, 0)]


@pytest.mark.parametrize("name", ["SPI1", "SPIB", "KLHL4", "SPDEF", "Gata1"])
def test_other_factors_are_no_gc_boxes(make_run: Make, name: str) -> None:
    found = finding("gc-boxes", make_run(_cell(TOKENS, [_motif(("MA1.1", name))])))
    assert (found.verdict, found.comparisons[0].note) == ("fails", "none")


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
    run = make_run(_cell(TOKENS, tokens), _cell(NUCLEOTIDES, cnn))
    assert finding("same-top-motif", run).verdict == verdict


@pytest.mark.parametrize(
    ("tokens", "cnn", "verdict"), [(3, 20, "holds"), (20, 3, "fails"), (5, 8, "undecided")]
)
def test_more_patterns(make_run: Make, tokens: int, cnn: int, verdict: str) -> None:
    run = make_run(_cell(TOKENS, [_motif(SP1)] * tokens), _cell(NUCLEOTIDES, [_motif(None)] * cnn))
    found = finding("more-patterns", run)
    assert found.verdict == verdict
    assert found.comparisons[0].estimate == pytest.approx(cnn / (tokens + cnn) - 0.5)


def test_each_replicate_is_a_set_of_patterns(make_run: Make) -> None:
    cells = [
        _cell(TOKENS, [_motif(match)] * 8, model_replicate=replicate)
        for replicate, match in enumerate((SP1, None))
    ]
    cnn = _cell(NUCLEOTIDES, [_motif(SP1)] * 8)
    random = [
        _cell(TOKENS | RANDOM, [_motif(None)] * 8, model_replicate=replicate)
        for replicate in (0, 1)
    ]
    found = finding("patterns-matched", make_run(*cells, *random, cnn))
    assert [c.verdict for c in found.comparisons] == ["holds", "undecided"]
    assert [c.what[-11:] for c in found.comparisons] == ["replicate 0", "replicate 1"]
    # Eight patterns of one set of weights are as many as eight of each of two.
    even = finding("more-patterns", make_run(*cells, cnn, name="two")).comparisons[0]
    assert even.estimate == pytest.approx(8 / 24 - 1 / 3)


def _replicated(facts: dict[str, Any], *patterns: Any, gone: Sequence[int] = ()) -> list[Any]:
    """A cell for each replicate, with one pattern of its own; some of them failed."""
    return [
        _cell(facts, [one], model_replicate=i, status="error" if i in gone else "ok")
        for i, one in enumerate(patterns)
    ]


def test_top_motifs_are_of_the_same_replicate(make_run: Make) -> None:
    tokens = _replicated(TOKENS, _motif(SP1), _motif(GATA), _motif(KLF), gone=[0])
    cnn = _replicated(NUCLEOTIDES, _motif(GATA), _motif(GATA), _motif(KLF))
    found = finding("same-top-motif", make_run(*tokens, *cnn))
    assert [c.verdict for c in found.comparisons] == ["holds", "holds"]
    assert [c.what[-11:] for c in found.comparisons] == ["replicate 1", "replicate 2"]
    alone = _cell(NUCLEOTIDES, [_motif(GATA)])
    found = finding("same-top-motif", make_run(*tokens, alone, name="alone"))
    assert [c.verdict for c in found.comparisons] == ["holds", "fails"]

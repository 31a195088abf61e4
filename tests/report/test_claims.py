"""Each claim on tables where it is known to hold, to fail and to be undecided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.report.claims import CLAIMS, Finding, judge, judged
from gxarena.report.evidence import Evidence

N = 60
Make = Callable[..., Path]
TOKENS: dict[str, Any] = {"model": "tokens", "explainer": "attnlrp"}
NUCLEOTIDES: dict[str, Any] = {"model": "cnn", "explainer": "lrp"}
SPECIAL: dict[str, Any] = {**TOKENS, "metric": "special_share"}
COARSE: dict[str, Any] = {**NUCLEOTIDES, "metric": "gini", "aggregator": "sum"}


def _around(mean: float, seed: int = 0, spread: float = 0.05) -> np.ndarray:
    """N values whose mean is exactly `mean`."""
    values = np.random.default_rng(seed).normal(size=N)
    return mean + spread * (values - values.mean())


def _finding(claim: str, *runs: Path) -> Finding:
    return judged(next(one for one in CLAIMS if one.id == claim), Evidence.of(runs))


def _levels() -> list[dict[str, Any]]:
    """Cells that tell which model has tokens."""
    return [
        SPECIAL | {"values": {"total": _around(0.6)}},
        COARSE | {"values": {"": _around(0.5)}},
    ]


def _faithful(mif: float, lif: float, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = {
        "mif_probability_area": _around(mif, len(facts["model"])),
        "lif_probability_area": _around(lif, 99 + len(facts["model"])),
    }
    return facts | {"metric": "faithfulness", "values": values} | more


@pytest.mark.parametrize(("share", "verdict"), [(0.7, "holds"), (0.2, "fails"), (0.5, "undecided")])
def test_special_tokens(make_run: Make, share: float, verdict: str) -> None:
    found = _finding("special-tokens", make_run(SPECIAL | {"values": {"total": _around(share)}}))
    assert found.verdict == verdict
    assert found.comparisons[0].estimate == pytest.approx(share)


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        # sum, mean, passed_on, equally_distributed
        ((0.1, 0.3, 0.4, 0.2), "holds"),
        ((0.3, 0.2, 0.4, 0.1), "fails"),  # (b) below (a)
        ((0.2, 0.2, 0.4, 0.1), "undecided"),  # (b) beside (a)
    ],
)
def test_strategies(make_run: Make, means: tuple[float, ...], verdict: str) -> None:
    strategies = ("sum", "mean", "passed_on", "equally_distributed")
    cells = [
        TOKENS
        | {"metric": "continuous_jaccard", "against": "cnn/lrp", "aggregator": strategy}
        | {"values": {"": _around(mean, seed)}}
        for seed, (strategy, mean) in enumerate(zip(strategies, means, strict=True))
    ]
    control = [cell | {"explainer": "random", "values": {"": _around(-9)}} for cell in cells]
    found = _finding("strategies", make_run(*cells, *control))
    assert found.verdict == verdict
    assert [round(c.estimate, 9) for c in found.comparisons] == [
        round(means[b] - means[w], 9) for b in (1, 2) for w in (0, 3)
    ]


@pytest.mark.parametrize(
    ("enhancers", "verdict"), [(0.1, "holds"), (0.5, "fails"), (0.3, "undecided")]
)
def test_promoters_and_enhancers_of_two_runs(
    make_run: Make, enhancers: float, verdict: str
) -> None:
    cell = TOKENS | {"metric": "continuous_jaccard", "against": "cnn/lrp", "aggregator": "sum"}
    # Names do not tell: these promoters go by the name of enhancers, and the other way round.
    one = make_run(
        cell
        | {"dataset": "enhancers", "dataset_kind": "promoters"}
        | {"values": {"": _around(0.3)}},
        name="one",
        datasets={"enhancers": {"name": "fly-kilobases", "labels": [1]}},
    )
    other = make_run(
        cell
        | {"dataset": "promoters", "dataset_kind": "enhancers"}
        | {"values": {"": _around(enhancers, 1)}},
        name="two",
    )
    found = _finding("promoters-over-enhancers", one, other)
    assert found.verdict == verdict
    alone = _finding("promoters-over-enhancers", one)
    assert alone.verdict == "undecided"
    assert "give the report both runs" in alone.reason


@pytest.mark.parametrize(
    ("negative", "verdict"), [(0.1, "holds"), (0.5, "fails"), (0.3, "undecided")]
)
def test_negative_class_alignment(make_run: Make, negative: float, verdict: str) -> None:
    cell = TOKENS | {"metric": "continuous_jaccard", "against": "cnn/lrp", "aggregator": "sum"}
    run = make_run(
        cell | {"values": {"": _around(0.3)}},
        cell | {"dataset": "background", "values": {"": _around(negative, 1)}},
    )
    assert _finding("negative-class-alignment", run).verdict == verdict


@pytest.mark.parametrize(
    ("nucleotides", "tokens", "verdict"),
    [(5.2, 3.6, "holds"), (3.6, 5.2, "fails"), (4.0, 4.0, "undecided")],
)
def test_token_entropy(make_run: Make, nucleotides: float, tokens: float, verdict: str) -> None:
    high, low = _around(nucleotides, 0), _around(tokens, 1)
    cells = [
        TOKENS | {"values": {"": low}},
        TOKENS | {"aggregator": "passed_on", "values": {"": high}},
        NUCLEOTIDES | {"values": {"": high}},
        NUCLEOTIDES | {"aggregator": "sum", "values": {"": low}},
    ]
    found = _finding("token-entropy", make_run(*({**c, "metric": "entropy"} for c in cells)))
    assert found.verdict == verdict
    assert [c.estimate for c in found.comparisons] == [pytest.approx(nucleotides - tokens)] * 2


@pytest.mark.parametrize(
    ("mif", "lif", "verdict"), [(0.5, 0.1, "holds"), (0.1, 0.5, "fails"), (0.3, 0.3, "undecided")]
)
def test_mif_over_lif(make_run: Make, mif: float, lif: float, verdict: str) -> None:
    run = make_run(_faithful(mif, lif, TOKENS), _faithful(0, 9, TOKENS, explainer="random"))
    assert _finding("mif-over-lif", run).verdict == verdict


@pytest.mark.parametrize(("cnn", "verdict"), [(0.52, "holds"), (0.9, "fails"), (0.6, "undecided")])
def test_similar_faithfulness(make_run: Make, cnn: float, verdict: str) -> None:
    random = {"metric_parameters": {"fill": "random"}}
    run = make_run(
        _faithful(0.5, 0.1, TOKENS),
        _faithful(cnn, 0.1, NUCLEOTIDES),
        # Random letters do not count, however unlike the two are.
        _faithful(0.5, 0.1, TOKENS, **random),
        _faithful(-0.5, 0.1, NUCLEOTIDES, **random),
        *_levels(),
    )
    found = _finding("similar-faithfulness", run)
    assert found.verdict == verdict
    assert found.comparisons[0].estimate == pytest.approx(0.5 - cnn)
    assert len(found.comparisons) == 2


@pytest.mark.parametrize(("drop", "verdict"), [(0.01, "holds"), (0.4, "fails"), (0.1, "undecided")])
def test_negative_class_flat(make_run: Make, drop: float, verdict: str) -> None:
    steep = _faithful(0.9, 0.0, TOKENS)
    run = make_run(steep, _faithful(drop, 0.0, TOKENS, dataset="background"))
    assert _finding("negative-class-flat", run).verdict == verdict


def _motif(match: str | None) -> dict[str, Any]:
    uniform = [[0.25] * 4] * 6
    return {
        "motif": "positive_0",
        "sign": "positive",
        "contributions": "observed",
        "n_seqlets": 30,
        "frequencies": uniform,
        "scores": uniform,
        "trimmed_start": 0,
        "trimmed_end": 6,
        "match_id": match,
    }


@pytest.mark.parametrize(
    ("matches", "verdict"),
    [(["MA1.1", "MA2.1"], "holds"), (["MA1.1", None], "fails"), ([], "undecided")],
)
def test_patterns_matched(make_run: Make, matches: list[str | None], verdict: str) -> None:
    cell = TOKENS | {
        "metric": "modisco",
        "metric_scope": "set",
        "aggregator": "passed_on",
        "values": {"observed.matched_null": [0.25]},
        "motifs": [_motif(match) for match in matches],
    }
    found = _finding("patterns-matched", make_run(cell, *_levels()))
    assert found.verdict == verdict
    assert found.comparisons[0].note == "of column-shuffled patterns 25% match"


def test_what_is_missing_is_the_reason(make_run: Make) -> None:
    findings = judge(Evidence.of([make_run(TOKENS | {"values": {"": _around(0.5)}})]))
    assert [one.claim.id for one in findings] == [claim.id for claim in CLAIMS]
    assert {one.verdict for one in findings} == {"undecided"}
    for finding in findings:
        assert finding.reason == f"nothing to compare: needs {finding.claim.needs}."


def test_a_length_without_the_store_is_undecided_and_says_why(make_run: Make) -> None:
    finding = _finding("special-tokens-length", make_run(*_levels()))
    assert finding.verdict == "undecided"
    assert finding.reason.startswith("by-hand: expected the attributions of tokens/attnlrp")


def test_documents_hold_no_nan(make_run: Make) -> None:
    run = make_run(SPECIAL | {"values": {"total": [np.nan] * N}})
    document = _finding("special-tokens", run).document()
    assert document["comparisons"][0]["estimate"] is None
    assert document["verdict"] == "undecided"


def test_lengths_are_those_of_the_attributions(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    claim = next(one for one in CLAIMS if one.id == "special-tokens-length")
    (comparison,) = judged(claim, evidence).comparisons
    assert "24 to 36 bp" in comparison.what
    # The toy puts nothing on its special token, however long the sequence.
    assert (comparison.verdict, comparison.note) == ("undecided", "no spread")


def test_the_largest_special_token_is_compared_with_the_largest_other(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    claim = next(one for one in CLAIMS if one.id == "special-tokens")
    finding = judged(claim, evidence)
    half, lead = finding.comparisons[:2]
    cell = evidence.cells("special_share")[0]
    # The toy's special token has nothing: the largest other's share is what it lacks.
    scores = [np.abs(a.scores) for a in cell.attributions().values()]
    assert lead.estimate == pytest.approx(-np.mean([one.max() / one.sum() for one in scores]))
    assert (half.estimate, half.verdict, lead.verdict) == (0, "fails", "fails")

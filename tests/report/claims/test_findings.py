"""Findings: in the paper's order, with reasons, and beside variants of the question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from claims_by_hand import NUCLEOTIDES, TOKENS, N, around, finding, replicated

from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.claims.findings import judge
from gxarena.report.evidence import Evidence

Make = Callable[..., Path]
FAITHFUL = TOKENS | {"metric": "faithfulness"}


def _areas(mif: np.ndarray, lif: np.ndarray) -> dict[str, np.ndarray]:
    return {"mif_probability_area": mif, "lif_probability_area": lif}


def test_claims_have_names_of_their_own() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)


def test_what_is_missing_is_the_reason(make_run: Make) -> None:
    findings = judge(Evidence.of([make_run(TOKENS | {"values": {"": around(0.5)}})]))
    assert [one.claim.id for one in findings] == [claim.id for claim in CLAIMS]
    assert {one.verdict for one in findings} == {"undecided"}
    for one in findings:
        assert one.reason == f"nothing to compare: needs {one.claim.needs}."
        assert (one.variants, one.stability) == ((), "")


def test_documents_hold_no_nan(make_run: Make) -> None:
    nothing = np.full(N, np.nan)
    document = finding(
        "mif-over-lif", make_run(FAITHFUL | {"values": _areas(nothing, nothing)})
    ).document()
    assert document["comparisons"][0]["estimate"] is None
    assert document["verdict"] == "undecided"


def test_only_sequences_that_the_model_gets_right(make_run: Make) -> None:
    right = np.arange(N) < N // 2
    mif = np.where(right, 0.5, 0.0) + around(0)
    run = make_run(
        FAITHFUL | {"values": _areas(mif, 0.2 + around(0, 1))},
        TOKENS | {"metric": "accuracy", "values": {"": right.astype(float)}},
    )
    found = finding("mif-over-lif", run)
    (variant,) = found.variants
    assert (found.verdict, variant.what) == ("undecided", "where the models are right")
    assert (variant.verdict, variant.n_comparisons) == ("holds", 2)
    assert "right" in found.stability


def test_a_data_set_left_out(make_run: Make) -> None:
    names = ("one", "two")
    cells = [
        FAITHFUL | {"dataset": name, "values": _areas(around(mif), around(0.3, 1))}
        for name, mif in zip(names, (0.5, 0.1), strict=True)
    ]
    run = make_run(*cells, datasets={name: {"labels": [1]} for name in names})
    found = finding("mif-over-lif", run)
    assert found.verdict == "fails"
    assert [(v.what, v.verdict) for v in found.variants] == [
        ("without one", "fails"),
        ("without two", "holds"),
    ]
    assert found.stability == "stays in 1 of 2 variants: holds without two"


def test_a_variant_of_the_same_data_is_none(make_run: Make) -> None:
    """Neither replicates that the claim does not read nor models that are always right."""
    areas = _areas(around(0.5), around(0.2, 1))
    right = TOKENS | {"metric": "accuracy", "values": {"": np.ones(N)}}
    elsewhere = replicated(NUCLEOTIDES, [{"": around(0.5)}, {"": around(0.6)}])
    found = finding("mif-over-lif", make_run(FAITHFUL | {"values": areas}, right, *elsewhere))
    assert (found.verdict, found.variants) == ("holds", ())
    one, other = replicated(FAITHFUL, [areas, _areas(around(0.1, 2), around(0.3, 3))])
    found = finding("mif-over-lif", make_run(one, other, right, name="two"))
    assert [(v.what, v.verdict) for v in found.variants] == [
        ("on replicate 0 alone", "holds"),
        ("on replicate 1 alone", "fails"),
    ]


def test_a_replicate_that_failed_is_no_variant(make_run: Make) -> None:
    """Of two explainers one lacks replicate 1: on it alone there is the other."""
    areas = [_areas(around(0.5, i), around(0.2, 9 + i)) for i in range(3)]
    one, other = (replicated(FAITHFUL | {"explainer": name}, areas) for name in ("a", "b"))
    one[1]["status"] = "error"
    found = finding("mif-over-lif", make_run(*one, *other))
    assert [v.n_comparisons for v in found.variants] == [4, 2, 4]
    assert [c.replicates for c in found.comparisons] == [2, 2, 3, 3]


def test_a_verdict_among_many_comparisons(make_run: Make) -> None:
    """One of many that errs below 5% alone is not the claim's failure."""
    values = np.random.default_rng(3).normal(size=N)
    values = -0.33 + (values - values.mean()) / values.std()  # t of about -2.6, p of .01
    zero = np.zeros(N)
    cell = FAITHFUL | {"values": _areas(values, zero)}
    alone = finding("mif-over-lif", make_run(cell))
    others = [
        cell | {"explainer": f"other{i}", "values": _areas(around(0.5, i), zero)} for i in range(7)
    ]
    among = finding("mif-over-lif", make_run(cell, *others, name="many"))
    assert alone.verdict == "fails"
    assert 0.01 < alone.comparisons[0].p_fails < 0.05 / 2
    assert among.verdict == "undecided"
    assert "Holm" in among.comparisons[0].note

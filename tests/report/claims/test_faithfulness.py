"""Faithfulness' claims where they are known to hold, to fail and to be undecided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import NUCLEOTIDES, RANDOM, TOKENS, around, finding

Make = Callable[..., Path]


def _areas(mif: float, lif: float, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = {
        "mif_probability_area": around(mif, len(facts["model"])),
        "lif_probability_area": around(lif, 99 + len(facts["model"])),
    }
    return facts | {"metric": "faithfulness", "values": values} | more


def _drops(drops: dict[float, float], facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = {
        f"lif_drop_probability@{budget:g}": around(drop, len(facts["model"]))
        for budget, drop in drops.items()
    }
    return facts | {"metric": "faithfulness", "values": values} | more


@pytest.mark.parametrize(
    ("mif", "lif", "verdict"),
    [
        (0.5, 0.1, "holds"),
        (0.1, 0.5, "fails"),
        (0.3, 0.3, "undecided"),
        (0.1, -0.5, "fails"),  # the least important first change more, upwards
    ],
)
def test_mif_over_lif(make_run: Make, mif: float, lif: float, verdict: str) -> None:
    run = make_run(_areas(mif, lif, TOKENS), _areas(0, 9, TOKENS, **RANDOM))
    found = finding("mif-over-lif", run)
    assert found.verdict == verdict
    signed, sizes = found.comparisons
    assert signed.estimate == pytest.approx(mif - lif)
    assert sizes.estimate == pytest.approx(mif - abs(lif), abs=0.01)


@pytest.mark.parametrize(("cnn", "verdict"), [(0.52, "holds"), (0.9, "fails"), (0.6, "undecided")])
def test_similar_faithfulness(make_run: Make, cnn: float, verdict: str) -> None:
    random = {"metric_parameters": {"fill": "random"}}
    run = make_run(
        _areas(0.5, 0.1, TOKENS),
        _areas(cnn, 0.1, NUCLEOTIDES),
        # Random letters do not count, however unlike the two are.
        _areas(0.5, 0.1, TOKENS, **random),
        _areas(-0.5, 0.1, NUCLEOTIDES, **random),
    )
    found = finding("similar-faithfulness", run)
    assert found.verdict == verdict
    assert found.comparisons[0].estimate == pytest.approx(0.5 - cnn)
    assert len(found.comparisons) == 2


@pytest.mark.parametrize(("cnn", "verdict"), [(0.3, "holds"), (0.7, "fails"), (0.5, "undecided")])
def test_mif_higher(make_run: Make, cnn: float, verdict: str) -> None:
    run = make_run(_areas(0.5, 0.1, TOKENS), _areas(cnn, 9.0, NUCLEOTIDES))
    found = finding("mif-higher", run)
    assert (found.verdict, len(found.comparisons)) == (verdict, 1)
    assert found.comparisons[0].estimate == pytest.approx(0.5 - cnn)


@pytest.mark.parametrize(
    ("drops", "verdict"),
    [
        ({1: 0.0, 20: 0.01, 50: 0.9}, "holds"),  # beyond 20% the paper says nothing
        ({1: 0.0, 20: -0.4, 50: 0.0}, "fails"),  # a rise is no small change
        ({1: 0.0, 20: 0.1, 50: 0.0}, "undecided"),
    ],
)
def test_lif_small(make_run: Make, drops: dict[float, float], verdict: str) -> None:
    found = finding("lif-small", make_run(_drops(drops, TOKENS)))
    assert found.verdict == verdict
    assert [c.estimate for c in found.comparisons] == pytest.approx([drops[1], drops[20]], abs=1e-9)


@pytest.mark.parametrize(("cnn", "verdict"), [(0.3, "holds"), (-0.1, "fails"), (0.2, "undecided")])
def test_lif_alike(make_run: Make, cnn: float, verdict: str) -> None:
    tokens, other = {5: 0.3, 50: 0.9}, {5: cnn, 50: -0.9}
    found = finding("lif-alike", make_run(_drops(tokens, TOKENS), _drops(other, NUCLEOTIDES)))
    assert (found.verdict, len(found.comparisons)) == (verdict, 1)
    assert found.comparisons[0].estimate == pytest.approx(0.3 - cnn)


@pytest.mark.parametrize(("drop", "verdict"), [(0.01, "holds"), (0.4, "fails"), (0.1, "undecided")])
def test_negative_class_flat(make_run: Make, drop: float, verdict: str) -> None:
    steep = _areas(0.9, 0.0, TOKENS)
    run = make_run(steep, _areas(drop, 0.0, TOKENS, dataset="background"))
    assert finding("negative-class-flat", run).verdict == verdict


def test_a_verdict_beside_margins_units_and_budgets(make_run: Make) -> None:
    values = {
        "mif_probability_area": 0.07,
        "mif_logit_area": 0.9,
        "mif_drop_probability@5": 0.01,
        "mif_drop_probability@20": 0.3,
    }
    columns = {quantity: around(mean, spread=0.01) for quantity, mean in values.items()}
    cell = TOKENS | {"metric": "faithfulness", "dataset": "background", "values": columns}
    found = finding("negative-class-flat", make_run(cell))
    assert found.verdict == "holds"
    assert [(variant.what, variant.verdict) for variant in found.variants] == [
        ("half the margin", "fails"),
        ("twice the margin", "holds"),
        ("in logits", "fails"),
        ("at 5% replaced", "holds"),
        ("at 20% replaced", "fails"),
    ]
    assert found.stability == (
        "stays in 2 of 5 variants: fails half the margin, fails in logits, fails at 20% replaced"
    )


def test_a_budget_below_one_unit_is_noted(make_run: Make) -> None:
    def cell(facts: dict[str, Any], below: float) -> dict[str, Any]:
        drops = _drops({1: 0.0, 20: 0.0}, facts)
        values = {"replaced@1": around(0.02), "below_unit@1": [below] * 60}
        values |= {"replaced@20": around(0.2), "below_unit@20": [0.0] * 60}
        return drops | {"values": drops["values"] | values}

    run = make_run(cell(TOKENS, 1.0), cell(NUCLEOTIDES, 0.0))
    said = "1% is less than one unit of tokens/attnlrp"
    small = {c.what: c.note for c in finding("lif-small", run).comparisons}
    noted = [what for what, note in small.items() if said in note]
    assert len(small) == 4
    assert [("LIF at 1%" in what, "tokens/attnlrp" in what) for what in noted] == [(True, True)]
    alike = {c.what: c.note for c in finding("lif-alike", run).comparisons}
    assert [said in note for note in alike.values()] == [True, False]
    assert all(note.startswith("margin ±0.1, 90%") for note in (*small.values(), *alike.values()))

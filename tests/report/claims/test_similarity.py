"""Similarity's claims where they are known to hold, to fail and to be undecided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import RANDOM, TOKENS, around, finding, replicated

Make = Callable[..., Path]
JACCARD = TOKENS | {"metric": "continuous_jaccard", "against": "cnn/lrp", "aggregator": "sum"}
STRATEGIES = ("sum", "mean", "passed_on", "equally_distributed")


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
    cells = [
        JACCARD | {"aggregator": strategy, "values": {"": around(mean, seed)}}
        for seed, (strategy, mean) in enumerate(zip(STRATEGIES, means, strict=True))
    ]
    control = [cell | RANDOM | {"values": {"": around(-9)}} for cell in cells]
    found = finding("strategies", make_run(*cells, *control))
    assert found.verdict == verdict
    assert [round(c.estimate, 9) for c in found.comparisons] == [
        round(means[b] - means[w], 9) for b in (1, 2) for w in (0, 3)
    ]


def test_strategies_differ_on_some_weights_only(make_run: Make) -> None:
    # Every replicate alone is sure, and they say different things.
    better = replicated(
        JACCARD | {"aggregator": "mean"}, [{"": around(m, 1)} for m in (0.9, 0.1, 0.6)]
    )
    worse = replicated(JACCARD, [{"": around(0.3, s)} for s in range(3)])
    found = finding("strategies", make_run(*better, *worse))
    (comparison,) = found.comparisons
    assert comparison.replicates == 1  # the tokens' model has one, by its cells
    assert comparison.estimate == pytest.approx(1.6 / 3 - 0.3)
    assert found.verdict == "undecided"
    verdicts = {variant.what: variant.verdict for variant in found.variants}
    assert verdicts == {
        "on replicate 0 alone": "holds",
        "on replicate 1 alone": "fails",
        "on replicate 2 alone": "holds",
    }


def _of_both(
    make_run: Make, means: dict[tuple[str, str], float], *, floors: bool = True
) -> tuple[Path, Path]:
    """Two runs; names do not tell: these promoters go by the name of enhancers, and vice versa."""
    runs = []
    for kind, dataset in (("promoters", "enhancers"), ("enhancers", "promoters")):
        facts: dict[str, Any] = {"dataset": dataset, "dataset_kind": kind}
        cells = [JACCARD | facts | {"values": {"": around(means[kind, "attnlrp"], len(kind))}}]
        if floors:
            cells.append(JACCARD | facts | RANDOM | {"values": {"": around(means[kind, "random"])}})
        runs.append(make_run(*cells, name=kind, datasets={dataset: {"labels": [1]}}))
    return runs[0], runs[1]


@pytest.mark.parametrize(
    ("enhancers", "floor", "verdict"),
    [
        (0.1, 0.0, "holds"),
        (0.5, 0.0, "fails"),
        (0.3, 0.0, "undecided"),
        (0.1, 0.25, "fails"),  # higher, but hardly above the floor of its own sequences
    ],
)
def test_promoters_and_enhancers_are_compared_beyond_random_scores(
    make_run: Make, enhancers: float, floor: float, verdict: str
) -> None:
    means = {
        ("promoters", "attnlrp"): 0.3,
        ("promoters", "random"): floor,
        ("enhancers", "attnlrp"): enhancers,
        ("enhancers", "random"): 0.0,
    }
    one, other = _of_both(make_run, means)
    found = finding("promoters-over-enhancers", one, other)
    assert found.verdict == verdict
    assert found.comparisons[0].estimate == pytest.approx(0.3 - floor - enhancers)
    alone = finding("promoters-over-enhancers", one)
    assert alone.verdict == "undecided"
    assert "give the report both runs" in alone.reason


def test_without_a_noise_floor_nothing_is_compared(make_run: Make) -> None:
    means = {("promoters", "attnlrp"): 0.3, ("enhancers", "attnlrp"): 0.1}
    found = finding("promoters-over-enhancers", *_of_both(make_run, means, floors=False))
    assert (found.verdict, found.comparisons) == ("undecided", ())


@pytest.mark.parametrize(
    ("negative", "verdict"), [(0.1, "holds"), (0.5, "fails"), (0.3, "undecided")]
)
def test_negative_class_alignment(make_run: Make, negative: float, verdict: str) -> None:
    run = make_run(
        JACCARD | {"values": {"": around(0.3)}},
        JACCARD | {"dataset": "background", "values": {"": around(negative, 1)}},
    )
    assert finding("negative-class-alignment", run).verdict == verdict


def test_similarity_is_of_renormalised_maps_and_otherwise_a_variant(make_run: Make) -> None:
    raw = {"metric": "raw", "metric_component": "continuous_jaccard"}
    cells = [
        JACCARD | {"aggregator": strategy, "values": {"": around(mean, seed)}} | more
        for seed, (strategy, mean, more) in enumerate(
            [
                ("sum", 0.1, {}),
                ("mean", 0.3, {}),
                ("sum", 0.3, raw | {"metric_parameters": {"renormalise": "never"}}),
                ("mean", 0.1, raw | {"metric_parameters": {"renormalise": "never"}}),
            ]
        )
    ]
    found = finding("strategies", make_run(*cells))
    assert (found.verdict, len(found.comparisons)) == ("holds", 1)
    assert [(v.what, v.verdict) for v in found.variants] == [("normalised otherwise", "fails")]
    assert found.stability == "stays in 0 of 1 variants: fails normalised otherwise"


def test_promoters_and_enhancers_are_compared_under_one_convention_at_a_time(
    make_run: Make,
) -> None:
    """Scales differ by more than data do: none is set beside another's."""
    means = {"before": (0.3, 0.1), "never": (0.5, 0.2), "l1": (0.9, 0.6)}
    runs = []
    for place, kind in enumerate(("promoters", "enhancers")):
        cells: list[dict[str, Any]] = []
        for convention, both in means.items():
            cell = JACCARD | {"dataset": kind, "dataset_kind": kind, "metric": f"cj-{convention}",
                              "metric_component": "continuous_jaccard",
                              "metric_parameters": {"renormalise": convention}}  # fmt: skip
            cells += [cell | {"values": {"": around(both[place], place)}},
                      cell | RANDOM | {"values": {"": around(0.0, 2)}}]  # fmt: skip
        runs.append(make_run(*cells, name=kind, datasets={kind: {"labels": [1]}}))
    found = finding("promoters-over-enhancers", *runs)
    assert [round(one.estimate, 9) for one in found.comparisons] == [0.2]
    (variant,) = (v for v in found.variants if v.what == "normalised otherwise")
    assert (variant.verdict, variant.n_comparisons) == ("holds", 2)

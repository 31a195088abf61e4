"""The control by position: a slow version of it, and truth that lies where maps always point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.api import ControlledMetric
from gxarena.data import Attribution, Batch, Explained, Interval, Sample, Spans
from gxarena.metrics.grammar import DecoyPrecision
from gxarena.metrics.localization import (
    AUPRC,
    AUROC,
    PointingGame,
    RelevanceMass,
    RelevanceRank,
)
from gxarena.metrics.positional import NO_OTHERS, mean_maps
from gxarena.run import parts
from gxarena.run.plan import Plan
from gxarena.run.probe import ModelProbe
from gxarena.run.runner import run
from gxarena.run.store import CHUNK

NO_PROBE = ModelProbe(lambda: pytest.fail("a control asks no model"))
LOCALIZATION = [AUPRC, AUROC, RelevanceMass, RelevanceRank, PointingGame]


def _explained(maps: Sequence[Attribution], marks: Sequence[tuple[int, int]]) -> Explained:
    samples = tuple(
        Sample(f"s{i}", "A" * one.spans.length, 1, (Interval(start, end, "m"),))
        for i, (one, (start, end)) in enumerate(zip(maps, marks, strict=True))
    )
    n = len(samples)
    return Explained(samples, tuple(maps), np.ones(n, dtype=np.int64), np.zeros((n, 2)))


def _ragged(sign: str = "signed") -> Explained:
    """Maps on nucleotides and on tokens, of sequences of several lengths."""
    rng = np.random.default_rng(0)
    spans = [
        Spans.nucleotides(7),
        Spans.nucleotides(10),
        Spans(np.array([0, 3, 4, 8])),
        Spans(np.array([0, 2, 9, 11])),
    ]
    maps = [Attribution(rng.normal(size=len(one)) * 10.0**i, one) for i, one in enumerate(spans)]
    return _explained(maps, [(1, 3)] * 4)


def _slow(explained: Explained, index: int, sign: str) -> list[float]:
    """The scores of one sample's units, place by place as counted from the middle."""
    found = []
    own = explained.attributions[index].spans
    for start, end in zip(own.boundaries[:-1].tolist(), own.boundaries[1:].tolist(), strict=True):
        means = []
        for nucleotide in range(start, end):
            from_middle = nucleotide - own.length // 2
            heights = []
            for other, one in enumerate(explained.attributions):
                place = from_middle + one.spans.length // 2
                if other != index and 0 <= place < one.spans.length:
                    score = one.scores[one.spans.owner[place]] / np.abs(one.scores).max()
                    heights.append(abs(score) if sign == "magnitude" else score)
            means.append(np.mean(heights) if heights else 0.0)
        found.append(float(np.mean(means)))
    return found


@pytest.mark.parametrize("sign", ["signed", "magnitude"])
def test_a_sample_is_given_the_mean_of_the_others(sign: Any) -> None:
    explained = _ragged()
    found = mean_maps(explained, sign)
    for i, (one, before) in enumerate(zip(found.attributions, explained.attributions, strict=True)):
        assert one.spans == before.spans
        assert one.scores == pytest.approx(_slow(explained, i, sign))


POSITIONAL = {
    AUPRC: pytest.mark.reimplements("auprc", only=["positional"]),
    AUROC: pytest.mark.reimplements("auroc", only=["positional"]),
    RelevanceMass: pytest.mark.reimplements("relevance_mass", only=["positional"]),
    RelevanceRank: pytest.mark.reimplements("relevance_rank", only=["positional"]),
    PointingGame: pytest.mark.reimplements("pointing_game", only=["positional"]),
    DecoyPrecision: pytest.mark.reimplements("decoy_precision", only=["positional"]),
}


@pytest.mark.parametrize("metric", [pytest.param(m, marks=mark) for m, mark in POSITIONAL.items()])
def test_the_control_is_what_the_metric_says_of_the_others_mean(metric: Any) -> None:
    sign = "magnitude" if metric is DecoyPrecision else "signed"
    marks = (Interval(1, 3, "m"), Interval(4, 7, "decoy:x"))
    explained = _ragged()
    explained = replace(
        explained, samples=tuple(replace(one, annotations=marks) for one in explained.samples)
    )
    means = [np.array(_slow(explained, i, sign)) for i in range(len(explained))]
    others = explained.with_attributions(
        [a.with_scores(m) for a, m in zip(explained.attributions, means, strict=True)]
    )
    expected = metric().score(others, NO_PROBE).values[""]
    assert metric().control(explained).values["positional"] == pytest.approx(expected, nan_ok=True)
    assert np.isfinite(expected).any()


def test_its_own_map_and_everybodys_scale_change_nothing() -> None:
    explained = _ragged()
    known = mean_maps(explained, "signed").attributions[1].scores
    scales = [1e-200, 1.0, 1e200, 3.0]
    scaled = explained.with_attributions(
        [a.with_scores(a.scores * s) for a, s in zip(explained.attributions, scales, strict=True)]
    )
    assert mean_maps(scaled, "signed").attributions[1].scores == pytest.approx(known)
    other = list(explained.attributions)
    other[1] = other[1].with_scores(np.arange(10.0))
    changed = mean_maps(explained.with_attributions(other), "signed")
    assert changed.attributions[1].scores == pytest.approx(known)


@pytest.mark.parametrize("sign", ["signed", "magnitude"])
def test_what_is_not_finite_is_in_no_mean_and_has_no_value(sign: Any) -> None:
    explained = _ragged()
    broken = list(explained.attributions)
    broken[0] = broken[0].with_scores(np.full(7, np.inf))
    scored = AUPRC(sign=sign).control(explained.with_attributions(broken))
    assert scored.reasons["positional"] == {0: "scores are not finite"}
    without = AUPRC(sign=sign).control(explained.of([1, 2, 3])).values["positional"]
    assert scored.values["positional"][1:].tolist() == without.tolist()


def test_of_two_each_is_the_others_mean() -> None:
    """The one that is not finite is nobody's other, and of the rest each has one."""
    explained = _ragged()
    broken = [one.with_scores(np.full(len(one.spans), np.nan)) for one in explained.attributions]
    broken[:2] = explained.attributions[:2]
    scored = AUPRC().control(explained.with_attributions(broken))
    assert scored.reasons["positional"] == dict.fromkeys((2, 3), "scores are not finite")
    broken[1] = broken[1].with_scores(np.full(10, np.nan))
    alone = AUPRC().control(explained.with_attributions(broken))
    assert alone.reasons["positional"] == {0: NO_OTHERS} | dict.fromkeys(
        (1, 2, 3), "scores are not finite"
    )
    pair = AUPRC().control(explained.of([0, 1]))
    assert pair.reasons["positional"] == {}
    assert np.isfinite(pair.values["positional"]).all()
    assert scored.values["positional"][:2].tolist() == pair.values["positional"].tolist()


def test_one_sample_has_no_others() -> None:
    scored = AUPRC().control(_ragged().of([1]))
    assert scored.reasons["positional"] == {0: NO_OTHERS}
    assert np.isnan(scored.values["positional"]).all()


@pytest.mark.parametrize("metric", [*LOCALIZATION, DecoyPrecision])
def test_every_measure_of_truth_has_it_and_ranks_nobody_by_it(metric: Any) -> None:
    made = metric()
    assert isinstance(made, ControlledMetric)
    control, value = made.quantities["positional"], made.quantities[""]
    assert (control.better, control.bounds) == ("none", value.bounds)
    assert set(made.control(_ragged()).values) == {"positional"}


def _pointing(places: Sequence[int], width: int = 60, noise: float = 1.0) -> list[Attribution]:
    """Noisy maps that are larger around a place of each sequence."""
    rng = np.random.default_rng(1)
    near = [np.exp(-(((np.arange(width) - place) / 4.0) ** 2)) for place in places]
    return [
        Attribution(np.abs(rng.normal(size=width)) * (bump + 0.1 * noise), Spans.nucleotides(width))
        for bump in near
    ]


def test_where_truth_lies_mid_window_places_alone_localize() -> None:
    middle = _explained(_pointing([30] * 80), [(26, 34)] * 80)
    assert np.mean(AUPRC().score(middle, NO_PROBE).values[""]) > 0.6
    assert np.mean(AUPRC().control(middle).values["positional"]) > 0.95


def test_where_truth_lies_anywhere_places_alone_are_at_chance() -> None:
    """Turned round by any number of nucleotides, so that no place is truth more often."""
    turns = np.random.default_rng(2).integers(0, 60, 200).tolist()
    maps = [
        one.with_scores(np.roll(one.scores, turn))
        for one, turn in zip(_pointing([30] * 200), turns, strict=True)
    ]
    explained = _explained(maps, [(26, 34)] * 200)
    samples = tuple(
        replace(
            sample,
            annotations=tuple(
                Interval(int(i), int(i) + 1, "m") for i in (np.arange(26, 34) + turn) % 60
            ),
        )
        for sample, turn in zip(explained.samples, turns, strict=True)
    )
    explained = replace(explained, samples=samples)
    assert np.mean(AUROC().score(explained, NO_PROBE).values[""]) > 0.8
    control = AUROC().control(explained).values["positional"]
    standard_error = np.std(control, ddof=1) / np.sqrt(len(control))
    assert abs(np.mean(control) - 0.5) < 3 * standard_error < 0.1


def test_a_network_that_has_learned_nothing_localizes_mid_window_as_its_control_says() -> None:
    """Saliency of unpadded convolutions with random weights, of which the middle is read out."""
    nn = pytest.importorskip("torch.nn")
    from gxarena.registry import Registry
    from gxarena_torch.modules import model_of
    from gxarena_torch.seeds import torch_seeded

    class Middle(nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return x[:, :, x.shape[2] // 2]

    with torch_seeded(0):  # of some drawn weights the middle says less
        layers = [m for width in (4, 8, 8, 8, 8) for m in (nn.Conv1d(width, 8, 9), nn.Tanh())]
        network = nn.Sequential(*layers, Middle(), nn.Linear(8, 2))
    model = model_of("random", network, 60, device="cpu")
    rng = np.random.default_rng(0)
    sequences = tuple("".join(row) for row in rng.choice(list("ACGT"), (60, 60)))
    batch = Batch(sequences, np.ones(60, dtype=np.int64))
    maps = Registry.load().create("explainers", "saliency", {}).explain(model, batch)
    middle = _explained(maps, [(26, 34)] * 60)
    scored, control = AUPRC().score(middle, NO_PROBE), AUPRC().control(middle)
    own, chance = (np.mean(scored.values[key]) for key in ("", "chance"))
    assert own > 2.5 * chance  # it finds what it does not know
    assert np.mean(control.values["positional"]) > own - 0.1
    starts = rng.integers(0, 52, 60).tolist()
    anywhere = _explained(maps, [(start, start + 8) for start in starts])
    assert np.mean(AUROC().control(anywhere).values["positional"]) < 0.65


def test_signed_and_magnitude_each_have_their_own() -> None:
    """Evidence whose sign changes from sample to sample cancels, its size does not."""
    signs = np.random.default_rng(3).choice([-1.0, 1.0], 80)
    maps = [
        one.with_scores(one.scores * sign)
        for one, sign in zip(_pointing([30] * 80), signs, strict=True)
    ]
    explained = _explained(maps, [(26, 34)] * 80)
    by_size = AUPRC("magnitude").control(explained).values["positional"]
    by_sign = AUPRC("signed").control(explained).values["positional"]
    assert np.mean(by_size) > 0.95 > np.mean(by_sign)


def test_a_board_of_localization_has_it_beside_each_explainer(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all samples together, where other metrics get some at a time and each has its flanks."""
    monkeypatch.setattr(parts, "SCORED_AT_ONCE", CHUNK)
    rng = np.random.default_rng(0)
    lines = ["id,sequence,label,annotations,region"]
    for i in range(CHUNK + 6):
        letters = "".join(rng.choice(list("CGT"), 24))
        letters = letters[:11] + "AA" + letters[13:]
        lines.append(f"s{i:02d},{letters},1,11-13 m,4-20")
    path = tmp_path / "flanked.csv"
    path.write_text("\n".join(lines) + "\n")
    block = {
        "datasets": ["mine"],
        "models": ["toy", "toy-tokens"],
        "explainers": ["exact", "oracle", "random"],
        "aggregators": ["native", "passed_on"],
        "metrics": ["auprc"],
    }
    run(plan(datasets={"mine": {"path": str(path)}}, matrix=[block]), tmp_path / "run")
    rows = pq.read_table(tmp_path / "run" / "leaderboard.parquet").to_pylist()
    board = {(r["model"], r["explainer"], r["aggregator"], r["metric"]): r for r in rows}
    for (model, explainer, aggregator, metric), row in board.items():
        if metric == "auprc":
            control = board[model, explainer, aggregator, "auprc.positional"]
            assert (control["n"], control["direction"]) == (row["n"], "none")
            assert control["rank"] is None
    # The same two letters at the same place of each: who knows one sample knows all.
    assert board["toy", "oracle", "native", "auprc.positional"]["estimate"] == 1.0
    assert board["toy", "exact", "native", "auprc.positional"]["estimate"] == 1.0
    noise = board["toy", "random", "native", "auprc.positional"]
    assert (noise["n"], noise["n_undefined"]) == (CHUNK + 6, 0)
    assert noise["estimate"] < 0.7

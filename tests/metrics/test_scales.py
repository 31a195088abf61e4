"""Drops on what is explained: log-odds beside logits and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from toys import Exact, Linear

from gxarena.api import Curve, ObjectiveMetric
from gxarena.data import Batch, Explained, Floats, Sample
from gxarena.errors import InputError
from gxarena.metrics.borrowed import Borrowed
from gxarena.metrics.comprehensiveness import Comprehensiveness, Sufficiency
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.metrics.retokenised import Retokenised
from gxarena.run.plan import Plan
from gxarena.run.probe import ModelProbe
from gxarena.run.runner import run

ALL = (Faithfulness, Borrowed, Retokenised, Comprehensiveness, Sufficiency)


class Three(Linear):
    """Three outputs, of which log-odds are no difference of two."""

    n_outputs = 3

    def predict(self, sequences: Any) -> Floats:
        two = super().predict(sequences)
        return np.column_stack([two, np.sin(two[:, 1])])


def _explained() -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("ACGT"), 20 + 3 * i)) for i in range(4))
    targets = np.ones(4, dtype=np.int64)
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    maps = tuple(Exact().explain(Three(), Batch(sequences, targets)))
    outputs = Three().predict(sequences)
    return Explained(samples, maps, targets, outputs, objective="log_odds")


def _log_odds(sequence: str) -> float:
    z = Three().predict([sequence])[0]
    return float(z[1] - np.log(np.exp(z[0]) + np.exp(z[2])))


@pytest.mark.parametrize("metric", ALL)
def test_log_odds_are_a_scale_of_their_own(metric: type[Faithfulness]) -> None:
    plain = metric()
    assert isinstance(plain, ObjectiveMetric)
    under = plain.under("log_odds")
    added = set(under.quantities) - set(plain.quantities)
    assert added == {k.replace("logit", "log_odds") for k in plain.quantities if "logit" in k}
    for key in added:
        like = plain.quantities[key.replace("log_odds", "logit")]
        assert under.quantities[key] == replace(like, unit="log-odds")
    for objective in ("logit", "probability"):
        assert plain.under(objective).quantities == plain.quantities
    assert "log_odds" not in str(plain.quantities)  # the metric itself stays as it was
    with pytest.raises(InputError, match="objective: unknown 'odds'"):
        plain.under("odds")


def test_the_drops_are_those_of_the_log_odds() -> None:
    explained = _explained()
    metric = Faithfulness(budgets=("3nt",)).under("log_odds")
    scored = metric.score(explained, ModelProbe(Three))
    assert set(scored.values) == set(metric.quantities)
    assert set(scored.reasons) == set(metric.quantities)
    for i, sample in enumerate(explained.samples):
        order = np.argsort(-explained.attributions[i].scores, kind="stable")
        scores = explained.attributions[i].scores[order]
        if scores[2] == scores[3]:  # of equal ones it does not matter which
            assert sample.sequence[order[2]] == sample.sequence[order[3]]
        hidden = "".join("N" if k in order[:3] else c for k, c in enumerate(sample.sequence))
        drop = _log_odds(sample.sequence) - _log_odds(hidden)
        assert scored.values["mif_drop_log_odds@3nt"][i] == pytest.approx(drop)
    plain = Faithfulness(budgets=("3nt",)).score(explained, ModelProbe(Three))
    for key, values in plain.values.items():
        assert np.array_equal(values, scored.values[key])


def test_comprehensiveness_is_the_mean_of_the_mif_drops() -> None:
    explained, budgets = _explained(), (10, 20, 50)
    mif = Faithfulness(budgets=budgets).under("log_odds").score(explained, ModelProbe(Three))
    ours = Comprehensiveness(budgets=budgets).under("log_odds")
    found = ours.score(explained, ModelProbe(Three)).values["log_odds"]
    drops = [mif.values[f"mif_drop_log_odds@{k}"] for k in budgets]
    assert found == pytest.approx(np.mean(drops, axis=0))


def _stacked(curves: Sequence[Curve]) -> dict[str, tuple[Floats, Floats]]:
    """Curves by key, as `from_curves` takes them."""
    by_key: dict[str, list[Curve]] = {}
    for curve in curves:
        by_key.setdefault(curve.key, []).append(curve)
    return {
        key: (np.stack([c.x for c in found]), np.stack([c.y for c in found]))
        for key, found in by_key.items()
    }


def test_curves_tell_the_log_odds_too() -> None:
    metric = Faithfulness().under("log_odds")
    scored = metric.score(_explained(), ModelProbe(Three))
    again = metric.from_curves(_stacked(scored.curves))
    for key in metric.quantities:
        if not key.startswith("below_unit"):
            assert again[key] == pytest.approx(scored.values[key])


def test_a_run_measures_what_its_suite_explains(plan: Callable[..., Plan], tmp_path: Path) -> None:
    block = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact"],
        "metrics": ["faithfulness", "sufficiency"],
    }
    run(plan(objective="log_odds", matrix=[block]), tmp_path / "run")
    board = pq.read_table(tmp_path / "run" / "leaderboard.parquet").to_pylist()
    rows = {row["metric"]: row for row in board}
    assert rows["sufficiency.log_odds"]["direction"] == "lower"
    # The toy's other logit is 0: what it is worth is its log-odds.
    odds, logit = (rows[f"faithfulness.mif_drop_{unit}@10"] for unit in ("log_odds", "logit"))
    assert odds["direction"] == logit["direction"] == "higher"
    assert odds["estimate"] == pytest.approx(logit["estimate"])


class One(Linear):
    """One output."""

    n_outputs = 1

    def predict(self, sequences: Any) -> Floats:
        return super().predict(sequences)[:, 1:]


def _of_one_output() -> Explained:
    explained = _explained()
    zeros = np.zeros(len(explained), dtype=np.int64)
    return replace(explained, outputs=explained.outputs[:, 1:2], targets=zeros, objective="logit")


@pytest.mark.parametrize("metric", [Faithfulness, Retokenised, Comprehensiveness, Sufficiency])
def test_one_output_has_no_probability(metric: type[Faithfulness]) -> None:
    scored = metric().score(_of_one_output(), ModelProbe(One))
    of_two = metric().score(replace(_explained(), objective="logit"), ModelProbe(Three))
    for key, quantity in metric().quantities.items():
        if quantity.unit == "probability":
            assert np.isnan(scored.values[key]).all()
            reason = "one output: no probability; hand out [0, x]"
            assert scored.reasons[key] == dict.fromkeys(range(4), reason)
        else:
            assert scored.values[key] == pytest.approx(of_two.values[key])
            assert not scored.reasons[key]
    assert not [one for one in scored.curves if "probability" in one.key]


def test_curves_of_one_output_tell_that_there_is_no_probability() -> None:
    metric = Faithfulness()
    scored = metric.score(_of_one_output(), ModelProbe(One))
    again = metric.from_curves(_stacked(scored.curves))
    for key, values in scored.values.items():
        if not key.startswith("below_unit"):
            assert again[key] == pytest.approx(values, nan_ok=True)

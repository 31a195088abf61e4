"""MIF and LIF against a closed form and a slow end-to-end re-implementation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from toys import WEIGHTS, Exact, Linear

from gxarena.data import Batch, Explained, Floats, Sample, Spans
from gxarena.errors import InputError
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.probe import ModelProbe
from gxarena.seeds import sample_seed

BUDGETS = (1, 5, 10, 20, 50)
COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C", "N": "N"}


def _explained(width: int = 1, n: int = 4, target: int = 1, length: int = 40) -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("ACGT"), length + 3 * i)) for i in range(n))
    model = Linear(width)
    targets = np.full(n, target)
    batch = Batch(sequences, targets)
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    return Explained(
        samples, tuple(Exact().explain(model, batch)), targets, model.predict(sequences)
    )


def _with_noise(explained: Explained) -> Explained:
    """Scores drawn at random, a third of them equal."""
    rng = np.random.default_rng(1)
    return explained.with_attributions(
        [a.with_scores(rng.integers(-3, 4, len(a.spans)) / 2) for a in explained.attributions]
    )


def _score(explained: Explained, width: int = 1, **parameters: object) -> dict[str, Floats]:
    metric = Faithfulness(**parameters)  # type: ignore[arg-type]
    return dict(metric.score(explained, ModelProbe(lambda: Linear(width))).values)


def _slow_masks(order: Sequence[int], spans: Spans) -> list[set[int]]:
    """Units removed at each budget: the nearest run of whole units, at least one."""
    widths = spans.widths.tolist()
    masks = []
    for budget in BUDGETS:
        wanted = budget / 100 * spans.length
        sizes = [sum(widths[u] for u in order[:count]) for count in range(1, len(order) + 1)]
        misses = [abs(size - wanted) for size in sizes]
        masks.append(set(order[: 1 + misses.index(min(misses))]))
    return masks


def _slow_order(explained: Explained, index: int, order: str, ranking: str) -> list[int]:
    """Units of one sample, first removed first; `order` is mif, lif or a random order's number."""
    sample, scores = explained.samples[index], explained.attributions[index].scores.tolist()

    def draw(stage: str) -> list[float]:
        seed = sample_seed(explained.seed, f"faithfulness/{stage}", sample.id)
        return np.random.default_rng(seed).random(len(scores)).tolist()

    important = [abs(s) if ranking == "magnitude" else s for s in scores]
    first = {"mif": [-k for k in important], "lif": important}
    keys = first[order] if order in first else [-k for k in draw(f"order/{order}")]
    ties = draw("ties")
    return sorted(range(len(scores)), key=lambda u: (keys[u], ties[u]))


def _slow_curve(
    explained: Explained, index: int, order: list[int], fill: str, width: int
) -> dict[str, list[float]]:
    """One sample's curve, with no array in sight."""
    sample, spans = explained.samples[index], explained.attributions[index].spans
    target = int(explained.targets[index])
    seed = sample_seed(explained.seed, "faithfulness/letters", sample.id)
    drawn = np.random.default_rng(seed).integers(0, 4, len(sample.sequence))
    letters = ["ACGT"[k] for k in drawn]
    curve: dict[str, list[float]] = {"x": [0.0], "logit": [0.0], "probability": [0.0]}
    for mask in _slow_masks(order, spans):
        changed = list(sample.sequence)
        for position, unit in enumerate(spans.owner.tolist()):
            if unit in mask:
                old = changed[position]
                new = {"unknown": "N", "complement": COMPLEMENT[old], "random": letters[position]}
                changed[position] = new[fill]
        before, after = (
            Linear(width).predict([text])[0].tolist()
            for text in (sample.sequence, "".join(changed))
        )
        curve["x"].append(sum(spans.widths[u] for u in mask) / spans.length)
        curve["logit"].append(before[target] - after[target])
        curve["probability"].append(_softmax(before)[target] - _softmax(after)[target])
    return curve


def _softmax(z: list[float]) -> list[float]:
    e = [math.exp(v - max(z)) for v in z]
    return [v / sum(e) for v in e]


def _slow_area(x: list[float], y: list[float]) -> float:
    pieces = zip(pairwise(x), pairwise(y), strict=True)
    return sum((b - a) * (c + d) / 2 for (a, b), (c, d) in pieces) / x[-1]


def _mean(curves: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {
        key: [sum(values) / len(curves) for values in zip(*(c[key] for c in curves), strict=True)]
        for key in curves[0]
    }


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize(("ranking", "random_orders"), [("signed", 1), ("magnitude", 3)])
@pytest.mark.parametrize("fill", ["unknown", "random", "complement"])
@pytest.mark.parametrize("width", [1, 3])
def test_agrees_with_a_slow_reimplementation(
    fill: str, width: int, ranking: str, random_orders: int, target: int
) -> None:
    explained = replace(_explained(width, target=target), seed=5)
    if target == 0:  # whose own weights are all 0: rank by something
        explained = _with_noise(explained)
    metric = Faithfulness(fill, ranking=ranking, random_orders=random_orders)  # type: ignore[arg-type]
    scored = metric.score(explained, ModelProbe(lambda: Linear(width)))
    drawn = {(c.key, c.sample): c for c in scored.curves}
    for index in range(len(explained)):
        curves = {
            order: _slow_curve(
                explained, index, _slow_order(explained, index, order, ranking), fill, width
            )
            for order in ("mif", "lif", *map(str, range(random_orders)))
        }
        curves["random"] = _mean([curves.pop(str(number)) for number in range(random_orders)])
        expected = {f"replaced@{k}": curves["mif"]["x"][i + 1] for i, k in enumerate(BUDGETS)}
        for unit in ("logit", "probability"):
            for order, curve in curves.items():
                key = f"{order}_drop_{unit}"
                assert drawn[key, index].x.tolist() == pytest.approx(curve["x"])
                assert drawn[key, index].y.tolist() == pytest.approx(curve[unit])
                expected |= {f"{key}@{k}": curve[unit][i + 1] for i, k in enumerate(BUDGETS)}
                expected[f"{order}_{unit}_area"] = _slow_area(curve["x"], curve[unit])
            for name in (f"drop_{unit}@{k}" for k in BUDGETS):
                gain = expected[f"mif_{name}"] - expected[f"random_{name}"]
                expected[name.replace("drop", "gain")] = gain
            area = expected[f"mif_{unit}_area"] - expected[f"random_{unit}_area"]
            expected[f"gain_{unit}_area"] = area
        found = {key: column[index] for key, column in scored.values.items()}
        assert found == pytest.approx(expected, abs=1e-12)


def test_an_additive_model_loses_what_was_taken() -> None:
    explained = _explained()
    values = _score(explained, fill="unknown")
    for index, sequence in enumerate(explained.sequences):
        weights = sorted((WEIGHTS[letter] for letter in sequence), reverse=True)
        count = round(0.2 * len(sequence))
        assert values["mif_drop_logit@20"][index] == pytest.approx(sum(weights[:count]))
        assert values["lif_drop_logit@20"][index] == pytest.approx(sum(weights[-count:]))
        assert values["replaced@20"][index] == count / len(sequence)


def test_gain_and_area_are_what_their_names_say() -> None:
    explained = _explained(3)
    metric = Faithfulness("complement")
    scored = metric.score(explained, ModelProbe(lambda: Linear(3)))
    values = scored.values
    for unit in ("logit", "probability"):
        gain = values[f"mif_drop_{unit}@50"] - values[f"random_drop_{unit}@50"]
        assert values[f"gain_{unit}@50"] == pytest.approx(gain)
    curve = next(c for c in scored.curves if (c.key, c.sample) == ("mif_drop_logit", 2))
    assert (curve.x[0], curve.y[0]) == (0, 0)
    assert curve.x[4] == values["replaced@20"][2]
    heights = (curve.y[1:] + curve.y[:-1]) / 2
    area = (heights * np.diff(curve.x)).sum() / curve.x[-1]
    assert values["mif_logit_area"][2] == pytest.approx(area)
    assert len(scored.curves) == 3 * 2 * len(explained)


def test_probability_is_of_the_original_target_also_when_the_prediction_flips() -> None:
    explained = _explained(n=1, length=400)
    values = _score(explained, fill="complement")
    z = float(explained.outputs[0, 1])
    after = z - float(values["mif_drop_logit@50"][0])
    assert after < 0 or z < 0  # the other class now
    drop = 1 / (1 + np.exp(-z)) - 1 / (1 + np.exp(-after))
    assert values["mif_drop_probability@50"][0] == pytest.approx(drop)


def test_magnitude_ranks_by_size() -> None:
    explained = _explained(n=1)
    values = _score(explained, fill="unknown", ranking="magnitude")
    largest = sorted((WEIGHTS[c] for c in explained.sequences[0]), key=abs, reverse=True)
    removed = {abs(w) for w in largest[:8]}
    assert removed == {1.0}
    assert abs(values["lif_drop_logit@20"][0]) < 8 * 0.5 + 1e-9


def test_tokens_and_nucleotides_are_on_the_same_budgets() -> None:
    tokens, nucleotides = _score(_explained(3), 3), _score(_explained(1))
    for k in (10, 20, 50):
        difference = tokens[f"replaced@{k}"] - nucleotides[f"replaced@{k}"]
        assert np.abs(difference).max() <= 1.5 / 40
    assert (tokens["replaced@1"] > 0).all()


def test_a_constant_map_is_a_random_order() -> None:
    explained = _explained(n=60, length=60)
    flat = [a.with_scores(np.zeros(len(a.spans))) for a in explained.attributions]
    values = _score(explained.with_attributions(flat), fill="unknown")
    mif, lif = values["mif_drop_logit@20"], values["lif_drop_logit@20"]
    assert np.array_equal(mif, lif)  # nothing tells them apart but the ties
    drawn = values["random_drop_logit@20"]
    spread = np.hypot(mif.std(), drawn.std()) / np.sqrt(len(mif))
    assert abs(mif.mean() - drawn.mean()) < 4 * spread
    # By position, the first twelve letters would go.
    first = [sum(WEIGHTS[c] for c in s[:12]) for s in explained.sequences]
    assert not np.allclose(mif, first)


def test_not_a_number_is_undefined_and_the_others_stay() -> None:
    explained = _explained()
    broken = list(explained.attributions)
    broken[1] = broken[1].with_scores(np.full(len(broken[1].spans), np.nan))
    metric = Faithfulness("complement")
    scored = metric.score(explained.with_attributions(broken), ModelProbe(Linear))
    whole = _score(explained, fill="complement")
    for key, column in scored.values.items():
        assert np.isnan(column[1])
        assert np.array_equal(np.delete(column, 1), np.delete(whole[key], 1))
        assert scored.reasons[key] == {1: "scores are not finite"}
    assert {curve.sample for curve in scored.curves} == {0, 2, 3}


def test_native_units_are_masked_and_projected_ones_get_the_letter() -> None:
    class Asked(Linear):
        def predict_masked(self, sequences: object, masks: object) -> Floats:  # type: ignore[override]
            raise AssertionError("masked")

    explained = _explained()
    with pytest.raises(AssertionError, match="masked"):
        Faithfulness("unknown").score(explained, ModelProbe(Asked))
    projected = replace(explained, native=False)
    values = Faithfulness("unknown").score(projected, ModelProbe(Asked)).values
    assert np.array_equal(values["mif_drop_logit@20"], _score(explained)["mif_drop_logit@20"])


def test_order_of_samples_changes_nothing() -> None:
    explained = _explained()
    backward = Explained(
        explained.samples[::-1],
        explained.attributions[::-1],
        explained.targets[::-1],
        explained.outputs[::-1],
    )
    forward, reversed_ = _score(explained), _score(backward)
    assert all(np.allclose(forward[key], reversed_[key][::-1]) for key in forward)


def test_every_value_is_declared_and_within_bounds() -> None:
    metric = Faithfulness("random", random_orders=3)
    values = metric.score(_explained(3), ModelProbe(lambda: Linear(3))).values
    assert values.keys() == metric.quantities.keys()
    for key, quantity in metric.quantities.items():
        low, high = quantity.bounds
        assert low is None or (values[key] >= low).all()
        assert high is None or (values[key] <= high).all()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"fill": "unknwon"}, "fill: unknown 'unknwon'. Did you mean 'unknown'"),
        ({"ranking": "size"}, "ranking: unknown 'size'"),
        ({"budgets": ()}, "budgets: expected rising percentages above 0, got"),
        ({"budgets": (5, 1)}, "budgets: expected rising percentages"),
        ({"budgets": (0, 1)}, "budgets: expected rising percentages above 0"),
        ({"budgets": (50, 101)}, "budgets: expected at most 100 percent, got 101"),
        ({"budgets": (5, 5)}, "budgets: expected rising percentages"),
        ({"budgets": (float("nan"),)}, "budgets: expected rising percentages above 0, got (nan,)"),
        ({"budgets": (1, float("nan"), 5)}, "budgets: expected rising percentages above 0"),
        ({"budgets": (1, float("inf"))}, "budgets: expected at most 100 percent, got inf"),
        ({"budgets": ("1", "5")}, "budgets: expected rising percentages above 0, got ('1', '5')"),
        ({"budgets": 5}, "budgets: expected rising percentages above 0, got 5"),
        ({"fill": 3}, "fill: unknown '3'. Choices: complement, random, unknown."),
        ({"random_orders": 0}, "random_orders: expected a whole number, at least 1, got 0"),
        ({"random_orders": 1.5}, "random_orders: expected a whole number, at least 1, got 1.5"),
    ],
)
def test_parameters_that_cannot_be(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Faithfulness(**parameters)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"faithfulness, {sentence}")

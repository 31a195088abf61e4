"""MIF and LIF against a closed form and a slow end-to-end re-implementation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_curves import numbers
from toys import WEIGHTS, Exact, Linear

from gxarena.aggregators.nucleotides_to_tokens import Sum
from gxarena.aggregators.projection import project_all
from gxarena.data import Batch, Bools, Explained, Floats, Sample, Spans
from gxarena.dna import dinucleotide_shuffles
from gxarena.errors import InputError, Unsupported
from gxarena.metrics.faithfulness import SAMPLES_AT_ONCE, Faithfulness
from gxarena.metrics.scales import UNITS
from gxarena.run.probe import ModelProbe
from gxarena.seeds import sample_seed

BUDGETS = (1, 5, 10, 20, 50)
COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C", "N": "N"}


def _explained(width: int = 1, n: int = 4, target: int = 1, length: int = 40) -> Explained:
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), length + 3 * i)) for i in range(n)]
    return _explain(sequences, width, target)


def _explain(sequences: Sequence[str], width: int, target: int = 1) -> Explained:
    """What the toy's own weights say, with the toy's own outputs."""
    model, targets = Linear(width), np.full(len(sequences), target)
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    attributions = tuple(Exact().explain(model, Batch(tuple(sequences), targets)))
    return Explained(samples, attributions, targets, model.predict(sequences))


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
    seed = sample_seed(explained.seed, "faithfulness/shuffle", sample.id)
    (shuffled,) = dinucleotide_shuffles(sample.sequence, 1, seed)
    curve: dict[str, list[float]] = {"x": [0.0], "logit": [0.0], "probability": [0.0]}
    for mask in _slow_masks(order, spans):
        changed = list(sample.sequence)
        for position, unit in enumerate(spans.owner.tolist()):
            if unit in mask:
                old = changed[position]
                changed[position] = {
                    "unknown": "N",
                    "complement": COMPLEMENT[old],
                    "random": letters[position],
                    "dinucleotide": shuffled[position],
                }[fill]
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


def _mean(curves: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {
        key: [sum(values) / len(curves) for values in zip(*(c[key] for c in curves), strict=True)]
        for key in curves[0]
    }


@pytest.mark.reimplements("faithfulness")
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize(("ranking", "random_orders"), [("signed", 1), ("magnitude", 3)])
@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
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
        for unit in ("logit", "probability"):
            for order, curve in curves.items():
                key = f"{order}_drop_{unit}"
                assert drawn[key, index].x.tolist() == pytest.approx(curve["x"])
                assert drawn[key, index].y.tolist() == pytest.approx(curve[unit])
        widths = explained.attributions[index].spans.widths.tolist()
        expected = numbers(curves, BUDGETS, widths)
        found = {key: column[index] for key, column in scored.values.items()}
        assert found == pytest.approx(expected, abs=1e-12)


def test_values_follow_from_the_curves_alone() -> None:
    explained, metric = _with_noise(_explained()), Faithfulness(budgets=(5, 20))
    scored = metric.score(explained, ModelProbe(lambda: Linear()))
    curves = {
        key: (np.stack([c.x for c in those]), np.stack([c.y for c in those]))
        for key in dict.fromkeys(curve.key for curve in scored.curves)
        for those in [[curve for curve in scored.curves if curve.key == key]]
    }
    again = metric.from_curves(curves)
    of_units = {key for key in scored.values if key.startswith("below_unit")}
    assert again.keys() == scored.values.keys() - of_units
    assert all(np.array_equal(scored.values[key], values) for key, values in again.items())


def test_an_additive_model_loses_what_was_taken() -> None:
    explained = _explained()
    values = _score(explained, fill="unknown")
    for index, sequence in enumerate(explained.sequences):
        weights = sorted((WEIGHTS[letter] for letter in sequence), reverse=True)
        count = round(0.2 * len(sequence))
        assert values["mif_drop_logit@20"][index] == pytest.approx(sum(weights[:count]))
        assert values["lif_drop_logit@20"][index] == pytest.approx(sum(weights[-count:]))
        assert values["replaced@20"][index] == count / len(sequence)


@settings(deadline=None)  # on a busy machine
@given(
    st.lists(st.text("ACGTN", min_size=1, max_size=40), min_size=1, max_size=4), st.integers(1, 4)
)
def test_an_additive_models_drop_is_the_sum_of_what_was_taken(
    sequences: list[str], width: int
) -> None:
    explained = _explain(sequences, width)
    values = _score(explained, width, fill="unknown", random_orders=2)
    for index, attribution in enumerate(explained.attributions):
        for name in ("mif", "lif"):
            order = _slow_order(explained, index, name, "signed")
            for k, mask in zip(BUDGETS, _slow_masks(order, attribution.spans), strict=True):
                drop = values[f"{name}_drop_logit@{k}"][index]
                assert drop == pytest.approx(sum(attribution.scores[u] for u in mask), abs=1e-9)
    # Of equally wide units no order takes more than the weights' own, and none less.
    for k in BUDGETS if width == 1 else ():
        mif, lif, random = (values[f"{order}_drop_logit@{k}"] for order in ("mif", "lif", "random"))
        assert (mif >= random - 1e-9).all()
        assert (random >= lif - 1e-9).all()
        assert (values[f"gain_logit@{k}"] >= -1e-9).all()


def test_a_sequence_wholly_shuffled_has_the_letters_it_had() -> None:
    """An additive model loses nothing then, and N's are where they were."""
    explained = _explain(["ACNGGTCATTNNACGATAGCTA", "NNNN", "GATTACA"], 1)
    model = Recording()
    metric = Faithfulness("dinucleotide", budgets=(100,))
    values = metric.score(explained, ModelProbe(lambda: model)).values
    for order in ("mif", "lif", "random"):
        assert values[f"{order}_drop_logit@100"].tolist() == [0, 0, 0]
    assert len(set(model.asked)) == 3  # the same letters in every order
    for asked, sequence in zip(model.asked[:3], explained.sequences, strict=True):
        assert Counter(pairwise(asked)) == Counter(pairwise(sequence))
        assert [c == "N" for c in asked] == [c == "N" for c in sequence]


def test_all_of_a_sequence_is_the_same_in_any_order() -> None:
    explained = _explained(3)
    values = _score(explained, 3, fill="unknown", budgets=(50, 100))
    for order in ("mif", "lif", "random"):
        assert values[f"{order}_drop_logit@100"] == pytest.approx(explained.outputs[:, 1])
    assert values["gain_logit@100"] == pytest.approx(0, abs=1e-12)
    assert values["replaced@100"].tolist() == [1] * 4


def test_a_map_and_its_negative_trade_places() -> None:
    explained = _explained(3)
    negative = explained.with_attributions(
        [a.with_scores(-a.scores) for a in explained.attributions]
    )
    values, turned = _score(explained, 3), _score(negative, 3)
    for key in values:
        other = key.replace("mif", "*").replace("lif", "mif").replace("*", "lif")
        if not key.startswith(("gain", "lif_change", "replaced")):
            assert np.array_equal(values[key], turned[other])
    by_size, turned = (_score(e, 3, ranking="magnitude") for e in (explained, negative))
    assert all(np.array_equal(by_size[key], turned[key]) for key in by_size)


@pytest.mark.parametrize("scale", [1e-12, 0.5, 1e12])
@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
def test_a_maps_scale_changes_nothing(fill: str, scale: float) -> None:
    explained = _explained(3)
    scaled = explained.with_attributions(
        [a.with_scores(scale * a.scores) for a in explained.attributions]
    )
    values, others = _score(explained, 3, fill=fill), _score(scaled, 3, fill=fill)
    assert all(np.array_equal(values[key], others[key]) for key in values)


@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
def test_the_control_is_the_same_for_every_explainer(fill: str) -> None:
    values, others = (
        _score(explained, 3, fill=fill) for explained in (_explained(3), _with_noise(_explained(3)))
    )
    for key in values:
        if key.startswith("random"):
            assert np.array_equal(values[key], others[key])
    assert not np.array_equal(values["mif_drop_logit@20"], others["mif_drop_logit@20"])


@pytest.mark.parametrize("fill", ["random", "dinucleotide"])
def test_another_seed_draws_another_control_and_other_letters(fill: str) -> None:
    explained = _explained()
    one, other = (_score(replace(explained, seed=seed), fill=fill) for seed in (0, 1))
    assert not np.allclose(one["random_drop_logit@50"], other["random_drop_logit@50"])
    assert not np.allclose(one["mif_drop_logit@50"], other["mif_drop_logit@50"])


@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
def test_a_sample_alone_is_as_among_more_than_are_asked_at_once(fill: str) -> None:
    explained = _with_noise(_explained(3, n=SAMPLES_AT_ONCE + 3, length=9))
    together = Faithfulness(fill).score(explained, ModelProbe(lambda: Linear(3)))  # type: ignore[arg-type]
    for i in (0, 1, SAMPLES_AT_ONCE - 1, SAMPLES_AT_ONCE, SAMPLES_AT_ONCE + 2):
        one = slice(i, i + 1)
        alone = Explained(
            explained.samples[one],
            explained.attributions[one],
            explained.targets[one],
            explained.outputs[one],
        )
        values = _score(alone, 3, fill=fill)
        assert all(together.values[key][i] == values[key][0] for key in values)
    assert sorted({curve.sample for curve in together.curves}) == list(range(len(explained)))


@pytest.mark.parametrize("width", [1, 3])
def test_curves_start_at_nothing_and_only_go_right(width: int) -> None:
    explained = _explained(width)
    metric = Faithfulness("random", random_orders=2)
    curves = metric.score(explained, ModelProbe(lambda: Linear(width))).curves
    keys = {f"{order}_drop_{unit}" for order in ("mif", "lif", "random") for unit in UNITS}
    assert {(c.key, c.sample) for c in curves} == {(key, i) for key in keys for i in range(4)}
    for curve in curves:
        assert (curve.x[0], curve.y[0]) == (0, 0)
        assert len(curve.x) == len(curve.y) == len(BUDGETS) + 1
        assert (np.diff(curve.x) >= 0).all()
        assert 0 < curve.x[1] <= curve.x[-1] <= 1


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


def test_the_target_stays_the_original_one_when_the_prediction_flips() -> None:
    explained = _explain(["A" * 10], 1)
    values = _score(explained, fill="complement", budgets=(80,))
    after = Linear().predict(["T" * 8 + "AA"])
    assert (explained.outputs.argmax(), after.argmax()) == (1, 0)
    # Of the class predicted now the logit never moved: it is 0, always.
    assert values["mif_drop_logit@80"].tolist() == [10 - (-6)]
    drop = 1 / (1 + math.exp(-10)) - 1 / (1 + math.exp(6))
    assert values["mif_drop_probability@80"] == pytest.approx([drop])
    assert 0.99 < drop < 1


def test_the_other_class_has_a_drop_of_its_own() -> None:
    explained = _explain(["A" * 10], 1, target=0)
    values = _score(explained, fill="complement", budgets=(80,))
    assert values["mif_drop_logit@80"].tolist() == [0]
    rise = 1 / (1 + math.exp(-6)) - 1 / (1 + math.exp(10))
    assert values["mif_drop_probability@80"] == pytest.approx([-rise])


def test_magnitude_ranks_by_size() -> None:
    explained = _explain(["TT" + "G" * 8], 1)
    by_sign = _score(explained, budgets=(20,))
    by_size = _score(explained, budgets=(20,), ranking="magnitude")
    # T weighs -1 and G 0.25.
    assert (by_sign["mif_drop_logit@20"], by_sign["lif_drop_logit@20"]) == (0.5, -2)
    assert (by_size["mif_drop_logit@20"], by_size["lif_drop_logit@20"]) == (-2, 0.5)


def test_tokens_and_nucleotides_are_on_the_same_budgets() -> None:
    tokens, nucleotides = _score(_explained(3), 3), _score(_explained(1))
    for k in (10, 20, 50):
        difference = tokens[f"replaced@{k}"] - nucleotides[f"replaced@{k}"]
        assert np.abs(difference).max() <= 1.5 / 40
    assert (tokens["replaced@1"] > 0).all()


@pytest.mark.parametrize("width", [1, 3])
def test_a_budget_in_nucleotides_is_what_the_same_number_in_percent_is(width: int) -> None:
    """Of one length; of others it is another share, and the curves say which."""
    alike = _with_noise(_explain([s.ljust(50, "A") for s in _explained(n=3).sequences], width))
    letters = _score(alike, width, budgets=["5nt", "10nt", "60nt"])
    percent = _score(alike, width, budgets=[10, 20, 100])
    names = {"5nt": "10", "10nt": "20", "60nt": "100"}
    for key, column in letters.items():
        stem, at, budget = key.partition("@")
        np.testing.assert_array_equal(column, percent[stem + at + names.get(budget, "")])
    longer = _explained(width, n=4)
    metric = Faithfulness(budgets=["3nt", "12nt"])
    scored = metric.score(longer, ModelProbe(lambda: Linear(width)))
    for curve in scored.curves:
        length = longer.attributions[curve.sample].spans.length
        # A last token is shorter, and takes as many with it.
        np.testing.assert_allclose(curve.x * length, [0, 3, 12], atol=1e-9 if width == 1 else 2.1)
    assert set(scored.values) == set(metric.quantities)
    keys = list(dict.fromkeys(curve.key for curve in scored.curves))
    xy = {key: [c for c in scored.curves if c.key == key] for key in keys}
    again = metric.from_curves(
        {k: (np.stack([c.x for c in v]), np.stack([c.y for c in v])) for k, v in xy.items()}
    )
    for key, column in again.items():
        np.testing.assert_array_equal(column, scored.values[key])


def test_nucleotides_below_a_mean_unit_are_told() -> None:
    found = _score(_explained(3, n=2, length=30), 3, budgets=["2nt", "3nt", "4nt"])
    assert [found[f"below_unit@{k}nt"].tolist() for k in (2, 3, 4)] == [[1, 1], [0, 0], [0, 0]]


def test_budgets_below_a_mean_unit_are_told() -> None:
    # Of 40 nucleotides 1% is less than one, 5% is two; of 14 tokens one is 7.1% on average.
    of_one, of_three = _score(_explained(n=1)), _score(_explained(3, n=1), 3)
    told = [[v[f"below_unit@{k}"][0] for k in BUDGETS] for v in (of_one, of_three)]
    assert told == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]]
    # What is a unit just so is not below one: of 10 units 10%, of 25 4%.
    for n_units in (10, 25):
        budgets = (99 / n_units, 100 / n_units, 101 / n_units)
        found = _score(_explained(3, n=1, length=3 * n_units), 3, budgets=budgets)
        assert [found[f"below_unit@{k:g}"][0] for k in budgets] == [1, 0, 0]
    # The order has no part in it.
    noise = _score(_with_noise(_explained(3, n=1)), 3)
    assert all(noise[f"below_unit@{k}"] == of_three[f"below_unit@{k}"] for k in BUDGETS)


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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_a_number_is_undefined_and_the_others_stay(value: float) -> None:
    explained = _explained()
    broken = list(explained.attributions)
    scores = broken[1].scores.copy()
    scores[-1] = value  # a single one is enough
    broken[1] = broken[1].with_scores(scores)
    metric = Faithfulness("complement")
    scored = metric.score(explained.with_attributions(broken), ModelProbe(Linear))
    whole = _score(explained, fill="complement")
    for key, column in scored.values.items():
        assert np.isnan(column[1])
        assert np.array_equal(np.delete(column, 1), np.delete(whole[key], 1))
        assert scored.reasons[key] == {1: "scores are not finite"}
    assert {curve.sample for curve in scored.curves} == {0, 2, 3}


class Recording(Linear):
    """Remembers what it was asked."""

    def __init__(self, width: int = 1) -> None:
        super().__init__(width)
        self.asked: list[str] = []
        self.masked: list[tuple[str, int]] = []

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.asked += sequences
        return super().predict(sequences)

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        self.masked += [(s, len(m)) for s, m in zip(sequences, masks, strict=True)]
        hidden = [m[p.owner] for m, p in zip(masks, self.spans(sequences), strict=True)]
        return Linear.predict(
            self,
            [
                "".join("N" if h else c for c, h in zip(s, m, strict=True))
                for s, m in zip(sequences, hidden, strict=True)
            ],
        )


def test_native_units_are_masked_and_projected_ones_get_the_letter() -> None:
    explained = _explained(3)
    sizes = [len(attribution.spans) for attribution in explained.attributions]
    units = set(zip(explained.sequences, sizes, strict=True))
    native, projected = Recording(3), Recording(3)
    values = Faithfulness("unknown").score(explained, ModelProbe(lambda: native)).values
    assert not native.asked
    assert set(native.masked) == units  # the sequence as it was, a mask of its own units
    others = Faithfulness("unknown").score(
        replace(explained, native=False), ModelProbe(lambda: projected)
    )
    assert not projected.masked
    assert all("N" in sequence for sequence in projected.asked)
    # To this toy N is its unknown.
    assert all(np.array_equal(values[key], others.values[key]) for key in values)


def test_projected_units_are_replaced_whole() -> None:
    explained = _explained(1)
    tokens = Linear(4).spans(explained.sequences)
    model = Recording(1)
    Faithfulness("unknown").score(project_all(Sum(), explained, tokens), ModelProbe(lambda: model))
    assert not model.masked
    for sequence in model.asked:
        parts = [sequence[i : i + 4] for i in range(0, len(sequence), 4)]
        assert all(set(part) == {"N"} or "N" not in part for part in parts)


@pytest.mark.parametrize("fill", ["random", "complement", "dinucleotide"])
def test_fills_that_edit_write_letters_where_they_should(fill: str) -> None:
    explained = _explained(3)
    model = Recording(3)
    Faithfulness(fill).score(explained, ModelProbe(lambda: model))  # type: ignore[arg-type]
    assert not model.masked
    assert set("".join(model.asked)) <= set("ACGT")
    lengths = {len(sequence) for sequence in explained.sequences}
    assert {len(sequence) for sequence in model.asked} == lengths


def test_a_model_that_masks_nothing_still_has_the_other_fills() -> None:
    class Plain:
        n_outputs = 2
        max_length = None
        spans = Linear.spans
        predict = Linear.predict
        width, scale = 1, 1.0

    explained = _explained()
    with pytest.raises(Unsupported, match="expected a maskable model"):
        Faithfulness("unknown").score(explained, ModelProbe(Plain))
    for metric, asked in (
        (Faithfulness("complement"), explained),
        (Faithfulness("unknown"), replace(explained, native=False)),
    ):
        values = metric.score(asked, ModelProbe(Plain)).values
        assert all(np.isfinite(column).all() for column in values.values())


def test_nothing_but_not_a_number_asks_no_model() -> None:
    explained = _explained()
    nothing = explained.with_attributions(
        [a.with_scores(np.full(len(a.spans), np.nan)) for a in explained.attributions]
    )
    metric = Faithfulness()
    scored = metric.score(nothing, ModelProbe(lambda: pytest.fail("asked")))
    assert scored.values.keys() == metric.quantities.keys()
    assert all(np.isnan(column).all() for column in scored.values.values())
    assert all(list(reasons) == [0, 1, 2, 3] for reasons in scored.reasons.values())
    assert scored.curves == ()


def test_order_of_samples_changes_nothing() -> None:
    explained = _explained()
    backward = Explained(
        explained.samples[::-1],
        explained.attributions[::-1],
        explained.targets[::-1],
        explained.outputs[::-1],
    )
    forward, reversed_ = _score(explained), _score(backward)
    assert all(np.array_equal(forward[key], reversed_[key][::-1]) for key in forward)


@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
@pytest.mark.parametrize("budgets", [(1, 5, 10, 20, 50), (0.5, 12.5, 100)])
def test_every_value_is_declared_and_within_bounds(fill: str, budgets: tuple[float, ...]) -> None:
    metric = Faithfulness(fill, budgets, random_orders=3)  # type: ignore[arg-type]
    values = metric.score(_with_noise(_explained(3)), ModelProbe(lambda: Linear(3))).values
    assert values.keys() == metric.quantities.keys()
    assert len(values) == 2 * 5 * (len(budgets) + 1) + 2 * len(budgets)
    assert all(column.shape == (4,) and np.isfinite(column).all() for column in values.values())
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
        ({"budgets": ("10nt", 5)}, "budgets: expected rising percentages above 0, got ('10nt', 5)"),
        ({"budgets": ("10nt", "5nt")}, "budgets: expected rising nucleotides such as '10nt', got"),
        ({"budgets": ("0nt",)}, "budgets: expected rising nucleotides such as '10nt', got ['0nt']"),
        ({"budgets": ("1.5nt",)}, "budgets: expected rising nucleotides such as '10nt', got"),
        ({"budgets": 5}, "budgets: expected rising percentages above 0, got 5"),
        ({"fill": 3}, "fill: unknown '3'. Choices: complement, dinucleotide, random, unknown."),
        ({"random_orders": 0}, "random_orders: expected a whole number, at least 1, got 0"),
        ({"random_orders": 1.5}, "random_orders: expected a whole number, at least 1, got 1.5"),
    ],
)
def test_parameters_that_cannot_be(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Faithfulness(**parameters)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"faithfulness, {sentence}")


class Bare:
    """A probe as a test may make one by hand: it shares nothing."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        return Linear(3).predict(sequences)

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        return Linear(3).predict_masked(sequences, masks)


@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
def test_a_probe_that_shares_nothing_is_enough(fill: str) -> None:
    explained = _with_noise(_explained(3))
    values = Faithfulness(fill).score(explained, Bare()).values  # type: ignore[arg-type]
    assert values.keys() == (others := _score(explained, 3, fill=fill)).keys()
    assert all(np.array_equal(values[key], others[key]) for key in values)


def _questions(explained: Explained, **parameters: object) -> list[str]:
    """What is asked to be shared."""
    asked: list[str] = []

    def share(question: str, ask: Callable[[], Floats]) -> Floats:
        asked.append(question)
        return ask()

    metric = Faithfulness(**parameters)  # type: ignore[arg-type]
    metric.score(explained, ModelProbe(lambda: Linear(3), share=share))
    return asked


def test_the_control_is_one_question_whatever_the_scores() -> None:
    explained = _explained(3, n=SAMPLES_AT_ONCE + 3, length=9)
    noise = list(_with_noise(explained).attributions)
    for index in (0, 5, SAMPLES_AT_ONCE + 1):  # samples without scores leave it what it is
        noise[index] = noise[index].with_scores(np.full(len(noise[index].spans), np.nan))
    asked = _questions(explained)
    assert len(set(asked)) == 2
    assert _questions(explained.with_attributions(noise)) == asked
    for index in range(SAMPLES_AT_ONCE):  # of those alone that a run of samples is judged by
        noise[index] = noise[index].with_scores(np.full(len(noise[index].spans), np.nan))
    assert _questions(explained.with_attributions(noise)) == asked[1:]


@pytest.mark.parametrize(
    "parameters",
    [
        {"fill": "complement"},
        {"fill": "dinucleotide"},
        {"budgets": (1, 5, 10, 20)},
        {"budgets": (1, 5, 10, 20, 50.5)},
        {"random_orders": 2},
    ],
)
def test_the_control_of_other_settings_is_another_question(parameters: dict[str, object]) -> None:
    explained = _explained(3)
    assert not set(_questions(explained)) & set(_questions(explained, **parameters))


def test_the_control_of_other_seeds_samples_and_units_is_another_question() -> None:
    explained = _explained(3)
    asked = set(_questions(explained))
    finer = explained.with_attributions(
        Exact().explain(Linear(1), Batch(explained.sequences, np.ones(4, int)))
    )
    renamed = tuple(replace(sample, id=f"{sample.id}-again") for sample in explained.samples)
    for other in (
        replace(explained, seed=1),
        replace(explained, native=False),
        replace(explained, samples=renamed),
        replace(finer, native=False),
    ):
        assert not asked & set(_questions(other))
        assert set(_questions(other)) == set(_questions(_with_noise(other)))

"""What the change of tokens alone does, against a closed form and a slow re-implementation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
from slow_curves import numbers
from toys import Batched, Linear

from gxarena.data import Attribution, Bools, Explained, Floats, Sample, Spans
from gxarena.dna import dinucleotide_shuffles
from gxarena.errors import Unsupported
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.metrics.retokenised import Retokenised
from gxarena.run.probe import ModelProbe
from gxarena.seeds import sample_seed

BUDGETS = (1, 5, 10, 20, 50)
FILLS = ["unknown", "complement", "random", "dinucleotide"]
COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C", "N": "N"}
LONGEST = 3


def _tokens(sequence: str) -> list[str]:
    """Runs of one letter, at most three long: an edit moves the tokens around it."""
    runs = ["".join(run) for _, run in groupby(sequence)]
    return [run[i : i + LONGEST] for run in runs for i in range(0, len(run), LONGEST)]


def _logit(tokens: Sequence[str]) -> float:
    """Not additive in nucleotides: the same letters in other tokens are worth another number."""
    return sum(
        {"A": 1.0, "C": -0.5, "G": 0.25, "T": -1.0, "N": 0.0}[t[0]] * len(t) ** 2 for t in tokens
    )


class Runs:
    """A model whose tokens are runs of letters."""

    n_outputs = 2
    max_length = None

    def __init__(self) -> None:
        self.asked = 0

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans(np.cumsum([0, *map(len, _tokens(s))])) for s in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        return np.array([[0.0, _logit(_tokens(sequence))] for sequence in sequences])

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        raise AssertionError("to hold tokens fixed is to change none")

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        self.asked += len(sequences)
        return np.array(
            [
                [0.0, sum(_logit(_tokens(s[a:b])) for a, b in pairwise(p.boundaries))]
                for s, p in zip(sequences, pieces, strict=True)
            ]
        )


def _explained(model: Runs | Linear, n: int = 4, seed: int = 5) -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("AACGT"), 40 + 3 * i)) for i in range(n))
    attributions = tuple(
        Attribution(rng.integers(-3, 4, len(spans)) / 2, spans) for spans in model.spans(sequences)
    )
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    targets = np.ones(n, dtype=int)
    return Explained(samples, attributions, targets, model.predict(sequences), seed=seed)


def _on_nucleotides(explained: Explained) -> Explained:
    rng = np.random.default_rng(3)
    maps = [
        Attribution(rng.standard_normal(len(s)), Spans.nucleotides(len(s)))
        for s in explained.sequences
    ]
    return replace(explained.with_attributions(maps), native=False)


def _slow_first(explained: Explained, index: int, order: str) -> list[int]:
    scores = explained.attributions[index].scores.tolist()

    def drawn(stage: str) -> list[float]:
        seed = sample_seed(explained.seed, f"faithfulness/{stage}", explained.samples[index].id)
        return np.random.default_rng(seed).random(len(scores)).tolist()

    ties, random = drawn("ties"), drawn("order/0")
    keys = {"mif": [-s for s in scores], "lif": scores, "random": [-r for r in random]}[order]
    return sorted(range(len(scores)), key=lambda u: (keys[u], ties[u]))


def _slow_edited(
    explained: Explained, index: int, order: str, budget: float, fill: str
) -> tuple[str, set[int]]:
    """The edited copy, and which nucleotides of it are edited."""
    sample, spans = explained.samples[index], explained.attributions[index].spans
    first = _slow_first(explained, index, order)
    runs = [
        {n for u in first[:k] for n in range(spans.boundaries[u], spans.boundaries[u + 1])}
        for k in range(1, len(first) + 1)
    ]
    gone = min(runs, key=lambda run: abs(len(run) - budget / 100 * spans.length))
    seed = sample_seed(explained.seed, "faithfulness/shuffle", sample.id)
    (shuffled,) = dinucleotide_shuffles(sample.sequence, 1, seed)
    new = {
        "unknown": "N" * spans.length,
        "complement": "".join(COMPLEMENT[letter] for letter in sample.sequence),
        "dinucleotide": shuffled,
    }[fill]
    return "".join(new[i] if i in gone else c for i, c in enumerate(sample.sequence)), gone


def _slow_retokenised(sequence: str, edited: str, gone: set[int]) -> float:
    """The letters of the one, cut where a token of the other ends and not amid what was edited."""
    pieces, end = [""], 0
    for token in _tokens(edited):
        for letter in sequence[end : end + len(token)]:
            pieces[-1] += letter
        end += len(token)
        if not {end - 1, end} <= gone:
            pieces.append("")
    return _logit([token for piece in pieces for token in _tokens(piece)])


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.reimplements("retokenised")
@pytest.mark.parametrize("fill", ["unknown", "complement", "dinucleotide"])
@pytest.mark.parametrize("on_nucleotides", [True, False])
def test_agrees_with_a_slow_reimplementation(fill: str, on_nucleotides: bool) -> None:
    model = Runs()
    explained = _explained(model, n=8)
    if on_nucleotides or fill == "unknown":
        explained = _on_nucleotides(explained)
    scored = Retokenised(fill).score(explained, ModelProbe(lambda: model))  # type: ignore[arg-type]
    changed = 0
    for index, sample in enumerate(explained.samples):
        spans = explained.attributions[index].spans
        orders = {}
        for order in ("mif", "lif", "random"):
            drops = orders[order] = {"x": [0.0], "logit": [0.0], "probability": [0.0]}
            for budget in BUDGETS:
                edited, gone = _slow_edited(explained, index, order, budget, fill)
                whole = _logit(_tokens(sample.sequence))
                cut = _slow_retokenised(sample.sequence, edited, gone)
                changed += whole != cut
                drops["x"].append(len(gone) / spans.length)
                drops["logit"].append(whole - cut)
                drops["probability"].append(_sigmoid(whole) - _sigmoid(cut))
        found = {key: column[index] for key, column in scored.values.items()}
        assert found == pytest.approx(numbers(orders, BUDGETS, spans.widths.tolist()))
    assert changed > 3


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("model", [Linear(1), Linear(3), Batched(1)])
def test_a_model_whose_units_no_edit_moves_loses_exactly_nothing(fill: str, model: Linear) -> None:
    """Not nearly nothing: it is not asked, and its last bits depend on how it is asked."""
    explained = _explained(model)
    probe = ModelProbe(lambda: model)
    for one in (explained, _on_nucleotides(explained)):
        values = Retokenised(fill).score(one, probe).values  # type: ignore[arg-type]
        for key, column in values.items():
            if not key.startswith(("replaced", "below")):
                assert column.tolist() == [0.0] * len(explained), key
    assert probe.forwards == 0


def test_tokens_held_fixed_lose_exactly_nothing() -> None:
    """And nothing is asked at all, of whatever probe."""
    values = Retokenised("unknown").score(_explained(Runs()), object()).values  # type: ignore[arg-type]
    drops = [column for key, column in values.items() if "logit" in key or "probability" in key]
    assert len(drops) == 5 * 2 * (len(BUDGETS) + 1)
    assert not np.any(drops)


def test_what_is_replaced_is_what_faithfulness_replaces() -> None:
    model = Runs()
    explained = _explained(model)
    found = Retokenised("complement").score(explained, ModelProbe(lambda: model))
    beside = Faithfulness("complement").score(explained, ModelProbe(lambda: model))
    assert found.values.keys() == beside.values.keys()
    for budget in BUDGETS:
        at = f"replaced@{budget}"
        assert np.array_equal(found.values[at], beside.values[at])
    assert [(c.key, c.sample, c.x.tolist()) for c in found.curves] == [
        (c.key, c.sample, c.x.tolist()) for c in beside.curves
    ]


def _one(sequence: str, scores: list[float], spans: Spans | None = None) -> Explained:
    """One sequence, explained on nucleotides or on other units than the model's own."""
    spans = spans or Spans.nucleotides(len(sequence))
    attribution = Attribution(np.array(scores), spans)
    outputs = Runs().predict([sequence])
    return Explained((Sample("s", sequence),), (attribution,), np.array([1]), outputs, native=False)


def _drop(explained: Explained, budget: float, fill: str) -> tuple[float, int]:
    """MIF's drop in logits, and how many copies the model was asked about."""
    model = Runs()
    metric = Retokenised(fill, budgets=(budget,))  # type: ignore[arg-type]
    values = metric.score(explained, ModelProbe(lambda: model)).values
    return float(values[f"mif_drop_logit@{budget:g}"][0]), model.asked


def test_a_token_that_an_edit_cuts_is_read_in_pieces_with_its_letters() -> None:
    # C, AAA, C: without the middle A the neighbours are A and A, worth 1 each instead of 9.
    drop, asked = _drop(_one("CAAAC", [0.0, 0.0, 5.0, 0.0, 0.0]), 20, "unknown")
    assert (drop, asked > 0) == (9.0 - 3.0, True)


def test_a_token_that_is_edited_whole_stays_whole() -> None:
    """Its own letters are no token around it, though the edited ones are other tokens."""
    spans = Spans(np.array([0, 1, 4, 5]))
    for fill in ("unknown", "complement"):
        assert _drop(_one("CAAAC", [0.0, 5.0, 0.0], spans), 60, fill)[0] == 0.0
    # Two tokens next to each other, edited both: N is one letter, and AAA and CC stay two tokens.
    spans = Spans(np.array([0, 1, 4, 6, 7]))
    assert _drop(_one("TAAACCT", [0.0, 5.0, 4.0, 0.0], spans), 70, "unknown")[0] == 0.0


def test_an_edit_that_joins_its_neighbours_reads_them_together_with_its_own_letters() -> None:
    # A, T, A with the complement of T: AAA, one token, so that nothing is cut and nothing changes.
    assert _drop(_one("CATAC", [0.0, 0.0, 5.0, 0.0, 0.0]), 20, "complement")[0] == 0.0
    # AA, T, A: AAA and A, so that the last A stands apart, and so it did.
    assert _drop(_one("CAATAC", [0.0, 0.0, 0.0, 5.0, 0.0, 0.0]), 15, "complement")[0] == 0.0
    # A, T, AAA: AAA and AA, so that AAA is cut into A (read after A, T) and AA.
    drop, _ = _drop(_one("ATAAA", [0.0, 5.0, 0.0, 0.0, 0.0]), 20, "complement")
    assert drop == 9.0 - (1.0 + 4.0)


def test_the_control_is_asked_once_for_all_explainers() -> None:
    model = Runs()
    explained = _explained(model)
    kept: dict[str, Floats] = {}

    def share(question: str, ask: object) -> Floats:
        if question not in kept:
            kept[question] = ask()  # type: ignore[operator]
        return kept[question]

    metric = Retokenised("complement")
    first = metric.score(explained, ModelProbe(lambda: model, share=share))
    other = explained.with_attributions([a.with_scores(-a.scores) for a in explained.attributions])
    second = metric.score(other, ModelProbe(lambda: model, share=share))
    assert len(kept) == 1
    for key in (f"random_drop_logit@{budget}" for budget in BUDGETS):
        assert np.array_equal(first.values[key], second.values[key])
    assert any(first.values["random_drop_logit@50"])


def test_tokens_that_move_in_a_model_that_takes_no_pieces_are_unsupported() -> None:
    class Whole:
        n_outputs = 2
        max_length = None
        spans = Runs.spans
        predict = Runs.predict

    model = Whole()
    with pytest.raises(Unsupported, match=r"Whole: expected a model that takes pieces"):
        Retokenised("complement").score(_explained(Runs()), ModelProbe(lambda: model))  # type: ignore[arg-type, return-value]


def test_a_probe_that_knows_no_units_is_unsupported() -> None:
    class Bare:
        def predict(self, sequences: Sequence[str]) -> Floats:
            return Runs().predict(sequences)

    with pytest.raises(Unsupported, match=r"retokenised: expected a probe that tells units"):
        Retokenised("complement").score(_explained(Runs()), Bare())  # type: ignore[arg-type]


def test_answers_are_not_rounded_to_the_precision_of_outputs() -> None:
    """A network's outputs may be of float32; what it answers to pieces is taken as it is."""

    class Thirds(Runs):
        def predict(self, sequences: Sequence[str]) -> Floats:
            return super().predict(sequences) / 3

        def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
            return super().predict_pieces(sequences, pieces) / 3

    whole = _on_nucleotides(_explained(Thirds()))
    rough = replace(whole, outputs=whole.outputs.astype(np.float32))
    rounded = (rough.outputs.astype(np.float64) - whole.outputs)[:, 1]
    assert rounded.any()
    drops, others = (
        Retokenised("complement").score(one, ModelProbe(Thirds)).values["mif_drop_logit@20"]
        for one in (whole, rough)
    )
    moved = drops != 0
    assert moved.any()
    assert others[moved] == pytest.approx((drops + rounded)[moved], abs=1e-12)


def test_nobody_is_ranked_by_it() -> None:
    metric = Retokenised()
    assert metric.quantities.keys() == Faithfulness().quantities.keys()
    assert {quantity.better for quantity in metric.quantities.values()} == {"none"}


def test_explanations_of_the_toy_are_on_its_tokens() -> None:
    """Else all of the above would be about nucleotides."""
    model = Runs()
    assert max(s.widths.max() for s in model.spans(_explained(model).sequences)) == LONGEST

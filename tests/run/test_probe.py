"""The probe asks each question once, in micro-batches, and counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from toys import Exact, Linear

import gxarena.run.probe
from gxarena.api import PiecewiseProbe, Probe, SharingProbe
from gxarena.data import Attribution, Batch, Floats, Ints, Sample, Spans
from gxarena.errors import PluginError, Unsupported
from gxarena.run.probe import ModelProbe


class Counting(Linear):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.batches.append(len(sequences))
        return super().predict(sequences)


def test_answers_are_the_models_in_order() -> None:
    model = Linear()
    asked = ["ACGT", "AAAA", "ACGT", "TTTT"]
    assert np.array_equal(ModelProbe(lambda: model).predict(asked), model.predict(asked))


def test_micro_batches_memory_and_count() -> None:
    model = Counting()
    probe = ModelProbe(lambda: model, batch_size=2)
    probe.predict(["A", "C", "A", "G", "T"])
    assert (model.batches, probe.forwards) == ([2, 2], 4)
    probe.predict(["T", "N"])
    assert (model.batches, probe.forwards) == ([2, 2, 1], 5)


def test_masks_are_part_of_the_question() -> None:
    model = Counting()
    probe = ModelProbe(lambda: model)
    masks = [np.array(m) for m in ([True, False], [False, True], [True, False], [False, False])]
    outputs = probe.predict_masked(["AC"] * 4, masks)
    assert np.array_equal(outputs, model.predict(["NC", "AN", "NC", "AC"]))
    assert probe.forwards == 3


class Cutting(Counting):
    """Reads a cut as an N between the pieces."""

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        cuts = [
            np.split(list(s), p.boundaries[1:-1]) for s, p in zip(sequences, pieces, strict=True)
        ]
        return self.predict(["N".join("".join(piece) for piece in row) for row in cuts])


def test_pieces_are_part_of_the_question() -> None:
    model = Cutting()
    probe = ModelProbe(lambda: model)
    pieces = [Spans(np.array(b)) for b in ([0, 1, 2], [0, 2], [0, 1, 2], [0, 1, 2])]
    outputs = probe.predict_pieces(["AC", "AC", "AC", "AT"], pieces)
    assert np.array_equal(outputs, model.predict(["ANC", "AC", "ANC", "ANT"]))
    assert probe.forwards == 3
    probe.predict(["AC"])
    assert probe.forwards == 4, "uncut is another question"


def test_units_are_the_models_in_order_and_cost_no_forward() -> None:
    probe = ModelProbe(lambda: Linear(2))
    assert isinstance(probe, PiecewiseProbe)
    found = probe.spans(["ACGTA", "AC", "ACGTA"])
    assert [spans.boundaries.tolist() for spans in found] == [[0, 2, 4, 5], [0, 2], [0, 2, 4, 5]]
    assert probe.forwards == 0


def test_a_model_that_takes_no_pieces_is_unsupported() -> None:
    with pytest.raises(Unsupported, match=r"Linear: expected a model that takes pieces"):
        ModelProbe(Linear).predict_pieces(["A"], [Spans.nucleotides(1)])


def test_nothing_asked_is_nothing_answered() -> None:
    assert ModelProbe(Linear).predict([]).shape == (0, 2)


def test_a_model_that_cannot_mask_is_unsupported() -> None:
    class Plain:
        n_outputs = 2
        max_length = None
        spans = Linear.spans
        predict = Linear.predict

    with pytest.raises(Unsupported, match="expected a maskable model"):
        ModelProbe(lambda: Plain()).predict_masked(["A"], [np.array([True])])  # type: ignore[arg-type, return-value]


def test_wrong_shape_is_the_models_fault() -> None:
    class Flat(Linear):
        def predict(self, sequences: Sequence[str]) -> Floats:
            return np.zeros(len(sequences))

    with pytest.raises(PluginError, match=r"Flat: expected outputs of shape \(1, C\), got \(1,\)"):
        ModelProbe(Flat).predict(["A"])


def test_memory_is_bounded_and_answers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gxarena.run.probe, "MOST_KNOWN", 3)
    model = Counting()
    probe = ModelProbe(lambda: model, batch_size=2)
    asked = ["A", "C", "G", "T", "AA", "CC", "A"]
    assert np.array_equal(probe.predict(asked), Linear().predict(asked))
    assert len(probe._known) == 3
    probe.predict(["T", "AA", "CC"])  # the newest are known
    assert probe.forwards == 6
    probe.predict(["A"])
    assert probe.forwards == 7


class Asked:
    """An explainer's door that writes down what came through."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, ...]] = []

    def __call__(
        self, model: Linear, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...]
    ) -> list[Attribution]:
        sequences = tuple(sample.sequence for sample in samples)
        self.batches.append(tuple(sample.id for sample in samples))
        return Exact().explain(model, Batch(sequences, targets, origins=origins))


def test_explanations_are_asked_once_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gxarena.run.probe, "EXPLAINED_AT_ONCE", 2)
    explain = Asked()
    probe = ModelProbe(Linear, explain=explain)
    arguments = {"targets": np.array([1, 1, 1, 1]), "ids": ["a", "b", "c", "a"]}
    found = probe.explain(["AC", "GT", "CC", "AC"], **arguments)
    assert explain.batches == [("a", "b"), ("c",)]
    assert [a.scores.tolist() for a in found] == [
        a.scores.tolist()
        for a in Exact().explain(Linear(), Batch(("AC", "GT", "CC", "AC"), np.ones(4, int)))
    ]
    probe.explain(["AC", "GT", "CC", "AC"], **arguments)
    assert probe.explanations == 3
    # The same letters under another origin or another target are another question.
    probe.explain(["AC"], targets=np.array([1]), ids=["a"], origins=["AA"])
    probe.explain(["AC"], targets=np.array([0]), ids=["a"])
    assert probe.explanations == 5


def test_what_a_randomised_model_is_asked_counts() -> None:
    class Randomisable(Linear):
        def randomised(self, seed: int) -> Linear:
            return Linear(scale=float(seed))

    model = Randomisable()
    probe = ModelProbe(lambda: model, explain=Asked())
    copy = probe.randomised(7)
    assert copy is probe.randomised(7)
    assert np.array_equal(copy.predict(["ACG"]), Linear(scale=7.0).predict(["ACG"]))
    copy.explain(["AC"], targets=np.array([1]), ids=["a"])
    assert (probe.forwards, probe.explanations) == (1, 1)
    assert np.array_equal(probe.predict(["ACG"]), Linear().predict(["ACG"]))


def test_nobody_to_explain_or_to_randomise_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="expected an explainer to ask again, got none"):
        ModelProbe(Linear).explain(["A"], targets=np.array([1]), ids=["a"])
    with pytest.raises(Unsupported, match="expected a randomisable model"):
        ModelProbe(Linear).randomised(0)


WHAT: dict[str, object] = {"fill": "unknown", "budgets": [1, 5.0], "native": True, "of": None}


class Kept:
    """A store that remembers in memory what it was asked to keep."""

    def __init__(self) -> None:
        self.answers: dict[str, Floats] = {}

    def __call__(self, question: str, ask: Callable[[], Floats]) -> Floats:
        if question not in self.answers:
            self.answers[question] = ask()
        return self.answers[question]


def _shared(probe: ModelProbe, asked: Sequence[str], **changes: object) -> Floats:
    arguments: dict[str, object] = {
        "what": WHAT,
        "ids": ["a", "b"],
        "spans": [Spans.nucleotides(3), Spans.nucleotides(2)],
        "compute": lambda door: door.predict(asked),
    }
    return probe.shared(**arguments | changes)  # type: ignore[arg-type]


def test_what_is_shared_is_asked_apart_whoever_asks_first() -> None:
    """Neither what was asked before nor what is asked later shares a batch with it."""
    model, kept = Counting(), Kept()
    probe = ModelProbe(lambda: model, share=kept)
    assert isinstance(probe, SharingProbe)
    probe.predict(["A", "C", "G"])
    answers = _shared(probe, ["C", "T", "C"])
    assert np.array_equal(answers, Linear().predict(["C", "T", "C"]))
    assert (model.batches, probe.forwards) == ([3, 2], 5)
    probe.predict(["T", "A"])
    assert (model.batches, probe.forwards) == ([3, 2, 1], 6)
    other = ModelProbe(lambda: pytest.fail("asked"), share=kept)
    assert _shared(other, ["C", "T", "C"]).tobytes() == answers.tobytes()
    assert other.forwards == 0


def test_without_a_store_what_is_shared_is_asked_each_time() -> None:
    model = Counting()
    probe = ModelProbe(lambda: model, batch_size=2)
    assert np.array_equal(_shared(probe, ["A", "C", "G"]), _shared(probe, ["A", "C", "G"]))
    assert (model.batches, probe.forwards) == ([2, 1, 2, 1], 6)
    # Floats, as the store would give them back.
    counts = _shared(probe, [], compute=lambda _door: np.array([1, 2]))
    assert (counts.dtype, counts.tolist()) == (np.float64, [1.0, 2.0])


@pytest.mark.parametrize(
    "changes",
    [
        {"what": WHAT | {"fill": "random"}},
        {"what": WHAT | {"budgets": [1, 5.5]}},
        {"what": WHAT | {"more": 0}},
        {"ids": ["a", "c"]},
        {"ids": ["b", "a"]},
        {"ids": ["a"]},
        {"spans": [Spans.nucleotides(3), Spans(np.array([0, 2]))]},
        {"spans": [Spans.nucleotides(2), Spans.nucleotides(3)]},
    ],
)
def test_another_question_is_not_answered_by_the_first(changes: dict[str, object]) -> None:
    kept = Kept()
    probe = ModelProbe(Linear, share=kept)
    _shared(probe, ["A"])
    _shared(probe, ["A"], what=dict(reversed(WHAT.items())))
    assert len(kept.answers) == 1
    assert np.array_equal(_shared(probe, ["C"], **changes), Linear().predict(["C"]))
    assert len(kept.answers) == 2


@pytest.mark.parametrize("value", [np.zeros(3), np.int64(1), {1, 2}, Linear(), [object()]])
def test_what_cannot_be_told_apart_as_text_is_no_question(value: object) -> None:
    with pytest.raises(PluginError, match="metric, shared: expected numbers, text, None"):
        _shared(ModelProbe(Linear), ["A"], what={"value": value})
    with pytest.raises(PluginError, match="metric, shared: expected numbers, text, None"):
        _shared(ModelProbe(Linear), ["A"], what={"one": 1, 2: 2})


def test_what_a_randomised_model_says_is_not_kept_as_the_models() -> None:
    class Randomisable(Linear):
        def randomised(self, seed: int) -> Linear:
            return Linear(scale=float(seed))

    kept = Kept()
    probe = ModelProbe(Randomisable, share=kept)
    assert _shared(probe.randomised(7), ["A"])[0, 1] == 7
    assert not kept.answers
    assert _shared(probe, ["A"])[0, 1] == 1
    assert _shared(probe.randomised(7), ["A"])[0, 1] == 7


def test_what_is_shared_knows_no_explainer() -> None:
    def explain(door: Probe) -> Floats:
        return door.explain(["AC"], targets=np.array([1]), ids=["a"])[0].scores

    with pytest.raises(Unsupported, match="expected an explainer to ask again, got none"):
        _shared(ModelProbe(Linear, explain=Asked(), share=Kept()), [], compute=explain)

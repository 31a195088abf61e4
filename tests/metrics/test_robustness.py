"""Sensitivity to edits and strand, against closed forms, a slow version and captum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import WEIGHTS, Exact, Linear, NotANumber

from gxarena.api import Explainer, Model, Scored
from gxarena.data import Attribution, Batch, Explained, Interval, Ints, Sample, Spans
from gxarena.dna import reverse_complement
from gxarena.errors import InputError
from gxarena.explainers.controls import Oracle
from gxarena.explainers.references import shuffled
from gxarena.metrics.robustness import (
    MaxSensitivity,
    ReverseComplementConsistency,
    SynonymousRobustness,
    _flipped,
    on_nucleotides,
    substituted,
)
from gxarena.run.contracts import make_batch
from gxarena.run.probe import ModelProbe
from gxarena.seeds import sample_seed


def _samples(n: int = 5, length: int = 30) -> tuple[Sample, ...]:
    rng = np.random.default_rng(0)
    return tuple(
        Sample(f"s{i}", "".join(rng.choice(list("ACGT"), length + i)), None, (Interval(3, 9, "m"),))
        for i in range(n)
    )


def _explain(explainer: Explainer):  # type: ignore[no-untyped-def]
    def explain(
        model: Model, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...] = ()
    ) -> list[Attribution]:
        batch = make_batch(samples, targets, "logit", 4, "toy", origins)
        return explainer.explain(model, batch)

    return explain


def _score(
    metric: MaxSensitivity | ReverseComplementConsistency,
    samples: Sequence[Sample],
    explainer: Explainer,
    width: int = 1,
) -> Scored:
    model, targets = Linear(width), np.ones(len(samples), dtype=np.int64)
    explain = _explain(explainer)
    explained = Explained(
        tuple(samples),
        tuple(explain(model, tuple(samples), targets)),
        targets,
        model.predict([sample.sequence for sample in samples]),
        seed=4,
    )
    return metric.score(explained, ModelProbe(lambda: model, explain=explain))


class Drawn:
    """Noise of the sample's own, and references of what they are drawn from."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        found = []
        for origin, seed, spans in zip(
            batch.drawn_from, batch.seeds, model.spans(batch.sequences), strict=True
        ):
            reference = shuffled(origin, 1)[0]
            noise = np.random.default_rng(seed).normal(size=len(spans))
            found.append(Attribution(noise + np.array([ord(c) for c in reference]), spans))
        return found


@pytest.mark.parametrize("metric", [MaxSensitivity(), SynonymousRobustness()])
def test_an_edited_copy_has_its_origins_noise_and_references(metric: MaxSensitivity) -> None:
    values = _score(metric, _samples(), Drawn()).values
    assert values[""].tolist() == [0.0] * len(values[""])
    assert metric.quantities[""].better == "none"  # what looks at nothing never changes


def _neighbours(sample: Sample, free: np.ndarray, draws: int, count: int) -> list[str]:
    seed = sample_seed(4, "robustness/substitutions", sample.id)
    return substituted(sample.sequence, free, draws, count, seed)


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param(MaxSensitivity, marks=pytest.mark.reimplements("max_sensitivity")),
        pytest.param(SynonymousRobustness, marks=pytest.mark.reimplements("synonymous_robustness")),
    ],
)
@pytest.mark.parametrize("width", [1, 4])
def test_both_against_a_slow_version(width: int, metric: type[MaxSensitivity]) -> None:
    samples = _samples()
    scored = _score(metric(4, 3), samples, Exact(), width)
    for i, sample in enumerate(samples):
        changes = []

        def spread(sequence: str) -> np.ndarray:
            chunks = [sequence[k : k + width] for k in range(0, len(sequence), width)]
            return np.array([sum(WEIGHTS[c] for c in p) / len(p) for p in chunks for _ in p])

        before = spread(sample.sequence)
        (motif,) = sample.annotations
        free = [
            metric is MaxSensitivity or not motif.start <= k < motif.end for k in range(len(before))
        ]
        for copy in _neighbours(sample, np.array(free), 4, 3):
            changes.append(np.sqrt(((spread(copy) - before) ** 2).sum() / (before**2).sum()))
        assert scored.values[""][i] == pytest.approx(max(changes))
        assert scored.values["mean"][i] == pytest.approx(np.mean(changes))


def test_max_sensitivity_is_captums() -> None:
    torch = pytest.importorskip("torch")
    metrics = pytest.importorskip("captum.metrics")
    weights = torch.tensor([WEIGHTS[c] for c in "ACGT"], dtype=torch.float64)

    def codes(sequence: str) -> list[int]:
        return ["ACGT".index(c) for c in sequence]

    (sample,) = _samples(1)
    copies = _neighbours(sample, np.ones(30, dtype=bool), 5, 2)
    theirs = metrics.sensitivity_max(
        lambda inputs: tuple(weights[one.long()] for one in inputs),
        torch.tensor([codes(sample.sequence)], dtype=torch.float64),
        # captum repeats the input for all draws and asks for one perturbed copy of each.
        perturb_func=lambda _inputs, _radius: (
            torch.tensor([codes(c) for c in copies], dtype=torch.float64),
        ),
        n_perturb_samples=5,
    )
    ours = _score(MaxSensitivity(5, 2), [sample], Exact())
    assert ours.values[""][0] == pytest.approx(theirs.item())


def test_an_explanation_of_the_annotations_alone_is_not_sensitive() -> None:
    scored = _score(MaxSensitivity(), _samples(), Oracle())
    assert scored.values[""].tolist() == [0.0] * 5


def test_synonymous_edits_leave_motifs_alone() -> None:
    class MotifOnly:
        def explain(self, model: Model, batch: Batch) -> list[Attribution]:
            return [
                Attribution(
                    [WEIGHTS[c] if 3 <= i < 9 else 0.0 for i, c in enumerate(sequence)],
                    Spans.nucleotides(len(sequence)),
                )
                for sequence in batch.sequences
            ]

    assert _score(SynonymousRobustness(8, 5), _samples(), MotifOnly()).values[""].max() == 0
    assert _score(MaxSensitivity(8, 5), _samples(), MotifOnly()).values[""].min() > 0


def test_what_has_no_value_says_why() -> None:
    nan = _score(MaxSensitivity(), _samples(2), NotANumber())
    assert np.isnan(nan.values[""]).all()
    assert nan.reasons[""] == {0: "scores are not finite", 1: "scores are not finite"}
    bare = [Sample("a", "ACGTACGT"), Sample("b", "ACGTACGT", None, (Interval(0, 8),))]
    scored = _score(SynonymousRobustness(), bare, Exact())
    assert scored.reasons[""] == {
        0: "no annotated nucleotide",
        1: "too few nucleotides to substitute",
    }
    (zero,) = _score(MaxSensitivity(), [Sample("n", "NNNN")], Exact()).reasons[""].values()
    assert zero == "no relevance at all"


@pytest.mark.parametrize("metric", [MaxSensitivity(), ReverseComplementConsistency()])
def test_a_sample_alone_scores_as_in_company(
    metric: MaxSensitivity | ReverseComplementConsistency,
) -> None:
    samples = _samples(20)
    together = _score(metric, samples, Exact()).values[""]
    alone = [_score(metric, [sample], Exact()).values[""][0] for sample in samples]
    assert together == pytest.approx(alone, rel=1e-12)


@pytest.mark.reimplements("reverse_complement_consistency")
def test_the_other_strand_of_the_toy() -> None:
    samples = _samples()
    scored = _score(ReverseComplementConsistency(), samples, Exact())
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    for i, sample in enumerate(samples):
        one = [WEIGHTS[c] for c in sample.sequence]
        other = [WEIGHTS[complement[c]] for c in sample.sequence]
        assert scored.values[""][i] == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_annotations_turn_with_the_strand() -> None:
    scored = _score(ReverseComplementConsistency(), _samples(), Oracle())
    assert scored.values[""] == pytest.approx(1.0)


def test_what_an_annotation_says_turns_with_it() -> None:
    motifs = (Interval(1, 4, "m", "+", (0.1, 0.2, 0.3)), Interval(0, 2, "n", "-"))
    flipped = _flipped(Sample("s", "ACGTA", 1, motifs))
    assert flipped == (Interval(1, 4, "m", "-", (0.3, 0.2, 0.1)), Interval(3, 5, "n", "+"))


def test_constant_and_nan_explanations_have_no_correlation() -> None:
    constant = [Sample("a", "AAAA")]
    assert _score(ReverseComplementConsistency(), constant, Exact()).reasons[""] == {
        0: "scores are all alike: no correlation"
    }
    nan = _score(ReverseComplementConsistency(), _samples(1), NotANumber())
    assert nan.reasons[""] == {0: "scores are not finite"}


@given(st.text("ACGTN", min_size=1, max_size=40), st.integers(0, 2**62), st.data())
def test_substitutions_are_as_many_as_asked_and_where_allowed(
    sequence: str, seed: int, data: st.DataObject
) -> None:
    free = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(sequence), max_size=len(sequence)))
    )
    if not free.any():
        free[0] = True
    count = data.draw(st.integers(1, int(free.sum())))
    for copy in substituted(sequence, free, 3, count, seed):
        changed = [i for i, (a, b) in enumerate(zip(sequence, copy, strict=True)) if a != b]
        assert len(changed) == count
        assert all(free[i] and copy[i] in "ACGT" for i in changed)


@given(st.text("ACGTN", min_size=1, max_size=40))
def test_the_reverse_complement_of_the_reverse_complement(sequence: str) -> None:
    assert reverse_complement(reverse_complement(sequence)) == sequence
    assert reverse_complement("AACGN") == "NCGTT"


def test_spreading_keeps_the_sum() -> None:
    attribution = Attribution(np.array([3.0, -4.0]), Spans(np.array([0, 3, 5])))
    assert on_nucleotides(attribution).tolist() == [1, 1, 1, -2, -2]


@pytest.mark.parametrize("bad", [0, -1, 1.5])
def test_counts_are_whole_numbers(bad: float) -> None:
    with pytest.raises(InputError, match="synonymous_robustness, draws"):
        SynonymousRobustness(draws=bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="max_sensitivity, substitutions"):
        MaxSensitivity(substitutions=bad)  # type: ignore[arg-type]

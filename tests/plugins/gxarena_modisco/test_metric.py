"""TF-MoDISco as a metric: what it finds, what it refuses, and what it says where nothing is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution, Explained, Interval, Sample, Spans
from gxarena.datasets.bundled import fly_promoters
from gxarena.dna import letters, one_hot
from gxarena.errors import InputError, PluginError, Unsupported
from gxarena_jaspar.matrices import matrices
from gxarena_modisco.discovery import contributions
from gxarena_modisco.metric import TFMoDISco

CTCF = "MA0139.2"


def _explained(n: int, length: int, motif: str = "", seed: int = 0) -> Explained:
    """Random sequences; scores are small noise, and high on a planted instance of the motif."""
    rng = np.random.default_rng(seed)
    samples, attributions = [], []
    frequencies = matrices([motif])[0].frequencies if motif else np.zeros((0, 4))
    width = len(frequencies)
    for number in range(n):
        codes = rng.integers(0, 4, length)
        hypothetical = rng.normal(0, 0.01, (length, 4))
        start = int(rng.integers(10, length - width - 10))
        if motif:
            codes[start : start + width] = [rng.choice(4, p=row) for row in frequencies]
            hypothetical[start : start + width] += np.log2(frequencies / 0.25)
        sequence = "".join("ACGT"[code] for code in codes)
        scores = hypothetical[np.arange(length), codes]
        intervals = (Interval(start, start + width, motif, "+"),) if motif else ()
        samples.append(Sample(f"s{number}", sequence, 1, intervals))
        attributions.append(
            Attribution(scores, Spans.nucleotides(length), hypothetical=hypothetical)
        )
    return Explained(
        tuple(samples), tuple(attributions), np.ones(n, dtype=np.int64), np.zeros((n, 2))
    )


def _without_hypothetical(explained: Explained, scores: Any = None) -> Explained:
    return explained.with_attributions(
        [
            replace(a, hypothetical=None, scores=a.scores if scores is None else scores(a.scores))
            for a in explained.attributions
        ]
    )


@pytest.mark.slow
def test_a_planted_motif_is_recovered_where_it_was_planted() -> None:
    explained = _explained(150, 80, CTCF)
    metric = TFMoDISco(leiden_runs=1)
    for kind, given in (
        ("hypothetical", explained),
        ("observed", _without_hypothetical(explained)),
    ):
        scored = metric.score_set(given)
        values = scored.values
        assert all(key.startswith(f"{kind}.") for key in values)
        assert set(values) <= set(metric.quantities)
        assert values[f"{kind}.patterns_positive"] >= 1
        assert values[f"{kind}.seqlets_positive"] >= 100
        assert values[f"{kind}.recall"] == values[f"{kind}.recall_best"] == 1
        counting = [motif for motif in scored.motifs if motif.counts]
        assert values[f"{kind}.counted"] == len(counting) >= 1
        assert values[f"{kind}.matched"] == np.mean([m.match is not None for m in counting])
        first = scored.motifs[0]
        assert first.bits is not None
        assert first.bits >= 5
        assert first.match is not None
        assert (first.match.id, first.contributions, first.name) == (CTCF, kind, "positive_0")
        truth = {index: s.annotations[0] for index, s in enumerate(given.samples)}
        hit = [
            seqlet.start <= truth[i].start + 4 and truth[i].end - 4 <= seqlet.end
            for i, seqlet in first.seqlets
        ]
        assert np.mean(hit) > 0.9
    again = metric.score_set(_without_hypothetical(explained))
    assert again.values == scored.values


def test_no_pattern_is_said_within_seconds() -> None:
    start = time.monotonic()
    explained = _explained(20, 80, CTCF)
    scored = TFMoDISco().score_set(explained)
    assert time.monotonic() - start < 60
    assert scored.motifs == ()
    assert scored.values["hypothetical.patterns_positive"] == 0
    for key in ("matched", "recall", "recall_best"):
        assert np.isnan(scored.values[f"hypothetical.{key}"])
        assert scored.reasons[f"hypothetical.{key}"].startswith("no pattern: ")
        assert "more than 50 of a sign needed" in scored.reasons[f"hypothetical.{key}"]


def test_a_map_of_zeros_is_no_pattern() -> None:
    zeros = _without_hypothetical(_explained(5, 80), np.zeros_like)
    scored = TFMoDISco().score_set(zeros)
    assert scored.values["observed.seqlets_positive"] == 0
    assert scored.reasons["observed.matched"].startswith("no pattern: 0 seqlets")


def test_magnitudes_are_refused() -> None:
    with pytest.raises(InputError, match="expected signed scores"):
        TFMoDISco().score_set(_without_hypothetical(_explained(5, 80), np.abs))


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="expected finite scores"):
        TFMoDISco().score_set(_without_hypothetical(_explained(5, 80), lambda s: s * np.nan))


def test_tokens_are_refused() -> None:
    explained = _explained(1, 80)
    tokens = Attribution(np.array([1.0, -1.0]), Spans(np.array([0, 40, 80])))
    with pytest.raises(Unsupported, match="passed_on"):
        TFMoDISco().score_set(explained.with_attributions([tokens]))


def test_short_sequences_and_wrong_parameters_are_one_sentence() -> None:
    with pytest.raises(InputError, match="at least 25 nucleotides"):
        TFMoDISco().score_set(_explained(3, 22))
    with pytest.raises(InputError, match="unknown 'windw'"):
        TFMoDISco(windw=3)
    with pytest.raises(InputError, match="unknown 'actual'"):
        TFMoDISco(contributions="actual")
    with pytest.raises(InputError, match="between 0 and 1"):
        TFMoDISco(level=1.5)
    with pytest.raises(InputError, match="stretch: expected 1 or more, got 0"):
        TFMoDISco(stretch=0)
    with pytest.raises(InputError, match="shuffles: expected 1 or more, got 0"):
        TFMoDISco(shuffles=0)
    explained = _without_hypothetical(_explained(3, 80))
    with pytest.raises(InputError, match="expected hypothetical contributions"):
        TFMoDISco(contributions="hypothetical").score_set(explained)
    with pytest.raises(InputError, match=r"got 'MA9999\.9'"):
        TFMoDISco(expected=["MA9999.9"]).score_set(_explained(3, 80))


def test_a_worker_that_fails_says_its_last_words() -> None:
    with pytest.raises(PluginError, match="exit status 1"):
        TFMoDISco(fdr="high").score_set(_explained(60, 80, CTCF))


def test_hypothetical_contributions_are_centred_and_lengths_filled_up() -> None:
    long, short = _explained(1, 60), _explained(1, 40)
    both = Explained(
        (*long.samples, replace(short.samples[0], id="short")),
        (*long.attributions, *short.attributions),
        np.ones(2, dtype=np.int64),
        np.zeros((2, 2)),
    )
    encoded = one_hot(letters(both.sequences))
    assert encoded.shape == (2, 60, 4)
    assert encoded.sum(axis=2).tolist() == [[1] * 60, [1] * 40 + [0] * 20]
    centred = contributions(both, "hypothetical", encoded)
    assert np.allclose(centred.sum(axis=2), 0)
    assert not centred[1, 40:].any()
    observed = contributions(both, "observed", encoded)
    assert np.allclose(observed.sum(axis=2)[0], both.attributions[0].scores)
    assert ((observed != 0).sum(axis=2) <= 1).all()


@pytest.mark.slow
def test_patterns_of_noise_do_not_count_and_are_kept() -> None:
    """Random scores of real promoters: each of their patterns matched something once."""
    samples = fly_promoters("test").with_labels([1]).samples[:500]
    maps = [
        Attribution(np.random.default_rng(i).normal(size=250), Spans.nucleotides(250))
        for i in range(500)
    ]
    explained = Explained(samples, tuple(maps), np.ones(500, dtype=np.int64), np.zeros((500, 2)))
    given: dict[str, Any] = {"leiden_runs": 1, "min_cluster": 15, "shuffles": 99}
    scored = TFMoDISco(**given).score_set(explained)
    assert scored.motifs
    assert not any(motif.counts or motif.match for motif in scored.motifs)
    assert scored.values["observed.counted"] == 0
    assert np.isnan(scored.values["observed.matched"])
    n = len(scored.motifs)
    assert scored.reasons["observed.matched"] == f"no pattern counts: none of {n} holds 5 bits"
    # The same patterns, asked for less: what counts is a parameter, and then it is compared.
    lenient = TFMoDISco(**given, bits=0.0).score_set(explained)
    assert [m.bits for m in lenient.motifs] == [m.bits for m in scored.motifs]
    counting = sum(motif.counts for motif in lenient.motifs)
    assert lenient.values["observed.counted"] == counting > 0
    assert lenient.values["observed.matched"] <= 1 / 4


def _gc(n: int, centred: bool = True) -> Explained:
    """GC content as scores, equal in every second sequence: windows tie."""
    explained = _explained(n, 80)
    strong = [np.isin(list(s.sequence), ["G", "C"]).astype(float) for s in explained.samples]
    return explained.with_attributions(
        [Attribution(one - 0.5 * centred, Spans.nucleotides(80)) for one in strong]
    )


def test_ties_are_broken_by_noise_of_the_sample_and_the_seed_alone() -> None:
    explained = _gc(30)
    encoded = one_hot(letters(explained.sequences))
    made = contributions(explained, "observed", encoded)
    track = made.sum(axis=2)
    scores = np.stack([a.scores for a in explained.attributions])
    assert ((made != 0) <= (encoded != 0)).all()
    assert len(np.unique(track)) == track.size
    assert (track - scores).std() == pytest.approx(
        0.25 * (scores[..., None] * encoded).std(), rel=0.1
    )
    order = np.random.default_rng(0).permutation(30)
    moved = Explained(
        tuple(explained.samples[i] for i in order),
        tuple(explained.attributions[i] for i in order),
        explained.targets,
        explained.outputs,
    )
    again = contributions(moved, "observed", encoded[order])
    # The spread of all is summed in another order.
    assert again == pytest.approx(made[order], rel=1e-9)
    other = contributions(replace(explained, seed=1), "observed", encoded)
    assert not np.array_equal(other, made)


def test_scores_with_many_values_stay_as_they_are() -> None:
    explained = _without_hypothetical(_explained(10, 80))
    encoded = one_hot(letters(explained.sequences))
    made = contributions(explained, "observed", encoded)
    scores = np.stack([a.scores for a in explained.attributions])
    assert np.array_equal(made, scores[..., None] * encoded)


@pytest.mark.slow
def test_gc_content_is_a_map_that_tf_modisco_can_read() -> None:
    """Centred it has signs; with windows that tie TF-MoDISco divides by zero."""
    scored = TFMoDISco(leiden_runs=1, shuffles=19).score_set(_gc(150))
    assert scored.values["observed.seqlets_positive"] > 0
    with pytest.raises(InputError, match="expected signed scores"):
        TFMoDISco().score_set(_gc(5, centred=False))

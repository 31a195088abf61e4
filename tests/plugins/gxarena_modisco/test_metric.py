"""TF-MoDISco as a metric: what it finds, what it refuses, and what it says where nothing is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution, Explained, Interval, Sample, Spans
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
        assert values[f"{kind}.recall_null"] <= 0.05
        first = scored.motifs[0]
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
    for key in ("matched", "recall", "recall_best", "matched_null", "recall_null"):
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

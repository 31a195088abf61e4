"""Accuracy, AUC and the simple classifiers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from gxarena.data import Sample
from gxarena.training.baselines import classification_scores, reference_scores


@pytest.mark.parametrize("decimals", [1, 8])
def test_two_classes_agree_with_scikit_learn(decimals: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    # Rounded outputs tie.
    outputs = np.round(rng.normal(size=(200, 2)) + np.eye(2)[labels], decimals)
    found = classification_scores(outputs, labels)
    assert found["accuracy"] == accuracy_score(labels, outputs.argmax(axis=1))
    assert found["auc"] == pytest.approx(roc_auc_score(labels, outputs[:, 1] - outputs[:, 0]))


def test_more_classes_are_averaged_one_versus_rest() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    outputs = rng.normal(size=(300, 3)) + np.eye(3)[labels]
    margins = [outputs[:, c] - np.delete(outputs, c, axis=1).max(axis=1) for c in range(3)]
    areas = [roc_auc_score(labels == c, margin) for c, margin in enumerate(margins)]
    assert classification_scores(outputs, labels)["auc"] == pytest.approx(np.mean(areas))


def test_one_class_has_no_auc() -> None:
    found = classification_scores(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1, 1]))
    assert found == {"accuracy": 0.5, "auc": None}


def split(n: int, seed: int) -> list[Sample]:
    """Class 1: a motif without G or C, and one C more elsewhere, so that GC content says little."""
    rng = np.random.default_rng(seed)
    samples = []
    for index in range(n):
        sequence = "".join(rng.choice(list("ACGT"), 60))
        if index % 2:
            sequence = sequence[:20] + "TGACTCA" + sequence[27:]
        samples.append(Sample(str(index), sequence, index % 2))
    return samples


def test_kmers_find_a_motif_that_gc_content_does_not() -> None:
    scores = reference_scores(split(300, 0), split(100, 1), split(200, 2))
    assert scores["kmer"]["test"]["accuracy"] > 0.9
    assert scores["gc"]["test"]["auc"] == pytest.approx(0.5, abs=0.12)


def test_gc_content_is_found_where_it_decides() -> None:
    rng = np.random.default_rng(0)
    samples = [
        Sample(str(i), "".join(rng.choice(list("ACGT"), 60, p=p)), i % 2)
        for i in range(200)
        for p in [[0.35, 0.15, 0.15, 0.35] if i % 2 else [0.15, 0.35, 0.35, 0.15]]
    ]
    scores = reference_scores(samples[:120], samples[120:160], samples[160:])
    assert scores["gc"]["test"]["accuracy"] > 0.95

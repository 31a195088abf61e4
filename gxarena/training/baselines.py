"""How well simple classifiers do on the same splits: shown beside every trained model.

GC content alone separates human promoters from genic windows with an AUC of 0.82, so a model's
accuracy says little without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.stats import rankdata

from gxarena.data import Floats, Ints, Sample
from gxarena.errors import MissingExtra

KMERS = (1, 6)
STRENGTHS = (0.0003, 0.001, 0.003, 0.01)


def classification_scores(outputs: Floats, labels: Ints) -> dict[str, float | None]:
    """Accuracy and area under the ROC curve of raw outputs (logits).

    Parameters
    ----------
    outputs : float array, shape (N, C)
    labels : int array, shape (N,)

    Returns
    -------
    ``accuracy`` and ``auc``; the AUC of more than two classes is the mean over one-versus-rest,
    and None where a class has no samples or all.
    """
    accuracy = float(np.mean(outputs.argmax(axis=1) == labels))
    classes = range(1, 2) if outputs.shape[1] == 2 else range(outputs.shape[1])
    areas = []
    for target in classes:
        positive = labels == target
        n_positive, n_negative = int(positive.sum()), int((~positive).sum())
        if not n_positive or not n_negative:
            return {"accuracy": accuracy, "auc": None}
        others = np.delete(outputs, target, axis=1).max(axis=1)
        # Mann-Whitney U of the margin; ties share their ranks.
        ranks = rankdata(outputs[:, target] - others)
        u = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
        areas.append(u / (n_positive * n_negative))
    return {"accuracy": accuracy, "auc": float(np.mean(areas))}


def check_reference_classifiers() -> None:
    """Raise MissingExtra where scikit-learn, which `reference_scores` needs, is not installed."""
    if find_spec("sklearn") is None:
        raise MissingExtra(
            "reference classifiers: expected scikit-learn to be installed. "
            "pip install 'gxarena[train]'"
        )


def reference_scores(
    train: Sequence[Sample], valid: Sequence[Sample], test: Sequence[Sample]
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Accuracy and AUC on ``valid`` and ``test`` of two logistic regressions fitted on `train`.

    ``kmer``: on the presence of every k-mer of 1 to 6 nucleotides, its strength of
    regularisation chosen on `valid`. ``gc``: on GC content alone.

    Raises
    ------
    MissingExtra
        scikit-learn is not installed.
    """
    check_reference_classifiers()
    from sklearn.linear_model import LogisticRegression

    labels = {"train": _labels(train), "valid": _labels(valid), "test": _labels(test)}
    splits = {"train": train, "valid": valid, "test": test}
    tables = {
        "kmer": _kmer_features({name: _sequences(split) for name, split in splits.items()}),
        "gc": {name: _gc_content(_sequences(split)) for name, split in splits.items()},
    }
    scores = {}
    for name, features in tables.items():
        fits = [
            LogisticRegression(C=strength, max_iter=200).fit(features["train"], labels["train"])
            for strength in (STRENGTHS if name == "kmer" else (1e6,))
        ]
        best = max(fits, key=lambda fit: fit.score(features["valid"], labels["valid"]))
        scores[name] = {
            split: classification_scores(_logits(best, features[split]), labels[split])
            for split in ("valid", "test")
        }
    return scores


def _kmer_features(sequences: dict[str, list[str]]) -> dict[str, Any]:
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(
        analyzer="char", ngram_range=KMERS, lowercase=False, binary=True, dtype=np.float32
    )
    vectorizer.fit(sequences["train"])
    return {name: vectorizer.transform(split) for name, split in sequences.items()}


def _gc_content(sequences: list[str]) -> Floats:
    """Fraction of G and C, standardised to the order of one; shape (N, 1)."""
    counts = [(s.count("G") + s.count("C")) / max(len(s), 1) for s in sequences]
    return 10.0 * np.array(counts)[:, None] - 5.0


def _logits(fit: Any, features: Any) -> Floats:
    """Log-probabilities per class 0 .. C - 1 in the order of the labels; shape (N, C)."""
    log_probabilities = fit.predict_log_proba(features)
    outputs = np.full((log_probabilities.shape[0], int(fit.classes_.max()) + 1), -1e9)
    outputs[:, fit.classes_] = log_probabilities
    return outputs


def _sequences(samples: Sequence[Sample]) -> list[str]:
    return [sample.sequence for sample in samples]


def _labels(samples: Sequence[Sample]) -> Ints:
    return np.array([sample.label for sample in samples], dtype=np.int64)

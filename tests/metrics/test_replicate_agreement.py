"""Agreement of a model's replicates: of two here, over several in tests/run/test_replicates.py."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from gxarena.data import Attribution, Explained, Floats, Sample, Spans
from gxarena.errors import Unsupported
from gxarena.metrics.replicate_agreement import ReplicateAgreement


def _explained(*rows: Floats | list[float], targets: list[int] | None = None) -> Explained:
    return Explained(
        tuple(Sample(f"s{i}", "A" * len(row)) for i, row in enumerate(rows)),
        tuple(Attribution(np.asarray(row), Spans.nucleotides(len(row))) for row in rows),
        np.array(targets or [0] * len(rows)),
        np.zeros((len(rows), 2)),
    )


@pytest.mark.reimplements("replicate_agreement")
def test_equals_the_textbook_on_random_maps() -> None:
    rng = np.random.default_rng(0)
    left, right = (rng.normal(size=(20, 30)) for _ in range(2))
    scored = ReplicateAgreement().compare(_explained(*left), _explained(*right))
    for i, (v, w) in enumerate(zip(left, right, strict=True)):
        pairs = list(zip(v, w, strict=True))
        shared = sum(min(abs(a), abs(b)) * (1 if a * b > 0 else -1) for a, b in pairs)
        jaccard = shared / sum(max(abs(a), abs(b)) for a, b in pairs)
        assert scored.values["jaccard"][i] == pytest.approx(jaccard)
        assert scored.values["rank_correlation"][i] == pytest.approx(spearmanr(v, w).statistic)


def test_ends_of_the_scale() -> None:
    one = _explained([3.0, -1.0, 2.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    other = _explained([3.0, -1.0, 2.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0])
    scored = ReplicateAgreement().compare(one, other)
    for values in scored.values.values():
        assert values[:2] == pytest.approx([1.0, -1.0])
        assert np.isnan(values[2])
    assert all(set(reasons) == {2} for reasons in scored.reasons.values())


def test_other_targets_and_other_units() -> None:
    one = _explained([1.0, 2.0], targets=[0])
    scored = ReplicateAgreement().compare(one, _explained([1.0, 2.0], targets=[1]))
    assert {reasons[0] for reasons in scored.reasons.values()} == {
        "the two explain different targets"
    }
    tokens = Attribution(np.array([1.0]), Spans(np.array([0, 2])))
    with pytest.raises(Unsupported, match="expected both on the same units"):
        ReplicateAgreement().compare(one, one.with_attributions([tokens]))


def test_it_names_what_it_declares() -> None:
    metric = ReplicateAgreement()
    one = _explained([1.0, 2.0])
    assert metric.compare(one, one).values.keys() == metric.quantities.keys()
    assert metric.renormalise

"""JASPAR through pyjaspar: what is in the database comes out, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gxarena.errors import InputError
from gxarena_jaspar.matrices import Matrix, collection, matrices


def test_ctcf_is_ctcf() -> None:
    (ctcf,) = matrices(["MA0139.2"])
    assert (ctcf.id, ctcf.name, ctcf.width) == ("MA0139.2", "CTCF", 15)
    assert np.allclose(ctcf.frequencies.sum(axis=1), 1)
    consensus = "".join("ACGT"[i] for i in ctcf.frequencies.argmax(axis=1))
    assert "CCACCAGGGGGCG" in consensus or "CCACNAGGGGGCG" in consensus
    assert np.allclose(2**ctcf.log_odds * 0.25, ctcf.frequencies)


def test_information_is_bits_over_the_most_that_a_column_has() -> None:
    rows = [[1.0, 1e-30, 1e-30, 1e-30], [0.25] * 4, [0.5, 1e-30, 0.5, 1e-30]]
    sure = Matrix("M", "m", np.array(rows))
    assert sure.information() == (1.0, 0.0, 0.5)
    assert sure.information("-") == (0.5, 0.0, 1.0)
    (ctcf,) = matrices(["MA0139.2"])
    bits = [2 + sum(f * math.log2(f) for f in row) for row in ctcf.frequencies.tolist()]
    assert ctcf.information() == pytest.approx([one / max(bits) for one in bits], abs=1e-6)
    assert max(ctcf.information()) == 1.0


def test_the_order_is_that_of_the_ids() -> None:
    ids = ["MA0080.7", "MA0139.2", "MA1456.2"]
    assert [matrix.id for matrix in matrices(ids)] == ids


def test_a_collection_is_of_its_group() -> None:
    insects, vertebrates = collection("insects"), collection("vertebrates")
    assert {"MA1456.2", "MA0205.3"} <= {matrix.id for matrix in insects}
    assert {"MA0139.2", "MA0080.7"} <= {matrix.id for matrix in vertebrates}
    assert len(vertebrates) > 800
    assert len(collection("all")) > len(vertebrates) + len(insects)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matrices(["MA9999.9"]), "got 'MA9999.9'"),
        (lambda: matrices(["MA0139.2"], "JASPAR1999"), "unknown 'JASPAR1999'"),
        (lambda: collection("mammals"), "unknown 'mammals'"),
    ],
)
def test_what_does_not_exist_is_one_sentence(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("group", ["'", "insects' OR 1=1 --", ""])
def test_a_group_is_no_question_to_the_database(group: str) -> None:
    with pytest.raises(InputError, match=r"unknown '.*'\. .*Choices: all, "):
        collection(group)

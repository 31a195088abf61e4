"""Letters to one-hot and back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxarena.errors import InputError
from gxarena_torch.encoding import codes, one_hot

dna = st.text(alphabet="ACGTN", min_size=1, max_size=20)


@given(st.lists(dna, min_size=1, max_size=5))
def test_one_hot_is_one_per_letter_and_zero_for_n_and_padding(sequences: list[str]) -> None:
    found = one_hot(torch.from_numpy(codes(sequences, 20)))
    assert found.shape == (len(sequences), 4, 20)
    for row, sequence in enumerate(sequences):
        for position in range(20):
            letter = sequence[position] if position < len(sequence) else "N"
            assert found[row, :, position].tolist() == [float(letter == x) for x in "ACGT"]


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        (["ACGT", "ACXT"], "got 'X' at position 2"),
        (["acgt"], "upper-case A, C, G, T or N, got 'a'"),
        (["AC→T"], "got '→' at position 2"),
        (["ACGTA", "AC\0"], "got '\\\\x00' at position 2"),
        (["ACGT", "CAn"], "got 'n' at position 2"),
        ([""], "1 to 8 nucleotides, got 0"),
        (["ACGTACGTA"], "1 to 8 nucleotides, got 9"),
    ],
)
def test_what_is_no_sequence_is_refused(sequences: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        codes(sequences, 8)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gxarena.errors import InputError
from gxarena_dnabert2.tokenizer import Tokenizer


@pytest.fixture
def tokenizer(tmp_path: Path, tokenizer_json: str) -> Tokenizer:
    (tmp_path / "tokenizer.json").write_text(tokenizer_json)
    return Tokenizer(tmp_path)


_SAME_TOKENIZER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


@_SAME_TOKENIZER
@given(sequence=st.text("ACGTN", min_size=1, max_size=120))
def test_tokens_partition_every_sequence(tokenizer: Tokenizer, sequence: str) -> None:
    (encoded,) = tokenizer.encode([sequence])
    assert encoded.spans.length == len(sequence)
    assert len(encoded.spans) == int(encoded.is_unit.sum()) == len(encoded.ids) - 2
    assert encoded.special == ("[CLS]", "[SEP]")
    assert not encoded.is_unit[[0, -1]].any()


@_SAME_TOKENIZER
@given(sequence=st.text("ACGTN", min_size=1, max_size=120))
def test_every_unknown_letter_is_a_token_of_its_own(tokenizer: Tokenizer, sequence: str) -> None:
    (encoded,) = tokenizer.encode([sequence])
    unknown = encoded.ids[encoded.is_unit] == tokenizer.unknown
    letters = np.array(list(sequence))
    np.testing.assert_array_equal(
        np.flatnonzero(letters == "N"), encoded.spans.boundaries[:-1][unknown]
    )
    assert (encoded.spans.widths[unknown] == 1).all()


def test_masking_replaces_exactly_the_masked_units(tokenizer: Tokenizer) -> None:
    (encoded,) = tokenizer.encode(["ACGTTGCATGCATTTACGCATCAG"])
    mask = np.arange(len(encoded.spans)) % 3 == 1
    masked = encoded.masked(mask, tokenizer.unknown)
    changed = np.flatnonzero(masked.ids != encoded.ids)
    np.testing.assert_array_equal(changed, np.flatnonzero(encoded.is_unit)[mask])
    assert (masked.ids[changed] == tokenizer.unknown).all()
    assert masked.spans == encoded.spans


@pytest.mark.parametrize("sequence", ["", "ACGT ACGT"])
def test_what_does_not_tile_is_an_error(tokenizer: Tokenizer, sequence: str) -> None:
    with pytest.raises(InputError, match="expected tokens that tile"):
        tokenizer.encode([sequence])


@pytest.mark.golden
def test_special_ids_are_the_official_tokenizers(shared: Path) -> None:
    tokenizer = Tokenizer(shared / "golden" / "dnabert2-tiny")
    # config.json says that padding is 0, which is [UNK].
    assert (tokenizer.pad, tokenizer.unknown) == (3, 0)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a tokenizer\.json, found none"):
        Tokenizer(tmp_path)


def test_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{]")
    with pytest.raises(InputError, match="expected a tokenizer, got"):
        Tokenizer(tmp_path)


def test_missing_special_token(tmp_path: Path, tokenizer_json: str) -> None:
    (tmp_path / "tokenizer.json").write_text(tokenizer_json.replace("[PAD]", "[GAP]"))
    with pytest.raises(InputError, match=r"expected a token \[PAD\]"):
        Tokenizer(tmp_path)

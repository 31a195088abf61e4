from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from gxarena.errors import InputError
from gxarena_dnabert2.training.corpus import (
    SPECIAL,
    Stretches,
    encode_with_cuts,
    read_corpus,
    train_tokenizer,
)

FASTA = """>a_f chr2L:1-8
acgtac
gt
>b_f chr2R:1-8
GGGGGGGG
>c_r chr2RHet:1-8
CCCCCCCC
>d_r chr3R:1-8
ACGTACGT
>e_f chrX:1-8
TTTTNTTT
"""
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.mark.parametrize("zipped", [True, False])
def test_corpus_is_upper_case_unique_and_without_the_excluded(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / ("c.fa.gz" if zipped else "c.fa")
    path.write_bytes(gzip.compress(FASTA.encode()) if zipped else FASTA.encode())
    assert read_corpus(path, ["chr2R"]) == ["ACGTACGT", "TTTTNTTT"]
    assert read_corpus(path) == ["ACGTACGT", "GGGGGGGG", "CCCCCCCC", "TTTTNTTT"]


def test_a_missing_corpus(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"settings\.corpus.*expected a FASTA file"):
        read_corpus(tmp_path / "none.fa")


def test_a_corpus_without_records(tmp_path: Path) -> None:
    (tmp_path / "c.fa").write_text("ACGT\n")
    with pytest.raises(InputError, match="expected FASTA records, found none"):
        read_corpus(tmp_path / "c.fa")


def test_stretches_are_functions_of_seed_and_index() -> None:
    rng = np.random.default_rng(0)
    corpus = ["".join(rng.choice(list("ACGTN"), 80, p=[0.24] * 4 + [0.04])) for _ in range(5)]
    forwards, again = Stretches(corpus, 12, 40, seed=1), Stretches(corpus, 12, 9, seed=1)
    assert len(forwards) == 40
    drawn = [forwards[index] for index in range(40)]
    assert [again[index] for index in reversed(range(9))] == drawn[8::-1]
    assert [Stretches(corpus, 12, 40, seed=2)[index] for index in range(40)] != drawn
    either = corpus + [s.translate(COMPLEMENT)[::-1] for s in corpus]
    assert all(len(s) == 12 and "N" not in s for s in drawn)
    assert all(any(s in sequence for sequence in either) for s in drawn)
    # Both strands: 40 coin flips agree with a chance of 2^-39.
    assert 0 < sum(any(s in sequence for sequence in corpus) for s in drawn) < 40


def test_stretches_need_long_enough_sequences() -> None:
    with pytest.raises(InputError, match="expected sequences of 12 or more"):
        Stretches(["ACGT"], 12, 1, seed=0)


def test_the_tokenizer_is_built_as_the_official_one(tokenizer_json: str) -> None:
    tokenizer = Tokenizer.from_str(tokenizer_json)
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL)
    assert tokenizer.encode("ACGT").tokens[::99] == ["[CLS]"]
    assert tokenizer.encode("ACGT").tokens[-1] == "[SEP]"
    assert tokenizer.encode("N").ids == [1, 0, 2]


def test_the_vocabulary_is_as_large_as_asked() -> None:
    rng = np.random.default_rng(0)
    pieces = ["".join(rng.choice(list("ACGT"), 200)) for _ in range(20)]
    assert train_tokenizer(pieces, 30).get_vocab_size() == 30


@given(sequence=st.text("ACGT", min_size=1, max_size=80), rate=st.floats(0.0, 0.99))
def test_cuts_change_tokens_but_no_nucleotide(
    tokenizer_json: str, sequence: str, rate: float
) -> None:
    tokenizer = Tokenizer.from_str(tokenizer_json)
    (ids,) = encode_with_cuts(tokenizer, [sequence], rate, np.random.default_rng(0))
    assert (ids[0], ids[-1]) == (1, 2)
    assert "".join(tokenizer.id_to_token(number) for number in ids[1:-1]) == sequence


def test_no_cuts_is_plain_tokenisation_and_cuts_shorten_tokens(tokenizer_json: str) -> None:
    tokenizer = Tokenizer.from_str(tokenizer_json)
    sequence = "ACGTTGCATTTACGGCATCGATCGGCATTA" * 4
    rng = np.random.default_rng(0)
    plain = tokenizer.encode(sequence).ids
    assert encode_with_cuts(tokenizer, [sequence], 0.0, rng) == [plain]
    (cut,) = encode_with_cuts(tokenizer, [sequence], 0.3, rng)
    assert len(cut) > len(plain)

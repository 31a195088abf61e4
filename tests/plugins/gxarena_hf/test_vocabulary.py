from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.errors import InputError
from gxarena_hf.toys import BERT_SPECIAL, ESM_SPECIAL, kmers
from gxarena_hf.vocabulary import Vocabulary, read_vocabulary


def _write(folder: Path, *tokens: str) -> Path:
    (folder / "vocab.txt").write_text("\n".join(tokens))
    return folder


@pytest.mark.parametrize(
    ("tokens", "scheme", "k"),
    [
        ([*BERT_SPECIAL, *kmers(4)], "overlapping", 4),
        ([*ESM_SPECIAL, *kmers(4), *"ACGTN"], "kmers", 4),
        ([*BERT_SPECIAL, *"ACGTN", "##A"], "characters", 1),
        ([*BERT_SPECIAL, *kmers(3)[:60], *"ACGT"], "offsets", 3),
        ([*BERT_SPECIAL, *kmers(3), *kmers(2), *"ACGT"], "offsets", 3),
    ],
)
def test_scheme_is_told_from_the_tokens(
    tmp_path: Path, tokens: list[str], scheme: str, k: int
) -> None:
    found = read_vocabulary(_write(tmp_path, *tokens))
    assert (found.scheme, found.k) == (scheme, k)


@pytest.mark.parametrize("model", ["BPE", "Unigram"])
def test_learnt_models_cut_by_themselves(tmp_path: Path, model: str) -> None:
    names = [*kmers(2), *"ACGT"]
    scores = [[token, 0.0] for token in names]
    ids = {token: i for i, token in enumerate(names)}
    vocabulary = scores if model == "Unigram" else ids
    document = {"model": {"type": model, "vocab": vocabulary, "merges": []}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(document))
    assert read_vocabulary(tmp_path).scheme == "offsets"
    assert read_vocabulary(tmp_path, "kmers").scheme == "kmers"
    assert read_vocabulary(tmp_path, "characters").k == 1


def test_pieces_by_hand() -> None:
    tokens = frozenset(kmers(3))
    sequence = "ACGTANACGTTTTC"
    assert Vocabulary(tokens, "kmers", 3).pieces(sequence) == [
        "ACG", "T", "A", "N", "ACG", "TTT", "T", "C"
    ]  # fmt: skip
    assert Vocabulary(tokens, "overlapping", 3).pieces("ACGTN") == ["ACG", "CGT", "GTN"]
    assert Vocabulary(tokens, "characters", 1).pieces("ANT") == ["A", "N", "T"]


@given(
    sequence=st.text("ACGTN", min_size=6, max_size=50),
    k=st.integers(1, 6),
    scheme=st.sampled_from(["characters", "kmers", "overlapping"]),
)
def test_capacity_bounds_what_fits(sequence: str, k: int, scheme: str) -> None:
    vocabulary = Vocabulary(frozenset(), scheme, 1 if scheme == "characters" else k)
    pieces = vocabulary.pieces(sequence)
    assert vocabulary.capacity(len(pieces)) >= len(sequence)
    if scheme != "kmers":
        assert vocabulary.capacity(len(pieces)) == len(sequence)
        return
    assert "".join(pieces) == sequence
    singles = "".join(piece if len(piece) == 1 else " " for piece in pieces).replace("N", " ")
    # Letters stay single only where no k-mer fits between them and the next N, or the end.
    assert k == 1 or all(len(run) < k for run in singles.split())


def test_shorter_than_a_kmer() -> None:
    with pytest.raises(InputError, match="at least 3 nucleotides, one 3-mer, got 'AC'"):
        Vocabulary(frozenset(), "overlapping", 3).pieces("AC")


def test_unknown_scheme(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'kmers'"):
        read_vocabulary(tmp_path, "kmer")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "expected a JSON object"),
        ("{}", "with a vocabulary, got none"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_vocabulary(tmp_path)


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a tokenizer.json or vocab.txt"):
        read_vocabulary(tmp_path)


def test_kmers_need_dna(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="upper-case A, C, G and T, got none"):
        read_vocabulary(_write(tmp_path, "acg", "[UNK]"))

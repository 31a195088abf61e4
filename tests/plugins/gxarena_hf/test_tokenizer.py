from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import models as backends
from tokenizers import normalizers
from transformers import AutoTokenizer, BertTokenizerFast, EsmTokenizer

from gxarena.data import Bools
from gxarena.errors import InputError
from gxarena_hf.model import HuggingFace
from gxarena_hf.tokenizer import Encoded, Tokenizer
from gxarena_hf.toys import BERT_SPECIAL, kmers

DNA = st.text("ACGTN", min_size=6, max_size=60).filter(lambda s: set(s) - {"N"})


@settings(deadline=None)
@given(sequence=DNA, masked=st.lists(st.booleans(), min_size=60, max_size=60))
def test_units_tile_and_masks_keep_the_tokenisation(
    models: dict[str, HuggingFace], sequence: str, masked: list[bool]
) -> None:
    for name, model in models.items():
        (one,) = model.tokenizer.encode([sequence])
        mask = np.array(masked[: len(one.spans)])
        hidden = one.masked(mask, model.unknown)
        assert one.spans.length == len(sequence)
        assert one.is_unit.sum() == len(one.spans)
        assert (hidden.ids[~one.is_unit] == one.ids[~one.is_unit]).all()
        assert hidden.spans == one.spans
        changed = hidden.ids[one.is_unit] == model.unknown
        already = one.ids[one.is_unit] == model.unknown
        expected = _reads(mask, model.tokenizer.vocabulary.k) if name == "dnabert" else mask
        assert (changed == (expected | already)).all()


def _reads(mask: Bools, k: int) -> Bools:
    """Which of the k-mers hold a masked nucleotide; the last unit owns k of them."""
    nucleotides = [*mask, *[mask[-1]] * (k - 1)]
    return np.array([any(nucleotides[i : i + k]) for i in range(len(mask))])


def test_dnabert_agrees_with_its_tokenizer(folders: dict[str, Path], sequences: list[str]) -> None:
    """Which is fed k-mers with blanks between them (Ji et al. 2021)."""
    reference = BertTokenizerFast(str(folders["dnabert"] / "vocab.txt"), do_lower_case=False)
    for sequence, found in _encoded(folders["dnabert"], sequences):
        words = " ".join(sequence[i : i + 3] for i in range(len(sequence) - 2))
        assert found.ids.tolist() == reference(words)["input_ids"]
        assert found.spans.boundaries.tolist() == [*range(len(sequence) - 2), len(sequence)]
        assert found.special == ("[CLS]", "[SEP]")


@pytest.mark.parametrize("name", ["nucleotide-transformer", "characters"])
def test_esm_agrees_with_its_tokenizer(
    folders: dict[str, Path], sequences: list[str], name: str
) -> None:
    reference = AutoTokenizer.from_pretrained(folders[name])
    assert isinstance(reference, EsmTokenizer)
    for sequence, found in _encoded(folders[name], sequences):
        assert found.ids.tolist() == reference(sequence)["input_ids"]
        widths = [len(token) for token in reference.tokenize(sequence)]
        assert found.spans.widths.tolist() == widths
    assert found.special == (("<cls>",) if name == "nucleotide-transformer" else ("<cls>", "<eos>"))


@pytest.mark.parametrize("name", ["gena-lm", "modernbert"])
def test_pairs_agree_with_their_tokenizer(
    folders: dict[str, Path], sequences: list[str], name: str
) -> None:
    reference = Backend.from_file(str(folders[name] / "tokenizer.json"))
    for sequence, found in _encoded(folders[name], sequences):
        encoding = reference.encode(sequence)
        assert found.ids.tolist() == encoding.ids
        texts = [sequence[start:end] for start, end in pairwise(found.spans.boundaries)]
        special = encoding.special_tokens_mask
        expected = [t for t, s in zip(encoding.tokens, special, strict=True) if not s]
        assert [t if t in expected else "[UNK]" for t in texts] == expected


def _encoded(folder: Path, sequences: list[str]) -> list[tuple[str, Encoded]]:
    return list(zip(sequences, Tokenizer(folder).encode(sequences), strict=True))


def test_lower_casing_of_a_list_of_tokens_does_not_matter(tmp_path: Path) -> None:
    """DNABERT's vocab.txt without a tokenizer_config.json that says do_lower_case = false."""
    (tmp_path / "vocab.txt").write_text("\n".join([*BERT_SPECIAL, *kmers(2)]))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (found,) = Tokenizer(tmp_path).encode(["ACG"])
    assert found.ids.tolist() == [2, 5 + kmers(2).index("AC"), 5 + kmers(2).index("CG"), 3]


def test_tokens_that_are_all_unknown(tmp_path: Path) -> None:
    backend = Backend(backends.BPE({"[UNK]": 0, "A": 1, "C": 2}, [], unk_token="[UNK]"))  # noqa: S106
    backend.normalizer = normalizers.Lowercase()
    backend.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(InputError, match="got unknown tokens alone"):
        Tokenizer(tmp_path).encode(["ACCA"])
    with pytest.raises(InputError, match="got gaps or overlaps"):
        Tokenizer(tmp_path).encode([""])


def test_roles_are_those_of_the_file_or_by_name(tmp_path: Path, folders: dict[str, Path]) -> None:
    backend = Backend(backends.BPE({"[MASK]": 0, "<hole>": 1, "A": 2}, []))
    backend.save(str(tmp_path / "tokenizer.json"))
    assert Tokenizer(tmp_path).id_of("mask_token") == 0
    assert Tokenizer(tmp_path).id_of("pad_token") is None
    (tmp_path / "tokenizer_config.json").write_text('{"mask_token": {"content": "<hole>"}}')
    assert Tokenizer(tmp_path).id_of("mask_token") == 1
    assert Tokenizer(folders["characters"]).id_of("unk_token") == 0


def test_unreadable_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "BPE", "vocab": {"A": 0}}}')
    with pytest.raises(InputError, match="expected a tokenizer that transformers reads"):
        Tokenizer(tmp_path)


def test_irregular_list_of_tokens_of_a_slow_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(["<unk>", "<cls>", "ACG", "AC", "A"]))
    (tmp_path / "config.json").write_text('{"model_type": "esm"}')
    with pytest.raises(InputError, match=r"got a vocab.txt of other tokens"):
        Tokenizer(tmp_path)

"""Tokens of DNA by a Hugging Face tokenizer, with the nucleotides each owns and reads.

Every token is one unit. Where tokens overlap (DNABERT), token i reads nucleotides [i, i + k) but
owns nucleotide i alone, and the last one owns the k it reads: units must partition the sequence.
Hiding a unit therefore replaces every token that reads a nucleotide of it; replacing the one
token would leave the nucleotide to be read from its neighbours (which is also why DNABERT is
pre-trained with k tokens masked in a row; Ji et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from gxarena.data import Spans
from gxarena.errors import InputError
from gxarena_hf.vocabulary import Vocabulary, read_vocabulary
from gxarena_torch.checkpoint_files import TOKENIZER_FILE, read_json
from gxarena_torch.tokens import Encoded, encoded_by_offsets

NAMES = {
    "unk_token": ("[UNK]", "<unk>"),
    "mask_token": ("[MASK]", "<mask>"),
    "pad_token": ("[PAD]", "<pad>"),
}
"""What special tokens are called where no file says which token is which."""


class Tokenizer:
    """A checkpoint's tokenizer.

    Parameters
    ----------
    folder : Path
        With tokenizer.json or vocab.txt.
    scheme : str
        How sequences are cut: "auto" or one of `gxarena_hf.vocabulary.SCHEMES`.

    Attributes
    ----------
    vocabulary : Vocabulary
    """

    def __init__(self, folder: Path, scheme: str = "auto") -> None:
        self.vocabulary: Vocabulary = read_vocabulary(folder, scheme)
        self._folder = folder
        self._tokenizer = _load(folder)
        if self.vocabulary.scheme == "offsets":
            if not self._tokenizer.is_fast:
                raise InputError(
                    f"{folder}: expected a tokenizer.json, or a vocab.txt of letters or of all "
                    "k-mers, got a vocab.txt of other tokens."
                )
            self._tokenizer.backend_tokenizer.no_padding()
            self._tokenizer.backend_tokenizer.no_truncation()
        else:
            self._prefix, self._suffix = self._template()

    def id_of(self, role: str) -> int | None:
        """Id of the ``unk_token``, ``mask_token`` or ``pad_token``; None where there is none."""
        stated = getattr(self._tokenizer, f"{role}_id")
        if stated is not None:
            return int(stated)
        known = self._tokenizer.get_vocab()
        return next((int(known[name]) for name in NAMES[role] if name in known), None)

    def ids_of(self, tokens: Sequence[str]) -> list[int]:
        """Ids of tokens by their texts."""
        return [int(found) for found in self._tokenizer.convert_tokens_to_ids(list(tokens))]

    def encode(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise upper-case ACGTN.

        Raises
        ------
        InputError
            Tokens that do not tile a sequence, or that are all unknown.
        """
        if self.vocabulary.scheme == "offsets":
            backend = self._tokenizer.backend_tokenizer
            return [
                self._by_offsets(sequence, encoding)
                for sequence, encoding in zip(
                    sequences, backend.encode_batch(list(sequences)), strict=True
                )
            ]
        return [self._by_pieces(sequence) for sequence in sequences]

    def _by_pieces(self, sequence: str) -> Encoded:
        pieces = self.vocabulary.pieces(sequence)
        content = self._tokenizer.convert_tokens_to_ids(pieces)
        n_units = len(content)
        if self.vocabulary.scheme == "overlapping":
            ends = np.arange(n_units) + self.vocabulary.k
            spans = Spans(np.append(np.arange(n_units), len(sequence)))
        else:
            ends = np.cumsum([len(piece) for piece in pieces])
            spans = Spans(np.append(0, ends))
        is_unit = np.zeros(len(self._prefix) + n_units + len(self._suffix), dtype=np.bool_)
        is_unit[len(self._prefix) :][:n_units] = True
        special = self._tokenizer.convert_ids_to_tokens([*self._prefix, *self._suffix])
        ids = np.array([*self._prefix, *content, *self._suffix], dtype=np.int64)
        return Encoded(ids, is_unit, tuple(special), spans, ends)

    def _by_offsets(self, sequence: str, encoding: Any) -> Encoded:
        found = encoded_by_offsets(encoding, len(sequence))
        # A WordPiece model gives up on long words, a lower-casing one on upper-case tokens.
        if found is None:
            got = "gaps or overlaps"
        elif set(sequence) - {"N"} and (found.ids[found.is_unit] == self.id_of("unk_token")).all():
            got = "unknown tokens alone"
        else:
            return found
        raise InputError(
            f"{self._folder}, tokenizer: expected tokens that tile the sequence "
            f"'{sequence[:20]}…' ({len(sequence)} nucleotides), got {got}. If it is a "
            "tokenizer of letters or k-mers, pass tokens=characters, kmers or overlapping."
        )

    def _template(self) -> tuple[list[int], list[int]]:
        """Ids of the special tokens before and after a sequence's own."""
        token = min(self.vocabulary.tokens)
        if self._tokenizer.is_fast:
            encoding = self._tokenizer.backend_tokenizer.encode([token], is_pretokenized=True)
            ids, special = encoding.ids, encoding.special_tokens_mask
            start, end = special.index(0), len(special) - special[::-1].index(0)
            return ids[:start], ids[end:]
        content = self._tokenizer.convert_tokens_to_ids(token)
        ids = self._tokenizer.build_inputs_with_special_tokens([content])
        start = ids.index(content)
        return ids[:start], ids[start + 1 :]


def _roles(folder: Path) -> dict[str, str]:
    """Which token is unknown, mask and padding, where a file says so."""
    path = folder / "tokenizer_config.json"
    stated = read_json(path) if path.is_file() else {}
    tokens = {role: stated.get(role) for role in NAMES}
    return {
        role: token["content"] if isinstance(token, dict) else str(token)
        for role, token in tokens.items()
        if token is not None
    }


def _load(folder: Path) -> Any:
    try:
        if (folder / TOKENIZER_FILE).is_file():
            path = str(folder / TOKENIZER_FILE)
            return PreTrainedTokenizerFast(tokenizer_file=path, **_roles(folder))
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    # The tokenizers library raises plain Exception for a file that it cannot read.
    except Exception as error:
        raise InputError(
            f"{folder}: expected a tokenizer that transformers reads without remote code, got: "
            f"{str(error).splitlines()[0]}"
        ) from error

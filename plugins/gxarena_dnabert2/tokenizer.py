"""BPE tokens of DNA, with the nucleotides each covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Encoding
from tokenizers import Tokenizer as Backend

from gxarena.data import Bools, Ints, Spans
from gxarena.errors import InputError


@dataclass(frozen=True, eq=False)
class Encoded:
    """One tokenised sequence.

    Parameters
    ----------
    ids : int array, shape (T,)
        Token ids, special tokens included, no padding.
    is_unit : bool array, shape (T,)
        False for special tokens.
    special : tuple of str
        Names of the special tokens, in order.
    spans : Spans
        The nucleotides of each unit.
    """

    ids: Ints
    is_unit: Bools
    special: tuple[str, ...]
    spans: Spans

    def masked(self, mask: Bools, unknown: int) -> Encoded:
        """The same with the units under `mask`, shape (U,), replaced by the unknown token."""
        ids = self.ids.copy()
        ids[np.flatnonzero(self.is_unit)[mask]] = unknown
        return Encoded(ids, self.is_unit, self.special, self.spans)


class Tokenizer:
    """A tokenizer.json of a DNABERT-2 model.

    The ids of [PAD] and [UNK] are the tokenizer's: the official config.json names another id for
    padding.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise InputError(f"{folder}: expected a tokenizer.json, found none.")
        try:
            self._backend = Backend.from_file(str(path))
        # The library raises plain Exception for a file that it cannot read.
        except Exception as error:
            raise InputError(f"{path}: expected a tokenizer, got: {error}.") from error
        self._backend.no_padding()
        self._backend.no_truncation()
        self.pad = self._id("[PAD]", path)
        self.unknown = self._id("[UNK]", path)

    def encode(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise upper-case ACGTN.

        Raises
        ------
        InputError
            The tokens do not tile a sequence.
        """
        return [
            self._encoded(sequence, encoding)
            for sequence, encoding in zip(
                sequences, self._backend.encode_batch(list(sequences)), strict=True
            )
        ]

    def id_of(self, token: str) -> int:
        """A token's id; InputError where there is none."""
        return self._id(token, Path("tokenizer"))

    def _encoded(self, sequence: str, encoding: Encoding) -> Encoded:
        special = np.array(encoding.special_tokens_mask, dtype=np.bool_)
        offsets = np.array(encoding.offsets, dtype=np.int64)[~special]
        tiles = (
            len(offsets) > 0
            and offsets[0, 0] == 0
            and offsets[-1, 1] == len(sequence)
            and np.array_equal(offsets[1:, 0], offsets[:-1, 1])
        )
        if not tiles:
            raise InputError(
                f"tokenizer: expected tokens that tile the sequence '{sequence[:20]}…' "
                f"({len(sequence)} nucleotides), got gaps or overlaps. Use upper-case ACGTN."
            )
        tokens = np.array(encoding.tokens, dtype=np.object_)
        return Encoded(
            ids=np.array(encoding.ids, dtype=np.int64),
            is_unit=~special,
            special=tuple(tokens[special]),
            spans=Spans(np.append(0, offsets[:, 1])),
        )

    def _id(self, token: str, path: Path) -> int:
        found = self._backend.token_to_id(token)
        if found is None:
            raise InputError(f"{path}: expected a token {token}, found none.")
        return int(found)

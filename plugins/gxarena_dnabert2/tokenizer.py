"""BPE tokens of DNA, with the nucleotides each covers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding
from tokenizers import Tokenizer as Backend

from gxarena.errors import InputError
from gxarena_torch.checkpoint_files import TOKENIZER_FILE
from gxarena_torch.tokens import Encoded, encoded_by_offsets


class Tokenizer:
    """A tokenizer.json of a DNABERT-2 model.

    The ids of [PAD] and [UNK] are the tokenizer's: the official config.json names another id for
    padding.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / TOKENIZER_FILE
        if not path.is_file():
            raise InputError(f"{folder}: expected a tokenizer.json, found none.")
        try:
            self._backend = Backend.from_file(str(path))
        # The library raises plain Exception for a file that it cannot read.
        except Exception as error:
            raise InputError(f"{path}: expected a tokenizer, got: {error}.") from error
        self._backend.no_padding()
        self._backend.no_truncation()
        self._path = path
        self.pad = self.id_of("[PAD]")
        self.unknown = self.id_of("[UNK]")

    def encode(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise upper-case ACGTN.

        Raises
        ------
        InputError
            The tokens do not tile a sequence.
        """
        encodings = self._backend.encode_batch(list(sequences))
        return [_encoded(*pair) for pair in zip(sequences, encodings, strict=True)]

    def id_of(self, token: str) -> int:
        """A token's id; InputError where there is none."""
        found = self._backend.token_to_id(token)
        if found is None:
            raise InputError(f"{self._path}: expected a token {token}, found none.")
        return int(found)


def _encoded(sequence: str, encoding: Encoding) -> Encoded:
    found = encoded_by_offsets(encoding, len(sequence))
    if found is None:
        raise InputError(
            f"tokenizer: expected tokens that tile the sequence '{sequence[:20]}…' "
            f"({len(sequence)} nucleotides), got gaps or overlaps. Use upper-case ACGTN."
        )
    return found

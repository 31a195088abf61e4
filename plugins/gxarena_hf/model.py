"""Any Hugging Face sequence classifier as a gxarena model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gxarena.data import Spans
from gxarena.errors import InputError, Unsupported, check_choice
from gxarena.explainers.references import KINDS
from gxarena_hf.checkpoint import load_classifier
from gxarena_hf.describe import positions
from gxarena_hf.tokenizer import NAMES, Tokenizer
from gxarena_torch.batching import MOST_PADDING
from gxarena_torch.hub import folder_of
from gxarena_torch.token_model import TokenModel
from gxarena_torch.tokens import Encoded

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

ROLES = {"unknown": "unk_token", "mask": "mask_token", "pad": "pad_token"}
FILLS = ("unknown", "mask")


class HuggingFace(TokenModel):
    """A classifier that transformers reads without remote code.

    BERT-, ESM- and ModernBERT-style encoders are tested: DNABERT, Nucleotide Transformer,
    GENA-LM and kin.

    Parameters
    ----------
    checkpoint : str or Path
        A folder with config.json, tokenizer.json or vocab.txt, and weights; or a hub id.
    tokens : str
        How sequences are cut: ``"auto"``, or one of `gxarena_hf.vocabulary.SCHEMES`.
    fill : "unknown" or "mask"
        What masked units become: the unknown token, or the mask token of the pre-training.
    device, dtype, max_tokens
        See `gxarena_torch.token_model.TokenModel`.
    """

    def __init__(
        self,
        checkpoint: str | Path,
        tokens: str = "auto",
        fill: str = "unknown",
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        check_choice("fill", fill, FILLS)
        super().__init__(device, dtype, max_tokens)
        folder = folder_of(checkpoint)
        self.tokenizer = Tokenizer(folder, tokens)
        self.unknown = self._required(folder, ROLES[fill])
        self.network = load_classifier(folder).to(self.device, self.dtype)
        config = self.network.config
        # The tokenizer's own, where it has one: some config.json name another id.
        known = self.tokenizer.id_of("pad_token") is not None or config.pad_token_id is None
        self.pad = self._required(folder, "pad_token") if known else config.pad_token_id
        config.pad_token_id = self.pad
        self.n_outputs = config.num_labels
        self._positions = positions(config.to_dict())
        # ESM's token dropout rescales by the share of mask tokens in the row, padding included.
        self._token_dropout = bool(getattr(config, "token_dropout", False))
        self.most_padding = 0.0 if self._token_dropout else MOST_PADDING

    @property
    def max_length(self) -> int | None:
        """Nucleotides of the longest sequence that could fit; None where there is no limit."""
        if self._positions is None:
            return None
        shortest = "A" * self.tokenizer.vocabulary.k
        special = len(self.tokenizer.encode([shortest])[0].special)
        return self.tokenizer.vocabulary.capacity(self._positions - special)

    @property
    def reference_kinds(self) -> tuple[str, ...]:
        """Those of `gxarena.explainers.references.KINDS` that the tokenizer has a token for."""
        has = {kind: self.tokenizer.id_of(role) is not None for kind, role in ROLES.items()}
        # ESM with token dropout never sees the mask token's embedding.
        has["mask"] &= not self._token_dropout
        return tuple(kind for kind in KINDS if has.get(kind, True))

    def encoded(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise; InputError where a sequence has more tokens than the network positions."""
        return self._fitting(sequences, self.tokenizer.encode(sequences))

    def in_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> list[Encoded]:
        """Tokens of sequences cut into pieces; InputError likewise: cuts make more tokens.

        Raises
        ------
        Unsupported
            Tokens overlap: they read across every cut.
        """
        if self.tokenizer.vocabulary.scheme == "overlapping":
            raise Unsupported(
                f"{type(self).__name__}: expected tokens that do not overlap, so that sequences "
                "can be cut, got overlapping ones."
            )
        return self._fitting(sequences, super().in_pieces(sequences, pieces))

    def _fitting(self, sequences: Sequence[str], found: list[Encoded]) -> list[Encoded]:
        for sequence, one in zip(sequences, found, strict=True):
            if self._positions is not None and len(one.ids) > self._positions:
                raise InputError(
                    f"sequence '{sequence[:20]}…' ({len(sequence)} nucleotides): expected at most "
                    f"{self._positions} tokens, got {len(one.ids)}. Crop it."
                )
        return found

    def embed(self, encoded: Tensor) -> Tensor:
        """Word embeddings (B, T, D), before positions and LayerNorm."""
        words: Tensor = self.network.get_input_embeddings()(encoded)
        return words

    def logits(self, ids: Tensor, mask: Tensor, words: Tensor | None = None) -> Tensor:
        """Raw outputs (B, C) of ids (B, T), with `words` (B, T, D) as their embeddings if given.

        transformers' own ``inputs_embeds`` will not do: with it, ESM leaves out its position
        embeddings and token dropout.
        """
        with self._embedded(words):
            outputs: Tensor = self.network(input_ids=ids, attention_mask=mask).logits
        return outputs

    def stand_in(self, kind: str) -> Tensor:
        """The word embedding, (D,), of a token that says nothing.

        ``uniform`` is the mean over all tokens of A, C, G and T.
        """
        letters = sorted(token for token in self.tokenizer.vocabulary.tokens if "N" not in token)
        role = ROLES.get(kind)
        ids = self.tokenizer.ids_of(letters) if role is None else [self.tokenizer.id_of(role)]
        mean = self.embed(torch.tensor(ids, device=self.device)).mean(0)
        return torch.zeros_like(mean) if kind == "zeros" else mean

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Fine-tune a checkpoint into ``job.out`` (see `gxarena_hf.train`)."""
        from gxarena_hf.train import train

        return train(job)

    @contextmanager
    def _embedded(self, words: Tensor | None) -> Iterator[None]:
        if words is None:
            yield
            return
        handle = self.network.get_input_embeddings().register_forward_hook(lambda *_: words)
        try:
            yield
        finally:
            handle.remove()

    def _required(self, folder: Path, role: str) -> int:
        found = self.tokenizer.id_of(role)
        if found is None:
            raise InputError(
                f"{folder}, tokenizer: expected a token {' or '.join(NAMES[role])}, found none."
            )
        return found

"""Unlabelled DNA for pre-training: stretches of a FASTA, and tokens with randomly moved bounds."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from gxarena.dna import reverse_complement
from gxarena.errors import InputError

SPECIAL = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
"""In the order of their ids, as in the official tokenizer."""


def read_corpus(path: Path, exclude: Sequence[str] = ()) -> list[str]:
    """Upper-case sequences of a FASTA, each once, but for records of excluded chromosomes.

    Parameters
    ----------
    path : Path
        FASTA, gzipped or not.
    exclude : sequence of str
        Records whose header's last word begins with ``NAME:`` or ``NAMEHet:`` are left out.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt") as file:
            records = file.read().split(">")[1:]
    except OSError as error:
        raise InputError(
            f"settings.corpus, {path}: expected a FASTA file, got '{error.strerror or error}'. "
            "benchmarks/data/build_fly_promoters.py says how to get the fly's."
        ) from error
    excluded = tuple(f"{name}{suffix}:" for name in exclude for suffix in ("", "Het"))
    sequences: dict[str, None] = {}
    for record in records:
        header, _, body = record.partition("\n")
        if header.split() and not header.split()[-1].startswith(excluded or ("\n",)):
            sequences["".join(body.split()).upper()] = None
    if not sequences:
        raise InputError(f"settings.corpus, {path}: expected FASTA records, found none.")
    return list(sequences)


class Stretches:
    """Random stretches of a corpus: item i is a function of (seed, i) alone.

    A stretch is read from either strand and holds no N.
    """

    def __init__(self, corpus: Sequence[str], length: int, size: int, seed: int) -> None:
        self._corpus = [sequence for sequence in corpus if len(sequence) >= length]
        if not self._corpus:
            raise InputError(f"settings.corpus: expected sequences of {length} or more, got none.")
        self._length, self._size, self._seed = length, size, seed

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> str:
        rng = np.random.default_rng([self._seed, index])
        while True:
            sequence = self._corpus[rng.integers(len(self._corpus))]
            start = rng.integers(len(sequence) - self._length + 1)
            stretch = sequence[start : start + self._length]
            if "N" not in stretch:
                break
        return reverse_complement(stretch) if rng.random() < 0.5 else stretch


def train_tokenizer(sequences: Sequence[str], vocab_size: int) -> Tokenizer:
    """A BPE tokenizer built as the official one: [CLS] tokens [SEP], ids in the same order."""
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(sequences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


def encode_with_cuts(
    tokenizer: Tokenizer, sequences: Sequence[str], rate: float, rng: np.random.Generator
) -> list[list[int]]:
    """Token ids with no token across a random cut; a cut stands before a base at `rate`.

    Augmentation in the spirit of BPE dropout (Provilkov et al. 2020), which the tokenizers
    library offers but cannot seed.
    """
    if not rate:
        return [encoding.ids for encoding in tokenizer.encode_batch(list(sequences))]
    pieces = []
    for sequence in sequences:
        cuts = np.flatnonzero(rng.random(len(sequence) - 1) < rate) + 1
        ends = [0, *cuts.tolist(), len(sequence)]
        pieces.append([sequence[a:b] for a, b in itertools.pairwise(ends)])
    encodings = tokenizer.encode_batch(pieces, is_pretokenized=True)
    return [encoding.ids for encoding in encodings]

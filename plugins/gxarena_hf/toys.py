"""Genome language models at toy size with random weights: each architecture and tokenizer once.

For tests and for trying suites out without a download:

    python -m gxarena_hf.toys OUT --seed 0

writes a checkpoint folder for each of `TOYS` below OUT.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    EsmConfig,
    ModernBertConfig,
    PretrainedConfig,
)

from gxarena.dna import ALPHABET
from gxarena.errors import check_choice
from gxarena_torch.checkpoint_files import TOKENIZER_FILE

BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ESM_SPECIAL = ("<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>")
SIZES = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}


def kmers(k: int) -> list[str]:
    """Every k-mer of A, C, G and T."""
    return ["".join(letters) for letters in itertools.product(ALPHABET, repeat=k)]


def dnabert(folder: Path, k: int = 3, **sizes: Any) -> PretrainedConfig:
    """DNABERT: BERT over overlapping k-mers (Ji et al. 2021)."""
    vocabulary = [*BERT_SPECIAL, *kmers(k)]
    _write_list(folder, vocabulary, {"do_lower_case": False})
    return BertConfig(vocab_size=len(vocabulary), pad_token_id=0, **SIZES | sizes)


def nucleotide_transformer(folder: Path, k: int = 3, **sizes: Any) -> PretrainedConfig:
    """Nucleotide Transformer: ESM over k-mers and single letters (Dalla-Torre et al. 2025)."""
    vocabulary = [*ESM_SPECIAL, *kmers(k), *"ATCGN"]
    _write_list(folder, vocabulary, {"eos_token": None})
    return _esm(vocabulary, {"token_dropout": True} | sizes)


def characters(folder: Path, **sizes: Any) -> PretrainedConfig:
    """ESM with rotary positions over single letters."""
    vocabulary = [*ESM_SPECIAL, *"ATCGN"]
    _write_list(folder, vocabulary, {})
    return _esm(vocabulary, {"position_embedding_type": "rotary"} | sizes)


def gena_lm(folder: Path, vocab_size: int = 48, **sizes: Any) -> PretrainedConfig:
    """GENA-LM's way: BERT over byte-pair tokens (Fishman et al. 2025)."""
    size = _write_pairs(folder, vocab_size)
    return BertConfig(vocab_size=size, pad_token_id=0, **SIZES | sizes)


def modernbert(folder: Path, vocab_size: int = 48, **sizes: Any) -> PretrainedConfig:
    """ModernBERT over byte-pair tokens: rotary positions, sliding windows, gated units."""
    size = _write_pairs(folder, vocab_size)
    given = {"local_attention": 8, "global_attn_every_n_layers": 2, "num_hidden_layers": 3}
    special = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3}
    special |= {"bos_token_id": 2, "eos_token_id": 3}
    return ModernBertConfig(vocab_size=size, **SIZES | given | special | sizes)


TOYS: Mapping[str, Callable[..., PretrainedConfig]] = {
    "dnabert": dnabert,
    "nucleotide-transformer": nucleotide_transformer,
    "characters": characters,
    "gena-lm": gena_lm,
    "modernbert": modernbert,
}


def write_toy(name: str, folder: Path, seed: int = 0, noise: float = 0.3, **sizes: Any) -> Path:
    """Write one toy checkpoint.

    Parameters
    ----------
    name : str
        One of `TOYS`.
    folder : Path
        Made where it is not there.
    seed : int
        Draws the weights.
    noise : float
        Added to scales and biases, whose ones and zeros would hide errors; 0 to train from.
    sizes
        Of the architecture's configuration, in its own names; ``k`` for those with k-mers,
        ``vocab_size`` for those with byte-pair tokens.

    Returns
    -------
    Path
        The folder.
    """
    check_choice("toy", name, TOYS)
    folder.mkdir(parents=True, exist_ok=True)
    config = TOYS[name](folder, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = AutoModelForSequenceClassification.from_config(config)
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.ndim == 1:
                    parameter.add_(noise * torch.randn_like(parameter))
    network.save_pretrained(folder)
    return folder


def _esm(vocabulary: list[str], sizes: Mapping[str, Any]) -> PretrainedConfig:
    roles = {"pad_token_id": 1, "mask_token_id": 2}
    return EsmConfig(vocab_size=len(vocabulary), vocab_list=None, **SIZES | roles | dict(sizes))


def _write_list(folder: Path, vocabulary: Sequence[str], settings: Mapping[str, Any]) -> None:
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _write_pairs(folder: Path, n_tokens: int) -> int:
    """Byte-pair encoding learnt from random DNA; the size of its vocabulary."""
    rng = np.random.default_rng(0)
    corpus = ["".join(rng.choice(list(ALPHABET), 200)) for _ in range(50)]
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens, special_tokens=list(BERT_SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    ends = [(name, BERT_SPECIAL.index(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    return int(tokenizer.get_vocab_size())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in TOYS:
        print(write_toy(name, arguments.out / name, arguments.seed))


if __name__ == "__main__":
    main()

"""How a checkpoint cuts DNA into tokens, told from its vocabulary; imports no torch.

Genome language models come with four ways:

``characters``
    One token a nucleotide.
``kmers``
    k letters at a time from the left, single letters where no k-mer fits: at the end and around
    N (Nucleotide Transformer, Dalla-Torre et al. 2025).
``overlapping``
    Every k-mer, one a nucleotide (DNABERT, Ji et al. 2021).
``offsets``
    What the tokenizer's own model does, as byte-pair encoding (DNABERT-2, GENA-LM).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gxarena.errors import InputError, check_choice
from gxarena_torch.checkpoint_files import TOKENIZER_FILE, read_json

SCHEMES = ("characters", "kmers", "overlapping", "offsets")
LEARNED = ("BPE", "Unigram")
"""Models of the tokenizers library that cut by what they learnt, not by length."""

_DNA = re.compile(r"[ACGTN]+")


@dataclass(frozen=True)
class Vocabulary:
    """What tokens there are, and how sequences are cut into them.

    Parameters
    ----------
    tokens : frozenset of str
        Those that are upper-case DNA.
    scheme : str
        One of `SCHEMES`.
    k : int
        Letters of the longest token; 1 for ``characters``.
    """

    tokens: frozenset[str]
    scheme: str
    k: int

    def capacity(self, n_tokens: int) -> int:
        """Nucleotides of the longest sequence that `n_tokens` could cover."""
        return n_tokens + self.k - 1 if self.scheme == "overlapping" else n_tokens * self.k

    def pieces(self, sequence: str) -> list[str]:
        """Texts of a sequence's tokens; not for ``offsets``.

        Raises
        ------
        InputError
            A sequence shorter than its overlapping k-mers.
        """
        if self.scheme != "overlapping":
            # Leftmost first, longest first, as the Nucleotide Transformer's own tokenizer.
            return re.findall(f"[ACGT]{{{self.k}}}|.", sequence)
        if len(sequence) < self.k:
            raise InputError(
                f"tokenizer: expected at least {self.k} nucleotides, one {self.k}-mer, "
                f"got '{sequence}'."
            )
        return [sequence[i : i + self.k] for i in range(len(sequence) - self.k + 1)]


def read_vocabulary(folder: Path, scheme: str = "auto") -> Vocabulary:
    """Read tokenizer.json, or else vocab.txt.

    Parameters
    ----------
    folder : Path
    scheme : "auto" or one of `SCHEMES`
        ``auto`` tells it from the vocabulary: single letters alone are ``characters``; all
        k-mers with single letters ``kmers``, without ``overlapping``; a learnt model ``offsets``.

    Raises
    ------
    InputError
        No such files, a file that cannot be read, no DNA among the tokens, an unknown scheme.
    """
    check_choice("tokens", scheme, ("auto", *SCHEMES))
    model, everything = _read(folder)
    tokens = frozenset(token for token in everything if _DNA.fullmatch(token))
    if not tokens:
        raise InputError(f"{folder}: expected tokens of upper-case A, C, G and T, got none.")
    k = max(map(len, tokens))
    chosen = _scheme(model, tokens, k) if scheme == "auto" else scheme
    return Vocabulary(tokens, chosen, 1 if chosen == "characters" else k)


def _scheme(model: str, tokens: frozenset[str], k: int) -> str:
    if model in LEARNED:
        return "offsets"
    if k == 1:
        return "characters"
    lengths = {len(token) for token in tokens}
    n_kmers = sum(len(token) == k and "N" not in token for token in tokens)
    if n_kmers < 4**k or not lengths <= {1, k}:
        return "offsets"
    return "kmers" if 1 in lengths else "overlapping"


def _read(folder: Path) -> tuple[str, list[str]]:
    """The kind of model, empty for a plain list, and every token."""
    path = folder / TOKENIZER_FILE
    if path.is_file():
        model = read_json(path).get("model")
        model = model if isinstance(model, dict) else {}
        vocabulary = model.get("vocab")
        if not isinstance(vocabulary, dict | list):
            raise InputError(f"{path}: expected a tokenizer with a vocabulary, got none.")
        # Unigram models list [token, score].
        names = (token if isinstance(token, str) else token[0] for token in vocabulary)
        # Older files leave the type out, and only byte-pair encoding has merges.
        return str(model.get("type", "BPE" if "merges" in model else "")), list(names)
    path = folder / "vocab.txt"
    if path.is_file():
        return "", path.read_text(encoding="utf-8").split()
    raise InputError(f"{folder}: expected a tokenizer.json or vocab.txt, found none.")

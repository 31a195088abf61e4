"""Loading a checkpoint's network: transformers' own classes, no remote code, no pickle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, PretrainedConfig
from transformers.utils import logging

from gxarena.errors import InputError
from gxarena_torch.outline import outlined

_UNUSED = ("contact_head.",)
"""Part of some networks, yet of no classifier's output."""
_HEADS = ("classifier", "head.", "pooler.", "score.")
"""What a pre-trained network may lack before it is fine-tuned."""
_OTHER_HEADS = (
    "cls.",
    "lm_head.",
    "decoder.weight",
    "decoder.bias",
    "pooler.",
    "position_ids",
    "inv_freq",
)
"""What a checkpoint may hold that a classifier has no use for."""
_WEIGHTS = (".safetensors", ".bin")
_WEIGHTS_A_BYTE = 2
"""No format stores more: four bits for each."""
_FEW = 10**8
"""So many weights are read without looking first: what is wrong with them is said better then."""


def load_classifier(folder: Path, fresh_labels: int | None = None) -> Any:
    """The network that config.json names, in float32 and evaluation mode, without gradients.

    Parameters
    ----------
    folder : Path
    fresh_labels : int, optional
        For fine-tuning: as many outputs, and what the checkpoint lacks of a head is drawn.

    Raises
    ------
    InputError
        An architecture that transformers does not have, weights that are missing, of another
        shape, truncated, or that hold more than tensors; a checkpoint that is no classifier.
    """
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        # ModernBERT would compile parts of itself, which no explainer's rules reach.
        if hasattr(config, "reference_compile"):
            config.reference_compile = False
        if fresh_labels is not None:
            config.num_labels = fresh_labels
        _check_size(folder, config)
        with _without_a_bar():
            network, report = AutoModelForSequenceClassification.from_pretrained(
                folder,
                config=config,
                trust_remote_code=False,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except InputError:
        raise
    # transformers and torch refuse a checkpoint with errors of a dozen kinds, some plain.
    except Exception as error:
        raise InputError(
            f"{folder}: expected a classifier that transformers reads without remote code, got "
            f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
        ) from error
    _check(folder, type(network).__name__, report, _HEADS if fresh_labels else ())
    return network.eval().requires_grad_(False)


@contextmanager
def _without_a_bar() -> Iterator[None]:
    """A folder is read within a second: a bar would only stand among what components print."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _check_size(folder: Path, config: PretrainedConfig) -> None:
    """transformers allocates what a config asks for, also where no file holds its weights."""
    outline = outlined(
        lambda: AutoModelForSequenceClassification.from_config(config, trust_remote_code=False),
        folder,
    )
    asked = sum(weight.numel() for weight in outline.parameters())
    held = sum(path.stat().st_size for path in folder.iterdir() if path.suffix in _WEIGHTS)
    if asked > max(_WEIGHTS_A_BYTE * held, _FEW):
        raise InputError(
            f"{folder}: expected the weights of the network that its config.json describes, "
            f"{asked:,} of them, got files of {held:,} bytes. Is it another architecture, or "
            "truncated?"
        )


def _check(folder: Path, network: str, report: dict[str, Any], fresh: tuple[str, ...]) -> None:
    """transformers fills with random numbers what a checkpoint lacks: refuse that."""
    if mismatched := _real(_names(report["mismatched_keys"]), fresh):
        raise InputError(
            f"{folder}: expected weights of the shapes that its config.json gives, got others "
            f"for {len(mismatched)}, e.g. {mismatched[0]}. Is it another architecture?"
        )
    if missing := _real(report["missing_keys"], fresh):
        raise InputError(
            f"{folder}: expected the weights of a fine-tuned {network}, got none for "
            f"{len(missing)}, e.g. {', '.join(missing[:3])}. Fine-tune it first, or is it "
            "another architecture?"
        )
    if unexpected := _real(report["unexpected_keys"], _OTHER_HEADS):
        raise InputError(
            f"{folder}: expected weights of transformers' {network}, got {len(unexpected)} that it "
            f"does not have, e.g. {unexpected[0]}. Models with code of their own do not load."
        )


def _names(mismatched: Iterable[str | tuple[Any, ...]]) -> list[str]:
    """Names of weights; transformers 5 gives their shapes with them."""
    return [key if isinstance(key, str) else key[0] for key in mismatched]


def _real(keys: Iterable[str], fresh: tuple[str, ...]) -> list[str]:
    """Those of the keys that the output depends on and that are not to be drawn anyway."""
    return sorted(key for key in keys if not any(part in key for part in (*_UNUSED, *fresh)))

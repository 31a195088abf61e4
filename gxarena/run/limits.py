"""What a model cannot read or has no output for: said before any work."""

from __future__ import annotations

from collections.abc import Sequence

from gxarena.data import Sample
from gxarena.errors import InputError


def check_length(samples: Sequence[Sample], limit: int | None, model: str, where: str = "") -> None:
    """Raise InputError where a sample is longer than `limit` nucleotides.

    Parameters
    ----------
    samples : sequence of Sample
    limit : int or None
        The model's; None where it has none.
    model : str
    where : str
        The data set, to begin the sentence with; empty where sequences are of none.
    """
    longest = max((sample.whole for sample in samples), key=lambda sample: len(sample.sequence))
    if limit is None or len(longest.sequence) <= limit:
        return
    remedy = (
        f'Let the data set "windows" cut them (name = "windows", data = …, length = {limit})'
        if where
        else "Crop the sequences"
    )
    raise InputError(
        f"{where}sample '{longest.id}': expected at most {limit} nucleotides for model "
        f"'{model}', got {len(longest.sequence)}. {remedy}, or choose a model or checkpoint with "
        "a longer input."
    )


def check_target(
    target: str | int, samples: Sequence[Sample], n_outputs: int, model: str, where: str
) -> None:
    """Raise InputError where a target, or a sample's label that is one, is no output of a model."""
    highest = max(sample.label or 0 for sample in samples) if target == "label" else target
    if isinstance(highest, int) and highest >= n_outputs:
        raise InputError(
            f"{where}: expected an output of model '{model}', 0 to {n_outputs - 1}, got {highest}."
        )

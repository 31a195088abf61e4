"""Parameters that came in a bundle and may lead to a file here, which is not theirs to name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_OUTWARD = ("/", "\\", "~", "$", ".")
"""How a text begins that leads somewhere else."""


def paths_among(value: Any, *, names: bool = False) -> Iterator[str]:
    """Texts in a parameter, at any depth, that are a path, or lead to a file that is here.

    Parameters
    ----------
    names : bool
        Whether a text without a folder counts too where something of that name lies here, as of a
        component that may open it: a checkpoint "fly" that ships is then told from a folder "fly".
    """
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from paths_among(inner, names=names)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from paths_among(inner, names=names)
    elif isinstance(value, str) and _leads_to_a_file(value, names):
        yield value


def _leads_to_a_file(text: str, names: bool) -> bool:
    if text.startswith(_OUTWARD) or ".." in Path(text).parts or Path(text).is_absolute():
        return True
    return (names or len(Path(text).parts) > 1) and os.path.lexists(text)

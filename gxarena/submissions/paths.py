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


def path_of(alias: Mapping[str, Any], *, opens: bool) -> str | None:
    """The first file that an alias of a suite names; None where it names none.

    Parameters
    ----------
    opens : bool
        Whether its component may open what a mere name stands for (`names` of `paths_among`).
    """
    return next(paths_among(alias, names=opens), None) or alias.get("path")


def leads_outward(text: str) -> bool:
    """Whether a text is a path, whatever lies here."""
    return text.startswith(_OUTWARD) or ".." in Path(text).parts or Path(text).is_absolute()


def _leads_to_a_file(text: str, names: bool) -> bool:
    if leads_outward(text):
        return True
    return (names or len(Path(text).parts) > 1) and os.path.lexists(text)

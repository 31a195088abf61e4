"""The version of a run folder's files: what another version wrote is refused, never mixed in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gxarena.errors import InputError

FORMAT = 5
"""Of a run folder's files. Raised whenever the columns in `gxarena.results.schemas` or their
meaning change."""

BEFORE_FORMATS = 1
"""What a run was written in that names no format."""


def check_format(folder: Path, record: Mapping[str, Any]) -> None:
    """Refuse a run of another format.

    Parameters
    ----------
    folder : Path
        How the error begins.
    record : mapping
        What the folder's ``run.json`` says.

    Raises
    ------
    InputError
        Another version of gxarena wrote it, in another format.
    """
    found = record.get("format", BEFORE_FORMATS)
    if found != FORMAT:
        raise InputError(
            f"{folder}: expected a run in format {FORMAT}, got one in format {found}, which "
            "another version of gxarena wrote. Run its suite into another folder, or use the "
            "version that wrote it."
        )

"""The version of a run folder's files: what another version wrote is refused, never mixed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gxarena.errors import InputError

FORMAT = 6
"""Of a run folder's files. Raised whenever the columns in `gxarena.results.schemas`, their
meaning, or what lies in a run folder change."""

READABLE_TABLES = (5, FORMAT)
"""Formats whose tables have these columns: bundles and boards that hold such are read."""

BEFORE_FORMATS = 1
"""What a run was written in that names no format."""


def check_format(
    folder: Path, record: Mapping[str, Any], readable: Collection[int] = (FORMAT,)
) -> None:
    """Refuse a run of another format.

    Parameters
    ----------
    folder : Path
        How the error begins.
    record : mapping
        What the folder's ``run.json`` says.
    readable : collection of int
        Formats that are not refused.

    Raises
    ------
    InputError
        Another version of gxarena wrote it, in another format.
    """
    found = record.get("format", BEFORE_FORMATS)
    if found not in readable:
        raise InputError(
            f"{folder}: expected a run in format {FORMAT}, got one in format {found}, which "
            "another version of gxarena wrote. Run its suite into another folder, or use the "
            "version that wrote it."
        )

"""What a run folder says of its plan: ``run.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gxarena.files import RUN_FILE, write_text
from gxarena.results.format_version import FORMAT, check_format


@dataclass(frozen=True)
class RunRecord:
    """Whose run a folder is, and which cells count.

    Attributes
    ----------
    suite : str
        The suite's name.
    digest : str
        The plan's identity.
    cells : tuple of str
        Ids, in the plan's order.
    document : mapping
        The suite, as TOML would hold it.
    format : int
        Of the folder's files (see `gxarena.results.format_version.FORMAT`).
    """

    suite: str
    digest: str
    cells: tuple[str, ...]
    document: Mapping[str, Any]
    format: int = FORMAT

    @property
    def seed(self) -> int:
        """The suite's seed."""
        return int(self.document["seed"])

    @property
    def headline(self) -> list[str]:
        """Patterns of the metrics that the suite shows first."""
        return [str(pattern) for pattern in self.document.get("headline", ())]

    @property
    def groupings(self) -> dict[str, str]:
        """Data sets whose samples are grouped, and how (see `gxarena.results.sample_groups`)."""
        aliases = self.document.get("datasets", {})
        return {label: alias["groups"] for label, alias in aliases.items() if alias.get("groups")}

    def write(self, folder: Path) -> None:
        """Write it into a run folder."""
        write_text(folder / RUN_FILE, json.dumps(asdict(self), indent=1, sort_keys=True))

    @classmethod
    def read(cls, folder: Path) -> RunRecord | None:
        """A folder's record, or None where there is none that reads.

        Raises
        ------
        InputError
            Another version of gxarena wrote it, in another format.
        """
        try:
            document = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(document, dict) or not {"suite", "cells"} <= document.keys():
            return None
        check_format(folder, document)
        return cls(
            suite=document["suite"],
            digest=document["digest"],
            cells=tuple(document["cells"]),
            document=document["document"],
        )

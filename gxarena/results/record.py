"""What a run folder says of its plan: ``run.json``, and what is found again without it.

The same is kept a second time: beside the segments while a run works, in the footer of its cells
once it has ended. Where run.json is gone or damaged, that is read instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gxarena.files import RUN_FILE, write_text
from gxarena.identity import digest
from gxarena.results.format_version import FORMAT, READABLE_TABLES, check_format
from gxarena.results.parquet import read_identity
from gxarena.results.segments import SEGMENTS

CHECKSUM = "checksum"
"""The key of run.json under which the digest of all others stands."""
RECORD = "record"
"""The key of the record in the identity document of a run's cells."""


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

    def as_document(self) -> dict[str, Any]:
        """What is written of it, with a checksum."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return document | {CHECKSUM: digest(document)}

    def write(self, folder: Path) -> None:
        """Write it into a folder."""
        text = json.dumps(self.as_document(), indent=1, sort_keys=True)
        write_text(folder / RUN_FILE, text)

    @classmethod
    def of(cls, document: object) -> RunRecord | None:
        """The record that a document is; None where it is none, or another than was written."""
        if not isinstance(document, dict):
            return None
        said = {key: value for key, value in document.items() if key != CHECKSUM}
        if document.get("format") != FORMAT or document.get(CHECKSUM) != digest(said):
            return None
        return cls.unchecked(said)

    @classmethod
    def unchecked(cls, document: Mapping[str, Any]) -> RunRecord:
        """The record of a document whose digest was looked at elsewhere, if there is one.

        Raises
        ------
        KeyError, TypeError
            It is no record.
        """
        cells = tuple(document["cells"])
        if not all(isinstance(one, str) for one in (document["suite"], *cells)):
            raise TypeError("expected names as text")
        return cls(
            suite=document["suite"],
            digest=document["digest"],
            cells=cells,
            document=document["document"],
        )

    @classmethod
    def read(cls, folder: Path) -> RunRecord | None:
        """A run folder's record, wherever it still is, or None where there is none that reads.

        Raises
        ------
        InputError
            Another version of gxarena wrote it, in another format.
        """
        written = _document(folder / RUN_FILE)
        identity = read_identity(folder / "cells.parquet") if cls.of(written) is None else None
        copies = (written, _document(folder / SEGMENTS / RUN_FILE), (identity or {}).get(RECORD))
        if found := next(filter(None, map(cls.of, copies)), None):
            return found
        if isinstance(written, dict) and {"suite", "cells"} <= written.keys():
            check_format(folder, written)
        return None

    @classmethod
    def of_bundle(cls, folder: Path) -> RunRecord | None:
        """The record in a bundle, whose files have digests of their own; None where there is none.

        Raises
        ------
        InputError
            Another version of gxarena wrote it, in another format.
        KeyError, TypeError
            It lacks what each has.
        """
        document = _document(folder / RUN_FILE)
        if not isinstance(document, dict) or not {"suite", "cells"} <= document.keys():
            return None
        check_format(folder, document, READABLE_TABLES)
        return cls.unchecked(document)


def _document(path: Path) -> object:
    """What a file of JSON holds; None where there is none, or it does not read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None

"""The format of a run folder's files has a number, and it means something."""

from __future__ import annotations

from gxarena.identity import digest
from gxarena.results.schemas import FORMAT, TABLES

COLUMNS = {3: "a35f8ca33d9f1eed3f23693e37cdb7aa"}
"""What the tables of each format are made of. Another digest needs another format."""


def test_other_columns_are_another_format() -> None:
    columns = {name: schema.to_string() for name, schema in TABLES.items()}
    assert digest(columns) == COLUMNS[FORMAT]

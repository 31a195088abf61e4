"""Text defaults of a factory, read from its source."""

from __future__ import annotations

from gxarena.sources.defaults import text_defaults

SOURCE = b"""
from dataclasses import dataclass
from pathlib import Path

def factory(a, b="b.txt", *, c=Path("c.txt"), d=3, e=None): ...

class Component:
    def __init__(self, first, path="scores.txt", n: int = 2): ...
    def explain(self, other="no.txt"): ...

@dataclass
class Kept:
    path: str = "kept.txt"
    n: int = 1
"""


def test_of_functions_classes_and_dataclasses() -> None:
    assert text_defaults(SOURCE, "factory") == {"b": "b.txt", "c": "c.txt"}
    assert text_defaults(SOURCE, "Component") == {"path": "scores.txt"}
    assert text_defaults(SOURCE, "Kept") == {"path": "kept.txt"}


def test_what_is_not_there_or_does_not_parse_has_none() -> None:
    assert text_defaults(SOURCE, "explain") == {}
    assert text_defaults(b"def broken(", "broken") == {}

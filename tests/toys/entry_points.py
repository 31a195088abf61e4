"""Entry points as an installed plugin would have them, made by hand."""

from __future__ import annotations

from importlib import metadata


def entry_point(name: str, value: str) -> metadata.EntryPoint:
    return metadata.EntryPoint(name, value, "gxarena")

"""Datasets: what they are; reading them is added by the datasets work."""

from __future__ import annotations

from dataclasses import dataclass

from gxarena.data import Sample


@dataclass(frozen=True)
class Dataset:
    """Named samples."""

    name: str
    samples: tuple[Sample, ...]

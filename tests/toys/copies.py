"""Copies of data sets in the layouts they are published in, made from random sequences."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

Texts = dict[str, str]
"""Sequences by their place, ``SPLIT/CLASS/ID``."""


def texts(n: int = 60, length: int = 30) -> Texts:
    """`n` sequences in train and half as many in test, of classes negative and positive."""
    rng = np.random.default_rng(5)
    places = [
        f"{split}/{('negative', 'positive')[i % 2]}/{i}"
        for split, size in (("train", n), ("test", n // 2))
        for i in range(size)
    ]
    return {place: "".join(rng.choice(list("ACGT"), length)) for place in places}


def unpacked(folder: Path, texts: Texts) -> Path:
    """`folder`, which then holds the sequences as text files."""
    for place, text in texts.items():
        file = folder / f"{place}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def archived(path: Path, texts: Texts, top: str = "") -> Path:
    """`path`, an archive of them below a folder `top`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, text in texts.items():
            archive.writestr(f"{top}/{place}.txt".lstrip("/"), text)
    return path


def table(texts: Texts, split: str, header: str = "sequence,label") -> str:
    """A split as CSV; positive is 1."""
    rows = [
        f"{text},{int('/positive/' in place)}"
        for place, text in texts.items()
        if place.startswith(f"{split}/")
    ]
    return "\n".join([header, *rows]) + "\n"

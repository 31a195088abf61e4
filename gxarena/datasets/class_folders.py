"""Data sets as folders ``SPLIT/CLASS/ID.txt``, unpacked or in a zip archive."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from gxarena.data import Sample
from gxarena.datasets.reading import checked_sequence
from gxarena.errors import InputError, as_input_error
from gxarena.unpacking import members_of

_AMBIGUOUS = str.maketrans("RYSWKMBDHVryswkmbdhv", "N" * 20)
"""IUPAC's codes for several nucleotides, of which reference genomes hold some."""


def is_copy(path: Path) -> bool:
    """Whether it is a zip archive, or a folder with train and test."""
    if path.is_file():
        return path.suffix.lower() == ".zip"
    return (path / "train").is_dir() and (path / "test").is_dir()


def read_class_folders(path: Path, split: str) -> tuple[Sample, ...]:
    """The samples of one split, by class and then by id.

    A sample's id is ``CLASS/ID``; its label is the place of its class among the sorted names of
    all classes of all splits. Nucleotides that are ambiguous (IUPAC's R, Y, …) are read as N.

    Parameters
    ----------
    path : Path
        A folder that holds the splits, or an archive of such a folder.
    split : str

    Raises
    ------
    InputError
        An archive that is damaged, or no such split.
    """
    remedy = "Is it damaged? Delete it and fetch it anew."
    with as_input_error(path, "sequences as SPLIT/CLASS/ID.txt", remedy):
        texts = _archived(path, split) if path.is_file() else _unpacked(path, split)
    label = {kind: index for index, kind in enumerate(sorted({place[1] for place in texts}))}
    wanted = sorted(place for place in texts if place[0] == split)
    if not wanted:
        splits = ", ".join(sorted({place[0] for place in texts})) or "none"
        raise InputError(
            f"{path}: expected sequences as {split}/CLASS/ID.txt, got none. Splits there: {splits}."
        )
    return tuple(
        Sample(
            f"{kind}/{name}",
            checked_sequence(
                texts[split, kind, name].strip().translate(_AMBIGUOUS),
                f"{path}, {split}/{kind}/{name}",
            ),
            label[kind],
        )
        for _, kind, name in wanted
    )


_Texts = dict[tuple[str, str, str], str]
"""What stands at split, class and id; left empty in other splits than the one asked for."""


def _unpacked(path: Path, split: str) -> _Texts:
    return {
        (part, file.parent.name, file.stem): (
            file.read_text(encoding="ascii") if part == split else ""
        )
        for part in ("train", "test")
        for file in (path / part).glob("*/*.txt")
    }


def _archived(path: Path, split: str) -> _Texts:
    texts = {}
    with zipfile.ZipFile(path) as archive:
        for member in members_of(path, archive):
            # Opening one compares its two names: a class or split that a damaged name tells of
            # would move labels and samples.
            with archive.open(member):
                place = PurePosixPath(member.filename)
            # macOS adds shadows of every file.
            if place.suffix != ".txt" or len(place.parts) < 3 or "__MACOSX" in place.parts:
                continue
            part, kind = place.parts[-3:-1]
            text = archive.read(member).decode("ascii") if part == split else ""
            texts[part, kind, place.stem] = text
    return texts

"""Files of the distribution `spliceai`, as `pip install --no-deps spliceai` lays them.

They are Illumina's, under licences of their own (see README.md), and no part of this package.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from gxarena.errors import InputError

CHECKPOINTS = ("1", "2", "3", "4", "5")
"""Five trainings of one recipe ship; the authors average their probabilities."""


def distributed(name: str) -> Path:
    """A file of the installed distribution, by its path there.

    Raises
    ------
    InputError
        It is not installed, or has no such file.
    """
    try:
        path = Path(str(metadata.distribution("spliceai").locate_file(name)))
    except metadata.PackageNotFoundError as error:
        raise InputError(
            "spliceai: expected the distribution that brings weights and annotations, got none. "
            "Run pip install --no-deps spliceai, or say where its files are."
        ) from error
    if not path.is_file():
        raise InputError(f"spliceai: expected the file {name} in the distribution, got none.")
    return path


def weights_path(checkpoint: str | Path) -> Path:
    """The file of a checkpoint: one of `CHECKPOINTS`, or a path.

    Raises
    ------
    InputError
        There is no such file.
    """
    if str(checkpoint) in CHECKPOINTS:
        return distributed(f"spliceai/models/spliceai{checkpoint}.h5")
    if not Path(checkpoint).is_file():
        raise InputError(
            f"spliceai, checkpoint: expected one of {', '.join(CHECKPOINTS)} or a Keras file, "
            f"got '{checkpoint}'."
        )
    return Path(checkpoint)

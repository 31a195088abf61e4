"""What the tests share: a window with two genes, and weights that nobody has trained."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from gxarena_spliceai.distribution import distributed

from gxarena.dna import reverse_complement
from gxarena.errors import InputError

FIRST = 1_000_001
_HEADER = "#NAME\tCHROM\tSTRAND\tTX_START\tTX_END\tEXON_START\tEXON_END\n"


@pytest.fixture(scope="session")
def published() -> Path:
    """The published weights of the first training; tests of them skip where they are absent."""
    try:
        return distributed("spliceai/models/spliceai1.h5")
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file laid out as the published ones, of random weights."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("weights") / "untrained.h5"
    widths = {1: (1, 4, 32), 39: (1, 32, 3), **dict.fromkeys((2, 11, 20, 29, 38), (1, 32, 32))}
    with h5py.File(path, "w") as file:

        def put(layer: str, name: str, array: object) -> None:
            file[f"model_weights/{layer}/{layer}/{name}:0"] = np.asarray(array, dtype=np.float32)

        for number in range(1, 40):
            width = (11, 11, 21, 41)[min((number - 3) // 9, 3)] if number > 2 else 1
            shape = widths.get(number, (width, 32, 32))
            put(f"conv1d_{number}", "kernel", rng.normal(0, (shape[0] * shape[1]) ** -0.5, shape))
            put(f"conv1d_{number}", "bias", rng.normal(0, 0.1, shape[2]))
        for number in range(1, 33):
            name = f"batch_normalization_{number}"
            put(name, "gamma", rng.uniform(0.5, 1.0, 32))
            put(name, "beta", rng.normal(0, 0.1, 32))
            put(name, "moving_mean", rng.normal(0, 0.1, 32))
            put(name, "moving_variance", rng.uniform(0.5, 1.5, 32))
    return path


@pytest.fixture(scope="session")
def genome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of windows, and a table of two genes in it: the same exons on either strand."""
    folder = tmp_path_factory.mktemp("windows")
    letters = np.random.default_rng(1).choice(list("ACGT"), 40_000)
    # Exons of 100 nucleotides from places 10,000, 10,500 and 11,000 on.
    for end, start in ((10_100, 10_500), (10_600, 11_000)):
        letters[end : end + 2], letters[start - 2 : start] = list("GT"), list("AG")
    forward = "".join(letters[:20_000])
    text = forward + reverse_complement(forward)
    (folder / "one.fa").write_text(f">chr3 {FIRST} {FIRST + len(text) - 1}\n{text.lower()}\n")
    (folder / "other.fa").write_text(">chr2R\nACGT\n")
    starts, ends = [10_000, 10_500, 11_000], [10_100, 10_600, 11_100]
    mirrored = [40_000 - end for end in reversed(ends)], [40_000 - s for s in reversed(starts)]

    def row(name: str, strand: str, starts: list[int], ends: list[int]) -> str:
        first, last = (",".join(str(FIRST - 1 + p) for p in ps) + "," for ps in (starts, ends))
        return f"{name}\t3\t{strand}\t{starts[0]}\t{ends[-1]}\t{first}\t{last}\n"

    genes = folder / "genes.txt"
    genes.write_text(_HEADER + row("F", "+", starts, ends) + row("R", "-", *mirrored))
    return folder, genes


@pytest.fixture(scope="session")
def windows() -> Path:
    """The windows of hg19 that build.sh lays beside the suite; their tests skip without them."""
    folder = Path(__file__).parents[1] / "windows"
    if not folder.is_dir():
        pytest.skip(f"needs {folder.name}/, which build.sh makes")
    return folder

"""What ships is found in a checkout and in an installed wheel, and is what suites refer to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena import files as module
from gxarena.files import shipped


@pytest.mark.parametrize(
    "relative",
    [
        "quickstart.toml",
        "planted.toml",
        "ctcf-vs-pu1.toml",
        "fly-motifs.toml",
        "data/fly_promoters.parquet",
        "data/fly_promoters.md",
    ],
)
def test_what_the_code_names_is_there(relative: str) -> None:
    assert shipped(relative).is_file()


@pytest.mark.parametrize("installed", [False, True])
def test_a_wheel_has_its_own_copy(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gxarena"
    beside = package / "benchmarks" if installed else tmp_path / "benchmarks"
    (tmp_path / "benchmarks" / "data").mkdir(parents=True)
    (beside / "data").mkdir(parents=True, exist_ok=True)
    (beside / "data" / "d.csv").touch()
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert shipped("data/d.csv") == beside / "data" / "d.csv"
    assert shipped("data/d.csv").is_file()

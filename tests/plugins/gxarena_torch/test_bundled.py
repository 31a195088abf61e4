"""Checkpoints that ship: by name, and which of them are replicates."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena_torch.bundled import bundled_checkpoints, bundled_replicates


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("cnn-fly", "cnn-fly-1", "cnn-fly-2", "cnn-fly-4", "cnn-planted", "mini-fly"):
        (tmp_path / name).mkdir()
    (tmp_path / "cnn-notes").write_text("no folder")
    return tmp_path


def test_names_are_those_of_the_folders(weights: Path) -> None:
    found = bundled_checkpoints(weights, "cnn-")
    names = {"fly", "fly-1", "fly-2", "fly-4", "planted"}
    assert found.keys() == names | {"fly-0", "planted-0"}
    assert found["fly-2"] == weights / "cnn-fly-2"
    assert found["fly-0"] == found["fly"] == weights / "cnn-fly"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fly", ("fly", "fly-1", "fly-2")),  # there is no third, so that the fourth is not reached
        ("fly-0", ("fly-0", "fly-1", "fly-2")),
        ("fly-1", ("fly-1",)),
        ("planted", ("planted",)),
        ("runs/mine", ()),
    ],
)
def test_replicates_are_numbered_without_a_gap(
    weights: Path, name: str, expected: tuple[str, ...]
) -> None:
    assert bundled_replicates(name, bundled_checkpoints(weights, "cnn-")) == expected

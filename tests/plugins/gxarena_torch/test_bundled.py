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


PLUGINS = Path(__file__).parents[3] / "plugins"
SHIPPED = {"gxarena_cnn": "cnn-", "gxarena_dnabert2": "mini-"}


@pytest.mark.parametrize("trained_on", ["fly", "planted"])
@pytest.mark.parametrize("plugin", SHIPPED)
def test_five_trainings_of_each_recipe_ship(plugin: str, trained_on: str) -> None:
    shipped = bundled_checkpoints(PLUGINS / plugin / "weights", SHIPPED[plugin])
    assert len(bundled_replicates(trained_on, shipped)) == 5


def test_all_weights_together_are_small() -> None:
    files = [file for plugin in SHIPPED for file in (PLUGINS / plugin / "weights").rglob("*")]
    assert 0 < sum(file.stat().st_size for file in files) < 40e6

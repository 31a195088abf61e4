"""A recipe trained several times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.errors import InputError
from gxarena.training.replicates import train_replicates

RECIPE = """
model = "cnn"
seed = 3

[data]
train = "data.csv"
valid = "data.csv"
test = "data.csv"

[settings]
epochs = 1
batch_size = 16

[settings.network]
filters = [4]
kernel = 3
dense = 4
"""


@pytest.fixture
def recipe(data: Path) -> Path:
    path = data.parent / "toy.toml"
    path.write_text(RECIPE)
    return path


def test_each_is_trained_from_a_seed_of_its_own(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cards = train_replicates(recipe, out, 2, ["settings.epochs=2"])
    assert sorted(path.name for path in out.iterdir()) == ["0", "1"]
    for position, card in enumerate(cards):
        assert json.loads((out / str(position) / "card.json").read_text()) == card
        assert card["recipe"]["seed"] == 3 + position
        assert f"- seed: {3 + position}" in (out / str(position) / "README.md").read_text()
        assert card["command"] == (
            f"gxarena train {recipe} --out {out} --replicates 2 --set settings.epochs=2"
        )
    weights = [(out / name / "model.safetensors").read_bytes() for name in "01"]
    assert weights[0] != weights[1]


def test_it_is_resumed_and_continued(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gxarena_cnn.model import CNN

    train, seeds = CNN.train, []

    def dies_at_the_second(job: Any) -> Mapping[str, object]:
        seeds.append(job.seed)
        if seeds == [3, 4]:
            raise KeyboardInterrupt
        return train(job)

    monkeypatch.setattr(CNN, "train", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        train_replicates(recipe, tmp_path / "out", 2)
    assert len(train_replicates(recipe, tmp_path / "out", 2)) == 2
    assert len(train_replicates(recipe, tmp_path / "out", 3)) == 3
    assert seeds == [3, 4, 4, 5]


def test_what_they_share_is_the_first_one_s(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gxarena_cnn.model import CNN

    def share(settings: Mapping[str, object], first: Path) -> dict[str, object]:
        assert (first / "card.json").is_file()
        return {**settings, "batch_size": 8}

    monkeypatch.setattr(CNN, "replicate_settings", staticmethod(share), raising=False)
    cards = train_replicates(recipe, tmp_path / "out", 3)
    assert [card["recipe"]["settings"]["batch_size"] for card in cards] == [16, 8, 8]


def test_a_folder_of_something_else_is_refused(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one of replicates \(0, 1, …\), got one that holds"):
        train_replicates(recipe, recipe.parent, 2)
    with pytest.raises(InputError, match="expected a folder, got a file"):
        train_replicates(recipe, recipe, 2)
    with pytest.raises(InputError, match="--replicates: expected 1 or more, got 0"):
        train_replicates(recipe, tmp_path / "out", 0)


def test_by_command_and_in_a_suite(recipe: Path, tmp_path: Path, data: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["train", str(recipe), "--out", str(out), "--replicates", "2"])
    assert done.exit_code == 0, done.output
    suite = tmp_path / "suite.toml"
    suite.write_text(
        f"""
name = "mine"
[datasets.mine]
path = "{data}"
[models.cnn]
checkpoint = "{out}"
replicates = 2
[[matrix]]
datasets = ["mine"]
models = ["cnn"]
explainers = ["lrp"]
metrics = ["replicate_agreement"]
"""
    )
    planned = CliRunner().invoke(app, ["plan", str(suite), "--json"])
    cells = json.loads(planned.stdout)["cells"]
    assert [cell["checkpoint"] for cell in cells] == [str(out / "0"), str(out / "1")]
    assert {cell["status"] for cell in cells} == {"due"}

"""Recipes, and what `train` makes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.results.lock import locked
from gxarena.training.job import train, trainable
from gxarena.training.recipe import read_recipe

RECIPE = """
model = "cnn"
seed = 3
summary = "A toy."

[data]
train = "train.csv"
valid = "valid.csv"
test = "test.csv"

[settings]
epochs = 3
batch_size = 16
learning_rate = 0.01

[settings.network]
filters = [8, 4]
kernel = 6
dense = 8
"""


def write_split(path: Path, n: int, seed: int) -> None:
    """Sequences of 40 nucleotides; those of class 1 hold a motif of A and T."""
    rng = np.random.default_rng(seed)
    lines = ["id,sequence,label"]
    for index in range(n):
        sequence = "".join(rng.choice(list("ACGT"), 40))
        if index % 2:
            sequence = sequence[:15] + "TATCGATA" + sequence[23:]
        lines.append(f"{path.stem}{index},{sequence},{index % 2}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe in a folder of its own, with data beside it."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    for seed, (name, n) in enumerate({"train": 300, "valid": 60, "test": 100}.items()):
        write_split(folder / f"{name}.csv", n, seed)
    path = folder / "toy.toml"
    path.write_text(RECIPE)
    return path


def test_who_cannot_be_trained_is_said_with_who_can(registry: Registry, recipe: Path) -> None:
    asked = read_recipe(recipe, ["model=toy"])
    with pytest.raises(InputError, match=r"expected a model that can be trained, got 'toy'\."):
        trainable(asked, recipe, registry)
    assert "trainable" in registry.components["models", "cnn"].component.provides
    assert trainable(read_recipe(recipe), recipe, registry) is registry.factory("models", "cnn")


def test_data_have_the_parameters_that_the_recipe_gives_them(tmp_path: Path) -> None:
    """Held-out words on both strands: what train, valid and test share is the setting."""
    path = tmp_path / "toy.toml"
    splits = "".join(f'{split} = "planted:{split}"\n' for split in ("train", "valid", "test"))
    given = "[data.parameters]\nn = 120\ngrammar = 'one'\nstrands = 'both'\nheld_out = true\n"
    head, settings = RECIPE.split("[data]")[0], RECIPE[RECIPE.index("[settings]") :]
    path.write_text(f"{head}[data]\n{splits}{given}{settings}")
    card = train(path, tmp_path / "out", ["settings.epochs=1"])
    wanted = {"n": 120, "grammar": "one", "strands": "both", "held_out": True}
    assert card["recipe"]["data"]["parameters"] == wanted
    for split, facts in card["data"].items():
        assert facts["digest"] == open_dataset(f"planted:{split}", **wanted).digest
    assert '"held_out": true' in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(InputError, match="out: expected a folder of this training, got one of ano"):
        train(path, tmp_path / "out", ["settings.epochs=1", "data.parameters.held_out=false"])
    with pytest.raises(InputError, match="planted, strands: unknown 'up'"):
        train(path, tmp_path / "other", ["data.parameters.strands=up"])


def test_a_recipe_without_parameters_of_data_is_what_it_always_was(recipe: Path) -> None:
    """A finished training is told by its recipe: a new key would make it another one."""
    assert read_recipe(recipe).model_dump(mode="json")["data"] == {
        "train": "train.csv", "valid": "valid.csv", "test": "test.csv",
    }  # fmt: skip


def test_a_recipe_becomes_a_checkpoint_with_its_card(recipe: Path, tmp_path: Path) -> None:
    from gxarena_cnn.model import CNN

    out = tmp_path / "out"
    card = train(recipe, out, ["settings.epochs=6"])
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock",
        "README.md",
        "card.json",
        "config.json",
        "model.safetensors",
        "recipe.json",
    ]
    assert json.loads((out / "card.json").read_text()) == card
    assert card["recipe"]["settings"]["epochs"] == 6
    assert card["data"]["test"]["samples"] == 100
    assert card["training"]["epochs"] == 6
    assert card["versions"].keys() >= {"gxarena", "torch", "numpy", "scikit-learn"}
    assert card["command"] == f"gxarena train {recipe} --out {out} --set settings.epochs=6"
    rows = [line.split(",") for line in (recipe.parent / "test.csv").read_text().split()[1:]]
    outputs = CNN(out, device="cpu").predict([row[1] for row in rows])
    accuracy = np.mean(outputs.argmax(axis=1) == [int(row[2]) for row in rows])
    assert card["scores"]["model"]["test"]["accuracy"] == accuracy > 0.9
    for baseline in ("kmer", "gc"):
        assert 0 <= card["scores"][baseline]["test"]["auc"] <= 1
    readme = (out / "README.md").read_text()
    assert f"| this model | test | {accuracy:.4f} |" in readme
    assert "GC content only" in readme
    assert "licence: MIT" in readme


def test_the_same_command_again_is_done(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gxarena_cnn.model import CNN

    card = train(recipe, tmp_path / "out", ["settings.epochs=1"])

    def refuse(_: Any) -> None:
        raise AssertionError("trained twice")

    monkeypatch.setattr(CNN, "train", refuse)
    assert train(recipe, tmp_path / "out", ["settings.epochs=1"]) == card
    for name in ("card.json", "recipe.json"):
        for torn in ("{", "[]", "[" * 100_000):
            whole = (tmp_path / "out" / name).read_text()
            (tmp_path / "out" / name).write_text(torn)
            with pytest.raises(InputError, match=rf"{name}: expected"):
                train(recipe, tmp_path / "out", ["settings.epochs=1"])
            (tmp_path / "out" / name).write_text(whole)


def test_a_killed_training_is_resumed(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gxarena_cnn.training import train as cnn_train

    evaluate = cnn_train.evaluate
    seen = []

    def dies_once(*arguments: Any) -> dict[str, float]:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return evaluate(*arguments)

    monkeypatch.setattr(cnn_train, "evaluate", dies_once)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "out")
    assert not (tmp_path / "out" / "card.json").exists()
    card = train(recipe, tmp_path / "out")
    assert card["training"]["epochs"] == 3
    assert len(seen) == 4  # one epoch was lost, none was repeated


@pytest.mark.parametrize(
    ("change", "difference"),
    [("seed=4", "'seed' was 3"), ("settings.epochs=2", "'settings' was")],
)
def test_a_folder_of_another_training_is_refused(
    recipe: Path, tmp_path: Path, change: str, difference: str
) -> None:
    train(recipe, tmp_path / "out", ["settings.epochs=1"])
    with pytest.raises(InputError, match=rf"one of another \({difference}"):
        train(recipe, tmp_path / "out", ["settings.epochs=1", change])


def test_changed_data_is_another_training(recipe: Path, tmp_path: Path) -> None:
    train(recipe, tmp_path / "out", ["settings.epochs=1"])
    write_split(recipe.parent / "valid.csv", 60, 9)
    with pytest.raises(InputError, match="'data_digests' was"):
        train(recipe, tmp_path / "out", ["settings.epochs=1"])


def test_a_training_that_never_began_leaves_the_folder_free(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="epoch: unknown key"):
        train(recipe, tmp_path / "out", ["settings.epoch=1"])
    assert train(recipe, tmp_path / "out", ["settings.epochs=1"])["training"]["epochs"] == 1


def test_two_trainings_do_not_share_a_folder(recipe: Path, tmp_path: Path) -> None:
    with (
        locked(tmp_path / "out"),
        pytest.raises(InputError, match="expected no other gxarena at work here"),
    ):
        train(recipe, tmp_path / "out")


def test_what_follows_a_training_is_asked_for_before_it_begins(
    recipe: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; from pathlib import Path;"
        "from gxarena.training.job import train; train(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(recipe), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "MissingExtra" in done.stderr
    assert "pip install 'gxarena[train]'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_refused(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="new or empty folder, got one that holds other files"):
        train(recipe, tmp_path)
    with pytest.raises(InputError, match="expected a folder, got a file"):
        train(recipe, recipe)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace("model =", "modell ="), r"modell: unknown key\. Did you mean"),
        (lambda text: text.replace("train =", "trian ="), r"data\.trian: unknown key\. Did you"),
        (lambda text: text.replace('test = "test.csv"', ""), r"data\.test: expected a value"),
        (lambda text: text.replace("= 3\nsummary", "= -1\nsummary"), "toy.toml, seed: expected"),
        (lambda text: text + "[", "expected TOML, got a syntax error"),
    ],
)
def test_an_invalid_recipe_is_named(recipe: Path, edit: Callable[[str], str], message: str) -> None:
    recipe.write_text(edit(RECIPE))
    with pytest.raises(InputError, match=message):
        read_recipe(recipe)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model=deepstar", r"toy\.toml, model: unknown model .* Did you mean 'deepstarr'\?"),
        ("data.train=nowhere.csv", "nowhere.csv"),
        ("settings.epoch=1", r"epoch: unknown key\. Did you mean 'epochs'\?"),
    ],
)
def test_what_is_not_there_is_named(
    recipe: Path, tmp_path: Path, change: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(recipe, tmp_path / "out", [change])


def test_all_files_that_are_not_there_are_named(recipe: Path, tmp_path: Path) -> None:
    lost = ["data.train=nowhere.csv", "data.test=neither.csv"]
    with pytest.raises(InputError, match=r"data\.train 'nowhere.csv', data\.test 'neither.csv'\."):
        train(recipe, tmp_path / "out", lost)


def test_unlabelled_data_is_refused(recipe: Path, tmp_path: Path) -> None:
    (recipe.parent / "test.csv").write_text("id,sequence\nx,ACGT\n")
    with pytest.raises(InputError, match=r"data\.test: expected a label .* got none for 'x'"):
        train(recipe, tmp_path / "out")


def test_every_shipped_recipe_is_valid() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "recipes"
    recipes = {path.stem: read_recipe(path) for path in folder.glob("*.toml")}
    assert recipes.keys() >= {"cnn-fly", "cnn-ctcf-vs-pu1", "deepstarr"}


def test_importing_it_imports_no_torch() -> None:
    program = "import sys, gxarena.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

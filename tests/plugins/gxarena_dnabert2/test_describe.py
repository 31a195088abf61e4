from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.hookspecs import Facts
from gxarena_dnabert2.describe import MINI, describe, describe_mini

Checkpoints = Callable[..., Path]


def test_facts_of_a_folder(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint(num_labels=3)
    facts = describe(str(folder), device="cpu")
    assert (facts.n_outputs, facts.max_length) == (3, None)
    names = {"config.json", "model.safetensors", "tokenizer.json"}
    assert {Path(file).name for file in facts.files} == names


def test_a_hub_id_is_not_fetched() -> None:
    assert describe("owner/model") == Facts()


@pytest.mark.parametrize("path", ["./nowhere", "~/nowhere", "nowhere", "a/b/c", "/nowhere/at"])
def test_a_folder_that_is_not_there(path: str) -> None:
    with pytest.raises(InputError, match="expected a checkpoint folder, found none"):
        describe(path)


def test_a_folder_without_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a checkpoint folder with config\.json"):
        describe(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "expected JSON"),
        ("3", "expected a table of sizes, got 3"),
        ('{"model_type": "gpt2"}', "expected the sizes of a DNABERT-2 network"),
    ],
)
def test_a_configuration_of_something_else(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=expected):
        describe(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("num_attention_heads", "0", "num_attention_heads: expected a positive number, got 0"),
        ("vocab_size", '"many"', "vocab_size: expected a positive number, got 'many'"),
        ("num_labels", "2.5", "num_labels: expected a positive number, got 2.5"),
        ("hidden_act", '"relu"', "hidden_act: expected 'gelu', got 'relu'"),
    ],
)
def test_sizes_that_cannot_be(
    make_checkpoint: Checkpoints, key: str, value: str, expected: str
) -> None:
    folder = make_checkpoint()
    path = folder / "config.json"
    # The last of two equal keys counts.
    path.write_text(path.read_text().rstrip().removesuffix("}") + f', "{key}": {value}}}')
    with pytest.raises(InputError, match=expected):
        describe(folder)


def test_heads_must_divide_the_width(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"hidden_size": 24', '"hidden_size": 25'))
    with pytest.raises(InputError, match="multiple of num_attention_heads, got 25 and 12"):
        describe(folder)


def test_labels_are_counted_as_hugging_face_writes_them(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    path = folder / "config.json"
    labels = '"id2label": {"0": "a", "1": "b", "2": "c"}'
    path.write_text(path.read_text().replace('"num_labels": 2', labels))
    assert describe(folder).n_outputs == 3


def test_the_bundled_checkpoint() -> None:
    if not MINI.is_dir():
        pytest.skip("the bundled weights are not there yet")
    facts = describe_mini()
    assert (facts.files, facts.n_outputs) == (describe(MINI).files, 2)
    assert facts.replicates[0] == "fly"


def test_replicates_ship_beside_the_first(
    make_checkpoint: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(make_checkpoint())
    monkeypatch.setattr("gxarena_dnabert2.describe.BUNDLED", {"fly": folder, "fly-1": folder})
    assert describe_mini().replicates == ("fly", "fly-1")
    assert describe_mini(checkpoint="fly").replicates == ("fly", "fly-1")
    assert describe_mini(checkpoint=folder).replicates == ()


def test_planning_imports_no_torch() -> None:
    code = (
        "import sys, gxarena_dnabert2.plugin, gxarena_dnabert2.describe;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'lxt')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

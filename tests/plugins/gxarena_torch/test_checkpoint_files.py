from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena_torch.checkpoint_files import files_read, read_json, shards, weights_file

INDEX = "model.safetensors.index.json"


def _index(folder: Path, *names: str) -> Path:
    weights = {f"w{number}": name for number, name in enumerate(names)}
    (folder / INDEX).write_text(json.dumps({"weight_map": weights}))
    return folder / INDEX


def test_shards_are_where_the_index_says(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.safetensors", "sub/w.safetensors", "config.json", "vocab.txt", "README.md"):
        (tmp_path / name).write_text("{}")
    index = _index(tmp_path, "sub/w.safetensors", "a.safetensors", "sub/w.safetensors")
    assert weights_file(tmp_path) == index
    assert shards(index) == [tmp_path / "a.safetensors", tmp_path / "sub" / "w.safetensors"]
    read = {str(Path(file).relative_to(tmp_path)) for file in files_read(tmp_path)}
    assert read == {"a.safetensors", "config.json", "vocab.txt", INDEX}


def test_a_missing_shard(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected every shard it lists, got no b\.safetensors"):
        shards(_index(tmp_path, "b.safetensors"))


@pytest.mark.parametrize("text", ["{}", '{"weight_map": ["a"]}', '{"weight_map": {"a": 1}}'])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(InputError, match="expected an index with a weight_map"):
        shards(tmp_path / INDEX)


def test_one_file_is_its_only_shard(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").touch()
    assert weights_file(tmp_path) == tmp_path / "pytorch_model.bin"
    assert shards(tmp_path / "pytorch_model.bin") == [tmp_path / "pytorch_model.bin"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("[]", "a JSON object"), ("{", "a syntax error"), ("[" * 100_000, "a syntax error")],
    ids=["list", "cut", "deep"],
)
def test_what_is_no_mapping(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_json(tmp_path / "x.json")


def test_planning_with_them_imports_no_torch() -> None:
    code = (
        "import sys, gxarena_torch.checkpoint_files, gxarena_torch.hub, gxarena_torch.tokens;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'lxt')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

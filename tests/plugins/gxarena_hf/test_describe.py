from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.hookspecs import Facts
from gxarena_hf.describe import describe, positions
from gxarena_hf.model import HuggingFace


def test_as_the_loaded_model(folders: dict[str, Path], models: dict[str, HuggingFace]) -> None:
    for name, folder in folders.items():
        facts = describe(folder, device="cpu")
        assert (facts.n_outputs, facts.max_length) == (2, models[name].max_length)
        read = {Path(file).name for file in facts.files}
        assert {"config.json", "model.safetensors"} < read
        assert read & {"vocab.txt", "tokenizer.json"}


def test_tokens_are_part_of_the_limit(folders: dict[str, Path]) -> None:
    assert describe(folders["dnabert"]).max_length == 512
    assert describe(folders["dnabert"], tokens="characters").max_length == 510


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 512),
        ({"model_type": "esm", "max_position_embeddings": 1002, "pad_token_id": 1}, 1000),
        (
            {
                "model_type": "esm",
                "max_position_embeddings": 1002,
                "pad_token_id": 1,
                "position_embedding_type": "rotary",
            },
            1002,
        ),
        ({"model_type": "t5"}, None),
    ],
)
def test_positions(config: dict[str, object], expected: int | None) -> None:
    assert positions(config) == expected


def test_no_limit_where_none_is_stated(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "a", "1": "b", "2": "c"}}))
    (tmp_path / "vocab.txt").write_text("A\nC\nG\nT\n")
    assert describe(tmp_path).max_length is None
    assert describe(tmp_path).n_outputs == 3


def test_on_the_hub_or_nowhere() -> None:
    assert describe("owner/name") == Facts()
    with pytest.raises(InputError, match="found no such folder"):
        describe("no/such/folder")


def test_imports_no_torch() -> None:
    code = "import sys, gxarena_hf.describe, gxarena_hf.plugin; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

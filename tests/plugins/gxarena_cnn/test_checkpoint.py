"""Checkpoint folders, and what is said of those that are none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gxarena.errors import InputError
from gxarena_cnn.checkpoint import load_network, read_tensors, save_network, write_tensors
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.describe import describe_cnn, describe_deepstarr
from gxarena_cnn.model import CNN, DeepSTARR, OneHotModel
from gxarena_cnn.networks import Network


@pytest.fixture
def folder(make_network: Callable[..., Network], tmp_path: Path) -> Path:
    save_network(make_network(), tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_what_is_saved_is_loaded(
    make_network: Callable[..., Network], folder: Path, sequences: tuple[str, ...]
) -> None:
    expected = OneHotModel(make_network(), "cpu").predict(sequences)
    np.testing.assert_array_equal(CNN(folder, device="cpu").predict(sequences), expected)


def test_half_precision_halves_the_file(
    make_network: Callable[..., Network], tmp_path: Path, sequences: tuple[str, ...]
) -> None:
    config = DeepSTARRConfig(input_length=64)
    network = make_network(config)
    save_network(network, tmp_path / "full")
    save_network(network, tmp_path / "half", "float16")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("full", "half")]
    assert sizes[1] < 0.52 * sizes[0]
    full, half = (DeepSTARR(tmp_path / name, device="cpu") for name in ("full", "half"))
    assert {p.dtype for p in half.network.parameters()} == {torch.float32}
    np.testing.assert_allclose(half.predict(sequences), full.predict(sequences), atol=0.02)


def test_describe_agrees_with_the_model(folder: Path) -> None:
    facts, model = describe_cnn(folder, batch_size=3), CNN(folder, device="cpu")
    assert (facts.max_length, facts.n_outputs) == (model.max_length, model.n_outputs)
    assert [Path(file).name for file in facts.files] == ["config.json", "model.safetensors"]
    bundled = describe_cnn()
    assert (bundled.max_length, bundled.n_outputs) == (250, 2)


def test_describe_imports_no_torch(folder: Path) -> None:
    program = (
        "import sys; from gxarena_cnn.describe import describe_cnn; import gxarena_cnn.plugin; "
        f"describe_cnn({str(folder)!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def change(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_not_a_folder(tmp_path: Path) -> None:
    for describe in (describe_cnn, describe_deepstarr):
        with pytest.raises(InputError, match=r"expected a folder with .*, got nothing there"):
            describe(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="got a file"):
        CNN(tmp_path / "file")
    with pytest.raises(InputError, match=r"expected a file config\.json, got none"):
        CNN(tmp_path)


def test_another_architecture(folder: Path) -> None:
    with pytest.raises(InputError, match="expected the architecture 'deepstarr', got 'cnn'"):
        DeepSTARR(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filterz": [1]}, r"filterz: unknown key\. Did you mean 'filters'\?"),
        ({"dense": "many"}, "dense: expected a valid integer"),
        ({"input_length": 5}, "a position is left after the last pooling layer, got 5"),
    ],
)
def test_an_invalid_config(folder: Path, values: dict[str, object], message: str) -> None:
    change(folder, **values)
    with pytest.raises(InputError, match=message):
        CNN(folder)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000], ids=["cut", "list", "deep"])
def test_a_config_that_is_no_json_object(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"expected (a )?JSON"):
        CNN(folder)


def test_truncated_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="expected a complete safetensors file"):
        CNN(folder)


def test_missing_and_unexpected_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = read_tensors(path)
    tensors["surplus"] = tensors.pop("head.1.bias")
    write_tensors(tensors, path)
    with pytest.raises(InputError, match=r"missing: head\.1\.bias; unexpected: surplus"):
        load_network(folder, CNNConfig)


def test_weights_of_another_shape(folder: Path) -> None:
    change(folder, dense=7)
    with pytest.raises(InputError, match=r"expected 'head\.1\.weight' of shape"):
        CNN(folder)


@pytest.mark.parametrize("values", [{"dense": 10**13}, {"input_length": 10**13}])
def test_a_network_beyond_all_memory(folder: Path, values: dict[str, object]) -> None:
    """Nothing of that size is allocated: torch could not, and says so in its own words."""
    change(folder, **values)
    with pytest.raises(InputError, match=r"as config.json says, got \("):
        load_network(folder, CNNConfig)


def test_weights_that_are_not_finite(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = read_tensors(path)
    tensors["head.1.bias"][0] = torch.nan
    write_tensors(tensors, path)
    with pytest.raises(InputError, match=r"finite weights, got NaN or infinity in 'head\.1\.bias'"):
        CNN(folder)

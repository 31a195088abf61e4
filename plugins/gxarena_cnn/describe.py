"""What planning may know of a CNN without loading it; imports no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gxarena.errors import InputError
from gxarena.hookspecs import Facts
from gxarena_cnn.config import (
    CNNConfig,
    DeepSTARRConfig,
    NetworkConfig,
    read_config,
)
from gxarena_torch.bundled import bundled_checkpoints, bundled_replicates
from gxarena_torch.checkpoint_files import CONFIG_FILE, SAFETENSORS

_WEIGHTS = Path(__file__).parent / "weights"
BUNDLED = bundled_checkpoints(_WEIGHTS, "cnn-")
"""Checkpoints that ship, by name."""

BUNDLED_CNN = BUNDLED["fly"]


def cnn_folder(checkpoint: str | Path | None) -> Path:
    """The checkpoint folder of `gxarena_cnn.model.CNN`; none, or a name, is a bundled one."""
    return BUNDLED.get(str(checkpoint or "fly"), Path(checkpoint or ""))


def deepstarr_folder(checkpoint: str | Path | None) -> Path:
    """The checkpoint folder of `gxarena_cnn.model.DeepSTARR`, which has no bundled weights."""
    if checkpoint is None:
        raise InputError(
            "model 'deepstarr': expected a checkpoint folder, got none. "
            "Train one: gxarena train RECIPE.toml --out DIR, then pass checkpoint=DIR."
        )
    return Path(checkpoint)


def describe_cnn(checkpoint: str | Path | None = None, **_: object) -> Facts:
    """Facts of ``CNN(checkpoint)``."""
    found = _facts(cnn_folder(checkpoint), CNNConfig)
    return replace(found, replicates=bundled_replicates(str(checkpoint or "fly"), BUNDLED))


def describe_deepstarr(checkpoint: str | Path | None = None, **_: object) -> Facts:
    """Facts of ``DeepSTARR(checkpoint)``."""
    return _facts(deepstarr_folder(checkpoint), DeepSTARRConfig)


def _facts(folder: Path, kind: type[NetworkConfig]) -> Facts:
    config = read_config(folder, kind)
    return Facts(
        max_length=config.input_length,
        n_outputs=config.n_outputs,
        files=(str(folder / CONFIG_FILE), str(folder / SAFETENSORS)),
    )

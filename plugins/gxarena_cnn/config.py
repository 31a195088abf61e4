"""What a checkpoint's ``config.json`` says of its network; imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from gxarena.errors import InputError
from gxarena.validation import validated
from gxarena_torch.checkpoint_files import CONFIG_FILE, SAFETENSORS

Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]


class NetworkConfig(BaseModel):
    """What every one-hot network has.

    Parameters
    ----------
    input_length : int
        Nucleotides the network reads; shorter sequences are padded with N on the right.
    n_outputs : int
        Logits C.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    architecture: ClassVar[str]

    input_length: PositiveInt
    n_outputs: Annotated[int, Field(ge=2)] = 2

    def pooled_length(self) -> int:
        """Positions left after the last pooling layer."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.pooled_length() < 1:
            raise ValueError(
                f"an input length at which a position is left after the last pooling layer, "
                f"got {self.input_length}"
            )
        return self


class CNNConfig(NetworkConfig):
    """The Genomic Benchmarks CNN (Gresova et al. 2023), the published widths by default.

    Parameters
    ----------
    filters : tuple of int
        Filters of each convolutional block; published: 16, 8, 4.
    kernel : int
        Width of every convolution, in positions; published: 8.
    dense : int
        Width of the hidden dense layer; published: 512.
    hidden_relu : bool
        Whether a ReLU follows the hidden dense layer; published: no.
    dropout : float
        Dropout before each of the two dense layers; published: 0.
    """

    architecture: ClassVar[str] = "cnn"

    filters: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (16, 8, 4)
    kernel: PositiveInt = 8
    dense: PositiveInt = 512
    hidden_relu: bool = False
    dropout: Dropout = 0.0

    def pooled_length(self) -> int:
        length = self.input_length
        for _ in self.filters:
            length = (length - self.kernel + 1) // 2
        return length


class DeepSTARRConfig(NetworkConfig):
    """DeepSTARR (de Almeida et al. 2022) with a free input length.

    Parameters
    ----------
    filters, kernels : tuples of 4 int
        Published: 256, 60, 60, 120 filters of width 7, 3, 5, 3.
    dense : tuple of 2 int
        Published: 256, 256.
    dropout : float
        After each hidden dense layer; published: 0.4.
    """

    architecture: ClassVar[str] = "deepstarr"

    filters: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (256, 60, 60, 120)
    kernels: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (7, 3, 5, 3)
    dense: tuple[PositiveInt, PositiveInt] = (256, 256)
    dropout: Dropout = 0.4

    def pooled_length(self) -> int:
        length = self.input_length
        for _ in self.filters:
            length //= 2
        return length


Config = TypeVar("Config", bound=NetworkConfig)


def parse_config(kind: type[Config], values: Mapping[str, object], where: str) -> Config:
    """Validate `values` as a config of `kind`; `where` leads the error's sentence."""
    return validated(kind, dict(values), where)


def read_config(folder: str | Path, kind: type[Config]) -> Config:
    """The config of a checkpoint folder.

    Raises
    ------
    InputError
        Not a folder, no ``config.json``, not JSON, or the config of another architecture.
    """
    folder = Path(folder)
    where = f"checkpoint {folder}"
    if not folder.is_dir():
        raise InputError(
            f"{where}: expected a folder with {CONFIG_FILE} and {SAFETENSORS}, got "
            f"{'a file' if folder.exists() else 'nothing there'}."
        )
    for name in (CONFIG_FILE, SAFETENSORS):
        if not (folder / name).is_file():
            raise InputError(f"{where}: expected a file {name}, got none.")
    path = folder / CONFIG_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got {error}.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a JSON object, got {type(values).__name__}.")
    architecture = values.pop("architecture", None)
    if architecture != kind.architecture:
        raise InputError(
            f"{path}: expected the architecture '{kind.architecture}', got {architecture!r}."
        )
    return parse_config(kind, values, str(path))


def config_json(config: NetworkConfig) -> str:
    """What goes into ``config.json``."""
    values = {"architecture": config.architecture, **config.model_dump(mode="json")}
    return json.dumps(values, indent=2) + "\n"

"""What a recipe's ``[settings]`` may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from gxarena.validation import validated
from gxarena_cnn.checkpoint import Precision

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Field(ge=0.0, le=1e3)]


class Settings(BaseModel):
    """A recipe's ``[settings]``.

    Parameters
    ----------
    network : table
        Parameters of the network (see `gxarena_cnn.config`); ``input_length`` is the longest
        training or validation sequence's unless given, ``n_outputs`` the number of classes.
    epochs, patience : int
        Most epochs, and epochs without a better validation loss after which training stops.
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW; the rate is warmed up over the first epoch, then falls along a cosine.
    label_smoothing : float
    average : float
        Decay per step of the exponential moving average of the weights, which is what is
        validated and kept; 0 keeps the weights themselves.
    reverse_complement : bool
        Read each training sequence from a strand drawn at random.
    shift : int
        Shift each training sequence by up to so many nucleotides, drawn at random; what is moved
        in is N.
    mask : float
        Fraction of each training sequence's nucleotides replaced by N, drawn at random.
    choose_by : "loss" or "accuracy"
        What of the validation split decides on the epoch that is kept.
    precision : "float32" or "float16"
        How kernels and matrices are stored.
    device : str
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: dict[str, Any] = Field(default_factory=dict)
    epochs: PositiveInt = 40
    patience: PositiveInt = 8
    batch_size: Annotated[int, Field(ge=2)] = 128
    learning_rate: Annotated[float, Field(gt=0.0, le=10.0)] = 1e-3
    weight_decay: NotNegative = 1e-2
    label_smoothing: Fraction = 0.0
    average: Fraction = 0.0
    reverse_complement: bool = False
    shift: Annotated[int, Field(ge=0)] = 0
    mask: Fraction = 0.0
    choose_by: Literal["loss", "accuracy"] = "loss"
    precision: Precision = "float32"
    device: str = "auto"


def read_settings(settings: Mapping[str, object]) -> Settings:
    """Validate a recipe's ``[settings]``."""
    return validated(Settings, dict(settings), "recipe, [settings]")

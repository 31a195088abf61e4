"""A network's shapes without its weights: what a checkpoint's config asks for, before it is had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from gxarena.errors import InputError
from gxarena_torch.checkpoint_files import CONFIG_FILE

M = TypeVar("M", bound=nn.Module)

_DRAWING = frozenset({"normal_", "uniform_"})
"""What every other way to draw weights ends in."""


class _Undrawn(TorchFunctionMode):
    """Draws no weights: on no memory they would be nothing, and torch loads its compiler for that,
    which takes as long as torch itself.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWING:
            tensor: torch.Tensor = given["tensor"] if "tensor" in given else args[0]
            if tensor.is_meta:
                return tensor
        return func(*args, **given)


def outlined(make: Callable[[], M], where: Path) -> M:
    """The network on no memory: its weights have shapes and no values.

    A config may ask for more than there is, and a machine gives until it has none left.

    Raises
    ------
    InputError
        Sizes that torch cannot count; `where` is the file or folder whose config they are of.
    """
    try:
        with torch.device("meta"), _Undrawn():
            return make()
    except (RuntimeError, OverflowError, TypeError) as error:
        raise InputError(
            f"{where}: expected a network that some memory holds, as {CONFIG_FILE} describes it, "
            f"got sizes that torch cannot count ({str(error).splitlines()[0]})."
        ) from error

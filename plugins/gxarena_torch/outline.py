"""A network's shapes without its weights: what a checkpoint's config asks for, before it is had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from gxarena.errors import InputError
from gxarena_torch.checkpoint_files import CONFIG_FILE

M = TypeVar("M", bound=nn.Module)


def outlined(make: Callable[[], M], where: Path) -> M:
    """The network on no memory: its weights have shapes and no values.

    A config may ask for more than there is, and a machine gives until it has none left.

    Raises
    ------
    InputError
        Sizes that torch cannot count; `where` is the file or folder whose config they are of.
    """
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, OverflowError, TypeError) as error:
        raise InputError(
            f"{where}: expected a network that some memory holds, as {CONFIG_FILE} describes it, "
            f"got sizes that torch cannot count ({str(error).splitlines()[0]})."
        ) from error

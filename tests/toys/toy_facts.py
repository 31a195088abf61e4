"""What planning may know of a toy model."""

from __future__ import annotations

import os

from gxarena.errors import InputError
from gxarena.hookspecs import Facts


def short(**_: object) -> Facts:
    return Facts(max_length=10, n_outputs=2)


def fails(**_: object) -> Facts:
    raise RuntimeError("no facts today")


def refuses(**_: object) -> Facts:
    raise InputError("toy: expected no such checkpoint")


def nothing(**_: object) -> None:
    return None


def one_argument(size: int) -> Facts:
    return Facts(max_length=size)


def stored() -> Facts:
    return Facts(files=(os.environ["TOY_WEIGHTS"],))

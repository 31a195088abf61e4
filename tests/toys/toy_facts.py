"""What planning may know of a toy model."""

from __future__ import annotations

import os

from gxarena.errors import InputError
from gxarena.hookspecs import Facts


def short(**_: object) -> Facts:
    return Facts(max_length=10, n_outputs=2)


def one(**_: object) -> Facts:
    return Facts(n_outputs=1)


def trained(checkpoint: str = "one", **_: object) -> Facts:
    ship = ("one", "one-1", "one-2")
    return Facts(n_outputs=2, replicates=ship if checkpoint == "one" else ())


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

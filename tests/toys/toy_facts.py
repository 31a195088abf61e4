"""What planning may know of a toy model."""

from __future__ import annotations

from gxarena.hookspecs import Facts


def short(**_: object) -> Facts:
    return Facts(max_length=10, n_outputs=2)

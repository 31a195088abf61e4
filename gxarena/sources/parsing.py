"""Python source as a tree, one at a time."""

from __future__ import annotations

import ast
import threading

_ONE = threading.Lock()


def parsed(source: bytes) -> ast.Module:
    """The source's tree.

    Two threads that parse at once fail each other by a SystemError (CPython's issue 106905).

    Raises
    ------
    SyntaxError, ValueError
        It is no Python.
    """
    with _ONE:
        return ast.parse(source)

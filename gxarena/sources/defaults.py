"""Text that a component's factory takes where nothing is given: it may name a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def text_defaults(source: bytes, name: str) -> dict[str, str]:
    """Parameters of a class or function at a module's top whose default is text.

    Parameters
    ----------
    source : bytes
        The module's.
    name : str

    Returns
    -------
    dict
        Empty where there is nothing of that name, or the source does not parse.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            found |= _of_function(node)
        elif isinstance(node, ast.ClassDef) and node.name == name:
            found |= dict(_of_fields(node))
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                    found |= _of_function(inner)
    return found


def _of_function(function: ast.FunctionDef) -> dict[str, str]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    last = plain[len(plain) - len(arguments.defaults) :]
    pairs = [
        *zip(last, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {one.arg: text for one, default in pairs if (text := _text(default)) is not None}


def _of_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Of a dataclass."""
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            text = _text(inner.value)
            if text is not None:
                yield inner.target.id, text


def _text(node: ast.expr | None) -> str | None:
    """A literal's text, also as the only argument of a call such as ``Path("a.txt")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

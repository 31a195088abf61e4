"""Text that a component's factory takes where nothing is given: it may name a file."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gxarena.sources.parsing import parsed


@functools.lru_cache(maxsize=512)
def text_defaults(source: bytes, name: str) -> Mapping[str, str]:
    """Parameters of a class or function at a module's top whose default is text.

    Kept by the source's bytes: identities are taken anew after every cell, of the same few modules.

    Parameters
    ----------
    source : bytes
        The module's.
    name : str

    Returns
    -------
    mapping
        Empty where there is nothing of that name, or the source does not parse.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return MappingProxyType({})
    constants = _constants(tree)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            found |= _of_function(node, constants)
    for node in _with_bases(classes, name):
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                found = _of_function(inner, constants) | found
        found = dict(_of_fields(node, constants)) | found
    return MappingProxyType(found)


def _constants(tree: ast.Module) -> dict[str, str]:
    """Text that the module's names stand for."""
    found: dict[str, str] = {}
    for node in tree.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        text = _text(node.value, {}) if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if text is not None:
            found |= {one.id: text for one in targets if isinstance(one, ast.Name)}
    return found


def _with_bases(classes: dict[str, ast.ClassDef], name: str) -> list[ast.ClassDef]:
    """A class, then those of the same module that it inherits from."""
    found: list[ast.ClassDef] = []
    waiting = [name]
    while waiting:
        node = classes.get(waiting.pop(0))
        if node is not None and node not in found:
            found.append(node)
            waiting += [base.id for base in node.bases if isinstance(base, ast.Name)]
    return found


def _of_function(function: ast.FunctionDef, constants: dict[str, str]) -> dict[str, str]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    last = plain[len(plain) - len(arguments.defaults) :]
    pairs = [
        *zip(last, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    texts = {one.arg: _text(default, constants) for one, default in pairs}
    return {name: text for name, text in texts.items() if text is not None}


def _of_fields(node: ast.ClassDef, constants: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Of a dataclass."""
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            text = _text(inner.value, constants)
            if text is not None:
                yield inner.target.id, text


def _text(node: ast.expr | None, constants: dict[str, str]) -> str | None:
    """A literal's text, or a constant's; also as the only argument, as in ``Path("a.txt")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

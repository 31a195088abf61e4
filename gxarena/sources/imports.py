"""What a module's source names: the modules it imports, and its strings. Nothing is imported."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mentions:
    """What a module's source names.

    Attributes
    ----------
    imports : tuple of (module, whether inside a function)
        A ``from`` import may name a submodule or an attribute: both are here.
    strings : tuple of str
    """

    imports: tuple[tuple[str, bool], ...] = ()
    strings: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4096)
def mentions(source: bytes, package: str) -> Mentions:
    """What a source names; nothing where it does not parse, which its import will say."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return Mentions()
    strings: list[str] = []
    imports = tuple(dict.fromkeys(_imported(tree, package, False, strings)))
    return Mentions(imports, tuple(dict.fromkeys(strings)))


def _imported(
    tree: ast.AST, package: str, inside: bool, strings: list[str]
) -> Iterator[tuple[str, bool]]:
    """Modules imported at run time, and whether inside a function; strings go to `strings`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, *filter(None, [node.module])]) if node.level else node.module
            if base:
                yield base, inside
                yield from ((f"{base}.{alias.name}", inside) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.append(node.value)
        else:
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imported(node, package, inside or function, strings)

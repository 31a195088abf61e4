"""What a module's source names: the modules it imports, and its strings. Nothing is imported."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gxarena.sources.parsing import parsed

_TYPING = re.compile(r"(?P<negated>not )?(\w+\.)?TYPE_CHECKING")
_NAME, _MORE = r"[A-Za-z_]\w*", r"\.[A-Za-z_]\w*"
_WHOLE = re.compile(rf"{_NAME}(?:{_MORE})*")
_INSIDE = re.compile(rf"(?<!\S)-m\s+({_NAME}(?:{_MORE})*)|(?<![\w.])({_NAME}(?:{_MORE})+)")


@dataclass(frozen=True)
class Mentions:
    """What a module's source names.

    Attributes
    ----------
    imports : tuple of (module, whether inside a function)
        A ``from`` import may name a submodule or an attribute: both are here.
    strings : tuple of str
        But for docstrings.
    """

    imports: tuple[tuple[str, bool], ...] = ()
    strings: tuple[str, ...] = ()


@functools.lru_cache(maxsize=4096)
def mentions(source: bytes, package: str) -> Mentions:
    """What a source names; nothing where it does not parse, which its import will say."""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return Mentions()
    strings: list[str] = []
    imports = tuple(dict.fromkeys(_imported(tree, package, False, strings)))
    return Mentions(imports, tuple(dict.fromkeys(strings)))


def modules_named(text: str) -> list[str]:
    """What a string may name as modules: itself, or dotted names and what follows ``-m`` in it."""
    if _WHOLE.fullmatch(text):
        return [text]
    return [started or dotted for started, dotted in _INSIDE.findall(text)]


def _imported(
    tree: ast.AST, package: str, inside: bool, strings: list[str]
) -> Iterator[tuple[str, bool]]:
    """Modules imported at run time, and whether inside a function; strings go to `strings`."""
    for node in _run(tree):
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


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that are run: not docstrings, nor what is for typing alone."""
    for node in ast.iter_child_nodes(tree):
        typing = _TYPING.fullmatch(ast.unparse(node.test)) if isinstance(node, ast.If) else None
        if isinstance(node, ast.If) and typing:
            branch = node.body if typing["negated"] else node.orelse
            yield from _run(ast.Module(branch, type_ignores=[]))
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node

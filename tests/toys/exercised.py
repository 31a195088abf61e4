"""What test modules exercise, read from their syntax: what they import, use, call and say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise


@dataclass(frozen=True)
class TestModule:
    """One file below tests/.

    Parameters
    ----------
    source : str
    """

    __test__ = False
    source: str

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.source)))

    @cached_property
    def functions(self) -> frozenset[str]:
        """Functions that it defines."""
        return frozenset(n.name for n in self._nodes if isinstance(n, ast.FunctionDef))

    @cached_property
    def texts(self) -> frozenset[str]:
        """Strings that it holds, each as a whole."""
        found = (n.value for n in self._nodes if isinstance(n, ast.Constant))
        return frozenset(value for value in found if isinstance(value, str))

    @cached_property
    def calls(self) -> frozenset[tuple[object, ...]]:
        """Arguments of calls and members of lists and tuples; None where one is no constant."""
        return frozenset(self._calls())

    def _calls(self) -> Iterator[tuple[object, ...]]:
        for node in self._nodes:
            if isinstance(node, ast.Call):
                members = node.args
            elif isinstance(node, ast.List | ast.Tuple):
                members = node.elts
            else:
                continue
            yield tuple(getattr(member, "value", None) if isinstance(member, ast.Constant) else None
                        for member in members)  # fmt: skip

    @cached_property
    def imported(self) -> dict[str, str]:
        """What it imports by ``from … import``: the whole name, by what it is called here."""
        return {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in self._nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def used(self) -> frozenset[str]:
        """Whole names of what it imports and then uses, also through an imported module."""
        return frozenset(self._used())

    def _used(self) -> Iterator[str]:
        for node in self._nodes:
            if isinstance(node, ast.Name) and node.id in self.imported:
                yield self.imported[node.id]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield f"{self.imported.get(node.value.id, node.value.id)}.{node.attr}"

    def says(self, *words: str) -> bool:
        """Whether a call, a list or a tuple begins with these."""
        return any(call[: len(words)] == words for call in self.calls)

    def says_together(self, first: str, second: str) -> bool:
        """Whether a call, a list or a tuple has the two beside each other."""
        return any((first, second) in pairwise(call) for call in self.calls)


@cache
def read(source: str) -> TestModule:
    """What a file holds; asked again of the same text it is not parsed again."""
    return TestModule(source)

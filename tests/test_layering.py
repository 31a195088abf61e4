"""The core stays light and knows no plugin by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gxarena

CORE = Path(gxarena.__file__).parent
HEAVY = {"torch", "transformers", "lxt", "zennit", "captum", "shap", "quantus", "tokenizers"}
OPTIONAL = {"sklearn", "matplotlib", "logomaker", "pandas"}
"""Fine inside a function."""


def _imports(tree: ast.AST, *, nested: bool = False) -> Iterator[tuple[str, bool]]:
    """Top-level packages a module imports, and whether inside a function or for typing only."""
    for node in ast.iter_child_nodes(tree):
        inner = nested or isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            inner = True
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0], inner
        else:
            yield from _imports(node, nested=inner)


@pytest.mark.parametrize("file", sorted(CORE.rglob("*.py")), ids=lambda f: str(f.relative_to(CORE)))
def test_the_core_imports_no_framework_and_no_plugin(file: Path) -> None:
    for package, nested in _imports(ast.parse(file.read_text())):
        assert package not in HEAVY
        assert not package.startswith("gxarena_")
        assert nested or package not in OPTIONAL

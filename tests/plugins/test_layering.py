"""Plugins stand on the core and on what they share, go in no circle, and train apart."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import gxarena_torch

PLUGINS = Path(gxarena_torch.__file__).parent.parent
SHARED = {"gxarena_torch"}
"""What every plugin may import: torch's common ground."""
ALSO = {"gxarena_modisco": {"gxarena_jaspar"}}
"""What one of them may import besides: TF-MoDISco's motifs are matched with JASPAR's."""
ABOVE = {"results", "run", "report", "cli"}
"""Rooms of the core that run plugins, and that none may import."""


def _modules(package: Path) -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PLUGINS).with_suffix("").parts).removesuffix(".__init__"): path
        for path in package.rglob("*.py")
    }


def _imports(tree: ast.AST, *, lazy: bool = False) -> Iterator[str]:
    """What a module imports at run time, with `lazy` also what only its functions import."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (_is_for_typing(node) or (isinstance(node, ast.FunctionDef) and not lazy)):
            yield from _imports(node, lazy=lazy)


def _is_for_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


PACKAGES = sorted(path.parent for path in PLUGINS.glob("gxarena_*/__init__.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_no_plugin_goes_in_a_circle(package: Path) -> None:
    modules = _modules(package)
    graph = {
        name: set(_imports(ast.parse(path.read_text()), lazy=True)) & modules.keys() - {name}
        for name, path in modules.items()
    }
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(modules)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_plugins_import_no_other_but_what_is_shared(package: Path) -> None:
    allowed = SHARED | ALSO.get(package.name, set()) | {package.name}
    for path in _modules(package).values():
        for name in _imports(ast.parse(path.read_text()), lazy=True):
            top = name.partition(".")[0]
            if top.startswith("gxarena_"):
                assert top in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_plugins_import_nothing_that_runs_them(package: Path) -> None:
    for path in _modules(package).values():
        for name in _imports(ast.parse(path.read_text()), lazy=True):
            if name.startswith("gxarena."):
                assert name.split(".")[1] not in ABOVE, f"{path.name} imports {name}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_what_predicts_and_explains_imports_no_training(package: Path) -> None:
    for name, path in _modules(package).items():
        if not {"train", "training"} & set(name.split(".")):
            training = [
                one
                for one in _imports(ast.parse(path.read_text()))
                if one.startswith(package.name) and {"train", "training"} & set(one.split("."))
            ]
            assert not training, f"{name} imports {training}"

"""One way through the house: imports point back along it, and the core stays light."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import gxarena

CORE = Path(gxarena.__file__).parent
ORDER = (
    "errors", "files", "scratch", "held", "unpacking", "samples", "data", "dna", "truth", "seeds",
    "statistics", "validation", "capabilities", "metric_results", "probes", "api", "hookspecs",
    "engine", "builtin_metrics", "builtin", "objective", "declared", "listing", "listing_child",
    "discovery", "sources", "registry", "identity", "aggregators", "datasets", "explainers",
    "metrics", "results", "training", "run", "testing", "report", "notebook", "submissions",
    "site", "documentation", "cli", "__main__",
)  # fmt: skip
"""The rooms along the way of the data: each may import those before it."""
APART = {("run", "training"), ("report", "training")}
"""Though one stands before the other: training is beside the way, not on it."""
HEAVY = {"torch", "transformers", "lxt", "zennit", "captum", "shap", "quantus", "tokenizers"}
OPTIONAL = {"sklearn", "matplotlib", "logomaker", "pandas"}
"""Fine inside a function."""
LONGEST = 350
"""Lines of a module: what wants more holds two concepts."""
MODULES = {
    ".".join(("gxarena", *path.relative_to(CORE).with_suffix("").parts)): path
    for path in sorted(CORE.rglob("*.py"))
    if path != CORE / "__init__.py"  # what it offers is imported when it is asked for
}
FILES = sorted(MODULES.values()) + sorted((CORE.parent / "plugins").rglob("*.py"))


def _imports(tree: ast.AST, *, nested: bool = False) -> Iterator[tuple[str, bool]]:
    """Modules that a module imports, and whether inside a function or for typing only."""
    for node in ast.iter_child_nodes(tree):
        inner = nested or isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            inner = True
        if isinstance(node, ast.Import):
            yield from ((alias.name, inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute: a relative one would hide where it points"
            module = node.module or ""
            yield from ((_named(module, alias.name), inner) for alias in node.names)
        else:
            yield from _imports(node, nested=inner)


def _named(module: str, name: str) -> str:
    """What ``from module import name`` imports: a part of the core, or the module itself."""
    part = f"{module}.{name}"
    return part if part in MODULES or f"{part}.__init__" in MODULES else module


def _room(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("module", MODULES)
def test_the_core_imports_no_framework_and_no_plugin(module: str) -> None:
    for name, nested in _imports(ast.parse(MODULES[module].read_text())):
        package = name.partition(".")[0]
        assert package not in HEAVY
        assert not package.startswith("gxarena_")
        assert nested or package not in OPTIONAL


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_back_along_the_way(module: str) -> None:
    assert _room(module) in ORDER, "a new room wants its place in ORDER"
    before = ORDER[: ORDER.index(_room(module)) + 1]
    for name, _ in _imports(ast.parse(MODULES[module].read_text())):
        if name.startswith("gxarena."):
            assert _room(name) in before, f"{module} imports {name}"
            assert (_room(module), _room(name)) not in APART, f"{module} imports {name}"


def test_there_is_no_circle() -> None:
    graph = {
        module: {name for name, _ in _imports(ast.parse(path.read_text()))} & MODULES.keys()
        for module, path in MODULES.items()
    }
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE.parent)))
def test_a_file_is_one_concept(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST


def test_a_package_imported_by_name_is_seen() -> None:
    found = _imports(ast.parse("from gxarena import report, run, errors, hookimpl"))
    assert [name for name, _ in found] == [
        "gxarena.report", "gxarena.run", "gxarena.errors", "gxarena",
    ]  # fmt: skip

"""An extra brings all that its plugin imports, and what makes a model trainable all of `train`."""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PLUGINS = ROOT / "plugins"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
PACKAGES = [p.name for p in sorted(PLUGINS.glob("gxarena_*")) if (p / "plugin.py").is_file()]
UNSAID = {"captum": {"scikit-learn"}, "transformers.Trainer": {"accelerate"}}
"""What a library imports when asked for a part of it, but does not require: LIME, the Trainer."""
TRAIN = "gxarena.training.baselines"


def _imports(file: Path) -> Iterator[str]:
    """Modules (or names in them) that a file imports, but for typing alone."""
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def _file(module: str) -> Path | None:
    """The source of a module of ours, or of the one that a name is in."""
    for name in (module, module.rpartition(".")[0]):
        for folder in (PLUGINS, ROOT):
            file = folder / f"{name.replace('.', '/')}.py"
            if file.is_file():
                return file
    return None


def _foreign(package: str) -> set[str]:
    """What a plugin's modules import of others, through ours that they import, training too."""
    waiting = set((PLUGINS / package).rglob("*.py"))
    seen: set[Path] = set()
    found: set[str] = set()
    while waiting:
        file = waiting.pop()
        seen.add(file)
        for module in _imports(file):
            ours = _file(module) if module.startswith("gxarena") else None
            if ours is not None and ours.is_relative_to(PLUGINS):
                waiting |= {ours} - seen
            elif not module.startswith("gxarena"):
                found.add(module)
    return found


@functools.cache
def _brought(extra: str) -> frozenset[str]:
    """Distributions that installing gxarena with an extra brings, those that they require too.

    Without an extra: the core's.
    """
    waiting = [Requirement(text) for text in [*PROJECT["dependencies"], *EXTRAS.get(extra, ())]]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name == "gxarena":
            found |= {one for inner in requirement.extras for one in _brought(inner)}
            continue
        if name in found:
            continue
        found.add(name)
        try:
            texts = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue
        wanted = [{"extra": one} for one in ("", *requirement.extras)]
        inner = [Requirement(text) for text in texts]
        waiting += [
            r for r in inner if r.marker is None or any(r.marker.evaluate(one) for one in wanted)
        ]
    return frozenset(found)


def _lacking(modules: set[str], extra: str) -> dict[str, set[str]]:
    """By module: the distributions that would bring it, none of which the extra does."""
    providers = metadata.packages_distributions()
    lacking = {}
    for module in modules:
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            continue
        found = {canonicalize_name(name) for name in providers.get(top, [top])}
        if not found & _brought(extra):
            lacking[module] = found
        for part, needed in UNSAID.items():
            if f"{module}.".startswith(f"{part}.") and not needed <= _brought(extra):
                lacking[part] = needed
    return lacking


@pytest.mark.parametrize("package", PACKAGES)
def test_an_extra_brings_what_its_plugin_imports(package: str) -> None:
    assert not _lacking(_foreign(package), package.removeprefix("gxarena_"))


@pytest.mark.slow
def test_the_core_needs_no_extra_but_where_it_names_one() -> None:
    for file in sorted((ROOT / "gxarena").rglob("*.py")):
        text = file.read_text()
        named = [extra for extra in EXTRAS if f"gxarena[{extra}]" in text] or [""]
        foreign = {module for module in _imports(file) if not module.startswith("gxarena")}
        # Of a format that few need, the message names the package itself.
        foreign = {module for module in foreign if f"pip install {module}" not in text}
        lacking = [_lacking(foreign, extra) for extra in named]
        assert not all(lacking), (file, lacking)


def test_what_makes_a_model_trainable_brings_all_that_train_needs() -> None:
    file = _file(TRAIN)
    assert file is not None
    needed = {module for module in _imports(file) if not module.startswith("gxarena")}
    assert any(module.startswith("sklearn") for module in needed)
    trainable = [p for p in PACKAGES if '"trainable"' in (PLUGINS / p / "plugin.py").read_text()]
    assert len(trainable) >= 3
    for package in [*trainable, "gxarena_train"]:
        assert not _lacking(needed, package.removeprefix("gxarena_")), package

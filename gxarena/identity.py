"""What a component *is*, as a digest.

A stage's cache key holds the code identity of what ran. It is the digest of the target's module
and of every module of its own top-level package, or of gxarena, that it imports, directly or
not: an edited explainer re-runs what depends on it, an edit elsewhere re-runs nothing. Nothing
is imported for it; the sources are read and parsed.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from gxarena.errors import InputError, PluginError
from gxarena.hookspecs import Component


def digest(document: object) -> str:
    """A short digest of anything JSON can hold, independent of key order."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def component_digest(component: Component) -> str:
    """Digest of a component's code: its target's module and all it imports of its own."""
    module = component.target.partition(":")[0]
    sources = {name: _source_digest(name) for name in sorted(_closure(module))}
    return digest([component.target, dict(component.defaults), sources])


def path_digest(path: Path) -> str:
    """Digest of a file, or of a folder's files by name and content; empty where there is none."""
    if path.is_file():
        return _file_digest(path, path.stat().st_mtime_ns, path.stat().st_size)
    return digest(
        {
            str(file.relative_to(path)): path_digest(file)
            for file in sorted(path.rglob("*"))
            if file.is_file() and file.name[0] != "."
        }
        if path.is_dir()
        else ""
    )


@functools.lru_cache(maxsize=4096)
def _file_digest(path: Path, modified: int, size: int) -> str:  # noqa: ARG001 (part of the key)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror}.") from error


@functools.lru_cache(maxsize=1024)
def _closure(module: str) -> frozenset[str]:
    """The module and every module it imports of its own package or of gxarena."""
    packages = {module.partition(".")[0], "gxarena"}
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen or _find(name) is None:
            continue
        seen.add(name)
        waiting += [m for m in _imports(name) if m.partition(".")[0] in packages]
    if not seen:
        raise PluginError(f"{module}: expected an installed module with a source file, got none.")
    return frozenset(seen)


@functools.lru_cache(maxsize=1024)
def _imports(module: str) -> tuple[str, ...]:
    """Names a module imports at run time; a `from` import may name a submodule or an attribute."""
    source = _find(module)
    if source is None or source.suffix != ".py":
        return ()
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    return tuple(_imported(ast.parse(source.read_bytes()), package))


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, *filter(None, [node.module])]) if node.level else node.module
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)
        else:
            yield from _imported(node, package)


def _source_digest(module: str) -> str:
    source = _find(module)
    return path_digest(source) if source else ""


@functools.lru_cache(maxsize=4096)
def _find(module: str) -> Path | None:
    """The module's source file, found without importing it or its parents."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        candidates = [Path(spec.origin or "")]
    else:
        # A namespace package has folders but no file of its own.
        folders = [Path(f).joinpath(*rest[:-1]) for f in spec.submodule_search_locations or ()]
        endings = (".py", "/__init__.py", *EXTENSION_SUFFIXES)
        candidates = [folder / f"{rest[-1]}{ending}" for folder in folders for ending in endings]
    return next((candidate for candidate in candidates if candidate.is_file()), None)

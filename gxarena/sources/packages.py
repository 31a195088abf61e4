"""Packages as they lie on disk, found without importing them, and who installed what."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from gxarena.files import RUN_FILE, files_below, names_below

_SUFFIXES = (".py", *EXTENSION_SUFFIXES)


@dataclass(frozen=True)
class Package:
    """A package, or a module of its own, that counts as a whole.

    Attributes
    ----------
    name : str
        Dotted; a package inside a namespace has more than one part.
    folders : tuple of Path
        Where its files lie; more than one only for a namespace. A module's is the one it lies in.
    module : Path or None
        The file, where it is a module without a package.
    """

    name: str
    folders: tuple[Path, ...]
    module: Path | None = None

    @property
    def roots(self) -> set[Path]:
        """The folders that it is imported from."""
        return set(self.folders) if self.module else {folder.parent for folder in self.folders}

    @property
    def is_regular(self) -> bool:
        return self.module is not None or _is_regular(self.folders)

    def files(self) -> dict[str, Path]:
        """Its files by name, with ``/`` between folders; hidden and compiled ones left out."""
        return {name: Path(place) for name, place in self.places().items()}

    def places(self) -> dict[str, str]:
        """The same as text, which takes a tenth of the time."""
        if self.module is not None:
            return {f"{self.name}.{self.module.name.partition('.')[2]}": str(self.module)}
        found: dict[str, str] = {}
        for folder in map(str, self.folders):
            for name in names_below(folder):
                inner = name.replace(os.sep, "/")
                found.setdefault(f"{self.name}/{inner}", f"{folder}{os.sep}{name}")
        return found

    def files_named(self, text: str) -> dict[str, Path]:
        """The file that a string of a module without a package names, or a folder's files.

        Results are not what a module reads: folders of runs in it are left out.
        """
        if self.module is None:
            return {}
        root = self.module.parent
        if _exists(root / text, Path.is_file):
            return {f"{self.name}/{text}": root / text}
        parts = Path(text).parts
        if not parts or Path(text).is_absolute() or ".." in parts or parts[0] == "__pycache__":
            return {}
        if not _exists(root / text, Path.is_dir):
            return {}
        paths = list(files_below(root / text))
        runs = {path.parent for path in paths if path.name == RUN_FILE}
        return {
            f"{self.name}/{path.relative_to(root).as_posix()}": path
            for path in paths
            if runs.isdisjoint(path.parents)
        }


def find_package(module: str, distribution: str) -> Package | None:
    """The package that a module lies in, found without importing it or its parents."""
    name, *rest = module.split(".")
    spec = _spec(name)
    if spec is None:
        return None
    if spec.submodule_search_locations is None:
        file = Path(spec.origin or "")
        return Package(name, (file.parent,), file) if file.is_file() else None
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    if _is_regular(folders) or not installers().get(name, frozenset()) - {distribution}:
        return Package(name, tuple(folders))
    # Others share the namespace: only the package in it that the module lies in is meant.
    for part in rest:
        name = f"{name}.{part}"
        for file in (folder / f"{part}{suffix}" for folder in folders for suffix in _SUFFIXES):
            if file.is_file():
                return Package(name, (file.parent,), file)
        folders = [folder / part for folder in folders if (folder / part).is_dir()]
        if _is_regular(folders):
            break
    return Package(name, tuple(folders)) if folders else None


def _spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None


def _is_regular(folders: Iterable[Path]) -> bool:
    return any((folder / f"__init__{end}").is_file() for folder in folders for end in _SUFFIXES)


def _exists(path: Path, kind: Callable[[Path], bool]) -> bool:
    try:
        return kind(path)
    except (OSError, ValueError):  # a string that is no name of a file
        return False


def is_module(name: str) -> bool:
    return name.endswith(_SUFFIXES)


def module_name(name: str, package: str) -> str:
    """The dotted name of the module in a package's file."""
    *folders, file = name.split("/")
    stem = file.partition(".")[0]
    inner = folders[1:] if stem == "__init__" else [*folders[1:], stem]
    return ".".join([package, *inner]) if folders else package


@functools.cache
def version(distribution: str) -> str:
    found = (one for one in metadata.distributions() if _name(one) == distribution)
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # its folder is not called as it is
        return next((one.version for one in found), "")


@functools.cache
def required(distribution: str) -> frozenset[str]:
    """The installed distributions that a distribution requires, directly or not, itself included.

    Extras apart: what they bring may be there or not.
    """
    found: set[str] = set()
    waiting: list[str] = [canonicalize_name(distribution)]
    while waiting:
        name = waiting.pop()
        if name not in found and version(name):
            found.add(name)
            waiting += _requirements(name)
    return frozenset(found)


def _requirements(distribution: str) -> list[str]:
    try:
        given = map(Requirement, metadata.requires(distribution) or ())
        return [
            canonicalize_name(one.name)
            for one in given
            if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    except (metadata.PackageNotFoundError, InvalidRequirement):
        return []


def _name(distribution: metadata.Distribution) -> str:
    return canonicalize_name(distribution.metadata["Name"])


@functools.cache
def installers() -> dict[str, frozenset[str]]:
    """Distributions, by canonical name, that installed each importable name.

    Without those installed in editable form: their files are edited under the same version, so
    they are nobody's and count by content.
    """
    return {
        top: frozenset(canonicalize_name(name) for name in names if not _is_editable(name))
        for top, names in metadata.packages_distributions().items()
    }


@functools.cache
def _is_editable(distribution: str) -> bool:
    try:
        return bool(_direct_url(distribution).get("dir_info", {}).get("editable"))
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        return False  # one that is not there, or not what it should be, says nothing


def is_from_an_index(distribution: str) -> bool:
    """Whether a distribution is installed, and not from a folder, a file or a repository."""
    try:
        return not _direct_url(distribution)
    except metadata.PackageNotFoundError:
        return False
    except ValueError:
        return True


def _direct_url(distribution: str) -> Any:
    """What direct_url.json says (PEP 610), which whoever installed it wrote down."""
    return json.loads(metadata.distribution(distribution).read_text("direct_url.json") or "{}")

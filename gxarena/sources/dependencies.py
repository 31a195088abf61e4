"""Which sources a component's numbers come from: whole packages, and versions of the rest.

Counted by content, with the data files that lie in them, are the package that a component's target
lies in, the core, and every package or module that these import, directly or not, as long as it is
the component's distribution's own, or nobody's: one that is installed in editable form, or a module
somewhere on Python's path. So are modules of these that a counted one names in a string (``python
-m mine.worker``; a name without a dot only where it lies beside), and files and
folders that a module without a package names. Of what another distribution brought, its version
counts.

Apart, since they change no number of a benchmark, are modules called ``train``, or in a folder
``training``, and the core's own `APART`, unless a counted module imports them when it is itself
imported, outside of any function.

Nothing is imported for it; sources are read and parsed.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from packaging.utils import canonicalize_name

from gxarena.errors import PluginError
from gxarena.files import Stamp, stamp
from gxarena.sources.import_statements import mentions, modules_named
from gxarena.sources.packages import (
    Package,
    find_package,
    installers,
    is_module,
    module_name,
    required,
    version,
)

CORE = "gxarena"
APART = frozenset(
    {
        "__main__",
        "benchmarks",
        "cli",
        "documentation",
        "notebook",
        "report",
        "site",
        "submissions",
        "testing",
    }
)
"""Parts of the core that compute nothing a result depends on; `TRAINING` is another."""

TRAINING = frozenset({"train", "training"})

SILENT = frozenset({"filelock", "packaging", "pluggy", "psutil", "rich"})
"""Distributions whose version cannot move a number: they print, lock and look things up."""


@dataclass
class Counted:
    """What a component's numbers come from.

    Attributes
    ----------
    files : dict of name to Path
    modules : dict of name to str
        The module by whose import each file gets into memory: its own, for data the package.
    distributions : set of str
        Those whose version counts.
    contents : dict of name to str
        Digests of the files, as far as somebody took them: as long as `Sources.of` finds the same
        packages unchanged it hands out the same object, and with it these.
    missing : set of str
        Modules that are named and found nowhere, which may come.
    loaded, checked : list of the modules in memory, dict of name to str
        With which `contents` the files were what these were made of, when that was last asked.
    """

    files: dict[str, Path] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    distributions: set[str] = field(default_factory=set)
    contents: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    loaded: list[ModuleType | None] = field(default_factory=list)
    checked: dict[str, str] = field(default_factory=dict)

    @functools.cached_property
    def versions(self) -> dict[str, str]:
        """The versions of the distributions and of all they require, as this process met them."""
        every = {inner for name in self.distributions for inner in (name, *required(name))}
        return {name: version(name) for name in every - SILENT}


_State = tuple[tuple[str, Stamp | None], ...]
_walked: dict[tuple[str, str], tuple[list[tuple[Package, _State]], Counted]] = {}
"""What was counted before, with the state of the packages that it was counted from."""


class Sources:
    """Sources as they lie on disk while this object lives; each package is listed once.

    Attributes
    ----------
    digests : dict of Path to str
        Of files, as far as somebody took them.
    """

    def __init__(self) -> None:
        self.digests: dict[Path, str] = {}
        self._packages: dict[tuple[str, str], Package | None] = {}
        self._files: dict[Package, dict[str, Path]] = {}
        self._modules: dict[Package, dict[str, str]] = {}
        self._states: dict[Package, _State] = {}

    def of(self, target: str, distribution: str = "") -> Counted:
        """What the numbers of a component come from.

        Parameters
        ----------
        target : str
            The dotted module that the component's factory is in.
        distribution : str
            The one that the component comes from.

        Raises
        ------
        PluginError
            No such module, or none with a file.
        """
        owner = canonicalize_name(distribution)
        package = self.package(target, owner)
        if package is None:
            raise PluginError(
                f"{target}: expected an installed module with a source file, got none."
            )
        start = target if is_training(target) else package.name
        key = (start, owner)
        if key in _walked:
            states, counted = _walked[key]
            if self._are_as_they_were(states, counted.missing, owner):
                return counted
        walk = _Walk(self, owner)
        if package.name != CORE:
            walk.begin_with(self.of(CORE))
        walk.follow(start)
        states = [(one, self._state(one)) for one in walk.packages.values()]
        settled = all(mark is not None for _, state in states for _, mark in state)
        # What a module without a package names may appear beside it at any time.
        if settled and not any(one.module for one, _ in states):
            _walked[key] = states, walk.counted
        return walk.counted

    def _are_as_they_were(
        self, states: list[tuple[Package, _State]], missing: set[str], owner: str
    ) -> bool:
        """Whether packages lie where they lay, as they were, and what was nowhere still is."""
        return (
            all(self.package(one.name, owner) == one for one, _ in states)
            and not any(self.package(module, owner) for module in missing)
            and all(self._state(one) == state for one, state in states)
        )

    def _state(self, package: Package) -> _State:
        """A package's files, and what tells whether one was written to since."""
        if package not in self._states:
            places = package.places().items()
            self._states[package] = tuple((name, stamp(place)) for name, place in places)
        return self._states[package]

    def files(self, package: Package) -> dict[str, Path]:
        """A package's files by name."""
        if package not in self._files:
            self._files[package] = package.files()
        return self._files[package]

    def modules(self, package: Package) -> dict[str, str]:
        """The names of a package's files that are modules, by the modules' dotted names."""
        if package not in self._modules:
            names = filter(is_module, self.files(package))
            self._modules[package] = {module_name(name, package.name): name for name in names}
        return self._modules[package]

    def package(self, module: str, distribution: str) -> Package | None:
        """The package that a module lies in, or None where it has no files."""
        known = module.partition(".")[0], distribution
        if known not in self._packages:
            found = find_package(module, distribution)
            if found is not None and "." in found.name:
                return self._packages.setdefault((found.name, distribution), found)
            self._packages[known] = found
        return self._packages[known]


class _Walk:
    """One target's way through what it imports."""

    def __init__(self, sources: Sources, distribution: str) -> None:
        self.counted = Counted()
        self._sources = sources
        self._distribution = distribution
        self.packages: dict[str, Package] = {}

    def begin_with(self, core: Counted) -> None:
        """Count what is known of the core, whose modules then need not be followed again."""
        found = dict(core.files), dict(core.modules), set(core.distributions)
        self.counted = Counted(*found, missing=set(core.missing))
        package = self._sources.package(CORE, self._distribution)
        if package is not None:
            self.packages[CORE] = package

    def follow(self, target: str) -> None:
        """Count the target's package, and whatever it leads to."""
        waiting = list(self._visit(target, inside=False, own=True))
        while waiting:
            waiting += self._visit(*waiting.pop())

    def _visit(self, module: str, inside: bool, own: bool = False) -> Iterator[tuple[str, bool]]:
        """Count a module's package where it is not yet; yields what that names in turn."""
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            return
        if not own and not self._is_own(top):
            self._count_versions(top)
            return
        package = self._sources.package(module, self._distribution)
        if package is None:
            self.counted.missing.add(module)
            return
        if package.name not in self.packages:
            self.packages[package.name] = package
            for name in self._sources.files(package):
                if not self._is_apart(package, name):
                    yield from self._count(package, name)
        if not inside:
            # Imported whenever its importer is, it may well hold something that computes.
            modules = self._sources.modules(package)
            for parent in itertools.accumulate(module.split("."), "{}.{}".format):
                if parent in modules:
                    yield from self._count(package, modules[parent])

    def _count(self, package: Package, name: str) -> Iterator[tuple[str, bool]]:
        if name in self.counted.files:
            return
        path = self.counted.files[name] = self._sources.files(package)[name]
        module = module_name(name, package.name) if is_module(name) else package.name
        self.counted.modules[name] = module
        if path.suffix != ".py":
            return
        within = module if path.stem == "__init__" else module.rpartition(".")[0]
        named = mentions(_content(path), within)
        yield from named.imports
        if package.name == CORE:
            return
        for text in named.strings:
            modules = [module for module in modules_named(text) if self._is_meant(module)]
            yield from ((module, True) for module in modules)
            if not modules and self._is_own(text.partition("/")[0]):
                named_files = package.files_named(text)
                self.counted.files |= named_files
                self.counted.modules |= dict.fromkeys(named_files, package.name)

    def _is_own(self, top: str) -> bool:
        claimed = installers().get(top, frozenset())
        return not claimed or bool(claimed & {self._distribution, CORE})

    def _is_meant(self, module: str) -> bool:
        """Whether a string names a module of one's own; a word without a dot may be any word."""
        top, *inner = module.split(".")
        if top in self.packages or top in sys.stdlib_module_names or not self._is_own(top):
            return False
        package = self._sources.package(module, self._distribution)
        if package is None or not package.is_regular:
            return False
        return bool(inner) or self._lies_beside(package)

    def _lies_beside(self, package: Package) -> bool:
        return package.roots <= {root for one in self.packages.values() for root in one.roots}

    def _count_versions(self, top: str) -> None:
        self.counted.distributions |= installers().get(top, frozenset()) - SILENT

    def _is_apart(self, package: Package, name: str) -> bool:
        parts = Path(name).parts
        if package.name == CORE and parts[1].partition(".")[0] in APART:
            return True
        return is_module(name) and is_training(module_name(name, package.name))


def is_training(module: str) -> bool:
    """Whether a module is called ``train``, or lies in a folder ``training``."""
    return not TRAINING.isdisjoint(module.split("."))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone meanwhile, or a link to nowhere
        return b""

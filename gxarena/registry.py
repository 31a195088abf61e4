"""Finds plugins, validates what they offer, resolves names, and keeps what went wrong.

Entry points are walked one by one (pluggy's own loader aborts on the first broken plugin and
silently drops a repeated name): gxarena's own plugins are imported here, everybody else's in
processes of their own (`gxarena.discovery`), and a failure is kept with the distribution it came
from, so that one bad plugin never harms another.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from gxarena.capabilities import unprovided
from gxarena.discovery import INSIDE, Plugin, list_apart
from gxarena.errors import InputError, MissingExtra, PluginError, unknown
from gxarena.held import held
from gxarena.hookspecs import GROUP, Component
from gxarena.listing import Fault, Listing, list_plugin
from gxarena.sources.in_memory import remember
from gxarena.sources.targets import absence

REGISTRY = "registry"
"""The parameter by which a component's factory asks for the components that are installed."""

STRICT = "GXARENA_STRICT_PLUGINS"
NOBODY_S = "unknown"
"""The distribution of what no distribution installed, such as a notebook's functions."""


@dataclass(frozen=True)
class Registered:
    """A component with where it came from."""

    kind: str
    component: Component
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True)
class Broken:
    """A plugin, or one of its components, that could not be used."""

    plugin: str
    distribution: str
    version: str
    error: str
    details: str = ""


@dataclass
class Registry:
    """Every component installed, by kind and name.

    Attributes
    ----------
    components : mapping of (kind, name) to Registered
    broken : list of Broken
        Plugins and components left out, and why.
    """

    components: dict[tuple[str, str], Registered] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)

    @classmethod
    def load(cls, entry_points: Iterable[metadata.EntryPoint] | None = None) -> Registry:
        """Read every installed plugin; with ``GXARENA_STRICT_PLUGINS=1`` failures are raised."""
        registry = cls()
        found = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
        plugins = [Plugin(one, *_origin(one)) for one in _own_first(found)]
        foreign = [plugin for plugin in plugins if _is_foreign(plugin)]
        apart = dict(zip(map(id, foreign), list_apart(foreign), strict=True))
        for plugin in plugins:
            registry._add_plugin(plugin, apart.get(id(plugin)) or _list_here(plugin))
        registry._refuse_what_nobody_provides()
        return registry

    @property
    def phrases(self) -> dict[str, str]:
        """What plugins call their own capabilities (see `gxarena.capabilities.said`)."""
        return {
            name: str(phrase)
            for found in self.components.values()
            for name, phrase in found.component.phrases.items()
        }

    @property
    def provided(self) -> frozenset[str]:
        """What the installed models provide, all together."""
        return frozenset[str]().union(*(one.component.provides for one in self.of_kind("models")))

    def unmet(self, found: Registered) -> str:
        """What a component requires that no installed model provides, as a sentence.

        Its plugin has misspelt it, or another plugin is not there.
        """
        reason = unprovided(found.component.requires, self.provided)
        name = f"{found.kind.removesuffix('s')} '{found.component.name}'"
        return f"{found.distribution}, {name}, {reason}" if reason else ""

    def status(self, found: Registered) -> str:
        """``ready``, or the pip command that makes it so, or what is wrong with its plugin."""
        if reason := self.unmet(found) or self.absent(found):
            return f"broken: {reason}"
        missing = _missing_requirements(found)
        return "ready" if not missing else f"needs {', '.join(missing)}: {_pip(found)}"

    def absent(self, found: Registered) -> str:
        """That a component's target is not there, as a sentence; found without importing it.

        Where an extra brings a module, its absence is no fault.
        """
        component = found.component
        reason = absence(component.target, found.distribution)
        if not reason or (component.extra and _missing_requirements(found)):
            return ""
        return f"{found.distribution}, {found.kind.removesuffix('s')} '{component.name}': {reason}"

    def unusable(self) -> list[Broken]:
        """What is broken, and components whose target is not there: for whoever lists them all."""
        absent = [
            Broken(one.plugin, one.distribution, one.version, f"PluginError: {reason}")
            for one in self.components.values()
            if (reason := self.absent(one))
        ]
        return [*self.broken, *absent]

    def names(self, kind: str) -> list[str]:
        """Names of a kind, sorted."""
        return sorted(name for known, name in self.components if known == kind)

    def of_kind(self, kind: str) -> Iterator[Registered]:
        """Components of a kind, by name."""
        return (self.components[kind, name] for name in self.names(kind))

    def registered(self, kind: str, name: str, where: str = "") -> Registered:
        """The component with where it came from; InputError with a suggestion if unknown."""
        try:
            return self.components[kind, name]
        except KeyError:
            raise self.unknown(kind, name, where) from None

    def unknown(
        self, kind: str, name: str, where: str = "", aliases: Iterable[str] = ()
    ) -> InputError:
        """The error to raise for a name that is no component of a kind and no alias of a suite."""
        known = [*self.names(kind), *aliases]
        error = unknown(where, name, known, what=kind.removesuffix("s"), listed="Installed")
        if not self.broken:
            return error
        return InputError(
            f"{error} ({len(self.broken)} broken: see `gxarena plugins list --broken`)"
        )

    def get(self, kind: str, name: str) -> Component:
        """The component of that kind and name."""
        return self.registered(kind, name).component

    def factory(self, kind: str, name: str) -> Callable[..., Any]:
        """Import a component's target and return it, not yet called.

        Raises
        ------
        MissingExtra
            A dependency of the component is not installed.
        PluginError
            The target does not import, or is not there, or no model can meet its requirements.
        """
        found = self.registered(kind, name)
        if reason := self.unmet(found):
            raise PluginError(reason)
        module_name, _, attribute = found.component.target.partition(":")
        try:
            with held():
                factory = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as error:
            raise missing_module(found, error) from error
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{_named(found)}: expected {found.component.target} to import, "
                f"got {type(error).__name__}: {error}."
            ) from error
        if not callable(factory):
            raise PluginError(
                f"{_named(found)}: expected {found.component.target} to be callable, "
                f"got {type(factory).__name__}."
            )
        return factory  # type: ignore[no-any-return]

    def create(self, kind: str, name: str, parameters: Mapping[str, Any]) -> Any:
        """Call a component's factory; one that has a parameter ``registry`` is given this one."""
        factory = self.factory(kind, name)
        supplied = {REGISTRY: self} if _takes_registry(factory) else {}
        with held():
            return factory(**parameters, **supplied)

    def _refuse_what_nobody_provides(self) -> None:
        """List what `unmet` finds; the components stay, so that cells that name them fail."""
        for found in self.components.values():
            if reason := self.unmet(found):
                fault = Fault.of(PluginError(reason))
                self._refuse(found.plugin, found.distribution, found.version, fault)

    def _refuse(self, plugin: str, distribution: str, version: str, fault: Fault) -> None:
        """Keep what went wrong, or raise it where that is asked for."""
        if os.environ.get(STRICT) == "1":
            raise fault.raised or PluginError(fault.error)
        self.broken.append(Broken(plugin, distribution, version, fault.error, fault.details))

    def _add_plugin(self, plugin: Plugin, listing: Listing) -> None:
        name = f"{plugin.distribution}:{plugin.entry_point.name}"
        refuse = functools.partial(self._refuse, name, plugin.distribution, plugin.version)
        for fault in listing.faults:
            refuse(fault)
        for kind, component in listing.offered:
            found = Registered(kind, component, name, plugin.distribution, plugin.version)
            try:
                self._add(found)
            except PluginError as error:
                refuse(Fault.of(error))

    def _add(self, found: Registered) -> None:
        key = (found.kind, found.component.name)
        if key in self.components:
            first = self.components[key]
            raise PluginError(
                f"{found.kind.removesuffix('s')} '{key[1]}' is offered by both "
                f"{first.distribution} and {found.distribution}; expected one. "
                f"{first.distribution}'s is used; rename the other."
            )
        self.components[key] = found


def signature(factory: Callable[..., Any]) -> inspect.Signature:
    """What a suite may give a component's factory: all but the registry, which the arena gives."""
    whole = inspect.signature(factory)
    own = [one for name, one in whole.parameters.items() if name != REGISTRY]
    return whole.replace(parameters=own) if _takes_registry(factory) else whole


def _named(found: Registered) -> str:
    """How an error begins that a component is to blame for."""
    return f"{found.distribution}: {found.kind.removesuffix('s')} '{found.component.name}'"


def _takes_registry(factory: Callable[..., Any]) -> bool:
    try:
        return REGISTRY in inspect.signature(factory).parameters
    except ValueError:  # of a callable that is written in C
        return False


def _is_foreign(plugin: Plugin) -> bool:
    """Whether it is somebody else's, and this process not itself a child that lists a plugin.

    An entry point of no distribution was made by whoever calls.
    """
    installed = plugin.entry_point.dist is not None
    return installed and plugin.distribution != GROUP and INSIDE not in os.environ


def _list_here(plugin: Plugin) -> Listing:
    listing = list_plugin(plugin.entry_point, plugin.distribution)
    if plugin.entry_point.module in sys.modules:
        remember(plugin.entry_point.module)
    return listing


def _own_first(entry_points: Iterable[metadata.EntryPoint]) -> list[metadata.EntryPoint]:
    """A fixed order, gxarena's own plugins first, so that a newcomer cannot take their names."""
    unique = {(_origin(entry_point), entry_point): entry_point for entry_point in entry_points}
    return sorted(
        unique.values(),
        key=lambda entry_point: (
            _origin(entry_point)[0] != GROUP,
            _origin(entry_point),
            entry_point,
        ),
    )


def _origin(entry_point: metadata.EntryPoint) -> tuple[str, str]:
    distribution = entry_point.dist
    return (distribution.name, distribution.version) if distribution else (NOBODY_S, "")


def missing_module(found: Registered, error: ModuleNotFoundError) -> MissingExtra | PluginError:
    """What to raise where a component's module, or one that it imports, is not installed."""
    what = f"{found.kind.removesuffix('s')} '{found.component.name}' of {found.distribution}"
    if found.component.extra:
        return MissingExtra(
            f"{what}: expected module '{error.name}' to be installed. {_pip(found)}"
        )
    return PluginError(f"{what}: expected module '{error.name}' to be installed, it is not.")


def _pip(found: Registered) -> str:
    return f"pip install '{found.distribution}[{found.component.extra}]'"


def _missing_requirements(found: Registered) -> list[str]:
    """Distributions the component's extra asks for that are not installed."""
    if not (found.component.extra and _is_installed(found.distribution)):
        return []
    from packaging.requirements import Requirement

    missing = []
    for text in metadata.requires(found.distribution) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            continue
        if marker.evaluate({"extra": found.component.extra}) and not _is_installed(
            requirement.name
        ):
            missing.append(requirement.name)
    return missing


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True

"""What one plugin's module offers: it is imported, its hooks are called, each failure is kept.

Done in this process for gxarena's own plugins, and in a process of its own for everybody else's
(`gxarena.discovery`).
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import ModuleType
from typing import Any

import pluggy

from gxarena.declared import check_component
from gxarena.errors import PluginError
from gxarena.hookspecs import GROUP, KINDS, Component, Hooks


@dataclass(frozen=True)
class Fault:
    """What is wrong with a plugin, or with one of its components.

    Attributes
    ----------
    error : str
        One line.
    details : str
        The end of a traceback, where there is one.
    raised : BaseException or None
        The error itself, where it was raised in this process.
    """

    error: str
    details: str = ""
    raised: BaseException | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """As it is shown to a user."""
        name, text = type(error).__name__, _text(error)
        if isinstance(error, SystemExit):
            text = f"it ended the program ({f'exit status {text}' if text.isdigit() else text})"
        details = "".join(traceback.format_exception(error)[-3:])
        return cls(f"{name}: {text}" if text else name, details, error)

    def said(self, printed: str) -> Fault:
        """The same, with what its process printed last for details."""
        return replace(self, details=printed or self.details)


@dataclass(frozen=True)
class Listing:
    """What a plugin offers.

    Attributes
    ----------
    offered : tuple of (kind, Component)
        Each well formed (`gxarena.declared.check_component`).
    faults : tuple of Fault
    """

    offered: tuple[tuple[str, Component], ...] = ()
    faults: tuple[Fault, ...] = ()


def list_plugin(
    entry_point: metadata.EntryPoint,
    distribution: str,
    forgiven: tuple[type[BaseException], ...] = (Exception, SystemExit, GeneratorExit),
) -> Listing:
    """Import a plugin's module and ask its hooks.

    Parameters
    ----------
    entry_point : EntryPoint
    distribution : str
        Its name, for messages.
    forgiven : tuple of exception types
        What counts as the plugin's failure and is kept; anything else, such as Ctrl-C, is raised.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    try:
        module = entry_point.load()
        manager.register(module, name=entry_point.name)
        manager.check_pending()
        if not manager.get_hookcallers(module):
            raise PluginError(_hookless(module, entry_point, distribution))
    except forgiven as error:
        return Listing(faults=(Fault.of(error),))
    offered: list[tuple[str, Component]] = []
    faults: list[Fault] = []
    for kind in KINDS:
        for implementation in getattr(manager.hook, f"gxarena_{kind}").get_hookimpls():
            try:
                components = list(implementation.function())
            except forgiven as error:
                faults.append(Fault.of(error))
                continue
            for component in components:
                try:
                    check_component(component, kind, distribution)
                except forgiven as error:
                    faults.append(Fault.of(error))
                else:
                    offered.append((kind, component))
    return Listing(tuple(offered), tuple(faults))


def _hookless(module: object, entry_point: metadata.EntryPoint, distribution: str) -> str:
    where = f"{distribution}: module '{entry_point.module}' ({_place(module)}) offers no hook"
    if isinstance(module, ModuleType) and getattr(module, "__file__", None) is None:
        return (
            f"{where}: it is a folder without __init__.py, which Python takes for a package. Start "
            "from another folder, or name the module that holds the hooks in the entry point."
        )
    hooks = ", ".join(f"gxarena_{kind}" for kind in KINDS)
    return (
        f"{where}: expected a function marked with gxarena.hookimpl, got none. "
        f"Hooks: {hooks} (see gxarena.hookspecs)."
    )


def _place(module: object) -> str:
    """The file that a module was read from, or the folders of one without a file."""
    file = getattr(module, "__file__", None)
    return str(file) if file else ", ".join(map(str, getattr(module, "__path__", ())))


def _text(error: BaseException) -> str:
    """What an error says; nothing where it fails when it is asked."""
    try:
        return str(error)
    except Exception:
        return ""


def as_document(listing: Listing) -> dict[str, Any]:
    """A listing as plain values, for another process."""
    return {
        "offered": [[kind, _plain(component)] for kind, component in listing.offered],
        "faults": [[fault.error, fault.details] for fault in listing.faults],
    }


def from_document(document: Mapping[str, Any]) -> Listing:
    """The listing that another process wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is none.
    """
    collections = {"provides": frozenset, "requires": frozenset, "paths": tuple}
    offered = [
        (str(kind), Component(**fields | {n: made(fields[n]) for n, made in collections.items()}))
        for kind, fields in document["offered"]
    ]
    faults = [Fault(str(error), str(details)) for error, details in document["faults"]]
    return Listing(tuple(offered), tuple(faults))


def _plain(component: Component) -> dict[str, Any]:
    fields = dict(vars(component))
    for name, value in fields.items():
        if isinstance(value, frozenset | set):
            fields[name] = sorted(value)
        elif isinstance(value, Mapping):
            fields[name] = dict(value)
    return fields

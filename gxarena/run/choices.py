"""Components as a suite chose them: under a label, with parameters and an identity."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gxarena.api import ObjectiveMetric
from gxarena.capabilities import WRAPPER
from gxarena.errors import GxarenaError, InputError, MissingExtra, PluginError, named
from gxarena.files import beside
from gxarena.held import held
from gxarena.hookspecs import Facts
from gxarena.identity import component_digest, digest
from gxarena.registry import NOBODY_S, Registered, Registry, missing_module, signature
from gxarena.run.blame import blamed, check_made
from gxarena.run.suite import Parameters
from gxarena.run.surroundings import left_as_found
from gxarena.sources.dependencies import CORE, Sources


@dataclass(frozen=True)
class Choice:
    """A component as a suite chose it: under a label, with parameters.

    Attributes
    ----------
    identity : str
        Digest of code, data files and parameters (see `gxarena.identity`).
    wrapped : Choice or None
        The explainer that an explainer which provides "wrapper" wraps.
    replicate : int or None
        Of a model that has replicates: the position of these weights among them.
    """

    kind: str
    label: str
    found: Registered
    parameters: Parameters
    identity: str
    wrapped: Choice | None = None
    replicate: int | None = None

    @property
    def provides(self) -> frozenset[str]:
        return self.found.component.provides

    @property
    def requires(self) -> frozenset[str]:
        own = self.found.component.requires
        return own | self.wrapped.requires if self.wrapped else own

    @property
    def distribution(self) -> str:
        """Whose it is: a control of the core's runs what it wraps, and is of whom that is of."""
        own = self.found.distribution
        return self.wrapped.distribution if self.wrapped and own == CORE else own

    @property
    def brought_by(self) -> str:
        """Whose code may share a process with it: its plugin's, where no distribution is known."""
        if self.wrapped and self.found.distribution == CORE:
            return self.wrapped.brought_by
        return self.found.plugin if self.distribution == NOBODY_S else self.distribution

    @property
    def is_foreign(self) -> bool:
        """Whether it runs what another distribution than the core's brings."""
        return self.distribution != CORE

    @property
    def where(self) -> str:
        """How an error begins that this component is to blame for."""
        which = f", replicate {self.replicate}" if self.replicate else ""
        return f"{self.distribution}: {self.kind.removesuffix('s')} '{self.label}'{which}"


def choose(
    registry: Registry,
    kind: str,
    name: str,
    parameters: Parameters,
    where: str = "",
    label: str = "",
    sources: Sources | None = None,
) -> Choice:
    """A component by name with parameters; InputError with a suggestion where it is unknown.

    Parameters
    ----------
    sources : Sources, optional
        Shared by choices made at a time.
    """
    found = registry.registered(kind, name, where)
    sources = sources or Sources()
    identity = identity_of(found, parameters, sources)
    choice = Choice(kind, label or name, found, parameters, identity)
    if WRAPPER not in choice.provides:
        return choice
    with in_this_process(found):
        try:
            factory = registry.factory(kind, name)
        except (MissingExtra, PluginError):
            return choice  # its cells fail with this error, and all others run
    inner = given_parameters(choice)
    for own in inspect.signature(factory).parameters:
        if own != "explainer":
            inner.pop(own, None)
    explainer = str(inner.pop("explainer", ""))
    wrapped = choose(registry, kind, explainer, inner, where, sources=sources)
    return replace(choice, identity=digest([choice.identity, wrapped.identity]), wrapped=wrapped)


def located(
    registry: Registry, kind: str, name: str, parameters: Parameters, folder: Path | None
) -> Parameters:
    """The same parameters, with paths that lie beside a suite written so that they are found.

    Parameters
    ----------
    registry, kind, name, parameters
        As for `choose`.
    folder : Path or None
        The suite's.
    """
    found = registry.components.get((kind, name))
    if found is None or folder is None:
        return parameters
    named = set(found.component.paths)
    given = dict(found.component.defaults) | parameters
    inner = registry.components.get((kind, str(given.get("explainer", ""))))
    if WRAPPER in found.component.provides and inner is not None:
        named |= set(inner.component.paths)
    return {
        key: str(beside(folder, value)) if key in named and isinstance(value, str) else value
        for key, value in parameters.items()
    }


def check_unchanged(registry: Registry, choices: Iterable[Choice]) -> None:
    """Raise where a component is no longer what it was when it was chosen.

    Asked after a component has worked and before anything that it made is kept.

    Raises
    ------
    InputError
        Its code, or a file that it reads, was changed meanwhile.
    """
    sources = Sources()
    for choice in choices:
        name = choice.found.component.name
        now = choose(registry, choice.kind, name, choice.parameters, sources=sources)
        if now.identity != choice.identity:
            raise InputError(
                f"{choice.where}: expected its code and files as they were when this was planned, "
                "got others, so that nothing of it was kept. Run the same command again."
            )


def in_this_process(found: Registered) -> AbstractContextManager[None]:
    """Where a component's code works outside any child: it must leave all as it was."""
    kind = found.kind.removesuffix("s")
    where = f"{found.distribution}: {kind} '{found.component.name}'"
    return nullcontext() if found.distribution == CORE else left_as_found(where)


def identity_of(found: Registered, parameters: Parameters, sources: Sources) -> str:
    """A component's identity with these parameters, without what it wraps."""
    told = facts(found, parameters) if found.kind == "models" else None
    return component_digest(
        found.component,
        parameters,
        told,
        distribution=found.distribution,
        version=found.version,
        sources=sources,
    )


def facts(found: Registered, parameters: Parameters) -> Facts:
    """What the plugin says of a model without loading it; nothing where it does not say."""
    component = found.component
    if not component.describe:
        return Facts()
    module, _, attribute = component.describe.partition(":")
    where = f"{found.distribution}: model '{component.name}'"
    try:
        with in_this_process(found), held():
            describe = getattr(importlib.import_module(module), attribute)
            described = describe(**dict(component.defaults) | parameters)
    except ModuleNotFoundError as error:
        raise missing_module(found, error) from error
    except TypeError as error:
        raise InputError(
            f"{where}: expected other parameters, got {parameters}: {error}."
        ) from error
    except GxarenaError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{where}: expected {component.describe} to tell its facts, "
            f"got {type(error).__name__}: {error}."
        ) from error
    if not isinstance(described, Facts):
        raise PluginError(
            f"{where}: expected {component.describe} to return Facts, got {described}."
        )
    return described


def given_parameters(choice: Choice) -> Parameters:
    """The component's presets, overridden by what the suite gives."""
    return dict(choice.found.component.defaults) | choice.parameters


def resolved_parameters(choice: Choice, registry: Registry) -> dict[str, Any]:
    """A component's parameters with its factory's defaults filled in.

    Imports the component. Raises InputError where the suite names a parameter it does not have.
    """
    takes = signature(registry.factory(choice.kind, choice.found.component.name))
    given = given_parameters(choice)
    try:
        bound = takes.bind(**given)
    except TypeError as error:
        unknown = [key for key in given if key not in takes.parameters]
        why = f"unknown: {named(map(repr, unknown))}" if len(unknown) > 1 else error
        raise InputError(
            f"{choice.kind}.{choice.label}: expected parameters of "
            f"{choice.found.component.name}{takes}, got {given or 'none'} ({why})."
        ) from error
    bound.apply_defaults()
    return dict(bound.arguments)


def create(registry: Registry, choice: Choice) -> Any:
    """Call a chosen component's factory with its parameters.

    Raises
    ------
    InputError
        The factory does not take a parameter that was given.
    PluginError
        What it made lacks what its kind must have.
    """
    resolved_parameters(choice, registry)
    name = choice.found.component.name
    with blamed(choice.where):
        made = registry.create(choice.kind, name, given_parameters(choice))
    check_made(made, choice.kind, choice.provides, choice.where)
    return made


def under(made: Any, objective: str) -> Any:
    """A metric as it is where that objective is explained; any other component as it is."""
    return made.under(objective) if isinstance(made, ObjectiveMetric) else made

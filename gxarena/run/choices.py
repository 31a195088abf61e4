"""Components as a suite chose them: under a label, with parameters and an identity."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gxarena.capabilities import WRAPPER
from gxarena.errors import GxarenaError, InputError, PluginError, suggest
from gxarena.hookspecs import Facts
from gxarena.identity import component_digest, digest, path_digest
from gxarena.registry import Registered, Registry, missing_module
from gxarena.run.suite import Parameters


@dataclass(frozen=True)
class Choice:
    """A component as a suite chose it: under a label, with parameters.

    Attributes
    ----------
    identity : str
        Digest of code, data files and parameters; a parameter that is a path counts by content.
    wrapped : Choice or None
        The explainer that an explainer which provides "wrapper" wraps.
    """

    kind: str
    label: str
    found: Registered
    parameters: Parameters
    identity: str
    wrapped: Choice | None = None

    @property
    def provides(self) -> frozenset[str]:
        return self.found.component.provides

    @property
    def requires(self) -> frozenset[str]:
        own = self.found.component.requires
        return own | self.wrapped.requires if self.wrapped else own


def choose(
    registry: Registry,
    kind: str,
    name: str,
    parameters: Parameters,
    where: str = "",
    label: str = "",
) -> Choice:
    """A component by name with parameters; InputError with a suggestion where it is unknown."""
    found = registry.registered(kind, name, where)
    choice = Choice(kind, label or name, found, parameters, _identity(found, parameters))
    if WRAPPER not in choice.provides:
        return choice
    inner = given_parameters(choice)
    for own in inspect.signature(registry.factory(kind, name)).parameters:
        if own != "explainer":
            inner.pop(own, None)
    wrapped = choose(registry, kind, str(inner.pop("explainer", "")), inner, where)
    return replace(choice, identity=digest([choice.identity, wrapped.identity]), wrapped=wrapped)


def unknown_component(
    registry: Registry, kind: str, label: str, known: list[str], where: str
) -> str:
    hint = suggest(label, known).replace("Choices:", "Installed:")
    broken = (
        f" ({len(registry.broken)} broken: see `gxarena plugins list --broken`)"
        if registry.broken
        else ""
    )
    return f"{where}: unknown {kind.removesuffix('s')} '{label}'. {hint}{broken}"


def _identity(found: Registered, parameters: Parameters) -> str:
    try:
        code = component_digest(found.component)
    except (PluginError, SyntaxError):
        # A plugin without readable source still gets its (failed) rows, under its version.
        code = f"{found.distribution} {found.version}"
    return digest([found.component.name, code, _by_content(parameters), _data(found, parameters)])


def _by_content(parameters: Parameters) -> dict[str, Any]:
    return {
        key: ["content", path_digest(Path(value))]
        if isinstance(value, str) and "/" in value and Path(value).exists()
        else value
        for key, value in parameters.items()
    }


def _data(found: Registered, parameters: Parameters) -> list[str]:
    if found.kind != "models":
        return []
    return [path_digest(Path(file)) for file in facts(found, parameters).files]


def facts(found: Registered, parameters: Parameters) -> Facts:
    """What the plugin says of a model without loading it; nothing where it does not say."""
    component = found.component
    if not component.describe:
        return Facts()
    module, _, attribute = component.describe.partition(":")
    where = f"{found.distribution}: model '{component.name}'"
    try:
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
    factory = registry.factory(choice.kind, choice.found.component.name)
    given = given_parameters(choice)
    signature = inspect.signature(factory)
    try:
        bound = signature.bind(**given)
    except TypeError as error:
        raise InputError(
            f"{choice.kind}.{choice.label}: expected parameters of "
            f"{choice.found.component.name}{signature}, got {given or 'none'} ({error})."
        ) from error
    bound.apply_defaults()
    return dict(bound.arguments)

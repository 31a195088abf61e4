"""What is declared of a component, by a plugin or in a notebook, and checked before it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import Any, TypeVar

from gxarena.capabilities import SCOPES, check_names
from gxarena.errors import PluginError, suggest
from gxarena.hookspecs import QUESTIONS, ROLES, Component

Defined = TypeVar("Defined")

DECLARES = "gxarena_declares"
"""Attribute of what is defined in a notebook: the fields of its Component."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(
        ("name", "target", "summary", "citation", "extra", "describe", "role", "question"),
        (str, "a string"),
    ),
    **dict.fromkeys(("provides", "requires"), (Set, "a frozenset")),
    **dict.fromkeys(("defaults", "phrases"), (Mapping, "a mapping")),
    "paths": (tuple, "a tuple"),
}


def check_component(component: object, kind: str, distribution: str) -> None:
    """Refuse here what would otherwise fail far from the plugin that is to blame.

    Raises
    ------
    PluginError
        Names the distribution, the hook and the component, and what is wrong.
    """
    where = f"{distribution}, hook gxarena_{kind}"
    if not isinstance(component, Component):
        raise PluginError(f"{where}: expected a Component, got {type(component).__name__}.")
    for field, (expected, what) in _TYPES.items():
        value = getattr(component, field)
        if not isinstance(value, expected):
            raise PluginError(
                f"{where}, '{component.name}': expected {field} to be {what}, "
                f"got {type(value).__name__}."
            )
    if not _NAME.fullmatch(component.name):
        raise PluginError(
            f"{where}: expected a name of lower-case letters, digits, '-' and '_', "
            f"got '{component.name}'."
        )
    where = f"{where}, '{component.name}'"
    if not _TARGET.fullmatch(component.target):
        raise PluginError(
            f"{where}: expected a target 'package.module:factory', got '{component.target}'."
        )
    if component.role not in ROLES:
        raise PluginError(
            f"{where}: expected a role, got '{component.role}'. {suggest(component.role, ROLES)}"
        )
    if component.question and component.question not in QUESTIONS:
        raise PluginError(
            f"{where}: expected a question or none, got '{component.question}'. "
            f"{suggest(component.question, QUESTIONS)}"
        )
    check_names(where, kind, component.provides, component.requires)
    scopes = component.provides & set(SCOPES)
    if kind == "metrics" and len(scopes) != 1:
        raise PluginError(
            f"{where}: expected provides to hold exactly one of {', '.join(SCOPES)}, "
            f"got {sorted(scopes)}."
        )


def declares(**fields: Any) -> Callable[[Defined], Defined]:
    """Say of a function or class what a plugin says in its `gxarena.hookspecs.Component`.

    Parameters
    ----------
    **fields
        E.g. name, requires, provides, role, question.
    """

    def declare(defined: Defined) -> Defined:
        setattr(defined, DECLARES, fields)
        return defined

    return declare

"""A component that is no distribution's, found all the same."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest
from entry_points import entry_point

from gxarena.hookspecs import Component, hookimpl
from gxarena.registry import Registry

Make = Callable[..., Registry]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Make:
    """A registry of one component, of `bad_components` if no module is named; or of it too."""

    def make(kind: str, target: str, installed: bool = False, **declared: Any) -> Registry:
        module = types.ModuleType("bad_plugin")
        where = target if ":" in target else f"bad_components:{target}"
        component = Component("bad", where, "", **declared)

        def offer() -> list[Component]:
            return [component]

        offer.__name__ = f"gxarena_{kind}"
        setattr(module, offer.__name__, hookimpl(offer))
        monkeypatch.setitem(sys.modules, "bad_plugin", module)
        known = metadata.entry_points(group="gxarena") if installed else ()
        registry = Registry.load([*known, entry_point("bad", "bad_plugin")])
        assert not registry.broken
        return registry

    return make

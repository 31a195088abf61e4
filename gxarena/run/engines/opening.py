"""The engine that ``--engine NAME:ARGUMENT`` asks for."""

from __future__ import annotations

from gxarena.engine import Engine
from gxarena.errors import InputError, PluginError, check_at_least, suggest
from gxarena.registry import Registry

INLINE = "inline"
"""No engine: everything in this process, for debugging."""


def open_engine(registry: Registry, asked: str, workers: int | None = None) -> Engine | None:
    """Open an engine; None stands for `INLINE`.

    Raises
    ------
    InputError
        There is none of that name.
    MissingExtra
        What it needs is not installed.
    """
    name, _, argument = asked.partition(":")
    if workers is not None:
        check_at_least("--workers", workers)
    if asked == INLINE:
        return None
    if ("engines", name) not in registry.components:
        known = [INLINE, *registry.names("engines")]
        raise InputError(f"--engine: unknown engine '{name}'. {suggest(name, known)}")
    engine = registry.factory("engines", name)(argument, workers)
    if not isinstance(engine, Engine):
        found = registry.registered("engines", name)
        raise PluginError(
            f"{found.distribution}: engine '{name}': expected its factory to return a "
            f"gxarena.engine.Engine, got {type(engine).__name__}."
        )
    return engine

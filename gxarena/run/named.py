"""What a suite names that is not there: all of it at once, before anything is opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gxarena.errors import InputError, closest, named
from gxarena.files import beside, exists
from gxarena.registry import Registry
from gxarena.run.suite import KINDS, Block, Suite, read_suite, shipped_suites

Name = tuple[str, str, str]
"""Where something is named, its kind, and the label."""


def check_there(suite: Suite, registry: Registry, folder: Path | None) -> None:
    """Refuse components that are not installed and files that are not there.

    Parameters
    ----------
    suite : Suite
    registry : Registry
    folder : Path or None
        Where the suite lies: paths are looked up there first.

    Raises
    ------
    InputError
        Names each with its place and, of a component, the one it may have meant. A single file is
        left to whoever reads it, who says more.
    """
    lost = list(dict.fromkeys(_unknown(suite, registry)))
    files = list(_files(suite, folder))
    if not lost and len(files) < 2:
        return
    if len(lost) == 1 and not files:
        ((where, kind, name),) = lost
        if defined := _defined(kind, name):
            raise InputError(
                f"{suite.name}, {where}: expected {kind} that are installed or aliases of this "
                f"suite, got '{name}', {defined}."
            )
        raise registry.unknown(kind, name, f"{suite.name}, {where}", suite.aliases(kind))
    got = [_said(one, registry, suite) for one in lost] + files
    raise InputError(
        f"{suite.name}: expected names of what is there, got {len(got)} others: {named(got)}. "
        "`gxarena plugins list` shows what is installed."
    )


def _said(name: Name, registry: Registry, suite: Suite) -> str:
    where, kind, label = name
    close = closest(label, [*registry.names(kind), *suite.aliases(kind)])
    hint = _defined(kind, label) or (f"did you mean '{close}'?" if close else "")
    return f"{where} {kind.removesuffix('s')} '{label}'{f' ({hint})' if hint else ''}"


def _defined(kind: str, label: str) -> str:
    """Of a label that boards show and nobody installs: which suite that ships defines it, and how.

    A suite of one's own may use the same label, and has to say what it means.
    """
    suites = {name: read_suite(name).aliases(kind).get(label) for name in shipped_suites()}
    defining = {name: alias for name, alias in suites.items() if alias}
    if not defining:
        return ""
    simplest = min(defining, key=lambda name: len(defining[name]))
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in defining[simplest].items())
    return (
        f"an alias of the suite '{simplest}', which yours may define likewise: "
        f"[{kind}.{label}] {table}"
    )


def _unknown(suite: Suite, registry: Registry) -> Iterator[Name]:
    """Each component that is not installed, where it is named first."""
    seen = set()
    for where, kind, label in _names(suite):
        alias = suite.aliases(kind).get(label, {})
        name = alias.get("name") or label
        known = (kind, name) in registry.components or (kind == "datasets" and "path" in alias)
        if not known and (kind, name) not in seen:
            seen.add((kind, name))
            yield where, kind, name


def _names(suite: Suite) -> Iterator[Name]:
    for number, block in enumerate(suite.matrix):
        for kind in KINDS:
            for position, label in enumerate(getattr(block, kind)):
                yield f"matrix[{number}].{kind}[{position}]", kind, label
        yield from _compared(block, f"matrix[{number}].against")
    if suite.partition:
        yield "partition", "models", suite.partition


def _compared(block: Block, where: str) -> Iterator[Name]:
    for position, pair in enumerate(block.against):
        model, slash, explainer = pair.partition("/")
        if slash:
            yield f"{where}[{position}]", "models", model
            yield f"{where}[{position}]", "explainers", explainer


def _files(suite: Suite, folder: Path | None) -> Iterator[str]:
    """Data sets' files that are not there, with where they are named."""
    wanted = {label for block in suite.matrix for label in block.datasets}
    for label, alias in suite.datasets.items():
        path = alias.get("path")
        if label in wanted and isinstance(path, str) and path and not exists(beside(folder, path)):
            yield f"datasets.{label}.path '{path}'"

"""`gxarena plugins list`, `gxarena suites list`: what there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gxarena.registry import Registered

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KINDS_IN_WORDS = "models, explainers, aggregators, metrics, datasets or engines"
"""What ``--kind`` takes; one of them is a kind too, as `gxarena new` has it."""


def kind_named(text: str) -> str:
    """The kind that ``--kind`` names, in the singular or the plural.

    Raises
    ------
    InputError
        There is none.
    """
    from gxarena.errors import unknown
    from gxarena.hookspecs import KINDS

    for kind in KINDS:
        if text in (kind, kind[:-1]):
            return kind
    raise unknown("--kind", text, KINDS)


def list_plugins(
    json: Json = False,
    broken: Annotated[
        bool, typer.Option("--broken", help="Only plugins that could not be used, and why.")
    ] = False,
    kind: Annotated[str, typer.Option("--kind", help=f"Only {KINDS_IN_WORDS}.")] = "",
) -> None:
    """Every component, the plugin and distribution it comes from, and whether it can run."""
    from gxarena.cli.console import err, print_json, say_on_stdout
    from gxarena.hookspecs import KINDS
    from gxarena.registry import Registry

    registry = Registry.load()
    kinds = [kind_named(kind)] if kind else list(KINDS)
    listed: list[Registered] = [] if broken else [c for k in kinds for c in registry.of_kind(k)]
    unusable = registry.unusable()
    statuses = [registry.status(found) for found in listed]
    if json:
        components = [
            {
                "kind": found.kind,
                "name": found.component.name,
                "summary": found.component.summary,
                "citation": found.component.citation,
                "plugin": found.plugin,
                "distribution": found.distribution,
                "version": found.version,
                "provides": sorted(found.component.provides),
                "requires": sorted(found.component.requires),
                "status": status,
            }
            for found, status in zip(listed, statuses, strict=True)
        ]
        failed = [dataclasses.asdict(plugin) for plugin in unusable]
        print_json({"components": components, "broken": failed})
        return
    _print_by_kind(listed, statuses)
    for plugin in unusable:
        say_on_stdout(f"broken  {plugin.plugin} {plugin.version}: {plugin.error}")
    if broken and not unusable:
        err().print("No broken plugins.")


def _print_by_kind(listed: Sequence[Registered], statuses: Sequence[str]) -> None:
    """A line a component, cut where the terminal ends, and below what makes the others ready."""
    from gxarena.cli.console import print_lines, say_on_stdout
    from gxarena.hookspecs import GROUP, KINDS

    remedies = sorted({status for status in statuses if status.startswith("needs")})
    marks = {one: f"needs ({number})" for number, one in enumerate(remedies, start=1)}
    for kind in KINDS:
        rows = [
            (
                found.component.name,
                marks.get(status, status.partition(":")[0]),
                found.distribution if found.distribution != GROUP else "",
                found.component.summary,
            )
            for found, status in zip(listed, statuses, strict=True)
            if found.kind == kind
        ]
        if rows:
            print_lines(kind, rows)
    for number, remedy in enumerate(remedies, start=1):
        say_on_stdout(f"({number}) {remedy}")


def list_suites(json: Json = False) -> None:
    """Suites that ship with gxarena; `gxarena run NAME` runs one."""
    from gxarena.cli.console import print_json, print_table
    from gxarena.run.suite import read_suite, shipped_suites

    found = [(name, read_suite(str(path)).summary) for name, path in shipped_suites().items()]
    if json:
        print_json([{"name": name, "summary": summary} for name, summary in found])
    else:
        print_table("Suites", ["name", "what it asks"], found)

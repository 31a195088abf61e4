"""`gxarena plugins list`, `gxarena suites list`: what there is."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_plugins(
    json: Json = False,
    broken: Annotated[
        bool, typer.Option("--broken", help="Only plugins that could not be used, and why.")
    ] = False,
) -> None:
    """Every component, the plugin and distribution it comes from, and whether it can run."""
    from gxarena.cli.console import err, print_json, print_table
    from gxarena.hookspecs import KINDS
    from gxarena.registry import Registered, Registry

    registry = Registry.load()
    listed: list[Registered] = [] if broken else [c for k in KINDS for c in registry.of_kind(k)]
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
                "status": registry.status(found),
            }
            for found in listed
        ]
        failed = [dataclasses.asdict(plugin) for plugin in registry.broken]
        print_json({"components": components, "broken": failed})
        return
    if listed:
        print_table(
            "Components",
            ["kind", "name", "what it is", "distribution", "status"],
            [
                (
                    found.kind,
                    found.component.name,
                    found.component.summary,
                    f"{found.distribution} {found.version}",
                    registry.status(found),
                )
                for found in listed
            ],
        )
    if registry.broken:
        print_table(
            "Broken",
            ["plugin", "distribution", "error"],
            [(p.plugin, f"{p.distribution} {p.version}", p.error) for p in registry.broken],
        )
    elif broken:
        err().print("No broken plugins.")


def list_suites(json: Json = False) -> None:
    """Suites that ship with gxarena; `gxarena run NAME` runs one."""
    from gxarena.cli.console import print_json, print_table
    from gxarena.run.suite import read_suite, shipped_suites

    found = [(name, read_suite(str(path)).summary) for name, path in shipped_suites().items()]
    if json:
        print_json([{"name": name, "summary": summary} for name, summary in found])
    else:
        print_table("Suites", ["name", "what it asks"], found)

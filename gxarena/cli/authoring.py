"""`gxarena new`, `gxarena plugins check`: what whoever writes a plugin needs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gxarena.cli.inventory import KINDS_IN_WORDS, Json, kind_named


def new(
    kind: Annotated[str, typer.Argument(help="explainer, model, metric, aggregator or dataset.")],
    name: Annotated[str, typer.Argument(help="What suites will call it: my-explainer.")],
    into: Annotated[Path, typer.Option("--into", help="Folder to write it in.")] = Path(),
    torch: Annotated[
        bool, typer.Option("--torch", help="Explainers, models: an example with PyTorch.")
    ] = False,
    input_length: Annotated[
        int, typer.Option("--input-length", metavar="N", help="Nucleotides a --torch model reads.")
    ] = 250,
) -> None:
    """Write a complete little package with a component that works: replace what it computes."""
    from gxarena.cli.console import say_on_stdout
    from gxarena.cli.scaffold import Scaffold
    from gxarena.errors import InputError
    from gxarena.registry import Registry

    scaffold = Scaffold(kind, name, torch, input_length)
    if (known := Registry.load().components.get((f"{kind}s", name))) is not None:
        raise InputError(
            f"new, name: expected one that no installed {kind} has, got '{name}', which "
            f"{known.distribution} brings: of two of one name the second is broken. Choose another."
        )
    folder = scaffold.write(into)
    say_on_stdout(f"{folder}: {len(scaffold.files)} files. Next:\n")
    for line in (
        f"cd {folder}",
        "pip install -e '.[test]'",
        "pytest",
        f"gxarena plugins check {name} --kind {kind}s",
        "gxarena run suite.toml --out runs/first",
    ):
        say_on_stdout(f"    {line}")


def check_plugin(
    name: Annotated[str, typer.Argument(help="A component, or a distribution or plugin.")],
    kind: Annotated[
        str, typer.Option("--kind", help=f"Where several have the name: {KINDS_IN_WORDS}.")
    ] = "",
    parameters: Annotated[
        list[str], typer.Option("--set", metavar="K=V", help="Parameter of the component.")
    ] = [],  # noqa: B006 (typer reads the default, nobody edits it)
    models: Annotated[
        list[str], typer.Option("--model", metavar="NAME", help="Installed model to try it on.")
    ] = [],  # noqa: B006
    fast: Annotated[
        bool, typer.Option("--fast", help="Without checks that start a process.")
    ] = False,
    json: Json = False,
) -> None:
    """Whether a component keeps what its kind promises; exit status 1 where it does not."""
    from gxarena.cli.console import key_values, print_json, say_on_stdout
    from gxarena.registry import Registry
    from gxarena.testing import check_component

    outcomes = []
    for one in check_component(
        Registry.load(),
        name,
        kind=kind_named(kind) if kind else "",
        parameters=key_values("--set", parameters),
        models={model: {} for model in models},
        slow=not fast,
    ):
        outcomes.append(one)
        if not json:
            note = f": {one.message}" if one.message else ""
            say_on_stdout(f"{one.status:8}  {one.component}  {one.check}{note}")
    counts = Counter(one.status for one in outcomes)
    if json:
        checks = [dataclasses.asdict(one) for one in outcomes]
        print_json({"name": name, "counts": counts, "checks": checks})
    else:
        said = ", ".join(f"{number} {status}" for status, number in counts.items())
        say_on_stdout(f"{len(outcomes)} checks: {said}.")
    if counts["failed"]:
        raise typer.Exit(1)

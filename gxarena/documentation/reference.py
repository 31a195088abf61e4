"""Pages of Markdown on suites and commands, made from the schema and the command line."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gxarena.documentation.components import table_cell
from gxarena.run.suite import Block, Suite, read_suite, shipped_suites


def suites_page() -> str:
    """Every key of a suite, and the suites that ship."""
    shipped = [
        f"| `{name}` | {read_suite(str(path)).summary} |" for name, path in shipped_suites().items()
    ]
    return "\n".join(
        [
            "# Suites",
            "",
            "A suite is a TOML file: what is combined with what, and how it is asked. Components "
            "stand in `[[matrix]]` by their name or by an alias, a table such as "
            "`[explainers.lrp-plus]`, whose keys are the component's parameters. `--set KEY=VALUE` "
            "changes any of it from the command line, e.g. `--set datasets.fly.n=50`.",
            "",
            "## Keys",
            "",
            *_keys(Suite),
            "",
            "## Keys of a [[matrix]]",
            "",
            *_keys(Block),
            "",
            "## Suites that ship",
            "",
            "| suite | what it asks |",
            "| --- | --- |",
            *shipped,
            "",
        ]
    )


def commands_page(command: Any) -> str:
    """Every command with its arguments and options.

    Parameters
    ----------
    command : click.Command
        The command line as a whole.
    """
    import typer
    from typer.cli import get_docs_for_click

    context = typer.Context(command, info_name="gxarena")
    return get_docs_for_click(obj=command, ctx=context, name="gxarena", title="Commands")


def _keys(model: type[BaseModel]) -> list[str]:
    rows = [
        f"| `{name}` | {_default(field)} | {table_cell(field.description or '')} |"
        for name, field in model.model_fields.items()
    ]
    return ["| key | default | what it says |", "| --- | --- | --- |", *rows]


def _default(field: Any) -> str:
    return "must be given" if field.is_required() else f"`{field.default!r}`"

"""Whatever is installed has a page, made from what it says of itself."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from typing import Literal

import pytest
import typer

from gxarena.cli.app import app
from gxarena.documentation.components import component_page, kind_page, parameters_in_words
from gxarena.documentation.pages import pages, written_pages
from gxarena.documentation.reference import commands_page, suites_page
from gxarena.hookspecs import KINDS
from gxarena.registry import Registry, signature
from gxarena.run.suite import Block, Suite, shipped_suites

REGISTRY = Registry.load()
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("key", sorted(REGISTRY.components), ids="/".join)
def test_a_component_has_a_page_with_all_it_says(key: tuple[str, str]) -> None:
    found = REGISTRY.components[key]
    page = component_page(found, REGISTRY)
    component = found.component
    assert page.startswith(f"# {component.name}\n")
    assert component.summary[1:].rstrip(".") in page
    assert component.citation in page
    assert all(f"`{need}`" in page for need in component.requires)
    assert f"::: {component.target.replace(':', '.')}" in page
    taken = signature(REGISTRY.factory(*key)).parameters
    named = [name for name, one in taken.items() if one.kind is not one.VAR_KEYWORD]
    assert all(f"| `{name}` |" in page for name in named if name != "registry")
    assert inspect.getdoc(REGISTRY.factory(*key))
    assert without_words(page) == []


def without_words(page: str) -> list[str]:
    """Parameters of which a page says nothing but which values there are, or where to look."""
    rows = re.findall(r"^\| (`\w+`|others) \| (?:[^|]|\\\|)* \| (.*) \|$", page, re.M)
    listed = r'^"\w+"(, "\w+")*( or "\w+")?\.|One of .*$|^(See|As for) `.*$'
    return [name for name, said in rows if len(re.sub(listed, "", said).split()) < 3]


def test_a_parameter_that_nothing_is_said_of_is_found() -> None:
    page = component_page(REGISTRY.registered("explainers", "permuted"), REGISTRY)
    assert without_words(page) == []
    for silent in ("", "See `Oracle`.", "One of `'a'`, `'b'`.", '"a" or "b".'):
        said = re.sub(r"(?<=\| )[^|]* \|$", f"{silent} |", page, flags=re.M)
        assert without_words(said)[-2:] == ["`explainer`", "others"]


def test_words_that_are_left_to_another_class_are_fetched() -> None:
    class Fetching:
        """Fetching.

        Parameters
        ----------
        names : list of str
            As for `gxarena.explainers.controls.Oracle`. Sorted.
        **settings
            See `gxarena_modisco.settings.Settings`.
        """

    said = parameters_in_words(Fetching)
    names = parameters_in_words(REGISTRY.factory("explainers", "oracle"))["names"]
    assert said["names"] == f"{names} Sorted."
    assert said["min_cluster"] == "Seqlets of the smallest pattern."


def test_a_parameter_has_what_its_docstring_says_and_what_may_be_given() -> None:
    page = component_page(REGISTRY.registered("explainers", "integrated_gradients"), REGISTRY)
    assert "| `reference` | `'unknown'` | ``zeros``, ``uniform``, ``unknown`` (N or [UNK])," in page
    assert "| `n_steps` | `50` | Points of the quadrature. |" in page


def test_what_is_said_of_parameters_is_read_from_all_docstrings() -> None:
    class Base:
        """Base.

        Parameters
        ----------
        size, width : int
            In nucleotides,
            both.
        """

    class Made(Base):
        """Made.

        Parameters
        ----------
        how : str
            In which way.
        level : "a" or "b", optional
            How much.

        Attributes
        ----------
        inside : int
            Not given.
        """

        def __init__(
            self,
            how: Literal["x", "y"] = "x",
            level: Literal["a", "b"] = "a",
            size: int = 1,
            width: int = 1,
        ) -> None: ...

    assert parameters_in_words(Made) == {
        "how": "In which way. One of `'x'`, `'y'`.",
        "level": '"a" or "b", optional. How much.',
        "size": "In nucleotides, both.",
        "width": "In nucleotides, both.",
    }


def test_a_preset_is_the_default_that_is_shown() -> None:
    preset = next(
        one
        for one in REGISTRY.components.values()
        if one.component.defaults and one.kind == "metrics"
    )
    (name, value), *_ = preset.component.defaults.items()
    assert f"| `{name}` | `{value!r}`" in component_page(preset, REGISTRY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_lists_its_components(kind: str) -> None:
    page = kind_page(kind, REGISTRY)
    assert [name for name in REGISTRY.names(kind) if f"[{name}]({name}.md)" not in page] == []


def test_suites_have_every_key_and_every_suite() -> None:
    page = suites_page()
    keys = [*Suite.model_fields, *Block.model_fields, *shipped_suites()]
    assert [key for key in keys if f"| `{key}` |" not in page] == []


def test_commands_are_all_there_with_their_options() -> None:
    command = typer.main.get_command(app)
    page = commands_page(command)
    context = typer.Context(command, info_name="gxarena")
    for name in command.list_commands(context):  # type: ignore[attr-defined]
        assert f"gxarena {name}" in page
    assert "--limit" in page
    assert "--replicates" in page


def test_one_name_of_two_kinds_is_told_apart() -> None:
    known = pages(REGISTRY, typer.main.get_command(app))
    assert {f"{kind}/{name}" for kind, name in REGISTRY.components} <= known.keys()
    assert known["metrics"]() == (ROOT / "docs" / "metrics.md").read_text()


def test_the_wheel_brings_each_written_page() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    shipped = built["targets"]["wheel"]["force-include"]
    for name in written_pages():
        assert shipped[f"docs/{name}.md"] == f"gxarena/documentation/shipped/{name}.md"

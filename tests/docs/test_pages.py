"""What README and docs tell a reader to type, open or look up is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gxarena.cli.app import app
from gxarena.registry import Registry
from gxarena.run.suite import Suite

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
REGISTRY = Registry.load()
METRICS = [name for name in REGISTRY.names("metrics") if not name.startswith("quantus")]


def commands(page: Path) -> Iterator[list[str]]:
    """The gxarena commands of a page: its code blocks, and code spans without placeholders."""
    text = page.read_text().replace("\\\n", " ")
    blocks = re.findall(r"^ {4,}(gxarena .*)$", text, re.M)
    spans = re.findall(r"`(gxarena [^`…\[]*)`", text)
    for line in [*blocks, *(span for span in spans if not re.search(r"\b[A-Z]{3,}\b", span))]:
        yield shlex.split(line, comments=True)[1:]


def unknown(arguments: list[str]) -> list[str]:
    """Which of a command's words gxarena does not have: the command itself, or options."""
    command, rest = typer.main.get_command(app), list(arguments)
    while hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return rest[:1]
        command = command.commands[rest.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    return [word for word in rest if word.startswith("-") and word not in known]


@by_page
def test_every_command_is_one(page: Path) -> None:
    assert [(line, unknown(line)) for line in commands(page) if unknown(line)] == []


def test_a_command_that_is_none_is_found() -> None:
    assert unknown(["run", "quickstart", "--output", "runs/quickstart"]) == ["--output"]
    assert unknown(["explains", "quickstart"]) == ["explains"]
    assert len([line for page in PAGES for line in commands(page)]) > 20


@by_page
def test_every_path_and_suite_is_there(page: Path) -> None:
    text = page.read_text()
    paths = re.findall(r"(?:benchmarks|leaderboard|docs|plugins)/[\w./-]*\w", text)
    links = [path for path in re.findall(r"\]\(([^)#]+)", text) if ":" not in path]
    missing = [path for path in paths if not (ROOT / path).exists()]
    missing += [link for link in links if not (page.parent / link).exists()]
    assert missing == []
    suites = {arguments[1] for arguments in commands(page) if arguments[0] == "run"}
    shipped = {path.stem for path in (ROOT / "benchmarks").glob("*.toml")}
    assert suites - shipped <= {"my-suite.toml"}


def test_the_readme_s_own_suite_is_a_suite() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    (block,) = [block for block in blocks if block.startswith("# my-suite.toml\n")]
    suite = Suite.model_validate(tomllib.loads(block))
    assert suite.matrix[0].explainers == ["lrp", "random"]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_its_direction_and_its_trap(name: str) -> None:
    sections = dict(
        section.split("\n", 1)
        for section in re.split(r"^### ", (ROOT / "docs" / "metrics.md").read_text(), flags=re.M)[
            1:
        ]
    )
    section = sections[f"`{name}`"].partition("\n## ")[0]
    said = re.search(r"^Direction: (.*?)\.$", section, re.M)
    assert said is not None
    quantities = REGISTRY.factory("metrics", name)().quantities.values()
    ranked = {quantity.better for quantity in quantities} - {"none"}
    assert set(re.findall(r"higher|lower", said[1])) == ranked
    assert re.search(r"^Trap: ", section, re.M)

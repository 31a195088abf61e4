"""What README and docs tell a reader to type, open or look up is there."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer

from gxarena.api import DifferentiableModel
from gxarena.cli.app import app
from gxarena.dna import dinucleotide_shuffles
from gxarena.registry import Registry
from gxarena.run.suite import Suite, read_suite

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
    suites = {asked[1] for asked in commands(page) if asked[0] == "run" and len(asked) > 1}
    shipped = {path.stem for path in (ROOT / "benchmarks").glob("*.toml")}
    assert suites - shipped <= {"my-suite.toml", "suite.toml", "SUITE"}  # the reader's own


def test_the_readme_s_own_suite_is_a_suite() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    (block,) = [block for block in blocks if block.startswith("# my-suite.toml\n")]
    suite = Suite.model_validate(tomllib.loads(block))
    assert suite.matrix[0].explainers == ["lrp", "random"]


def section(name: str) -> dict[str, str]:
    """A metric's section of docs/metrics.md: the formula, and its parts by name."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    found = re.search(rf"^### `{re.escape(name)}`\n(.*?)(?=^##|\Z)", page, re.M | re.S)
    assert found is not None
    formula, *rest = re.split(r"^(?=[A-Z][a-z]+: )", found[1], flags=re.M)
    return {"Formula": formula.strip()} | {
        part.partition(": ")[0]: part.partition(": ")[2].strip() for part in rest
    }


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_its_formula_direction_trap_and_validity(name: str) -> None:
    said = section(name)
    assert len(said["Formula"]) > 30
    assert len(said["Trap"]) > 20
    quantities = REGISTRY.factory("metrics", name)().quantities.values()
    ranked = {quantity.better for quantity in quantities} - {"none"}
    assert set(re.findall(r"higher|lower", said["Direction"])) == ranked
    assert said["Validity"].startswith(validity(name))


def validity(name: str) -> str:
    """How a metric's validity begins, by the board of metrics and the verdicts that ship."""
    suite = read_suite("metric-validity")
    of = {label: given["name"] for label, given in suite.metrics.items() if "name" in given}
    rows = [
        row for row in pq.read_table(ROOT / "leaderboard" / "metric-trust.parquet").to_pylist()
        for label in [row["metric"].partition(".")[0]] if of.get(label, label) == name
    ]  # fmt: skip
    verdicts = json.loads((ROOT / "benchmarks" / "validity" / "not_ranked.json").read_text())
    # Not of what it is asked about decoys, which is a question of its own.
    barred = any(
        verdict["metric"] == name
        for verdict in verdicts
        if verdict["why"] and "decoy:" not in str(verdict["parameters"])
    )
    if not rows:
        return "not judged, but by some of its numbers nobody is ranked" if barred else "not judged"
    if all(row["trusted"] for row in rows):
        assert not barred
        return "judged; it tells the truth from every control."
    lacks = "judged; some of its numbers do not tell the truth from every control"
    return f"{lacks}, and by some nobody is ranked." if barred else f"{lacks}."


def test_every_method_that_gradients_need_is_described() -> None:
    """docs/plugins.md has them with the arguments that they take."""
    page = (ROOT / "docs" / "plugins.md").read_text()
    own = [
        one
        for name, one in vars(DifferentiableModel).items()
        if inspect.isfunction(one) and not name.startswith("_")
    ]
    assert len(own) == 6
    for one in own:
        _, *taken = inspect.signature(one).parameters
        assert f"| `{one.__name__}({', '.join(taken)})` |" in page
    _, rows = page.split("| method | gives |")
    assert inspect.signature(dinucleotide_shuffles).parameters.keys() == {"sequence", "n", "seed"}
    assert "`gxarena.dna.dinucleotide_shuffles(sequence, n, seed)`" in rows


def test_a_section_without_a_part_is_found() -> None:
    assert set(section("modisco")) == {"Formula", "Direction", "Trap", "Validity"}
    assert set(section("attribution_consistency")) > {"Formula", "Departures"}

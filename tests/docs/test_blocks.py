"""No block of code on a page escapes: each is run, or at least read as it would be.

Run, in other tests: what tutorials, docs/plugins.md, docs/submit.md and the README tell to type
(test_tutorials.py, tests/test_third_party.py, tests/cli/test_joining.py), and the READMEs of
docs/examples (tests/examples). Run here: every other block of Python. Read here: each command, by
the command line itself; the suite and the recipe that it names, with its changes; each table of a
suite, against the parameters of what it names. For what takes hours that is all.
"""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from fresh import FreshEnvironment
from markdown_it import MarkdownIt

from gxarena.cli.app import app
from gxarena.datasets.reading import COLUMNS
from gxarena.registry import Registry, signature
from gxarena.run.suite import KINDS, Suite, read_suite
from gxarena.training.recipe import Recipe, read_recipe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = {"gxarena", "make", "python", "pip", "pytest", "sh", "git", "cd", "dask"}
WRITTEN_BY_THE_READER = {
    *("my-suite.toml", "suite.toml", "SUITE", "my-network/suite.toml", "my-recipe.toml"),
}
REGISTRY = Registry.load()


@dataclass(frozen=True)
class Block:
    """A block of code, where it stands, and what it is.

    Attributes
    ----------
    kind : str
        "commands", "python", "toml", or empty where it is none of these.
    """

    page: str
    text: str
    kind: str

    @property
    def commands(self) -> Iterator[list[str]]:
        for line in self.text.replace("\\\n", " ").splitlines():
            for one in line.split(" && "):
                if words := shlex.split(one, comments=True):
                    yield words


def kind_of(text: str, info: str) -> str:
    """What a block of code is, by its mark or by what it holds."""
    if info:
        return info if info in ("python", "toml") else ""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    if all(line.split()[0] in PROGRAMS for line in lines):
        return "commands"
    for kind, read in (("toml", tomllib.loads), ("python", ast.parse)):
        try:
            read(text)
        except (SyntaxError, tomllib.TOMLDecodeError):
            continue
        return kind
    return ""


def blocks_of(text: str, page: str) -> Iterator[Block]:
    for token in MarkdownIt().parse(text):
        if token.type in ("fence", "code_block"):
            yield Block(page, token.content, kind_of(token.content, token.info.strip()))


BLOCKS = [
    block
    for path in PAGES
    for block in blocks_of(path.read_text(), path.relative_to(ROOT).as_posix())
]


def of_kind(kind: str) -> Any:
    chosen = [block for block in BLOCKS if block.kind == kind]
    names = [f"{block.page}:{block.text.split(chr(10))[0][:40]}" for block in chosen]
    return pytest.mark.parametrize("block", chosen, ids=names)


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    assert [(block.page, block.text) for block in BLOCKS if not block.kind] == []
    assert len(BLOCKS) > 50


def test_what_is_of_no_kind_is_found() -> None:
    texts = ["something else", "gxarena plan x", "[models.x]", "x = f()"]
    page = "```json\n{}\n```\n\n" + "\n\ntext\n\n".join(f"    {text}" for text in texts)
    assert [b.kind for b in blocks_of(page, "page")] == ["", "", "commands", "toml", "python"]


@of_kind("commands")
def test_commands_are_read_by_the_command_line(block: Block) -> None:
    for program, *words in block.commands:
        if program == "gxarena":
            rehearse(words)
        elif program == "make":
            assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.M)
        elif program == "python":
            assert (ROOT / words[0]).is_file()


def rehearse(words: list[str]) -> None:
    """Read a command with all its options; and the suite or recipe that it names, as changed."""
    command, rest, name = typer.main.get_command(app), list(words), "gxarena"
    while hasattr(command, "commands"):
        name = rest.pop(0)
        command = command.commands[name]
    given = command.make_context(name, rest).params
    if name in ("run", "plan") and given["suite"] not in WRITTEN_BY_THE_READER:
        read_suite(given["suite"], given["changes"])
    if name == "train" and str(given["recipe"]) not in WRITTEN_BY_THE_READER:
        read_recipe(ROOT / given["recipe"], given["changes"])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("run no-such-suite --out x", "unknown suite"),
        ("run quickstart --out x --set modles.cnn.n=1", "Did you mean 'models'"),
        ("run quickstart --out x --workers many", "valid integer"),
        ("run quickstart --output x", "No such option"),
        ("train benchmarks/recipes/no-such.toml --out x", "expected a readable TOML file"),
        ("leaderbord x", "leaderbord"),
    ],
)
def test_a_command_that_is_wrong_is_found(wrong: str, complaint: str) -> None:
    with pytest.raises(Exception, match=complaint):
        rehearse(wrong.split())


@of_kind("toml")
def test_tables_are_parts_of_a_suite(block: Block) -> None:
    document = tomllib.loads(block.text)
    if "project" in document:
        assert document["project"]["entry-points"]["gxarena"]
        return
    if "settings" in document:
        assert Recipe.model_validate(document).model in set(REGISTRY.names("models"))
        return
    whole = {"name": "of-a-page", "matrix": [{kind: ["x"] for kind in KINDS}]}
    suite = Suite.model_validate(whole | document)
    for kind in KINDS:
        for label, alias in suite.aliases(kind).items():
            assert unknown_keys(kind, label, dict(alias)) == []


def unknown_keys(kind: str, label: str, alias: dict[str, Any]) -> list[str]:
    """Keys of an alias that are neither a suite's own nor a parameter of what it names."""
    from gxarena.run.data import Asked

    own = {"name", "replicates", *(Asked.model_fields if kind == "datasets" else ())}
    if "path" in alias and kind == "datasets":
        return sorted(set(alias) - own - set(COLUMNS))
    factory = REGISTRY.factory(kind, str(alias.get("name", label)))
    return sorted(set(alias) - own - {"region"} - set(signature(factory).parameters))


def test_a_key_that_nothing_takes_is_found() -> None:
    assert unknown_keys("models", "cnn", {"checkpoint": "fly", "chekpoint": "x"}) == ["chekpoint"]
    assert unknown_keys("datasets", "planted", {"held_out": True, "held": 1}) == ["held"]


RUN_ELSEWHERE = {"README.md", *(f"docs/tutorials/{name}.md" for name in ("explainer", "model"))}
"""Python that is run where all of its page is: tests/test_third_party.py, test_tutorials.py."""

RUN_HERE = sorted({b.page for b in BLOCKS if b.kind == "python"} - RUN_ELSEWHERE)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN_HERE)
def test_python_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    """Beside a package made by `gxarena new`, as docs/plugins.md has its reader do."""
    fresh = FreshEnvironment(tmp_path / "venv")
    if "my-explainer" in (ROOT / page).read_text():
        fresh.run(["gxarena", "new", "explainer", "my-explainer"], tmp_path)
        fresh.run(["pip", "install", "-e", "my-explainer"], tmp_path)
    texts = [block.text for block in BLOCKS if (block.page, block.kind) == (page, "python")]
    for number, text in enumerate(texts):
        is_test = re.search(r"^def test_", text, re.M)
        file = tmp_path / f"{'test_' if is_test else ''}cell_{number}.py"
        file.write_text(text)
        fresh.run([("pytest" if is_test else "python"), file.name], tmp_path)
    assert len(fresh.seconds) >= len(texts) > 0

"""What is offered has a test and a page: hooks, capabilities, commands, components.

What counts as a test. A hook: a test defines a plugin's function of that name. A capability: a
test that declares components, or asks about them, names it. A command: a test that has the command
line calls it. A component: a test uses its factory, imported from the module where it is, or makes
it by kind and name; presets of one factory each by their name, or by what they preset. Tests of
texts and boards, and checks that run over whatever is installed, do not count.

What counts as a page. Hooks and capabilities: a row in docs/plugins.md. A command: a command of
README or docs, and its own help. A component: the page that is made of it, which says all that it
should by tests/documentation/test_pages.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from exercised import TestModule, read

from gxarena import capabilities, hookspecs
from gxarena.cli.app import app
from gxarena.hookspecs import Component
from gxarena.registry import Registry

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ABOUT_TEXTS = {"docs", "documentation", "report", "site"}
PLUGINS = (ROOT / "docs" / "plugins.md").read_text()
PAGES = "\n".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
REGISTRY = Registry.load()
COMMAND_LINE = typer.main.get_command(app)

HOOKS = [name for name in vars(hookspecs.Hooks) if name.startswith("gxarena_")]
CAPABILITIES = sorted(set().union(*capabilities.PROVIDED.values(), *capabilities.REQUIRED.values()))
COMPONENTS = [(kind, found.component) for (kind, _), found in sorted(REGISTRY.components.items())]


def sources() -> dict[Path, str]:
    """The text of each test, by its path; those of texts apart, and this one."""
    found = (path.relative_to(TESTS) for path in sorted(TESTS.rglob("*.py")))
    return {
        path: (TESTS / path).read_text()
        for path in found
        if path.parts[0] not in ABOUT_TEXTS and path.name != Path(__file__).name
    }


SOURCES = sources()


def modules(hidden: str = "") -> list[TestModule]:
    """All tests; without every text that matches a pattern, as if nobody had written it."""
    texts = SOURCES.values()
    return [read(re.sub(hidden, "hidden", text) if hidden else text) for text in texts]


def commands(command: Any = COMMAND_LINE, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command."""
    if not hasattr(command, "commands"):
        yield path
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*path, name))


def untested_hooks(tests: list[TestModule], hooks: Iterable[str] = HOOKS) -> list[str]:
    return [hook for hook in hooks if not any(hook in one.functions for one in tests)]


def untested_capabilities(
    tests: list[TestModule], names: Iterable[str] = CAPABILITIES
) -> list[str]:
    about = ("gxarena.capabilities.", "gxarena.hookspecs.Component", "gxarena.registry.Registry")
    declaring = [one for one in tests if any(name.startswith(about) for name in one.used)]
    return [name for name in names if not any(name in one.texts for one in declaring)]


def untested_commands(
    tests: list[TestModule], known: Iterable[tuple[str, ...]] | None = None
) -> list[tuple[str, ...]]:
    typing = [
        one
        for one in tests
        if "gxarena.cli.app.app" in one.used or one.says_together("-m", "gxarena")
    ]
    wanted = commands() if known is None else known
    return [words for words in wanted if not any(one.says(*words) for one in typing)]


def untested_components(
    tests: list[TestModule], components: list[tuple[str, Component]] = COMPONENTS
) -> list[tuple[str, str]]:
    sharing = Counter(component.target for _, component in COMPONENTS)

    def exercised(kind: str, component: Component, test: TestModule) -> bool:
        if test.says_together(kind, component.name):
            return True
        if kind == "engines":
            return component.name in test.texts
        uses = component.target.replace(":", ".") in test.used
        if sharing[component.target] == 1:
            return uses
        presets = {value for value in component.defaults.values() if isinstance(value, str)}
        return component.name in test.texts or (uses and bool(presets) and presets <= test.texts)

    return [
        (kind, one.name)
        for kind, one in components
        if not any(exercised(kind, one, test) for test in tests)
    ]


def undocumented(names: Iterable[str], page: str = PLUGINS) -> list[str]:
    """Those without a row of a table."""
    return [name for name in names if not re.search(rf"^\| `{re.escape(name)}` \|", page, re.M)]


def test_every_hook_has_a_test_and_a_row() -> None:
    assert len(HOOKS) == len(hookspecs.KINDS)
    assert untested_hooks(modules()) == []
    assert undocumented(HOOKS) == []


def test_every_capability_has_a_test_and_a_row() -> None:
    assert set(capabilities.OF_MODELS) < set(CAPABILITIES)
    assert untested_capabilities(modules()) == []
    assert undocumented(CAPABILITIES) == []


def test_every_command_has_a_test_and_a_page() -> None:
    assert untested_commands(modules()) == []
    assert [words for words in commands() if f"gxarena {' '.join(words)}" not in PAGES] == []
    assert helpless(COMMAND_LINE) == []


def helpless(command: Any) -> list[str]:
    """Commands, and their parameters, that do not say what they are for."""
    if hasattr(command, "commands"):
        return [name for inner in command.commands.values() for name in helpless(inner)]
    silent = [
        f"{command.name} {one.name}" for one in command.params if not getattr(one, "help", None)
    ]
    return silent if command.help else [command.name, *silent]


def test_every_component_has_a_test() -> None:
    assert untested_components(modules()) == []


def test_what_nobody_tests_any_more_is_found() -> None:
    """Each kind of thing once: as if all that exercises it were taken out of the tests."""
    assert untested_hooks(modules(r"\bgxarena_engines\b")) == ["gxarena_engines"]
    assert untested_capabilities(modules(r"\btrainable\b")) == ["trainable"]
    assert untested_commands(modules(r'"motifs"|"figure"')) == [("figure",), ("motifs",)]
    assert untested_components(modules(r"\bEntropy\b|\bentropy\b")) == [("metrics", "entropy")]


def test_what_is_new_and_has_neither_is_found() -> None:
    new = Component("brand-new", "gxarena.metrics.complexity:BrandNew", "nobody knows it yet")
    assert untested_hooks(modules(), ["gxarena_novelties"]) == ["gxarena_novelties"]
    assert untested_capabilities(modules(), ["clairvoyant"]) == ["clairvoyant"]
    assert untested_commands(modules(), [("conjure",)]) == [("conjure",)]
    assert untested_components(modules(), [("metrics", new)]) == [("metrics", "brand-new")]
    assert undocumented(["gxarena_novelties", HOOKS[0]]) == ["gxarena_novelties"]
    bare = typer.Typer()

    @bare.command("bare")
    def silent(loud: str) -> None:
        print(loud)

    assert helpless(typer.main.get_command(bare)) == ["bare", "bare loud"]

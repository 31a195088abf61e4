"""Whatever a plugin does at import, everybody else is listed and the culprit is named."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gxarena import discovery
from gxarena.hookspecs import Component
from gxarena.registry import Registry

OFFER = """
from gxarena.hookspecs import Component, hookimpl

@hookimpl
def gxarena_explainers():
    yield Component("{name}-explainer", "{name}:Explainer", "one of {name}")

class Explainer:
    pass
"""

BEHAVIOURS = {
    "leaves": ("import os\nos._exit(7)\n", "ended with exit status 7"),
    "leaves-well": ("import os\nos._exit(0)\n", "ended with exit status 0"),
    "segfaults": ("import ctypes\nctypes.string_at(0)\n", "ended by SIGSEGV"),
    "hangs": ("import time\ntime.sleep(3600)\n", "no end within 6 s"),
    "exits": ("import sys\nsys.exit(1)\n", "SystemExit: it ended the program (exit status 1)"),
    "interrupts": ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "cancels": ("class Gone(BaseException): ...\nraise Gone('away')\n", "Gone: away"),
    "recurses": ("def f(): f()\nf()\n", "RecursionError"),
    "floods": ("while True: print('x' * 9999)\n", "more than 1 MB of output"),
    "closes": ("import os, sys\nsys.stdout.close()\nos.closerange(0, 64)\n", "leave stdout alone"),
    "moves": ("import os\nos.chdir('/')\n", "leave the working directory alone, got a change to /"),
    "patches": (
        "import gxarena.registry\ngxarena.registry.Registry.get = lambda *_: None\n",
        "leave gxarena.registry.Registry.get alone",
    ),
    "replaces": ("import builtins\nbuiltins.sum = max\n", "leave builtins.sum alone"),
    "swells": (
        "held = []\nwhile True: held.append(b'x' * (1 << 24))\n", "GB of memory taken",
    ),
    "lingers": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(3600,), name='endless').start()\n",
        "leave no thread behind, got 'endless'",
    ),
}  # fmt: skip
"""At import, before hooks are declared: what is said of each."""

HOOKS = {
    "hookless": ("value = 1\n", "offers no hook: expected a function marked with"),
    "non-iterable": ("@hookimpl\ndef gxarena_models(): return 3\n", "'int' object is not iterable"),
    "breaks-off": (
        "@hookimpl\ndef gxarena_models():\n"
        "    yield Component('early', 'x:Y', '')\n    raise ValueError('half way')\n",
        "ValueError: half way",
    ),
    "strange": ("@hookimpl\ndef gxarena_models(): return ['cnn']\n", "expected a Component"),
    "endless": (
        "@hookimpl\ndef gxarena_models():\n    while True: pass\n", "no end within 6 s",
    ),
    "leaves-late": ("@hookimpl\ndef gxarena_models():\n    import os; os._exit(3)\n", "status 3"),
    "odd-presets": (
        "@hookimpl\ndef gxarena_models():\n"
        "    yield Component('odd', 'x:Y', '', defaults={'a': object()})\n",
        "'odd': expected plain values",
    ),
}  # fmt: skip

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a plugin of one module where Python finds it, as pip would."""
    monkeypatch.setenv(discovery.SECONDS, "6")
    monkeypatch.setenv("GXARENA_DATA", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def write(name: str, source: str) -> Path:
        module = name.replace("-", "_")
        site = tmp_path / "site"
        described = site / f"{module}-1.0.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[gxarena]\nmain = {module}\n")
        (site / f"{module}.py").write_text(source)
        importlib.invalidate_caches()
        return site / f"{module}.py"

    return write


def _old(*files: Path) -> None:
    """What was written a moment ago could be written again unnoticed: wait until it cannot."""
    newest = max(file.stat().st_ctime_ns for file in files)
    time.sleep(max(0.0, newest / 1e9 + 2.1 - time.time()))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_at_import(name: str, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST_MEMORY", 400 << 20)
    source, complaint = BEHAVIOURS[name]
    install(name, source + OFFER.format(name=name))
    _check_named(name, complaint, install)


@pytest.mark.parametrize("name", HOOKS)
def test_in_a_hook(name: str, install: Install) -> None:
    source, complaint = HOOKS[name]
    install(name, "from gxarena.hookspecs import Component, hookimpl\n" + source)
    _check_named(name, complaint, install)


def _check_named(name: str, complaint: str, install: Install) -> None:
    install("honest", OFFER.format(name="honest"))
    before = (Path.cwd(), threading.active_count(), sum, sys.stdout)
    registry = Registry.load()
    assert {"honest-explainer", "random"} <= set(registry.names("explainers"))
    assert {plugin.distribution for plugin in registry.broken} == {name}
    assert complaint in " ".join(plugin.error for plugin in registry.broken)
    assert (Path.cwd(), threading.active_count(), sum, sys.stdout) == before
    assert name.replace("-", "_") not in sys.modules
    assert Registry.get.__qualname__ == "Registry.get"


def test_the_command_answers_whatever_is_installed(install: Install, tmp_path: Path) -> None:
    install("honest", OFFER.format(name="honest"))
    for name in ("leaves", "segfaults", "interrupts", "closes"):
        install(name, BEHAVIOURS[name][0])
    answered = subprocess.run(
        [sys.executable, "-m", "gxarena", "plugins", "list", "--broken", "--json"],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    broken = {one["distribution"] for one in json.loads(answered.stdout)["broken"]}
    assert broken == {"leaves", "segfaults", "interrupts", "closes"}


def test_what_a_crash_printed_is_kept(install: Install) -> None:
    install("segfaults", BEHAVIOURS["segfaults"][0])
    (broken,) = Registry.load().broken
    assert "Fatal Python error: Segmentation fault" in broken.details


def test_everything_declared_comes_back(install: Install) -> None:
    component = Component(
        "all", "pkg:Thing", "summary", "citation", "extra", frozenset({"maskable", "pkg:own"}),
        frozenset(), {"pkg:own": "a thing"}, "pkg:describe", {"depth": [1, 2.5, None, {"a": True}]},
    )  # fmt: skip
    source = f"from gxarena.hookspecs import *\nfrom gxarena.hookspecs import hookimpl\n@hookimpl\ndef gxarena_models():\n    yield {component!r}\n"  # noqa: E501
    install("whole", source)
    registry = Registry.load()
    assert not registry.broken
    assert registry.get("models", "all") == component


def test_a_good_plugin_is_asked_once(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as no file that its import read is written to."""
    file = install("honest", "from helper import offers\n" + OFFER.format(name="honest"))
    helper = file.with_name("helper.py")
    helper.write_text("offers = 1\n")
    _old(file, helper)
    asked: list[str] = []
    ask = discovery._ask

    def counted(number: int, plugin: discovery.Plugin, folder: Path) -> object:
        asked.append(plugin.distribution)
        return ask(number, plugin, folder)

    monkeypatch.setattr(discovery, "_ask", counted)
    first = Registry.load()
    assert (asked, first.broken) == (["honest"], [])
    again = Registry.load()
    assert asked == ["honest"]
    assert again.components == first.components
    helper.write_text("offers = 2\nimport os\nos._exit(1)\n")
    assert [one.distribution for one in Registry.load().broken] == ["honest"]
    assert asked == ["honest"] * 2


def test_a_kept_answer_that_does_not_read_is_asked_anew(install: Install, tmp_path: Path) -> None:
    file = install("honest", OFFER.format(name="honest"))
    _old(file)
    Registry.load()
    (kept,) = (tmp_path / "home").rglob("*.json")
    for torn in ("", "[]", '{"files": {"/": null}}', kept.read_text()[:-30]):
        kept.write_text(torn)
        assert "honest-explainer" in Registry.load().names("explainers")


def test_several_are_asked_at_once(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits until another is being asked, however fast the machine is."""
    monkeypatch.setenv(discovery.SECONDS, "30")
    place = tmp_path / "asked"
    place.mkdir()
    for name in ("one", "two", "three"):
        meets = (
            "import pathlib, time\n"
            f"place = pathlib.Path({str(place)!r})\n"
            f"(place / {name!r}).touch()\n"
            "while len([*place.iterdir()]) < 2:\n"
            "    time.sleep(0.01)\n"
        )
        install(name, meets + OFFER.format(name=name))
    assert not Registry.load().broken


def test_a_plugin_that_loads_the_registry_starts_no_further_children(install: Install) -> None:
    install(
        "nested",
        "from gxarena.registry import Registry\nRegistry.load()\n" + OFFER.format(name="nested"),
    )
    assert "nested-explainer" in Registry.load().names("explainers")


def test_a_namespace_package_is_told_from_a_plugin(install: Install) -> None:
    file = install("project", "")
    file.unlink()
    (file.parent / "project").mkdir()
    (broken,) = Registry.load().broken
    assert f"module 'project' ({file.parent / 'project'}) offers no hook" in broken.error
    assert "a folder without __init__.py" in broken.error

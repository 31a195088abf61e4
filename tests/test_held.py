"""What a plugin does to end the command is an error of its own; Ctrl-C stays Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gxarena.held import held

ENDS = """
from gxarena import Component, Dataset, Facts, hookimpl, read_dataset
import os, sys

def end(how="{how}"):
    if how == "exit":
        os._exit(0)
    if how == "interrupt":
        raise KeyboardInterrupt
    sys.exit(0)

@hookimpl
def gxarena_{kind}():
    yield Component("ends", "{target}", "ends the program", {more})
"""
SUITE = """
name = "mine"
[datasets.mine]
{data}
[[matrix]]
datasets = ["mine"]
models = ["{model}"]
explainers = ["{explainer}"]
metrics = ["gini"]
"""


@pytest.fixture
def untouched() -> Iterator[None]:
    """Ctrl-C is heard, which a shell's background job does not; all is afterwards as it was."""
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = os._exit, signal.getsignal(signal.SIGINT)
    yield
    assert (os._exit, signal.getsignal(signal.SIGINT)) == before
    signal.signal(signal.SIGINT, inherited)


@pytest.mark.usefixtures("untouched")
def test_what_ends_this_process_is_an_error() -> None:
    with pytest.raises(SystemExit, match=r"os\._exit\(3\)"), held():
        os._exit(3)
    with pytest.raises(SystemExit, match="KeyboardInterrupt, and nobody has typed"), held():
        raise KeyboardInterrupt


@pytest.mark.usefixtures("untouched")
def test_a_forked_process_ends_as_ever() -> None:
    with held():
        if not (child := os.fork()):
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.usefixtures("untouched")
def test_ctrl_c_stays_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), held(), held():
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_where_ctrl_c_raises_nothing_it_was_not_typed(handler: signal.Handlers) -> None:
    """As for what a shell starts in the background."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(SystemExit, match="nobody has typed Ctrl-C"), held():
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("untouched")
def test_in_a_thread_it_cannot_be_told() -> None:
    found: list[BaseException] = []

    def work() -> None:
        try:
            with held():
                raise KeyboardInterrupt
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [type(one) for one in found] == [KeyboardInterrupt]


CASES = {
    "data set": ("datasets", "ends:end", "", "dataset 'ends'"),
    "facts": ("models", "ends:end", 'describe="ends:end"', "model 'ends'"),
}


@pytest.mark.parametrize("how", ["exit", "interrupt", "sys"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_no_command_is_ended_by_what_it_plans(
    data: Path, tmp_path: Path, command: str, case: str, how: str
) -> None:
    """It ended with exit status 0, no output, and nothing done."""
    kind, target, more, named = CASES[case]
    ended = _run(
        data, tmp_path, command, ENDS.format(kind=kind, target=target, how=how, more=more), kind
    )
    assert ended.returncode == 2, ended.stdout + ended.stderr
    (said,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert f"ends-plugin: {named}: expected" in said
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("how", ["os._exit(0)", "raise KeyboardInterrupt"])
def test_what_a_wrapper_does_when_it_is_imported_fails_its_own_cells(
    data: Path, tmp_path: Path, how: str
) -> None:
    (tmp_path / "at_import.py").write_text(f"import os\n{how}\n")
    more = 'provides=frozenset({"wrapper"})'
    plugin = ENDS.format(kind="explainers", target="at_import:Wrapper", how="", more=more)
    ended = _run(data, tmp_path, "run", plugin, "explainers")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "ends-plugin: explainer 'ends': expected at_import:Wrapper to import" in ended.stderr
    assert "Cells: 1 error" in ended.stderr


HARMS = """
from gxarena import Component, hookimpl

@hookimpl
def gxarena_{kind}():
    yield Component("ends", "harming:{target}", "harms who plans", {more})
"""
HARMING = """
from gxarena import Dataset, Facts, Sample

{harm}
END = Facts
class Wrapper:
    def __init__(self, explainer="random"):
        pass
def dataset():
    return Dataset("ends", (Sample("a", "ACGT", 1),))
"""
PATCH = """
from gxarena.results import places
places.null_if_nan = lambda value: 0.5
"""
MOVE = """
import os
os.chdir("/")
"""


@pytest.mark.parametrize(("harm", "said"), [(PATCH, "null_if_nan as it was"), (MOVE, "another, /")])
@pytest.mark.parametrize(
    ("kind", "target", "more"),
    [
        ("datasets", "dataset", ""),
        ("models", "Model", 'describe="harming:END"'),
        ("explainers", "Wrapper", 'provides=frozenset({"wrapper"})'),
    ],
)
def test_what_is_changed_where_boards_are_made_ends_the_command(
    data: Path, tmp_path: Path, kind: str, target: str, more: str, harm: str, said: str
) -> None:
    """All others' rows of the board were wrong, and nothing told of it."""
    (tmp_path / "harming.py").write_text(HARMING.format(harm=harm))
    plugin = HARMS.format(kind=kind, target=target, more=more)
    ended = _run(data, tmp_path, "run", plugin, kind)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert f"ends-plugin: {kind.removesuffix('s')} 'ends': once it has worked, expected " in line
    assert said in line
    assert not (tmp_path / "run" / "leaderboard.parquet").exists()


def _run(
    data: Path, tmp_path: Path, command: str, plugin: str, kind: str
) -> subprocess.CompletedProcess[str]:
    """A command of a suite with the plugin's component in it, as if it was installed."""
    (tmp_path / "ends.py").write_text(plugin)
    info = tmp_path / "ends_plugin-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ends-plugin\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[gxarena]\nends = ends\n")
    suite = tmp_path / "suite.toml"
    own = {kind: "ends"}
    suite.write_text(
        SUITE.format(
            data='name = "ends"' if kind == "datasets" else f"path = {str(data)!r}",
            model=own.get("models", "cnn"),
            explainer=own.get("explainers", "random"),
        )
    )
    words = [command, str(suite), *(["--out", str(tmp_path / "run")] if command == "run" else [])]
    return subprocess.run(
        [sys.executable, "-m", "gxarena", *words],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

"""The small run that faults are done to: how it is made, run, and compared with another.

Its components are the toys of the tests, which need no torch. A command is the command line itself,
in a process that is forked from one with the libraries loaded and the suite planned, so that it
takes a tenth of what a fresh one does; it is killed, limited and waited for like any. Where its
addresses are limited it is a fresh one (`Arena.run_afresh`).
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

TOYS = Path(__file__).parents[2] / "tests" / "toys"
OF_TIME = (
    "attempt", "started", "seconds", "explain_seconds", "peak_memory", "error_traceback",
    "suite_digest", "forwards",
)  # fmt: skip
"""Columns of `cells` that say how a run went and what else was in it, not what came of a cell.

`forwards` too: of two cells that ask a model the same, whoever asks first counts it.
"""
TABLES = ("samples", "curves", "motifs", "seqlets")
GOOD = ("exact", "random")
SUITE = """
name = "faults"
target = 1
partition = "toy-tokens"
[datasets.mine]
path = "data.csv"
[metrics]
faith = {{ name = "faithfulness", budgets = [20] }}
[[matrix]]
datasets = ["mine"]
models = ["toy-tokens"]
explainers = {explainers}
metrics = ["total", "collection", "faith"]
"""
SAMPLES, LENGTH = 8, 15
PRINTED = 1 << 20
"""Bytes that a command may print, unread."""
PATIENCE = 240.0
"""Seconds after which a command hangs, on a machine that does much besides."""


_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Said:
    """What a command came to: its exit status, None where it hung, and what it wrote."""

    code: int | None
    out: str

    @property
    def sentence(self) -> str:
        """Its error, where that is one sentence and no more; else empty."""
        errors = [line for line in self.out.splitlines() if line.startswith("error: ")]
        return errors[0] if self.code == 2 and len(errors) == 1 and not self.traceback else ""

    @property
    def traceback(self) -> bool:
        """Whether it is one that nobody should see."""
        return _TRACEBACK in self.out

    @property
    def shown(self) -> str:
        """What there is to see of a fault: from a little before the first traceback, or the end."""
        at = self.out.find(_TRACEBACK)
        return self.out[-2000:] if at < 0 else self.out[max(at - 500, 0) :][:2000]


class Arena:
    """A folder with the data, the suites, and a run that nothing has disturbed."""

    def __init__(self, place: Path) -> None:
        self.place = place.absolute()
        self.scratch = self.place / "tmp"
        self.scratch.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        rows = ["".join(rng.choice(list("ACGT"), LENGTH)) for _ in range(SAMPLES)]
        lines = [f"s{i:02d},{sequence},{i % 2}" for i, sequence in enumerate(rows)]
        (self.place / "data.csv").write_text("\n".join(["id,sequence,label", *lines]) + "\n")
        self._install()
        self.lasts = 0.0
        self._plans: dict[tuple[str, ...], Any] = {}
        self._context = multiprocessing.get_context("fork")

    def _install(self) -> None:
        """The toys as installed distributions, for this process and all that it starts."""
        site = self.place / "site"
        for name, module in (("toys", "toy_plugin"), ("venom", "poison_plugin")):
            info = site / f"{name}-0.1.dist-info"
            info.mkdir(parents=True, exist_ok=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
            (info / "entry_points.txt").write_text(f"[gxarena]\n{name} = {module}\n")
        added = [str(site), str(TOYS)]
        sys.path[:0] = [path for path in added if path not in sys.path]
        os.environ |= {
            "PYTHONPATH": os.pathsep.join([*added, os.environ.get("PYTHONPATH", "")]).rstrip(":"),
            "OMP_NUM_THREADS": "1",
            "TMPDIR": str(self.scratch),
            "NO_COLOR": "1",
        }

    def suite(self, explainers: Sequence[str] = GOOD) -> Path:
        """The suite of these explainers."""
        path = self.place / f"{'-'.join(explainers)}.toml"
        path.write_text(SUITE.format(explainers=list(explainers)))
        return path

    def plan(self, explainers: Sequence[str] = GOOD) -> Any:
        """Its plan, made once."""
        from gxarena.run.plan import make_plan
        from gxarena.run.suite import read_suite

        key = tuple(explainers)
        if key not in self._plans:
            suite = read_suite(str(self.suite(explainers)))
            self._plans[key] = make_plan(suite, self.registry, folder=self.place)
        return self._plans[key]

    @cached_property
    def registry(self) -> Any:
        from gxarena.registry import Registry

        return Registry.load()

    @cached_property
    def finished(self) -> Path:
        """A run that nothing has disturbed."""
        from gxarena.run.runner import run

        out = self.place / "undisturbed"
        shutil.rmtree(out, ignore_errors=True)
        if not run(self.plan(), out).complete:
            raise RuntimeError("the undisturbed run failed")
        return out

    @cached_property
    def half(self) -> Path:
        """A run that was killed with all but one of its cells done, and a whole store."""
        out = self.place / "half"
        shutil.rmtree(out, ignore_errors=True)
        count = len(self.plan().cells) - 1
        process = self._context.Process(target=_killed_after, args=(self.plan(), out, count))
        process.start()
        process.join()
        shutil.copytree(self.finished / "store", out / "store", dirs_exist_ok=True)
        return out

    @cached_property
    def expected(self) -> Content:
        """What the undisturbed run's tables hold."""
        return content(self.finished)

    def start(
        self,
        out: Path,
        *more: object,
        explainers: Sequence[str] = GOOD,
        limits: Mapping[str, int] | None = None,
        memory: int | None = None,
    ) -> tuple[BaseProcess, int]:
        """Start to run the suite into a folder; gives the end of a pipe with what is printed.

        `limits` are those of `resource`, by name; `memory` that of each child.
        """
        log, end = os.pipe()  # no file, which limits would be of too
        fcntl.fcntl(log, fcntl.F_SETPIPE_SZ, PRINTED)
        words = ["run", "planned", "--out", out, "--workers", 2, *more]
        how = (self.plan(explainers), [str(one) for one in words], end, limits or {}, memory)
        process = self._context.Process(target=_command, args=how)
        process.start()
        os.close(end)
        return process, log

    def ended(self, process: BaseProcess, log: int, seconds: float = PATIENCE) -> Said:
        """How it ended, which it is made to if it does not by itself."""
        process.join(seconds)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        os.set_blocking(log, False)  # somebody else may still hold its other end
        with os.fdopen(log, "rb", buffering=0) as printed:
            return Said(code, (printed.read() or b"").decode(errors="replace"))

    def run(self, out: Path, *more: object, **how: Any) -> Said:
        """The same, to its end."""
        return self.ended(*self.start(out, *more, **how))

    def run_afresh(self, out: Path, addresses: int) -> Said:
        """The same by a process of its own that may hold so many bytes of addresses.

        One that is forked begins with this process's, which no command of a user's has.
        """
        command = [sys.executable, "-m", "gxarena", "run", self.suite(), "--out", out]
        limited = ["sh", "-c", f'ulimit -v {addresses >> 10} && exec "$@"', "sh", *command]
        try:
            done = subprocess.run(  # noqa: S603
                [str(word) for word in [*limited, "--workers", 2]],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as hung:
            return Said(None, (hung.output or b"").decode(errors="replace"))
        return Said(done.returncode, done.stdout.decode(errors="replace"))

    def resumed(self, out: Path) -> None:
        """Take it up again in this process, where nothing is wrong with the machine any more."""
        from gxarena.run.runner import run

        run(self.plan(), out)


Rows = list[dict[str, Any]]
Content = dict[str, Rows]
"""What was read, by table."""


def content(folder: Path, explainers: Sequence[str] = GOOD) -> Content:
    """What a run's tables, and its board, hold of these explainers, but for what it took.

    The board is left out where others competed, or there is none yet.
    """
    from gxarena.results.reading import RunResults

    return _content(RunResults.of(folder), folder / "leaderboard.parquet", explainers)


def bundled(path: Path) -> Content:
    """The same of a bundle, with the board made of it."""
    from gxarena.results.boards import boards_of
    from gxarena.results.bundle import opened

    with opened(path) as results:
        found = _content(results, Path(), GOOD)
    return found | {"leaderboard": _plain(boards_of([path])[0].table)}


def board(path: Path) -> Content:
    """The same of a board that was written."""
    from gxarena.results.boards import read_board

    return {"leaderboard": _plain(read_board(path).table)}


def _content(results: Any, path: Path, explainers: Sequence[str]) -> Content:
    rows = results.last_rows()
    kept = [r for r in rows if r["explainer"] in explainers and r["status"] == "ok"]
    cells = {row["cell_id"] for row in kept}
    found = {
        name: [row for row in results.table(name).to_pylist() if row["cell_id"] in cells]
        for name in TABLES
    }
    found["cells"] = [{k: v for k, v in row.items() if k not in OF_TIME} for row in kept]
    if path.is_file() and {row["explainer"] for row in rows} <= {*explainers}:
        found |= board(path)
    return found


def _plain(table: Any) -> Rows:
    rows: Rows = table.drop_columns(["seconds_per_sequence"]).to_pylist()
    return rows


def differs(found: Content, expected: Content, *, whole: bool = True) -> str:
    """Which table is other than expected; empty where none is.

    Where not `whole`, cells may be missing: what there is of the others counts.
    """
    cells = {row["cell_id"] for row in found.get("cells", ())}
    for name in {**expected, **found}:
        wanted = expected.get(name, [])
        if not whole and name != "leaderboard":
            wanted = [row for row in wanted if row["cell_id"] in cells]
        if not whole and name not in found:
            continue
        if str(found.get(name, [])) != str(wanted):  # NaN equals itself
            return f"{name} ({_columns(found.get(name, []), wanted)})"
    return ""


def _columns(found: Rows, wanted: Rows) -> str:
    """In which columns rows differ, or how many there are."""
    if len(found) != len(wanted):
        return f"{len(found)} rows, not {len(wanted)}"
    pairs = list(zip(found, wanted, strict=True))
    return ", ".join(k for k in found[0] if any(str(a.get(k)) != str(b.get(k)) for a, b in pairs))


def _command(
    plan: Any,
    arguments: list[str],
    log: int,
    limits: Mapping[str, int],
    memory: int | None,
) -> None:
    """The command line, of a suite that is planned already; what it prints goes into a pipe."""
    os.setpgrp()  # as a shell's commands are
    from gxarena.cli import app, running
    from gxarena.run import runner

    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout, sys.stderr = (os.fdopen(end, "w", closefd=False) for end in (1, 2))
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    if memory is not None:
        share: Callable[[], Any] = runner.psutil.virtual_memory
        runner.MEMORY_SHARE = memory / share().total
    running._plan = lambda *_: plan
    sys.argv = ["gxarena", *arguments]
    app.main()


def _killed_after(plan: Any, out: Path, count: int) -> None:
    """Run in this process, and be gone without a word after so many cells."""
    from gxarena.run.runner import run

    done: list[str] = []

    def report(cell: Any, _status: str, _message: str) -> None:
        done.append(cell.id)
        if len(done) == count:
            os._exit(9)

    run(plan, out, report_cell=report)

"""Components that harm whoever shares a process with them, and otherwise are toys."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from toys import WEIGHTS, Exact, Linear, Total

from gxarena.api import Scored
from gxarena.data import Attribution, Batch, Explained
from gxarena.hookspecs import Component, hookimpl

STEERING = "\x1b]0;owned\x07\x1b[2J\rAll is well.\x9b1A \u202eback"
"""Renames a terminal's window, clears it, goes back over the line, and turns the writing round."""


class Poison(Exact):
    """Does what its name says, then explains."""

    def __init__(self, harm: str) -> None:
        self.harm = getattr(self, f"_{harm}")
        self.made = time.monotonic()

    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        self.harm(model)
        return super().explain(model, batch)

    def _halves(self, model: Any) -> None:
        for letter in WEIGHTS:
            WEIGHTS[letter] /= 2

    def _trains(self, model: Any) -> None:
        model.network.train()

    def _dtype(self, model: Any) -> None:
        sys.modules["torch"].set_default_dtype(sys.modules["torch"].float64)

    def _threads(self, model: Any) -> None:
        sys.modules["torch"].set_num_threads(2)

    def _patches_numpy(self, model: Any) -> None:
        np.mean = lambda *_, **__: np.float64(0.5)  # type: ignore[assignment]

    def _patches_metrics(self, model: Any) -> None:
        from gxarena.metrics import complexity

        complexity.Gini.score = lambda *_: None  # type: ignore[assignment,method-assign,return-value]

    def _patches_statistics(self, model: Any) -> None:
        from gxarena.statistics import intervals

        intervals.mean_intervals = lambda *_, **__: {}  # type: ignore[assignment,return-value]

    def _chdir(self, model: Any) -> None:
        os.chdir("/")

    def _litters(self, model: Any) -> None:
        Path("left-behind").write_text("here")

    def _reaches(self, model: Any) -> None:
        """Into the folder of the run, by its path, where somebody says it."""
        for path in Path(os.environ["POISON_RUN"]).rglob("*.parquet"):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] = (content[len(content) // 2] + 1) % 256
            path.write_bytes(content)

    def _segfaults(self, model: Any) -> None:
        ctypes.string_at(0)

    def _exits(self, model: Any) -> None:
        os._exit(0)

    def _abandons(self, model: Any) -> None:
        """Ends, and leaves a process of its own at work."""
        left = subprocess.Popen(["sleep", "600"])
        with Path(os.environ["POISON_LEFT"]).open("a") as told:
            told.write(f"{left.pid}\n")
        os._exit(1)

    def _flees(self, model: Any) -> None:
        """Leaves one at work that is nobody's child, in a session of its own."""
        if os.fork() == 0:
            left = subprocess.Popen(["sleep", "600"], start_new_session=True)
            with Path(os.environ["POISON_LEFT"]).open("a") as told:
                told.write(f"{left.pid}\n")
            os._exit(0)
        os.wait()

    def _hangs(self, model: Any) -> None:
        time.sleep(3600)

    def _toils(self, model: Any) -> None:
        """At work without a word: longer than a limit of seconds on silence."""
        end = time.process_time() + 1.5
        while time.process_time() < end or time.monotonic() < self.made + 8:
            sum(range(1000))

    def _spins(self, model: Any) -> None:
        while True:
            sum(range(1000))

    def _interrupts(self, model: Any) -> None:
        raise KeyboardInterrupt

    def _leaves(self, model: Any) -> None:
        sys.exit(0)

    def _kills_its_server(self, model: Any) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(3600)

    def _floods(self, model: Any) -> None:
        for _ in range(2000):
            print("flood" * 200)
        raise RuntimeError("after the flood")

    def _prints(self, model: Any) -> None:
        print("x" * 5000 + "said in passing")

    def _steers(self, model: Any) -> None:
        print(STEERING)
        raise RuntimeError(STEERING)

    def _eats(self, model: Any) -> None:
        held = []
        while True:
            held.append(np.ones(2**25))


class PoisonedTotal(Total):
    """Does the same, then scores; where it has no harm to do it only scores."""

    def __init__(self, harm: str = "") -> None:
        self.harm = harm

    def score(self, explained: Explained, probe: object) -> Scored:
        if self.harm:
            Poison(self.harm).harm(probe)
        return super().score(explained, probe)


class PoisonedModel(Linear):
    """Halves another's weights as it is loaded; says what it says."""

    def __init__(self) -> None:
        super().__init__()
        Poison("halves").harm(self)


HARMS = [name.removeprefix("_") for name in vars(Poison) if name[0] == "_" and name[1] != "_"]


@hookimpl
def gxarena_models() -> Iterable[Component]:
    maskable = frozenset({"maskable"})
    yield Component("spoiler", "poison_plugin:PoisonedModel", "harms", provides=maskable)


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component("dies-once", "dies_once:DiesOnce", "is killed at first")
    for harm in HARMS:
        name = harm.replace("_", "-")
        yield Component(name, "poison_plugin:Poison", "harms", defaults={"harm": harm})


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    for name, harm in {"first": "", "halving": "halves", "exiting": "exits", "last": ""}.items():
        yield Component(
            name,
            "poison_plugin:PoisonedTotal",
            "harms where it is told to",
            provides=frozenset({"sample"}),
            requires=frozenset({"probe"}),
            defaults={"harm": harm},
        )

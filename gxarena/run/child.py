"""What a child does: one task's shards, one after the other, and sends back what came of each.

It reads the run's store and writes nothing: what would be stored is sent as bytes. Components are
made where the run was started, so that relative paths lead where they did, and work in a folder of
the child's own.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from gxarena.data import Floats
from gxarena.run.cell_rows import made_of
from gxarena.run.failures import failure
from gxarena.run.frames import Frame, Frames, table_bytes
from gxarena.run.luggage import cell_of, unpack
from gxarena.run.plan import Plan
from gxarena.run.scoring import Scoring
from gxarena.run.stages import Stages
from gxarena.run.store import Store
from gxarena.run.surroundings import THREADS, Surroundings, here
from gxarena.seeds import sample_seed

IDLE = 120.0
"""Seconds after which a child that is given nothing to do is gone."""
EVERY = 0.5
"""Seconds between two signs of life, at least."""
CANARIES = 3
"""Samples whose predictions must be the same bits before and after a component has worked."""

Header = Mapping[str, Any]


def main(orders: int, results: int) -> None:
    """Work on orders until there are no more; the first one says what plan they are of."""
    with os.fdopen(results, "wb", buffering=0) as sink:
        desk: _Desk | None = None
        incoming = Frames()
        while select.select([orders], [], [], IDLE)[0]:
            if not (received := os.read(orders, 1 << 16)):
                return
            for order in incoming.feed(received):
                desk = desk or _Desk(order.header, sink)
                desk.work(order.header)


@dataclass(frozen=True)
class _Sending(Store):
    """The run's store as a child has it: what would be written is sent."""

    send: Callable[[Frame], None] = field(kw_only=True)
    _answers: dict[str, Floats] = field(default_factory=dict, kw_only=True)

    def write_shared(self, key: str, answers: Floats, seconds: float) -> None:
        super().write_shared(key, answers, seconds)
        self._answers[key] = answers

    def read_shared(self, key: str) -> Floats | None:
        return self._answers[key] if key in self._answers else super().read_shared(key)

    def _write(
        self, stage: str, key: str, chunk: int, table: pa.Table, seconds: float, **more: Any
    ) -> None:
        header = {"type": "stored", "stage": stage, "key": key, "chunk": chunk}
        self.send(Frame({**header, "seconds": seconds, **more}, table_bytes(table)))


class _ChildStages(Stages):
    """The stages as one task may use them: what is of another task is read, never computed."""

    def check_unchanged(self, *components: tuple[str, str]) -> None:
        """The supervisor's to ask, who knows what was planned, before it publishes anything."""

    def _fill(self, stage: str, key: str, *_: Any) -> None:
        """What is not there is an error of the reading."""


class _Desk:
    """Where one child works on the orders of one task."""

    def __init__(self, first: Header, sink: BinaryIO) -> None:
        self._sink = sink
        self._from = os.path.realpath(first["directory"])
        self._own = os.path.realpath(first["scratch"])
        self._plan = unpack(Path(first["luggage"]))
        store = _Sending(Path(first["store"]), send=self._send)
        self._stages = _ChildStages(self._plan, store, self._progress)
        self._scoring = Scoring(self._plan, self._stages)
        self._canaries = _Canaries(self._plan, self._stages)
        self._surroundings: Surroundings | None = None
        self._moved = ""
        self._said = 0.0

    def work(self, order: Header) -> None:
        """Do what is ordered, and say how it ended."""
        self._send(Frame({"type": "begun"}))
        try:
            _settle_in(self._plan.suite.seed, order)
            os.chdir(self._from)
            ended = {"status": "ok", **getattr(self, f"_{order['kind']}")(order)}
        # Whatever a plugin raises, KeyboardInterrupt and SystemExit included, is its own failure.
        except BaseException as error:
            ended = failure(error)
        self._send(Frame({"type": "end", **ended}))

    def _describe(self, order: Header) -> Header:
        """Every parameter that components come to, or why they cannot be made."""
        choices = [self._plan.choice(kind, label) for kind, label in order["components"]]
        return {"made": [made_of(choice, self._plan.registry) for choice in choices]}

    def _download(self, order: Header) -> Header:
        """Load a model that may have to be downloaded."""
        self._stages.model(order["model"])
        return {}

    def _predict(self, order: Header) -> Header:
        self._stages.model(order["model"])
        os.chdir(self._own)
        names = (order["dataset"], order["model"])
        self._stages.predict_chunk(*names, order["chunk"], order["at_once"])
        return {}

    def _explain(self, order: Header) -> Header:
        self._begin(order["dataset"], [order["model"]])
        self._stages.create("explainers", order["explainer"])
        self._move()
        names = (order["dataset"], order["model"], order["explainer"])
        self._stages.explain_chunk(*names, order["chunk"], order["at_once"])
        return self._left(order["dataset"], [order["model"]])

    def _score(self, order: Header) -> Header:
        cell = cell_of(order["cell"])
        self._begin(cell.dataset, order["models"])
        for kind, label in order["components"]:
            with contextlib.suppress(Exception):  # kept, and said where the cell is scored
                self._stages.create(kind, label)
        self._move()
        row, parts = self._scoring.part(cell, range(*order["part"]), order["at_once"])
        left = self._left(cell.dataset, order["models"])
        for name, table in parts.items():
            self._send(Frame({"type": "table", "name": name}, table_bytes(table)))
        return left | row

    def _begin(self, dataset: str, models: list[str]) -> None:
        """Load models, and see how all is before anything else is loaded."""
        for model in models:
            self._stages.model(model)
        self._canaries.before(dataset, models)
        self._surroundings = self._surroundings or Surroundings()

    def _move(self) -> None:
        """From where components are made to where they work."""
        self._moved = "" if here() == self._from else f"another, {here()}"
        os.chdir(self._own)

    def _left(self, dataset: str, models: list[str]) -> dict[str, Any]:
        """Whether the order left all as it was; what models predict now is for others to judge.

        Of the models that it was given. Others are here only where a child works for the core's
        own components, and asking them after every cell took longer than most cells.
        """
        changed = self._surroundings.changed() if self._surroundings else ""
        moved = self._moved or ("" if here() == self._own else f"another, {here()}")
        if moved:
            changed = f"the working directory as it was, got {moved}"
        canaries = self._canaries.after(dataset, models)
        spoilt = bool(changed) or any(after != before for _, before, after, *_ in canaries)
        return {"changed": changed, "canaries": canaries, "spoilt": spoilt}

    def _progress(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._said < EVERY:
            return
        self._said = time.monotonic()
        self._send(Frame({"type": "progress", "what": what, "done": done, "total": total}))

    def _send(self, frame: Frame) -> None:
        content = memoryview(frame.packed())
        while content:
            content = content[self._sink.write(content) or 0 :]


class _Canaries:
    """Predictions on a few samples, before other components are loaded and after they worked."""

    def __init__(self, plan: Plan, stages: Stages) -> None:
        self._plan = plan
        self._stages = stages
        self._known: dict[tuple[str, str], str] = {}

    def before(self, dataset: str, models: list[str]) -> None:
        """Ask models that were not asked yet."""
        for model in models:
            if (dataset, model) not in self._known:
                self._known[dataset, model] = self._bits(dataset, model)

    def after(self, dataset: str, models: list[str]) -> list[list[str]]:
        """Each model, with its answers' bits before and now, and once more where they differ.

        A model that answers otherwise each time was not changed by who explained it.
        """
        found = []
        for model in models:
            before = self._known[dataset, model]
            answers = [before, self._bits_or_error(dataset, model)]
            if answers[1] != before:
                answers.append(self._bits_or_error(dataset, model))
            found.append([model, *answers])
        return found

    def _bits_or_error(self, dataset: str, model: str) -> str:
        try:
            return self._bits(dataset, model)
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def _bits(self, dataset: str, model: str) -> str:
        """Predictions as text that is the same for the same bits."""
        samples = self._plan.datasets[dataset].samples
        drawn = np.random.default_rng(self._plan.suite.seed).permutation(len(samples))[:CANARIES]
        sequences = [samples[i].whole.sequence for i in sorted(drawn.tolist())]
        outputs = self._stages.model(model).predict(sequences)
        return np.ascontiguousarray(outputs).tobytes().hex()


def _settle_in(seed: int, order: Header) -> None:
    """Threads and global generators as every order finds them, whatever ran before it."""
    short = sample_seed(seed, order["task"], str(order.get("chunk", ""))) % 2**32
    random.seed(short)
    np.random.seed(short)
    if torch := sys.modules.get("torch"):
        if torch.get_num_threads() != THREADS:
            torch.set_num_threads(THREADS)
        torch.manual_seed(short)

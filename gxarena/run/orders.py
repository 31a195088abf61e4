"""What is sent to an engine's workers: tasks' shards, and what is asked beside them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from gxarena.engine import Engine
from gxarena.errors import NO_THREAD, InputError, reason
from gxarena.results.folder import RunFolder
from gxarena.run import luggage, supervisor
from gxarena.run.endings import result
from gxarena.run.forkserver import module_path
from gxarena.run.frames import Frame
from gxarena.run.plan import Plan
from gxarena.run.preloading import preloaded
from gxarena.run.supervisor import Limits

TRIES = 2
"""How often a child may end over the same order."""


class Orders:
    """What is sent to the workers of one engine, for one run.

    Attributes
    ----------
    run : str
        By which supervisors know it, never the same twice.
    workers : int
        How many orders are worked on at once.
    luggage : pathlib.Path
        What workers elsewhere take with them; where it is gone, the run is over.
    """

    def __init__(self, plan: Plan, folder: RunFolder, engine: Engine, limits: Limits) -> None:
        self.run, self.workers = uuid.uuid4().hex, engine.workers
        self.luggage = luggage.pack(plan, folder.path.absolute())
        self._executor = engine.executor
        self._common: dict[str, Any] = {
            "type": "order",
            "run": self.run,
            "preload": preloaded(plan),
            "path": module_path(),
            "store": str((folder.path / "store").absolute()),
            "directory": str(Path.cwd()),
            "silence": limits.silence,
            "memory": limits.memory,
            "luggage": str(self.luggage),
        }

    def submit(self, order: Mapping[str, Any], task: str, child: str) -> Future[bytes]:
        """Have something done by a child of this name, for a task of that one.

        Raises
        ------
        InputError
            The engine takes no more work: who gave it workers is gone.
        MemoryError
            There is none left here for another thread, say.
        """
        packed = Frame({**self._common, **order, "task": task, "child": child}).packed()
        try:
            return self._executor.submit(supervisor.supervise, packed)
        except MemoryError:
            raise
        # Whatever an engine raises, its own kinds of errors included.
        except Exception as error:
            if str(error).startswith(NO_THREAD):
                raise MemoryError(NO_THREAD) from error
            raise InputError(
                f"--engine: expected one that takes work, got '{reason(error)}'. Start its workers "
                "again, or take another one, and run the same command: finished work is kept."
            ) from error

    def ask(
        self,
        orders: Mapping[str, Mapping[str, Any]],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> dict[str, dict[str, Any]]:
        """Have things done, by name, and wait for their ends; once more where a child crashed.

        It died, or says that it was sent Ctrl-C.
        """
        ends: dict[str, dict[str, Any]] = {}
        waiting = list(orders)
        for _ in range(TRIES):
            asked = {one: self.submit(orders[one], one, one) for one in waiting}
            try:
                meanwhile()
                ends |= {one: result(future)[1] for one, future in asked.items()}
            except BaseException:  # Ctrl-C: nobody waits for the rest
                cancel(asked.values())
                raise
            waiting = [one for one in waiting if ends[one]["status"] == "crashed"]
        return ends


def cancel(futures: Iterable[Future[bytes]]) -> None:
    """Have an engine not begin with what nobody waits for any more, where it can leave that."""
    for future in futures:
        with suppress(NotImplementedError):  # as Parsl says, which begins with all it is given
            future.cancel()

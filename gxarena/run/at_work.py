"""What a run's workers are at, for whoever asks while it runs: ``gxarena status DIR``.

A hidden file of the run's folder, renewed every few seconds and removed at the end.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from gxarena.errors import StorageError
from gxarena.files import TEMPORARY, write_text

FILE = f"{TEMPORARY}at-work"
EVERY = 2.0
"""Seconds between two writings."""


@dataclass
class Work:
    """One worker's.

    Attributes
    ----------
    worker, what : str
    done, total : int
        Samples, or questions that a metric has asked, of which nobody knows the total (0).
    began : float
        When it began, in seconds since 1970.
    done_before : int
        What was done when it began.
    now : float
        When it last said something.
    """

    worker: str
    what: str
    done: int
    total: int
    began: float
    done_before: int
    now: float

    @property
    def rate(self) -> float | None:
        """Samples or questions a second; None where nothing is done yet."""
        done, seconds = self.done - self.done_before, self.now - self.began
        return done / seconds if done > 0 and seconds > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds until all is done; None where that is not known."""
        rate = self.rate
        return (self.total - self.done) / rate if rate and self.total else None


class AtWork:
    """Keeps what workers say, and writes it down."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._works: dict[str, Work] = {}
        self._before: Counter[str] = Counter()
        self._written = 0.0

    def tell(self, worker: str, what: str, done: int, total: int) -> Work:
        """A worker is at something, and has done so much of it."""
        now = time.time()
        with self._lock:
            known = self._works.get(worker)
            if known is None or known.what != what or done < known.done:
                if known:
                    self._before[known.what] += known.done
                known = self._works[worker] = Work(worker, what, done, total, now, done, now)
            known.done, known.total, known.now = done, total, now
            if now - self._written >= EVERY:
                self._written = now
                self._write()
            return known

    def together(self, what: str) -> int:
        """How many questions all workers have asked for one cell, each for parts of it."""
        with self._lock:
            now = sum(work.done for work in self._works.values() if work.what == what)
            return self._before[what] + now

    def close(self) -> None:
        """Nobody works any more."""
        with self._lock:
            self._written = float("inf")
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        document = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "works": [asdict(work) for work in self._works.values()],
        }
        try:
            write_text(self._path, json.dumps(document))
        except StorageError:
            return  # where results cannot be written either, that is said for them


def works_of(folder: Path) -> list[Work]:
    """What workers are at in a run's folder; empty where nobody works, or nobody says so."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        here = document["host"] == socket.gethostname()
        if here and not psutil.pid_exists(int(document["process"])):
            return []  # it was killed
        return [Work(**work) for work in document["works"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []

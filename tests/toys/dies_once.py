"""A module that is killed where it is imported, once: as long as a file says so."""

import os
import signal
from pathlib import Path

from toys import Exact

if (flag := Path(os.environ.get("TOY_DIES", ""))).is_file():
    flag.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


class DiesOnce(Exact):
    def __init__(self, width: int = 7) -> None:
        self.width = width

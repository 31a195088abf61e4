"""Folders for as long as a process works: what a killed one has left behind, a later one removes.

    <temporary folder>/gxarena-scratch-x1y2/lock     held while the folder is somebody's
    <temporary folder>/gxarena-scratch-x1y2/work/    what is given out

The system lets go of a lock also after kill -9. A folder gets its name once its lock is held, so
that nobody finds it without.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from filelock import BaseFileLock

PREFIX = "gxarena-scratch-"
"""How the names of such folders begin."""
UNNAMED = 3600.0
"""Seconds after which one that is still without its name is nobody's: it takes some thousandths."""
_NEW = ".gxarena-new-"
_LOCK = "lock"


class Scratch:
    """A new empty folder, which is removed when it is closed, or once this process is gone.

    Attributes
    ----------
    path : Path
    """

    def __init__(self) -> None:
        new = Path(tempfile.mkdtemp(prefix=_NEW))
        try:
            self._lock = _lock_of(new)
            self._lock.acquire()
            self._place = new.rename(new.with_name(PREFIX + new.name.removeprefix(_NEW)))
        except BaseException:  # Ctrl-C, say
            shutil.rmtree(new, ignore_errors=True)
            raise
        self.path = self._place / "work"
        self.path.mkdir()

    def close(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self._place, ignore_errors=True)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def remove_abandoned() -> None:
    """Remove the folders of this user's processes that are gone without having done so."""
    from filelock import Timeout

    folder = Path(tempfile.gettempdir())
    for place in folder.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):
            if _is_ours(place) and time.time() - place.stat().st_mtime > UNNAMED:
                shutil.rmtree(place, ignore_errors=True)
    for place in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, Timeout):  # another's, or somebody is at work there
            if not _is_ours(place):
                continue
            with _lock_of(place):
                shutil.rmtree(place, ignore_errors=True)


def _lock_of(place: Path) -> BaseFileLock:
    from filelock import FileLock  # a tenth of a second, which no list of plugins needs

    # Whoever ends a run closes the folders of all its threads.
    return FileLock(place / _LOCK, timeout=0, thread_local=False)


def _is_ours(place: Path) -> bool:
    """Whether it is a folder that this user made; a link may lead anywhere."""
    return place.is_dir() and not place.is_symlink() and place.stat().st_uid == os.geteuid()

"""Who supervises a child knows all that it started."""

from __future__ import annotations

import subprocess
import sys

import psutil

from gxarena.run.supervisor import _family

STARTS_MORE = """
import subprocess, sys, threading
def start():
    command = "input()"
    return subprocess.Popen([sys.executable, "-c", command], stdin=subprocess.PIPE)
mine = [start()]
thread = threading.Thread(target=lambda: mine.append(start()))
thread.start()
thread.join()
print("ready", flush=True)
input()
"""


def test_the_family_is_the_child_and_all_below_it() -> None:
    """Also what a thread of it has started."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_MORE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        below = psutil.Process(child.pid).children(recursive=True)
        found = _family(child.pid)
        child.communicate("\n")
    assert len(below) == 2
    assert sorted(found) == sorted([child.pid, *(one.pid for one in below)])

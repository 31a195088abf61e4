"""What children find loaded: also what a library loads when it is first used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from gxarena.run.plan import Plan
from gxarena.run.preloading import preloaded

USES = """
import contextlib, importlib, sys
for name in sys.argv[1:]:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
before = set(sys.modules)
import pyarrow, scipy
pyarrow.array([1.0])
scipy.special.stdtr(1, 0.5)
print(sorted(name for name in set(sys.modules) - before if name.count(".") < 2))
"""


def test_arrays_and_statistics_load_nothing_more(plan: Callable[..., Plan]) -> None:
    command = [sys.executable, "-c", USES, *preloaded(plan())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"

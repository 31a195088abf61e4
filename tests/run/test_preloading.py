"""What children find loaded: also what a library loads when it is first used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from gxarena.registry import Registry
from gxarena.run.plan import Plan, make_plan
from gxarena.run.preloading import preloaded
from gxarena.run.suite import read_suite

USES = """
import contextlib, importlib, sys
for name in sys.argv[1:]:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
before = set(sys.modules)
import pyarrow, scipy, torch
pyarrow.array([1.0])
scipy.special.stdtr(1, 0.5)
weight = torch.ones(2, requires_grad=True)
torch.autograd.grad(2 * weight, weight, torch.ones(2))
print(sorted(name for name in set(sys.modules) - before if name.count(".") < 2))
"""


def test_arrays_statistics_and_gradients_load_nothing_more(plan: Callable[..., Plan]) -> None:
    command = [sys.executable, "-c", USES, *preloaded(plan())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_library_that_loads_less_by_a_module_of_ours_is_loaded_by_that() -> None:
    found = preloaded(make_plan(read_suite("quickstart"), Registry.load()))
    assert "gxarena_torch.lazy_zennit" in found
    assert not [name for name in found if name.startswith(("zennit", "torchvision"))]

"""What `import gxarena` offers: at once, without torch, and each name the one it says."""

from __future__ import annotations

import importlib
import subprocess
import sys

import gxarena


def test_every_name_that_is_listed_is_there() -> None:
    assert set(gxarena._WHERE) | {"__version__", "run"} == set(gxarena.__all__) == set(dir(gxarena))
    for name, module in gxarena._WHERE.items():
        assert getattr(importlib.import_module(module), name) is getattr(gxarena, name)


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(gxarena, "no_such_name")


def test_importing_it_loads_nothing() -> None:
    code = (
        "import sys, gxarena\n"
        "assert not {'numpy', 'pyarrow', 'pydantic', 'torch'} & set(sys.modules)\n"
        "[getattr(gxarena, name) for name in gxarena.__all__]\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

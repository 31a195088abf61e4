"""zennit without torchvision: what is left out, and that nobody who wants it misses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LRP = "import sys; import gxarena_cnn.lrp; "
"""What an explainer by zennit loads; each of these tests is a process of its own."""


def told(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_lrp_loads_neither_torchvision_nor_torchs_compiler() -> None:
    assert told(LRP + "print({'torchvision', 'torch._dynamo'} & set(sys.modules))") == "set()"


@pytest.mark.parametrize(
    "asked",
    [
        "import zennit; print(zennit.torchvision.ResNetCanonizer.__name__)",
        "from zennit.torchvision import ResNetCanonizer; print(ResNetCanonizer.__name__)",
        "import zennit.torchvision as later; print(later.ResNetCanonizer.__name__)",
        "from zennit.torchvision import *; print(ResNetCanonizer.__name__)",
    ],
)
def test_its_canonizers_of_image_models_are_there_once_asked_for(asked: str) -> None:
    assert told(LRP + asked) == "ResNetCanonizer"


def test_they_are_the_same_classes_however_often_they_are_asked_for() -> None:
    assert told(
        LRP + "import zennit; first = zennit.torchvision.VGGCanonizer\n"
        "from zennit.torchvision import VGGCanonizer as second; print(first is second)"
    ) == "True"  # fmt: skip


def test_who_imported_zennit_before_keeps_what_was_imported() -> None:
    assert told(
        "import zennit, sys; before = zennit.torchvision.ResNetCanonizer\n"
        "import gxarena_cnn.lrp; print(before is zennit.torchvision.ResNetCanonizer)"
    ) == "True"  # fmt: skip


def test_threads_that_ask_at_once_all_get_them() -> None:
    assert told(
        LRP + "import time, zennit; from concurrent.futures import ThreadPoolExecutor\n"
        "def ask(i): time.sleep(0.02 * i); return zennit.torchvision.ResNetCanonizer\n"
        "with ThreadPoolExecutor(8) as pool: print(len({*pool.map(ask, range(8))}))"
    ) == "1"  # fmt: skip


def test_who_asks_while_it_is_filled_in_finds_what_is_there(tmp_path: Path) -> None:
    models = tmp_path / "torchvision" / "models"
    models.mkdir(parents=True)
    for package in (models.parent, models):
        (package / "__init__.py").touch()
    (models / "resnet.py").write_text(
        "import zennit\nFOUND = hasattr(zennit.torchvision, 'VGGCanonizer')\n"
        "class Bottleneck: pass\nclass BasicBlock: pass\n"
    )
    asked = "import zennit; zennit.torchvision.VGGCanonizer; from torchvision.models import resnet"
    program = LRP + f"sys.path.insert(0, {str(tmp_path)!r}); {asked}; print(resnet.FOUND)"
    assert told(program) == "False"


@pytest.mark.parametrize(
    "looking",
    [
        "import inspect; inspect.getmodule(compile('1', 'nowhere', 'eval'))",
        "import pickle; f = lambda: 1; f.__module__, f.__qualname__ = None, 'nowhere'\n"
        "try: pickle.dumps(f)\nexcept pickle.PicklingError: print('found in no module')",
        "import zennit; print(hasattr(zennit.torchvision, 'nothing'))",
    ],
)
def test_looking_at_all_modules_does_not_load_it(looking: str) -> None:
    told(LRP + "sys.modules['torchvision'] = None; " + looking)
    assert told(LRP + looking + "\nprint('torchvision' in sys.modules)").split()[-1] == "False"


def test_a_layer_of_torchvisions_is_known_once_that_is_loaded(tmp_path: Path) -> None:
    """As in zennit 1.0, whatever version is installed."""
    path = tmp_path / "types.py"
    path.write_text("import torchvision\nKNOWN = (int, torchvision.ops.FrozenBatchNorm2d)\n")
    program = (
        "import sys; from importlib.util import module_from_spec, spec_from_file_location\n"
        "from gxarena_torch.lazy_zennit import _WithoutLoader\n"
        f"spec = spec_from_file_location('types_of_layers', {str(path)!r})\n"
        "module = module_from_spec(spec); _WithoutLoader(spec.loader).exec_module(module)\n"
        "print('torchvision' in sys.modules, issubclass(float, module.KNOWN))\n"
        "from torchvision.ops import FrozenBatchNorm2d\n"
        "print(issubclass(FrozenBatchNorm2d, module.KNOWN), issubclass(float, module.KNOWN))\n"
    )
    assert told(program).split() == ["False", "False", "True", "False"]


def test_lrp_works_where_torchvision_does_not_import_and_who_wants_it_is_told() -> None:
    program = (
        "import sys; sys.modules['torchvision'] = None\n"
        "import gxarena_cnn.lrp, zennit\n"
        "for _ in range(2):\n"
        "    try: zennit.torchvision.ResNetCanonizer\n"
        "    except ImportError as error: print(error.name.partition('.')[0])\n"
    )
    assert told(program).split() == ["torchvision", "torchvision"]


def test_imports_are_found_as_before_once_zennit_is_loaded() -> None:
    assert told("import sys; before = list(sys.meta_path); import gxarena_cnn.lrp; "
                "print(before == sys.meta_path)") == "True"  # fmt: skip

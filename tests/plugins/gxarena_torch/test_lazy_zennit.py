"""zennit without torchvision: what is left out, and that nobody who wants it misses it."""

from __future__ import annotations

import subprocess
import sys

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


def test_looking_at_all_modules_does_not_load_it() -> None:
    looking = "import inspect; inspect.getmodule(compile('1', 'nowhere', 'eval')); "
    assert told(LRP + looking + "print('torchvision' in sys.modules)") == "False"


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

"""What breaks modules breaks scripts too, and says where tests never load what is broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
STAND_IN = """
import ast, importlib.util, mutation, sys
from pathlib import Path
path = Path(sys.argv[1])
finder = mutation._Broken("no.such.module", path, ast.parse("said = 'broken'"))
finder.stand_in()
found = []
for one in (path, path.with_name("other.py")):
    spec = importlib.util.spec_from_file_location("mine", one)
    module = importlib.util.module_from_spec(spec)
    found.append(finder.seen)
    spec.loader.exec_module(module)
    found.append(module.said)
print(found)
"""


def test_a_script_that_is_loaded_by_its_path_is_broken_and_no_other(tmp_path: Path) -> None:
    for name in ("script", "other"):
        (tmp_path / f"{name}.py").write_text(f"said = '{name}'")
    given = [sys.executable, "-c", STAND_IN, str(tmp_path / "script.py")]
    done = subprocess.run(given, cwd=TESTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[False, 'broken', True, 'other']"


@pytest.mark.slow
def test_tests_that_never_load_what_is_broken_say_nothing_of_it() -> None:
    module, tests = "benchmarks/validity/figures.py", "tests/test_seeds.py"
    given = [sys.executable, "tests/mutation.py", module, tests, "--sample", "1"]
    done = subprocess.run(given, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "expected tests that load it in their own process" in done.stderr

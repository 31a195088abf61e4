"""The documentation site is built from what there is, and a warning is an error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.registry import Registry

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_it_is_built_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs gxarena[docs]")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kind, name in Registry.load().components:
        page = (tmp_path / kind / f"{name}.html").read_text()
        assert "Source" in page
    loaded = re.compile(r"<(?:script|img|link)[^>]+(?:src|href)=\"?(https?:[^\" >]+)")
    asked = {url for page in tmp_path.rglob("*.html") for url in loaded.findall(page.read_text())}
    assert asked == set()

"""The documentation site is built from what there is, and a warning is an error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.capabilities import PROVIDED, REQUIRED
from gxarena.hookspecs import KINDS
from gxarena.registry import Registry
from gxarena.run.suite import Block, Suite

ROOT = Path(__file__).parents[2]
REGISTRY = Registry.load()


def wanted() -> dict[str, list[str]]:
    """What pages must hold once they are built: from schema, registry, vocabulary and hooks."""
    metrics = [name for name in REGISTRY.names("metrics") if not name.startswith("quantus-")]
    hooks = [f"gxarena_{kind}" for kind in KINDS]
    capabilities = set().union(*PROVIDED.values(), *REQUIRED.values())
    keys = [*Suite.model_fields, *Block.model_fields]
    examples = [path.parent.name for path in (ROOT / "docs" / "examples").glob("*/README.md")]
    return {
        "suites.html": [f"<td><code>{key}</code></td>" for key in keys],
        "metrics.html": [f"<code>{name}</code>" for name in metrics] + ["Trap:", "Direction:"],
        "plugins.html": [f"<td><code>{name}</code></td>" for name in [*hooks, *capabilities]],
        "python.html": hooks,
        "commands.html": [f"gxarena {name}" for name in ("plan", "run", "plugins check", "new")],
        **{
            f"{kind}/index.html": [f"{name}.html" for name in REGISTRY.names(kind)]
            for kind in KINDS
        },
        **{f"examples/{name}/index.html": ["Trap."] for name in examples},
    }


@pytest.mark.slow
def test_it_is_built_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs gxarena[docs]")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kind, name in REGISTRY.components:
        page = (tmp_path / kind / f"{name}.html").read_text()
        assert "Source" in page
    for made, names in wanted().items():
        page = (tmp_path / made).read_text()
        assert [name for name in names if name not in page] == [], made
    loaded = re.compile(r"<(?:script|img|link)[^>]+(?:src|href)=\"?(https?:[^\" >]+)")
    asked = {url for page in tmp_path.rglob("*.html") for url in loaded.findall(page.read_text())}
    assert asked == set()

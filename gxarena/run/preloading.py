"""What a fork server loads once for all its children: libraries, and the models that ship.

By name, from what the plan's built-in components import, beside what every server loads. No
explainer is among them, and nothing of another distribution: a plugin under test is loaded by the
child that tests it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gxarena.errors import PluginError
from gxarena.run.forkserver import EARLY
from gxarena.run.plan import Plan
from gxarena.sources.dependencies import CORE, Sources
from gxarena.sources.import_statements import mentions

_LOADED = ("models", "metrics", "aggregators")
"""Kinds whose own modules children find loaded."""
_LAZY = "lazy_"
"""How a built-in module is called that loads less of a library than the library's name does: it is
loaded itself."""


def preloaded(plan: Plan) -> list[str]:
    """Modules to load before any child is made."""
    sources = Sources()
    libraries: dict[str, None] = {}
    targets: dict[str, None] = {}
    for (kind, _), choice in plan.choices.items():
        module = choice.found.component.target.partition(":")[0]
        if choice.found.distribution != CORE:
            continue
        if kind in _LOADED:
            targets[module] = None
        libraries |= dict.fromkeys(_libraries(module, sources))
    return [*libraries, *targets, *EARLY]


def _libraries(target: str, sources: Sources) -> list[str]:
    """What others made that a built-in module imports when it is imported, directly or not."""
    try:
        counted = sources.of(target, CORE)
    except PluginError:
        return []
    paths = {counted.modules[name]: path for name, path in counted.files.items()}
    own = {module.partition(".")[0] for module in paths}
    found: dict[str, None] = {}
    seen, waiting = set[str](), [target]
    while waiting:
        module = waiting.pop()
        if module in seen or module not in paths or paths[module].suffix != ".py":
            continue
        seen.add(module)
        if module.rpartition(".")[2].startswith(_LAZY):
            found[module] = None
            continue
        for name, inside in mentions(
            paths[module].read_bytes(), _package(module, paths[module])
        ).imports:
            if inside:
                continue
            top = name.partition(".")[0]
            if top in own:
                waiting.append(name)
            elif top not in sys.stdlib_module_names:
                found[name] = None
    return list(found)


def _package(module: str, path: Path) -> str:
    return module if path.stem == "__init__" else module.rpartition(".")[0]

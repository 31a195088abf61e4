"""What a component must leave as it found it: the process, and the model that it was given."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.testing.checks import Failed

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""Where a torch module, and a parameter, keeps its hooks."""

SETTINGS = (
    "the working directory",
    "the recursion limit",
    "numpy's handling of errors",
    "torch's default dtype",
    "torch's gradient mode",
    "torch's deterministic mode",
    "torch's precision of products",
)
"""What no library changes when it is first used (numba's first threads change torch's number)."""


def of_process() -> dict[str, object]:
    """Everything of the process that one component could change under another, by name."""
    found: dict[str, object] = {
        "the working directory": str(Path.cwd()),
        "environment variables": dict(os.environ),
        "the search path": list(sys.path),
        "the recursion limit": sys.getrecursionlimit(),
        "numpy's global generator": _generator(),
        "numpy's handling of errors": np.geterr(),
        "Python's global generator": _digest(random.getstate()),
        "threads that are not daemons": sum(not one.daemon for one in threading.enumerate()),
    }
    if (torch := sys.modules.get("torch")) is not None:
        found |= {
            "torch's global generator": _digest(torch.get_rng_state().tolist()),
            "torch's default dtype": str(torch.get_default_dtype()),
            "torch's number of threads": torch.get_num_threads(),
            "torch's gradient mode": torch.is_grad_enabled(),
            "torch's deterministic mode": torch.are_deterministic_algorithms_enabled(),
            "torch's precision of products": torch.get_float32_matmul_precision(),
        }
    return found


def of_settings() -> dict[str, object]:
    """Of that what no import of a library changes."""
    return {name: value for name, value in of_process().items() if name in SETTINGS}


def stir() -> None:
    """Set the global generators elsewhere: nobody may have relied on them, or set them before."""
    np.random.random()
    random.random()  # noqa: S311 (no secret)
    if (torch := sys.modules.get("torch")) is not None:
        torch.rand(1)


def of_model(model: Any) -> dict[str, object]:
    """What a model is set to, and weights, hooks and modes of its network where it has one."""
    settings = {f"attribute '{name}'": value for name, value in _plain(model).items()}
    network: Any = getattr(model, "network", None)
    if not callable(getattr(network, "named_modules", None)):
        return settings
    modules = dict(network.named_modules())
    parameters = dict(network.named_parameters())
    return settings | {
        "weights": {name: _bytes(tensor) for name, tensor in network.state_dict().items()},
        "hooks": {name: _hooks(one) for name, one in [*modules.items(), *parameters.items()]},
        "settings": {name: _plain(module) for name, module in modules.items()},
        "training mode": {name: module.training for name, module in modules.items()},
        "forward methods": {name: "forward" in vars(module) for name, module in modules.items()},
        "requires_grad": {name: one.requires_grad for name, one in parameters.items()},
        "gradients": {name: one.grad is None for name, one in parameters.items()},
    }


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Names of what is not as it was."""
    return [name for name, value in before.items() if after.get(name, value) != value]


def process_kept(
    before: Mapping[str, object],
    has_set: Iterable[str] = (),
    remedy: str = "Use generators of your own, and put back what must be set.",
) -> None:
    """Fail where the process is not as it was.

    Parameters
    ----------
    before : mapping
        What `of_process` said.
    has_set : names
        What was changed before that.
    remedy : str
        A sentence.
    """
    if names := sorted({*has_set, *changed(before, of_process())}):
        raise Failed("the process as it was", f"a change of {', '.join(names)}", remedy)


def _hooks(one: Any) -> list[int]:
    return [len(getattr(one, where, None) or ()) for where in HOOKS]


def _plain(one: object) -> dict[str, object]:
    """Numbers, words and switches among what an object is set to."""
    known = (bool, int, float, str, type(None))
    return {
        name: value
        for name, value in getattr(one, "__dict__", {}).items()
        if isinstance(value, known) and not name.startswith("_")
    }


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _bytes(tensor: Any) -> str:
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()


def _generator() -> str:
    """numpy's global state, whose 624 words `repr` would cut short."""
    name, words, *rest = np.random.get_state(legacy=True)
    return _digest((name, np.asarray(words).tolist(), rest))

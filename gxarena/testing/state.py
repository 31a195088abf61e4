"""What a component must leave as it found it: the process, and the model that it was given."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.testing.checks import Failed

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""Where a torch module keeps its hooks."""


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
        }
    return found


def of_model(model: Any) -> dict[str, object]:
    """Weights, hooks and modes of a model's network, by name; nothing where it has none."""
    network: Any = getattr(model, "network", None)
    if not callable(getattr(network, "named_modules", None)):
        return {}
    modules = dict(network.named_modules())
    parameters = dict(network.named_parameters())
    return {
        "weights": {name: _bytes(tensor) for name, tensor in network.state_dict().items()},
        "hooks": {name: [len(getattr(m, one, ())) for one in HOOKS] for name, m in modules.items()},
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
    remedy: str = "Use generators of your own, and put back what must be set.",
) -> None:
    """Fail where the process is not as it was.

    Parameters
    ----------
    before : mapping
        What `of_process` said.
    remedy : str
        A sentence.
    """
    if names := changed(before, of_process()):
        raise Failed("the process as it was", f"a change of {', '.join(names)}", remedy)


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _bytes(tensor: Any) -> str:
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()


def _generator() -> str:
    """numpy's global state, whose 624 words `repr` would cut short."""
    name, words, *rest = np.random.get_state(legacy=True)
    return _digest((name, np.asarray(words).tolist(), rest))

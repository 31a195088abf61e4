"""What a component's object breaks of its contract, said with its name and what to do.

A bare "object has no attribute" names neither the plugin nor what was asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any, TypeVar

from gxarena.capabilities import PAIR
from gxarena.errors import PluginError, ShapeError

Result = TypeVar("Result")

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "models": ("predict", "spans", "n_outputs"),
    "explainers": ("explain",),
    "aggregators": ("project",),
    "metrics": ("quantities",),
}
"""What each kind must at least have."""
_OF_SCOPE = {"sample": ("score",), PAIR: ("compare", "renormalise"), "set": ("score_set",)}


def check_made(made: Any, kind: str, provides: Set[str], where: str) -> None:
    """Raise PluginError where what a factory made lacks what its kind must at least have.

    Parameters
    ----------
    made : the component's object
    kind : str
        "models", "explainers", …
    provides : set of str
        What is declared: of a metric, its scope.
    where : str
        How the error begins.
    """
    needed = list(_NEEDED.get(kind, ()))
    needed += [name for scope, names in _OF_SCOPE.items() if scope in provides for name in names]
    missing = [name for name in needed if not hasattr(made, name)]
    if missing:
        raise PluginError(
            f"{where}: expected an object with {' and '.join(missing)}, got a "
            f"{type(made).__name__} without. See what gxarena.api says of {kind}."
        )


@contextmanager
def blamed(where: str) -> Iterator[None]:
    """Inside, a component's code works: what it raises of its contract is said with its name."""
    try:
        yield
    except ShapeError as error:
        raise PluginError(f"{where}: {error}") from error
    except SystemExit as error:
        if not isinstance(error, Left):
            raise Left(where, error.code) from error
        raise


class Unasked:
    """The door to a model that a metric is given which declares no question: it is shut.

    Parameters
    ----------
    where : str
        How the error begins.
    """

    def __init__(self, where: str) -> None:
        self._where = where

    def in_flanks(self, flanks: object) -> Unasked:
        """Shut everywhere."""
        del flanks
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise PluginError(
            f"{self._where}: expected no question, as requires holds neither 'probe' nor "
            f"'explainer', got probe.{name}. Declare requires=frozenset({{\"probe\"}})."
        )


class Left(SystemExit):
    """A component ended the program."""

    def __init__(self, where: str, code: object) -> None:
        said = f"exit status {code}" if isinstance(code, int | None) else str(code)
        super().__init__(
            f"{where}: expected an answer, got the end of the program ({said}). Raise an error "
            "instead of calling exit."
        )


def answered(answer: Any, kind: type[Result], method: str, where: str) -> Result:
    """A metric's answer; PluginError where it is not what its method gives."""
    if isinstance(answer, kind) and isinstance(getattr(answer, "values", None), Mapping):
        return answer
    got = f"a {type(answer).__name__}"
    if isinstance(answer, kind):
        got = f"one whose values are a {type(getattr(answer, 'values', None)).__name__}"
    example = 'SetScored({"": value})' if method == "score_set" else 'Scored({"": values})'
    raise PluginError(
        f"{where}: expected {method} to give a {kind.__name__}, got {got}. E.g. return {example}."
    )

"""Whether a test that re-implements a metric notices where the metric's numbers are wrong.

A test is marked by the names of the metrics whose numbers it computes by other means: a slow
version in plain loops, a closed form, another library's own.

    @pytest.mark.reimplements("gini")
    @pytest.mark.reimplements("auprc", only=["chance"])

The mark is a promise that is tried whenever the test is run (`tests/conftest.py`): once it has
passed it is run again for each of the metric's numbers, all values of which are then off by a
hundredth, and has to fail each time. Budgets of one number count as one (`mif_drop_logit@5`). Of a
test with many cases one is tried in a process, whichever comes first: all promise the same.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

from gxarena.hookspecs import Component

ANSWERS = ("score", "compare", "score_set", "control")
"""What a metric answers by."""
OFF = 0.01


def stem(key: str) -> str:
    """A number's name without its budget."""
    return key.partition("@")[0]


def factory(component: Component) -> type:
    """The class that a metric's component names."""
    module, _, name = component.target.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


@contextmanager
def answering(metric: type, change: Callable[[str, Any], Any]) -> Iterator[None]:
    """Every value of a metric is what `change` makes of its key and itself."""

    def changed(real: Callable[..., Any]) -> Callable[..., Any]:
        def answer(self: Any, *given: Any, **named: Any) -> Any:
            scored = real(self, *given, **named)
            values = {key: change(key, value) for key, value in scored.values.items()}
            return dataclasses.replace(scored, values=values)

        return answer

    with ExitStack() as stack:
        for name in ANSWERS:
            if hasattr(metric, name):
                real = getattr(metric, name)
                stack.enter_context(mock.patch.object(metric, name, changed(real)))
        yield


def off(value: Any) -> Any:
    """Values that are wrong by a hundredth and more, on the side of the larger."""
    return value + OFF * (1 + np.abs(value))


_TRIED: set[tuple[str, str]] = set()


def due(test: str, mark: object) -> bool:
    """Whether a test, cases apart, has not been tried for this mark by this process."""
    known = len(_TRIED)
    _TRIED.add((test, repr(mark)))
    return len(_TRIED) > known


def unnoticed(test: Callable[[], object], metric: type, only: Collection[str] = ()) -> list[str]:
    """Of a metric's numbers that the test makes it give, those that may be wrong unnoticed.

    Parameters
    ----------
    test : callable
        Without arguments, or a `functools.partial` with all of them; it has passed before.
    metric : type
        The metric's class.
    only : collection of str
        The numbers that count; all of them where none is named.

    Raises
    ------
    AssertionError
        The metric is not asked at all, or not for these numbers.
    """
    asked: dict[str, None] = {}
    with answering(metric, lambda key, value: (asked.setdefault(stem(key)), value)[1]):
        test()
    assert asked, f"{metric.__name__} is not asked"
    assert set(only) <= set(asked), f"{metric.__name__} gives {list(asked)}, not all of {only}"
    return [number for number in only or asked if not _noticed(test, metric, number)]


def _noticed(test: Callable[[], object], metric: type, number: str) -> bool:
    def change(key: str, value: Any) -> Any:
        return off(value) if stem(key) == number else value

    with answering(metric, change), _at_first_failure(test):
        try:
            test()
        except (AssertionError, _Failed):
            return True
    return False


class _Failed(BaseException):
    """An assertion of a test of properties failed: no `Exception`, so that no smaller example is
    looked for and none is kept."""


@contextmanager
def _at_first_failure(test: Callable[[], object]) -> Iterator[None]:
    """Hypothesis' part of a test, where it has one, ends the whole test with what fails first."""
    handle = getattr(getattr(test, "func", test), "hypothesis", None)
    if handle is None:
        yield
        return
    inner = handle.inner_test

    @functools.wraps(inner)
    def ending(*given: Any, **named: Any) -> Any:
        try:
            return inner(*given, **named)
        except AssertionError as error:
            raise _Failed from error

    with mock.patch.object(handle, "inner_test", ending):
        yield

"""A model that is made to fail in the middle, and is whole again afterwards."""

from __future__ import annotations

from typing import Any


class OnPurpose(RuntimeError):
    """What the model raises while it is made to fail."""


def stems_from(error: BaseException | None) -> bool:
    """Whether an error is the model's, as it is or as another's cause."""
    while error is not None and not isinstance(error, OnPurpose):
        error = error.__cause__ or error.__context__
    return error is not None


class Breaking:
    """A model that fails: its network's last module, or where it has none its own answers."""

    def __init__(self, model: Any) -> None:
        self.model, self.was_asked = model, False
        self._network: Any = getattr(model, "network", None)
        self._handle: Any = None

    def __enter__(self) -> Breaking:
        if callable(getattr(self._network, "modules", None)):
            self._handle = list(self._network.modules())[-1].register_forward_hook(self._fail)
        else:
            self.model = _Failing(self.model, self._fail)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            self._handle.remove()

    def _fail(self, *_: object, **__: object) -> None:
        self.was_asked = True
        raise OnPurpose("the model fails on purpose")


class _Failing:
    """A model whose every answer is an error."""

    def __init__(self, model: Any, fail: Any) -> None:
        self._model, self.predict = model, fail
        if hasattr(model, "predict_masked"):
            self.predict_masked = fail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

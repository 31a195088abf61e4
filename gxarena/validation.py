"""Documents from users against pydantic models: what is wrong is one sentence."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from gxarena.errors import InputError, suggest

Document = TypeVar("Document", bound=BaseModel)


def validated(kind: type[Document], document: Any, where: str) -> Document:
    """`document` as a model of `kind`.

    Raises
    ------
    InputError
        With `where`, the key, what was expected, what came, and the closest known key.
    """
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise InputError(_sentence(error, kind, where)) from None


def _sentence(error: ValidationError, kind: type[BaseModel], where: str) -> str:
    # An unknown key first: it is often why another one is missing.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    prefix = f"{where}, {place.lstrip('.')}" if place else where
    if first["type"] == "extra_forbidden":
        known = _model_at(kind, first["loc"][:-1]).model_fields
        return f"{prefix}: unknown key. {suggest(str(first['loc'][-1]), known)}"
    if first["type"] == "missing":
        return f"{prefix}: expected a value, got nothing."
    return f"{prefix}: expected {_expectation(first['msg'])}, got {reprlib.repr(first['input'])}."


def _expectation(message: str) -> str:
    for prefix in ("Value error, ", "Input should be ", "Value should be "):
        message = message.removeprefix(prefix)
    return message[:1].lower() + message[1:]


def _model_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that holds the key at a location."""
    for part in location:
        field = kind.model_fields.get(str(part))
        if field is not None:
            kind = next(_models_in(field.annotation), kind)
    return kind


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models in an annotation such as ``list[Block]`` or ``Table | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)

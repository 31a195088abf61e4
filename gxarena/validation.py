"""Documents from users: read as TOML, changed by ``--set``, held against pydantic models.

What is wrong with one is a sentence.
"""

from __future__ import annotations

import json
import reprlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ValidationError

from gxarena.errors import InputError, as_input_error, suggest

DEEPEST = 32
"""Tables and lists in one another that a document may have."""

Document = TypeVar("Document", bound=BaseModel)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line of text that can be printed")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""Text that is shown as it is."""


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a mapping; InputError where it cannot be read."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: expected a readable TOML file, got {error.strerror}.") from error
    # Of an integer of 5,000 digits it is a ValueError.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected TOML, got a syntax error: {error}.") from error
    _check_values(document, str(path))
    return document


def read_json(path: Path, remedy: str = "") -> Any:
    """What a JSON file holds; InputError, which ends with the remedy, where it does not read."""
    with as_input_error(path, "JSON", remedy):
        return json.loads(path.read_text(encoding="utf-8"))


def apply_change(document: dict[str, Any], change: str) -> None:
    """Apply one ``--set key=value`` to a TOML document; the key is dotted."""
    key, equals, text = change.partition("=")
    if not equals or not key:
        raise InputError(f"--set: expected key=value, got '{change}'.")
    *parents, last = key.strip().split(".")
    table = document
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise InputError(f"--set {change}: expected '{parent}' to be a table, got a value.")
    if len(parents) >= DEEPEST:
        raise InputError(f"--set: expected at most {DEEPEST} keys in one another, got more.")
    table[last] = toml_value(text, f"--set {key}")


def toml_value(text: str, where: str) -> Any:
    """Read `text` as a TOML value where it is one, as a plain string otherwise.

    Raises
    ------
    InputError
        It is one that no suite can hold: begins with `where`.
    """
    try:
        document = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        document = {}
    if document.keys() != {"value"}:  # a line break in the text may begin another key
        document = {"value": text}
    _check_values(document, where)
    return document["value"]


def _check_values(document: dict[str, Any], where: str) -> None:
    """Refuse what TOML promises nobody and what later stages could not write or walk through.

    Integers beyond 64 bits, and tables in one another beyond measure. Walked without recursion.
    """
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            value
            for one in level
            for value in (one.values() if isinstance(one, dict) else one)
            if isinstance(value, dict | list) or _check_integer(value, where)
        ]
        if not level:
            return
    raise InputError(f"{where}: expected at most {DEEPEST} tables in one another, got more.")


def _check_integer(value: object, where: str) -> bool:
    """False: there is nothing further inside it. InputError where it is beyond 64 bits."""
    if isinstance(value, int) and value.bit_length() > 63:
        got = value.bit_length()
        raise InputError(f"{where}: expected integers of 63 bits and a sign, got one of {got}.")
    return False


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
    if first["type"] == "int_parsing_size":
        return f"{prefix}: expected an integer of 64 bits, got {reprlib.repr(first['input'])}."
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

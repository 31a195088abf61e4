"""A bundle's card: who made it, what it is of, under which licence, how to install that."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from gxarena.errors import InputError
from gxarena.files import write_text
from gxarena.validation import Line, validated

FILE = "card.json"
LARGEST = 1 << 16
"""Bytes of the file."""


class Card(BaseModel):
    """What whoever submits says of it; shown as it is, never interpreted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    by: Line = Field(min_length=1, max_length=200, description="Who submits it.")
    summary: Line = Field(min_length=1, max_length=1000, description="The method, in one line.")
    licence: Line = Field(min_length=1, max_length=100, description="Of the method's code.")
    install: Line = Field(min_length=1, max_length=500, description="How others install it.")


def card_of(given: dict[str, str | None], where: str) -> Card | None:
    """A card of what was given; None where nothing was.

    Raises
    ------
    InputError
        Some of it is missing, or does not fit.
    """
    said = {key: text for key, text in given.items() if text is not None}
    if not said:
        return None
    if missing := [key for key in Card.model_fields if key not in said]:
        wanted = ", ".join(f"--{key}" for key in missing)
        raise InputError(f"{where}: expected all of a card or nothing, got no {wanted}.")
    return validated(Card, said, where)


def write_card(path: Path, card: Card) -> None:
    """Write it as JSON."""
    write_text(path, json.dumps(card.model_dump(), indent=1, sort_keys=True) + "\n")


def read_card(folder: Path) -> Card | None:
    """The card in a bundle's folder; None where there is none.

    Raises
    ------
    InputError
        It is none.
    """
    path = folder / FILE
    if not path.exists():
        return None
    if (size := path.stat().st_size) > LARGEST:
        raise InputError(f"{FILE}: expected at most {LARGEST} bytes, got {size}.")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{FILE}: expected JSON, got {error}.") from error
    return validated(Card, document, FILE)

"""What is wrong with a document is one sentence, with the closest known key."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, Field

from gxarena.errors import InputError
from gxarena.validation import validated


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = Field(default=1, gt=0)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    rows: list[Inner] = []
    maybe: Inner | None = None


def test_a_valid_document_comes_back() -> None:
    assert validated(Outer, {"name": "a", "rows": [{"width": 2}]}, "f").rows[0].width == 2


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "f, name: expected a value, got nothing."),
        ({"nmae": "a"}, "f, nmae: unknown key. Did you mean 'name'? Choices: maybe, name, rows."),
        (
            {"name": "a", "rows": [{"widht": 2}]},
            "f, rows[0].widht: unknown key. Did you mean 'width'",
        ),
        ({"name": "a", "maybe": {"widht": 2}}, "f, maybe.widht: unknown key. Did you mean 'width'"),
        (
            {"name": "a", "rows": [{"width": 0}]},
            "f, rows[0].width: expected greater than 0, got 0.",
        ),
        ([1], "f: expected a valid dictionary or instance of Outer, got [1]."),
    ],
)
def test_what_is_wrong_is_one_sentence(document: object, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        validated(Outer, document, "f")
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)

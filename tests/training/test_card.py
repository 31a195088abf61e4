"""The model card of a training, read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.training.card import CARD_FILE, read_card

TORN = ["", "{", '{"scores": {"model"', "[" * 100_000, "null", "[]", "{}", "\x00" * 40]


def test_a_card_is_read(tmp_path: Path) -> None:
    (tmp_path / CARD_FILE).write_text('{"scores": {}}')
    assert read_card(tmp_path) == {"scores": {}}


@pytest.mark.parametrize("text", TORN)
def test_a_torn_card_is_one_sentence_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / CARD_FILE).write_text(text)
    with pytest.raises(
        InputError, match=r"card\.json: expected .* Delete it and run the same"
    ) as it:
        read_card(tmp_path)
    assert "\n" not in str(it.value)

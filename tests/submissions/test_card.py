"""Cards: four lines of text, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from altered_bundles import sign

from gxarena.errors import InputError
from gxarena.submissions.card import Card, card_of, read_card, write_card

GIVEN: dict[str, Any] = {
    "by": "A lab",
    "summary": "s",
    "licence": "MIT",
    "install": "pip install x",
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    card = card_of(GIVEN, "here")
    assert card == Card(**GIVEN)
    assert read_card(tmp_path) is None
    write_card(tmp_path / "card.json", Card(**GIVEN))
    assert read_card(tmp_path) == card


def test_all_of_a_card_or_nothing() -> None:
    assert card_of(dict.fromkeys(GIVEN), "here") is None
    with pytest.raises(InputError, match=r"here: .*, got no --licence, --install\.$"):
        card_of({"by": "A lab", "summary": "s", "licence": None}, "here")


ALTERED: dict[str, tuple[str, str]] = {
    "no text": (json.dumps(GIVEN | {"by": 3}), r"card\.json, by: expected .*string, got 3"),
    "nothing": (json.dumps(GIVEN | {"by": ""}), r"card\.json, by: expected .*1 character"),
    "too long": (json.dumps(GIVEN | {"licence": "x" * 101}), "at most 100 characters"),
    "too large": (json.dumps(GIVEN | {"by": "x" * 70_000}), "expected at most 65536 bytes, got 70"),
    "steers a terminal": (json.dumps(GIVEN | {"by": "\x1b[2J"}), "expected one line of text"),
    "several lines": (json.dumps(GIVEN | {"install": "a\nb"}), "expected one line of text"),
    "more": (json.dumps(GIVEN | {"run": "rm"}), r"card\.json, run: unknown key"),
    "less": (json.dumps({"by": "A lab"}), "expected a value, got nothing"),
    "a list": ("[]", r"card\.json: expected"),
    "no JSON": ("{", r"card\.json: expected JSON, got"),
    "deep": ("[" * 60_000, "card: "),
}


@pytest.mark.parametrize(("text", "reason"), ALTERED.values(), ids=ALTERED)
def test_another_card_is_refused(
    text: str, reason: str, bundle: Path, findings: Callable[..., list[str]]
) -> None:
    (bundle / "card.json").write_text(text)
    sign(bundle)
    (found,) = findings(bundle)
    assert found.startswith("card: ")
    assert re.search(reason, found)
    assert found.isprintable()

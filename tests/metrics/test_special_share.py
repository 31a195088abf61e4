"""What special tokens take of the relevance, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from maps import explained_maps

from gxarena.metrics.special_share import SpecialShare
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("shares ask no model"))


def test_share_on_special_tokens() -> None:
    explained = explained_maps([[1.0, -2.0]], special={"[CLS]": -4.0, "[SEP]": 1.0})
    values = SpecialShare().score(explained, NO_PROBE).values
    assert {key: column.tolist() for key, column in values.items()} == {
        "total": [5 / 8],
        "cls": [4 / 8],
        "sep": [1 / 8],
    }


@pytest.mark.parametrize(
    ("scores", "special", "reason"),
    [
        ([1.0], {}, "no scores on special tokens"),
        ([0.0], {"[CLS]": 0.0}, "no relevance at all, or not finite"),
        ([float("nan")], {"[CLS]": 1.0}, "no relevance at all, or not finite"),
    ],
)
def test_share_without_value_says_why(
    scores: list[float], special: dict[str, float], reason: str
) -> None:
    scored = SpecialShare().score(explained_maps([scores], special=special), NO_PROBE)
    assert all(np.isnan(column[0]) for column in scored.values.values())
    assert all(reasons == {0: reason} for reasons in scored.reasons.values())


@pytest.mark.parametrize(
    ("first", "last"), [("[CLS]", "[SEP]"), ("<cls>", "<eos>"), ("<s>", "</s>")]
)
def test_special_tokens_by_any_tokenizers_name(first: str, last: str) -> None:
    explained = explained_maps([[1.0, 1.0]], special={first: -6.0, last: 2.0})
    scored = SpecialShare().score(explained, NO_PROBE)
    assert {key: column[0] for key, column in scored.values.items()} == {
        "total": 0.8,
        "cls": 0.6,
        "sep": 0.2,
    }


def test_a_special_token_that_is_not_there_has_no_share() -> None:
    scored = SpecialShare().score(explained_maps([[1.0]], special={"<cls>": 1.0}), NO_PROBE)
    assert scored.values["cls"].tolist() == [0.5]
    assert np.isnan(scored.values["sep"]).all()
    assert scored.reasons["sep"] == {0: "no token [sep] or <sep> or <eos> or </s>"}

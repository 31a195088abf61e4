"""Where relevance goes, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from maps import explained_maps

from gxarena.data import Explained
from gxarena.metrics.conservation import ConservationError, SpecialShare
from gxarena.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("conservation asks no model"))


def _scored(explained: Explained) -> dict[str, list[float]]:
    values = ConservationError().score(explained, NO_PROBE).values
    return {key: column.tolist() for key, column in values.items()}


def test_what_the_scores_do_not_add_up_to() -> None:
    explained = explained_maps(
        [[1.0, -0.5], [2.0, 1.5]], special={"[CLS]": 0.5}, diagnostics={"explained": 4.0}
    )
    assert _scored(explained) == {"": [0.75, 0.0], "absorbed": [3.0, 0.0]}


def test_the_error_is_relative_to_the_size_of_a_negative_value() -> None:
    explained = explained_maps([[-1.0]], diagnostics={"explained": -4.0})
    assert _scored(explained) == {"": [0.75], "absorbed": [-3.0]}


def test_what_has_no_value_says_why() -> None:
    nothing = ConservationError().score(explained_maps([[1.0]]), NO_PROBE)
    assert np.isnan(nothing.values[""][0])
    assert nothing.reasons[""] == {0: "the explainer distributes no value"}
    zero = ConservationError().score(
        explained_maps([[1.0]], diagnostics={"explained": 0.0}), NO_PROBE
    )
    assert zero.reasons[""] == {0: "the explained value is 0"}
    assert zero.values["absorbed"].tolist() == [-1.0]
    broken = ConservationError().score(
        explained_maps([[float("nan")]], diagnostics={"explained": 1.0}), NO_PROBE
    )
    assert broken.reasons["absorbed"] == {0: "scores are not finite"}


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

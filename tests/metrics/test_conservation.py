"""Where relevance goes, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps
from toys import Exact, Linear

from gxarena.data import Batch, Explained, Sample
from gxarena.metrics.conservation import Completeness, ConservationError
from gxarena.metrics.special_share import SpecialShare
from gxarena.run.probe import ModelProbe
from gxarena.statistics.ranks import rank_methods

NO_PROBE = ModelProbe(lambda: pytest.fail("conservation asks no model"))


def _scored(explained: Explained) -> dict[str, list[float]]:
    values = ConservationError().score(explained, NO_PROBE).values
    return {key: column.tolist() for key, column in values.items()}


def test_what_the_scores_do_not_add_up_to() -> None:
    explained = explained_maps(
        [[1.0, -0.5], [2.0, 1.5]], special={"[CLS]": 0.5}, diagnostics={"explained": 4.0}
    )
    assert _scored(explained) == {"": [0.75, 0.0], "absorbed": [3.0, 0.0]}


@pytest.mark.reimplements("conservation_error", "special_share")
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=10),
    st.dictionaries(st.sampled_from(["[CLS]", "[SEP]", "other"]), st.floats(-1e3, 1e3)),
    st.floats(-1e3, 1e3).filter(lambda value: abs(value) > 1e-3),
)
def test_both_agree_with_plain_loops(
    scores: list[float], special: dict[str, float], value: float
) -> None:
    explained = explained_maps([scores], special=special, diagnostics={"explained": value})
    left = value
    for score in (*scores, *special.values()):
        left -= score
    assert _scored(explained)["absorbed"] == pytest.approx([left], abs=1e-9)
    assert _scored(explained)[""] == pytest.approx([abs(left) / abs(value)], abs=1e-6)
    shares = SpecialShare().score(explained, NO_PROBE).values
    everything = sum(map(abs, (*scores, *special.values())))
    for key, names in (("total", special), ("cls", ["[CLS]"]), ("sep", ["[SEP]"])):
        amount = sum(abs(special.get(name, 0.0)) for name in names)
        there = key == "total" or names[0] in special
        expected = amount / everything if special and there and everything else float("nan")
        assert shares[key][0] == pytest.approx(expected, nan_ok=True)
        assert not shares[key][0] > 1


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("width", [1, 3])
def test_an_additive_models_weights_are_conserved_for_its_target(width: int, target: int) -> None:
    sequences = ("ACGTACG", "AAA", "GTC")
    batch = Batch(sequences, np.full(3, target))
    explained = Explained(
        tuple(Sample(s, s) for s in sequences),
        tuple(Exact().explain(Linear(width), batch)),
        batch.targets,
        Linear(width).predict(sequences),
    )
    scored = ConservationError().score(explained, NO_PROBE)
    logits = explained.outputs[:, 1]
    assert scored.values["absorbed"] == pytest.approx(logits if target == 0 else np.zeros(3))
    assert scored.values[""] == pytest.approx(np.full(3, float(target == 0)))
    assert not scored.reasons[""]


def test_neither_knows_the_scale_or_the_neighbours() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=n) for n in (3, 200, 1)]
    for scale in (2.0**-40, 1.0, 2.0**40):
        together = explained_maps(
            [scale * m for m in maps],
            special={"[CLS]": scale * 0.3},
            diagnostics={"explained": scale * 2.5},
        )
        for metric, keys in ((ConservationError(), [""]), (SpecialShare(), ["total", "cls"])):
            values = metric.score(together, NO_PROBE).values
            for i, one in enumerate(maps):
                alone = explained_maps(
                    [one], special={"[CLS]": 0.3}, diagnostics={"explained": 2.5}
                )
                for key in keys:
                    assert values[key][i] == metric.score(alone, NO_PROBE).values[key][0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scores", [[1.0], [0.0], [float("nan")], [float("inf")], [1e308, 1e308]])
@pytest.mark.parametrize("special", [{}, {"[CLS]": 1.0}, {"[SEP]": float("nan")}])
@pytest.mark.parametrize("value", [None, 0.0, 1.0, 1e-320, float("nan"), float("inf")])
def test_a_value_is_within_its_bounds_or_has_a_reason(
    scores: list[float], special: dict[str, float], value: float | None
) -> None:
    diagnostics = {} if value is None else {"explained": value}
    explained = explained_maps([scores], special=special, diagnostics=diagnostics)
    for metric in (ConservationError(), SpecialShare()):
        scored = metric.score(explained, NO_PROBE)
        assert scored.values.keys() == metric.quantities.keys()
        for key, quantity in metric.quantities.items():
            low, high = quantity.bounds
            (found,) = scored.values[key].tolist()
            assert np.isfinite(found) == (0 not in scored.reasons[key])
            assert np.isfinite(found) or np.isnan(found)
            assert np.isnan(found) or low is None or found >= low
            assert np.isnan(found) or high is None or found <= high


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


@pytest.mark.reimplements("completeness")
def test_completeness_is_the_same_gap_in_the_objectives_own_unit() -> None:
    explained = explained_maps([[1.0, 2.0]], special={"[CLS]": 0.5}, diagnostics={"explained": 4.0})
    scored = Completeness().score(explained, NO_PROBE)
    assert scored.values[""].tolist() == [0.5]
    assert scored.values["ratio"].tolist() == [0.875]
    relative = ConservationError().score(explained, NO_PROBE).values[""]
    assert relative == pytest.approx(scored.values[""] / 4.0)


def test_completeness_says_why_there_is_none() -> None:
    nothing = Completeness().score(explained_maps([[1.0, 2.0]]), NO_PROBE)
    assert nothing.reasons[""] == {0: "the explainer distributes no value"}
    nan = explained_maps([[np.nan]], diagnostics={"explained": 4.0})
    assert Completeness().score(nan, NO_PROBE).reasons["ratio"] == {0: "scores are not finite"}
    zero = Completeness().score(explained_maps([[1.0]], diagnostics={"explained": 0.0}), NO_PROBE)
    assert zero.values[""].tolist() == [1.0]
    assert zero.reasons["ratio"] == {0: "the explained value is 0"}


def _rounded_gaps(
    scores: np.ndarray, gaps: Sequence[float], size: float = 1.0, output: float = 0.0
) -> list[float]:
    """Completeness of maps that miss what they explain by these parts of their size."""
    found = []
    for gap in gaps:
        value = float(scores.sum()) + gap * size
        one = explained_maps([scores], diagnostics={"explained": value})
        outputs = np.array([[0.0, output]])
        found += Completeness().score(replace(one, outputs=outputs), NO_PROBE).values[""].tolist()
    return found


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_gap_of_float32s_rounding_is_none(scale: float) -> None:
    """Of what is added up, also where it cancels; what is ten times as far off stays."""
    scores = scale * np.tile([3.0, -3.0], 50)
    size = float(np.abs(scores).sum())
    assert _rounded_gaps(scores, [1e-16, 1e-8, -3e-7, 1e-6], size) == [0.0] * 4
    assert _rounded_gaps(scores, [-1e-4, 1e-3], size) == pytest.approx([1e-4 * size, 1e-3 * size])
    # f(x) and f(reference) may be large where their difference, which is explained, is not.
    assert _rounded_gaps(scores, [1e-6], size, output=0.0) == [0.0]
    assert _rounded_gaps(np.array([1e-3]), [1e-6], 1e3, output=1e3) == [0.0]
    assert _rounded_gaps(np.array([1e-3]), [1e-6], 1e3) == pytest.approx([1e-3])


def test_special_tokens_scores_are_added_up_too() -> None:
    one = explained_maps(
        [[1.0]], special={"[CLS]": 1e3, "[SEP]": -1e3}, diagnostics={"explained": 1.001}
    )
    assert Completeness().score(one, NO_PROBE).values[""].tolist() == [0.0]


def test_complete_methods_are_not_told_apart_by_their_rounding() -> None:
    """Exact games leave 1e-16, float32 networks 1e-7: the same answer."""
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(30, 40))
    columns = []
    for residue in (0.0, 1e-15, 1e-7, 5e-7, 1e-2):
        gaps = [
            _rounded_gaps(row, [residue * rng.uniform(0.5, 1)], float(np.abs(row).sum()))[0]
            for row in maps
        ]
        columns.append(gaps)
    found = rank_methods(np.array(columns).T[None], "lower")
    assert found.rank.tolist() == [1, 1, 1, 1, 5]
    assert found.tier.tolist() == [1, 1, 1, 1, 2]

"""The presence game: who is away is what the model is asked, in bounded batches, and counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import WEIGHTS, Linear

from gxarena.data import Bools, Floats
from gxarena.errors import Unsupported
from gxarena.explainers.presence import Presence, ask, hidden, maskable

SEQUENCE = "GACTGAGCA"


class Counting(Linear):
    """Remembers the sizes of the batches it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        self.sizes.append(len(sequences))
        return super().predict_masked(sequences, masks)


def _game(model: Linear, window: int = 1, batch_size: int = 4) -> Presence:
    players = np.arange(len(SEQUENCE)) // window
    return Presence(hidden(model, SEQUENCE), players, 1, "logit", batch_size)


@given(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=9))
def test_units_go_with_their_player(coalitions: list[list[int]]) -> None:
    game = _game(Linear(), window=4)
    assert game.n_players == 3
    weights = [sum(WEIGHTS[x] for x in SEQUENCE[at : at + 4]) for at in (0, 4, 8)]
    expected = [np.dot(coalition, weights) for coalition in coalitions]
    np.testing.assert_allclose(game(coalitions), expected, atol=1e-12)
    assert game.forwards == len(coalitions)


def test_questions_come_in_bounded_batches_and_are_counted() -> None:
    model = Counting()
    game = _game(model)
    game(np.ones((10, game.n_players)))
    game.all_or_nothing()
    assert model.sizes == [4, 4, 2, 2]
    assert game.forwards == 12


def test_all_and_nothing_are_the_sequence_and_its_absence() -> None:
    whole, empty = _game(Linear()).all_or_nothing()
    assert whole == pytest.approx(sum(WEIGHTS[letter] for letter in SEQUENCE))
    assert empty == pytest.approx(len(SEQUENCE) * WEIGHTS["N"])


def test_a_players_score_is_shared_equally() -> None:
    scores = _game(Linear(), window=4).shared(np.array([8.0, 2.0, 3.0]))
    assert scores.tolist() == [2.0] * 4 + [0.5] * 4 + [3.0]


def test_questions_about_many_samples_share_batches_and_find_back() -> None:
    asked: list[int] = []

    def outputs(rows: np.ndarray, which: np.ndarray) -> Floats:
        asked.append(len(rows))
        return np.stack([10.0 * rows + which, -10.0 * rows - which], axis=1)

    found = ask(np.array([0, 1, 0]), "logit", [2, 3, 1], 4, outputs)
    assert asked == [4, 2]
    assert [values.tolist() for values in found] == [[0, 1], [-10, -11, -12], [20]]


def test_a_model_that_hides_no_units_is_refused() -> None:
    class Fixed:
        n_outputs, max_length = 2, None
        spans, predict = Linear().spans, Linear().predict

    with pytest.raises(Unsupported, match=r"mine: expected a maskable model .*, got Fixed"):
        maskable(Fixed(), "mine")
    assert maskable(model := Linear(), "mine") is model

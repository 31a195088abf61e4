"""Plain gradient x input on the word embeddings."""

from __future__ import annotations

from gxarena_dnabert2.backward import PLAIN
from gxarena_dnabert2.word_gradients import WordGradients


class GradientXInput(WordGradients):
    """Word embedding x gradient (Shrikumar et al. 2017); parameters as `WordGradients`."""

    name = "gradient-x-input"
    rules = PLAIN
    distributes = False

"""Figure 1, by reading back what was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gxarena.errors import InputError
from gxarena.report.evidence import Evidence
from gxarena.report.figures.attributions import draw_attributions


def test_attributions_are_one_samples_scores(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    cell = evidence.cells("special_share")[0]
    found = cell.attributions()
    name = next(iter(found))
    figure = draw_attributions(evidence, name)
    whole, tokens, passed_on, other = (
        np.array([patch.get_height() for patch in axes.patches]) for axes in figure.axes
    )
    scores = found[name].scores
    assert np.array_equal(whole, [0.0, *scores])  # [CLS] stands first
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["[CLS]"]
    assert np.array_equal(tokens, scores / np.abs(scores).max())
    assert np.array_equal(passed_on, np.repeat(tokens, 3))
    assert len(other) == 24
    assert np.abs(other).max() == 1
    assert figure.axes[2].get_xlabel() == "position (bp)"


def test_the_example_is_the_median_one(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    pair = evidence.cells("continuous_jaccard", strategies=["passed_on"])[0].column()
    assert pair is not None
    title = draw_attributions(evidence).axes[0].get_title(loc="left")
    chosen = pair.values[pair.ids.tolist().index(title.partition(":")[0])]
    below, above = (pair.values < chosen).sum(), (pair.values > chosen).sum()
    assert max(below, above) <= len(pair.values) // 2
    with pytest.raises(InputError, match="unknown sample 's99'"):
        draw_attributions(evidence, "s99")

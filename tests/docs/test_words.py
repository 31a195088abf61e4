"""What the pages say in words, asked of the boards that they say it of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

BOARDS = Path(__file__).parents[2] / "leaderboard"
GRAMMARS = ("one", "and", "or", "spacing", "unless", "decoys")


def _rows(board: str, **labels: str) -> dict[str, dict[str, Any]]:
    """A board's rows of these labels, by explainer."""
    rows = pq.read_table(BOARDS / f"{board}.parquet").to_pylist()
    return {r["explainer"]: r for r in rows if all(r[k] == v for k, v in labels.items())}


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_truth_and_faithfulness_choose_another_rule_of_lrp(grammar: str) -> None:
    """docs/results.md, planted truth."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    for metric in ("auprc", "auprc-magnitude"):
        found = _rows("planted", metric=metric, **cnn)
        assert found["lrp"]["replicates"] == 5
        assert found["lrp"]["rank"] == 3
        assert found["lrp"]["behind_best_p"] <= 0.05
    gain = _rows("planted", metric="faithfulness-unknown.gain_logit@20", **cnn)
    assert gain["lrp"]["rank"] == 1
    assert all(gain[other]["behind_best_p"] > 0.05 for other in ("lrp-plus", "lrp-gamma"))
    assert (
        _rows("planted", metric="auprc-magnitude", **cnn)["lrp"]["estimate"]
        > _rows("planted", metric="auprc", **cnn)["lrp"]["estimate"]
    )


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_smoothed_magnitudes_find_motifs_better_and_controls_stay_far_below(grammar: str) -> None:
    """docs/results.md, at matched resolution."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    at = {
        width: _rows("question-resolution", metric=f"auprc-magnitude-{width}", **cnn)["lrp"]
        for width in (1, 11)
    }
    assert at[11]["estimate"] > at[1]["estimate"]
    assert (at[11]["ci_low"] > at[1]["ci_high"]) == (grammar != "spacing")
    controls = _rows("question-resolution", metric="auprc-11", **cnn)
    assert all(controls[one]["ci_high"] < at[11]["ci_low"] / 2 for one in ("gc", "blur"))

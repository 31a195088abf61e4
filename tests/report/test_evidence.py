"""Which cells a claim, table or figure is about, and one sentence for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import NUCLEOTIDES, RANDOM, TOKENS, replicated

from gxarena.errors import InputError, StorageError
from gxarena.report.evidence import Evidence, groups

Make = Callable[..., Path]


def test_only_finished_cells_of_contestants_count(make_run: Make) -> None:
    evidence = Evidence.of(
        [
            make_run(
                {"values": {"": [1.0]}},
                {"explainer": "random", "values": {"": [1.0]}},
                {"explainer": "broken", "status": "error"},
                {"dataset": "background", "values": {"": [1.0]}},
            )
        ]
    )
    assert [cell.explanation for cell in evidence.cells("gini")] == ["tokens/attnlrp"]
    assert len(evidence.cells("gini", controls=True)) == 2
    assert [c.dataset for c in evidence.cells("gini", classes=["negative"])] == ["background"]
    assert len(evidence.runs[0].attempts) == 4


def test_contestants_are_told_by_role_not_by_name(make_run: Make) -> None:
    folder = make_run(
        {"explainer": "chance", "explainer_role": "floor"},
        {"explainer": "oracle", "explainer_role": "method"},
    )
    evidence = Evidence.of([folder])
    assert [cell.explanation for cell in evidence.cells("gini")] == ["tokens/oracle"]
    roles = [cell.role for cell in evidence.cells("gini", controls=True)]
    assert roles == ["floor", "method"]


def test_groups_keep_runs_apart(make_run: Make) -> None:
    cells = [{"dataset": "promoters"}, {"dataset": "background"}, {"dataset": "promoters"}]
    evidence = Evidence.of([make_run(*cells, name="one"), make_run(*cells, name="two")])
    every = evidence.cells("gini", classes=["positive", "negative"])
    assert [len(group) for group in groups(every, "dataset")] == [2, 1, 2, 1]


def test_what_is_no_run_is_one_sentence(make_run: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected the folder of a run \(with run.json\)"):
        Evidence.of([tmp_path / "nothing"])
    folder = make_run({"values": {"": [1.0]}})
    with pytest.raises(InputError, match=r"expected each run once, got it twice\. Leave one out"):
        Evidence.of([folder, folder])
    (folder / "cells.parquet").unlink()
    with pytest.raises(StorageError, match=r"got another content in or no cells\.parquet"):
        Evidence.of([folder]).cells("gini")


def _accuracy(values: list[float], **more: Any) -> dict[str, Any]:
    return {"metric": "accuracy", "values": {"": values}} | more


def test_only_sequences_that_both_models_get_right_in_every_replicate(make_run: Make) -> None:
    cell = TOKENS | {"metric": "continuous_jaccard", "against": "cnn/lrp"}
    accuracy = TOKENS | {"metric": "accuracy"}
    run = make_run(
        cell | {"values": {"": [1.0, 2.0, 3.0, 4.0]}},
        *replicated(accuracy, [{"": [1.0, 1.0, 1.0, 0.0]}, {"": [1.0, 0.0, 1.0, 1.0]}]),
        NUCLEOTIDES | _accuracy([0.0, 1.0, 1.0, 1.0]),
        TOKENS | {"metric": "entropy", "dataset": "other", "values": {"": [1.0]}},
    )
    everything = Evidence.of([run])
    right = Evidence(everything.runs, only_right=True)
    column = right.cells("continuous_jaccard")[0].column()
    assert column is not None
    assert (column.ids.tolist(), column.values.tolist()) == (["s2"], [3.0])
    second = Evidence(everything.runs, replicate=1, only_right=True)
    column = second.cells("continuous_jaccard")[0].column()
    assert column is not None
    assert column.ids.tolist() == ["s2", "s3"]
    # Where no accuracy is told, nobody knows.
    assert (len(everything.cells("entropy")), right.cells("entropy")) == (1, [])


def test_one_replicate_or_one_data_set_less(make_run: Make) -> None:
    cells = replicated(TOKENS, [{"": [1.0]}, {"": [2.0]}])
    run = make_run(*cells, NUCLEOTIDES | {"dataset": "other", "values": {"": [5.0]}})
    everything = Evidence.of([run])
    assert (everything.replicates, everything.datasets) == ([0, 1], ["promoters", "other"])
    assert everything.weights("all") == "all"
    second = Evidence(everything.runs, replicate=1).cells("gini")
    # What has no replicates is as it is.
    assert [cell.column().values.tolist() for cell in second] == [[2.0], [5.0]]  # type: ignore[union-attr]
    assert Evidence(everything.runs, replicate=2).cells("gini")[0].dataset == "other"
    left = Evidence(everything.runs, without="promoters").cells("gini")
    assert [cell.dataset for cell in left] == ["other"]
    alone = Evidence.of([make_run(NUCLEOTIDES, name="alone")])
    assert alone.replicates == []
    assert alone.weights("all") == "one set of each model; another training may differ"


def test_the_floor_of_a_cell_is_random_scores_on_the_same(make_run: Make) -> None:
    cell = TOKENS | {"aggregator": "sum", "values": {"": [1.0]}}
    others = [
        {"explainer": "gc"},  # a control, but no floor
        RANDOM | {"aggregator": "mean"},
        RANDOM | {"dataset": "background"},
        RANDOM | {"model": "cnn"},
        RANDOM | {"metric": "entropy"},
    ]
    run = make_run(cell, *(cell | other for other in others))
    evidence = Evidence.of([run])
    assert evidence.floor_of(evidence.cells("gini")[0]) is None
    evidence = Evidence.of([make_run(cell, *(cell | o for o in others), cell | RANDOM, name="two")])
    floor = evidence.floor_of(evidence.cells("gini")[0])
    assert floor is not None
    assert (floor.dataset, floor.explanation, floor.strategy) == (
        "promoters", "tokens/random", "sum",
    )  # fmt: skip


def test_the_floor_of_a_replicate_is_of_its_weights(make_run: Make) -> None:
    values = [{"": [1.0]}, {"": [2.0]}, {"": [3.0]}]
    floors = replicated(TOKENS | RANDOM, values)
    floors[1]["status"] = "error"
    evidence = Evidence.of([make_run(*replicated(TOKENS, values), *floors)])
    (cell,) = evidence.cells("gini")
    found = [evidence.floor_of(one) for one in cell.apart()]
    assert [floor and floor.replicate for floor in found] == [0, None, 2]
    whole = evidence.floor_of(cell)
    assert whole is not None
    assert [row["model_replicate"] for row in whole.rows] == [0, 2]

"""Reading a run back: what counts, what is joined, and replicates as one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from claims_by_hand import NUCLEOTIDES, TOKENS, replicated

from gxarena.builtin import gxarena_explainers
from gxarena.report.columns import matched
from gxarena.report.evidence import Evidence
from gxarena.report.runs import NotHeld, Run, of_replicate
from gxarena.results.parquet import write_table
from gxarena.results.schemas import TABLES

Make = Callable[..., Path]


def test_values_and_curves_by_cell(make_run: Make) -> None:
    folder = make_run(
        {"metric": "gini", "values": {"": [0.1, np.nan, 0.3]}},
        {
            "metric": "faithfulness",
            "values": {"mif_drop_logit@1": [1.0, 2.0]},
            "curves": {"mif_drop_logit": [[(0.0, 0.0), (0.1, 1.0)], [(0.0, 0.0), (0.2, 2.0)]]},
        },
    )
    gini, faithfulness = Run(folder).cells
    column = gini.column()
    assert column is not None
    assert column.ids.tolist() == ["s0", "s1", "s2"]
    assert np.array_equal(column.values, [0.1, np.nan, 0.3], equal_nan=True)
    assert column.defined.tolist() == [0.1, 0.3]
    assert gini.column("other") is None
    assert faithfulness.quantities() == ["mif_drop_logit@1"]
    curves = faithfulness.curves("mif_drop_logit")
    assert curves is not None
    assert curves.x.tolist() == [[0.0, 0.1], [0.0, 0.2]]
    assert curves.y.tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert faithfulness.curves("lif_drop_logit") is None


def test_curves_that_come_chunk_by_chunk_are_joined(make_run: Make) -> None:
    folder = make_run({"metric": "faithfulness", "values": {"q": [1.0]}})
    cell = Run(folder).cells[0]
    rows = [
        {"cell_id": cell.id, "sample_id": f"s{sample}", "curve": kind, "x": x, "y": x + sample}
        for chunk in ((0, 1), (2, 3), (4,))
        for kind in ("mif_drop_logit", "lif_drop_logit")
        for sample in chunk
        for x in (0.0, 0.0, 0.5)  # the smallest budget may replace nothing
    ]
    table = pa.Table.from_pylist(rows, schema=TABLES["curves"])
    write_table(folder / "curves.parquet", table, {"digest": "by-hand", "snapshot": "one"})
    found = Run(folder).curves
    assert set(found) == {(cell.id, kind) for kind in ("mif_drop_logit", "lif_drop_logit")}
    for curves in found.values():
        assert np.array_equal(curves.x, [[0.0, 0.0, 0.5]] * 5)
        assert np.array_equal(curves.y, curves.x + np.arange(5)[:, None])


def test_the_last_attempt_counts(make_run: Make) -> None:
    folder = make_run({"attempt": 2, "status": "ok"}, {"cell_id": f"{0:032x}", "status": "error"})
    assert [row["status"] for row in Run(folder).attempts] == ["ok"]


TOY_WEIGHTS = {"A": 1.0, "C": -0.5, "G": 0.25, "T": -1.0}


def _sequences(folder: Path, name: str) -> dict[str, str]:
    lines = (folder.parent / name).read_text().splitlines()[1:]
    return dict(line.split(",")[:2] for line in lines)


@pytest.mark.parametrize(("model", "level"), [("toy", "nucleotide"), ("toy-tokens", "token")])
def test_attributions_are_the_explainers_own(toy_run: Path, model: str, level: str) -> None:
    evidence = Evidence.of([toy_run])
    cells = [c for c in evidence.cells("faithfulness") if c.facts["model"] == model]
    assert {cell.dataset for cell in cells} == {"mine", "longer"}
    for cell in cells:
        assert cell.level == level
        file = {"mine": "data.csv", "longer": "longer.csv"}[cell.dataset]
        sequences = _sequences(toy_run, file)
        found = cell.attributions()
        assert list(found) == list(sequences)
        for name, attribution in found.items():
            weights = [TOY_WEIGHTS[letter] for letter in sequences[name]]
            expected = np.add.reduceat(weights, attribution.spans.boundaries[:-1])
            assert np.array_equal(attribution.scores, expected)
            assert attribution.spans.length == len(sequences[name])


def test_attributions_of_a_control_are_its_own(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    random = next(c for c in evidence.cells("faithfulness", controls=True) if c.role == "floor")
    exact = next(c for c in evidence.cells("faithfulness") if c.facts["model"] == "toy-tokens")
    one, other = random.attributions(), exact.attributions()
    assert random.explanation == "toy-tokens/random"
    assert one.keys() == other.keys()
    for name in one:
        assert not np.array_equal(one[name].scores, other[name].scores)


def test_without_a_store_one_sentence_says_so(toy_run: Path) -> None:
    shutil.rmtree(toy_run / "store")
    cell = Evidence.of([toy_run]).cells("special_share")[0]
    expected = "toy-suite: expected the attributions of toy-tokens/exact, mine in the run's store"
    with pytest.raises(NotHeld, match=expected):
        cell.attributions()


def test_every_control_says_so() -> None:
    names = ("controls", "degraded", "permuted", "randomised")
    modules = tuple(f"gxarena.explainers.{name}:" for name in names)
    for component in gxarena_explainers():
        assert (component.role != "method") == component.target.startswith(modules)
    roles = {component.role: component.name for component in gxarena_explainers()}
    assert (roles["floor"], roles["ceiling"]) == ("random", "oracle")


def test_replicates_are_one_cell(make_run: Make) -> None:
    cells = replicated(TOKENS, [{"": [1.0, 2.0]}, {"": [3.0, np.nan]}, {"": [8.0, 4.0]}])
    folder = make_run(cells[2], cells[0], NUCLEOTIDES | {"values": {"": [5.0]}}, cells[1])
    one, other = Run(folder).cells
    column = one.column()
    assert column is not None
    assert np.array_equal(
        column.replicates, [[1.0, 2.0], [3.0, np.nan], [8.0, 4.0]], equal_nan=True
    )
    assert column.values.tolist() == [4.0, 3.0]
    assert [cell.replicate for cell in one.apart()] == [0, 1, 2]
    assert [cell.column().values[0] for cell in one.apart()] == [1.0, 3.0, 8.0]  # type: ignore[union-attr]
    assert (other.replicate, len(other.apart())) == (None, 1)


def test_a_replicate_that_failed_leaves_the_others_where_they_were(make_run: Make) -> None:
    cells = replicated(TOKENS, [{"": [1.0]}, {"": [3.0]}, {"": [8.0]}])
    cells[1]["status"] = "error"
    (cell,) = Run(make_run(*cells)).cells
    column = cell.column()
    assert column is not None
    assert (column.positions, column.replicates.tolist()) == ((0, 2), [[1.0], [8.0]])
    assert of_replicate(cell, 1) is None
    second = of_replicate(cell, 2)
    assert second is not None
    assert second.replicate == 2
    (alone,) = Run(make_run(NUCLEOTIDES | {"values": {"": [5.0]}}, name="alone")).cells
    assert of_replicate(alone, 1) is alone
    kept = replace(cell, kept=frozenset({"s0"})).column()
    assert kept is not None
    assert kept.positions == (0, 2)


def test_a_pair_rests_on_the_trainings_of_the_model_that_has_fewest(make_run: Make) -> None:
    """The position of a pair's cell may be the other model's."""
    pairs = replicated(TOKENS | {"against": "cnn/lrp"}, [{"": [1.0]}, {"": [3.0]}, {"": [8.0]}])
    cnn = replicated(NUCLEOTIDES, [{"": [1.0]}, {"": [2.0]}, {"": [5.0]}])

    def weights(*cells: dict[str, Any]) -> int:
        folder = make_run(*pairs, *cells, name=f"with-{len(cells)}")
        column = Run(folder).cells[0].column()
        assert column is not None
        assert len(column.replicates) == 3
        return column.weights

    alone = TOKENS | {"values": {"": [1.0]}, "metric": "entropy"}
    several = replicated(TOKENS | {"metric": "entropy"}, [{"": [1.0]}, {"": [3.0]}, {"": [8.0]}])
    assert weights(*cnn) == weights(*cnn, alone) == weights(*several) == 1
    assert weights(*cnn, *several) == 3


def test_the_only_training_of_a_model_meets_each_of_another_s(make_run: Make) -> None:
    """A suite that says ``replicates = 1`` gives it a position, as if others had failed."""
    several = replicated(TOKENS, [{"": [1.0]}, {"": [3.0]}, {"": [8.0]}])
    first = replicated(NUCLEOTIDES, [{"": [2.0]}])
    columns = [cell.column() for cell in Run(make_run(*several, *first)).cells]
    left, right = matched([column for column in columns if column is not None])
    assert left.replicates.tolist() == [[1.0], [3.0], [8.0]]
    assert right.replicates.tolist() == [[2.0]] * 3
    assert (left.weights, right.weights) == (3, 1)


def test_samples_of_a_grouped_data_set_say_which_group(make_run: Make) -> None:
    ids = [f"chr{c}:{at}-{at + 9}" for c, at in [("2L", 100), ("2L", 105), ("2R", 100), ("X", 5)]]
    values = [1.0, np.nan, 3.0, 4.0]
    cells = replicated(TOKENS | {"ids": ids}, [{"": values}, {"": values}])
    other = NUCLEOTIDES | {"dataset": "enhancers", "values": {"": values}}
    datasets = {"promoters": {"groups": "overlap"}, "enhancers": {}}
    one, two = Run(make_run(*cells, other, datasets=datasets)).cells
    column = one.column()
    assert column is not None
    assert column.groups is not None
    names = [f"datasets.promoters, {number}" for number in (0, 0, 1, 2)]
    assert dict(zip(column.ids, column.groups, strict=True)) == dict(zip(ids, names, strict=True))
    assert column.evidence == 3
    kept = replace(one, kept=frozenset(ids[1:])).column()
    assert kept is not None
    assert kept.groups is not None
    assert kept.groups.tolist() == names[1:]
    ungrouped = two.column()
    assert ungrouped is not None
    assert ungrouped.groups is None


def test_curves_of_replicates_are_each_samples_mean(make_run: Make) -> None:
    cells = [
        TOKENS
        | {"metric": "faithfulness", "model_replicate": i, "values": {"q": [0.0]}}
        | {"curves": {"mif_drop_logit": [[(0.0, 0.0), (x, y)]]}}
        for i, (x, y) in enumerate([(0.2, 1.0), (0.4, 5.0)])
    ]
    curves = Run(make_run(*cells)).cells[0].curves("mif_drop_logit")
    assert curves is not None
    assert curves.x.tolist() == [[0.0, pytest.approx(0.3)]]
    assert curves.y.tolist() == [[0.0, 3.0]]

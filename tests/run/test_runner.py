"""A run: what it writes, what it reuses, and what a bad component cannot harm."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from toys import Trained

from gxarena.errors import InputError, MissingExtra, StorageError, Unsupported
from gxarena.metrics.borrowed import Borrowed
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.schemas import CELLS, CURVES, LEADERBOARD, SAMPLES
from gxarena.run.plan import Cell, Plan
from gxarena.run.probe import ModelProbe
from gxarena.run.runner import run
from gxarena.run.stages import Stages
from gxarena.run.store import Predictions, Store, chunk_slice

MakePlan = Callable[..., Plan]
Rows = list[dict[str, Any]]


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _board(folder: Path, without: str = "") -> Rows:
    """The leaderboard, but for one explainer and for the time it took."""
    rows = [r for r in _rows(folder, "leaderboard") if r["explainer"] != without]
    return [{k: v for k, v in r.items() if k != "seconds_per_sequence"} for r in rows]


def _block(**changes: object) -> dict[str, Any]:
    block: dict[str, Any] = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact", "random"],
        "metrics": ["gini", "faithfulness"],
    }
    return block | changes


def test_writes_the_tables_with_their_schemas(plan: MakePlan, tmp_path: Path) -> None:
    made = plan()
    summary = run(made, tmp_path / "run")
    assert summary.complete
    for name, schema in (
        ("cells", CELLS),
        ("samples", SAMPLES),
        ("curves", CURVES),
        ("leaderboard", LEADERBOARD),
    ):
        table = pq.read_table(tmp_path / "run" / f"{name}.parquet")
        assert table.schema.remove_metadata().equals(schema), name
        assert len(table), name
    cells = _rows(tmp_path / "run", "cells")
    assert {row["cell_id"] for row in cells} == {cell.id for cell in made.cells}
    ok = next(r for r in cells if (r["metric"], r["explainer"]) == ("faithfulness", "exact"))
    assert ok["status"] == "ok"
    assert '"fill": "unknown"' in ok["metric_parameters"]
    assert ok["forwards"] > 70
    assert ok["backwards"] == 0
    assert ok["dtype"] == "float64"


def test_cost_is_what_explainers_count_where_it_depends_on_the_sequence(
    plan: MakePlan, tmp_path: Path
) -> None:
    made = plan(matrix=[_block(explainers=["occlusion"], metrics=["gini"])])
    run(made, tmp_path / "run")
    (row,) = _rows(tmp_path / "run", "cells")
    samples = made.datasets["mine"].samples
    assert row["status"] == "ok", row["error_message"]
    once_and_without_each = sum(len(sample.sequence) + 1 for sample in samples)
    assert (row["forwards"], row["backwards"]) == (once_and_without_each, 0)


def test_cost_counts_what_a_metric_asks_of_the_explainer(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    made = plan(matrix=[_block(explainers=["exact"], metrics=["max_sensitivity"])])
    run(made, tmp_path / "run")
    (row,) = _rows(tmp_path / "run", "cells")
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    explained = sum(int(n) for what, n in lines if what == "explain")
    assert explained > 2 * 70
    # The metric asks the model nothing itself, and the toy costs one forward a sequence.
    assert row["forwards"] == explained


def test_cells_say_what_they_took(plan: MakePlan, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    made = plan(matrix=[_block(explainers=["exact"], metrics=["gini"])])
    run(made, tmp_path / "run")
    run(plan(matrix=[_block(explainers=["exact"], metrics=["gini", "total"])]), tmp_path / "run")
    first, later = _rows(tmp_path / "run", "cells")
    key, store = first["attributions_key"], Store(tmp_path / "run" / "store")
    seconds = sum(store.seconds("attributions", key, chunk) or 0.0 for chunk in (0, 1))
    for row in (first, later):
        assert before < row["started"] < datetime.now(UTC)
        assert 0 < row["seconds"] < 600
        assert row["peak_memory"] > 2**20
        # The toy counts one forward a sequence; neither metric asks the model.
        assert (row["forwards"], row["backwards"]) == (70, 0)
        assert row["explain_seconds"] == seconds > 0
    assert first["seconds"] > seconds
    # Also of what was explained before, whose model this run did not need.
    assert [row["device"] for row in (first, later)] == ["cpu", "cpu"]
    assert [row["dtype"] for row in (first, later)] == ["float64", "float64"]


def test_cells_are_told_as_they_settle_those_of_one_explainer_together(
    plan: MakePlan, tmp_path: Path
) -> None:
    pairs = _block(models=["twice", "toy"], metrics=["continuous_jaccard"], against=["toy/gc"])
    blocks = [pairs, _block(explainers=["random", "crash", "exact"], metrics=["gini", "total"])]
    told: list[tuple[str, str, bool]] = []
    settled: dict[str, set[tuple[str, str]]] = {}

    def report(cell: Cell, status: str, message: str) -> None:
        told.append((cell.model, cell.explainer, bool(cell.against)))
        settled.setdefault(cell.explainer, set()).add((status, message))

    made = plan(models={"twice": {"name": "toy", "scale": 2.0}}, matrix=blocks)
    before: list[int] = []
    run(made, tmp_path / "run", report_cell=report, report_done=before.append)
    assert len(told) == len(made.cells) == 4 + 6
    assert told == sorted(told)  # what compares two comes after what needs one of them alone
    assert settled == {
        "random": {("ok", "")},
        "exact": {("ok", "")},
        "crash": {("error", "this explainer always fails")},
    }
    crashed = sum(cell.explainer == "crash" for cell in made.cells)
    told.clear()
    run(made, tmp_path / "run", report_cell=report, report_done=before.append)
    assert before == [0, len(made.cells) - crashed]
    assert len(told) == crashed


def test_cells_say_what_readers_need(plan: MakePlan, tmp_path: Path) -> None:
    made = plan(
        datasets={"mine": {"path": str(tmp_path / "data.csv"), "kind": "enhancers"}},
        explainers={"chance": {"name": "random"}},
        matrix=[
            _block(
                models=["toy-tokens"],
                explainers=["exact", "chance", "gc"],
                aggregators=["native", "passed_on"],
                metrics=["gini"],
            )
        ],
    )
    run(made, tmp_path / "run")
    rows = _rows(tmp_path / "run", "cells")
    assert {row["dataset_kind"] for row in rows} == {"enhancers"}
    roles = {row["explainer"]: row["explainer_role"] for row in rows}
    assert roles == {"exact": "method", "chance": "floor", "gc": "control"}
    units = {row["aggregator"]: (row["attributions_units"], row["units"]) for row in rows}
    assert units == {"native": ("token", "token"), "passed_on": ("token", "nucleotide")}
    store, ids = Store(tmp_path / "run" / "store"), [s.id for s in made.datasets["mine"].samples]
    for row in rows:
        scores = store.read_attributions(row["attributions_key"], ids)[0].scores
        assert len(scores) == 8
        assert row["model_weights_digest"] is None


def test_the_same_again_computes_nothing(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan(), tmp_path / "run")
    board = _rows(tmp_path / "run", "leaderboard")
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    again = run(plan(), tmp_path / "run")
    assert not (tmp_path / "log").exists()
    # Two are compared on different units, which is found out without asking the model.
    assert again.statuses == {"ok": again.reused, "unsupported": 2}
    assert again.reused + 2 == len(plan().cells)
    assert _rows(tmp_path / "run", "leaderboard") == board


def test_a_new_metric_does_not_explain_again(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan(matrix=[_block()]), tmp_path / "run")
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    summary = run(
        plan(matrix=[_block(metrics=["gini", "faithfulness", "total"])]), tmp_path / "run"
    )
    assert (tmp_path / "log").read_text().splitlines() == ["total 70"] * 2
    assert (summary.reused, dict(summary.statuses)) == (4, {"ok": 6})


@pytest.mark.parametrize(
    ("bad", "status", "message"),
    [
        ("crash", "error", "this explainer always fails"),
        ("leave", "crashed", "gone"),
        ("hungry", "oom", "MemoryError"),
        ("short-list", "error", "unknown: explainer 'short-list': expected a list of 64"),
        ("absent", "error", "expected module 'no_such_module' to be installed"),
        ("mumble", "error", r"file \udcff not found"),
        ("mute", "error", "Silent"),
        ("cancel", "crashed", "not now"),
        ("nan", "error", "expected finite scores, got NaN or infinity in each of 70 samples"),
        ("constant", "error", "expected toys:WEIGHTS to be callable, got dict"),
        ("needy", "unsupported", "needs a model that reads one-hot nucleotides"),
        ("orphan", "error", "requires: expected 'elsewhere:magic' of an installed model"),
        ("orphan-wrapper", "error", "requires: expected 'elsewhere:magic' of an installed model"),
    ],
)
def test_a_bad_explainer_is_a_row_and_harms_no_other(
    plan: MakePlan, tmp_path: Path, bad: str, status: str, message: str
) -> None:
    run(plan(matrix=[_block()]), tmp_path / "without")
    with_bad = _block(explainers=[bad, "exact", "random"])
    summary = run(plan(matrix=[with_bad]), tmp_path / "with")
    assert summary.complete == (status == "unsupported")
    rows = [r for r in _rows(tmp_path / "with", "cells") if r["explainer"] == bad]
    assert {row["status"] for row in rows} == {status}
    assert all(message in row["error_message"] for row in rows)
    assert {row["explainer_distribution"] for row in rows} == {"unknown"}
    for table in ("samples", "curves"):
        assert _rows(tmp_path / "with", table) == _rows(tmp_path / "without", table)
    assert _board(tmp_path / "with", bad) == _board(tmp_path / "without")
    failed = [r for r in _rows(tmp_path / "with", "leaderboard") if r["explainer"] == bad]
    assert bool(failed) == (status != "unsupported")
    for row in failed:
        assert (row["estimate"], row["rank"], row["n"], row["n_failed"]) == (None, None, 0, 70)


def test_not_a_number_never_ranks(plan: MakePlan, tmp_path: Path) -> None:
    made = plan(matrix=[_block(explainers=["nan", "exact"])])
    assert not run(made, tmp_path / "run").complete
    for row in _rows(tmp_path / "run", "leaderboard"):
        if row["explainer"] == "nan":
            assert (row["rank"], row["estimate"], row["n_failed"]) == (None, None, 70)
        elif row["direction"] != "none":
            assert row["rank"] == 1


def test_not_a_number_for_some_samples_is_left_out_and_counted(
    plan: MakePlan, tmp_path: Path
) -> None:
    made = plan(matrix=[_block(explainers=["some-nan", "exact"], metrics=["gini"])])
    assert run(made, tmp_path / "run").complete
    missing = sum(s.sequence[0] == "A" for s in made.datasets["mine"].samples)
    assert 0 < missing < 70
    rows = {r["explainer"]: r for r in _rows(tmp_path / "run", "leaderboard")}
    assert (rows["some-nan"]["n"], rows["some-nan"]["n_undefined"]) == (70 - missing, missing)
    assert rows["some-nan"]["rank"] is not None
    reasons = {r["reason"] for r in _rows(tmp_path / "run", "samples") if r["value"] is None}
    assert reasons == {"scores are not finite"}


def test_not_a_number_harms_no_other(plan: MakePlan, tmp_path: Path) -> None:
    for name, explainers in (
        ("without", ["exact", "random"]),
        ("with", ["some-nan", "exact", "random"]),
    ):
        assert run(plan(matrix=[_block(explainers=explainers)]), tmp_path / name).complete
    cells = {r["cell_id"] for r in _rows(tmp_path / "without", "cells")}
    kept = [r for r in _rows(tmp_path / "with", "samples") if r["cell_id"] in cells]
    assert kept == _rows(tmp_path / "without", "samples")

    def unranked(rows: Rows) -> Rows:
        return [{k: v for k, v in row.items() if "rank" not in k} for row in rows]

    # It competes for ranks; every other number stays.
    assert unranked(_board(tmp_path / "with", "some-nan")) == unranked(_board(tmp_path / "without"))


def test_order_of_explainers_changes_nothing(plan: MakePlan, tmp_path: Path) -> None:
    explainers = ["exact", "random", "crash", "nan"]
    for name, order in (("forth", explainers), ("back", explainers[::-1])):
        run(plan(matrix=[_block(explainers=order)]), tmp_path / name)

    def values(name: str, table: str) -> list[str]:
        return sorted(map(str, _rows(tmp_path / name, table)))

    for table in ("samples", "curves"):
        assert values("forth", table) == values("back", table)
    assert _board(tmp_path / "forth") == _board(tmp_path / "back")


def test_failures_are_tried_again(plan: MakePlan, tmp_path: Path) -> None:
    made = plan(matrix=[_block(explainers=["crash"])])
    for attempts in (1, 2):
        run(made, tmp_path / "run")
        rows = _rows(tmp_path / "run", "cells")
        assert len(rows) == attempts * len(made.cells)
        assert {row["attempt"] for row in rows} == set(range(1, attempts + 1))


def test_interrupted_is_a_row_and_the_next_run_completes(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    monkeypatch.setenv("TOY_INTERRUPT", str(flag))
    made = plan(matrix=[_block(explainers=["exact", "interrupt"])])
    first = run(made, tmp_path / "run")
    assert first.interrupted
    assert dict(first.statuses) == {"ok": 2, "interrupted": 1, "due": 1}
    statuses = [row["status"] for row in _rows(tmp_path / "run", "cells")]
    assert sorted(statuses) == ["interrupted", "ok", "ok"]
    flag.unlink()
    second = run(made, tmp_path / "run")
    assert second.complete
    assert (second.interrupted, second.reused) == (False, 2)
    assert len({row["explainer"] for row in _rows(tmp_path / "run", "leaderboard")}) == 2


def test_a_full_disk_ends_the_run_and_keeps_what_was_done(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = os.fsync, [24]  # two a file: its own and its folder's

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    made = plan(matrix=[_block()])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        run(made, tmp_path / "run")
    monkeypatch.setattr(os, "fsync", real)
    kept = RunResults.of(tmp_path / "run").statuses(cell.id for cell in made.cells)
    assert "ok" in kept.values()
    summary = run(made, tmp_path / "run")
    assert summary.complete
    assert summary.reused == list(kept.values()).count("ok")


def test_a_store_of_something_else_ends_the_run(plan: MakePlan, tmp_path: Path) -> None:
    made = plan(matrix=[_block(metrics=["gini"])])
    run(made, tmp_path / "run")
    key, store = made.predict_key("mine", "toy"), Store(tmp_path / "run" / "store")
    others = [f"other{i}" for i in range(70)]
    kept = store.read_predictions(key, [sample.id for sample in made.datasets["mine"].samples])
    for chunk in (0, 1):
        part = chunk_slice(chunk)
        written = Predictions(kept.outputs[part], kept.spans[part])
        store.write_predictions(key, chunk, others[part], written, 0.0)
    with pytest.raises(StorageError, match="expected the samples of this data set"):
        run(plan(matrix=[_block(metrics=["gini", "total"])]), tmp_path / "run")


@pytest.mark.parametrize("stage", ["predictions", "attributions", "shared"])
@pytest.mark.parametrize("at", [0.02, 0.4, 0.6, 0.98])
def test_what_is_damaged_in_the_store_is_computed_anew(
    plan: MakePlan, tmp_path: Path, stage: str, at: float
) -> None:
    run(plan(matrix=[_block()]), tmp_path / "run")
    both = _block(metrics=["gini", "faithfulness", "total"])
    run(plan(matrix=[both]), tmp_path / "whole")
    damaged = sorted((tmp_path / "run" / "store" / stage).rglob("*.parquet"))
    assert damaged
    for path in damaged:
        content = bytearray(path.read_bytes())
        content[int(at * len(content))] ^= 8
        path.write_bytes(content)
    (tmp_path / "run" / "samples.parquet").unlink()  # so that all is due again
    assert run(plan(matrix=[both]), tmp_path / "run").complete
    assert _board(tmp_path / "run") == _board(tmp_path / "whole")
    samples = [pq.read_table(tmp_path / name / "samples.parquet") for name in ("run", "whole")]
    assert samples[0].replace_schema_metadata(None).equals(samples[1].replace_schema_metadata(None))


def test_a_folder_of_something_else_is_refused(plan: MakePlan, tmp_path: Path) -> None:
    run(plan(matrix=[_block()]), tmp_path / "run")
    with pytest.raises(InputError, match="got a run of suite 'toy-suite'"):
        run(plan(name="another", matrix=[_block()]), tmp_path / "run")
    with pytest.raises(InputError, match="something that is no gxarena run"):
        run(plan(), tmp_path)
    with pytest.raises(InputError, match="something that is no gxarena run"):
        run(plan(), tmp_path / "data.csv")


def test_two_runs_do_not_share_a_folder(plan: MakePlan, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.locked(), pytest.raises(InputError, match="expected no other gxarena at work"):
        run(plan(), tmp_path / "run")


def test_a_parameter_that_is_not_there_stops_before_any_work(
    plan: MakePlan, tmp_path: Path
) -> None:
    slips = {"metrics": {"gini": {"sing": "positive"}}, "models": {"toy": {"widht": 3}}}
    made = plan(**slips, matrix=[_block()])
    said = r"(?s)models.toy: expected parameters of toy.*\nmetrics.gini: expected parameters"
    with pytest.raises(InputError, match=said):
        run(made, tmp_path / "run")
    assert not (tmp_path / "run" / "store").exists()


@pytest.mark.parametrize(
    ("metric", "complaint"),
    [
        ("stranger", "metric 'stranger': expected keys among its quantities, got 'other'"),
        ("too-few", "metric 'too-few', '': expected 70 values, got an array of shape (69,)"),
    ],
)
def test_a_metric_that_breaks_its_contract_is_a_row(
    plan: MakePlan, tmp_path: Path, metric: str, complaint: str
) -> None:
    summary = run(plan(matrix=[_block(metrics=[metric, "gini"])]), tmp_path / "run")
    assert dict(summary.statuses) == {"ok": 2, "error": 2}
    failed = [row for row in _rows(tmp_path / "run", "cells") if row["metric"] == metric]
    assert all(complaint in row["error_message"] for row in failed)
    assert {row["metric"] for row in _rows(tmp_path / "run", "samples")} == {"gini"}


@pytest.mark.parametrize(("renormalise", "similarity"), [("before", 1.0), ("never", 0.5)])
def test_a_pair_metric_compares_patterns_or_sizes(
    plan: MakePlan, tmp_path: Path, renormalise: str, similarity: float
) -> None:
    """Renormalised, an explanation equals its double; as it is, it overlaps with it by half."""
    made = plan(
        models={"twice": {"name": "toy", "scale": 2.0}},
        metrics={"continuous_jaccard": {"renormalise": renormalise}},
        matrix=[
            _block(
                models=["twice"],
                explainers=["exact"],
                metrics=["continuous_jaccard"],
                against=["toy/exact"],
            )
        ],
    )
    run(made, tmp_path / "run")
    (row,) = _rows(tmp_path / "run", "leaderboard")
    assert row["metric"] == "continuous_jaccard[vs toy/exact]"
    assert (row["estimate"], row["n"]) == (pytest.approx(similarity), 70)


def test_a_pair_metric_that_asks_asks_the_model_it_compares_with(
    plan: MakePlan, tmp_path: Path
) -> None:
    """Exactly what its metric says by itself; what else is in the suite stays as it is."""
    models = {"other": {"name": "toy-trained", "checkpoint": "one-2"}}
    lend = _block(models=["toy-tokens"], explainers=["exact", "random"])
    pair = lend | {"metrics": ["borrowed", "faithfulness"], "against": ["other/gc"]}
    made = plan(models=models, target=1, matrix=[pair])
    assert run(made, tmp_path / "run").complete
    cells = {row["cell_id"]: row for row in _rows(tmp_path / "run", "cells")}
    assert {row["metric_name"] for row in cells.values()} == {
        "faithfulness",
        "borrowed[vs other/gc]",
    }
    # MIF, LIF, and for the first of the two the random order.
    asked = {r["explainer"]: r["forwards"] for r in cells.values() if r["metric"] == "borrowed"}
    assert asked["exact"] > asked["random"] + 70 > 70
    found: dict[str, list[float]] = {}
    for row in _rows(tmp_path / "run", "samples"):
        cell = cells[row["cell_id"]]
        if (cell["metric"], cell["explainer"]) == ("borrowed", "exact"):
            found.setdefault(row["metric"].partition("].")[2], []).append(row["value"])
    stages = Stages(made, Store(tmp_path / "run" / "store"))
    left, right = (
        stages.explained("mine", model, explainer)
        for model, explainer in (("toy-tokens", "exact"), ("other", "gc"))
    )
    probe = ModelProbe(lambda: Trained("one-2"))
    expected = Borrowed().compare(left, right, probe).values
    assert {key: column.tolist() for key, column in expected.items()} == found
    alone = plan(models=models, target=1, matrix=[lend | {"metrics": ["faithfulness"]}])
    run(alone, tmp_path / "alone")
    before = _rows(tmp_path / "alone", "samples")
    kept = {cell.id for cell in alone.cells}
    after = [row for row in _rows(tmp_path / "run", "samples") if row["cell_id"] in kept]
    assert before == after


def test_who_is_asked_has_no_explainer_and_is_what_the_cell_ran_on(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = {"other": {"name": "toy-trained", "checkpoint": "one-2"}}
    explained = _block(models=["toy-tokens", "other"], explainers=["exact"], metrics=["gini"])
    run(plan(models=models, target=1, matrix=[explained]), tmp_path / "run")
    compare = Borrowed.compare

    def asking(metric: Borrowed, left: Any, right: Any, probe: ModelProbe) -> Any:
        with pytest.raises(Unsupported, match="expected an explainer to ask again, got none"):
            probe.explain(["ACGT"], targets=np.array([1]), ids=["s"])
        return compare(metric, left, right, probe)

    monkeypatch.setattr(Borrowed, "compare", asking)
    pair = _block(models=["toy-tokens"], explainers=["exact"], metrics=["borrowed"])
    made = plan(models=models, target=1, matrix=[explained, pair | {"against": ["other/exact"]}])
    assert run(made, tmp_path / "run").complete
    # What was explained before is not loaded again, what is asked is.
    rows = _rows(tmp_path / "run", "cells")
    assert [row["device"] for row in rows if row["metric"] == "borrowed"] == ["cpu"]


def test_a_model_that_is_asked_is_one_that_must_not_change(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "weight.txt").write_text("2.0")
    models = {"other": {"name": "toy-trained", "checkpoint": str(weights)}}
    block = _block(explainers=["exact"], metrics=["borrowed"], against=["other/gc"])
    made = plan(models=models, target=1, matrix=[block])
    compare = Borrowed.compare

    def edited(*arguments: Any) -> Any:
        scored = compare(*arguments)
        (weights / "weight.txt").write_text("3.0")
        return scored

    monkeypatch.setattr(Borrowed, "compare", edited)
    assert dict(run(made, tmp_path / "run").statuses) == {"error": 1}
    (row,) = _rows(tmp_path / "run", "cells")
    assert "model 'other': expected its code and files as they were" in row["error_message"]


def test_where_no_cell_can_run_for_want_of_an_extra_one_sentence_says_so(
    plan: MakePlan, tmp_path: Path
) -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'unknown\[none\]'"):
        run(plan(matrix=[_block(explainers=["extra"])]), tmp_path / "none")
    summary = run(plan(matrix=[_block(explainers=["extra", "exact"])]), tmp_path / "some")
    assert dict(summary.statuses) == {"ok": 2, "error": 2}

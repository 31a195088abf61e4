"""Boards of strata: as if the run had held these samples alone, chosen by a plain loop."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.results.leaderboard import leaderboard
from gxarena.results.reading import RunResults
from gxarena.results.schemas import SAMPLES, VALUES
from gxarena.results.strata import Stratum, leaderboard_of_stratum, stratum_of
from gxarena.run.labels import labels_of_run
from gxarena.run.plan import Plan
from gxarena.run.runner import run

N = 60
IDS = [f"chr{i % 6}:{10 * i + 1}-{10 * i + 9}" for i in range(N)]
LABELS = {name: i % 2 for i, name in enumerate(IDS)}


@dataclass(frozen=True)
class Cell:
    """One explanation of a model under a metric: a list of values for each set of weights."""

    model: str
    explainer: str
    metric: str
    replicates: Sequence[Sequence[float | None]]
    against: str = ""
    scope: str = "sample"
    status: str = "ok"
    component: str = "q"
    several: bool = field(default=False)


def _tables(cells: Sequence[Cell], kept: Sequence[int] = range(N)) -> tuple[pa.Table, pa.Table]:
    """The run's tables where it holds only the samples at these places."""
    rows, samples = [], []
    for number, cell in enumerate(cells):
        for position, values in enumerate(cell.replicates):
            cell_id = f"{number}-{position}"
            rows.append(
                {
                    "cell_id": cell_id,
                    "attempt": 1,
                    "suite": "s",
                    "dataset": "d",
                    "dataset_digest": "digest of d",
                    "model": cell.model,
                    "model_replicate": position if cell.several else None,
                    "explainer": cell.explainer,
                    "explainer_role": "floor" if cell.explainer == "random" else "method",
                    "attributions_fingerprint": None,
                    "aggregator": "native",
                    "metric_name": cell.metric,
                    "metric_component": cell.component,
                    "metric_scope": cell.scope,
                    "metric_question": "faithfulness",
                    "metric_parameters": "{}",
                    "model_component": "cnn",
                    "against": cell.against or None,
                    "quantities": json.dumps({"": {"better": "higher"}}),
                    "status": cell.status,
                    "n_samples": len(kept),
                    "explain_seconds": 2.0 * len(kept),
                }
            )
            if cell.status == "ok" and cell.scope == "sample":
                samples += [
                    {"cell_id": cell_id, "sample_id": IDS[i], "metric": cell.metric,
                     "value": values[i]}
                    for i in kept
                ]  # fmt: skip
            elif cell.status == "ok":
                samples.append(
                    {"cell_id": cell_id, "sample_id": "", "metric": cell.metric, "value": 1.0}
                )
    return pa.Table.from_pylist(rows), pa.Table.from_pylist(samples, schema=SAMPLES)


def _rows(board: pa.Table, *, strip: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = board.to_pylist()
    for row in rows:
        row["dataset"] = row["dataset"].removesuffix(strip)
        seconds = row.pop("seconds_per_sequence")
        assert seconds == pytest.approx(2.0)
    return rows


def _cells(right: dict[str, list[list[int]]], seed: int) -> list[Cell]:
    """Two methods, a control and a pair metric of each model, of which ``accuracy`` is known."""
    rng = np.random.default_rng(seed)
    cells = []
    for (model, answers), other in zip(right.items(), reversed(right), strict=True):
        several = len(answers) > 1

        def drawn(n: int = len(answers)) -> list[list[float | None]]:
            values = rng.normal(size=(n, N)).tolist()
            return [[None if v > 1.5 else v for v in row] for row in values]

        for explainer in ("a", "b", "random"):
            cells.append(Cell(model, explainer, "q", drawn(), several=several))
            cells.append(
                Cell(model, explainer, "acc", [[float(v) for v in row] for row in answers],
                     component="accuracy", several=several)
            )  # fmt: skip
        # Who has one set of weights is compared with each of the other's.
        most = max(len(one) for one in right.values())
        for explainer in ("a", "b"):
            pairs = Cell(model, explainer, "pair", drawn(most), f"{other}/a", several=most > 1)
            cells.append(pairs)
    return cells


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 3),
    st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    st.sampled_from(["correct", "wrong", "label=1", "label=0"]),
    st.sampled_from([{}, {"d": "chromosome"}]),
    st.integers(0, 99),
)
def test_it_is_the_board_of_a_run_that_held_these_samples_alone(
    weights: int, accuracy: float, only: str, groupings: dict[str, str], seed: int
) -> None:
    """Each model's rows on its own samples, rows of pairs on those of both; else alike."""
    rng = np.random.default_rng(seed)
    right = {
        model: (rng.random((n, N)) < accuracy).astype(int).tolist()
        for model, n in (("m", weights), ("n", 1))
    }
    cells = _cells(right, seed)

    def counts(model: str, i: int) -> bool:
        if only.startswith("label"):
            return LABELS[IDS[i]] == int(only[-1])
        return all(row[i] == (only == "correct") for row in right[model])

    def kept(*models: str) -> list[int]:
        return [i for i in range(N) if all(counts(model, i) for model in models)]

    expected = []
    for model in right:
        for is_pair in (False, True):
            places = kept(*right) if is_pair else kept(model)
            mine = [c for c in cells if c.model == model and bool(c.against) == is_pair]
            others = [c for c in cells if not c.against and is_pair]  # say whose weights are one
            if places:
                board = leaderboard(*_tables([*mine, *others], places), 3, groupings)
                metrics = {c.metric for c in mine}
                expected += [r for r in _rows(board) if r["metric"] in metrics
                             and r["model"] == model]  # fmt: skip
    classes = {"digest of d": LABELS}
    stratum = Stratum.of(only)
    if not expected:
        with pytest.raises(InputError, match=f"--only {stratum}: expected sequences"):
            leaderboard_of_stratum(stratum, *_tables(cells), 3, groupings, classes)
        return
    board, said = leaderboard_of_stratum(stratum, *_tables(cells), 3, groupings, classes)
    key = ("metric", "model", "explainer")
    assert _rows(board, strip=f", only {stratum}") == sorted(
        expected, key=lambda row: [row[name] for name in key]
    )
    assert stratum_of(board) == f"only {stratum}"
    nothing = [m for m in (("m",), ("n",), ("m", "n")) if not kept(*m)]
    assert len(said) == bool(nothing)
    for models in nothing:
        assert f"{' with '.join(models)} on d" in said[0]


def _alternating(model: str = "m") -> list[Cell]:
    return _cells({model: [[1, 0] * (N // 2)], "n": [[1] * N]}, 0)


def test_numbers_of_whole_sets_are_left_out_and_said() -> None:
    cells = [*_alternating(), Cell("m", "a", "motifs", [[1.0]], scope="set")]
    board, said = leaderboard_of_stratum(Stratum.of("correct"), *_tables(cells))
    assert "motifs" not in board["metric"].to_pylist()
    assert said == ["Left out, as their numbers are of whole sets: motifs."]


def test_who_failed_owes_the_samples_of_the_stratum() -> None:
    cells = [*_alternating(), Cell("m", "c", "q", [[0.0] * N], status="error")]
    board, _ = leaderboard_of_stratum(Stratum.of("correct"), *_tables(cells))
    (row,) = [row for row in board.to_pylist() if row["explainer"] == "c"]
    assert (row["n"], row["n_undefined"], row["n_failed"]) == (0, 0, N // 2)


@pytest.mark.parametrize("lacking", ["all of them", "one set of weights"])
def test_models_whose_accuracy_is_not_known_are_left_out_and_said(lacking: str) -> None:
    known = _cells({"m": [[1, 0] * (N // 2)] * 2, "n": [[1] * N]}, 0)
    unknown = [
        Cell(c.model, c.explainer, c.metric, c.replicates[:1], c.against, c.scope, c.status,
             c.component, c.several)
        if c.model == "m" and c.component == "accuracy" else c
        for c in known
        if not (lacking == "all of them" and c.model == "m" and c.component == "accuracy")
    ]  # fmt: skip
    board, said = leaderboard_of_stratum(Stratum.of("correct"), *_tables(unknown))
    assert set(zip(board["model"].to_pylist(), board["metric"].to_pylist(), strict=True)) == {
        ("n", "q"), ("n", "acc"),
    }  # fmt: skip
    assert said == [
        "Left out, as the run does not hold the metric accuracy: m on d, m with n on d."
    ]
    bare = [c for c in known if c.component != "accuracy"]
    with pytest.raises(InputError, match="Left out, as the run does not hold the metric"):
        leaderboard_of_stratum(Stratum.of("wrong"), *_tables(bare))


def test_a_sample_without_a_label_is_neither_right_nor_wrong() -> None:
    cells = [
        Cell("m", "a", "q", [[1.0] * N]),
        Cell("m", "a", "acc", [[None, 0.0, *[1.0] * (N - 2)]], component="accuracy"),
    ]
    for only, n in (("correct", N - 2), ("wrong", 1)):
        board, _ = leaderboard_of_stratum(Stratum.of(only), *_tables(cells))
        assert set(board["n"].to_pylist()) == {n}


@pytest.mark.parametrize("text", ["right", "", "label", "label=", "label=x", "label=-1", "Correct"])
def test_what_is_no_stratum_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="--only: expected correct, wrong or label=1, got '"):
        Stratum.of(text)


def test_a_board_of_everything_names_no_stratum() -> None:
    whole = leaderboard(*_tables(_alternating()))
    assert stratum_of(whole) == ""
    part, _ = leaderboard_of_stratum(Stratum.of("wrong"), *_tables(_alternating()))
    assert stratum_of(pa.concat_tables([whole, part])) == ""


def test_on_a_real_run_right_is_the_highest_output(
    plan: Callable[..., Plan], data: Path, tmp_path: Path, registry: Registry
) -> None:
    """The toy's second logit is a sum over letters, its first 0: right by a plain loop."""
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    made = plan(matrix=[block | {"metrics": ["gini", "accuracy"]}], partition="")
    run(made, tmp_path / "run")
    found = RunResults.of(tmp_path / "run")
    samples = made.datasets["mine"].samples
    logits = made.registry.create("models", "toy", {}).predict([s.sequence for s in samples])
    labels = labels_of_run(found, registry)
    assert labels == {made.datasets["mine"].digest: {s.id: s.label for s in samples}}
    by_cell = {row["cell_id"]: row for row in found.last_rows()}
    gini = {
        (by_cell[row["cell_id"]]["explainer"], row["sample_id"]): row["value"]
        for row in found.table("samples").to_pylist()
        if row["metric"] == "gini"
    }
    strata: dict[str, list[str]] = {"correct": [], "wrong": [], "label=1": []}
    for sample, logit in zip(samples, logits[:, 1], strict=True):
        strata["correct" if (logit > 0) == (sample.label == 1) else "wrong"].append(sample.id)
        if sample.label == 1:
            strata["label=1"].append(sample.id)
    assert all(strata.values())
    for only, explainer in itertools.product(strata, ("exact", "random")):
        tables = found.table("cells"), found.table("samples", VALUES, encode=explainer == "exact")
        board, _ = leaderboard_of_stratum(Stratum.of(only), *tables, classes=labels)
        rows = {(row["explainer"], row["metric"]): row for row in board.to_pylist()}
        mean = np.mean([gini[explainer, name] for name in strata[only]])
        assert rows[explainer, "gini"]["n"] == len(strata[only])
        assert rows[explainer, "gini"]["estimate"] == pytest.approx(mean)
        if only != "label=1":
            assert rows[explainer, "accuracy"]["estimate"] == (only == "correct")
    data.write_text(data.read_text().replace(",0\n", ",1\n"))
    with pytest.raises(InputError, match="dataset 'mine': expected the samples that were run"):
        labels_of_run(found, registry)

"""What is the same for every explainer is asked once, and never stands for something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.data import Floats
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.run.store import Store

MakePlan = Callable[..., Plan]
Rows = list[dict[str, Any]]
SAMPLES = 70
EXPLAINERS = ["random", "gc", "blur", "some-nan"]
HALF = {"faithfulness": {"budgets": [50]}}
"""A single budget, at which no two orders of 24 units take the same ones by chance."""


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _values(folder: Path) -> set[str]:
    """Every value and every point of a curve, to the last bit."""
    rows = _rows(folder, "samples") + _rows(folder, "curves")
    assert rows
    return {str(row) for row in rows}


def _changes(**changes: Any) -> dict[str, Any]:
    block: dict[str, Any] = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": EXPLAINERS[:2],
        "metrics": ["faithfulness"],
    }
    block |= changes.pop("block", {})
    return {"metrics": HALF, "matrix": [block]} | changes


def _asked(folder: Path) -> list[int]:
    """Forwards of each cell, in the order in which they were run; controls cost none themselves."""
    rows = sorted(_rows(folder, "cells"), key=lambda row: row["started"])
    assert {row["status"] for row in rows} == {"ok"}
    return [row["forwards"] for row in rows]


def test_a_third_of_the_forwards_is_asked_once(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = _changes(block={"explainers": EXPLAINERS[:3]})
    with monkeypatch.context() as before:
        # Not by taking `shared` away: whether a class is a protocol's is remembered.
        before.setattr("gxarena.metrics.faithfulness.SharingProbe", type("Nobody", (), {}))
        run(plan(**changes), tmp_path / "before")
    run(plan(**changes), tmp_path / "after")
    assert _asked(tmp_path / "before") == [3 * SAMPLES] * 3
    assert _asked(tmp_path / "after") == [3 * SAMPLES, 2 * SAMPLES, 2 * SAMPLES]
    assert _values(tmp_path / "after") == _values(tmp_path / "before")


def test_of_several_random_orders_nothing_is_asked_twice(plan: MakePlan, tmp_path: Path) -> None:
    metrics = {"faithfulness": {"budgets": [40, 60], "random_orders": 3}}
    run(plan(**_changes(metrics=metrics)), tmp_path / "run")
    assert _asked(tmp_path / "run") == [(2 + 3) * 2 * SAMPLES, 2 * 2 * SAMPLES]


@pytest.mark.parametrize("fill", ["unknown", "random", "complement", "dinucleotide"])
def test_what_is_shared_is_bit_for_bit_what_each_would_have_asked(
    plan: MakePlan, tmp_path: Path, fill: str
) -> None:
    """Also of a model whose last bits depend on what it is asked together with."""
    metrics = {"faithfulness": {"fill": fill, "random_orders": 2}}

    def made(explainers: list[str]) -> Plan:
        block = {"models": ["toy-batched"], "explainers": explainers}
        return plan(**_changes(metrics=metrics, block=block))

    run(made(EXPLAINERS), tmp_path / "together")
    alone: set[str] = set()
    for explainer in EXPLAINERS:
        run(made([explainer]), tmp_path / explainer)
        alone |= _values(tmp_path / explainer)
    assert _values(tmp_path / "together") == alone
    run(made(EXPLAINERS[::-1]), tmp_path / "back")
    assert _values(tmp_path / "back") == alone


ANOTHER: dict[str, dict[str, Any]] = {
    "fill": {"metrics": {"faithfulness": {"budgets": [50], "fill": "complement"}}},
    "budgets": {"metrics": {"faithfulness": {"budgets": [40]}}},
    "ranking, which is part of the metric": {
        "metrics": {"faithfulness": {"budgets": [50], "ranking": "magnitude"}}
    },
    "seed": {"seed": 1},
    "target": {"target": 0},
    "objective": {"objective": "probability"},
    "model": {"models": {"toy": {"name": "toy", "scale": 2.0}}},
    "units": {"partition": "toy-tokens", "block": {"aggregators": ["mean"]}},
    "number of samples": {"block": {"datasets": ["fewer"]}},
    "data": {"block": {"datasets": ["others"]}},
}


@pytest.mark.parametrize("changes", ANOTHER.values(), ids=ANOTHER)
def test_another_question_is_asked_anew(
    plan: MakePlan, tmp_path: Path, data: Path, changes: dict[str, Any]
) -> None:
    lines = data.read_text().splitlines()
    (tmp_path / "fewer.csv").write_text("\n".join(lines[:-5]) + "\n")
    (tmp_path / "others.csv").write_text("\n".join([*lines[:-1], "s69," + "ACGT" * 6 + ",1"]))
    files = {"mine": data, "fewer": tmp_path / "fewer.csv", "others": tmp_path / "others.csv"}
    datasets = {"datasets": {name: {"path": str(path)} for name, path in files.items()}}
    kept = tmp_path / "run" / "store" / "shared"

    run(plan(**_changes(**datasets)), tmp_path / "run")
    first = set(kept.iterdir())
    other = plan(**_changes(**datasets | changes))
    run(other, tmp_path / "run")
    run(other, tmp_path / "fresh")
    assert _values(tmp_path / "run") == _values(tmp_path / "fresh")
    # As many questions as in a folder of its own, and none of them was known.
    anew = set(kept.iterdir()) - first
    fresh = tmp_path / "fresh" / "store" / "shared"
    assert {path.name for path in anew} == {path.name for path in fresh.iterdir()}
    assert len(anew) == 2


def test_what_is_the_same_question_is_answered_from_the_store(
    plan: MakePlan, tmp_path: Path
) -> None:
    """A run is taken up with further explainers, and a metric under another name."""
    run(plan(**_changes()), tmp_path / "run")
    metrics = {"again": {"name": "faithfulness", "budgets": [50]}, **HALF}
    block = {"explainers": EXPLAINERS[:3], "metrics": ["faithfulness", "again"]}
    made = plan(**_changes(block=block, metrics=metrics))
    run(made, tmp_path / "run")
    assert _asked(tmp_path / "run")[2:] == [2 * SAMPLES] * 4
    assert len(list((tmp_path / "run" / "store" / "shared").iterdir())) == 2
    run(made, tmp_path / "fresh")
    assert _values(tmp_path / "run") == _values(tmp_path / "fresh")


def test_each_replicate_has_answers_of_its_own(plan: MakePlan, tmp_path: Path) -> None:
    changes = _changes(
        models={"toy": {"name": "toy-trained", "replicates": ["one", "one-1", "one-2"]}},
        metrics={"faithfulness": {"budgets": [50], "fill": "complement"}},
    )
    run(plan(**changes), tmp_path / "run")
    assert _asked(tmp_path / "run") == [3 * SAMPLES, 2 * SAMPLES] * 3


def test_units_that_explainers_share_are_asked_about_once(plan: MakePlan, tmp_path: Path) -> None:
    """Native tokens, tokens that scores were carried to, and nucleotides: three questions."""
    block = {"models": ["toy-tokens"], "aggregators": ["native", "mean", "sum", "passed_on"]}
    run(plan(**_changes(block=block, partition="toy-tokens")), tmp_path / "run")
    # Onto the tokens that they are on already, mean and sum carry nothing: they are native.
    assert len(list((tmp_path / "run" / "store" / "shared").iterdir())) == 2 * 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", [0, 1, 2, 3])
def test_stopped_while_it_is_kept_the_next_run_is_as_if_undisturbed(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int, when: str
) -> None:
    made = plan(**_changes(block={"models": ["toy-batched", "toy"]}))
    run(made, tmp_path / "undisturbed")
    real, written = Store.write_shared, []

    def stop(self: Store, key: str, answers: Floats, seconds: float) -> None:
        written.append(key)
        if len(written) == write + 1 and when == "before":
            raise KeyboardInterrupt
        real(self, key, answers, seconds)
        if len(written) == write + 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write_shared", stop)
        assert run(made, tmp_path / "run").interrupted
    kept = list((tmp_path / "run" / "store").glob("shared/*/*"))
    assert len(kept) == write + (when == "after")
    assert run(made, tmp_path / "run").complete
    assert _values(tmp_path / "run") == _values(tmp_path / "undisturbed")
    files = [
        {path.relative_to(folder) for path in folder.glob("store/shared/*/*")}
        for folder in (tmp_path / "run", tmp_path / "undisturbed")
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 4


@pytest.mark.parametrize("damage", ["half", "page", "gone"])
def test_what_does_not_read_whole_is_asked_anew(
    plan: MakePlan, tmp_path: Path, damage: str
) -> None:
    block = {"models": ["toy-batched"]}
    run(plan(**_changes(block=block)), tmp_path / "run")
    for path in (tmp_path / "run").glob("store/shared/*/*"):
        whole = path.read_bytes()
        flipped = whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]
        path.write_bytes({"half": whole[: len(whole) // 2], "page": flipped, "gone": b""}[damage])
    made = plan(**_changes(block=block | {"explainers": EXPLAINERS[:3]}))
    assert run(made, tmp_path / "run").complete
    assert _asked(tmp_path / "run") == [3 * SAMPLES, 2 * SAMPLES, 3 * SAMPLES]
    run(made, tmp_path / "fresh")
    assert _values(tmp_path / "run") == _values(tmp_path / "fresh")
    kept = [
        np.concatenate([pq.read_table(p)["value"].to_numpy() for p in sorted(folder.glob("*/*"))])
        for folder in (tmp_path / name / "store" / "shared" for name in ("run", "fresh"))
    ]
    assert kept[0].tobytes() == kept[1].tobytes()

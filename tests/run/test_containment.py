"""What a bad component cannot harm, where each works in a child: the others, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from entry_points import entry_point

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.registry import Registry
from gxarena.run import supervisor
from gxarena.run.child import _Canaries
from gxarena.run.endings import what_changed
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import Settings, run
from gxarena.run.store import CHUNK, Store
from gxarena.run.suite import Suite
from gxarena.run.tasks import tasks_of

Rows = list[dict[str, Any]]
GOOD = ["exact", "random"]
METRICS = ["gini", "faithfulness"]
ENDS = {
    "halves": ("error", "model 'toy' to predict the same bits as before, got others"),
    "patches-numpy": ("error", "numpy.mean as it was, got another in its place"),
    "patches-metrics": ("error", "gxarena.metrics.complexity.Gini.score as it was, got another"),
    "patches-statistics": (
        "error",
        "gxarena.statistics.intervals.mean_intervals as it was, got another",
    ),
    "chdir": ("error", "the working directory as it was, got another, /"),
    "segfaults": ("crashed", "expected a result, its process ended with signal SIGSEGV"),
    "exits": ("crashed", "expected a result, its process ended with exit status 0"),
    "hangs": ("timeout", "expected a sign of life within 25 s, got none"),
    "interrupts": ("crashed", "KeyboardInterrupt"),
    "leaves": ("crashed", "0"),
    "kills-its-server": ("crashed", "its fork server is gone"),
    "floods": ("error", "after the flood"),
    "eats": ("oom", "expected at most 0.586 GiB of memory, got"),
}


@pytest.fixture
def poisoned(data: Path, tmp_path: Path) -> Callable[..., Plan]:
    """The plan of a suite in which explainers of a distribution called venom compete."""
    info = tmp_path / "venom-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: venom\nVersion: 0.1\n")
    poison = entry_point("poison", "poison_plugin")
    vars(poison)["dist"] = metadata.PathDistribution(info)
    installed = [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin"), poison]
    registry = Registry.load(installed)

    def make(explainers: list[str], /, model: str = "toy", **more: Any) -> Plan:
        document = {
            "name": "poisoned",
            "target": 1,
            "datasets": {"mine": {"path": str(data)}},
            "matrix": [
                {
                    "datasets": ["mine"],
                    "models": [model],
                    "explainers": explainers,
                    "metrics": METRICS,
                }
            ],
        }
        return make_plan(Suite.model_validate(document | more), registry)

    return make


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _kept(folder: Path, table: str, plan: Plan) -> Rows:
    """The rows of a plan's cells."""
    cells = {cell.id for cell in plan.cells}
    rows = [row for row in _rows(folder, table) if row["cell_id"] in cells]
    return sorted(rows, key=lambda row: (row["cell_id"], row["sample_id"], str(row)))


def test_each_harms_its_own_cells_alone(poisoned: Callable[..., Plan], tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    alone = poisoned(GOOD)
    assert run(alone, tmp_path / "alone").complete
    everyone = poisoned([*ENDS, "litters", *GOOD])
    limits = Settings("local", workers=2, timeout=25.0, memory=600 * 2**20)
    summary = run(everyone, tmp_path / "together", limits)
    assert not summary.interrupted
    for table in ("samples", "curves"):
        assert _kept(tmp_path / "together", table, alone) == _kept(tmp_path / "alone", table, alone)
    rows = _rows(tmp_path / "together", "cells")
    last = {(row["explainer"], row["metric"]): row for row in rows}
    found = {name: {last[name, metric]["status"] for metric in METRICS} for name in ENDS}
    assert found == {name: {status} for name, (status, _) in ENDS.items()}
    for name, (_, message) in ENDS.items():
        for metric in METRICS:
            said = last[name, metric]["error_message"]
            assert message in said
            assert name == "floods" or said.startswith(f"venom: explainer '{name}': ")
    # Nothing lies where it was not told to write, or where anybody works.
    assert summary.statuses["ok"] == 2 * (len(GOOD) + 1)
    assert not list(tmp_path.rglob("left-behind"))
    assert not Path("left-behind").exists()
    # What is printed is kept with the cell, but not all of it.
    flood = last["floods", "gini"]["error_traceback"]
    assert "RuntimeError: after the flood" in flood
    assert "It printed:\n" in flood
    assert 1000 < len(flood) < 10_000
    # Memory is tried once more, and both attempts are rows.
    assert [row["status"] for row in rows if row["explainer"] == "eats"] == ["oom"] * 4
    # Nothing is left at work.
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [one for one in left if one.is_running()]
    assert not list((tmp_path / "together").glob(".gxarena-writing*"))


@pytest.mark.parametrize("harm", ["abandons", "flees"])
def test_what_one_that_ended_left_at_work_is_ended(
    poisoned: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    told = tmp_path / "left"
    monkeypatch.setenv("POISON_LEFT", str(told))
    run(poisoned([harm]), tmp_path / "run", Settings("local", workers=1))
    left = list(map(int, told.read_text().split()))
    assert left  # one of each attempt
    psutil.wait_procs([psutil.Process(pid) for pid in left if psutil.pid_exists(pid)], timeout=30)
    still = [psutil.Process(pid) for pid in left if psutil.pid_exists(pid)]
    assert [one.status() for one in still if one.status() != psutil.STATUS_ZOMBIE] == []


def test_what_a_control_wraps_is_named_and_scored_apart_from_others(
    poisoned: Callable[..., Plan], tmp_path: Path
) -> None:
    """A control is the core's, whose cells one child scores: what it wraps may be asked again."""
    explainers = {"wrapping": {"name": "permuted", "explainer": "halves", "harm": "halves"}}
    plan = poisoned(["wrapping", "exact"], explainers=explainers)
    asked_again = {"metrics": ["max_sensitivity"], "explainers": ["wrapping", "random"]}
    block = {"datasets": ["mine"], "models": ["toy"], **asked_again}
    again = poisoned([], explainers=explainers, matrix=[block])
    tasks = tasks_of(again, again.cells, Store(tmp_path), lambda _: True)
    scoring = {one.cell.explainer: task.child for task in tasks for one in task.shards if one.cell}
    assert len({*scoring.values()}) == len(scoring) == 2
    run(plan, tmp_path / "run", Settings("local", workers=1))
    ends = {row["explainer"]: row for row in _rows(tmp_path / "run", "cells")}
    assert ends["exact"]["status"] == "ok"
    assert ends["wrapping"]["error_message"].startswith("venom: explainer 'wrapping': once it has ")


def test_plugins_of_no_known_distribution_are_scored_apart(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be of two authors: what one changes is not to be the other's."""
    (tmp_path / "stranger_plugin.py").write_text(
        "from gxarena.hookspecs import Component, hookimpl\n"
        "@hookimpl\n"
        "def gxarena_metrics():\n"
        "    yield Component('sum', 'toys:Total', 'as total', provides=frozenset({'sample'}))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    strangers = [entry_point("toys", "toy_plugin"), entry_point("other", "stranger_plugin")]
    registry = Registry.load([*metadata.entry_points(group="gxarena"), *strangers])
    metrics = ["sum", "total", "forgetful"]
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": metrics}
    document = {"name": "strangers", "target": 1, "datasets": {"mine": {"path": str(data)}}}
    plan = make_plan(Suite.model_validate(document | {"matrix": [block]}), registry)
    tasks = tasks_of(plan, plan.cells, Store(tmp_path), lambda _: True)
    scoring = {one.cell.metric: task.child for task in tasks for one in task.shards if one.cell}
    assert scoring["total"] == scoring["forgetful"] != scoring["sum"]


def test_a_metric_harms_no_other_of_its_distribution_and_is_named_itself(
    poisoned: Callable[..., Plan], tmp_path: Path
) -> None:
    """They are scored by one child, as long as that is as it was."""
    metrics = ["first", "exiting", "halving", "last"]
    matrix = [
        {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": metrics}
    ]
    run(poisoned([], matrix=matrix), tmp_path / "run", Settings("local", workers=1))
    ends = {row["metric"]: row for row in _rows(tmp_path / "run", "cells")}
    for name in ("first", "last"):
        assert ends.pop(name)["status"] == "ok"
    for name, message in {"halving": ENDS["halves"][1], "exiting": ENDS["exits"][1]}.items():
        assert ends[name]["error_message"].startswith(f"venom: metric '{name}': ")
        assert message in ends[name]["error_message"]


def test_a_model_that_is_compared_with_harms_no_other_s_values(
    poisoned: Callable[..., Plan], tmp_path: Path
) -> None:
    """The core's metrics on one model share a child, but with none that asks another model."""
    ours = {"datasets": ["mine"], "models": ["toy"], "explainers": GOOD}
    theirs = ours | {"models": ["spoiler"], "explainers": ["gc"]}
    pair = ours | {"explainers": ["exact"], "metrics": ["borrowed"], "against": ["spoiler/gc"]}
    plain = ours | {"explainers": ["random"], "metrics": ["faithfulness"]}
    explained = poisoned([], matrix=[one | {"metrics": ["gini"]} for one in (ours, theirs)])
    alone, together = poisoned([], matrix=[plain]), poisoned([], matrix=[pair, plain])
    one_worker = Settings("local", workers=1)
    assert run(alone, tmp_path / "alone", one_worker).complete
    assert run(explained, tmp_path / "together", one_worker).complete
    assert run(together, tmp_path / "together", one_worker).complete
    for table in ("samples", "curves"):
        assert _kept(tmp_path / "together", table, alone) == _kept(tmp_path / "alone", table, alone)


def test_memory_is_looked_at_however_little_each_order_takes(
    poisoned: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve of a tenth of a second, where children are looked at five times a second."""
    monkeypatch.setenv("TOY_DELAY", "0.1")
    rows = [f"{i},ACGTTGCAAC,{i % 2}" for i in range(12 * CHUNK)]
    (tmp_path / "many.csv").write_text("\n".join(["id,sequence,label", *rows]) + "\n")
    made = poisoned(["exact"], datasets={"mine": {"path": str(tmp_path / "many.csv")}})
    run(made, tmp_path / "run", Settings("local", workers=1, memory=1))
    assert {row["status"] for row in _rows(tmp_path / "run", "cells")} == {"oom"}


def test_a_child_that_is_killed_while_it_describes_is_asked_again(
    poisoned: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    monkeypatch.setenv("TOY_DIES", str(flag))
    assert run(poisoned(["dies-once"]), tmp_path / "run", Settings("local", workers=1)).complete
    assert not flag.exists()
    for row in _rows(tmp_path / "run", "cells"):
        assert json.loads(row["explainer_parameters"]) == {"width": 7}


def test_what_is_printed_is_kept_with_a_cell_that_is_ok_but_not_all_of_it(
    poisoned: Callable[..., Plan], tmp_path: Path
) -> None:
    made = poisoned(["prints", "exact"])
    assert run(made, tmp_path / "run", Settings("local", workers=1)).complete
    for row in _rows(tmp_path / "run", "cells"):
        kept = row["error_traceback"]
        if row["explainer"] == "prints":
            assert kept.startswith("It printed:\nx")
            assert kept.endswith("said in passing\n")
            assert len(kept) < 1100
        else:
            assert kept is None


@pytest.mark.slow
def test_what_a_plugin_writes_into_the_run_by_its_path_is_found_and_made_again(
    poisoned: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, made = poisoned(GOOD), poisoned([*GOOD, "reaches"])
    run(alone, tmp_path / "alone")
    out = tmp_path / "run"
    monkeypatch.setenv("POISON_RUN", str(out))
    assert not run(made, out, Settings("local", workers=1)).complete
    monkeypatch.setenv("POISON_RUN", str(tmp_path / "nowhere"))
    assert run(made, out, Settings("local", workers=1)).complete
    for table in ("samples", "curves"):
        assert _kept(out, table, alone) == _kept(tmp_path / "alone", table, alone)


@pytest.mark.slow
def test_who_works_without_a_word_is_no_hang_but_not_for_ever(
    poisoned: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "BUSY_FOR", 6)
    made = poisoned(["toils", "spins", "hangs"])
    run(made, tmp_path / "run", Settings("local", workers=2, timeout=5.0))
    ends = {row["explainer"]: row for row in _rows(tmp_path / "run", "cells")}
    assert {name: row["status"] for name, row in ends.items()} == {
        "toils": "ok", "spins": "timeout", "hangs": "timeout",
    }  # fmt: skip
    remedy = "Where it needs longer, give --timeout more seconds."
    for name, seconds in {"spins": 30, "hangs": 5}.items():
        got = f"expected a sign of life within {seconds} s, got none. {remedy}"
        assert ends[name]["error_message"] == f"venom: explainer '{name}': {got}"


@pytest.mark.slow
def test_a_network_left_other_than_it_was_is_noticed(
    poisoned: Callable[..., Plan], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    models = {"models": {"cnn": {"name": "cnn", "checkpoint": "fly"}}}
    data = {"datasets": {"mine": {"name": "fly-promoters", "n": 8}}}
    made = poisoned(["trains", "dtype", "threads", "lrp"], "cnn", **models, **data)
    run(made, tmp_path / "run", Settings("local", workers=1))
    ends = {row["explainer"]: row for row in _rows(tmp_path / "run", "cells")}
    assert ends.pop("lrp")["status"] == "ok"
    for name, message in {
        "trains": "model 'cnn' to predict the same bits as before, got others",
        "dtype": "torch's default dtype as it was, torch.float32, got torch.float64",
        "threads": "torch's number of threads as it was, 1, got 2",
    }.items():
        assert ends[name]["status"] == "error"
        assert ends[name]["error_message"].startswith(f"venom: explainer '{name}': ")
        assert message in ends[name]["error_message"]


def test_a_region_s_canaries_are_asked_in_their_flanks(plan: Callable[..., Plan]) -> None:
    """A model may read nothing but its whole input."""
    made, asked = plan(), list[str]()
    made.datasets["mine"] = Dataset("mine", (Sample("a", "ACGT", 1, (), ("GG", "TT")),))

    def predict(sequences: list[str]) -> np.ndarray[Any, Any]:
        asked.extend(sequences)
        return np.zeros((len(sequences), 2))

    stages = SimpleNamespace(model=lambda _name: SimpleNamespace(predict=predict))
    _Canaries(made, stages).before("mine", ["toy"])  # type: ignore[arg-type]
    assert asked == ["GGACGTTT"]


def test_after_an_order_the_models_that_it_was_given_are_asked_again(
    plan: Callable[..., Plan],
) -> None:
    """What a cell of the core's costs that asks no model: nothing for each model that is there."""
    made, asked, outputs = plan(), list[str](), {"one": 0.0, "other": 0.0}
    made.datasets["mine"] = Dataset("mine", (Sample("a", "ACGT", 1),))

    def predict(name: str, _sequences: list[str]) -> np.ndarray[Any, Any]:
        asked.append(name)
        return np.full((1, 2), outputs[name])

    stages = SimpleNamespace(model=lambda name: SimpleNamespace(predict=partial(predict, name)))
    canaries = _Canaries(made, stages)  # type: ignore[arg-type]
    canaries.before("mine", ["one", "other"])
    assert asked == ["one", "other"]
    assert canaries.after("mine", []) == []
    assert asked == ["one", "other"]
    outputs["other"] = 1.0
    (found,) = canaries.after("mine", ["other"])
    assert asked == ["one", "other", "other", "other"]
    assert found[:1] == ["other"]
    assert found[1] != found[2] == found[3]


@pytest.mark.parametrize(
    ("answers", "said"), [(["2", "2"], "got others, so"), (["2", "3"], "each time it is asked")]
)
def test_a_model_that_never_agrees_with_itself_is_told(answers: list[str], said: str) -> None:
    assert said in what_changed({"canaries": [["m", "1", *answers]]})
    assert what_changed({"canaries": [["m", "1", "1"]]}) == ""


def test_what_lies_in_the_working_directory_is_nobody_s_module(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    assert run(plan(matrix=[block]), tmp_path / "run", Settings("local", workers=1)).complete

"""Whatever becomes of its shards, in whatever order: a run ends, and each cell is written once.

Nothing works here: what an engine would bring back is drawn by chance, the same each time.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from gxarena.engine import Engine
from gxarena.errors import InputError, StorageError
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.schemas import SAMPLES, TABLES
from gxarena.run import dispatch as module
from gxarena.run import supervisor
from gxarena.run.arrivals import WITHIN, Arrivals
from gxarena.run.cell_rows import CellRows
from gxarena.run.cell_writer import AGAIN, CellWriter
from gxarena.run.cells import Cell
from gxarena.run.choices import Choice
from gxarena.run.dispatch import Dispatch
from gxarena.run.frames import Frame, joined, split, table_bytes, table_of
from gxarena.run.plan import Plan
from gxarena.run.probe import PROBED_AT_ONCE
from gxarena.run.publishing import Publisher
from gxarena.run.runner import done_before, record_of
from gxarena.run.scoring import components_of
from gxarena.run.store import CHUNK
from gxarena.run.supervisor import CHILD, DIED, SUPERVISOR, Limits

ENDS: dict[str, dict[str, Any]] = {
    "ok": {"status": "ok", "units": "nucleotide", "asked": 1, "again": 0},
    "error": {"status": "error", "error_type": "ValueError"},
    "timeout": {"status": "timeout", "told_by": SUPERVISOR, "error_type": "Timeout"},
    "died": {"status": "crashed", "told_by": SUPERVISOR, "error_type": DIED},
    "oom": {"status": "oom", "error_type": "MemoryError"},
    "changed": {"status": "ok", "changed": "numpy.mean as it was, got another"},
}
COMES_TO = {how: str(end["status"]) for how, end in ENDS.items()} | {"changed": "error"}
ARE_CURRENT = Publisher.are_current
ALL_WELL = [1, 0, 0, 0, 0, 0]
TRIED_TWICE = {"died", "oom"}
TRIALS = 100


class _Chance(Executor):
    """Keeps what it is given, until `wait` draws who is done, and how it ended."""

    def __init__(self, seed: int, made: Plan) -> None:
        self.rng = random.Random(seed)  # noqa: S311, chance for a test
        self.made = made
        self.given: dict[Future[bytes], Mapping[str, Any]] = {}
        self.ended: dict[str, list[str]] = defaultdict(list)
        self.most = 0
        self.chances = [12, 1, 1, 2, 2, 1]
        self.interrupt_at = 10**9

    def submit(self, _: Any, order: bytes) -> Future[bytes]:  # type: ignore[override]
        future: Future[bytes] = Future()
        self.given[future] = split(order)[0].header
        self.most = max(self.most, len(self.given))
        return future

    def wait(self, working: Any, **_: Any) -> tuple[list[Future[bytes]], set[Future[bytes]]]:
        assert set(working) == set(self.given)
        self.interrupt_at -= 1
        if self.interrupt_at < 0:
            raise KeyboardInterrupt
        done = self.rng.sample(list(self.given), self.rng.randint(1, len(self.given)))
        for future in done:
            future.set_result(self.result(self.given.pop(future)))
        return done, set()

    def result(self, order: Mapping[str, Any]) -> bytes:
        how = self.rng.choices(list(ENDS), self.chances)[0]
        self.ended[name_of(order)].append(how)
        return self.told(order, how, ENDS[how])

    def told(self, order: Mapping[str, Any], how: str, end: Mapping[str, Any]) -> bytes:
        frames = [Frame({"told_by": CHILD, "error_message": name_of(order), **end, "type": "end"})]
        if order["kind"] == "score" and how == "ok":
            rows = [
                {
                    "cell_id": order["cell"]["id"],
                    "sample_id": one.id,
                    "metric": "gini",
                    "value": 1.0,
                }
                for one in self.made.datasets["mine"].samples[slice(*order["part"])]
            ]
            table = pa.Table.from_pylist(rows, SAMPLES)
            frames.insert(0, Frame({"type": "table", "name": "samples"}, table_bytes(table)))
        return joined(frames)


def name_of(order: Mapping[str, Any]) -> str:
    """What is one order whether it is given for the first time or again."""
    if "cell" in order:
        return " ".join(map(str, (order["task"], order["cell"]["id"], *order["part"])))
    return f"{order['task']}  {order['chunk']}"


class _Kept:
    """What is written, in order; how often; and what is not by now."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.added: list[dict[str, Any]] = []
        self.times = 0
        self.owed: set[str] = set()

    def add(self, row: Mapping[str, Any], _: Any = None) -> None:
        self.added.append(dict(row))

    def write(self) -> None:
        self.times += bool(self.added)
        for row in self.added:
            self.rows[row["cell_id"]].append(row)
        self.added = []


class _Rows:
    def of(self, cell: Cell) -> dict[str, Any]:
        return {"cell_id": cell.id}

    def is_whole(self, _: str) -> bool:
        return False

    def untold(self, _: Cell) -> str:
        return ""


@pytest.fixture
def made(plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Cells in four parts each, of four explanations of two models; one of them compares two."""
    monkeypatch.setattr("gxarena.run.parts.SCORED_AT_ONCE", 20)
    monkeypatch.setattr("gxarena.run.orders.preloaded", lambda _: [])
    monkeypatch.setattr("gxarena.run.luggage.pack", lambda *_: tmp_path)  # nobody unpacks it
    monkeypatch.setattr(Publisher, "stored", lambda *_: None)
    monkeypatch.setattr(Publisher, "are_current", lambda *_: True)
    block = {"datasets": ["mine"], "models": ["toy", "toy-tokens"], "metrics": ["gini"]}
    return plan(matrix=[block | {"explainers": ["exact", "random", "occlusion"]}])


@pytest.fixture
def drawn(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], tuple[_Chance, Dispatch]]:
    def draw(seed: int) -> tuple[_Chance, Dispatch]:
        chance = _Chance(seed, made)
        monkeypatch.setattr(module, "wait", chance.wait)
        workers = chance.rng.randint(1, 4)
        engine = Engine(chance, workers)
        dispatch = Dispatch(made, RunFolder(tmp_path / "run"), engine, Limits(1.0, 1))
        monkeypatch.setattr(dispatch, "_arrivals", Arrivals(lambda: 0.0))  # however slow this is
        return chance, dispatch

    return draw


def _failed(chance: _Chance, name: str) -> str:
    """As what an order failed for good; empty where it did not, or was not begun."""
    *before, last = chance.ended.get(name, ["ok"])
    for_good = last not in TRIED_TWICE or before
    return COMES_TO[last] if last != "ok" and for_good else ""


def _expected(chance: _Chance, cell: Cell) -> set[str]:
    """What a cell may be: as what something that it needs failed, or else its first part that did.

    Who of several that it needs is the first to fail is chance.
    """
    tasks = (f"predict mine {cell.weights}", f"explain mine {cell.weights} {cell.explainer}")
    if needed := {_failed(chance, f"{task}  {chunk}") for task in tasks for chunk in (0, 1)} - {""}:
        return needed
    parts = [name for name in chance.ended if name.split(" ")[-3] == cell.id]
    parts.sort(key=lambda name: int(name.split(" ")[-2]))
    return {next(filter(None, (_failed(chance, name) for name in parts)), "ok")}


def _are_all_ok(chance: _Chance, cell: Cell) -> bool:
    """Whether all four parts of a cell came back, each well at last."""
    ended = [how for name, how in chance.ended.items() if name.split(" ")[-3] == cell.id]
    return len(ended) == 4 and all(how[-1] == "ok" for how in ended)


def test_each_cell_is_written_once_and_the_run_ends(
    made: Plan, drawn: Callable[[int], tuple[_Chance, Dispatch]]
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(TRIALS):
        chance, dispatch = drawn(seed)
        out, told = _Kept(), []
        for one in dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out)):
            assert out.rows[one[0].id], "told before it was written"
            told.append(one)
        dispatch.close()
        assert not out.added
        assert sorted(cell.id for cell, *_ in told) == sorted(cell.id for cell in made.cells), seed
        left = chance.given.values()  # still at work: of what has failed
        tasks = {order["task"] for order in left if "cell" not in order}
        assert all(any(_failed(chance, f"{task}  {i}") for i in (0, 1)) for task in tasks), seed
        over = {order["cell"]["id"] for order in left if "cell" in order}
        assert all(out.rows[cell][-1]["status"] != "ok" for cell in over), seed
        assert all(len(ended) <= 2 for ended in chance.ended.values()), seed
        for cell in made.cells:
            *before, last = out.rows[cell.id]
            assert [row["status"] for row in before] in ([], ["oom"]), seed
            assert last["status"] in _expected(chance, cell), seed
            seen[last["status"]] += 1
    assert set(seen) == {"ok", "error", "timeout", "crashed", "oom"}
    assert min(seen.values()) > TRIALS / 10


def test_what_is_interrupted_says_so_once_or_has_no_row(
    made: Plan, drawn: Callable[[int], tuple[_Chance, Dispatch]]
) -> None:
    """Wherever it is: what came back is kept, what was at work says so, the rest is as it was."""
    seen: Counter[str] = Counter()
    for seed in range(TRIALS):
        chance, dispatch = drawn(seed)
        chance.interrupt_at = chance.rng.randint(1, 40)
        if seed % 2:  # else few cells are whole while workers are busy
            chance.chances = ALL_WELL
        out, told = _Kept(), []
        try:
            for cell, *_ in dispatch.settle(
                made.cells, cast(CellRows, _Rows()), cast(CellWriter, out)
            ):
                told.append(cell.id)
        except KeyboardInterrupt:
            dispatch.interrupt()
        dispatch.close()
        assert len(told) == len(set(told)), seed
        at_work = {order["cell"]["id"] for order in chance.given.values() if "cell" in order}
        for cell in made.cells:
            said = [row["status"] for row in out.rows[cell.id] if row["status"] != "oom"]
            assert len(said) <= 1, seed
            if _are_all_ok(chance, cell):
                assert said == ["ok"], seed
            if cell.id not in told:
                seen[how := said[0] if said else "none"] += 1
                if how not in ("interrupted", "none"):
                    assert how in _expected(chance, cell), seed
                else:
                    assert (how == "interrupted") is (cell.id in at_work), seed
            else:
                assert "interrupted" not in said, seed
        assert not out.added
    assert min(seen[name] for name in ("interrupted", "none", "ok")) > TRIALS / 10


def test_what_is_interrupted_as_it_begins_has_no_row(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(*_: object) -> None:
        raise KeyboardInterrupt

    chance, out = _Chance(0, made), _Kept()
    monkeypatch.setattr(chance, "result", lambda order: chance.told(order, "ok", ENDS["ok"]))
    monkeypatch.setattr(module, "wait", chance.wait)
    monkeypatch.setattr("gxarena.run.gathering.Gathering.begin", begin)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
    with pytest.raises(KeyboardInterrupt):
        list(dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out)))
    dispatch.interrupt()
    dispatch.close()
    assert not out.rows


def _settled(dispatch: Dispatch, made: Plan, cells: Sequence[Cell]) -> dict[str, str]:
    out = cast(CellWriter, _Kept())
    told = {cell.id: how for cell, how, _ in dispatch.settle(cells, cast(CellRows, _Rows()), out)}
    dispatch.close()
    return told


def test_an_engine_that_takes_no_more_work_is_a_sentence(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = _Chance(0, made)

    def submit(*_: object) -> Future[bytes]:
        raise RuntimeError("Client is closed.\nMore of it.")

    monkeypatch.setattr(chance, "submit", submit)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
    with pytest.raises(InputError, match="that takes work, got 'Client is closed'"):
        _settled(dispatch, made, made.cells)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_too_little_memory_here_is_no_engine_s_fault(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The command says of either what to do."""
    chance = _Chance(0, made)

    def submit(*_: object) -> Future[bytes]:
        raise error

    monkeypatch.setattr(chance, "submit", submit)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
    with pytest.raises(MemoryError):
        _settled(dispatch, made, made.cells)


def test_what_came_back_is_kept_where_an_engine_takes_no_more_work(
    made: Plan,
    drawn: Callable[[int], tuple[_Chance, Dispatch]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever has come back by then, at once or one after the other."""
    kept = 0
    for seed in range(TRIALS):
        chance, dispatch = drawn(seed)
        out, left, submit = _Kept(), [None] * chance.rng.randint(20, 50), chance.submit

        def refuse(
            *given: Any, submit: Callable[..., Any] = submit, left: list[None] = left
        ) -> Future[bytes]:
            if not left:
                raise RuntimeError("Client is closed.")
            left.pop()
            return cast(Future[bytes], submit(*given))

        monkeypatch.setattr(chance, "submit", refuse)
        chance.chances = ALL_WELL
        with suppress(InputError):  # it may be done before
            list(dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out)))
        dispatch.close()
        assert not out.added
        done = {cell.id for cell in made.cells if _are_all_ok(chance, cell)}
        assert {*out.rows} == done, seed
        kept += len(done)
    assert kept > TRIALS


def test_nothing_is_to_blame_that_dies_as_the_engine_loses_its_scheduler(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what is tried for the second time then."""
    second_tries = 0
    for seed in range(TRIALS):
        chance = _Chance(seed, made)
        left, out = [None] * chance.rng.randint(1, 40), _Kept()

        def result(
            order: Mapping[str, Any], chance: _Chance = chance, left: list[None] = left
        ) -> bytes:
            ended = chance.ended[name_of(order)]
            if left:
                left.pop()
            dies = not left or (not ended and chance.rng.random() < 0.3)
            ended.append("died" if dies else "ok")
            return chance.told(order, ended[-1], ENDS[ended[-1]])

        def submit(
            *given: Any,
            submit: Callable[..., Any] = chance.submit,
            left: list[None] = left,
        ) -> Future[bytes]:
            if not left:
                raise ConnectionError("its scheduler is gone")
            return cast(Future[bytes], submit(*given))

        monkeypatch.setattr(chance, "result", result)
        monkeypatch.setattr(chance, "submit", submit)
        monkeypatch.setattr(module, "wait", chance.wait)
        engine = Engine(chance, 3, lost=lambda left=left: "" if left else "its scheduler is gone")
        dispatch = Dispatch(made, RunFolder(tmp_path), engine, Limits(1.0, 1))
        with pytest.raises(InputError, match="its scheduler is gone"):
            list(dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out)))
        dispatch.close()
        assert {*out.rows} == {cell.id for cell in made.cells if _are_all_ok(chance, cell)}
        assert {row["status"] for rows in out.rows.values() for row in rows} <= {"ok"}
        second_tries += ["died", "died"] in chance.ended.values()
    assert second_tries > TRIALS / 10


def test_what_comes_back_together_is_written_together(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a second all that two workers score of explanations that are there."""
    chance, out, looks = _Chance(0, made), _Kept(), list[object]()
    monkeypatch.setattr(Publisher, "are_current", ARE_CURRENT)
    monkeypatch.setattr("gxarena.run.publishing.check_unchanged", lambda *_: looks.append(_))
    monkeypatch.setattr(chance, "result", lambda order: chance.told(order, "ok", ENDS["ok"]))
    monkeypatch.setattr(module, "wait", chance.wait)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(60.0, 1))
    told = [*dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out))]
    dispatch.close()
    assert len(told) == len(made.cells)
    assert out.times < len(made.cells)
    assert len(looks) < 4 * len(made.cells), "each part was looked at"


def test_what_came_back_waits_a_second_for_more_also_where_all_workers_are_busy(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else comes back meanwhile: each part that was scored is kept before the next is."""
    now, waited = [0.0], list[float]()
    chance = _Chance(0, made)
    monkeypatch.setattr(chance, "result", lambda order: chance.told(order, "ok", ENDS["ok"]))

    def wait(working: Any, timeout: float | None, **_: Any) -> tuple[list[Future[bytes]], Any]:
        arrivals = dispatch._arrivals
        if not arrivals:
            assert timeout is None
            future = next(iter(working))
            future.set_result(chance.result(chance.given.pop(future)))
            return [future], set()
        assert timeout is not None
        waited.append(timeout)
        now[0] += timeout
        return [], set()

    monkeypatch.setattr(module, "wait", wait)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
    monkeypatch.setattr(dispatch, "_arrivals", Arrivals(lambda: now[0]))
    assert set(_settled(dispatch, made, made.cells).values()) == {"ok"}
    assert len(waited) > len(made.cells)
    assert set(waited) == {WITHIN}


def test_where_the_store_is_full_what_was_scored_before_is_kept(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    for full_after in range(4 * len(made.cells)):
        chance, out, parts = _Chance(full_after, made), _Kept(), Counter[str]()

        def keep(
            _: object,
            _cell: Cell,
            _models: Sequence[str],
            frames: Sequence[Frame],
            full_after: int = full_after,
            parts: Counter[str] = parts,
        ) -> None:
            if sum(parts.values()) == full_after:
                raise StorageError("expected space, got a full disk.")
            parts[table_of(frames[0].payload, SAMPLES)["cell_id"][0].as_py()] += 1

        monkeypatch.setattr(Publisher, "answers", keep)
        monkeypatch.setattr(
            chance, "result", lambda order, chance=chance: chance.told(order, "ok", ENDS["ok"])
        )
        monkeypatch.setattr(module, "wait", chance.wait)
        dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 3), Limits(1.0, 1))
        settled = dispatch.settle(made.cells, cast(CellRows, _Rows()), cast(CellWriter, out))
        with pytest.raises(StorageError):
            list(settled)
        dispatch.close()
        assert {cell for cell, n in parts.items() if n == 4} == {*out.rows}
        kept.append(len(out.rows))
    assert max(kept) > 1


def test_of_what_comes_back_together_only_what_was_changed_is_refused(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' cells are kept, also where one look finds that something is not as it was."""
    looks: list[set[str]] = []
    of_one = components_of(made, made.cells[0])

    def check(_: object, choices: Sequence[Choice]) -> None:
        looks.append({one.label for one in choices})
        if "occlusion" in looks[-1]:
            raise InputError("occlusion: expected its code as it was.")

    monkeypatch.setattr(Publisher, "are_current", ARE_CURRENT)
    monkeypatch.setattr("gxarena.run.publishing.check_unchanged", check)
    chance = _Chance(0, made)
    monkeypatch.setattr(chance, "result", lambda order: chance.told(order, "ok", ENDS["ok"]))
    monkeypatch.setattr(module, "wait", chance.wait)
    dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 3), Limits(60.0, 1))
    told = _settled(dispatch, made, made.cells)
    for cell in made.cells:
        assert (told[cell.id] == "error") is (cell.explainer == "occlusion"), cell
    assert max(map(len, looks)) > len(of_one), "each was looked at alone"


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("how", ["died", "oom"])
def test_what_always_ends_its_child_costs_a_child_a_worker_and_one(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, workers: int
) -> None:
    """A cell of four parts, all of which do, and an explainer of two chunks, both of which do."""
    always = made.cells[0]
    other = next(one for one in made.cells if one.explainer != always.explainer)

    def result(order: Mapping[str, Any]) -> bytes:
        mine = order["kind"] == "score" and order["cell"]["id"] == always.id
        theirs = order["kind"] == "explain" and order["explainer"] == other.explainer
        told = how if mine or theirs else "ok"
        chance.ended[name_of(order)].append(told)
        return chance.told(order, told, ENDS[told])

    for seed in range(10):
        chance = _Chance(seed, made)
        monkeypatch.setattr(chance, "result", result)
        monkeypatch.setattr(module, "wait", chance.wait)
        dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, workers), Limits(1.0, 1))
        told = _settled(dispatch, made, made.cells)
        fails = {cell.id for cell in made.cells if cell.explainer == other.explainer} | {always.id}
        status = ENDS[how]["status"]
        assert told == {one.id: status if one.id in fails else "ok" for one in made.cells}
        counts = Counter({name: len(ended) for name, ended in chance.ended.items()})
        of_cell = {name: n for name, n in counts.items() if always.id in name.split(" ")}
        assert sum(of_cell.values()) <= workers + 1
        for weights in {cell.weights for cell in made.cells}:
            of_task = f"explain mine {weights} {other.explainer}  "
            assert sum(n for name, n in counts.items() if name.startswith(of_task)) <= min(
                3, workers + 1
            )


def test_what_is_told_of_samples_and_questions_only_grows(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers say which samples they begin with, and of questions how many those of their part."""
    told: dict[str, list[tuple[int, int]]] = defaultdict(list)
    chance = _Chance(0, made)

    def result(order: Mapping[str, Any]) -> bytes:
        for worker in ("worker_0", "worker_1"):
            supervisor.listeners[dispatch.orders.run](worker, order)
            if order["kind"] == "score":
                asked = {"what": order["what"], "done": 5, "total": 0}
                supervisor.listeners[dispatch.orders.run](worker, asked)
        return chance.told(order, "ok", ENDS["ok"])

    monkeypatch.setattr(chance, "result", result)
    monkeypatch.setattr(module, "wait", chance.wait)
    engine, limits = Engine(chance, 3), Limits(1.0, 1)
    dispatch = Dispatch(
        made, RunFolder(tmp_path), engine, limits, lambda what, *how: told[what].append(how)
    )
    _settled(dispatch, made, made.cells)
    assert len(told) == 2 + 6 + 6
    for what, said in told.items():
        assert said == sorted(said), what
        scored = what.startswith("gini of")  # each of four parts by two workers
        assert said[-1] == ((40, 0) if scored else (70, 70)), what


def test_who_died_for_another_is_scored_in_all_its_parts(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is tried for the first time ends its child: all that waited is done after all."""
    for seed in range(10):
        chance = _Chance(seed, made)

        def result(order: Mapping[str, Any], chance: _Chance = chance) -> bytes:
            how = "ok" if chance.ended[name_of(order)] else "died"
            chance.ended[name_of(order)].append(how)
            return chance.told(order, how, ENDS[how])

        monkeypatch.setattr(chance, "result", result)
        monkeypatch.setattr(module, "wait", chance.wait)
        dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
        assert set(_settled(dispatch, made, made.cells).values()) == {"ok"}
        assert {*map(tuple, chance.ended.values())} == {("died", "ok")}


@pytest.mark.parametrize("kind", ["explain", "score"])
@pytest.mark.parametrize("last", ["ok", "oom"])
def test_a_kill_before_the_second_try_leaves_it_to_be_made(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, last: str
) -> None:
    """Memory suffices for no cell's first try, or no explainer's; killed before the second."""
    folder, tried = RunFolder(tmp_path / "run"), Counter[str]()
    folder.claim(record_of(made))

    def settle(*, killed: bool) -> None:
        chance = _Chance(0, made)

        def result(order: Mapping[str, Any]) -> bytes:
            first = order["at_once"] == (PROBED_AT_ONCE if order["kind"] == "score" else CHUNK)
            if killed and not first:
                raise KeyboardInterrupt
            tried[kind] += order["kind"] == kind
            how = ("oom" if first else last) if order["kind"] == kind else "ok"
            return chance.told(order, how, ENDS[how])

        monkeypatch.setattr(chance, "result", result)
        monkeypatch.setattr(module, "wait", chance.wait)
        dispatch = Dispatch(made, folder, Engine(chance, 1), Limits(1.0, 1))
        due = [cell for cell in made.cells if cell.id not in done_before(made, folder, False)]
        settled = dispatch.settle(due, CellRows(made), CellWriter(folder, due))
        if killed:
            with pytest.raises(KeyboardInterrupt):
                list(settled)
        else:
            assert {status for _, status, _ in settled} == {last}
        dispatch.close()

    settle(killed=True)
    first = RunResults.of(folder.path).table("cells").to_pylist()
    assert {row["status"] for row in first} == {"oom"}
    for retry in (True, False):
        assert done_before(made, folder, retry) == set()
    settle(killed=False)
    rows = RunResults.of(folder.path).table("cells").to_pylist()
    for cell in made.cells:
        said = [row for row in rows if row["cell_id"] == cell.id]
        assert [(row["attempt"], row["status"]) for row in said] == [(1, "oom"), (2, last)]
        assert said[0]["error_message"].endswith(AGAIN)
        assert AGAIN not in str(said[1]["error_message"])
    assert done_before(made, folder, False) == {cell.id for cell in made.cells}
    assert tried[kind] > 1


ODD: list[dict[str, Any]] = [
    {"status": "interrupted"}, {"status": "timeout"}, {"status": "due"}, {"status": "made up"},
    {"status": 5}, {"status": ["ok"]}, {"status": None},
    {"canaries": 5}, {"canaries": [1]}, {"canaries": [["toy", "1"]]},
    {"canaries": [["toy", "1", [2]]]},
    *({name: 5, "status": "error"} for name in ("error_type", "error_message", "error_traceback")),
    {"status": "error", "error_message": "\ud800"},
    {"changed": ["x"]}, {"changed": {"a": 1}}, {"changed": 5},
]  # fmt: skip
"""How no child says that an order ended."""
ODD_SCORES: list[dict[str, Any]] = [
    {"cost": 5}, {"cost": [1]}, {"cost": ["a", "b"]}, {"cost": [1e308, 1e308]}, {"cost": [-1, 0]},
    {"asked": 1e300}, {"asked": -5}, {"asked": "a"}, {"asked": []},
    {"peak_memory": 1e300}, {"peak_memory": -5}, {"peak_memory": "a"},
    {"quantities": 5}, {"quantities": "{"}, {"quantities": '{"": 5}'},
    {"quantities": '{"": {"better": "up"}}'},
    *({"attributions_key": "", "attributions_fingerprint": [one]} for one in ("a", None)),
    *({name: "\ud800"} for name in ("units", "attributions_units", "device", "dtype")),
    {"quantities": "[" * 100000},
]  # fmt: skip
"""What no child says of a part that it scored."""


@pytest.mark.parametrize("kind", ["predict", "explain", "score"])
def test_whatever_a_child_says_its_cells_fail_and_the_run_ends(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A plugin may write to whom its child reports."""
    cells = made.cells[:1]
    for said in ODD + (ODD_SCORES if kind == "score" else []):
        chance = _Chance(0, made)

        def result(
            order: Mapping[str, Any], chance: _Chance = chance, odd: dict[str, Any] = said
        ) -> bytes:
            return chance.told(order, "ok", ENDS["ok"] | (odd if order["kind"] == kind else {}))

        monkeypatch.setattr(chance, "result", result)
        monkeypatch.setattr(module, "wait", chance.wait)
        dispatch = Dispatch(made, RunFolder(tmp_path), Engine(chance, 2), Limits(1.0, 1))
        out = _Kept()
        settled = dispatch.settle(cells, cast(CellRows, _Rows()), cast(CellWriter, out))
        ((_, status, message),) = settled
        dispatch.close()
        pa.Table.from_pylist(out.rows[cells[0].id], TABLES["cells"])
        assert status in ("crashed", "error"), said
        assert "expected" in message, said

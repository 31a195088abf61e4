"""Components are described by as many children as there are workers; again where one died."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from gxarena.engine import Engine
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.run.describing import described
from gxarena.run.frames import Frame, split
from gxarena.run.orders import Orders
from gxarena.run.plan import Plan
from gxarena.run.runner import Settings, run
from gxarena.run.supervisor import CHILD, DIED, SUPERVISOR, Limits

KILLED = {"status": "crashed", "told_by": SUPERVISOR, "error_type": DIED}
BROKEN_OFF = {"status": "crashed", "told_by": CHILD, "error_type": "KeyboardInterrupt"}


class _Describer(Executor):
    """Says of each component what it was asked as; of orders that are to die, that they did."""

    def __init__(
        self, *dying: int, odd: Mapping[str, Any] | None = None, death: Mapping[str, Any] = KILLED
    ) -> None:
        self.orders: list[Mapping[str, Any]] = []
        self.waiting: list[tuple[Mapping[str, Any], Future[bytes]]] = []
        self.most, self._dying, self._odd, self._death = 0, dying, odd or {}, death

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        future = _Asked(self)
        (order,) = args
        self.waiting.append((split(order)[0].header, future))
        self.most = max(self.most, len(self.waiting))
        return future

    def answer(self) -> None:
        for order, future in self.waiting:
            made = [{"device": " ".join(one), **self._odd} for one in order["components"]]
            end: dict[str, Any] = {"status": "ok", "told_by": CHILD, "made": made}
            if len(self.orders) in self._dying:
                end = self._death
            self.orders.append(order)
            future.set_result(Frame({**end, "type": "end"}).packed())
        self.waiting = []


class _Asked(Future[bytes]):
    """Done once somebody waits for it, as all that was submitted until then."""

    def __init__(self, executor: _Describer) -> None:
        super().__init__()
        self._executor = executor

    def result(self, timeout: float | None = None) -> bytes:
        self._executor.answer()
        return super().result(timeout)


@pytest.fixture
def made(plan: Callable[..., Plan]) -> Plan:
    block = {"datasets": ["mine"], "models": ["toy", "toy-tokens"], "metrics": ["gini"]}
    return plan(matrix=[block | {"explainers": ["exact", "random", "occlusion"]}])


def _described(made: Plan, out: Path, describer: _Describer, workers: int) -> Mapping[Any, Any]:
    orders = Orders(made, RunFolder(out), Engine(describer, workers), Limits(1.0, 1))
    return described(orders, made, made.cells)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_worker_gets_some_of_each_distributions(
    made: Plan, tmp_path: Path, workers: int
) -> None:
    describer = _Describer()
    found = _described(made, tmp_path, describer, workers)
    assert found == {one: {"device": " ".join(one)} for one in found}
    assert {kind for kind, _ in found} == {"models", "explainers", "aggregators", "metrics"}
    origin = {one: made.choice(*one).found.distribution for one in found}
    for order in describer.orders:
        assert len({origin[*one] for one in order["components"]}) == 1, "one distribution a child"
    sizes = {name: [*origin.values()].count(name) for name in origin.values()}
    assert describer.most == sum(min(workers, size) for size in sizes.values())
    assert len({order["child"] for order in describer.orders}) == len(describer.orders)


@pytest.mark.parametrize("death", [KILLED, BROKEN_OFF], ids=["killed", "broken off"])
def test_only_what_died_is_asked_again_and_once(
    made: Plan, tmp_path: Path, death: Mapping[str, Any]
) -> None:
    whole = _described(made, tmp_path, _Describer(), 2)
    once = _Describer(0, death=death)
    assert _described(made, tmp_path, once, 2) == whole
    assert [order["task"] for order in once.orders].count(once.orders[0]["task"]) == 2
    first = len({order["task"] for order in once.orders})
    assert len(once.orders) == first + 1
    always = _Describer(0, first, death=death)
    lost = {tuple(one) for one in once.orders[0]["components"]}
    found = _described(made, tmp_path, always, 2)
    assert set(found) == set(whole) - lost
    assert len(always.orders) == first + 1


@pytest.mark.parametrize(
    "odd",
    [
        *({"parameters": one} for one in (None, True, 5, "\ud800", "{", "[]", "[" * 100000)),
        *({"quantities": one} for one in (5, "[]", '{"": 5}', '{"": {"better": "up"}}')),
        *({"error_message": one, "error_type": "InputError"} for one in (None, True, "\ud800")),
        {"whole": 5},
    ],
)
def test_nothing_is_known_of_what_a_child_describes_as_no_child_does(
    made: Plan, tmp_path: Path, odd: Mapping[str, Any]
) -> None:
    """A plugin may write to whom its child reports, and each cell's row says what is known."""
    assert _described(made, tmp_path, _Describer(odd=odd), 2) == {}


@pytest.mark.parametrize(
    ("lost", "statuses"),
    [
        (("models", "toy"), {"ok": 2, "crashed": 2}),
        ("quantities", {"crashed": 4}),
    ],
)
def test_what_nobody_could_tell_the_parameters_of_has_no_values(
    plan: Callable[..., Plan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: object,
    statuses: Mapping[str, int],
) -> None:
    """Its children were ended each time, by whatever; where those of its cells are not it was ok.

    Rows then said that it has none, or those that it was given, at every resume too.
    """

    def some(*asked: Any) -> dict[Any, Any]:
        told = {key: dict(one) for key, one in described(*asked).items() if key != lost}
        if lost == "quantities":  # of what was made for its parameters, and then not for these
            del told["metrics", "gini"]["quantities"]
        return told

    block = {"datasets": ["mine"], "models": ["toy", "toy-tokens"], "metrics": ["gini"]}
    made = plan(matrix=[block | {"explainers": ["exact", "random"]}])
    run(made, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("gxarena.run.runner.described", some)
        summary = run(made, tmp_path / "run", Settings("local", 2))
    assert summary.statuses == statuses
    run(made, tmp_path / "run", Settings("local", 2))
    whole, taken_up = (RunResults.of(tmp_path / one).last_rows() for one in ("whole", "run"))
    for column in ("status", "model_parameters", "explainer_parameters", "quantities"):
        assert [row[column] for row in taken_up] == [row[column] for row in whole]

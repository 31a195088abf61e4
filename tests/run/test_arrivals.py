"""What came back of workers waits a second at most, so that it is kept together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gxarena.run.arrivals import LARGEST, WITHIN, Arrival, Arrivals
from gxarena.run.frames import Frame
from gxarena.run.plan import Plan
from gxarena.run.store import Store
from gxarena.run.tasks import Shard, tasks_of


class _Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shards(plan: Callable[..., Plan], tmp_path: Path) -> dict[str, Shard]:
    """One of each kind."""
    made = plan()
    tasks = tasks_of(made, made.cells[:1], Store(tmp_path), lambda _: False)
    return {str(task.shards[0].order["kind"]): task.shards[0] for task in tasks}


def _arrival(shard: Shard, *frames: Frame) -> Arrival:
    return Arrival(shard, datetime.now(UTC), frames, {"status": "ok"})


def test_they_wait_a_second_since_the_first_and_come_in_order(shards: dict[str, Shard]) -> None:
    clock = _Clock()
    held = Arrivals(clock)
    assert not held
    assert held.seconds_left() is None
    table = Frame({"type": "table"}, b"1")
    first, second = (_arrival(shards["score"], table) for _ in range(2))
    held.add(first)
    clock.now += WITHIN / 4
    held.add(second)
    assert held.seconds_left() == pytest.approx(WITHIN * 3 / 4)
    clock.now += WITHIN
    assert held.seconds_left() == 0.0
    assert held.shards == [first.shard, second.shard]
    taken = held.taken()
    assert next(taken) is first
    assert len(held.shards) == 1  # what is being kept waits no longer
    assert list(taken) == [second]
    assert not held
    held.add(first)
    assert held.seconds_left() == pytest.approx(WITHIN)


def test_much_is_kept_at_once(shards: dict[str, Shard]) -> None:
    held = Arrivals(_Clock())
    large = Frame({"type": "table"}, bytes(LARGEST // 2))
    for expected in (pytest.approx(WITHIN), 0.0):
        held.add(_arrival(shards["score"], large))
        assert held.seconds_left() == expected
    list(held.taken())
    held.add(_arrival(shards["score"], large))
    assert held.seconds_left() == pytest.approx(WITHIN)


def test_what_others_wait_for_is_kept_at_once(shards: dict[str, Shard]) -> None:
    stored = Frame({"type": "stored"})
    score, explain = shards["score"], shards["explain"]
    last = replace(explain, task=replace(explain.task, shards=[]))
    first = replace(explain, task=replace(explain.task, shards=[last]))
    failed = _arrival(score)._replace(end={"status": "error"})
    for arrival, is_due in (
        (_arrival(score, stored), True),  # answers that others' children would ask for anew
        (_arrival(first, stored), False),  # some of an explanation
        (_arrival(last, stored), True),  # the last of it
        (failed, True),
    ):
        held = Arrivals(_Clock())
        held.add(arrival)
        assert held.are_due is is_due, arrival
        held.add(_arrival(score))
        assert held.are_due is is_due, arrival
        list(held.taken())
        assert not held.are_due
        held.add(_arrival(score))
        assert held.seconds_left() == pytest.approx(WITHIN)

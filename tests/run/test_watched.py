"""Futures end also where who gives them to workers is gone, as Dask and Parsl leave them open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Any
from weakref import WeakSet

import pytest

from gxarena.run.engines.dask import CLOSED, RUNNING, WhileConnected
from gxarena.run.engines.watched import Watched


class _Open(Executor):
    """Leaves open what it is given; whose `shutdown` waits for ever where it is gone."""

    def __init__(self) -> None:
        self.given: list[Future[bytes]] = []
        self.lost = ""
        self.waited: bool | None = None

    def submit(self, *_: Any, **__: Any) -> Future[bytes]:
        self.given.append(Future())
        return self.given[-1]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        assert not self.lost
        assert not cancel_futures, "which Parsl warns of"
        self.waited = wait


def test_what_is_left_open_ends_where_it_is_gone() -> None:
    inner = _Open()
    executor = Watched(inner, lambda: inner.lost, every=0.01)
    ended, left = executor.submit(print), executor.submit(print)
    ended.set_result(b"1")
    with pytest.raises(TimeoutError):
        left.result(timeout=0.1)
    inner.lost = "it is gone"
    with pytest.raises(ConnectionError, match="it is gone"):
        left.result(timeout=10)
    assert ended.result() == b"1"
    with pytest.raises(ConnectionError, match="it is gone"):
        executor.submit(print)
    assert len(inner.given) == 2
    executor.shutdown()


@pytest.mark.parametrize(
    ("wait", "cancel", "waits"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_what_is_there_is_shut_down(wait: bool, cancel: bool, waits: bool) -> None:
    inner = _Open()
    Watched(inner, str).shutdown(wait=wait, cancel_futures=cancel)
    assert inner.waited == waits


class _Slowly(WeakSet[Any]):
    """Read so slowly that others are given meanwhile."""

    def __iter__(self) -> Iterator[Any]:
        for one in super().__iter__():
            time.sleep(0.001)
            yield one


def test_futures_are_given_while_others_are_looked_at() -> None:
    inner = _Open()
    watches = {"watch"}
    executor = Watched(
        inner, lambda: "it is gone" * (threading.current_thread().name in watches), every=0
    )
    executor._given = _Slowly()
    given = []
    for _ in range(50):
        given.append(executor.submit(print))
        time.sleep(0.001)
    with pytest.raises(ConnectionError):
        given[-1].result(timeout=30)
    watches.clear()
    executor.shutdown()


class _Client:
    """Dask's, with a status of the test's, and its executor."""

    def __init__(self, status: str) -> None:
        self.status, self.given = status, list[str]()

    def get_executor(self, **_: object) -> _Client:
        return self

    def submit(self, _: object) -> Future[bytes]:
        self.given.append(self.status)
        return Future()

    def shutdown(self, **_: object) -> None:
        assert self.status != CLOSED, "it waits for ever for who is gone"


@pytest.mark.parametrize("then", [RUNNING, CLOSED])
def test_nothing_is_given_to_dask_while_its_scheduler_is_lost(then: str) -> None:
    """What is given then is cancelled once Dask gives up, as if a child had died of it."""
    client: Any = _Client("connecting")
    executor = WhileConnected(client, every=0.01)
    threading.Timer(0.1, setattr, (client, "status", then)).start()
    if then == RUNNING:
        executor.submit(print)
        assert client.given == [RUNNING]
    else:
        with pytest.raises(ConnectionError, match="its scheduler is gone"):
            executor.submit(print)
        assert not client.given
    executor.shutdown()


def test_what_dask_leaves_open_ends_with_its_scheduler() -> None:
    client: Any = _Client(RUNNING)
    executor = WhileConnected(client, every=0.01)
    left = executor.submit(print)
    client.status = CLOSED
    with pytest.raises(ConnectionError, match="its scheduler is gone"):
        left.result(timeout=10)
    executor.shutdown()


def test_a_scheduler_is_not_looked_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of Dask where it gives up."""
    monkeypatch.setattr("gxarena.run.engines.dask.LOST", 0.1)
    client: Any = _Client("closing")
    executor = WhileConnected(client, every=0.01)
    with pytest.raises(ConnectionError, match="its scheduler is gone"):
        executor.submit(print)
    assert not client.given
    executor.shutdown()


@pytest.mark.parametrize("status", ["connecting", "closing", CLOSED])
def test_of_what_dies_while_a_scheduler_is_not_there_none_is_to_blame(status: str) -> None:
    client: Any = _Client(RUNNING)
    executor = WhileConnected(client)
    assert executor.lost() == ""
    client.status = status
    assert executor.lost() == "its scheduler is gone"
    executor.shutdown()

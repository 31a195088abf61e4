"""What the tests share: a registry with toys, small data, the folder of references."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entry_points import entry_point
from hypothesis import settings
from noticing import due, factory, unnoticed

from gxarena.registry import Registry
from gxarena.run.plan import Plan, make_plan
from gxarena.run.suite import Suite

SHARED = Path(__file__).parents[2] / "shared"

# On a busy machine an example takes as long as it takes.
settings.register_profile("gxarena", deadline=None)
settings.load_profile("gxarena")


@pytest.fixture(scope="session", autouse=True)
def _data_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data sets that are made while testing are kept for as long as the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GXARENA_DATA", str(tmp_path_factory.mktemp("data-home")))
        yield


@pytest.fixture
def shared() -> Path:
    """The folder of reference outputs and data; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not here")
    return SHARED


@pytest.fixture
def registry() -> Registry:
    """gxarena's own components and the toys."""
    return Registry.load(
        [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin")]
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Seventy labelled sequences of 24 nucleotides: two chunks."""
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), 24)) for _ in range(70)]
    path = tmp_path / "data.csv"
    lines = [f"s{i:02d},{sequence},{i % 2}" for i, sequence in enumerate(rows)]
    path.write_text("\n".join(["id,sequence,label", *lines]) + "\n")
    return path


@pytest.fixture
def suite(data: Path) -> Callable[..., Suite]:
    """A suite over `data` and the toys; keyword arguments replace its keys."""

    def make(**changes: Any) -> Suite:
        document: dict[str, Any] = {
            "name": "toy-suite",
            "target": 1,
            "partition": "toy-tokens",
            "datasets": {"mine": {"path": str(data)}},
            "matrix": [
                {
                    "datasets": ["mine"],
                    "models": ["toy", "toy-tokens"],
                    "explainers": ["exact", "random"],
                    "aggregators": ["native", "mean", "passed_on"],
                    "metrics": ["gini", "total", "faithfulness", "continuous_jaccard"],
                    "against": ["toy/exact"],
                }
            ],
        }
        return Suite.model_validate(document | changes)

    return make


@pytest.fixture
def plan(suite: Callable[..., Suite], registry: Registry) -> Callable[..., Plan]:
    """The plan of `suite`, with its keys changed likewise."""
    return lambda **changes: make_plan(suite(**changes), registry)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """A test that re-implements a metric has to notice where the metric is wrong (`noticing`)."""
    outcome = yield
    test = pyfuncitem.nodeid.partition("[")[0]
    marks = [one for one in pyfuncitem.iter_markers("reimplements") if due(test, one)]
    known = Registry.load().components if marks else {}
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    for mark in marks:
        for name in mark.args:
            metric = factory(known["metrics", name].component)
            missed = unnoticed(partial(pyfuncitem.obj, **given), metric, **mark.kwargs)
            assert not missed, f"{name} may be wrong in {missed}, and this test does not notice"
    return outcome

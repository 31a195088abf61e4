"""A real run of toys on bundled sequences, and its bundle."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from altered_bundles import SUITE
from entry_points import entry_point

from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena.submissions.card import Card
from gxarena.submissions.making import make_bundle
from gxarena.submissions.verifying import Verdict, verify

CARD = Card(by="A lab", summary="Toys.", licence="MIT", install="pip install toys")


@pytest.fixture(scope="session")
def toys() -> Registry:
    """gxarena's own components and the toys."""
    return Registry.load(
        [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin")]
    )


@pytest.fixture(scope="session")
def toy_run(toys: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "toys"
    assert run(make_plan(Suite.model_validate(SUITE), toys), folder).complete
    return folder


@pytest.fixture(scope="session")
def _honest(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "honest"
    make_bundle(RunResults.of(toy_run), folder, samples=2, said=CARD)
    return folder


@pytest.fixture
def bundle(_honest: Path, tmp_path: Path) -> Path:
    """An honest bundle, to be altered."""
    return shutil.copytree(_honest, tmp_path / "bundle")


@pytest.fixture(scope="session")
def _whole(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "whole"
    make_bundle(RunResults.of(toy_run), folder, samples=100)
    return folder


@pytest.fixture
def whole(_whole: Path, tmp_path: Path) -> Path:
    """An honest bundle with the attributions of all samples, and without a card."""
    return shutil.copytree(_whole, tmp_path / "whole")


@pytest.fixture
def findings(toys: Registry) -> Callable[..., list[str]]:
    """What verifying a bundle finds: each with its check."""

    def found(path: Path, **options: Any) -> list[str]:
        verdict: Verdict = verify(path, registry=toys, **options)
        return [f"{one.check}: {one.sentence}" for one in verdict.findings.listed]

    return found

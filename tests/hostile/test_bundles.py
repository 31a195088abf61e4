"""Bundles, damaged on their way or made by somebody who means ill: as they were, or refused."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hostile import ODD_VALUES, damaged, flipped, fuzzed, with_odd_value
from hypothesis import strategies as st

from gxarena.errors import GxarenaError
from gxarena.files import RUN_FILE
from gxarena.results.bundle import SUMS, opened
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.schemas import TABLES
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.submissions.making import make_bundle

SEEDS = st.integers(0, 2**32)
LENGTHS = [pytest.param(15, id="short"), pytest.param(300, id="long", marks=pytest.mark.slow)]
MATRIX = [
    {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini", "total"]}
]


@pytest.fixture
def bundle(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    run(plan(matrix=MATRIX), tmp_path / "run")
    make_bundle(RunResults.of(tmp_path / "run"), tmp_path / "whole.zip", samples=2)
    return tmp_path / "whole.zip"


def _tables(path: Path) -> dict[str, pa.Table]:
    with opened(path) as found:
        return {name: found.table(name) for name in TABLES}


@pytest.mark.parametrize("accident", [flipped, damaged])
@pytest.mark.parametrize("examples", LENGTHS)
def test_a_damaged_bundle_is_as_it_was_or_refused(
    bundle: Path, accident: Callable[[bytes, int], bytes], examples: int
) -> None:
    whole, expected = bundle.read_bytes(), _tables(bundle)
    path = bundle.with_name("damaged.zip")

    @fuzzed(examples, SEEDS)
    def campaign(seed: int) -> None:
        path.write_bytes(accident(whole, seed))
        with contextlib.suppress(GxarenaError):
            assert _tables(path) == expected

    campaign()


@pytest.mark.parametrize("examples", LENGTHS)
def test_a_bundle_with_an_odd_record_is_read_or_refused(
    bundle: Path, tmp_path: Path, examples: int
) -> None:
    """Its digests are right: whoever made it wrote them."""
    folder = tmp_path / "odd"
    make_bundle(RunResults.of(tmp_path / "run"), folder, samples=2)
    record: Any = json.loads((folder / RUN_FILE).read_text())
    sums = (folder / SUMS).read_text()
    digest = hashlib.sha256((folder / RUN_FILE).read_bytes()).hexdigest()

    @fuzzed(examples, ODD_VALUES, SEEDS)
    def campaign(value: Any, seed: int) -> None:
        text = json.dumps(with_odd_value(record, value, seed)).encode()
        (folder / RUN_FILE).write_bytes(text)
        (folder / SUMS).write_text(sums.replace(digest, hashlib.sha256(text).hexdigest()))
        with contextlib.suppress(GxarenaError), opened(folder) as found:
            leaderboard_of(found)

    campaign()

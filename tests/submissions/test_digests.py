"""What ships is known by its digests; what does not is nobody's fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from altered_bundles import Rows, rewrite

from gxarena.registry import Registry
from gxarena.results.bundle import EXTRAS, MEMBERS, SUMS, opened
from gxarena.results.reading import RunResults
from gxarena.submissions.verifying import verify

SHIPPED = Path(__file__).parents[2] / "leaderboard" / "quickstart.zip"


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    """The bundle that ships, as a folder."""
    folder = tmp_path / "quickstart"
    folder.mkdir()
    with opened(SHIPPED) as run:
        for name in (*MEMBERS, *EXTRAS, SUMS):
            if (run.path / name).exists():
                (folder / name).write_bytes((run.path / name).read_bytes())
    return folder


def _of_models(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Rows], Rows]:
    return lambda rows: [row | change(row) if row["model"] == "cnn" else row for row in rows]


def test_other_weights_under_the_name_of_those_that_ship(quickstart: Path, toys: Registry) -> None:
    rewrite(quickstart, "cells", _of_models(lambda _: {"model_weights_digest": "0" * 32}))
    found = [one.sentence for one in verify(quickstart, registry=toys).findings.listed]
    rows = RunResults.of_bundle(quickstart).last_rows()
    weights = {row["model_parameters"] for row in rows if row["model"] == "cnn"}
    assert len(found) == len(weights) > 1
    assert all("of the weights that ship, got '00000000" in one for one in found)


@pytest.mark.parametrize("checkpoint", ["mine", "runs/my-cnn", "/home/me/my-cnn", "~/my-cnn"])
def test_somebody_s_own_checkpoint_is_not_looked_for(
    checkpoint: str, quickstart: Path, toys: Registry
) -> None:
    def own(row: dict[str, Any]) -> dict[str, Any]:
        parameters = row["model_parameters"].replace('"fly', f'"{checkpoint}')
        return {"model_weights_digest": "0" * 32, "model_parameters": parameters}

    rewrite(quickstart, "cells", _of_models(own))
    assert verify(quickstart, registry=toys).findings.listed == []

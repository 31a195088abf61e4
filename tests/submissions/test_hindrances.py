"""What others cannot run again is said before a bundle goes to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from altered_bundles import SUITE

from gxarena.results.reading import RunResults
from gxarena.run.suite import Suite
from gxarena.sources.packages import is_from_an_index
from gxarena.submissions.hindrances import hindrances

COMES_FROM_NOWHERE = "a component of no distribution was not installed from a package index: "


def test_a_plugin_that_nobody_else_can_install_is_named(toy_run: Path) -> None:
    (said,) = hindrances(RunResults.of(toy_run))
    assert said.startswith(COMES_FROM_NOWHERE)
    assert is_from_an_index("numpy")
    assert not is_from_an_index("no-such-distribution")


@pytest.mark.parametrize("alias", [{"name": "toy", "weights": "../w.npz"}, {"name": "toy"}])
def test_a_parameter_that_leads_to_a_file_is_named(
    alias: dict[str, str], toy_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunResults.of(toy_run)
    suite = Suite.model_validate(SUITE | {"models": SUITE["models"] | {"toy": alias}})
    monkeypatch.setitem(
        run.record.document, "models", json.loads(suite.model_dump_json())["models"]
    )
    said = [one for one in hindrances(run) if not one.startswith(COMES_FROM_NOWHERE)]
    cells = sum(row["model"] == "toy" for row in run.last_rows())
    expected = [
        "models.toy reads '../w.npz', which a bundle does not hold: nobody else can run the cells "
        f"of it again, {cells} of {len(run.last_rows())}."
    ]
    assert said == (expected if len(alias) > 1 else [])

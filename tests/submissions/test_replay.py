"""Cells run again: an honest bundle comes out the same, and what nothing else tells is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from altered_bundles import SUITE, Rows, block, rewrite, sign

from gxarena.errors import InputError
from gxarena.files import file_digest
from gxarena.registry import Registry
from gxarena.results.attestation import drawn
from gxarena.results.bundle import SUMS
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena.submissions.making import make_bundle
from gxarena.submissions.verifying import attested, verify

Find = Callable[..., list[str]]


def _cells(bundle: Path) -> Rows:
    return RunResults.of_bundle(bundle).last_rows()


def _seed(bundle: Path, n: int, **wanted: Any) -> int:
    """A seed that draws a cell with these labels."""
    cells, digest = _cells(bundle), file_digest(bundle / SUMS)
    return next(
        seed
        for seed in range(10_000)
        if any(
            all(row[key] == value for key, value in wanted.items())
            for row in drawn(cells, n, seed, digest)
        )
    )


def test_an_honest_bundle_is_replayed_from_another_folder(
    bundle: Path, toys: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    before = {path: path.read_bytes() for path in bundle.iterdir()}
    verdict = verify(bundle, replays=5, seed=1, registry=toys)
    assert [one.sentence for one in verdict.findings.listed] == []
    assert verdict.levels["replayed"] == sum(
        len(verdict.columns[cell]) for cell in verdict.replayed
    )
    assert ", drawn by seed 1, were run again and agree" in verdict.sentence
    assert (verdict.counts["cells run again"], verdict.counts["of these the same"]) == (5, 5)
    assert {path: path.read_bytes() for path in bundle.iterdir()} == before
    said = attested(verdict, "A lab")
    drawn_again = drawn(_cells(bundle), 5, 1, file_digest(bundle / SUMS))
    assert said.replayed == [row["cell_id"] for row in drawn_again]
    assert (said.seed, said.bundle) == (1, file_digest(bundle / SUMS))
    verdict.findings.say("replay", "Something.")
    with pytest.raises(InputError, match="of which nothing was made again"):
        attested(verdict, "A lab")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"metric": "replicate_agreement", "model_replicate": 2},
        {"against": "trained/exact", "model_replicate": 1},
        {"aggregator": "mean", "model": "trained", "model_replicate": 2},
    ],
    ids=["replicates", "the other's replicate", "tokens"],
)
def test_pairs_and_replicates_are_replayed(
    wanted: dict[str, Any], bundle: Path, toys: Registry
) -> None:
    seed = _seed(bundle, 1, **wanted)
    verdict = verify(bundle, replays=1, seed=seed, registry=toys)
    assert (len(verdict.replayed), verdict.findings.listed) == (1, [])


def test_a_checkpoint_s_name_opens_no_folder_of_that_name(
    bundle: Path, toys: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whose folder somebody verifies is nobody's to know: what lies in it is not read."""
    seed = _seed(bundle, 1, model="toy", against=None)
    document = json.loads((bundle / "run.json").read_text())
    document["document"]["models"]["toy"] = {"name": "toy", "weights": "mine"}
    (bundle / "run.json").write_text(json.dumps(document))
    sign(bundle)
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    seed = _seed(bundle, 1, model="toy", against=None)
    (found,) = verify(bundle, replays=1, seed=seed, registry=toys).findings.listed
    assert found.check == "installation"
    assert found.sentence.endswith(
        "models.toy: expected what can be named without a path, since bundles hold no such file, "
        "got 'mine'. Something of that name lies in this folder: verify from another one."
    )


def test_a_path_helps_nobody_in_another_folder(bundle: Path, toys: Registry) -> None:
    document = json.loads((bundle / "run.json").read_text())
    document["document"]["models"]["toy"] = {"name": "toy", "weights": "../mine.npz"}
    (bundle / "run.json").write_text(json.dumps(document))
    sign(bundle)
    seed = _seed(bundle, 1, model="toy", against=None)
    verdict = verify(bundle, replays=1, seed=seed, registry=toys)
    (found,) = verdict.findings.listed
    assert found.sentence.endswith(
        "got '../mine.npz'. Nobody without that file can run the cell again: verify without "
        "--replay."
    )


def test_the_seed_and_the_bundle_draw(bundle: Path) -> None:
    cells = _cells(bundle)

    def ids(n: int, seed: int, digest: str) -> list[str]:
        return [row["cell_id"] for row in drawn(cells, n, seed, digest)]

    assert ids(5, 1, "a") == ids(5, 1, "a")
    assert len({*ids(5, 1, "a")}) == 5
    assert len({tuple(ids(5, *which)) for which in ((1, "a"), (2, "a"), (1, "b"))}) == 3
    assert sorted(ids(10_000, 1, "a")) == sorted(r["cell_id"] for r in cells if r["status"] == "ok")
    assert drawn([*reversed(cells)], 5, 1, "a") == drawn(cells, 5, 1, "a")
    failed = [row | {"status": "error"} for row in cells]
    assert drawn(failed, 5, 1, "a") == []


def _total(rows: Rows) -> Rows:
    """A metric of a plugin follows from nothing that is in the bundle."""
    row = next(row for row in rows if row["metric"] == "total")
    return [one | {"value": one["value"] * 1.01} if one is row else one for one in rows]


def test_one_value_that_nothing_else_tells(bundle: Path, toys: Registry) -> None:
    rewrite(bundle, "samples", _total)
    assert verify(bundle, registry=toys).holds
    wanted = {"metric": "total", "explainer": "exact", "model": "toy"}
    verdict = verify(bundle, replays=1, seed=_seed(bundle, 1, **wanted), registry=toys)
    (found,) = verdict.findings.listed
    assert re.fullmatch(
        r"cell 'fly / toy / exact / native / total', 'total', sample 'chr2R:.*': expected \S+ up "
        r"to 0\.0001, as run again here, got \S+\.",
        found.sentence,
    )
    assert (found.check, verdict.replayed) == ("replay", [])
    assert verdict.levels == {
        "self-reported": sum(map(len, verdict.columns.values())), "recomputed": 0, "replayed": 0,
    }  # fmt: skip


def test_one_attribution_that_nothing_else_tells(toys: Registry, tmp_path: Path) -> None:
    """Where no metric of the core's is asked, scores tie to no number in the bundle."""
    asked = block(models=["toy"], metrics=["total"])
    only = Suite.model_validate(SUITE | {"matrix": [asked]})
    folder, bundle = tmp_path / "run", tmp_path / "alone"
    assert run(make_plan(only, toys), folder).complete
    make_bundle(RunResults.of(folder), bundle, samples=2)

    def moved(rows: Rows) -> Rows:
        scores = rows[0]["scores"]
        return [rows[0] | {"scores": [scores[0] + 0.01, *scores[1:]]}, *rows[1:]]

    rewrite(bundle, "attributions", moved)
    assert verify(bundle, registry=toys).holds
    verdict = verify(bundle, replays=2, registry=toys)
    (found,) = verdict.findings.listed
    assert re.fullmatch(
        r"cell '.* / total', attributions of sample 'chr2R:.*': expected those that it gives here, "
        r"got others\.",
        found.sentence,
    )


@pytest.fixture
def core() -> Registry:
    """An installation without the toys."""
    return Registry.load(metadata.entry_points(group="gxarena"))


def test_what_is_not_installed_is_said_with_the_card(bundle: Path, core: Registry) -> None:
    verdict = verify(bundle, replays=2, seed=0, registry=core)
    assert {one.check for one in verdict.findings.listed} == {"installation"}
    for one in verdict.findings.listed:
        assert re.fullmatch(
            r"cell '.*', model 'toy.*': expected it to be installed, got none\. Its card says how "
            r"to install it: 'pip install toys'\.",
            one.sentence,
        )
    assert (verdict.holds, verdict.only_not_here, verdict.replayed) == (False, True, [])
    assert verdict.levels["recomputed"] > 0
    assert verdict.counts["of these the same"] == 0


@pytest.mark.parametrize("kind", ["datasets", "models", "explainers"])
def test_a_suite_leads_to_no_file_here(
    kind: str, bundle: Path, toys: Registry, tmp_path: Path
) -> None:
    (tmp_path / "weight.txt").write_text("1")
    path = bundle / "run.json"
    document = json.loads(path.read_text())
    alias = {
        "datasets": {"fly": {"path": "data.csv"}},
        "models": {"toy": {"name": "toy-trained", "checkpoint": str(tmp_path)}},
        "explainers": {"exact": {"name": "precomputed", "path": "../mine.npz"}},
    }[kind]
    document["document"][kind] |= alias
    path.write_text(json.dumps(document))
    sign(bundle)
    wanted = {"model": "toy", "explainer": "exact"}
    verdict = verify(bundle, replays=1, seed=_seed(bundle, 1, **wanted), registry=toys)
    said = [one.sentence for one in verdict.findings.listed]
    assert said
    assert all(
        "expected what can be named without a path" in one or "as the suite has it" in one
        for one in said
    )


def test_less_than_no_cell_is_a_mistake(bundle: Path) -> None:
    with pytest.raises(InputError, match="--replay: expected 0 or more cells, got -1"):
        verify(bundle, replays=-1)


def test_what_is_refused_is_not_run(bundle: Path, toys: Registry) -> None:
    rewrite(bundle, "samples", lambda rows: rows[1:])
    verdict = verify(bundle, replays=1, registry=toys)
    assert not verdict.holds
    assert "cells run again" not in verdict.counts

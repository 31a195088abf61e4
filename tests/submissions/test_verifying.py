"""Bundles: an honest one holds; each that was altered is refused, with the reason."""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from altered_bundles import SUITE, Rows, block, rewrite, sign

from gxarena.identity import digest
from gxarena.registry import Registry
from gxarena.results.bundle import MEMBERS, SUMS
from gxarena.results.parquet import read_with_identity, write_table
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena.submissions.making import make_bundle
from gxarena.submissions.verifying import verify

Find = Callable[..., list[str]]


def test_an_honest_bundle_holds(bundle: Path, toys: Registry) -> None:
    verdict = verify(bundle, registry=toys)
    assert [one.sentence for one in verdict.findings.listed] == []
    # Attributions are there of 2 samples of each explanation, curves of all.
    assert verdict.levels == {
        "self-reported": sum(map(len, verdict.columns.values())) - 4 * 65,
        "recomputed": 4 * 65,
        "replayed": 0,
    }
    assert {n for n, _ in verdict.sequences.values()} == {2}
    assert re.search(r"; 2 of \d+ sequences of each explanation were made again", verdict.sentence)
    assert verdict.counts["cells"] == len(json.loads((bundle / "run.json").read_text())["cells"])
    # Of two models and explainers: 65 quantities each.
    assert verdict.counts["columns that their curves come to"] == 4 * 65
    # gini, entropy, accuracy, special_share; gini on other units, similarities of all weights.
    again = verdict.counts["columns that their attributions come to"]
    assert again == 10 * 3 + 2 * 3 + 2 * 10 + 2 * 9 + 6 * 2 + 6
    assert verdict.card is not None
    assert verdict.card.install == "pip install toys"
    assert verdict.findings.notes == [
        "Metric 'total' of 'unknown' is not the core's: its bounds and directions are as the "
        "bundle declares them."
    ]


def test_what_nobody_can_make_again_is_not_called_so(
    bundle: Path, whole: Path, toys: Registry
) -> None:
    """A bundle whose Gini was raised where it holds no attributions was "recomputed"."""

    def raised(rows: Rows) -> Rows:
        return [
            row | {"value": row["value"] * 0.9}
            if row["metric"] == "gini" and row["value"] is not None and row["sample_id"] in late
            else row
            for row in rows
        ]

    ids = [row["sample_id"] for row in _rows(bundle, "samples") if row["metric"] == "gini"]
    late = {*ids} - {row["sample_id"] for row in _rows(bundle, "attributions")}
    assert late
    for folder, found in ((bundle, False), (whole, True)):
        gini = {r["cell_id"] for r in _rows(folder, "cells") if r["metric"] == "gini"}
        before = verify(folder, registry=toys)
        assert (gini <= before.recomputed.keys()) is found
        assert found or gini.isdisjoint(before.recomputed)
        rewrite(folder, "samples", raised)
        assert verify(folder, registry=toys).holds is not found


def test_failures_are_no_fault(toys: Registry, tmp_path: Path) -> None:
    """What raised, cannot work, has no answer for some or counts a whole set is told honestly."""
    asked = block(
        models=["toy", "toy-tokens"],
        explainers=["exact", "random", "crash", "nan", "some-nan", "needy"],
        metrics=["gini", "faithfulness", "auroc", "patterns", "attribution_consistency"],
    )
    suite = Suite.model_validate(SUITE | {"target": "predicted", "matrix": [asked]})
    summary = run(make_plan(suite, toys), tmp_path / "run")
    assert set(summary.statuses) == {"ok", "error", "unsupported"}
    results = RunResults.of(tmp_path / "run")
    assert results.table("samples")["reason"].null_count < len(results.table("samples"))
    for samples in (1, 100):
        make_bundle(results, tmp_path / "b", samples=samples)
        verdict = verify(tmp_path / "b", replays=3, seed=0, registry=toys)
        assert (verdict.findings.listed, len(verdict.replayed)) == ([], 3)
        assert bool(verdict.sequences) == (samples == 1)


def _first(rows: Rows, **wanted: object) -> dict[str, Any]:
    return next(row for row in rows if all(row[k] == v for k, v in wanted.items()))


def _set(rows: Rows, wanted: dict[str, object], **changes: object) -> Rows:
    _first(rows, **wanted).update(changes)
    return rows


def _document(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "run.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    sign(folder)


MIF = {"metric": "faithfulness.mif_drop_logit@20"}


def _without_a_cell(folder: Path, *, everywhere: bool) -> None:
    """Leave out what one explainer got under one metric."""
    (cell,) = {
        row["cell_id"]
        for row in _rows(folder, "cells")
        if (row["model"], row["explainer"], row["metric"], row["aggregator"])
        == ("toy", "exact", "entropy", "native")
    }
    for table in ("cells", "samples"):
        rewrite(folder, table, lambda rows: [r for r in rows if r["cell_id"] != cell])
    if everywhere:
        _planned(folder, lambda ids: [one for one in ids if one != cell])


def _planned(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Make the plan one of other cells, everywhere."""
    ids = change(json.loads((folder / "run.json").read_text())["cells"])
    new = digest(["toys", ids])
    _document(folder, lambda d: d.update(cells=ids, digest=new))
    for table in ("cells", "samples", "curves", "motifs", "seqlets"):
        _restamp(folder, table, new)


def _a_second_time(folder: Path) -> None:
    """Hold a cell once more under an id of its own, with its values, as the plan then says."""
    cell, second = _rows(folder, "cells")[0]["cell_id"], "f" * 32
    for table in ("cells", "samples"):
        rewrite(
            folder,
            table,
            lambda rows: [*rows, *(r | {"cell_id": second} for r in rows if r["cell_id"] == cell)],
        )
    _planned(folder, lambda ids: [*ids, second])


def _rows(folder: Path, table: str) -> Rows:
    rows: Rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def _restamp(folder: Path, table: str, plan: str) -> None:
    path = folder / f"{table}.parquet"
    held, identity = read_with_identity(path)
    write_table(path, held, identity | {"digest": plan})
    sign(folder)


def _twice(rows: Rows) -> Rows:
    return [*rows, rows[0]]


def _relabelled(rows: Rows) -> Rows:
    first = rows[0]
    return [*rows, first | {"cell_id": "f" * 32}]


def _bounds(rows: Rows) -> Rows:
    """Whoever alters a value can alter what bounds the row declares."""
    for row in rows:
        if row["metric"] == "gini":
            row["quantities"] = row["quantities"].replace("[0.0, 1.0]", "[0.0, 9.0]")
    return rows


def _with(**changes: str) -> Callable[[Rows], Rows]:
    """All rows of what the first says, with the second."""
    (key, value), (changed, to) = changes.items()
    return lambda rows: [row | {changed: to} if row[key] == value else row for row in rows]


def _constant(metric: str, value: float) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        return [row | {"value": value} if row["metric"] == metric else row for row in rows]

    return change


def _curves_too(folder: Path) -> None:
    rewrite(folder, "samples", lambda rows: _set(rows, MIF, value=99.0))
    rewrite(folder, "curves", lambda rows: rows[1:])


def _without_a_quantity(folder: Path, version: str | None = None) -> None:
    """Whoever leaves out what does not please leaves it out of all cells."""

    def declared(rows: Rows) -> Rows:
        for row in rows:
            if row["metric"] == "faithfulness":
                kept = json.loads(row["quantities"])
                del kept["gain_logit@20"]
                row["quantities"] = json.dumps(kept)
            row["gxarena_version"] = version or row["gxarena_version"]
        return rows

    rewrite(folder, "cells", declared)
    rewrite(
        folder,
        "samples",
        lambda rows: [r for r in rows if r["metric"] != "faithfulness.gain_logit@20"],
    )


ENDLESS = [
    {
        kind: ["a"] * 10_000
        for kind in ("datasets", "models", "explainers", "aggregators", "metrics")
    }
]
ALTERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "one value, unsigned": (
        lambda f: rewrite(f, "samples", lambda r: _set(r, MIF, value=9.0), signed=False),
        r"structure: .*expected samples\.parquet as its digest in SHA256SUMS says, got another",
    ),
    "one value, that a curve tells": (
        lambda f: rewrite(f, "samples", lambda r: _set(r, MIF, value=9.0)),
        r"curves: cell 'fly / toy / exact / native / faithfulness', 'faithfulness.mif_drop_logit@20"
        r"', sample 'chr2R:.*': expected .*, what its curves come to, got 9\.",
    ),
    "its curve is torn": (_curves_too, "curves: .*expected every curve of each sample once"),
    "a cell is missing": (
        lambda f: _without_a_cell(f, everywhere=False),
        r"cells: cells\.parquet, '\w{32}': expected a row of it, got none",
    ),
    "a cell is missing and nobody told": (
        lambda f: _without_a_cell(f, everywhere=True),
        r"cells: cell 'fly / toy / exact / native / entropy': expected one, since the suite asks",
    ),
    "a cell twice": (
        lambda f: rewrite(f, "cells", _twice),
        r"cells: cells\.parquet, '\w{32}': expected attempt 1 once, got 2 rows",
    ),
    "a cell under another id": (
        lambda f: rewrite(f, "cells", _relabelled),
        r"cells: cell '.*': expected a cell of the plan in run\.json, got another",
    ),
    "a cell a second time, as the plan says": (
        _a_second_time,
        r"cells: cell '.*': expected one cell of these labels, got 2",
    ),
    "a cell listed twice": (
        lambda f: _document(f, lambda d: d["cells"].append(d["cells"][0])),
        r"cells: run\.json, '\w{32}': expected each cell once, got it 2 times",
    ),
    "a cell's values twice": (
        lambda f: rewrite(f, "samples", lambda rows: [*rows[:4], *rows[:4], *rows[4:]]),
        r"values: cell .*: expected one value a sample, got sample 'chr2R:.*' more than once",
    ),
    "a cell's values in two places": (
        lambda f: rewrite(f, "samples", lambda rows: [*rows, *rows[:4]]),
        "values: cell .*: expected one row a sample, all together, got rows in two places",
    ),
    "values of another cell": (
        lambda f: rewrite(f, "samples", lambda rows: [*rows, rows[0] | {"cell_id": "0" * 32}]),
        r"values: samples\.parquet, '0{32}': expected values of cells that are ok alone, got 1",
    ),
    "curves of another cell": (
        lambda f: rewrite(f, "curves", lambda rows: [*rows, rows[0] | {"cell_id": "0" * 32}]),
        r"curves: curves\.parquet, '0{32}': expected curves of cells that are ok, each cell's tog",
    ),
    "curves in two places": (
        lambda f: rewrite(f, "curves", lambda rows: [*rows, rows[0]]),
        r"curves: curves\.parquet, '\w{32}': expected curves of cells that are ok, each cell's tog",
    ),
    "a value is missing": (
        lambda f: rewrite(f, "samples", lambda rows: rows[:5] + rows[6:]),
        r"values: cell .*: expected 4 values, got 3, none of sample 'chr2R:",
    ),
    "a quantity is missing": (
        lambda f: rewrite(
            f, "samples", lambda rows: [r for r in rows if r["metric"] != "special_share.cls"]
        ),
        r"values: cell .*'special_share\.cls': expected 4 values, got none",
    ),
    "a quantity is not declared": (
        lambda f: rewrite(
            f, "samples", lambda rows: [r | {"metric": "mine"} for r in rows[:4]] + rows
        ),
        "values: cell .*: expected values of the quantities that it declares, got 'mine'",
    ),
    "samples in another order": (
        lambda f: rewrite(f, "samples", lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]]),
        "values: cell .*: expected the samples of the data set's other cells, in their order",
    ),
    "not finite": (
        lambda f: rewrite(f, "samples", lambda r: _set(r, MIF, value=float("nan"))),
        "values: cell .*: expected a finite number, or none with a reason, got nan",
    ),
    "undefined without a reason": (
        lambda f: rewrite(f, "samples", lambda r: _set(r, MIF, value=None)),
        "values: cell .*: expected a reason why there is no value, got none",
    ),
    "out of bounds": (
        lambda f: rewrite(f, "samples", lambda r: _set(r, {"metric": "gini"}, value=1.5)),
        r"values: cell .*'gini', sample 'chr2R:.*': expected a value from 0 to 1, got 1\.5",
    ),
    "other bounds": (
        lambda f: rewrite(f, "cells", _bounds),
        "digests: cell .*, quantities: expected directions and bounds of 'gini' as it ships",
    ),
    "a quantity left out everywhere": (
        _without_a_quantity,
        "digests: cell .*, quantities: expected 'gain_logit@20' too, which the suite asks for, got "
        "none of these",
    ),
    "hard-coded": (
        lambda f: rewrite(f, "samples", _constant("total", 0.5)),
        r"constants: 'fly / toy / native / total', all 2 cells: expected values that differ "
        r"between explainers or samples, got 0\.5 in each of 8, as if hard-coded",
    ),
    "another data set": (
        lambda f: rewrite(f, "cells", lambda r: [one | {"dataset_digest": "0" * 64} for one in r]),
        r"digests: data set 'fly': expected \w{64}, the digest of what ships, got '0{64}'",
    ),
    "another digest in one cell": (
        lambda f: rewrite(f, "cells", lambda r: [r[0] | {"model_digest": "0" * 32}, *r[1:]]),
        "digests: cell .*, model 'toy': expected the same as in cell",
    ),
    "another digest of a metric in all cells": (
        lambda f: rewrite(f, "cells", lambda r: [one | {"metric_digest": "0" * 32} for one in r]),
        "digests: cell .*, cell_id: expected the id of a cell of these digests of data set, model",
    ),
    "another digest of an aggregator in all cells": (
        lambda f: rewrite(f, "cells", lambda r: [o | {"aggregator_digest": "0" * 32} for o in r]),
        "digests: cell .*, cell_id: expected the id of a cell of these digests of data set, model",
    ),
    "another component behind a label": (
        lambda f: rewrite(f, "cells", lambda r: [one | {"metric_component": "nope"} for one in r]),
        "digests: cell .*, metric_component: expected 'gini', as the suite has it, got 'nope'",
    ),
    "a control that competes": (
        lambda f: rewrite(f, "cells", _with(explainer="random", explainer_role="method")),
        "digests: cell .*, explainer_role: expected 'floor', as 'random' ships, got 'method'",
    ),
    "another question": (
        lambda f: rewrite(f, "cells", _with(metric="gini", metric_question="localization")),
        "digests: cell .*, metric_question: expected 'complexity', as 'gini' ships, got 'localiz",
    ),
    "attributions of something else": (
        lambda f: rewrite(f, "cells", lambda r: [r[0] | {"attributions_key": "0" * 32}, *r[1:]]),
        "digests: cell .*, attributions_key: expected the key of this data set, model and expl",
    ),
    "attributions of nothing": (
        lambda f: rewrite(f, "attributions", lambda _: []),
        r"^attributions: attributions\.parquet: expected attributions of at least one sample, got "
        r"none\. Leave the file out by `gxarena submit --attributions 0`\.$",
    ),
    "another target": (
        lambda f: rewrite(f, "cells", lambda r: [one | {"target": "0"} for one in r]),
        r"cells: cell .*, target: expected 1 as in run\.json, got '0'",
    ),
    "a digest of the plan": (
        lambda f: _document(f, lambda d: d["document"].update(seed="many")),
        r"structure: .*expected a run\.json as gxarena writes it, got another",
    ),
    "faster than time": (
        lambda f: rewrite(f, "cells", lambda r: [r[0] | {"explain_seconds": -1.0}, *r[1:]]),
        "cells: cell .*, explain_seconds: expected a number of seconds, got -1",
    ),
    "a suite without end": (
        lambda f: _document(f, lambda d: d["document"].update(matrix=ENDLESS)),
        r"cells: run\.json, matrix: expected \d+ cells, as there are, got 10{20}",
    ),
    "replicates without end": (
        lambda f: _document(
            f, lambda d: d["document"]["models"]["trained"].update(replicates=9**20)
        ),
        r"cells: cell 'fly / .*, replicate \d+: expected a cell, got none",
    ),
    "no such status": (
        lambda f: rewrite(f, "cells", lambda r: [r[0] | {"status": "fine"}, *r[1:]]),
        r"structure: .*expected a status, samples and a replicate that there can be, got others",
    ),
    "no JSON": (
        lambda f: rewrite(f, "cells", lambda r: [one | {"metric_parameters": "{"} for one in r]),
        "digests: the bundle: expected content that gxarena wrote, got what ends in JSONDecodeErr",
    ),
    "attributions that are listed are gone": (
        lambda f: (f / "attributions.parquet").unlink(),
        r"structure: .*expected attributions\.parquet as its digest in SHA256SUMS says",
    ),
    "a card that nobody signed": (
        lambda f: (f / "card.json").write_text("{}"),
        r"structure: .*expected card\.json as its digest in SHA256SUMS says",
    ),
    "a link outside": (
        lambda f: (
            (f / "curves.parquet").rename(f.parent / "elsewhere"),
            (f / "curves.parquet").symlink_to(f.parent / "elsewhere"),
        ),
        r"structure: .*got a link, curves\.parquet",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("alter", "reason"), ALTERED.values(), ids=ALTERED)
def test_an_altered_bundle_is_refused(
    alter: Callable[[Path], object], reason: str, bundle: Path, findings: Find
) -> None:
    alter(bundle)
    found = findings(bundle)
    assert any(re.match(reason, one) for one in found), found
    assert all(one.endswith(".") and one.isprintable() for one in found)


def test_a_path_that_leaves_the_folder_is_refused(
    bundle: Path, findings: Find, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*MEMBERS, SUMS):
            archive.write(bundle / name, name)
        archive.writestr("../../run.json", "{}")
    before = sorted(tmp_path.rglob("*"))
    (found,) = findings(path)
    assert re.search(r"expected no files but .*, got '\.\./\.\./run\.json'", found)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bomb_is_refused(bundle: Path, findings: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million equal scores are a few kilobytes on disk."""
    path = bundle / "attributions.parquet"
    monkeypatch.setattr("gxarena.results.bundle.LARGEST", 20_000_000)
    assert findings(bundle) == []
    held = pq.read_table(path)
    row = held.slice(0, 1).to_pylist()[0] | {"scores": [0.5] * 10_000_000}
    pq.write_table(pa.Table.from_pylist([row], held.schema), path)
    assert path.stat().st_size < 1_000_000
    sign(bundle)
    (found,) = findings(bundle)
    assert "expected at most 20000000 bytes in memory, got more" in found


def test_a_run_json_without_end_is_refused(
    bundle: Path, findings: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "run.json").write_text("[" * 100_000)
    sign(bundle)
    (found,) = findings(bundle)
    assert found.startswith("structure: ")
    monkeypatch.setattr("gxarena.results.bundle.LARGEST_TEXT", 1000)
    (found,) = findings(bundle)
    assert re.search(r"expected at most 1000 bytes of run\.json, got 100000", found)


@pytest.mark.parametrize("name", ["cells", "samples", "curves", "attributions"])
def test_whatever_bytes_are_in_a_table_there_is_an_answer(
    name: str, bundle: Path, toys: Registry
) -> None:
    path = bundle / f"{name}.parquet"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(20):
        torn = bytearray(whole)
        for at in rng.integers(4, len(whole) - 4, 8).tolist():
            torn[at] ^= int(rng.integers(1, 256))
        path.write_bytes(torn)
        sign(bundle)
        assert not verify(bundle, registry=toys).holds


def test_without_the_extras_there_is_an_answer_too(
    toys: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CI need not install what models and planted data need."""
    for module in ("gxarena_cnn.describe", "gxarena_dnabert2.describe", "gxarena_jaspar.planted"):
        monkeypatch.setitem(sys.modules, module, None)
    shipped = Path(__file__).parents[2] / "leaderboard" / "quickstart.zip"
    assert verify(shipped, registry=toys).levels["recomputed"] == 4680


def test_a_suite_that_names_files_here_opens_none(
    bundle: Path, findings: Find, tmp_path: Path, toys: Registry
) -> None:
    """A data set that is a path is never read: it is somebody else's word for a place here."""
    secret = tmp_path / "secret.csv"
    secret.write_text("id,sequence\nmine,ACGT\n")
    _document(bundle, lambda d: d["document"]["datasets"].update(fly={"path": str(secret)}))
    verdict = verify(bundle, registry=toys)
    assert "Data set 'fly' does not ship with gxarena" in " ".join(verdict.findings.notes)
    assert "mine" not in " ".join(one.sentence for one in verdict.findings.listed)


def test_quantities_that_another_version_did_not_have_are_a_note(
    bundle: Path, toys: Registry
) -> None:
    """Unless the suite shows first what only they can be."""
    _without_a_quantity(bundle, version="0")
    verdict = verify(bundle, registry=toys)
    assert verdict.findings.listed == []
    assert "'faithfulness' has other quantities than in this" in " ".join(verdict.findings.notes)
    _document(bundle, lambda d: d["document"].update(headline=["gini", "*.gain_logit@20"]))
    (found,) = verify(bundle, registry=toys).findings.listed
    assert "expected 'gain_logit@20' too, which the suite asks for" in found.sentence


def test_text_of_a_bundle_is_shown_without_what_steers_a_terminal(
    bundle: Path, findings: Find
) -> None:
    evil = "\x1b]0;title\x07[bold]" + "x" * 10_000
    rewrite(bundle, "cells", lambda rows: [rows[0] | {"explainer": evil}, *rows[1:]])
    found = findings(bundle)
    assert found
    assert all(one.isprintable() and len(one) < 3000 for one in found)


def test_many_findings_are_counted_and_some_shown(bundle: Path, toys: Registry) -> None:
    rewrite(bundle, "samples", lambda rows: [row | {"value": float("inf")} for row in rows])
    verdict = verify(bundle, registry=toys)
    assert verdict.findings.counts["values"] > 100
    assert sum(one.check == "values" for one in verdict.findings.listed) == 20


def test_a_run_that_is_not_whole_is_refused(bundle: Path, findings: Find) -> None:
    shutil.rmtree(bundle)
    bundle.mkdir()
    (found,) = findings(bundle)
    assert re.match("structure: .*expected the file SHA256SUMS, got none", found)

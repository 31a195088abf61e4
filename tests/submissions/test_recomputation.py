"""Values made again from attributions: what was altered is found, on either side."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from altered_bundles import Rows, rewrite, sign

from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena.submissions.making import make_bundle
from gxarena.submissions.verifying import verify

Find = Callable[..., list[str]]
SPECIAL = "expected .*, what its attributions come to, got"


def _each(rows: Rows, **changes: Any) -> Rows:
    return [row | changes for row in rows]


def _first(rows: Rows, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Rows:
    return [rows[0] | change(rows[0]), *rows[1:]]


def _a_score(rows: Rows) -> Rows:
    return _first(rows, lambda row: {"scores": [row["scores"][0] + 0.5, *row["scores"][1:]]})


def _of(metric: str, rows: Rows, value: float) -> Rows:
    row = next(row for row in rows if row["metric"] == metric)
    row["value"] = value
    return rows


ALTERED: dict[str, tuple[str, Callable[[Rows], Rows], str]] = {
    "one attribution": ("attributions", _a_score, rf"cell 'fly / .*, sample 'chr2R:.*': {SPECIAL}"),
    "a value that an attribution tells": (
        "samples",
        lambda rows: _of("gini", rows, 0.123),
        rf"cell '.* / gini', 'gini', sample 'chr2R:.*': {SPECIAL} 0\.123",
    ),
    "one of a pair": (
        "samples",
        lambda rows: _of("continuous_jaccard[vs toy/exact]", rows, 0.123),
        rf"cell '.* / continuous_jaccard\[vs toy/exact\]', .*: {SPECIAL} 0\.123",
    ),
    "agreement of replicates": (
        "samples",
        lambda rows: _of("replicate_agreement.jaccard", rows, 0.123),
        rf"cell '.*trained \(replicate 0\).* / replicate_agreement', .*: {SPECIAL} 0\.123",
    ),
    "special tokens": (
        "attributions",
        lambda rows: _each(rows, special='{"[CLS]": 1.0}'),
        rf"cell '.* / special_share', .*: {SPECIAL} 0\.",
    ),
    "outputs": (
        "attributions",
        lambda rows: _each(rows, outputs=[100.0, 0.0]),
        rf"cell '.* / accuracy', .*: {SPECIAL} 1",
    ),
    "an explanation is missing": (
        "attributions",
        lambda rows: rows[2:],
        "cell '.*', attributions: expected those of the data set's first 2 samples, each once, got "
        "0 rows",
    ),
    "of another explanation": (
        "attributions",
        lambda rows: [*rows, rows[0] | {"attributions_key": "0" * 32}],
        r"attributions\.parquet, '0{32}': expected attributions of the bundle's cells, got others",
    ),
    "of other samples": (
        "attributions",
        lambda rows: [rows[0] | {"sample_id": rows[1]["sample_id"]}, *rows[1:]],
        "cell '.*', attributions: expected those of the data set's first 2 samples",
    ),
    "units with a gap": (
        "attributions",
        lambda rows: _first(rows, lambda row: {"boundaries": [5, *row["boundaries"][1:]]}),
        "Spans: expected boundaries that run from 0",
    ),
    "scores without units": (
        "attributions",
        lambda rows: _first(rows, lambda row: {"scores": row["scores"][1:]}),
        "Attribution: expected one score for each",
    ),
    "special tokens that are no numbers": (
        "attributions",
        lambda rows: _each(rows, special='{"[CLS]": {}}'),
        "the bundle: expected content that gxarena wrote, got what ends in TypeError",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("table", "change", "reason"), ALTERED.values(), ids=ALTERED)
def test_what_was_altered_is_found(
    table: str, change: Callable[[Rows], Rows], reason: str, bundle: Path, findings: Find
) -> None:
    rewrite(bundle, table, change)
    found = findings(bundle)
    assert any(re.match(f"attributions: {reason}", one) for one in found), found


def test_attributions_that_no_metric_reads_are_parsed(
    toys: Registry, tmp_path: Path, findings: Find
) -> None:
    document = {
        "name": "unread",
        "target": 1,
        "datasets": {"fly": {"name": "fly-promoters", "n": 2}},
        "matrix": [
            {"datasets": ["fly"], "models": ["toy"], "explainers": ["exact"], "metrics": ["total"]}
        ],
    }
    run(make_plan(Suite.model_validate(document), toys), tmp_path / "run")
    bundle = tmp_path / "bundle"
    make_bundle(RunResults.of(tmp_path / "run"), bundle, samples=2)
    assert findings(bundle) == []
    rewrite(bundle, "attributions", lambda rows: _each(rows, special="[]"))
    (found,) = findings(bundle)
    assert found == "attributions: attributions.parquet: expected numbers by name, got '[]'."


def test_a_sequence_without_end_is_not_read(
    bundle: Path, findings: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty million scores took 1.8 GB; that they are too many is known before they are read."""
    monkeypatch.setattr("gxarena.submissions.attributions.MOST_VALUES", 10_000)
    path = bundle / "attributions.parquet"
    held = pq.read_table(path)
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", _index_alone(pq.ParquetFile))
    row = held.slice(0, 1).to_pylist()[0] | {"scores": [0.5] * 10_001}
    with pq.ParquetWriter(path, held.schema) as writer:
        writer.write_table(pa.Table.from_pylist([row], held.schema))
    sign(bundle)
    (found,) = findings(bundle)
    assert re.search(
        r"attributions\.parquet: expected at most 10000 numbers of an explanation, got 1\d{4}\.",
        found,
    )


def _index_alone(file: type[pq.ParquetFile]) -> Callable[..., pa.Table]:
    read = file.read_row_group

    def reading(self: pq.ParquetFile, group: int, columns: list[str] | None = None) -> pa.Table:
        assert columns == ["attributions_key", "sample_id"], "no scores are read"
        return read(self, group, columns)

    return reading


def test_where_all_attributions_are_there_the_fingerprint_tells(
    whole: Path, findings: Find
) -> None:
    assert findings(whole) == []
    # Scaling changes no Gini index.
    rewrite(
        whole,
        "attributions",
        lambda rows: [r | {"scores": [2 * s for s in r["scores"]]} for r in rows],
    )
    found = findings(whole)
    expected = "attributions_fingerprint: expected that of its attributions, got another"
    assert any(expected in one for one in found), found


def test_other_columns_are_refused(bundle: Path, findings: Find) -> None:
    path = bundle / "attributions.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["special"]), path)
    sign(bundle)
    (found,) = findings(bundle)
    assert found.startswith("attributions: attributions.parquet: expected the columns attributions")


def test_where_the_data_set_ships_so_does_the_truth(
    toys: Registry, tmp_path: Path, findings: Find
) -> None:
    """Localization needs annotations, which nobody has to take from a bundle."""
    document = {
        "name": "truth",
        "target": 1,
        "datasets": {"planted": {"n": 4}},
        "matrix": [
            {
                "datasets": ["planted"],
                "models": ["toy"],
                "explainers": ["exact", "random"],
                "metrics": ["auroc"],
            }
        ],
    }
    folder, bundle = tmp_path / "run", tmp_path / "bundle"
    assert run(make_plan(Suite.model_validate(document), toys), folder).complete
    make_bundle(RunResults.of(folder), bundle)
    verdict = verify(bundle, registry=toys)
    assert verdict.holds
    assert verdict.counts["columns that their attributions come to"] == 4  # with their controls
    some = tmp_path / "some"
    make_bundle(RunResults.of(folder), some, samples=3)
    partial = verify(some, registry=toys)
    assert partial.holds  # a control is of all maps: of some it cannot be made again
    rewrite(some, "samples", lambda rows: _of("auroc.positional", rows, 0.123))
    assert findings(some) == []
    altered = shutil.copytree(bundle, tmp_path / "altered")
    rewrite(altered, "samples", lambda rows: _of("auroc.positional", rows, 0.123))
    assert any(re.search(f"'auroc.positional', .*{SPECIAL}", one) for one in findings(altered))
    defined = [r for r in RunResults.of(folder).table("samples").to_pylist() if r["value"]]
    sample = defined[0]["sample_id"]

    def changed(rows: Rows) -> Rows:
        return [
            row | {"value": 0.123} if row["sample_id"] == sample and row["value"] else row
            for row in rows
        ]

    rewrite(bundle, "samples", changed)
    assert any(re.search(SPECIAL, one) for one in findings(bundle))
    assert json.loads((bundle / "run.json").read_text())["suite"] == "truth"

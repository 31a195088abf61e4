"""The ledger: what went wrong is counted once, worst first, with its cause and of how many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from site_pages import synthetic_board
from written_runs import rewrite_table, write_run

from gxarena.results.boards import Board, write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.content import read_content
from gxarena.site.dossiers import Values, dossiers_of
from gxarena.site.ledger import ORDER, ledger, totals

SOME = [1.0 + i for i in range(24)]


def entry(found: Any) -> tuple[Any, ...]:
    return found.what, found.explainer, found.metric, found.many, found.of, found.unit, found.cause


def test_replicates_that_fail_alike_are_one_entry(tmp_path: Path) -> None:
    runs = [
        write_run(
            tmp_path / f"r{i}", {"a": SOME, "b": SOME}, model_replicate=i,
            status={"a": "oom" if i else "ok"}, error_type={"a": "OutOfMemory"},
            error_message={"a": "needs 9 GiB"},
        )
        for i in range(3)
    ]  # fmt: skip
    content = read_content(runs)
    entries = [entry(one) for one in ledger(content)]
    assert entries == [("oom", "a", "q", 1, 1, "cells", "OutOfMemory: needs 9 GiB")] * 2
    assert [(name, counts) for name, counts in totals(content)][1] == ("r1", {"oom": 1, "ok": 1})


def test_undefined_values_count_the_quantity_that_lacks_most(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [None] * 4 + SOME[4:], "b": SOME})
    assert [entry(one) for one in ledger(read_content([run]))] == [
        ("undefined", "a", "q", 4, 24, "values", "no reason given")
    ]


def test_a_written_board_tells_how_many_but_not_why(tmp_path: Path) -> None:
    rows = synthetic_board(2, 2, 2).table.to_pylist()
    for row in rows:
        if row["explainer"] == "explainer-00":
            row |= {"n": 290, "n_undefined": 10} if row["metric"] == "metric-0" else {}
        elif row["dataset"] == "set-1":
            row |= {"n": 0, "n_failed": 300}
    board = Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {})
    write_board(tmp_path / "b.parquet", board)
    why = "a written board does not say why"
    assert [entry(one) for one in ledger(read_content([tmp_path / "b.parquet"]))] == [
        ("failed", "explainer-01", "metric-0 and metric-1", 600, 600, "values", why),
        ("undefined", "explainer-00", "metric-0", 20, 600, "values", why),
    ]


def test_what_a_written_board_says_of_missing_values_is_their_cause(tmp_path: Path) -> None:
    rows = synthetic_board(4, 1, 1).table.to_pylist()
    none = "a written board does not say why"
    rows[3] |= {"n": 9, "n_undefined": 5, "ci_method": "none: too few samples (n < 20)"}
    rows[0] |= {"n": 0, "n_undefined": 5, "ci_method": "none: too few samples (n < 20)"}
    rows[1] |= {"n": 0, "n_undefined": 5, "ci_method": "none: an end of the scale"}
    rows[2] |= {"n_undefined": 5, "not_ranked": "it knows nothing"}
    write_board(tmp_path / "b.parquet", Board(("b",), pa.Table.from_pylist(rows, LEADERBOARD), {}))
    found = ledger(read_content([tmp_path / "b.parquet"]))
    assert {one.explainer: one.cause for one in found} == {
        "explainer-00": none,
        "explainer-01": none,
        "explainer-02": "ranks nobody: it knows nothing",
        "explainer-03": "no interval: too few samples (n < 20)",
    }


def test_every_status_has_its_place() -> None:
    assert ORDER[0] == "failed"
    assert ORDER.index("timeout") < ORDER.index("undefined") < ORDER.index("unsupported")
    assert len(set(ORDER)) == len(ORDER)


def test_tables_of_many_row_groups_read_as_one(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [None] * 4 + SOME[4:], "b": SOME})
    whole = ledger(read_content([run]))
    path = run / "samples.parquet"
    rewrite_table(path, pq.read_table(path), 5)
    content = read_content([run])
    (source,) = content.sources.values()
    assert source.samples["cell_id"].num_chunks > 1
    assert ledger(content) == whole
    (dossier, _) = dossiers_of(content, content.boards[0], 1)
    values = Values(content.sources).of(dossier)["values"]["q--native"]
    assert values == [None] * 4 + SOME[4:]

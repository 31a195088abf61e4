"""Segments: what was added is there, once, whole, in few files."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gxarena.errors import StorageError
from gxarena.results import segments
from gxarena.results.attempts import Attempts
from gxarena.results.schemas import CELLS, TABLES
from gxarena.results.segments import (
    MERGED,
    PARTS,
    SegmentWriter,
    attempts_in,
    listed,
    pieces_of,
    reads,
)

_REQUIRED: dict[str, Any] = {
    "string": "x",
    "int64": 1,
    "double": 0.5,
    "timestamp[us, tz=UTC]": datetime(2026, 1, 1, tzinfo=UTC),
}


def row(cell: str, number: int = 1, status: str = "ok") -> dict[str, Any]:
    """What every `cells` row must say."""
    one = {field.name: _REQUIRED[str(field.type)] for field in CELLS if not field.nullable}
    return one | {"cell_id": cell, "attempt": number, "status": status}


def parts(cell: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of every other table, with all that may be absent present and absent."""
    motif = {
        "cell_id": cell, "motif": "m0", "sign": "+", "contributions": "a", "n_seqlets": 3,
        "frequencies": [[0.1, 0.2, 0.3, 0.4]] * 3, "scores": [[1.0, 2.0, 3.0, 4.0]] * 3,
        "trimmed_start": 0, "trimmed_end": 3, "counts": True,
    }  # fmt: skip
    matched = {"motif": "m1", "match_id": "MA1", "match_frequencies": [[1.0, 0.0, 0.0, 0.0]] * 2}
    seqlet = {"cell_id": cell, "motif": "m0", "sample_id": "s0", "start": 1, "end": 4}
    return {
        "samples": [
            {"cell_id": cell, "sample_id": f"s{i}", "metric": "q", "value": value}
            for i, value in enumerate([0.1 + 0.2, None, -0.0, 5e-324])
        ],
        "curves": [{"cell_id": cell, "sample_id": "s0", "curve": "c", "x": 0.0, "y": None}],
        "motifs": [motif, motif | matched],
        "seqlets": [seqlet | {"strand": "+"}],
    }


def _read(folder: Path, name: str, key: tuple[str, int]) -> list[dict[str, Any]]:
    (path,) = (p for p in listed(folder) if key in {(a.cell, a.number) for a in attempts_in(p)})
    found = [piece for at, piece in pieces_of(path, name, {key}) if at == key]
    return [one for piece in found for one in piece.to_pylist()]


def test_all_that_was_added_comes_back_bit_by_bit(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path) as out:
        for cell in ("a", "b"):
            out.add(row(cell), parts(cell))
        out.add(row("none"))
    for cell in ("a", "b"):
        assert (
            _read(tmp_path, "cells", (cell, 1))
            == pa.Table.from_pylist([row(cell)], CELLS).to_pylist()
        )
        for name in PARTS:
            wanted = pa.Table.from_pylist(parts(cell)[name], TABLES[name]).to_pylist()
            assert _read(tmp_path, name, (cell, 1)) == wanted
    for name in PARTS:
        assert _read(tmp_path, name, ("none", 1)) == []


def test_an_arrow_table_is_as_good_as_rows(tmp_path: Path) -> None:
    samples = pa.Table.from_pylist(parts("a")["samples"], TABLES["samples"])
    SegmentWriter(tmp_path).add(row("a"), {"samples": samples})
    assert _read(tmp_path, "samples", ("a", 1)) == samples.to_pylist()


@pytest.mark.parametrize("name", PARTS)
def test_the_rows_of_another_cell_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected rows of cell a, got another's"):
        SegmentWriter(tmp_path).add(row("a"), {name: parts("b")[name]})
    assert listed(tmp_path) == []


def test_what_was_added_is_on_disk_at_once_in_few_files(tmp_path: Path) -> None:
    out, number = SegmentWriter(tmp_path), 2 * MERGED + 3
    for i in range(number):
        out.add(row(f"c{i}"), {"samples": parts(f"c{i}")["samples"]})
        held = Attempts.found(tmp_path).of_cells
        assert set(held) == {f"c{j}" for j in range(i + 1)}
        assert len(listed(tmp_path)) < 2 * MERGED
    assert len(listed(tmp_path)) == 2 + 3
    for i in range(number):
        assert len(_read(tmp_path, "samples", (f"c{i}", 1))) == 4


def test_merged_ones_are_merged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MERGED", 3)
    out = SegmentWriter(tmp_path)
    for i in range(27 + 3 + 1):
        out.add(row(f"c{i}"))
    sizes = sorted(len(attempts_in(path)) for path in listed(tmp_path))
    assert sizes == [1, 3, 27]


def test_one_that_is_large_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MERGED", 2)
    monkeypatch.setattr(segments, "LARGEST", 1)
    out = SegmentWriter(tmp_path)
    for i in range(8):
        out.add(row(f"c{i}"))
    assert sorted(len(attempts_in(path)) for path in listed(tmp_path)) == [2, 2, 2, 2]


def test_a_kill_between_merging_and_removing_leaves_each_attempt_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MERGED", 3)
    out = SegmentWriter(tmp_path)
    out.add(row("a"))
    out.add(row("b"))

    unlink = Path.unlink

    def killed(path: Path, **how: bool) -> None:
        if path.suffix == ".parquet":
            raise KeyboardInterrupt
        unlink(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            out.add(row("c"))
    assert len(listed(tmp_path)) == 4
    held = Attempts.found(tmp_path).of_cells
    assert {cell: len(of) for cell, of in held.items()} == {"a": 1, "b": 1, "c": 1}


def test_a_damaged_one_harms_no_other_and_is_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MERGED", 3)
    out = SegmentWriter(tmp_path)
    out.add(row("a"))
    (torn,) = listed(tmp_path)
    content = bytearray(torn.read_bytes())
    content[len(content) // 2] ^= 4
    torn.write_bytes(content)
    assert not reads(torn)
    with pytest.raises(StorageError, match="another content than its seal says"):
        attempts_in(torn)
    out.add(row("b"))
    out.add(row("c"))
    assert len(listed(tmp_path)) == 2
    held = Attempts.found(tmp_path)
    assert set(held.of_cells) == {"b", "c"}
    assert held.torn == (torn,)


def test_of_two_attempts_with_one_number_the_one_that_is_ok_counts(tmp_path: Path) -> None:
    SegmentWriter(tmp_path).add(row("a", status="ok"))
    SegmentWriter(tmp_path).add(row("a", status="oom"))
    ((place,),) = Attempts.found(tmp_path).of_cells.values()
    assert (place.number, place.status) == (1, "ok")


def test_segments_are_named_by_their_content(tmp_path: Path) -> None:
    for place in ("one", "two"):
        SegmentWriter(tmp_path / place).add(row("a"), parts("a"))
    (one,), (two,) = listed(tmp_path / "one"), listed(tmp_path / "two")
    assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())


def _write(folder: Path, writer: int, number: int) -> int:
    out = SegmentWriter(folder)
    for i in range(number):
        out.add(row(f"{writer}-{i}"), {"samples": parts(f"{writer}-{i}")["samples"]})
    return os.getpid()


def test_writers_in_several_processes_write_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        done = [pool.submit(_write, tmp_path, writer, MERGED + 2) for writer in range(2)]
        while not all(one.done() for one in done):  # a reader beside them
            held = Attempts.found(tmp_path)
            assert held.torn == ()
            for of in held.of_cells.values():
                assert len(of) == 1
        assert len({one.result() for one in done}) == 2
    held = Attempts.found(tmp_path).of_cells
    assert set(held) == {f"{writer}-{i}" for writer in range(2) for i in range(MERGED + 2)}


def test_threads_may_share_a_writer(tmp_path: Path) -> None:
    out = SegmentWriter(tmp_path)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: out.add(row(f"c{i}")), range(3 * MERGED)))
    assert set(Attempts.found(tmp_path).of_cells) == {f"c{i}" for i in range(3 * MERGED)}
    assert len(listed(tmp_path)) == 3


def test_a_folder_of_such_a_name_is_none(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path) as writer:
        writer.add(row("c1"))
    (tmp_path / "segments" / "other.parquet").mkdir()
    (found,) = listed(tmp_path)
    assert [one.cell for one in attempts_in(found)] == ["c1"]

"""Whose word a board takes for how far a bundle was checked."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from written_runs import rewrite_table, write_run

from gxarena.errors import InputError
from gxarena.files import file_digest
from gxarena.results.attestation import (
    ABSOLUTE,
    RELATIVE,
    Attestation,
    attestation,
    checked_by,
    drawn,
    place_beside,
    read_attestation,
    write_attestation,
)
from gxarena.results.boards import Board, boards_of
from gxarena.results.bundle import SUMS, opened, write_bundle
from gxarena.results.reading import RunResults

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0, 0.0))


CARD = {"by": "Those who ran it", "summary": "x", "licence": "MIT", "install": "pip install x"}


def _bundled(run: Path, place: Path, card: dict[str, str] | None) -> Path:
    """The bundle of a run, with or without a card."""
    file = run.with_name("card.json")
    file.write_text(json.dumps(card))
    write_bundle(RunResults.of(run), place, {} if card is None else {"card.json": file})
    return place


@pytest.fixture(params=["theirs.zip", "theirs"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    run = write_run(tmp_path / "run" / "theirs", {"a": LOW, "random": NONE})
    return _bundled(run, tmp_path / str(request.param), CARD)


def _attestation(
    bundle: Path, *, recomputed: bool = False, replays: int = 0, by: str = "A lab", **changes: Any
) -> Attestation:
    """What was found of the bundle; of all its cells what was made again whole, where asked for."""
    with opened(bundle) as run:
        cells, digest = run.last_rows(), file_digest(run.path / SUMS)
        again = {row["cell_id"]: [""] for row in cells if row["status"] == "ok"}
        made = attestation(
            digest, by, version="0.1.0", today=date(2026, 1, 2), seed=7,
            recomputed=again if recomputed else {}, sequences={} if recomputed else {"d": 8},
            replayed=[row["cell_id"] for row in drawn(cells, replays, 7, digest)],
        )  # fmt: skip
    return Attestation.model_validate(made.model_dump() | changes)


def _levels(board: Board) -> dict[str, str]:
    return {row["explainer"]: row["verification"] for row in board.table.to_pylist()}


def test_the_name_is_the_bundles() -> None:
    assert place_beside(Path("x/b.c.zip")) == Path("x/b.c.verified.json")
    assert place_beside(Path("x/folder")) == Path("x/folder.verified.json")


def test_a_row_is_recomputed_where_each_of_its_values_was_made_again(bundle: Path) -> None:
    (board,) = boards_of([bundle])
    assert set(_levels(board).values()) == {"self-reported"}
    assert board.notes == ()
    write_attestation(place_beside(bundle), _attestation(bundle))
    (board,) = boards_of([bundle])
    assert _levels(board) == {"a": "self-reported", "random": "self-reported"}
    assert board.notes == (
        f"{bundle}: verified by A lab, on 2026-01-02 with gxarena 0.1.0: 0 of 2 quantities of "
        "cells were made again on every sequence; 8 of 24 sequences of each explanation were made "
        "again, by metrics that need no model "
        "(theirs.verified.json).",
    )
    write_attestation(place_beside(bundle), _attestation(bundle, recomputed=True))
    (board,) = boards_of([bundle])
    assert _levels(board) == {"a": "recomputed", "random": "recomputed"}
    assert board.notes[0].endswith(": 2 of 2 quantities of cells were made again on every sequence "
                                   "(theirs.verified.json).")  # fmt: skip


def test_a_row_is_replayed_where_its_cell_was_drawn(bundle: Path) -> None:
    write_attestation(place_beside(bundle), _attestation(bundle, recomputed=True, replays=1))
    with opened(bundle) as run:
        ((drawn_one,), found) = (
            drawn(run.last_rows(), 1, 7, file_digest(run.path / SUMS)),
            run.last_rows(),
        )
    (board,) = boards_of([bundle])
    assert _levels(board) == {
        row["explainer"]: "replayed" if row == drawn_one else "recomputed" for row in found
    }
    assert board.notes[0].endswith(
        "; 1 of 2 cells, drawn by seed 7, were run again and agree, up to 0.0001 of each value or "
        "1e-06 (theirs.verified.json)."
    )


def test_of_a_cell_each_quantity_has_its_own_level(tmp_path: Path) -> None:
    """Those of faithfulness follow from curves, how long its units are does not."""
    two = json.dumps({"": {"better": "higher"}, "size": {"better": "none"}})
    run = write_run(tmp_path / "run", {"a": LOW}, quantities=two)
    samples = RunResults.of(run).table("samples")
    more = samples.set_column(
        samples.schema.get_field_index("metric"),
        samples.schema.field("metric"),
        pa.array(["q.size"] * len(samples), samples.schema.field("metric").type),
    )
    rewrite_table(run / "samples.parquet", pa.concat_tables([samples, more]))
    bundle = _bundled(run, tmp_path / "b.zip", CARD)
    write_attestation(place_beside(bundle), _attestation(bundle, recomputed=True))
    (board,) = boards_of([bundle])
    found = {row["metric"]: row["verification"] for row in board.table.to_pylist()}
    assert found == {"q": "recomputed", "q.size": "self-reported"}
    assert "1 of 2 quantities of cells were made again on every sequence" in board.notes[0]


@pytest.mark.parametrize(
    ("maker", "by", "why"),
    [
        ("Those who ran it", "those, who ran it", "this is said by those whose run it is"),
        ("A lab", "A Lab, whose run it is", "this is said by those whose run it is"),
        ("A lab of many", "a lab", "this is said by those whose run it is"),
        (None, "A lab", "no card says whose run it is"),
        ("A labour", "A lab", ""),
    ],
)
def test_whose_run_it_is_replays_nothing(
    maker: str | None, by: str, why: str, tmp_path: Path
) -> None:
    """What anybody can make again from the bundle counts, whoever says it."""
    run = write_run(tmp_path / "run" / "r", {"a": LOW, "random": NONE})
    bundle = _bundled(run, tmp_path / "b.zip", None if maker is None else CARD | {"by": maker})
    write_attestation(place_beside(bundle), _attestation(bundle, recomputed=True, replays=2, by=by))
    (board,) = boards_of([bundle])
    assert set(_levels(board).values()) == {"recomputed" if why else "replayed"}
    assert (f"; {why}, so that no row is replayed (" in board.notes[0]) == bool(why)
    assert ("so that no row is replayed" in board.notes[0]) == bool(why)


def test_between_floor_and_ceiling_a_row_is_as_checked_as_these(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run" / "r", {"a": LOW, "random": NONE, "oracle": [2 * v for v in HIGH]}
    )
    bundle = _bundled(run, tmp_path / "b.zip", CARD)
    made = _attestation(bundle, recomputed=True)
    with opened(bundle) as opened_one:
        (floor,) = (r["cell_id"] for r in opened_one.last_rows() if r["explainer"] == "random")
    (group,) = made.model_dump()["recomputed"]
    group["cells"].remove(floor)
    write_attestation(
        place_beside(bundle), Attestation(**made.model_dump() | {"recomputed": [group]})
    )
    (board,) = boards_of([bundle])
    found = {(r["explainer"], r["metric"]): r["verification"] for r in board.table.to_pylist()}
    assert found["a", "q"] == "recomputed"
    assert found["a", "q.normalised"] == "self-reported"


def test_of_two_runs_each_row_has_its_own(bundle: Path, tmp_path: Path) -> None:
    """Also where the later one holds a cell that failed in the bundle."""
    write_attestation(place_beside(bundle), _attestation(bundle, replays=2))
    mine = write_run(tmp_path / "mine", {"b": HIGH, "random": NONE})
    for order, whose in (([bundle, mine], "replayed"), ([mine, bundle], "self-reported")):
        (board,) = boards_of(order)
        assert _levels(board) == {"a": "replayed", "b": "self-reported", "random": whose}


def test_who_outdoes_a_checked_cell_is_not_checked(tmp_path: Path) -> None:
    for name, status in (("one", {"a": "error"}), ("two", "ok")):
        run = write_run(tmp_path / name / "run", {"a": LOW, "random": NONE}, status=status)
        _bundled(run, tmp_path / f"{name}.zip", CARD)
    one, two = (tmp_path / f"{name}.zip" for name in ("one", "two"))
    write_attestation(place_beside(one), _attestation(one, replays=2))
    (board,) = boards_of([one, two])  # whose cells have the same ids
    assert _levels(board) == {"a": "self-reported", "random": "replayed"}


def test_replicates_are_checked_where_all_are(tmp_path: Path) -> None:
    for i in range(2):
        run = write_run(
            tmp_path / f"run-{i}", {"a": LOW}, model_replicate=i, model_weights_digest=str(i) * 32
        )
        _bundled(run, tmp_path / f"{i}.zip", CARD)
    bundles = [tmp_path / "0.zip", tmp_path / "1.zip"]
    for bundle, replays in zip(bundles, (1, 0), strict=True):
        made = _attestation(bundle, recomputed=True, replays=replays)
        write_attestation(place_beside(bundle), made)
    (board,) = boards_of(bundles)
    assert _levels(board) == {"a": "recomputed"}


def _said(bundle: Path) -> str:
    (board,) = boards_of([bundle])
    assert set(_levels(board).values()) == {"self-reported"}
    return " ".join(board.notes)


REPLAY = "expected seed, cells and tolerance of a replay"
OF_CELL = [{"cells": ["x"], "quantities": ["y"]}]
WRONG = {
    "of another bundle": ({"bundle": "0" * 64}, "expected the digest of .*, got 00000000…"),
    "of other cells": ({"replayed": ["x"]}, "expected the 1 cells of .* that the seed 7 draws"),
    "of another seed": ({"seed": "another"}, r"expected the 1 cells of .* that the seed \d+ draws"),
    "of nothing": ({"replayed": [], "sequences": {}}, "expected what was checked, got nothing"),
    "without a seed": ({"seed": None}, REPLAY),
    "of other columns": ({"recomputed": OF_CELL}, "expected quantities of cells of .* 'y' of 'x'"),
    "of more sequences": ({"sequences": {"d": 25}}, "at most those of .*, 24, got 25 of 'd'"),
    "of other sequences": ({"sequences": {"e": 1}}, "at most those of .*, 0, got 1 of 'e'"),
    "up to anything": ({"relative": 1e9}, "relative: expected at most 0.0001, got 1e"),
    "up to something": ({"absolute": 2e-6}, "absolute: expected at most 1e-06, got 2e-06"),
    "up to no number": ({"absolute": float("nan")}, "absolute: expected"),
    "on no day": ({"on": "2026-99-99"}, "on: expected a day, got '2026-99-99'"),
    "of tomorrow": ({"on": "9999-01-01"}, "on: expected a day up to 2.*, got 9999-01-01"),
    "of nobody": ({"by": " "}, "by: expected"),
    "of a terminal": ({"by": "\x1b[2J"}, "by: expected .*one line of text"),
    "with more": ({"trust": "me"}, "trust: unknown key"),
}


@pytest.mark.parametrize(("changes", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_not_of_the_bundle_counts_for_nothing(
    changes: dict[str, Any], reason: str, bundle: Path
) -> None:
    place = place_beside(bundle)
    right = _attestation(bundle, replays=1)
    assert (right.relative, right.absolute) == (RELATIVE, ABSOLUTE)
    if changes.get("seed") == "another":
        with opened(bundle) as run:
            cells = run.last_rows()
            drawn_by = (
                (seed, [row["cell_id"] for row in drawn(cells, 1, seed, right.bundle)])
                for seed in range(1000)
            )
            changes = {"seed": next(seed for seed, ids in drawn_by if ids != right.replayed)}
    place.write_text(json.dumps(right.model_dump() | changes))
    said = _said(bundle)
    assert re.search(reason, said), said
    assert said.endswith(f" So {place} counts for nothing.")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, " " * (1 << 20) + "{}"])
def test_what_is_no_attestation_counts_for_nothing(text: str, bundle: Path) -> None:
    place_beside(bundle).write_text(text)
    assert _said(bundle).endswith("counts for nothing.")
    with pytest.raises(InputError):
        read_attestation(place_beside(bundle))


def test_one_inside_a_bundle_is_ignored_and_said(bundle: Path) -> None:
    """Whoever makes a bundle can write what they like into it."""
    text = json.dumps(_attestation(bundle).model_dump())
    name = place_beside(bundle).name
    if bundle.is_dir():
        (bundle / name).write_text(text)
    else:
        with zipfile.ZipFile(bundle, "a") as archive:
            archive.writestr(name, text)
    assert _said(bundle) == (
        f"{bundle} holds {name}, which counts for nothing: nobody attests their own bundle."
    )


@pytest.mark.parametrize(
    "name", ["../theirs.verified.json", "/x.verified.json", "x/y.verified.json"]
)
def test_no_attestation_leads_out_of_a_zip(name: str, tmp_path: Path) -> None:
    _bundled(write_run(tmp_path / "run", {"a": LOW}), tmp_path / "b.zip", None)
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(InputError, match="expected no files but"), opened(tmp_path / "b.zip"):
        pass


def test_what_nobody_checked_is_not_attested(bundle: Path) -> None:
    with pytest.raises(InputError, match="got one of which nothing was made again"):
        attestation(
            "0" * 64, "A lab", version="0.1.0", today=date(2026, 1, 2), seed=7,
            recomputed={}, sequences={}, replayed=[],
        )  # fmt: skip


def test_the_bundle_that_ships_is_checked_by_those_whose_run_it_is() -> None:
    shipped = Path(__file__).parents[2] / "leaderboard" / "quickstart.zip"
    with opened(shipped) as run:
        levels, (note,) = checked_by(shipped, run)
        said = read_attestation(place_beside(shipped))
        rows = {row["cell_id"]: row for row in run.last_rows()}
    assert len(said.replayed) == 5
    assert f"{shipped}: verified by the gxarena authors, whose run it is, on 2026-" in note
    assert "; 8 of 100 sequences of each explanation were made again, by metrics that " in note
    assert "; 5 of 230 cells, drawn by seed " in note
    assert "this is said by those whose run it is, so that no row is replayed" in note
    for cell, found in levels.items():
        curves = rows[cell]["metric_component"] == "faithfulness"
        assert ("recomputed" in found.values()) == curves
        assert {*found.values()} <= {"recomputed", "self-reported"}

"""Whose word a board takes for how far a bundle was checked."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.files import file_digest
from gxarena.results.attestation import (
    Attestation,
    attestation,
    level_of,
    place_beside,
    read_attestation,
    write_attestation,
)
from gxarena.results.boards import Board, boards_of
from gxarena.results.bundle import SUMS, opened, write_bundle
from gxarena.results.reading import RunResults
from gxarena.submissions.replay import drawn

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0, 0.0))


@pytest.fixture(params=["theirs.zip", "theirs"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    run = RunResults.of(write_run(tmp_path / "run" / "theirs", {"a": LOW, "random": NONE}))
    write_bundle(run, tmp_path / request.param)
    return tmp_path / str(request.param)


def _attestation(bundle: Path, level: str = "replayed", **changes: Any) -> Attestation:
    with opened(bundle) as run:
        made = attestation(
            file_digest(run.path / SUMS), level, "A lab", version="0.1.0", today=date(2026, 1, 2),
            seed=7, replayed=run.record.cells, tolerance=(1e-4, 1e-6),
        )  # fmt: skip
    return Attestation.model_validate(made.model_dump() | changes)


def _levels(board: Board) -> dict[str, str]:
    return {row["explainer"]: row["verification"] for row in board.table.to_pylist()}


def test_the_name_is_the_bundles() -> None:
    assert place_beside(Path("x/b.c.zip")) == Path("x/b.c.verified.json")
    assert place_beside(Path("x/folder")) == Path("x/folder.verified.json")


def test_a_board_takes_the_level_from_beside_the_bundle(bundle: Path) -> None:
    (board,) = boards_of([bundle])
    assert set(_levels(board).values()) == {"self-reported"}
    assert board.notes == ()
    write_attestation(place_beside(bundle), _attestation(bundle))
    (board,) = boards_of([bundle])
    assert _levels(board) == {"a": "replayed", "random": "replayed"}
    assert board.notes == (
        f"{bundle}: replayed by A lab, on 2026-01-02 with gxarena 0.1.0; 2 cells that the seed 7 "
        "drew came out the same, up to 0.0001 of each value or 1e-06 (theirs.verified.json).",
    )
    write_attestation(place_beside(bundle), _attestation(bundle, "recomputed"))
    (board,) = boards_of([bundle])
    assert _levels(board) == {"a": "recomputed", "random": "recomputed"}
    assert board.notes[0].endswith("recomputed by A lab, on 2026-01-02 with gxarena 0.1.0 "
                                   "(theirs.verified.json).")  # fmt: skip


def test_of_two_runs_each_row_has_its_own(bundle: Path, tmp_path: Path) -> None:
    """Also where the later one holds a cell that failed in the bundle."""
    write_attestation(place_beside(bundle), _attestation(bundle))
    mine = write_run(tmp_path / "mine", {"b": HIGH, "random": NONE})
    for order, whose in (([bundle, mine], "replayed"), ([mine, bundle], "self-reported")):
        (board,) = boards_of(order)
        assert _levels(board) == {"a": "replayed", "b": "self-reported", "random": whose}


def test_who_outdoes_a_checked_cell_is_not_checked(tmp_path: Path) -> None:
    for name, status in (("one", {"a": "error"}), ("two", "ok")):
        run = write_run(tmp_path / name / "run", {"a": LOW, "random": NONE}, status=status)
        write_bundle(RunResults.of(run), tmp_path / f"{name}.zip")
    one, two = (tmp_path / f"{name}.zip" for name in ("one", "two"))
    write_attestation(place_beside(one), _attestation(one))
    (board,) = boards_of([one, two])  # whose cells have the same ids
    assert _levels(board) == {"a": "self-reported", "random": "replayed"}


def test_replicates_are_checked_where_all_are(tmp_path: Path) -> None:
    for i in range(2):
        run = write_run(
            tmp_path / f"run-{i}", {"a": LOW}, model_replicate=i, model_weights_digest=str(i) * 32
        )
        write_bundle(RunResults.of(run), tmp_path / f"{i}.zip")
    bundles = [tmp_path / "0.zip", tmp_path / "1.zip"]
    for bundle, level in zip(bundles, ("replayed", "recomputed"), strict=True):
        write_attestation(place_beside(bundle), _attestation(bundle, level))
    (board,) = boards_of(bundles)
    assert _levels(board) == {"a": "recomputed"}


def _said(bundle: Path) -> str:
    (board,) = boards_of([bundle])
    assert set(_levels(board).values()) == {"self-reported"}
    return " ".join(board.notes)


WRONG = {
    "of another bundle": ({"bundle": "0" * 64}, "expected the digest of .*, got 00000000…"),
    "of other cells": ({"replayed": ["x"]}, "expected cells of .*, got 'x'"),
    "without cells": ({"replayed": []}, "expected seed, cells and tolerance of a replay"),
    "without a seed": ({"seed": None}, "expected seed, cells and tolerance of a replay"),
    "of a level that is none": ({"level": "certified"}, "level: expected"),
    "of a terminal": ({"by": "\x1b[2J"}, "by: expected .*one line of text"),
    "with more": ({"trust": "me"}, "trust: unknown key"),
}


@pytest.mark.parametrize(("changes", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_not_of_the_bundle_counts_for_nothing(
    changes: dict[str, Any], reason: str, bundle: Path
) -> None:
    place = place_beside(bundle)
    place.write_text(json.dumps(_attestation(bundle).model_dump() | changes))
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
    run = RunResults.of(write_run(tmp_path / "run", {"a": LOW}))
    write_bundle(run, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(InputError, match="expected no files but"), opened(tmp_path / "b.zip"):
        pass


def test_what_nobody_checked_is_not_attested(bundle: Path) -> None:
    with pytest.raises(InputError, match="got one whose level stays self-reported"):
        _attestation(bundle, "self-reported")


def test_the_bundle_that_ships_is_replayed_by_somebody_who_is_named() -> None:
    shipped = Path(__file__).parents[2] / "leaderboard" / "quickstart.zip"
    with opened(shipped) as run:
        level, (note,) = level_of(shipped, run)
        said = read_attestation(place_beside(shipped))
        assert said.replayed == [
            row["cell_id"] for row in drawn(run.last_rows(), 5, said.seed or 0, said.bundle)
        ]
    assert level == "replayed"
    assert f"{shipped}: replayed by the gxarena authors, whose run it is, on 2026-" in note

"""`gxarena submit` and `verify`, as somebody who is sent a bundle, and a CI, use it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from altered_bundles import rewrite, sign
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.results.attestation import read_attestation
from gxarena.results.boards import boards_of
from gxarena.results.bundle import EXTRAS, MEMBERS, SUMS, opened
from gxarena.results.schemas import TABLES

SHIPPED = Path(__file__).parents[2] / "leaderboard" / "quickstart.zip"


def _verify(*arguments: object, code: int) -> str:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_bundle_that_ships_holds() -> None:
    said = json.loads(_verify(SHIPPED, "--json", code=0))
    assert (said["holds"], said["findings"]) == (True, [])
    assert said["levels"] == {"self-reported": 562, "recomputed": 4680, "replayed": 0}
    assert said["checked"].endswith(
        "; 8 of 100 sequences of each explanation were made again, by metrics that need no model"
    )
    with opened(SHIPPED) as run:
        assert said["counts"]["cells"] == len(run.record.cells) > 100
    assert len(said["digest"]) == 64


def _unpacked(folder: Path) -> Path:
    """The bundle that ships, as a folder whose files can be changed."""
    folder.mkdir()
    with opened(SHIPPED) as run:
        for name in (*MEMBERS, *EXTRAS, SUMS):
            shutil.copy(run.path / name, folder)
    return folder


def test_one_that_does_not_hold_is_said_and_has_a_status(tmp_path: Path) -> None:
    folder = _unpacked(tmp_path / "b")
    assert (
        f"{folder}: holds; 4680 of 5242 quantities of cells were made again on every sequence; "
        in " ".join(_verify(folder, code=0).split())
    )
    assert set(TABLES) <= {path.stem for path in folder.iterdir()}
    rewrite(folder, "samples", lambda rows: [rows[0] | {"value": 9.0}, *rows[1:]])
    said = _verify(folder, code=1)
    assert "what its curves come to, got 9.\n" in said
    assert f"{folder}: does not hold (" in said
    (one, *_) = json.loads(_verify(folder, "--json", code=1))["findings"]
    assert one["check"] == "curves"


def test_what_cannot_be_run_again_here_is_no_refusal(tmp_path: Path) -> None:
    """A verifier without the plugin was told that the bundle does not hold."""
    folder = _unpacked(tmp_path / "b")
    record = json.loads((folder / "run.json").read_text())
    for label, alias in record["document"]["models"].items():
        alias["checkpoint"] = f"../{label}"
    (folder / "run.json").write_text(json.dumps(record))
    sign(folder)
    said = _verify(folder, "--replay", 1, "--seed", 1, code=3)
    assert "verify without --replay" in said
    assert "nothing speaks against it, but cells cannot be run again here; " in " ".join(
        said.split()
    )


@pytest.mark.slow
def test_from_a_run_to_a_bundle_that_is_replayed_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = (
        'matrix=[{datasets=["fly-promoters"], models=["cnn"], explainers=["lrp", "random"], '
        'metrics=["gini", "faithfulness-complement", "replicate_agreement"]}]'
    )
    run, bundle = tmp_path / "run", tmp_path / "mine.zip"
    made = ["run", "quickstart", "--out", run, "--limit", 4, "--set", change]
    made += ["--set", "models.cnn.replicates=2"]
    card = ["--by", "A [lab]", "--summary", "LRP", "--licence", "MIT", "--install", "pip install x"]
    for command in (made, ["submit", run, "--out", bundle, *card]):
        result = CliRunner().invoke(app, [str(word) for word in command])
        assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["submit", str(run), "--out", str(bundle), "--by", "me"])
    assert "expected all of a card or nothing, got no --summary" in str(result.exception)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shutil.rmtree(run)
    said = json.loads(_verify(bundle, "--replay", 5, "--seed", 7, "--json", code=0))
    assert (said["seed"], said["card"]["by"]) == (7, "A [lab]")
    assert said["levels"]["replayed"] > 0
    assert said["counts"]["of these the same"] == 5
    assert "drawn by the seed 7" in _verify(bundle, "--replay", 1, "--seed", 7, code=0)


def test_a_bundle_that_holds_is_attested_for_boards(tmp_path: Path) -> None:
    bundle, place = tmp_path / "theirs.zip", tmp_path / "theirs.verified.json"
    shutil.copy(SHIPPED, bundle)
    for wrong, reason in (
        (["--by", "me"], "--by: expected --attest FILE too"),
        (["--attest", place], "--attest: expected --by WHO too"),
        (["--attest", place, "--by", " "], "--attest: expected --by WHO too"),
        (["--attest", tmp_path / "x.json", "--by", "me"], "expected the name theirs.verified.json"),
    ):
        result = CliRunner().invoke(app, ["verify", str(bundle), *map(str, wrong)])
        assert reason in str(result.exception)
    _verify(bundle, "--attest", place, "--by", "A [lab]", code=0)
    assert read_attestation(place).by == "A [lab]"
    (board,) = boards_of([bundle])
    rows = board.table.to_pylist()
    levels = {row["metric"].partition(".")[0]: row["verification"] for row in rows}
    assert (levels["gini"], levels["replicate_agreement"]) == ("self-reported", "self-reported")
    (one,) = {r["verification"] for r in rows if r["metric"].endswith("mif_drop_logit@20")}
    assert one == "recomputed"
    assert "verified by A [lab], on 20" in board.notes[0]


def test_one_that_does_not_hold_is_not_attested(tmp_path: Path) -> None:
    bundle, place = tmp_path / "theirs.zip", tmp_path / "theirs.verified.json"
    torn = bytearray(SHIPPED.read_bytes())
    torn[len(torn) // 2] ^= 1
    bundle.write_bytes(torn)
    _verify(bundle, "--attest", place, "--by", "A lab", code=1)
    assert not place.exists()


def test_nothing_there_is_a_mistake(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["verify", str(tmp_path / "none.zip")])
    assert "expected a bundle, got nothing there" in str(result.exception)

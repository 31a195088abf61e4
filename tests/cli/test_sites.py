"""`gxarena site`: what it writes, says and refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner
from written_runs import write_run

from gxarena.cli.app import app
from gxarena.errors import MissingExtra


def test_a_run_becomes_a_site(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [1.0] * 24, "b": [2.0 + i for i in range(24)]})
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    done = CliRunner().invoke(app, ["site", str(run), "--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert "of 1 board). Open it in a browser." in " ".join(done.output.split())
    assert (tmp_path / "site" / "index.html").is_file()
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_no_site_in_a_run_folder(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [1.0] * 24})
    done = CliRunner().invoke(app, ["site", str(run), "--out", str(run / "site")])
    assert done.exit_code != 0
    assert "expected a place outside of runs" in str(done.exception)
    assert not (run / "site").exists()


def test_nothing_there_is_one_sentence(tmp_path: Path) -> None:
    command = ["site", str(tmp_path / "none"), "--out", str(tmp_path / "site")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code != 0
    assert "expected a board, a bundle or a run, got nothing there" in str(done.exception)
    assert not (tmp_path / "site").exists()


def test_help_teaches() -> None:
    done = CliRunner().invoke(app, ["site", "--help"], terminal_width=200)
    assert "open DIR/index.html, no server needed" in " ".join(done.output.split())


def test_what_is_not_installed_is_said_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_run(tmp_path / "run", {"a": [1.0] * 24})
    monkeypatch.setitem(sys.modules, "altair", None)
    done = CliRunner().invoke(app, ["site", str(run), "--out", str(tmp_path / "site")])
    assert isinstance(done.exception, MissingExtra)
    assert "pip install 'gxarena[site]'" in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]

"""The command line: what it prints, as people and as programs read it, and how it exits."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from gxarena.cli import app as application
from gxarena.cli.app import app
from gxarena.errors import GxarenaError, StorageError
from gxarena.registry import Registry

SUITE = """
name = "small"
summary = "toys"
target = 1
headline = ["gini"]
[datasets.mine]
path = "data.csv"
[[matrix]]
datasets = ["mine"]
models = ["toy"]
explainers = {explainers}
aggregators = ["native", "sum"]
metrics = ["gini"]
"""


@pytest.fixture
def suite(data: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A suite file beside `data`, with the toys installed."""
    monkeypatch.setattr(Registry, "load", lambda: registry)

    def write(*explainers: str) -> Path:
        path = data.parent / "small.toml"
        path.write_text(SUITE.format(explainers=json.dumps(explainers or ("exact", "random"))))
        return path

    return write


def _run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def _json(*arguments: object) -> Any:
    return json.loads(_run(*arguments, "--json"))


def _error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> str:
    """What `gxarena ARGUMENTS` says on stderr when it exits with 2, as one line."""
    monkeypatch.setattr(sys, "argv", ["gxarena", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        application.main()
    assert left.value.code == 2
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text


def test_help_and_lists_are_quick_to_import() -> None:
    for arguments in (["--help"], ["plugins", "list"], ["suites", "list"], ["plan", "--help"]):
        code = (
            "import sys; sys.argv = ['gxarena', *sys.argv[1:]]\n"
            "from gxarena.cli.app import main\n"
            "try: main()\n"
            "except SystemExit as left: assert not left.code\n"
            "heavy = {'torch', 'transformers', 'pandas', 'zennit'} & set(sys.modules)\n"
            "assert not heavy, heavy\n"
        )
        subprocess.run(
            [sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL
        )


def test_version_and_every_command_explains_itself() -> None:
    assert _run("--version").startswith("gxarena 0.")
    for command in ("plan", "run", "status", "failures", "explain", "train", "leaderboard"):
        text = _run(command, "--help")
        assert len(text.splitlines()) > 8, command


def test_the_help_of_run_leads_on() -> None:
    """To suites, replicates, where results go and what comes next; by commands that there are."""
    text = " ".join(CliRunner().invoke(app, ["run", "--help"]).stdout.split())
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"`gxarena (\w+)", text))
    assert named <= set(known)
    assert named >= {"suites", "plan", "run", "leaderboard", "failures", "report", "site", "submit"}
    for told in ("models.cnn.replicates", "Parquet", "run.json", "fewer than 20 samples"):
        assert told in text


def test_plugins_list() -> None:
    listed = _json("plugins", "list")
    found = {(c["kind"], c["name"]): c for c in listed["components"]}
    assert found["explainers", "attnlrp"]["distribution"] == "gxarena"
    assert found["models", "cnn"]["status"] == "ready"
    assert listed["broken"] == []
    assert "attnlrp" in _run("plugins", "list")
    assert _run("plugins", "list", "--broken") == ""


def test_plugins_list_says_what_is_wrong_with_a_plugin(suite: Callable[..., Path]) -> None:
    suite()
    listed = _json("plugins", "list")
    status = {found["name"]: found["status"] for found in listed["components"]}
    assert status["orphan"].startswith("broken: unknown, explainer 'orphan', requires: expected")
    assert status["exact"] == "ready"
    assert {broken["plugin"] for broken in listed["broken"]} == {"unknown:toys"}
    assert "elsewhere:magic" in _run("plugins", "list", "--broken")


def test_suites_list() -> None:
    assert {suite["name"] for suite in _json("suites", "list")} >= {"quickstart"}
    assert "quickstart" in _run("suites", "list")


def test_plan_shows_what_is_due_done_and_impossible(
    suite: Callable[..., Path], tmp_path: Path
) -> None:
    file = suite()
    planned = _json("plan", file)
    statuses = [(c["aggregator"], c["status"]) for c in planned["cells"]]
    assert sorted(set(statuses)) == [("native", "due"), ("sum", "unsupported")]
    _run("run", file, "--out", tmp_path / "run")
    again = _json("plan", file, "--out", tmp_path / "run")
    assert {c["status"] for c in again["cells"]} == {"ok", "unsupported"}
    assert "4 cells" in _run("plan", file)


def test_plan_names_replicates(suite: Callable[..., Path]) -> None:
    changes = ("--set", "models.toy.replicates=[{scale = 1.0}, {scale = 2.0}]")
    cells = _json("plan", suite("exact"), *changes)["cells"]
    found = {(c["model"], c["replicate"], c["checkpoint"]) for c in cells}
    assert found == {("toy", 0, "1.0"), ("toy", 1, "2.0")}
    assert {c["replicate"] for c in _json("plan", suite("exact"))["cells"]} == {None}
    assert "toy: 2 replicates (1.0, 2.0)." in _run("plan", suite("exact"), *changes)


def test_run_status_failures_and_leaderboard(suite: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    text = _run("run", suite(), "--out", out)
    facts = "higher is better; n = 70; one set of weights; coverage 100%"
    assert f"gini, native, mine, toy ({facts})" in " ".join(text.split())
    status = _json("status", out)
    assert (status["suite"], status["cells"]) == ("small", {"ok": 2, "unsupported": 2})
    why = "aggregator 'sum' needs to know whose tokens: say partition = MODEL in the suite"
    assert [(one["explainer"], one["why"]) for one in status["unsupported"]] == [
        ("exact", why),
        ("random", why),
    ]
    assert _json("failures", out) == []
    for command in ("status", "failures"):
        said = " ".join(_run(command, out).split())
        assert "2 cells cannot work" in said
        assert said.count("needs to know whose tokens") == 2
    board = tmp_path / "board.parquet"
    assert ", toy (" in _run("leaderboard", out, "--out", board)
    assert pq.read_table(board).equals(pq.read_table(out / "leaderboard.parquet"))
    table = tmp_path / "board.md"
    for file, rest in ((board, f"{board} has them all"), (table, "--out FILE.parquet writes them")):
        some = ["leaderboard", str(out), "--out", str(file), "--metric", "entropy"]
        said = CliRunner().invoke(app, some)
        assert "gini" not in said.stdout
        assert f"rows shown; {rest}" in said.output
    assert "gini" not in table.read_text()


def test_what_does_not_read_is_said_and_the_same_run_mends_it(
    suite: Callable[..., Path], tmp_path: Path
) -> None:
    file, out = suite(), tmp_path / "run"
    _run("run", file, "--out", out)
    samples = out / "samples.parquet"
    content = bytearray(samples.read_bytes())
    content[len(content) // 2] ^= 1
    samples.write_bytes(content)
    expected = "no samples.parquet, so that"
    said = CliRunner().invoke(app, ["status", str(out)])
    assert said.exit_code == 0
    assert expected in said.output
    with pytest.raises(StorageError, match=expected):
        CliRunner().invoke(app, ["leaderboard", str(out)], catch_exceptions=False)
    _run("run", file, "--out", out)
    assert "expected files as gxarena wrote them" not in _run("leaderboard", out)


def test_failed_cells_give_three_and_are_listed(suite: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    _run("run", suite("crash", "exact"), "--out", out, code=3)
    (failed,) = _json("failures", out)
    assert failed["error_message"] == "this explainer always fails"
    assert failed["error_type"] == "RuntimeError"
    assert "explainer always fails" in _run("failures", out)
    assert "gini" in _run("failures", out), "which metrics lack values"
    assert "Traceback" not in _run("failures", out)
    shown = _run("failures", out, "--traceback")
    assert "mine / toy / crash / gini:\n" in shown
    assert 'raise RuntimeError("this explainer always fails")' in shown


def test_interrupted_gives_130(
    suite: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_INTERRUPT", str(tmp_path))
    _run("run", suite("interrupt"), "--out", tmp_path / "run", "--engine", "inline", code=130)
    monkeypatch.setenv("TOY_INTERRUPT", str(tmp_path / "no more"))
    _run("run", suite("interrupt"), "--out", tmp_path / "run")


def test_limit_and_set_reach_the_suite(suite: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    _run("run", suite(), "--out", out, "--limit", "5", "--set", "seed=3")
    rows = pq.read_table(out / "cells.parquet").to_pylist()
    assert {(row["n_samples"], row["seed"]) for row in rows} == {(5, 3)}


def test_explain_prints_the_contracts_document(suite: Callable[..., Path], tmp_path: Path) -> None:
    suite()
    fasta = tmp_path / "two.fa"
    fasta.write_text(">one\nACGTACGT\n>two\nacc\n")
    arguments = ("explain", "--model", "toy-tokens", "--explainer", "exact", "--fasta", fasta)
    document = _json(*arguments, "--target", 1)
    assert (document["model"], document["explainer"]) == ("toy-tokens", "exact")
    one, two = document["samples"]
    assert (one["id"], two["id"], two["sequence"]) == ("one", "two", "ACC")
    assert one["units"] == [[0, 3], [3, 6], [6, 8]]
    assert one["scores"] == pytest.approx([0.75, -0.5, -0.75])
    assert one["nucleotide_scores"] == pytest.approx([0.75] * 3 + [-0.5] * 3 + [-0.75] * 2)
    assert one["special"] == {"[CLS]": 0.0}
    assert one["outputs"] == [0.0, pytest.approx(-0.5)]
    assert one["target"] == 1
    picture = tmp_path / "picture.png"
    assert "one target 1" in _run(*arguments, "--target", 1, "--plot", picture)
    assert picture.stat().st_size > 1000


@pytest.mark.parametrize(
    ("picture", "sequence", "complaint"),
    [
        ("a.txt", "ACGT", "expected .png, .svg or .pdf"),
        ("a.png", "ACGT" * 2000, "rows. Plot fewer or shorter"),
        ("nowhere/a.png", "ACGT", "expected a folder that is there"),
        ("a.png", "ACGT", "pip install 'gxarena[plot]'"),
    ],
)
def test_what_cannot_be_drawn_is_not_explained_first(
    suite: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    picture: str,
    sequence: str,
    complaint: str,
) -> None:
    suite()
    if "pip" in complaint:
        monkeypatch.setitem(sys.modules, "logomaker", None)  # as where it is not installed
    arguments = ("explain", "--model", "toy", "--explainer", "crash", "--sequence", sequence)
    command = [*arguments, "--plot", str(tmp_path / picture)]
    with pytest.raises(GxarenaError) as raised:
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert complaint in str(raised.value)  # and not that this explainer always fails


def test_explain_takes_parameters_and_explains_the_predicted_output(
    suite: Callable[..., Path],
) -> None:
    suite()
    arguments = ("explain", "--model", "toy", "--explainer", "exact", "--sequence", "aaaa")
    (sample,) = _json(*arguments, "--model-arg", "width=2", "--model-arg", "scale=3.0")["samples"]
    assert sample["units"] == [[0, 2], [2, 4]]
    assert sample["outputs"] == [0.0, 12.0]
    assert sample["target"] == 1


def test_explain_shows_scores_that_are_not_finite_without_colour(
    suite: Callable[..., Path],
) -> None:
    suite()
    assert "ACGT" in _run("explain", "--model", "toy", "--explainer", "nan", "--sequence", "ACGT")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sequence", "ACGU"], "--sequence: expected letters ACGTN, got 'U' at position 4."),
        ([], "explain: expected either --sequence or --fasta, got both or neither."),
        (
            ["--sequence", "ACGT", "--target", "2"],
            "an output of the model, 0 to 1, got 2.",
        ),
        (["--sequence", "ACGT", "--model", "tpy"], "unknown model 'tpy'. Did you mean 'toy'?"),
        (["--sequence", "ACGT", "--model-arg", "width"], "--model-arg: expected key=value"),
        (["--sequence", "ACGT", "--model-arg", "wide=1"], "models.toy: expected parameters of toy"),
        (["--sequence", "A" * 11, "--model", "toy-short"], "expected at most 10 nucleotides"),
        (
            ["--sequence", "ACGT", "--explainer", "needy"],
            "needs a model that reads one-hot nucleotides",
        ),
        (["--sequence", "ACGT", "--objective", "odds"], "objective: unknown 'odds'."),
    ],
)
def test_mistakes_are_one_sentence(
    suite: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    suite()
    basic = ["explain", "--model", "toy", "--explainer", "exact"]
    text = _error(capsys, monkeypatch, *basic, *arguments)
    assert text.startswith("error: ")
    assert sentence in text.replace("\n", " ")


def test_other_mistakes_are_one_sentence_too(
    suite: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    file = suite()
    for arguments, sentence in (
        (["plan", "quickstrat"], "unknown suite 'quickstrat'. Did you mean 'quickstart'?"),
        (
            ["run", file, "--out", tmp_path / "x", "--engine", "locl"],
            "--engine: unknown engine 'locl'. Did you mean 'local'?",
        ),
        (
            ["run", file, "--out", tmp_path / "x", "--timeout", "0"],
            "--timeout: expected a number above 0, got 0.0.",
        ),
        (
            ["run", file, "--out", tmp_path / "x", "--memory", "nan"],
            "--memory: expected a number above 0, got nan.",
        ),
        (["run", file, "--out", tmp_path], "something that is no gxarena run"),
        (["status", tmp_path], "expected the folder of a run"),
        (["train", tmp_path / "none.toml", "--out", "x"], "expected a readable TOML file"),
    ):
        assert sentence in _error(capsys, monkeypatch, *arguments).replace("\n", " ")


def test_explain_explains_a_region_of_what_the_model_reads(
    suite: Callable[..., Path], tmp_path: Path
) -> None:
    suite()
    arguments = ("explain", "--model", "toy", "--explainer", "exact", "--sequence", "GGAATT")
    (whole,) = _json(*arguments)["samples"]
    (region,) = _json(*arguments, "--region", "2-4")["samples"]
    assert "region" not in whole
    assert (region["sequence"], region["region"]) == ("GGAATT", [2, 4])
    assert region["units"] == whole["units"][2:4] == [[2, 3], [3, 4]]
    assert region["outputs"] == whole["outputs"]
    assert region["nucleotide_scores"] == whole["nucleotide_scores"][2:4]
    assert "region 2-4" in _run(*arguments, "--region", "2-4")
    picture = tmp_path / "region.svg"
    _run(*arguments, "--region", "2-4", "--plot", picture)
    assert "region 2-4" in picture.read_text()

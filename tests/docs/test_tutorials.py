"""What pages tell a reader to type, typed: in an environment and a folder of its own."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fresh import FreshEnvironment, typed

from gxarena.cli.scaffold import SUMMARIES, WITH_TORCH
from gxarena.registry import Registry
from gxarena.results.validity import Measure, why_not_ranked
from gxarena.run.suite import read_suite

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```|^ {4}(?P<command>\S[^\n]*)$", re.S | re.M)

AN_HOUR = 3600
"""Seconds that the way from an idea to the board may take whoever types these lines."""


@pytest.fixture
def fresh(tmp_path: Path) -> FreshEnvironment:
    return FreshEnvironment(tmp_path / "venv")


def follow(tutorial: str, fresh: FreshEnvironment, folder: Path) -> None:
    """Do what a tutorial says, from top to bottom."""
    text = (TUTORIALS / f"{tutorial}.md").read_text()
    where = folder
    for found in BLOCK.finditer(text):
        if found["kind"] == "python":
            (where / "cell.py").write_text(found["text"])
            fresh.run(["python", "cell.py"], where)
        elif found["kind"] == "toml":
            name = re.match(r"# (\S+\.toml)\n", found["text"])
            if name:  # else a part of a suite, which `test_blocks` reads
                (where / name[1]).write_text(found["text"])
        elif found["command"]:
            command = shlex.split(found["command"])
            if command[0] == "cd":
                where = where / command[1]
            else:
                fresh.run(command, where)


@pytest.mark.slow
def test_bench_my_explainer(fresh: FreshEnvironment, tmp_path: Path) -> None:
    follow("explainer", fresh, tmp_path)
    assert (tmp_path / "masked-pairs" / "masked-pairs.zip").is_file()
    assert "masked-pairs" in (tmp_path / "masked-pairs" / "board.md").read_text()
    for run in ("first", "mine"):
        assert ranks(tmp_path / "masked-pairs" / "runs" / run)


def ranks(run: Path) -> set[str]:
    """Who has a rank on a run's board."""
    rows = pq.read_table(run / "leaderboard.parquet").to_pylist()
    return {row["explainer"] for row in rows if row["rank"] is not None}


def test_the_bout_that_the_tutorial_shows_has_a_rival() -> None:
    """Another method beside the reader's own, on so many promoters that they can be told apart."""
    shown = [line for line in typed((TUTORIALS / "explainer.md").read_text()) if "--set" in line]
    ((_, _, _, _, _, _, change),) = shown
    suite = read_suite("quickstart", [change])
    known = Registry.load().components
    (block,) = suite.matrix
    methods = [
        name
        for name in block.explainers
        if ("explainers", name) not in known or known["explainers", name].component.role == "method"
    ]
    assert methods[0] == "masked-pairs"
    assert len(methods) > 1
    assert suite.datasets["fly-promoters"]["n"] >= 20


@pytest.mark.parametrize("tutorial", ["explainer", "data"])
def test_the_number_to_report_ranks_on_the_cnn(tutorial: str) -> None:
    """It is named in the words, shown by the suite, and no verdict stands against it."""
    text = (TUTORIALS / f"{tutorial}.md").read_text()
    suite = "quickstart"
    if tutorial == "data":
        suite = fenced(text)["my-suite.toml"]
    document = (
        read_suite(suite).metrics if suite == "quickstart" else tomllib.loads(suite)["metrics"]
    )
    said = text[text.index("number to report") :]
    ((alias, quantity),) = set(re.findall(r"(faithfulness[\w-]*)\.(\w+@\d+)", said)) or {("", "")}
    given = {"ranking": "signed"} | {k: v for k, v in document[alias].items() if k != "name"}
    cell = {
        "model_component": "cnn",
        "metric_component": "faithfulness",
        "metric_parameters": json.dumps(given),
    }
    assert why_not_ranked(Measure.of(cell, quantity)) == ""
    assert why_not_ranked(
        Measure.of(
            cell | {"metric_parameters": '{"fill": "unknown", "ranking": "signed"}'},
            "gain_logit@20",
        )
    )


@pytest.mark.slow
def test_bench_my_model(fresh: FreshEnvironment, tmp_path: Path) -> None:
    follow("model", fresh, tmp_path)
    assert "my-model" in (tmp_path / "my-model" / "board.md").read_text()


def write_data(folder: Path) -> None:
    """What a reader brings: train.csv, valid.csv and test.csv; the recipes are those of a clone."""
    shutil.copytree(ROOT / "benchmarks" / "recipes", folder / "benchmarks" / "recipes")
    letters = np.random.default_rng(0).choice(list("ACGT"), size=(120, 80))
    for split in ("train", "valid", "test"):
        rows = []
        for number, drawn in enumerate(letters):
            label = number % 2
            sequence = "".join(drawn[:36]) + ("TATAAAAG" if label else "".join(drawn[36:44]))
            rows.append(f"{sequence + ''.join(drawn[44:])},{label}")
        (folder / f"{split}.csv").write_text("sequence,label\n" + "\n".join(rows) + "\n")


@pytest.mark.slow
def test_bring_my_data(fresh: FreshEnvironment, tmp_path: Path) -> None:
    follow("data", fresh, tmp_path)
    assert (tmp_path / "my-site" / "index.html").is_file()
    rows = pq.read_table(tmp_path / "runs" / "mine" / "leaderboard.parquet").to_pylist()
    for reported in ("auprc", "faithfulness.gain_logit@20"):
        ranked = {r["explainer"] for r in rows if r["metric"] == reported and r["rank"] is not None}
        assert ranked == {"lrp", "saliency", "ism"}
    cards = [
        json.loads((tmp_path / "runs" / "my-cnn" / str(i) / "card.json").read_text())
        for i in range(3)
    ]
    for card in cards:
        auc = {name: scores["test"]["auc"] for name, scores in card["scores"].items()}
        # "Nearly as much as k-mers, and far more than GC content."
        assert auc["gc"] + 0.2 < 0.98 < auc["model"]
        assert auc["kmer"] - auc["model"] < 0.02
        assert card["scores"]["model"]["test"]["accuracy"] > 0.95
        assert "Drosophila" not in json.dumps(card)


def readme(chapter: str) -> str:
    """A chapter of the README."""
    (found,) = re.findall(
        rf"^## {re.escape(chapter)}\n(.*?)^## ", (ROOT / "README.md").read_text(), re.M | re.S
    )
    return found  # type: ignore[no-any-return]


def fenced(text: str) -> dict[str, str]:
    """Fenced blocks that begin with the name of a file, by that name."""
    found = re.findall(r"^```\w+\n(# (\S+)\n.*?)^```", text, re.M | re.S)
    return {name: block for block, name in found}


@pytest.mark.slow
def test_the_readmes_own_data_and_model(fresh: FreshEnvironment, tmp_path: Path) -> None:
    write_data(tmp_path)
    chapter = readme("Your own data and model")
    (tmp_path / "my-suite.toml").write_text(fenced(chapter)["my-suite.toml"])
    test = (tmp_path / "test.csv").read_bytes()
    (tmp_path / "test.csv.gz").write_bytes(gzip.compress(test))
    (tmp_path / "sequences.fa").write_text(
        ">one\n" + test.split()[1].split(b",")[0].decode() + "\n"
    )
    fresh.follow(typed(chapter), tmp_path, {"train": ["--set", "settings.epochs=2"]})
    assert (tmp_path / "explanations.png").is_file()
    rows = pq.read_table(tmp_path / "runs" / "mine" / "leaderboard.parquet").to_pylist()
    assert {row["explainer"] for row in rows} == {"lrp", "random"}


@pytest.mark.slow
def test_submit_the_readmes_explainer(fresh: FreshEnvironment, tmp_path: Path) -> None:
    """docs/submit.md, steps 2 to 4, with the README's package, on a few sequences."""
    package = tmp_path / "package"
    package.mkdir()
    for name, block in fenced(readme("Your own explainer in 20 lines")).items():
        (package / name).write_text(block)
    fresh.run(["pip", "install", "./package"], tmp_path)
    page = (ROOT / "docs" / "submit.md").read_text()
    steps = list(typed(page[: page.index("\n## ")]))
    assert [words[1] for words in steps] == ["run", "submit", "verify", "verify"]
    fresh.follow(steps, tmp_path, {"run": ["--limit", "3"], "submit": ["--attributions", "3"]})
    told = json.loads(fresh.run(["gxarena", "verify", "my-method.zip", "--json"], tmp_path))
    assert told["holds"]
    assert told["levels"]["recomputed"] > 0


KINDS = [(kind, False) for kind in SUMMARIES] + [(kind, True) for kind in WITH_TORCH]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "torch"), KINDS)
def test_from_new_to_a_verified_bundle(
    kind: str,
    torch: bool,
    fresh: FreshEnvironment,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The first lines of docs/plugins.md, for each kind of component and with torch."""
    page = (ROOT / "docs" / "plugins.md").read_text()
    commands = list(typed(page[: page.index("\n## ")]))
    verbs = ["new", "cd", "pip", "pytest", "plugins", "run", "leaderboard", "submit", "verify"]
    assert [line[1] if line[0] == "gxarena" else line[0] for line in commands] == verbs
    written = [[word.replace("explainer", kind) for word in line] for line in commands]
    folder = fresh.follow([written[0] + ["--torch"] * torch, *written[1:]], tmp_path)
    for command, seconds in fresh.seconds.items():
        record_property(command, round(seconds, 1))
    print("\n".join(f"{seconds:6.1f} s  {command}" for command, seconds in fresh.seconds.items()))
    assert sum(fresh.seconds.values()) < AN_HOUR

    name = f"my-{kind}"
    listed = json.loads(fresh.run(["gxarena", "plugins", "list", "--json"], folder))
    assert listed["broken"] == []
    (mine,) = [one for one in listed["components"] if one["name"] == name]
    assert (mine["distribution"], mine["status"]) == (name, "ready")
    assert name in (folder / "board.md").read_text()
    assert ranks(folder / "runs" / "first")
    checked = json.loads(fresh.run(["gxarena", "verify", f"{name}.zip", "--json"], folder))
    assert checked["holds"]
    assert checked["counts"]["cells"] > 0

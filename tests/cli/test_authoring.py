"""`gxarena new` and `gxarena plugins check`: a package that works at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from entry_points import entry_point
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.cli.scaffold import BUNDLED_LENGTH, SUMMARIES, TEMPLATES, WITH_TORCH, Scaffold
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.results.patterns import unmatched
from gxarena.run.choices import create, facts, resolved_parameters
from gxarena.run.plan import Plan, make_plan
from gxarena.run.suite import Suite, read_suite
from gxarena.testing import check_component, parametrize_with_checks

ENOUGH = 20
"""Sequences, with fewer of which a board ranks nobody."""

KINDS = [(kind, False) for kind in SUMMARIES] + [(kind, True) for kind in WITH_TORCH]


SHORT = 110
"""Nucleotides of a network that reads less than the data have, and no multiple of its pooling."""


@pytest.mark.parametrize(
    ("kind", "torch", "length"),
    [(kind, torch, BUNDLED_LENGTH) for kind, torch in KINDS] + [("model", True, SHORT)],
)
def test_a_new_package_is_whole(
    kind: str, torch: bool, length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "new-short" if length == SHORT else f"new-{kind}{'-torch' if torch else ''}"
    scaffold = Scaffold(kind, name, torch, length)
    folder = scaffold.write(tmp_path)
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert written == set(scaffold.files)
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["gxarena"] == {"main": f"{scaffold.package}.plugin"}
    assert project["tool"]["setuptools"]["packages"]["find"] == {"where": ["src"]}
    for path in folder.rglob("*"):
        readable = path.is_file() and path.suffix != ".safetensors"
        text = path.read_text().replace("${{", "") if readable else ""
        assert not {"{{", "{%"} & set(text.split())
    lint = ["check", "--isolated", "--select", "E,F,I,UP,B,W", "--line-length", "100"]
    form = ["format", "--isolated", "--check", "--line-length", "100"]
    for command in (lint, form):
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(folder)], check=True, cwd=folder
        )
    _tests_run_uninstalled(folder)
    monkeypatch.syspath_prepend(str(folder / "src"))
    registry = Registry.load(
        [*metadata.entry_points(group="gxarena"), entry_point("new", f"{scaffold.package}.plugin")]
    )
    assert not registry.broken
    suite = read_suite(str(folder / "suite.toml"))
    plan = make_plan(suite, registry, folder=folder)
    assert plan.cells
    assert {len(one.samples) for one in plan.datasets.values()} == {20}  # fewer have no intervals
    assert not unmatched(suite.headline, _metrics(plan))
    if kind == "explainer":
        assert {cell.explainer for cell in plan.cells} == {name, "lrp", "random"}
    if kind == "model" and not torch:  # one of 200 nucleotides
        assert {len(s.sequence) for s in plan.datasets["fly-200"].samples} == {200}
    if length == SHORT:
        assert_it_reads_ends(plan, name)
    assert not any(cell.unsupported for cell in plan.cells)
    assert_it_can_rank(suite, registry)
    outcomes = list(check_component(registry, name, kind=f"{kind}s", slow=False))
    assert {one.status for one in outcomes} <= {"passed", "skipped"}, outcomes
    assert sum(one.status == "passed" for one in outcomes) >= len(outcomes) // 2


def assert_it_reads_ends(plan: Plan, name: str) -> None:
    """Network, facts and suite agree, and what is read is the end, which is a promoter's own."""
    cut, whole = plan.datasets[f"fly-{SHORT}"], open_dataset("fly-promoters:test")
    ends = {one.sequence[-SHORT:] for one in whole.samples}
    assert {len(one.sequence) for one in cut.samples} == {SHORT}
    assert {one.sequence for one in cut.samples} <= ends
    choice = plan.choice("models", name)
    assert facts(choice.found, {}).max_length == SHORT
    # Of weights that the package brings no path of this machine is told.
    assert resolved_parameters(choice, plan.registry)["checkpoint"] is None


def assert_it_can_rank(suite: Suite, registry: Registry) -> None:
    """Whether there are two who compete, and enough sequences to tell them apart."""
    for block in suite.matrix:
        names = [suite.explainers.get(one, {}).get("name", one) for one in block.explainers]
        roles = [registry.get("explainers", name).role for name in names]
        assert roles.count("method") > 1
        for dataset in block.datasets:
            assert suite.datasets.get(dataset, {}).get("n", ENOUGH) >= ENOUGH


def _tests_run_uninstalled(folder: Path) -> None:
    """Its own tests pass before anything is installed; those of conformance say what to do."""
    package = folder.name.replace("-", "_")
    assert " passed in " in _pytest(folder, f"tests/test_{package}.py")


def _pytest(folder: Path, *arguments: str, path: str = "") -> str:
    """What pytest prints in a folder, with more on Python's search path; it must pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | ({"PYTHONPATH": path} if path else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


OWN = """
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.mine, self.flatten = nn.Sequential(nn.Conv1d(4, 2, 3), nn.AvgPool1d(198)), nn.Flatten()

    def forward(self, one_hot):
        return self.flatten(self.mine(one_hot))
"""
SAVING = """
import sys
import torch
from a_wrapper.network import Network

state = Network().state_dict()
torch.save(state, "whole.pt")
torch.save({name.removeprefix("mine."): one for name, one in state.items()}, "wrapped.pt")
torch.save({"model": state}, "nested.pt")
torch.save(state | {"mine.0.bias": torch.zeros(3)}, "size.pt")
torch.save(Network(), "pickled.pt")
"""


def test_weights_are_taken_or_it_is_said_where_they_are_not_the_networks(tmp_path: Path) -> None:
    folder = Scaffold("model", "a-wrapper", torch=True, input_length=200).write(tmp_path)
    (folder / "src/a_wrapper/network.py").write_text(OWN)
    (folder / "odd.pt").write_text("junk")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("-c", SAVING).returncode == 0
    for name in ("whole", "wrapped"):
        written = folder / f"{name}.safetensors"
        done = run("make_weights.py", "--from", f"{name}.pt", "--out", written.name)
        assert done.returncode == 0, done.stderr
        assert written.read_bytes() == (folder / "whole.safetensors").read_bytes()
    for name, complaint in (
        ("nested", "got others, lacking: 'mine.0.weight', 'mine.0.bias'; unknown: 'model'. Make"),
        ("size", "got others, of another size: 'mine.0.bias' (3,) for (2,). Make"),
        ("pickled", "writes, got UnpicklingError: "),
        ("odd", "writes, got "),
        ("absent", "writes, got FileNotFoundError: "),
    ):
        done = run("make_weights.py", "--from", f"{name}.pt")
        assert done.returncode == 1
        assert done.stderr.startswith(f"{name}.pt: expected what torch.save(")
        assert complaint in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("kind", "torch"), KINDS)
def test_what_the_example_is_stands_in_two_files(kind: str, torch: bool, tmp_path: Path) -> None:
    """Whoever replaces the example forgot the others: "gradient times input" stood in five."""
    scaffold = Scaffold(kind, f"my-{kind}", torch)
    folder = scaffold.write(tmp_path)
    example = (WITH_TORCH if torch else SUMMARIES)[kind]
    said = {
        path.name
        for path in folder.rglob("*")
        if path.suffix in {".py", ".toml", ".md"} and example in path.read_text().lower()
    }
    assert said <= {"plugin.py", f"{kind}.py"}
    assert "plugin.py" in said


def test_packages_side_by_side_are_tested_together(tmp_path: Path) -> None:
    """pytest takes no two modules of one name from folders that are no packages."""
    for kind, name in (("metric", "one-metric"), ("aggregator", "one-aggregator")):
        Scaffold(kind, name).write(tmp_path)
    path = os.pathsep.join(str(one / "src") for one in tmp_path.iterdir())
    assert "2 passed" in _pytest(tmp_path, "--ignore-glob=*conformance*", path=path)


def _metrics(plan: Plan) -> list[str]:
    """What a board of the plan calls its metrics."""
    names = {cell.metric for cell in plan.cells}
    made = {name: create(plan.registry, plan.choice("metrics", name)) for name in names}
    return [
        ".".join(filter(None, (name, key))) for name, one in made.items() for key in one.quantities
    ]


def test_a_package_that_is_not_installed_is_said_to_be() -> None:
    with pytest.raises(InputError, match=r"install a package of your own first, by pip install -e"):
        parametrize_with_checks("not-installed", kind="models")


def test_every_template_is_used() -> None:
    used = {t for kind, torch in KINDS for t in Scaffold(kind, "a-new-one", torch).files.values()}
    there = {p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*") if p.is_file()}
    assert used == there


@pytest.mark.parametrize(
    ("kind", "name", "torch", "complaint"),
    [
        ("explainr", "mine", False, "unknown 'explainr'. Did you mean 'explainer'?"),
        ("model", "Mine", False, "expected lower-case letters"),
        ("model", "class", False, "expected lower-case letters"),
        ("model", "../mine", False, "expected lower-case letters"),
        ("model", "mine-", False, "a letter or digit last, got 'mine-'"),  # no project's name
        ("model", "json", False, "whose package would hide 'json'"),
        ("model", "typing-extensions", False, "which pip would replace"),
        ("metric", "mine", True, "--torch: expected an explainer or a model, got 'metric'"),
    ],
)
def test_what_cannot_be_is_said(kind: str, name: str, torch: bool, complaint: str) -> None:
    with pytest.raises(InputError) as raised:
        Scaffold(kind, name, torch)
    assert complaint in str(raised.value)


def test_an_input_length_is_of_a_network_and_of_what_it_pools() -> None:
    with pytest.raises(InputError, match="--input-length: expected a model with --torch"):
        Scaffold("model", "mine-own", input_length=200)
    with pytest.raises(InputError, match="--input-length: expected 25 or more, got 24"):
        Scaffold("model", "mine-own", torch=True, input_length=24)


def test_the_name_of_an_installed_component_is_refused(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["new", "explainer", "saliency", "--into", str(tmp_path)])
    assert isinstance(run.exception, InputError)
    assert "no installed explainer has, got 'saliency', which gxarena brings" in str(run.exception)
    assert not [*tmp_path.iterdir()]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    scaffold = Scaffold("metric", "mine-own")
    scaffold.write(tmp_path)
    with pytest.raises(InputError, match="expected nothing there, got something"):
        scaffold.write(tmp_path)


def test_a_check_of_a_component_is_printed_and_counted() -> None:
    run = CliRunner().invoke(app, ["plugins", "check", "sum", "--fast"])
    assert run.exit_code == 0
    assert "passed    sum  conservation_is_declared" in run.stdout
    document = CliRunner().invoke(app, ["plugins", "check", "sum", "--fast", "--json"])
    told = json.loads(document.stdout)
    assert told["counts"] == {"passed": len(told["checks"])}
    assert (
        run.stdout.splitlines()[-1]
        == f"{len(told['checks'])} checks: {len(told['checks'])} passed."
    )


def test_a_failing_component_is_exit_status_1() -> None:
    run = CliRunner().invoke(app, ["plugins", "check", "precomputed", "--fast", "--json"])
    assert run.exit_code == 1
    failed = {
        c["check"]: c["message"]
        for c in json.loads(run.stdout)["checks"]
        if c["status"] == "failed"
    }
    assert "expected parameters of" in failed["it_can_be_made"]
    assert "--set key=value" in failed["it_can_be_made"]


def _checked_on(*models: str) -> tuple[int, list[str]]:
    """DeepSHAP, which needs one-hot input, on these models."""
    named = [word for model in models for word in ("--model", model)]
    run = CliRunner().invoke(app, ["plugins", "check", "shap-deep", "--fast", *named])
    return run.exit_code, run.stdout.splitlines()


NO_FIT = (
    "explainer 'shap-deep' needs a model whose nonlinearities are modules of their own and a model "
    "that reads one-hot nucleotides: 'dnabert2-mini' is none."
)
"""What `gxarena plan` says of both."""


def test_of_models_that_do_not_fit_no_other_is_tried_in_their_place() -> None:
    code, said = _checked_on("dnabert2-mini")
    assert code == 1
    assert said == [
        f"failed    shap-deep  the_models_named_fit: {NO_FIT}",
        "1 checks: 1 failed.",
    ]


def test_a_named_model_that_does_not_fit_is_said_beside_one_that_does() -> None:
    code, said = _checked_on("dnabert2-mini", "cnn")
    assert code == 0
    assert said[0] == f"skipped   shap-deep  the_models_named_fit: {NO_FIT}"
    assert any("units on cnn" in line for line in said)

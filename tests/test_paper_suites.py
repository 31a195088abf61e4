"""The paper's suites and those of its open questions: planned whole, and run small to a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.data import Sample
from gxarena.datasets.opening import open_dataset
from gxarena.registry import Registry
from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.evidence import Evidence
from gxarena.run.plan import Plan, make_plan
from gxarena.run.suite import find_suite, read_suite

QUESTIONS = (
    "length", "negative-class", "objective", "composite", "tokenisation", "positions", "classes",
    "consistency",
)  # fmt: skip
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PAPERS = {"paper-nontata": ("promoters", "cnn"), "paper-enhancers": ("enhancers", "deepstarr")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a data set: a folder of tables, with a few fly promoters as test split."""
    samples = open_dataset("fly-promoters:test").samples
    few: list[Sample] = [
        sample for label in (0, 1) for sample in [s for s in samples if s.label == label][:8]
    ]
    rows = [f"{s.id.replace(',', ';')},{s.sequence},{s.label}" for s in few]
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text("\n".join(["id,sequence,label", *rows]) + "\n")
    return tmp_path


def _changes(name: str, copy: Path) -> list[str]:
    """What stands in for the user's data and checkpoints."""
    positive, cnn = PAPERS[name]
    return [
        f"datasets.{positive}.root={copy}",
        f"datasets.background.root={copy}",
        "models.dnabert2.name=dnabert2-mini",
        "models.dnabert2.checkpoint=fly",
        f"models.{cnn}.name=cnn",
        f"models.{cnn}.checkpoint=fly",
    ]


def _plan(name: str, changes: list[str]) -> Plan:
    suite = read_suite(name, changes)
    return make_plan(suite, Registry.load(), folder=find_suite(name).parent, limit=4)


@pytest.mark.parametrize("name", PAPERS)
def test_the_papers_suites_ask_for_every_setting(name: str, copy: Path) -> None:
    plan = _plan(name, _changes(name, copy))
    assert [cell for cell in plan.cells if cell.unsupported] == []
    positive, cnn = PAPERS[name]
    asked = {(c.dataset, c.model, c.explainer, c.aggregator, c.metric) for c in plan.cells}
    for dataset in (positive, "background"):
        for model, explainer, crossed in (
            ("dnabert2", "attnlrp", ("passed_on", "equally_distributed")),
            (cnn, "lrp", ("sum", "mean")),
        ):
            for metric in ("gini", "entropy"):
                for aggregator in ("native", *crossed):
                    assert (dataset, model, explainer, aggregator, metric) in asked
            for fill in ("unknown", "random", "complement"):
                assert (dataset, model, explainer, "native", f"faithfulness-{fill}") in asked
        for strategy in ("sum", "mean", "passed_on", "equally_distributed"):
            for convention in ("", "-after", "-never", "-l1"):
                for explainer in ("attnlrp", "attnlrp-permuted", "random"):
                    metric = f"continuous_jaccard{convention}"
                    assert (dataset, "dnabert2", explainer, strategy, metric) in asked
        assert (dataset, "dnabert2", "attnlrp", "native", "special_share") in asked
        assert (dataset, "dnabert2", "attnlrp", "passed_on", "modisco") in asked
    for fill in ("unknown", "random", "complement"):
        assert plan.suite.metrics[f"faithfulness-{fill}"] == {
            "name": "faithfulness",
            "fill": fill,
            "budgets": [1, 5, 10, 20, 50],
        }
    assert plan.suite.explainers["attnlrp-permuted"] == {"name": "permuted", "explainer": "attnlrp"}
    for convention in ("after", "never", "l1"):
        alias = {"name": "continuous_jaccard", "renormalise": convention}
        assert plan.suite.metrics[f"continuous_jaccard-{convention}"] == alias
    for dataset, label in ((positive, 1), ("background", 0)):
        assert {sample.label for sample in plan.datasets[dataset].samples} == {label}


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_can_be_asked(question: str) -> None:
    name = f"question-{question}"
    # The two networks of one's own: any stands in for planning.
    changes = [f"models.{m}.checkpoint=fly" for m in ("bpe", "nucleotides")]
    plan = _plan(name, changes if question == "tokenisation" else [])
    assert [cell for cell in plan.cells if cell.unsupported] == []
    assert plan.cells


FEWER = {
    ("question-tokenisation", "cnn"): 1,  # beside two of one training each
    ("architectures", "dnabert2-mini"): 1,  # beside five of one training each
    ("quickstart", "dnabert2-mini"): 3,  # a minute and a half on two cores
    ("fly-motifs", "cnn"): 3,  # a quarter of an hour of TF-MoDISco for each training of both
    ("fly-motifs", "dnabert2-mini"): 3,
    ("explainers", "dnabert2-mini"): 1,  # thirty explainers take hours as it is
    ("explainers", "mini-planted"): 1,
    ("metric-validity", "mini-planted"): 3,  # three quarters of an hour as it is
    ("question-measures", "cnn-planted"): 3,  # the more, the fewer samples all of them get wrong
    ("question-measures", "mini-planted"): 3,
}
"""Suite and model -> how many of the five trainings that ship it uses."""


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.toml")), ids=lambda path: path.stem)
def test_suites_use_the_trainings_that_ship(path: Path) -> None:
    suite = read_suite(path.stem)
    for label in {model for block in suite.matrix for model in block.models}:
        given = suite.models.get(label, {})
        ships = given.get("checkpoint", "fly") in ("fly", "planted")
        if ships and given.get("name", label) in ("cnn", "dnabert2-mini"):
            expected = FEWER.get((path.stem, label), 5)
            assert given.get("replicates", 1) == expected, label


def test_lengths_are_windows_of_the_same_promoters() -> None:
    plan = _plan("question-length", [])
    by_length = {len(d.samples[0].sequence): d.samples for d in plan.datasets.values()}
    assert sorted(by_length) == [50, 100, 150, 200, 250]
    for length, samples in by_length.items():
        for sample, whole in zip(samples, by_length[250], strict=True):
            assert sample.id == whole.id
            assert whole.sequence.endswith(sample.sequence)
            assert len(sample.sequence) == length


@pytest.mark.slow
def test_both_papers_from_command_to_report(copy: Path, tmp_path: Path) -> None:
    folders = []
    for name in PAPERS:
        folders.append(str(tmp_path / name))
        sets = [part for change in _changes(name, copy) for part in ("--set", change)]
        result = CliRunner().invoke(app, ["run", name, "--out", folders[-1], *sets])
        assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["report", *folders, "--out", str(tmp_path / "report")])
    assert result.exit_code == 0, result.output
    found = {
        one["claim"]: one for one in json.loads((tmp_path / "report" / "claims.json").read_text())
    }
    assert set(found) == {claim.id for claim in CLAIMS}
    # Two data sets, both classes, by each claim's own comparisons.
    sizes = {name: len(one["comparisons"]) for name, one in found.items()}
    assert sizes == {
        "special-tokens": 4,
        "special-tokens-length": 1,
        "strategies": 8,
        "promoters-over-enhancers": 4,
        "negative-class-alignment": 8,
        "token-entropy": 8,
        "similar-sparsity": 16,
        "sparsity-length": 0,  # both are of one length
        "mif-over-lif": 24,
        "mif-higher": 4,
        "lif-small": 48,
        "lif-alike": 24,
        "similar-faithfulness": 8,
        "negative-class-flat": 12,
        "patterns-matched": 4,  # by (c) alone, as the paper reports them
        "gc-boxes": 2,
        "same-top-motif": 2,
        "more-patterns": 2,
    }
    # The same sequences stand for promoters and for enhancers: no difference at all.
    for one in found["promoters-over-enhancers"]["comparisons"]:
        assert one["estimate"] == 0
    assert found["promoters-over-enhancers"]["verdict"] == "undecided"
    # Eight sequences, and no pattern among them.
    assert found["patterns-matched"]["verdict"] == "undecided"
    table = (tmp_path / "report" / "table-1.md").read_text()
    assert "Drosophila enhancers" in table
    assert "human non-TATA promoters" in table
    evidence = Evidence.of([Path(folder) for folder in folders])
    assert {cell.facts["status"] for run in evidence.runs for cell in run.cells} == {"ok"}

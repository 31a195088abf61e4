"""`gxarena report` and `gxarena figure`: what they write, and one sentence for a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gxarena.cli import app as application
from gxarena.cli.app import app
from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.evidence import Evidence
from gxarena.report.runs import NotHeld
from gxarena.results.bundle import write_bundle
from gxarena.results.reading import RunResults

SUITE = """
name = "small"
target = 1
[datasets.fly-promoters]
n = 32
labels = [1]
[[matrix]]
datasets = ["fly-promoters"]
models = ["cnn"]
explainers = ["lrp", "random"]
metrics = ["gini", "faithfulness"]
"""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the bundled CNN on a few fly promoters."""
    pytest.importorskip("zennit")
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SUITE)
    result = CliRunner().invoke(app, ["run", str(folder / "small.toml"), "--out", f"{folder}/run"])
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_report_writes_and_shows_the_verdicts(small: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(small), "--out", str(tmp_path / "report")])
    assert result.exit_code == 0, result.output
    assert "✓ holds" in result.stdout
    claims = json.loads((tmp_path / "report" / "claims.json").read_text())
    verdicts = {one["claim"]: one["verdict"] for one in claims}
    assert len(verdicts) == len(CLAIMS)
    assert verdicts["mif-over-lif"] == "holds"
    assert verdicts["strategies"] == "undecided"
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
    assert "Not drawn: figure similarity" in result.stderr


def test_a_bundle_has_the_report_of_its_run_but_for_the_maps(small: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "small.zip"
    write_bundle(RunResults.of(small), bundle)
    said = {}
    for source in (small, bundle):
        out = tmp_path / source.stem
        result = CliRunner().invoke(app, ["report", str(source), "--out", str(out)])
        assert result.exit_code == 0, result.output
        said[source] = (out / "claims.json").read_text()
    assert said[small] == said[bundle]
    with Evidence.opened([bundle]) as evidence:
        cell = evidence.cells("gini")[0]
        with pytest.raises(NotHeld, match=r"expected the attributions .* a bundle has no store"):
            cell.attributions()
    path = tmp_path / "a.svg"
    result = CliRunner().invoke(app, ["figure", "3", str(bundle), "--out", str(path)])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["report", *[str(bundle)] * 2, "--out", str(tmp_path / "b")])
    assert "expected each run once" in str(result.exception)


@pytest.mark.parametrize("name", ["faithfulness", "3"])
def test_figure_draws(name: str, small: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    result = CliRunner().invoke(app, ["figure", name, str(small), "--out", str(path)])
    assert result.exit_code == 0, result.output
    text = path.read_text()
    assert "nucleotides replaced (%)" in text
    assert "cnn/lrp, random order" in text


def test_a_mistake_is_one_sentence(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, expected in (
        (["report", tmp_path, "--out", tmp_path / "x"], "expected the folder of a run"),
        (["figure", "similarity", small, "--out", tmp_path / "a.png"], "metric continuous_jaccard"),
        (["figure", "similar", small, "--out", tmp_path / "a.png"], "Did you mean 'similarity'?"),
        (["figure", "rank", tmp_path / "b.parquet", "--out", tmp_path / "a.png"], "'ranks'?"),
        (["figure", "3", small, "--out", tmp_path / "a.doc"], "expected .png, .svg or .pdf"),
    ):
        monkeypatch.setattr(sys, "argv", ["gxarena", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            application.main()
        assert exit_.value.code == 2
        message = capsys.readouterr().err
        assert expected in " ".join(message.split())
        assert "Traceback" not in message


def test_the_command_line_loads_no_plotting_library() -> None:
    code = (
        "import sys, gxarena.cli.app, gxarena.cli.reporting;"
        "print([m for m in ('matplotlib', 'jinja2', 'scipy', 'pandas') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

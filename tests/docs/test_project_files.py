"""What the forge reads of the project says what pyproject says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")  # comes with transformers

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FORGE = ROOT / ".github"
DOCUMENTS = [ROOT / "CITATION.cff", ROOT / ".pre-commit-config.yaml", *sorted(FORGE.rglob("*.yml"))]
ACTION = re.compile(r"uses: (\S+)")


def document(path: Path) -> dict[Any, Any]:
    read = yaml.safe_load(path.read_text())
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_it_reads(path: Path) -> None:
    assert document(path)


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = document(ROOT / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])


def test_tests_run_on_each_python_that_pyproject_names() -> None:
    script = [sys.executable, FORGE / "python-versions"]
    said = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    versions = json.loads(said.removeprefix("versions="))
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert versions[0] == oldest
    assert all(f"Programming Language :: Python :: {v}" in PROJECT["classifiers"] for v in versions)
    tests = document(FORGE / "workflows" / "tests.yml")
    assert tests["jobs"]["newest"]["strategy"]["matrix"]["python"].count("versions") == 1


def test_lowest_and_newest_versions_have_the_extra_that_the_tests_ask_for() -> None:
    """Tests call the linter and list the engines' extras, which `test` alone does not bring."""
    jobs = document(FORGE / "workflows" / "tests.yml")["jobs"]
    for job in ("lowest", "newest"):
        steps = "\n".join(step.get("run", "") for step in jobs[job]["steps"])
        assert '--editable ".[dev]"' in steps
        assert re.findall(r'pytest -m "not slow"(.*)', steps)
        assert "tests/" not in steps  # all that is not slow, not some folder
    assert "--resolution lowest-direct" in str(jobs["lowest"])


def test_the_documentation_is_published_beside_the_boards() -> None:
    site = document(FORGE / "workflows" / "site.yml")
    runs = [step["run"] for step in site["jobs"]["build"]["steps"] if "run" in step]
    written = document_of_mkdocs()["site_dir"]
    assert runs.index("make docs-site") < runs.index(f"mv {written} runs/site/docs")
    assert {"docs/**", "mkdocs.yml"} <= {*site[True]["push"]["paths"]}  # YAML reads `on` as true


def document_of_mkdocs() -> dict[str, str]:
    text = (ROOT / "mkdocs.yml").read_text()  # which has tags that only mkdocs reads
    return dict(re.findall(r"^(\w+): ([^#\n]*\S)", text, re.M))


@pytest.mark.parametrize("path", sorted((FORGE / "workflows").glob("*.yml")), ids=lambda p: p.name)
def test_a_workflow_may_write_nothing_but_what_it_says(path: Path) -> None:
    workflow = document(path)
    assert workflow["permissions"] == {"contents": "read"}
    allowed = {"pages", "id-token"}
    for job in workflow["jobs"].values():
        assert set(job.get("permissions", {})) <= allowed
        assert "timeout-minutes" in job or len(job["steps"]) <= 3
    assert all("@" in action for action in ACTION.findall(path.read_text()))


def test_the_changelog_has_this_version_or_work_that_is_not_released() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0].split()[0] in {"Unreleased", PROJECT["version"]}


def test_commits_run_what_lint_runs() -> None:
    hooks = document(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    lint = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    asked = {Path(hook["entry"].split()[0]).name for hook in hooks}
    assert asked == set(re.findall(r"\$\(BIN\)/(\w+)", lint))

"""The workflow that checks a contributor's bundles: what it may do, and its script at work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "submission.yml"
SCRIPT = ROOT / ".github" / "verify-bundles"
SHIPPED = ROOT / "leaderboard" / "quickstart.zip"


def test_it_runs_the_base_branch_alone_and_may_read_alone() -> None:
    text = WORKFLOW.read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert list(workflow[True]) == ["pull_request_target"]  # YAML's "on" is a truth value
    assert "secrets." not in text.replace("import secrets", "").replace("secrets.token_hex", "")
    (job,) = workflow["jobs"].values()
    assert "permissions" not in job
    first, *others = job["steps"]
    assert first["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert first["with"]["persist-credentials"] is False
    assert "head" not in json.dumps([one.get("with", {}) for one in others])
    # A name of a branch in a script would be a command of whoever chose it.
    assert all("${{" not in one.get("run", "") for one in job["steps"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a base commit, on the branch of a contributor."""
    folder = tmp_path / "repository"
    (folder / "leaderboard").mkdir(parents=True)
    (folder / "leaderboard" / "held.zip").write_bytes(b"accepted long ago")
    _git(folder, "init", "--quiet", "--initial-branch=base")
    _commit(folder)
    _git(folder, "checkout", "--quiet", "-b", "submission")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.hooksPath=/dev/null"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "x")


def _verified(folder: Path, *who: str) -> tuple[int, str]:
    _commit(folder)
    _git(folder, "checkout", "--quiet", "base")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(SCRIPT), "base", "submission", *who],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_an_honest_bundle_passes_whatever_it_is_called(repository: Path) -> None:
    shutil.copy(SHIPPED, repository / "leaderboard" / "$(touch evil) \n.zip")
    (repository / "setup.zip").write_bytes(b"elsewhere")
    (repository / "leaderboard" / "held.zip").unlink()
    status, said = _verified(repository)
    assert status == 0
    assert '"recomputed": 4680' in said
    assert said.endswith("Verified: 1.\n")
    assert not (repository / "evil").exists()


def test_one_that_does_not_hold_fails_and_a_link_leads_nowhere(repository: Path) -> None:
    torn = bytearray(SHIPPED.read_bytes())
    torn[len(torn) // 2] ^= 1
    (repository / "leaderboard" / "torn.zip").write_bytes(torn)
    (repository / "leaderboard" / "link.zip").symlink_to(SHIPPED)
    status, said = _verified(repository)
    assert status == 1
    assert said.count('"holds": false') == 2
    assert said.endswith("Verified: 2.\n")


def test_who_submits_attests_nothing(repository: Path) -> None:
    (repository / "leaderboard" / "held.verified.json").write_text("{}")
    status, said = _verified(repository)
    assert status == 1
    assert "An attestation, leaderboard/held.verified.json: expected none in a pull request" in said
    assert said.endswith("Verified: 0.\n")


@pytest.mark.parametrize("name", ["mine.parquet", "quickstart.ZIP", "README.md", "new/x.json"])
def test_what_is_no_bundle_is_refused(name: str, repository: Path) -> None:
    """A board that was made by hand passed for a verified one."""
    place = repository / "leaderboard" / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"")
    status, said = _verified(repository)
    assert status == 1
    assert f"Not a bundle, leaderboard/{name}: expected files that end in .zip alone" in said
    assert said.count("\n") == 2
    assert said.endswith("Verified: 0.\n")


def test_a_board_that_is_changed_is_refused(repository: Path) -> None:
    board = repository / "leaderboard" / "board.parquet"
    _git(repository, "checkout", "--quiet", "base")
    board.write_bytes(b"1")
    _commit(repository)
    _git(repository, "checkout", "--quiet", "-B", "submission")
    board.write_bytes(b"2")
    status, said = _verified(repository)
    assert (status, "Not a bundle, leaderboard/board.parquet: " in said) == (1, True)


def test_what_a_maintainer_commits_is_accepted_and_named(repository: Path) -> None:
    """The project's own boards were refused, which docs/submit.md tells maintainers to make."""
    for name in ("board.parquet", "held.verified.json"):
        (repository / "leaderboard" / name).write_bytes(b"1")
    (repository / "leaderboard" / "torn.zip").write_bytes(b"no bundle")
    status, said = _verified(repository, "maintainer")
    assert status == 1  # of the bundle, which is verified whoever commits it
    assert said.count('"holds": false') == 1
    assert said.count("Of a maintainer, not checked here: ") == 2
    _git(repository, "checkout", "--quiet", "submission")
    (repository / "leaderboard" / "torn.zip").unlink()
    status, said = _verified(repository, "maintainer")
    assert status == 0
    assert said.endswith("Verified: 0.\n")
    _git(repository, "checkout", "--quiet", "submission")
    (repository / "leaderboard" / "run.sh").write_text("")
    assert _verified(repository, "maintainer")[0] == 1


def test_a_maintainer_is_whose_branch_is_of_the_repository_itself() -> None:
    (job,) = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    step = job["steps"][-1]
    assert step["env"]["WHO"] == (
        "${{ github.event.pull_request.head.repo.full_name == github.repository && 'maintainer' "
        "|| '' }}"
    )
    assert ' refs/submission "$WHO" ||' in step["run"]


def test_where_no_bundle_changed_nothing_fails(repository: Path) -> None:
    (repository / "README").write_text("x")
    assert _verified(repository) == (0, "Verified: 0.\n")

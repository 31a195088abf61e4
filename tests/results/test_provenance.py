"""What a result is said to have been made with."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from gxarena.results.provenance import git_commit, package_versions


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    git_commit.cache_clear()
    package_versions.cache_clear()
    yield
    git_commit.cache_clear()
    package_versions.cache_clear()


def test_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["numpy"] == np.__version__
    assert versions["gxarena"] == metadata.version("gxarena")
    monkeypatch.setattr("gxarena.results.provenance.PACKAGES", ("numpy", "no-such-package"))
    package_versions.cache_clear()
    assert package_versions().keys() == {"python", "numpy"}


def test_the_commit_is_that_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert git_commit() is None
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    git_commit.cache_clear()
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%H"], check=True, capture_output=True, text=True
    )
    assert git_commit() == asked.stdout.strip()


def test_no_git_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() is None


def test_peak_memory_grows_with_what_was_held() -> None:
    code = (
        "from gxarena.results.provenance import peak_memory; before = peak_memory(); "
        "held = b'1' * (before + 100_000_000); del held; print(before, peak_memory())"
    )
    asked = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    before, after = map(int, asked.stdout.split())
    # The first is at times the parent's: Linux hands its peak on to a child.
    assert 1e8 <= after - before < 2e8

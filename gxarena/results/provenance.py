"""What a result was made with: package versions, commit, memory."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import psutil

PACKAGES = (
    "gxarena",
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "tokenizers",
    "lxt",
    "zennit",
)


@functools.cache
def package_versions() -> dict[str, str]:
    """Versions of the packages that most numbers hang on, where installed.

    For readers: which versions count for a component is in its digest
    (`gxarena.sources.dependencies`).
    """
    versions = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@functools.cache
def git_commit() -> str | None:
    """The commit of the working directory, where it is in a git repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 (whichever git the user has)
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def peak_memory() -> int:
    """Highest resident memory of this process so far, in bytes; on macOS what it holds now."""
    # psutil knows no peak on Linux, and rusage lets it begin with that of the parent process.
    status = Path("/proc/self/status")
    if status.is_file() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found.group(1)) * 1024
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))

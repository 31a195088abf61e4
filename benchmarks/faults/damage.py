"""Faults of files: flips, cuts and more in each kind of file of a run, in its board and bundle."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from arena import SAMPLES, Arena, Content, board, bundled, content, differs
from outcomes import DIFFERENT, EQUAL, SENTENCE, TRACEBACK, Outcome, is_sentence

from gxarena.errors import GxarenaError
from gxarena.run.store import Store

FINISHED = {
    "run.json": "run.json",
    **{name: f"{name}.parquet" for name in ("cells", "samples", "curves", "motifs", "seqlets")},
    "leaderboard": "leaderboard.parquet",
}
"""Files of a finished run."""
AT_WORK = {
    "run.json of a killed run": "run.json",
    "segments": "segments/*.parquet",
    "run.json of segments": "segments/run.json",
    "predictions": "store/predictions/*/*.parquet",
    "attributions": "store/attributions/*/*.parquet",
    "shared answers": "store/shared/*/*.parquet",
}
"""Files of one that was killed."""
ALONE: dict[str, Callable[[Path], Content]] = {"board": board, "bundle": bundled}
"""Files that are handed on, and who reads them."""
WHERE = (*FINISHED, *AT_WORK, *ALONE)
ONCE = ("empty", "gone", "folder", "another's", "time")
KINDS = ("flip", "cut", "hole", "damage", *ONCE)


def hurt(path: Path, kind: str, rng: random.Random) -> None:
    """Do a file harm."""
    from hostile import damaged, flipped

    whole, seed = path.read_bytes(), rng.randrange(2**32)
    if kind == "time":
        moment = rng.choice((0, 2**32 - 1, rng.randrange(2**32)))
        os.utime(path, (moment, moment))
        return
    if kind in ("gone", "folder"):
        path.unlink()
        if kind == "folder":
            path.mkdir()
        return
    if kind == "another's":
        others = [one for one in path.parent.rglob("*") if one.is_file() and one != path]
        path.write_bytes(rng.choice(sorted(others) or [path]).read_bytes())
        return
    at, width = rng.randrange(len(whole)), rng.choice((1, 8, 512))
    found = {
        "flip": lambda: flipped(whole, seed),
        "cut": lambda: whole[:at],
        "hole": lambda: whole[:at] + bytes(len(whole[at : at + width])) + whole[at + width :],
        "damage": lambda: damaged(whole, seed),
        "empty": lambda: b"",
    }
    path.write_bytes(found[kind]())


def of_run(
    arena: Arena, kind: str, where: str, rng: random.Random, *, resume: bool = True
) -> Outcome:
    """A run's file is hurt; it is read, then taken up again."""
    base = arena.half if where in AT_WORK else arena.finished
    out = arena.place / "damaged"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(base, out)
    path = rng.choice(sorted(out.glob((FINISHED | AT_WORK)[where])))
    hurt(path, kind, rng)
    try:
        if path.parts[-4:-3] == ("store",) and not _as_stored(path, base / path.relative_to(out)):
            return Outcome(DIFFERENT, "the store as it is read")
        if other := differs(content(out), arena.expected, whole=False):
            return Outcome(DIFFERENT, f"{other} as it is read")
        said = ""
    except GxarenaError as error:
        said = str(error)
        if not is_sentence(said):
            return Outcome(TRACEBACK, said)
    if not resume:
        return Outcome(SENTENCE, said) if said else Outcome(EQUAL)
    try:
        arena.resumed(out)
    except GxarenaError as error:
        return Outcome(SENTENCE, str(error))
    other = differs(content(out), arena.expected)
    return Outcome(DIFFERENT, f"{other} once resumed") if other else Outcome(EQUAL)


def _as_stored(path: Path, whole: Path) -> bool:
    """Whether a chunk of the store reads as it was, or as none."""
    found, written = (_stored(one) for one in (path, whole))
    return found is None or found == written


def _stored(path: Path) -> str | None:
    stage, key, _ = path.parts[-3:]
    store = Store(path.parents[2])
    if stage == "shared":
        answers = store.read_shared(key)
        return None if answers is None else str(answers.tolist())
    if store.seconds(stage, key, 0) is None:
        return None
    return str(store.first(stage, key, SAMPLES).to_pylist())


def alone(arena: Arena, kind: str, where: str, rng: random.Random) -> Outcome:
    """What is handed on is hurt, and read."""
    read, whole = ALONE[where], _handed_on(arena, where)
    folder = arena.place / "handed on"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / whole.name
    path.write_bytes(whole.read_bytes())
    hurt(path, kind, rng)
    try:
        other = differs(read(path), read(whole))
    except GxarenaError as error:
        return Outcome(SENTENCE, str(error))
    return Outcome(DIFFERENT, f"{other} as it is read") if other else Outcome(EQUAL)


def _handed_on(arena: Arena, where: str) -> Path:
    from gxarena.report.boards.writing import write
    from gxarena.results.boards import boards_of
    from gxarena.results.reading import RunResults
    from gxarena.submissions.making import make_bundle

    path = arena.place / {"board": "board.parquet", "bundle": "bundle.zip"}[where]
    if not path.exists():
        if where == "board":
            write(path, boards_of([arena.finished])[0], [])
        else:
            make_bundle(RunResults.of(arena.finished), path, samples=2)
    return path

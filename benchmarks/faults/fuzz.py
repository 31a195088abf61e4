"""Long campaigns against the readers of files: a valid result, or one sentence; never another.

    python benchmarks/faults/fuzz.py --minutes 10 [READER...]

For so many minutes each, hypothesis draws damage and odd values; what fails is made small, printed
with how it was drawn, and remembered by hypothesis for the next time. Exit status 1 where anything
did. The tests run the same for some examples (`tests/hostile/`), whose files these are.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import damage
from arena import TOYS, Arena
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import FINE

from gxarena.errors import GxarenaError

sys.path += [str(TOYS), str(TOYS.parent / "hostile")]
from hostile import ODD_VALUES, damaged, flipped, with_odd_value

Example = Callable[[int, Any], None]
"""Tries one: a seed, and an odd value."""


class Enough(BaseException):
    """The time is over."""


class Wrong(AssertionError):
    """What was read is neither what was written nor refused in a sentence."""


def _read_with(path: Path, content: bytes, read: Callable[[Path], None]) -> None:
    """What is read of a file that holds something else meanwhile; refusing it is right."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        with contextlib.suppress(GxarenaError):
            read(path)
    finally:
        path.write_bytes(whole)


def of_files(read: Callable[[Path], Any], wholes: dict[Path, bytes]) -> Example:
    """A reader of files, of which one is damaged at a time."""

    def example(seed: int, _value: Any) -> None:
        path = sorted(wholes)[seed % len(wholes)]
        _read_with(path, damaged(wholes[path], seed), read)

    return example


def of_arena(arena: Arena, wheres: Sequence[str]) -> Example:
    """A reader of what a run has written, whose digests find every change."""

    def example(seed: int, _value: Any) -> None:
        rng = random.Random(seed)  # noqa: S311
        where, kind = rng.choice(wheres), rng.choice(damage.KINDS)
        if where in damage.ALONE:
            outcome = damage.alone(arena, kind, where, rng)
        else:
            outcome = damage.of_run(arena, kind, where, rng, resume=False)
        if outcome.outcome not in FINE:
            raise Wrong(f"{kind} of {where}: {outcome}")

    return example


def readers(place: Path) -> dict[str, Callable[[], Example]]:
    """Each reader, made when it is asked for."""
    arena = Arena(place)
    return {
        "run": lambda: of_arena(arena, [*damage.FINISHED, *damage.AT_WORK]),
        "board": lambda: of_arena(arena, ["board"]),
        "bundle": lambda: _bundles(arena),
        "suite": lambda: _suites(arena),
        "recipe": lambda: _recipes(arena),
        "data": lambda: _of_tests(place, ["d.", "test.csv", "task.zip"]),
        "maps": lambda: _of_tests(place, ["m."]),
        "card": lambda: _cards(place),
        "attestation": lambda: _attestation(place),
        "weights": lambda: _weights(place),
        "matrices": _matrices,
    }


def _of_tests(place: Path, begin: Sequence[str]) -> Example:
    """Those of the tests' readers of files whose files are so named."""
    from test_readers import READERS

    examples = []
    for name, (whole, read) in READERS.items():
        if name.startswith(tuple(begin)):
            folder = place / name.replace(" ", "_")
            folder.mkdir(exist_ok=True)
            path = folder / name.partition(" ")[0]
            path.write_bytes(whole)
            examples.append(of_files(read, {path: whole}))
    return lambda seed, value: examples[seed % len(examples)](seed, value)


def _bundles(arena: Arena) -> Example:
    """Bundles, also such whose maker wrote digests of what he made up."""
    import hashlib

    from gxarena.files import RUN_FILE
    from gxarena.results.bundle import SUMS, opened
    from gxarena.results.leaderboard import leaderboard_of
    from gxarena.results.reading import RunResults
    from gxarena.submissions.making import make_bundle
    from gxarena.submissions.verifying import verify

    folder, alone = arena.place / "bundle", of_arena(arena, ["bundle"])
    make_bundle(RunResults.of(arena.finished), folder, samples=2)
    text, sums = (folder / RUN_FILE).read_bytes(), (folder / SUMS).read_text()
    record, digest = json.loads(text), hashlib.sha256(text).hexdigest()

    def example(seed: int, value: Any) -> None:
        if seed % 2:
            return alone(seed, value)
        odd = json.dumps(with_odd_value(record, value, seed)).encode()
        (folder / RUN_FILE).write_bytes(odd)
        (folder / SUMS).write_text(sums.replace(digest, hashlib.sha256(odd).hexdigest()))
        with contextlib.suppress(GxarenaError), opened(folder) as found:
            leaderboard_of(found)
        with contextlib.suppress(GxarenaError):
            verify(folder, registry=arena.registry)
        return None

    return example


def _suites(arena: Arena) -> Example:
    import test_documents as documents

    from gxarena.run.suite import Suite, read_suite
    from gxarena.validation import validated

    path, registry = arena.place / "odd.toml", arena.registry

    def example(seed: int, value: Any) -> None:
        path.write_bytes(damaged(documents.SUITE.encode(), seed))
        with contextlib.suppress(GxarenaError):
            documents._planned(read_suite(str(path)), registry, arena.place)
        with contextlib.suppress(GxarenaError):
            odd = with_odd_value(documents.DOCUMENT, value, seed)
            documents._planned(validated(Suite, odd, "odd.toml"), registry, arena.place)

    return example


def _recipes(arena: Arena) -> Example:
    import test_documents as documents

    from gxarena.datasets.opening import opened
    from gxarena.training.recipe import Recipe, read_recipe
    from gxarena.validation import validated

    path, registry = arena.place / "odd.toml", arena.registry

    def opens(recipe: Recipe) -> None:
        for reference in (recipe.data.train, recipe.data.valid, recipe.data.test):
            with contextlib.suppress(GxarenaError):
                opened(reference, registry, arena.place, recipe.data.parameters)

    def example(seed: int, value: Any) -> None:
        path.write_bytes(damaged(documents.RECIPE.encode(), seed))
        with contextlib.suppress(GxarenaError):
            opens(read_recipe(path))
        path.write_text(documents.RECIPE)
        with contextlib.suppress(GxarenaError):
            whole = read_recipe(path).model_dump()
            opens(validated(Recipe, with_odd_value(whole, value, seed), "odd.toml"))

    return example


def _cards(place: Path) -> Example:
    """Cards of bundles and of models: damaged, and with odd values in sound JSON."""
    from test_readers import CARD

    from gxarena.submissions.card import read_card as of_bundle
    from gxarena.training.card import read_card as of_model

    folder = place / "cards"
    folder.mkdir(exist_ok=True)
    documents = [json.loads(CARD), {"scores": {"accuracy": 0.5}, "model": "cnn", "seed": 1}]

    def example(seed: int, value: Any) -> None:
        for document in documents:
            odd = json.dumps(with_odd_value(document, value, seed)).encode()
            for content in (odd, damaged(odd, seed), flipped(odd, seed)):
                (folder / "card.json").write_bytes(content)
                for read in (of_bundle, of_model):
                    with contextlib.suppress(GxarenaError):
                        read(folder)

    return example


def _attestation(place: Path) -> Example:
    """What somebody says of having checked the shipped bundle."""
    from gxarena.results.attestation import read_attestation

    whole = (TOYS.parents[1] / "leaderboard" / "quickstart.verified.json").read_bytes()
    path = place / "quickstart.verified.json"

    def example(seed: int, value: Any) -> None:
        odd = json.dumps(with_odd_value(json.loads(whole), value, seed)).encode()
        for content in (odd, damaged(whole, seed)):
            path.write_bytes(content)
            with contextlib.suppress(GxarenaError):
                read_attestation(path)

    return example


def _weights(place: Path) -> Example:
    """Folders of networks: what describes them damaged, or odd in sound JSON, and their weights."""
    from gxarena_cnn.describe import cnn_folder
    from gxarena_cnn.model import CNN

    folder = place / "weights"
    shutil.copytree(cnn_folder("fly"), folder, dirs_exist_ok=True)
    config = folder / "config.json"
    whole = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def read(_: Path) -> None:
        CNN(str(folder)).predict(["ACGTN" * 50])

    damage_one = of_files(read, whole)

    def example(seed: int, value: Any) -> None:
        damage_one(seed, value)
        odd = with_odd_value(json.loads(whole[config]), value, seed)
        _read_with(config, json.dumps(odd).encode(), read)

    return example


def _matrices() -> Example:
    """JASPAR's, by what a user may call them: ids, a release, a group."""
    from gxarena_jaspar.matrices import collection, matrices

    def example(seed: int, value: Any) -> None:
        release = "JASPAR2026" if seed % 3 else str(value)
        for ask in (
            lambda: matrices([str(value)], release),
            lambda: matrices(["MA0139.2", str(value)]),
            lambda: collection(str(value), release),
        ):
            with contextlib.suppress(GxarenaError):
                ask()

    return example


def fuzzed(name: str, example: Example, minutes: float) -> tuple[int, str]:
    """How many examples were tried, and what is wrong, empty where nothing is."""
    end, tried, wrong = time.monotonic() + 60 * minutes, 0, ""

    @settings(
        max_examples=10**9,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(st.integers(0, 2**32), ODD_VALUES)
    def campaign(seed: int, value: Any) -> None:
        nonlocal tried, wrong
        if tried and time.monotonic() > end:  # one is tried, however slow the machine
            raise Enough
        tried += 1
        try:
            example(seed, value)
        except Exception:  # the smallest so far, if the time is over before it is smaller
            wrong = f"{name}, seed {seed}, {value!r}: {traceback.format_exc()}"
            raise

    try:
        campaign()
    except Enough:
        pass
    except Exception as error:
        wrong += "\n".join(getattr(error, "__notes__", ()))
    return tried, wrong


def main(arguments: Sequence[str]) -> int:
    """Each reader that is asked for, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("readers", nargs="*", metavar="READER")
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as place:
        known = readers(Path(place))
        if others := {*given.readers} - known.keys():
            parser.error(f"expected readers among {', '.join(known)}, got {', '.join(others)}")
        for name in given.readers or known:
            tried, wrong = fuzzed(name, known[name](), given.minutes)
            print(f"{name}: {tried} examples. {wrong or 'Nothing is wrong.'}", flush=True)
            failed |= bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

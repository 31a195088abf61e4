"""Which small faults do the tests notice? Breaks a module in every small way and runs its tests.

    python tests/mutation.py gxarena/run/keys.py tests/run/test_keys.py tests/run/test_plan.py

For each place where it can, the module is broken once: a comparison turned round, a condition
negated, a number moved by one, an element dropped from a list, an argument or a statement left
out, … Each mutant runs the given tests in a fork of this process, in which the broken source stands
in for the module. Prints each survivor with its line, then a row for a table: module, mutants,
killed, survivors. ``--sample 50`` tries so many, drawn with ``--seed``.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UNSEEN = 99
"""Status of a fork whose tests never loaded the broken source."""
SLOWEST = 4
"""A mutant that takes so many times as long as the sound module hangs, and counts as killed."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


def faults(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """What a node can be broken into, each with its description; None leaves a statement out."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        turned = COMPARED[type(node.ops[0])]()
        yield "turned a comparison", _with(node, ops=[turned, *node.ops[1:]])
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "swapped and, or", _with(node, op=other)
        for i in range(len(node.values)):
            yield f"dropped operand {i}", _with(node, values=_without(node.values, i))
    if isinstance(node, ast.BinOp) and type(node.op) in CALCULATED:
        yield "another operator", _with(node, op=CALCULATED[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "dropped not", node.operand
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "negated a condition", _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "dropped a filter", _with(node, ifs=node.ifs[1:])
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "negated a constant", ast.Constant(not node.value)
        elif isinstance(node.value, int | float):
            yield "moved a number", ast.Constant(node.value + 1)
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        for i in range(len(node.elts)):
            yield f"dropped element {i}", _with(node, elts=_without(node.elts, i))
    if isinstance(node, ast.Dict):
        for i in range(len(node.keys)):
            kept = {"keys": _without(node.keys, i), "values": _without(node.values, i)}
            yield f"dropped entry {i}", _with(node, **kept)
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            yield f"dropped argument {i}", _with(node, keywords=_without(node.keywords, i))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield):
        yield "left a statement out", None
    if isinstance(node, ast.Raise | ast.AugAssign):
        yield "left a statement out", None
    if isinstance(node, ast.Return) and ast.unparse(node) not in ("return", "return None"):
        yield "returned nothing", ast.Return(ast.Constant(None))


def _with(node: ast.AST, **changes: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _without(items: Sequence[Any], index: int) -> list[Any]:
    return [item for i, item in enumerate(items) if i != index]


class _Breaker(ast.NodeTransformer):
    """Replaces one node of a tree; leaves annotations and docstrings alone."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.found: list[tuple[int, str]] = []

    def visit(self, node: ast.AST) -> Any:
        for what, broken in faults(node):
            number = len(self.found)
            self.found.append((getattr(node, "lineno", 0), what))
            if number == self.wanted:
                return ast.copy_location(broken if broken is not None else ast.Pass(), node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "msg", "exc", "cause"):
                continue
            if isinstance(value, list):
                value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node


class _Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the broken source where the module is imported, or the script loaded by its path."""

    def __init__(self, module: str, path: Path, tree: ast.AST) -> None:
        self._module, self._path, self._tree = module, path, tree
        self.seen = False

    def stand_in(self) -> None:
        """From now on, in this process."""
        sys.meta_path.insert(0, self)
        whole = importlib.util.spec_from_file_location

        def spec(name: str, location: Any = None, **given: Any) -> Any:
            if location is not None and Path(location).resolve() == self._path:
                return importlib.util.spec_from_loader(name, self, origin=str(self._path))
            return whole(name, location, **given)

        importlib.util.spec_from_file_location = spec  # type: ignore[assignment]

    def find_spec(self, name: str, *_: object) -> Any:
        if name != self._module:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._path)
        self.seen = True
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)  # noqa: S102


def mutants(source: str) -> list[tuple[int, str]]:
    """Line and description of every mutant of a source."""
    breaker = _Breaker()
    breaker.visit(ast.parse(source))
    return breaker.found


def survives(path: Path, tests: Sequence[str], wanted: int, seconds: float) -> bool:
    """Whether the tests pass although the module is broken."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _run_broken(path, tests, wanted)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.waitstatus_to_exitcode(status) == UNSEEN:
                sys.exit(f"{path}: expected tests that load it in their own process, they do not.")
            return status == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run_broken(path: Path, tests: Sequence[str], wanted: int) -> None:
    """In the fork: break the module, run the tests, end with their status."""
    code, finder = 1, None
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        if wanted >= 0:
            tree = _Breaker(wanted).visit(ast.parse(path.read_text(encoding="utf-8")))
            module = ".".join(path.relative_to(_root_of(path)).with_suffix("").parts)
            finder = _Broken(module, path, ast.fix_missing_locations(tree))
            finder.stand_in()
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow"]
        code = int(pytest.main([*options, *tests]))
        if finder is not None and not finder.seen:
            code = UNSEEN
    except BaseException:
        code = 1
    finally:
        os._exit(code)


def _root_of(path: Path) -> Path:
    return ROOT / "plugins" if (ROOT / "plugins") in path.parents else ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--sample", type=int, default=0, help="try so many; all where 0")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.chdir(ROOT)
    # Loaded once, before the forks: what takes long and is not under test.
    import hypothesis.strategies
    import numpy
    import pyarrow.parquet
    import pydantic
    import pytest
    import scipy.stats

    del hypothesis, numpy, pyarrow, pydantic, pytest, scipy
    path = given.module.resolve()
    found = mutants(path.read_text(encoding="utf-8"))
    started = time.monotonic()
    if not survives(path, given.tests, -1, 600):
        sys.exit(f"{given.module}: expected tests that pass with the sound module, they fail.")
    seconds = SLOWEST * (time.monotonic() - started) + 10
    numbers = list(range(len(found)))
    if given.sample and given.sample < len(numbers):
        drawn = random.Random(given.seed).sample(numbers, given.sample)  # noqa: S311
        numbers = sorted(drawn)
    alive = []
    for number in numbers:
        if survives(path, given.tests, number, seconds):
            line, what = found[number]
            source = path.read_text(encoding="utf-8").splitlines()[line - 1].strip()
            alive.append(number)
            print(f"survived: {given.module}:{line}: {what}: {source}", flush=True)
    killed = len(numbers) - len(alive)
    print(f"| {given.module} | {len(numbers)} of {len(found)} | {killed} | {len(alive)} |")


if __name__ == "__main__":
    main()

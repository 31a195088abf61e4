"""What a site is of: boards, and what runs and bundles know of the cells behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.data import Attribution
from gxarena.errors import InputError
from gxarena.results.boards import WRITTEN, Board, boards_of, read_board
from gxarena.results.bundle import is_bundle, opened
from gxarena.results.excess import Excess, excesses
from gxarena.results.leaderboard import ORDER
from gxarena.results.motifs import KeptMotif, motifs_of_run
from gxarena.results.pooled_excess import read_pooled
from gxarena.results.reading import RunResults, last_attempts
from gxarena.results.record import RunRecord
from gxarena.site.paper import PaperParts, paper_parts
from gxarena.submissions.attributions import FILE, Attributions, attribution_of

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Source:
    """A run or a bundle, read.

    Attributes
    ----------
    name : str
        As boards name it: the last parts of its path.
    record : RunRecord
    cells, samples, curves : pyarrow.Table
        All attempts; values; perturbation curves. Text of the latter two is encoded, since ten
        million rows name a thousand cells.
    motifs : tuple of KeptMotif
    excesses : tuple of Excess
        Of methods' motifs beside their controls'.
    paper : PaperParts
        Its Table 1 and what Figure 2 draws.
    attributions : mapping of str to mapping of str to Attribution
        Those that a bundle carries, by their key and by sample; a run has them in its store.
    folder : Path or None
        Of a run, whose store may hold attributions; None for a bundle.
    """

    name: str
    record: RunRecord
    cells: pa.Table
    samples: pa.Table
    curves: pa.Table
    motifs: tuple[KeptMotif, ...]
    excesses: tuple[Excess, ...]
    paper: PaperParts
    attributions: Mapping[str, Mapping[str, Attribution]]
    folder: Path | None

    def last_rows(self) -> list[dict[str, Any]]:
        """The `cells` row of each cell's last attempt."""
        return last_attempts(self.cells)


@dataclass(frozen=True, eq=False)
class Content:
    """Everything a site shows.

    Attributes
    ----------
    boards : tuple of Board
    sources : mapping of str to Source
        By the name by which boards call them.
    left_out : tuple of str
        Sentences: which files of a folder are no boards that can be shown, and why.
    excesses : tuple of mapping
        Rows of the tables of motifs beyond controls that lie in a folder beside its boards.
    """

    boards: tuple[Board, ...]
    sources: Mapping[str, Source]
    left_out: tuple[str, ...] = ()
    excesses: tuple[Row, ...] = ()

    def sources_of(self, board: Board) -> list[Source]:
        """The runs and bundles that a board is of; none where it was written."""
        return [self.sources[name] for name in board.names if name in self.sources]


def read_content(paths: Sequence[Path]) -> Content:
    """Read runs, bundles, boards, and folders of them.

    Raises
    ------
    InputError
        There is nothing to show, or something is none of these.
    StorageError
        A file does not read.
    """
    found: list[Path] = []
    left_out: list[str] = []
    for path in paths:
        _sort(path, found, left_out)
    if not found:
        why = f" {left_out[0]}" if left_out else ""
        raise InputError(
            f"{', '.join(map(str, paths))}: expected runs, bundles or boards, got none that can be "
            f"shown.{why}"
        )
    found = list(_runs_once(found, left_out))
    boards = list(_each_once(boards_of(found), left_out))
    names = _short_names([*map(str, dict.fromkeys((*found, *paths)))])
    beside = [file for path in paths if path.is_dir() for file in sorted(path.glob(f"*{WRITTEN}"))]
    sources = (replace(source, name=names[source.name]) for source in _read(found))
    return Content(
        tuple(_renamed(board, names) for board in boards),
        {source.name: source for source in sources},
        tuple(_said(sentence, names) for sentence in left_out),
        tuple(row for file in beside for row in read_pooled(file)),
    )


def _short_names(paths: Sequence[str]) -> dict[str, str]:
    """Of each path as few of its last parts as tell it from the others.

    A site goes where its maker's folders are nobody's business.
    """
    parts = {path: Path(path).parts for path in paths}
    most = max(map(len, parts.values()))
    short = {}
    for path, whole in parts.items():
        ends = ([*whole[-many:]] for many in range(1, most + 1))
        others = [other for other in parts.values() if other != whole]
        end = next(e for e in ends if all([*o[-len(e) :]] != e for o in others) or len(e) == most)
        short[path] = "/".join(end)
    return short


def _renamed(board: Board, names: Mapping[str, str]) -> Board:
    return replace(
        board,
        names=tuple(names[name] for name in board.names),
        cells={
            labels: [tuple((names[run], cell) for run, cell in one) for one in cells]
            for labels, cells in board.cells.items()
        },
        notes=tuple(_said(sentence, names) for sentence in board.notes),
    )


def _said(sentence: str, names: Mapping[str, str]) -> str:
    """A sentence with short names; of names that begin alike the longer one first."""
    for name in sorted(names, key=len, reverse=True):
        sentence = sentence.replace(name, names[name])
    return sentence


def _sort(path: Path, found: list[Path], left_out: list[str]) -> None:
    """A path as it is, or, of a folder that is no run, the boards and bundles in it."""
    if not path.is_dir() or is_bundle(path) or RunRecord.read(path) is not None:
        found.append(path)
        return
    for file in sorted(path.iterdir()):
        if file.suffix == WRITTEN and _says_board(file):
            try:
                read_board(file)
            except InputError as error:
                left_out.append(str(error))
            else:
                found.append(file)
        elif is_bundle(file):
            found.append(file)


def _runs_once(found: Sequence[Path], left_out: list[str]) -> Iterator[Path]:
    """What is given without bundles of runs that are given themselves: no second measurement."""
    records = ((path, RunRecord.read(path)) for path in found if path.is_dir())
    runs = {record.digest: path for path, record in records if record is not None}
    for path in found:
        if is_bundle(path) and path not in runs.values():
            with opened(path) as run:
                same = runs.get(run.record.digest)
            if same is not None:
                left_out.append(f"{path}: is of the same run as {same}.")
                continue
        yield path


def _each_once(boards: Sequence[Board], left_out: list[str]) -> Iterator[Board]:
    """Boards without the written ones of runs that are given themselves."""
    for board in boards:
        made = (one for one in boards if not one.written and set(board.runs) <= set(one.runs))
        if board.written and board.runs and (same := next(made, None)) is not None:
            left_out.append(f"{board.names[0]}: is of the same runs as {', '.join(same.names)}.")
        else:
            yield board


def _says_board(file: Path) -> bool:
    """Whether a table has a board's first columns; folders hold tables of other kinds too."""
    try:
        names = pq.read_schema(file.absolute()).names
    except (OSError, pa.ArrowInvalid):
        return False
    return {*ORDER, "estimate", "rank"} <= set(names)


def _read(paths: Sequence[Path]) -> Iterator[Source]:
    for path in dict.fromkeys(paths):
        if path.suffix == WRITTEN and not path.is_dir():
            continue
        with ExitStack() as stack:
            bundle = is_bundle(path)
            run = stack.enter_context(opened(path)) if bundle else RunResults.of(path)
            cells, samples, curves = (
                run.table("cells"),
                *(
                    run.table(name, encode=True).unify_dictionaries()
                    for name in ("samples", "curves")
                ),
            )
            folder = None if bundle else path
            found = bool(len(run.table("motifs")))
            motifs = tuple(motifs_of_run(run)) if found else ()
            carried = _carried(run.path) if bundle else {}
            beside = tuple(excesses(run)) if found else ()
            paper = paper_parts(run, cells, samples)
            yield Source(
                str(path), run.record, cells, samples, curves, motifs, beside, paper, carried,
                folder,
            )  # fmt: skip


def _carried(folder: Path) -> dict[str, dict[str, Attribution]]:
    """The attributions of a bundle; of one without none."""
    if not (folder / FILE).is_file():
        return {}
    held = Attributions(folder)
    return {
        key: {row["sample_id"]: attribution_of(row) for row in held.rows(key)} for key in held.ids
    }

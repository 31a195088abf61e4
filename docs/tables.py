"""The tables of README and docs, made from the boards and model cards that are committed.

    make docs                           # fills every table again
    python docs/tables.py --check       # says which page is not current

Nobody types a number of a board. In front of each table stands a comment, which no reader of the
page sees: TOML that says which numbers the table holds.

    <!-- table
    board = "quickstart"                           # leaderboard/quickstart.parquet
    only = {model = "cnn", metric = "gini"}        # labels of the board's rows
    show = "{estimate:z.2f}"                       # columns of the row, in Python's format language
    corner = "mean of {n} sequences"               # above the labels of the rows
    [columns]
    "on nucleotides" = {aggregator = "native"}
    "on tokens" = {aggregator = "sum"}
    [rows]
    "LRP" = {explainer = "lrp"}
    -->

    <!-- end table -->

A cell is the one row of the board that agrees with `only`, its row and its column, which may each
replace `board` and `show`; of a list of labels any will do; an interval in parentheses is left out
of a row that has none. `rows = "explainer"` makes a row for each explainer there is, the best in
the first column first. `card = "FOLDER"` reads a model card,
e.g. `{training[parameters]:,}`; `claims = true` lists the paper's claims;
`simulation = "FILE"` shows the least or most of its numbers, by `row` and `column`, and where it
says what is `asked` of them, names the exceptions; `counted = "FILE"` says how many records there
are by `row` and `column`, or with `share = [PART, WHOLE]` what share of one sum another is;
`records = "FILE"` shows each record as it is, by `row` and `column` likewise, or with `columns`
several texts of each; where it says `until`, that sentence stands for a file that is not there yet,
and where it names a `figure`, docs/images/FIGURE.png with its `caption` stands below the table.
Arrows follow the directions that the board states; what the board does not have is a dash; the
corner names the models of which all that is shown is of one set of weights.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from gxarena.errors import InputError, check_choice
from gxarena.files import write_text
from gxarena.report.claims.catalogue import CLAIMS

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "docs" / "tutorials" / "spliceai.md",
)
TABLE = re.compile(r"(?P<spec><!-- table\n(?P<toml>.*?)-->\n).*?(?P<end><!-- end table -->)", re.S)
LABELS = ("suite", "dataset", "model", "explainer", "aggregator", "metric")
ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
NOTHING = "–"


def filled(page: str, root: Path = ROOT) -> str:
    """The page with each of its tables made again."""
    return TABLE.sub(
        lambda at: f"{at['spec']}\n{table(tomllib.loads(at['toml']), root)}\n\n{at['end']}", page
    )


def table(spec: Mapping[str, Any], root: Path = ROOT) -> str:
    """One table in Markdown.

    Parameters
    ----------
    spec : mapping
        What the comment in front of the table says, see above.
    root : Path
        Holds `leaderboard` and the folders of the cards.

    Raises
    ------
    InputError
        A label that the board does not have, a cell that is several of its rows, or a row or column
        of the table without any number.
    """
    if spec.get("claims"):
        return _claims()
    for kind, shown in {
        "simulation": _simulation,
        "counted": _counted,
        "records": _records,
    }.items():
        if kind in spec:
            rows = _asked_for(spec, root / "leaderboard" / f"{spec[kind]}.parquet")
            return str(spec["until"]) if rows is None else shown(spec, rows)
    common = {k: spec[k] for k in ("board", "card", "show") if k in spec} | spec.get("only", {})
    columns: dict[str, dict[str, Any]] = spec["columns"]
    rows: dict[str, dict[str, Any]] | str = spec["rows"]
    by = rows if isinstance(rows, str) else ""
    if isinstance(rows, str):
        rows = {f"`{value}`": {by: value} for value in _values(by, common, columns, root)}
    cells = {
        (row, column): _cell(common | columns[column] | rows[row], f"{row} / {column}", root)
        for row in rows
        for column in columns
    }

    def line(row: str) -> list[Cell]:
        return [cells[row, column] for column in columns]

    def stack(column: str) -> list[Cell]:
        return [cells[row, column] for row in rows]

    for label, found in [(r, line(r)) for r in rows] + [(c, stack(c)) for c in columns]:
        if all(cell.text == NOTHING for cell in found):
            raise InputError(f"'{label}': expected a number somewhere, got none. Leave it out.")
    says = (
        spec.get("corner", "").format(n=_sizes(cells.values())),
        _of_one_training(cells.values()),
    )
    corner = "; ".join(filter(None, says))
    lines = [
        [
            corner + _arrow(common, cells.values()),
            *(column + _arrow(what, stack(column)) for column, what in columns.items()),
        ],
        ["---"] * (1 + len(columns)),
        *(
            [row + _arrow(rows[row], line(row)), *(cell.text for cell in line(row))]
            for row in (sorted(rows, key=lambda row: line(row)[0].place) if by else rows)
        ),
    ]
    return _markdown(lines)


def _markdown(lines: Iterable[Iterable[str]]) -> str:
    return "\n".join(f"| {' | '.join(texts)} |" for texts in lines)


def _claims() -> str:
    """The paper's claims, as `gxarena report` tries them."""
    head = ["the paper's claim", "how it is tried", "a suite must ask for"]
    rows = [[one.sentence, one.method, one.needs] for one in CLAIMS]
    escaped = [[text.replace("|", r"\|") for text in row] for row in rows]
    return _markdown([head, ["---"] * 3, *escaped])


Rows = list[dict[str, Any]]


def _asked_for(spec: Mapping[str, Any], path: Path) -> Rows | None:
    """The rows of a table that `only` leaves; None where it is not there and `until` says so."""
    if not path.is_file():
        if "until" in spec:
            return None
        raise InputError(f"{path.name}: expected a table, got none. Make it, or say until.")
    only = spec.get("only", {})
    rows: Rows = pq.read_table(path).to_pylist()
    rows = [row for row in rows if all(row[k] in _listed(v) for k, v in only.items())]
    if not rows:
        raise InputError(f"{path.stem}: expected rows with {only}, got none.")
    return rows


def _simulation(spec: Mapping[str, Any], rows: Rows) -> str:
    """Numbers of a simulation, the most extreme where several meet in a cell."""
    extreme = {"least": min, "most": max}[spec["take"]]
    shown = {
        key: extreme(row[name] for row in met for name in spec["show"])
        for key, met in _met(spec, rows).items()
    }
    made = _crossed(spec, {key: f"{number:.3f}" for key, number in shown.items()})
    return f"{made}\n\n{_exceptions(shown, spec)}" if "asked" in spec else made


def _counted(spec: Mapping[str, Any], rows: Rows) -> str:
    """How many records meet in a cell, or the share of one of their sums in another."""
    found = _met(spec, rows)
    if "share" not in spec:
        return _crossed(spec, {key: str(len(met)) for key, met in found.items()}, "0")
    shares = {}
    for key, met in found.items():
        part, whole = (sum(row[name] for row in met) for name in spec["share"])
        shares[key] = f"{part / whole:.0%} of {whole:,}" if whole else NOTHING
    return _crossed(spec, shares)


def _met(spec: Mapping[str, Any], rows: Rows) -> dict[tuple[str, str], Rows]:
    """Records by the labels of their row and column."""
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        found[spec["row"].format(**row), spec["column"].format(**row)].append(row)
    return found


def _crossed(
    spec: Mapping[str, Any], cells: Mapping[tuple[str, str], str], nothing: str = NOTHING
) -> str:
    """Texts by row and column, in the order in which these first appear."""
    rows, columns = (list(dict.fromkeys(key[axis] for key in cells)) for axis in (0, 1))
    lines = [[row, *(cells.get((row, column), nothing) for column in columns)] for row in rows]
    return _markdown([[spec["corner"], *columns], ["---"] * (1 + len(columns)), *lines])


def _records(spec: Mapping[str, Any], rows: Rows) -> str:
    """Records of a table, one a cell, in the order in which `only` lists them or they stand."""
    only = {name: _listed(value) for name, value in spec.get("only", {}).items()}
    rows = sorted(rows, key=lambda row: [value.index(row[name]) for name, value in only.items()])
    texts = spec["columns"] if "columns" in spec else {spec["column"]: spec["show"]}
    found: dict[tuple[str, str], str] = {}
    for row in rows:
        for column, text in texts.items():
            key = spec["row"].format(**row), column.format(**row)
            if key in found:
                raise InputError(
                    f"{spec['records']}: expected one record for {' / '.join(key)}, got two."
                )
            found[key] = text.format(**row)
    shown = f"\n\n![{spec['caption']}](images/{spec['figure']}.png)" if "figure" in spec else ""
    return _crossed(spec, found) + shown


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _exceptions(shown: Mapping[tuple[str, str], float], spec: Mapping[str, Any]) -> str:
    """Which of the numbers are not as is asked, by name."""
    asked = spec["asked"]
    above = spec["take"] == "most"
    beyond: dict[str, list[str]] = defaultdict(list)
    for (row, column), number in shown.items():
        if number > asked if above else number < asked:
            beyond[row].append(f"{column} ({number:.3f})")
    side = "above" if above else "below"
    if not beyond:
        return f"None is {side} {asked:g}."
    named = "; ".join(f"{row}: {', '.join(columns)}" for row, columns in beyond.items())
    return f"{side.capitalize()} {asked:g}: {named}."


class Cell(NamedTuple):
    """What a cell of a table shows, and the row of the board that it comes from."""

    text: str
    record: Mapping[str, Any]

    @property
    def place(self) -> tuple[bool, float]:
        """Sorts the best first, and cells without a number last."""
        if self.text == NOTHING:
            return True, 0.0
        estimate = float(self.record["estimate"])
        return False, estimate if self.record["direction"] == "lower" else -estimate


def _cell(wanted: Mapping[str, Any], where: str, root: Path) -> Cell:
    if "card" in wanted:
        card = json.loads((root / wanted["card"] / "card.json").read_text(encoding="utf-8"))
        return Cell(wanted["show"].format(**card), {})
    found = _board(root / "leaderboard" / f"{wanted['board']}.parquet").matching(wanted)
    if len(found) > 1:
        differ = [label for label in LABELS if found[0][label] != found[1][label]]
        raise InputError(
            f"'{where}': expected one row of the board, got {len(found)}. Say which "
            f"{' and '.join(differ)}."
        )
    if not found or found[0]["estimate"] is None:
        return Cell(NOTHING, found[0] if found else {})
    milliseconds = 1000 * (found[0]["seconds_per_sequence"] or 0)
    show = wanted["show"]
    if found[0]["ci_low"] is None:
        show = re.sub(r" \([^)]*{ci_low[^)]*\)", "", show)
    try:
        return Cell(show.format(**found[0], milliseconds=milliseconds), found[0])
    except (KeyError, TypeError) as error:  # no such column, or null
        raise InputError(
            f"'{where}': expected columns with numbers in show, got '{wanted['show']}' ({error}). "
            "Show others."
        ) from error


def _values(
    by: str, common: dict[str, Any], columns: dict[str, dict[str, Any]], root: Path
) -> list[str]:
    """The values of a label in rows that some column asks for."""
    found: set[str] = set()
    for what in columns.values():
        wanted = common | what
        board = _board(root / "leaderboard" / f"{wanted['board']}.parquet")
        found |= {row[by] for row in board.matching(wanted)}
    return sorted(found)


def _arrow(what: Mapping[str, Any], cells: Iterable[Cell]) -> str:
    """Which way is better, beside the label that names the metric; none for other columns of it."""
    directions = {cell.record["direction"] for cell in cells if cell.record}
    shows_it = "metric" in what and "{estimate" in what.get("show", "{estimate")
    return ARROWS[directions.pop()] if shows_it and len(directions) == 1 else ""


def _sizes(cells: Iterable[Cell]) -> str:
    """How many sequences the numbers are of, e.g. ``48`` or ``1,171 to 1,212``."""
    records = [cell.record for cell in cells if cell.record and cell.text != NOTHING]
    # Boards from before replicates count values, one a sequence.
    sizes = sorted({record.get("sequences", record["n"]) for record in records})
    return " to ".join(f"{size:,}" for size in dict.fromkeys((*sizes[:1], *sizes[-1:])))


def _of_one_training(cells: Iterable[Cell]) -> str:
    """Which of the models have one set of weights in all that is shown of them."""
    trainings: dict[str, set[int]] = defaultdict(set)
    for cell in cells:
        if "replicates" in cell.record and cell.text != NOTHING:
            trainings[cell.record["model"]].add(cell.record["replicates"])
    one = [model for model, found in trainings.items() if found == {1}]
    named = "" if len(one) == len(trainings) else f"{', '.join(one)}: "
    return f"{named}one set of weights" if one else ""


class Board:
    """A leaderboard, and where its rows stand by label."""

    def __init__(self, path: Path) -> None:
        self._name = path.stem
        self._rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        self._at: dict[str, dict[str, set[int]]] = {label: defaultdict(set) for label in LABELS}
        for number, row in enumerate(self._rows):
            for label in LABELS:
                self._at[label][row[label]].add(number)

    def matching(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows that have all wanted labels, in the board's order."""
        numbers = set(range(len(self._rows)))
        for label, value in wanted.items():
            if label in ("board", "show"):
                continue
            check_choice(f"board '{self._name}'", label, LABELS)
            values = _listed(value)
            for one in values:
                check_choice(f"board '{self._name}', {label}", one, self._at[label].keys())
            numbers &= set().union(*(self._at[label][one] for one in values))
        return [self._rows[number] for number in sorted(numbers)]


@cache
def _board(path: Path) -> Board:
    if not path.is_file():
        raise InputError(f"{path.name}: expected a board in leaderboard/, got none. Make it first.")
    return Board(path)


def main(arguments: list[str]) -> int:
    """Fill the pages, or with ``--check`` say which ones are not current."""
    stale = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        try:
            made = filled(text)
        except InputError as error:
            stale += 1
            print(f"{page.relative_to(ROOT)}: {error}")
            continue
        if made != text and "--check" in arguments:
            stale += 1
            print(f"{page.relative_to(ROOT)}: expected the boards' numbers. Run make docs.")
        elif made != text:
            write_text(page, made)
    return min(stale, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

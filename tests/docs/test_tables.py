"""Numbers in README and docs: each stands in a table that a committed board or card makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.errors import InputError
from gxarena.report.claims.catalogue import CLAIMS

ROOT = Path(__file__).parents[2]
tables = shipped_script("docs/tables.py")
by_page = pytest.mark.parametrize("page", tables.PAGES, ids=lambda page: page.name)

SETTINGS = (
    # What is asked, not what came out.
    "tested at 5%",
    "below 20 sequences",
    "5, 10 and 20% replaced",
    "20%",
    "1, 5, 10, 20 and 50%",
    "10%",
    "95%",
    "250 bp",
    "0 to 65,535",
    "4,194,304 numbers",
    "30 seconds",
    "8 of 100 sequences",
    "5 of 230 cells",
    "5 of\n230 cells",
    "64 MB more",
    "Python 3.11",
    "in 20 lines",
    "the 48 nucleotides",
    # Names and references.
    "LGPL-3.0",
    "GPL-3.0",
    "CC BY 4.0",
)
_REFERENCE = re.compile(  # also a page of a journal
    r"arXiv:\d{4}\.\d{5}|MA\d{4}\.\d|\b(?:19|20)\d\d, [A-Z][A-Za-z\s.&]+\s\d+:\d+"
)
_NOT_WORDS = (
    tables.TABLE,
    re.compile(r"<!--.*?-->", re.S),
    re.compile(r"^```.*?^```", re.S | re.M),
    re.compile(r"^ {4,}.*$", re.M),  # commands
    re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.S),  # formulas
    re.compile(r"`[^`\n]+`"),
    re.compile(r"\]\([^)]*\)"),  # where links go
    _REFERENCE,
)
# A number as a result is written: with a point, a per cent sign, or above nine. Not: DNABERT-2.
_NUMBER = re.compile(r"(?<![\w.-])[-−+±]?(?:\d*\.\d+|\d+ ?%|\d{2,}|\d{1,3}(?:,\d{3})+)(?![\w-])")


def words(page: str) -> str:
    """What a page says outside tables, commands, formulas and names."""
    for pattern in _NOT_WORDS:
        page = pattern.sub(" ", page)
    return page


@by_page
def test_every_table_is_what_the_boards_say(page: Path) -> None:
    text = page.read_text()
    assert text.count("<!-- table\n") == text.count("<!-- end table -->")
    assert tables.filled(text) == text, "expected the boards' numbers: run make docs"


@by_page
def test_no_result_stands_outside_a_table(page: Path) -> None:
    text = words(page.read_text())
    for setting in SETTINGS:
        text = text.replace(setting, " ")
    assert _NUMBER.findall(text) == []


def test_every_setting_is_still_said_somewhere() -> None:
    said = " ".join(words(page.read_text()) for page in tables.PAGES)
    assert [setting for setting in SETTINGS if setting not in said] == []


@pytest.mark.parametrize(
    "result", ["AUPRC .65", "0.65", "of 12%", "505 seqlets", "1,944 cells", "-0.98", "±.02"]
)
def test_a_result_in_words_is_found(result: str) -> None:
    assert _NUMBER.search(f"It is {result} here.")


@pytest.mark.parametrize("name", ["DNABERT-2", "section 4", "dnabert2-mini", "chr2R", "float32"])
def test_a_name_is_no_result(name: str) -> None:
    assert not _NUMBER.search(f"It is {name} here.")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A board of two explainers on two data sets: a score, a cost, and one that is undefined."""
    rows = [
        ("fly", "lrp", "gini", "higher", 0.5, 200),
        ("fly", "random", "gini", "higher", -0.004, 200),
        ("worm", "random", "gini", "higher", 0.25, 1200),
        ("fly", "lrp", "entropy", "lower", 3.0, 200),
        ("fly", "random", "entropy", "lower", 4.0, 200),
        ("fly", "lrp", "replaced", "none", 0.2, 200),
        ("worm", "lrp", "replaced", "none", None, 200),
    ]
    board = [
        {"suite": "s", "model": "m", "aggregator": "native", "seconds_per_sequence": 0.0125}
        | {"ci_low": None}
        | {"dataset": dataset, "explainer": explainer, "metric": metric, "direction": direction}
        | {"estimate": estimate, "n": n}
        for dataset, explainer, metric, direction, estimate, n in rows
    ]
    (tmp_path / "leaderboard").mkdir()
    pq.write_table(pa.Table.from_pylist(board), tmp_path / "leaderboard" / "toy.parquet")
    (tmp_path / "card.json").write_text('{"training": {"parameters": 103074}}')
    return tmp_path


TOY: dict[str, Any] = {
    "board": "toy",
    "show": "{estimate:z.2f}",
    "only": {"dataset": "fly"},
    "columns": {"LRP": {"explainer": "lrp"}, "chance": {"explainer": "random"}},
    "rows": {"Gini": {"metric": "gini"}, "entropy": {"metric": "entropy"}},
}


def test_a_cell_is_its_row_of_the_board_at_the_rounding_shown(root: Path) -> None:
    assert tables.table(TOY, root).splitlines() == [
        "|  | LRP | chance |",
        "| --- | --- | --- |",
        "| Gini ↑ | 0.50 | 0.00 |",
        "| entropy ↓ | 3.00 | 4.00 |",
    ]


def test_rows_by_explainer_come_best_first(root: Path) -> None:
    columns = {
        "entropy": {"metric": "entropy"},
        "ms": {"metric": "gini", "show": "{milliseconds:.1f}"},
    }
    spec = TOY | {"rows": "explainer", "columns": columns}
    assert tables.table(spec, root).splitlines() == [
        "|  | entropy ↓ | ms |",  # no arrow: what is shown is not the metric's own value
        "| --- | --- | --- |",
        "| `lrp` | 3.00 | 12.5 |",
        "| `random` | 4.00 | 12.5 |",
    ]
    columns = {"Gini": {"metric": "gini", "dataset": "worm"}, "entropy": {"metric": "entropy"}}
    assert tables.table(spec | {"columns": columns}, root).splitlines()[2:] == [
        "| `random` | 0.25 | 4.00 |",
        "| `lrp` | – | 3.00 |",  # what has no number comes last
    ]


def test_sizes_stand_in_the_corner(root: Path) -> None:
    spec = TOY | {"corner": "{n} sequences", "only": {"metric": "gini"}}
    rows = {"fly": {"dataset": "fly"}, "worm": {"dataset": "worm"}}
    assert tables.table(spec | {"rows": rows}, root).startswith("| 200 to 1,200 sequences ↑ |")


def test_a_table_says_which_models_are_one_set_of_weights(root: Path) -> None:
    board = root / "leaderboard" / "toy.parquet"
    rows = pq.read_table(board).to_pylist()
    for row in rows:
        row |= {"replicates": 1}
    several = [row | {"model": "n", "replicates": 5} for row in rows]
    pq.write_table(pa.Table.from_pylist([*rows, *several]), board)
    spec = TOY | {"corner": "mean"}

    def corner(columns: dict[str, Any]) -> str:
        made = tables.table(spec | {"columns": columns}, root)
        return str(made.partition("|")[2].partition("|")[0].strip())

    one = {"one": {"explainer": "lrp", "model": "m"}}
    five = {"five": {"explainer": "lrp", "model": "n"}}
    assert corner(one) == "mean; one set of weights"
    assert corner(five) == "mean"
    assert corner(one | five) == "mean; m: one set of weights"
    assert tables.table(spec | {"corner": "", "columns": one}, root).startswith(
        "| one set of weights |"
    )


def test_a_simulation_shows_the_worst_of_what_meets_in_a_cell(tmp_path: Path) -> None:
    rows = [
        {"what": "x", "case": case, "n": n, "a": a, "b": 0.2}
        for case, n, a in (("p", 20, 0.1), ("p", 20, 0.4), ("p", 50, 0.3), ("q", 50, 0.5))
    ]
    (tmp_path / "leaderboard").mkdir()
    table = pa.Table.from_pylist([*rows, rows[0] | {"what": "y", "a": 9.0}])
    pq.write_table(table, tmp_path / "leaderboard" / "luck.parquet")
    spec = {
        "simulation": "luck", "only": {"what": "x"}, "row": "{case}", "column": "n = {n}",
        "show": ["a", "b"], "take": "most", "corner": "luck",
    }  # fmt: skip
    head, _, *lines = tables.table(spec, tmp_path).splitlines()
    assert head == "| luck | n = 20 | n = 50 |"
    assert lines == ["| p | 0.400 | 0.300 |", "| q | – | 0.500 |"]
    least = tables.table(spec | {"take": "least"}, tmp_path).splitlines()[2:]
    assert least == ["| p | 0.100 | 0.200 |", "| q | – | 0.200 |"]
    beyond = tables.table(spec | {"asked": 0.3}, tmp_path).splitlines()
    assert beyond[:-2] == [head, "| --- | --- | --- |", *lines]
    assert beyond[-2:] == ["", "Above 0.3: p: n = 20 (0.400); q: n = 50 (0.500)."]
    within = tables.table(spec | {"asked": 0.5}, tmp_path).splitlines()[-1]
    assert within == "None is above 0.5."
    least = tables.table(spec | {"take": "least", "asked": 0.2}, tmp_path).splitlines()[-1]
    assert least == "Below 0.2: p: n = 20 (0.100)."


def test_records_are_shown_as_they_are_in_the_order_asked_for(tmp_path: Path) -> None:
    rows = [
        {"model": model, "metric": metric, "told": told}
        for model, metric, told in (("m", "q", 0.5), ("n", "q", 0.25), ("m", "p", 1.0))
    ]
    (tmp_path / "leaderboard").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "leaderboard" / "trust.parquet")
    spec = {
        "records": "trust", "only": {"metric": ["p", "q"]}, "row": "`{metric}`",
        "column": "{model}", "show": "{told:.0%}", "corner": "steps told",
    }  # fmt: skip
    assert tables.table(spec, tmp_path).splitlines() == [
        "| steps told | m | n |",
        "| --- | --- | --- |",
        "| `p` | 100% | – |",
        "| `q` | 50% | 25% |",
    ]
    for wrong, message in (
        ({"only": {"metric": ["z"]}}, "got none"),
        ({"column": "all"}, "expected one record for `q` / all, got two"),
    ):
        with pytest.raises(InputError, match=message):
            tables.table(spec | wrong, tmp_path)


def test_a_record_may_have_several_columns(tmp_path: Path) -> None:
    rows = [{"metric": metric, "p": p, "ahead": a} for metric, p, a in (("q", 0.5, "x"),)]
    (tmp_path / "leaderboard").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "leaderboard" / "orders.parquet")
    spec = {
        "records": "orders", "only": {"metric": ["q"]}, "row": "`{metric}`", "corner": "order",
        "columns": {"who is ahead": "{ahead}", "p": "{p:.2f}"},
    }  # fmt: skip
    assert tables.table(spec, tmp_path).splitlines() == [
        "| order | who is ahead | p |",
        "| --- | --- | --- |",
        "| `q` | x | 0.50 |",
    ]
    pq.write_table(pa.Table.from_pylist(rows * 2), tmp_path / "leaderboard" / "orders.parquet")
    with pytest.raises(InputError, match="expected one record for `q` / who is ahead, got two"):
        tables.table(spec, tmp_path)


@pytest.mark.parametrize("kind", ["simulation", "counted", "records"])
def test_a_table_that_is_not_there_is_said_or_what_stands_for_it(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"later\.parquet: expected a table, got none"):
        tables.table({kind: "later"}, tmp_path)
    assert tables.table({kind: "later", "until": "Not yet."}, tmp_path) == "Not yet."


def test_records_are_counted_or_their_numbers_summed(tmp_path: Path) -> None:
    rows = [
        {"data": data, "scores": scores, "matched": matched, "patterns": patterns}
        for data, scores, matched, patterns in (
            ("fly", "gc", 1, 3), ("fly", "gc", 2, 3), ("fly", "random", 0, 8),
            ("worm", "gc", 0, 0), ("ape", "gc", 5, 5),
        )
    ]  # fmt: skip
    (tmp_path / "leaderboard").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "leaderboard" / "noise.parquet")
    spec = {
        "counted": "noise", "only": {"data": ["fly", "worm"]}, "row": "{data}",
        "column": "{scores}", "corner": "how many",
    }  # fmt: skip
    assert tables.table(spec, tmp_path).splitlines() == [
        "| how many | gc | random |",
        "| --- | --- | --- |",
        "| fly | 2 | 1 |",
        "| worm | 1 | 0 |",
    ]
    assert tables.table(spec | {"share": ["matched", "patterns"]}, tmp_path).splitlines()[2:] == [
        "| fly | 50% of 6 | 0% of 8 |",
        "| worm | – | – |",
    ]
    with pytest.raises(InputError, match=r"noise: expected rows with .*, got none"):
        tables.table(spec | {"only": {"data": "z"}}, tmp_path)


def test_until_a_table_is_there_a_sentence_stands_for_it_and_its_figure(tmp_path: Path) -> None:
    spec = {
        "records": "later", "only": {"metric": ["p"]}, "row": "`{metric}`", "column": "{model}",
        "show": "{told:.0%}", "corner": "steps told", "until": "Not measured yet.",
        "figure": "later", "caption": "How it is",
    }  # fmt: skip
    assert tables.table(spec, tmp_path) == "Not measured yet."
    (tmp_path / "leaderboard").mkdir()
    row = {"model": "m", "metric": "p", "told": 1.0}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "leaderboard" / "later.parquet")
    assert tables.table(spec, tmp_path).splitlines() == [
        "| steps told | m |",
        "| --- | --- |",
        "| `p` | 100% |",
        "",
        "![How it is](images/later.png)",
    ]
    (tmp_path / "leaderboard" / "later.parquet").unlink()
    with pytest.raises(InputError, match=r"later\.parquet: expected a table, got none"):
        tables.table({k: v for k, v in spec.items() if k != "until"}, tmp_path)


def test_a_simulation_that_holds_nothing_asked_for_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "leaderboard").mkdir()
    table = pa.Table.from_pylist([{"what": "x", "n": 1, "a": 0.5}])
    pq.write_table(table, tmp_path / "leaderboard" / "luck.parquet")
    spec = {
        "simulation": "luck", "only": {"what": ["x", "y"]}, "row": "{what}", "column": "{n}",
        "show": ["a"], "take": "most", "corner": "luck",
    }  # fmt: skip
    assert tables.table(spec, tmp_path).splitlines()[2] == "| x | 0.500 |"
    with pytest.raises(InputError, match="expected rows with"):
        tables.table(spec | {"only": {"what": "z"}}, tmp_path)


def test_undefined_is_a_dash_and_of_a_list_any_will_do(root: Path) -> None:
    rows = {"fly": {"dataset": "fly"}, "worm": {"dataset": "worm"}}
    columns = {
        "replaced": {"metric": "replaced"},
        "Gini": {"metric": "gini", "explainer": "random"},
    }
    spec = TOY | {"only": {"explainer": ["lrp", "random"]}, "rows": rows, "columns": columns}
    assert tables.table(spec, root).splitlines()[2:] == [
        "| fly | 0.20 | 0.00 |",
        "| worm | – | 0.25 |",
    ]


def test_claims_are_those_that_reports_try() -> None:
    lines = tables.table({"claims": True}).splitlines()
    assert len(lines) == 2 + len(CLAIMS)
    assert lines[2].startswith(f"| {CLAIMS[0].sentence} | ")
    assert [line.replace(r"\|", "").count("|") for line in lines] == [4] * len(lines)
    assert r"mean share of \|relevance\|" in lines[2]


def test_a_card_shows_its_fields(root: Path) -> None:
    spec = {
        "columns": {"parameters": {"show": "{training[parameters]:,}"}},
        "rows": {"CNN": {"card": "."}},
    }
    assert tables.table(spec, root).splitlines()[2] == "| CNN | 103,074 |"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"only": {"dataset": "flies"}}, "dataset: unknown 'flies'. Did you mean 'fly'?"),
        ({"only": {"data": "fly"}}, "unknown 'data'"),
        ({"only": {}}, "'Gini / chance': expected one row of the board, got 2. Say which dataset"),
        ({"only": {"dataset": "worm"}}, "'entropy': expected a number somewhere, got none"),
        ({"board": "none"}, "none.parquet: expected a board in leaderboard/, got none"),
        ({"show": "{ci_low:.2f}"}, "'Gini / LRP': expected columns with numbers in show"),
    ],
)
def test_a_table_that_the_board_cannot_fill_is_an_error(
    change: dict[str, Any], message: str, root: Path
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        tables.table(TOY | change, root)


def test_a_page_is_filled_between_its_marks_alone(root: Path) -> None:
    page = (
        'Before 0.1.\n\n<!-- table\nboard = "toy"\nshow = "{estimate:.1f}"\n[columns]\n'
        '"LRP" = {explainer = "lrp", dataset = "fly"}\n[rows]\n"Gini" = {metric = "gini"}\n-->\n\n'
        "| old |\n\n<!-- end table -->\n\nAfter.\n"
    )
    made = tables.filled(page, root)
    assert made == page.replace("| old |", "|  | LRP |\n| --- | --- |\n| Gini ↑ | 0.5 |")
    assert tables.filled(made, root) == made

"""The start page's choice of a model, and what other pages say of the same comparisons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from site_pages import Page, pages_of, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.content import read_content
from gxarena.site.front import front_pages
from gxarena.site.pages import without_settings
from gxarena.site.rendering import Renderer
from gxarena.site.site import Site
from gxarena.site.writing import write_site

LABELS = {"here": "cnn", "there": "cnn", "letters": "dnabert2-mini"}


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Page]:
    """Of a board of three models, two of which are of one component, as its terms say."""
    given = synthetic_board(3, 4, 2)
    rows = [row | {"model": label} for label in LABELS for row in given.table.to_pylist()]
    terms = {
        ("model", label, "0"): f"{component} with weights w" for label, component in LABELS.items()
    }
    table = pa.Table.from_pylist(rows, LEADERBOARD)
    write_board(tmp_path / "b.parquet", replace(given, table=table, terms=terms))
    content = read_content([tmp_path / "b.parquet"])
    write_site(Site.of(content, Registry.load()), tmp_path / "site")
    return pages_of(tmp_path / "site")


def test_a_model_is_asked_for_by_what_it_is(pages: dict[str, Page]) -> None:
    """Nobody outside knows that mini-planted is a DNABERT-2."""
    start = pages["index.html"]
    offered = [a["value"] for _, a in start.tags if a.get("name") == "model"]
    assert offered == ["", "cnn", "dnabert2-mini"]
    for component in ("cnn", "dnabert2-mini"):
        what = Registry.load().get("models", component).summary.partition(";")[0]
        assert f"{component}, {what}" in start.words
    kinds = {a["data-model"]: a["data-kind"] for tag, a in start.tags if tag == "article"}
    assert kinds == LABELS
    assert "there a cnn, on board 1" in start.words


def test_a_model_of_an_architecture_is_not_taken_for_its_official_weights(
    pages: dict[str, Page],
) -> None:
    said = (
        "dnabert2-mini (the DNABERT-2 architecture small) is a network of 742,786 parameters that "
        "this project trained: nothing here speaks for anybody's official weights of that "
        "architecture."
    )
    assert pages["index.html"].words.count(said) == 1
    assert said in pages["model/letters.html"].words
    assert said not in pages["model/here.html"].words
    assert "is a network of 103,074 parameters" in pages["model/here.html"].words


def test_pages_say_the_tier_that_the_start_page_shows(pages: dict[str, Page]) -> None:
    """A page said "not told" of tiers, and "first in 0" of explainers in the first one."""
    start = pages["index.html"]
    band, first = "", set()
    for row in start.rows:
        text = " ".join(row[0].split()) if row else ""
        band = text if text.startswith("tier ") else band
        if text.startswith("explainer-") and band.startswith("tier 1 "):
            first.add(text)
    for name in ("explainer-00", "explainer-01", "explainer-02"):
        page = pages[f"explainer/{name}.html"]
        tiers = [row[5].strip() for row in page.rows if row and row[0].endswith("?")]
        assert len(tiers) == 12
        ones = tiers.count("1")
        assert (ones > 0) == (name in first)
        said = f"first tier in {ones} of 12 comparisons"
        assert said in " ".join(pages["explainers.html"].row(name))


def test_explainers_of_two_models_do_not_share_a_table_of_ranks(pages: dict[str, Page]) -> None:
    page = pages["metric/metric-0.html"]
    for label in LABELS:
        assert f"metric-0, set-1, {label} board 1" in page.words
    rows = [row[0] for row in page.rows if row and row[0].startswith("explainer-")]
    assert len(rows) == 3 * len(LABELS) * 2


def test_the_largest_comparison_is_first_on_every_page(tmp_path: Path) -> None:
    """Charts began with boards on which nobody competes."""
    for explainers in (1, 4):
        write_board(tmp_path / f"{explainers}.parquet", synthetic_board(explainers, 4, 2))
    content = read_content([tmp_path / "1.parquet", tmp_path / "4.parquet"])
    sections = Site.of(content, Registry.load()).sections
    assert [(one.question, one.board) for one in sections] == [
        (question, board)
        for question in ("localization", "faithfulness", "robustness", "complexity")
        for board in (2, 1)
    ]


def test_of_settings_those_alone_are_shown_that_differ() -> None:
    a, b = 'lrp {"alpha": 2.0, "at": [5, 10]} (4a…)', 'lrp {"alpha": 2.0, "at": [5]} (fa…)'
    assert without_settings(f"'x' is {a} in a and {b} in b") == (
        "'x' is lrp with at = 5, 10 (4a…) in a and lrp with at = 5 (fa…) in b"
    )
    assert without_settings(f"{a} and {a.replace('4a', 'fa')}") == "lrp (4a…) and lrp (fa…)"
    for other in ("braces {of nothing", "braces {of} nothing", 'of x {"a": {"b": 1}} (4a…)'):
        assert without_settings(other) == other


def test_the_board_that_answers_first_is_first_and_nothing_is_said_twice(tmp_path: Path) -> None:
    for explainers in (1, 4):
        write_board(tmp_path / f"{explainers}.parquet", synthetic_board(explainers, 4, 2))
    content = read_content([tmp_path / "1.parquet", tmp_path / "4.parquet"])
    (start, *_) = front_pages(Site.of(content, Registry.load()))
    boards = start.context["boards"]
    assert [one["number"] for one in boards] == [2, 1]
    assert [one["rows"] for one in boards] == [32, 8]
    text = Renderer().text(start)
    assert text.count("nobody else has checked all of these numbers") == 1
    assert text.index("<summary>Board 2,") < text.index("<summary>Board 1,")
    assert "data/board-2.parquet" in text[: text.index("<summary>Board 1,")]
    for one in boards:
        assert len(set(one["sentences"])) == len(one["sentences"])
        assert sum("not say what was measured" in said for said in one["sentences"]) == 1


def test_place_and_value_come_first_since_a_phone_shows_no_more(pages: dict[str, Page]) -> None:
    heads = [[" ".join(cell.split()) for cell in row] for row in pages["index.html"].rows]
    (first, *_) = (row for row in heads if row and row[0] == "explainer")
    assert first[1] == "place"
    assert first[2] == "metric-0, mean of 2 data sets (95% interval)"
    row = pages["index.html"].row("explainer-00", 12)
    assert len(row) == len(first) == 8
    assert row[1][0] in "123"
    assert " to " in row[2]
    assert row[4] == "1.0 ms"


def test_what_a_tier_is_stands_where_tiers_do(pages: dict[str, Page]) -> None:
    others = ("metric/metric-0.html", "explainer/explainer-00.html")
    for place in ("index.html", "about.html", "table.html", *others):
        assert "so a tier by itself recommends nobody" in pages[place].words, place


def test_costs_are_asked_for_as_answers_are(pages: dict[str, Page]) -> None:
    """They were 24 screens, one below the other."""
    costs = pages["cost.html"]
    offered = [a["value"] for _, a in costs.tags if a.get("name") == "model"]
    assert offered == ["", "cnn", "dnabert2-mini"]
    articles = [a for tag, a in costs.tags if tag == "article"]
    questions = {"localization", "faithfulness", "robustness", "complexity"}
    assert {(a["data-question"], a["data-model"]) for a in articles} == {
        (question, label) for question in questions for label in LABELS
    }
    folded = ["open" in a for tag, a in costs.tags if a.get("class") == "folded"]
    assert (len(folded), sum(folded)) == (12, 8)
    links = {a.get("href", "") for _, a in pages["index.html"].tags}
    assert "cost.html#model=here&question=localization" in links
    assert "curves.html" in pages
    assert not any(a.get("id") == "choose" for _, a in pages["curves.html"].tags)


def test_what_a_board_asks_on_stands_with_its_answer(tmp_path: Path) -> None:
    """One question on planted motifs and on matches of matrices is two questions."""
    given = synthetic_board(3, 1, 2)
    for suite, labels in (("planted", ("and", "or")), ("ctcf-vs-pu1", ("ctcf", "pu1"))):
        names = dict(zip(("set-0", "set-1"), labels, strict=True))
        rows = [
            row | {"suite": suite, "dataset": names[row["dataset"]]}
            for row in given.table.to_pylist()
        ]
        table = pa.Table.from_pylist(rows, LEADERBOARD)
        write_board(tmp_path / f"{suite}.parquet", replace(given, table=table))
    paths = [tmp_path / f"{suite}.parquet" for suite in ("planted", "ctcf-vs-pu1")]
    site = Site.of(read_content(paths), Registry.load())
    words = " ".join(Renderer().text(next(front_pages(site))).split())
    planted, scan = (site.catalogue.known("dataset", name).summary for name in ("and", "ctcf"))
    assert "planted" in planted
    assert "annotated" in scan
    assert f"Asked on “and” and “or”: {planted}." in words
    assert f"Asked on “ctcf” and “pu1”: {scan}." in words
    assert site.catalogue.data_in_words(["mine", "other", "third"]) == "“mine”, “other” and 1 more"


def test_boards_on_which_nobody_competes_are_folded(tmp_path: Path) -> None:
    """They were eight of ten answers, each of which recommends nobody."""
    for explainers in (1, 4):
        write_board(tmp_path / f"{explainers}.parquet", synthetic_board(explainers, 4, 2))
    content = read_content([tmp_path / "1.parquet", tmp_path / "4.parquet"])
    text = Renderer().text(next(front_pages(Site.of(content, Registry.load()))))
    for section in text.split('<section class="question"')[1:]:
        open_, folded = section.split('<details class="folded alone">')
        assert (open_.count("<article"), folded.count("<article")) == (1, 1)
        assert "of 4 compared use " in open_
        assert "competes with nobody here" in folded.partition("</details>")[0]


def test_first_tiers_are_counted_from_the_board(tmp_path: Path) -> None:
    """By column: the start page's and an explainer's page say of how many quantities."""
    given = synthetic_board(7, 8, 3)  # two metrics a question, three data sets
    write_board(tmp_path / "b.parquet", given)
    site = Site.of(read_content([tmp_path / "b.parquet"]), Registry.load())
    write_site(site, tmp_path / "site")
    pages = pages_of(tmp_path / "site")
    questions = ("localization", "faithfulness", "robustness", "complexity")
    counted = {(q, f"explainer-{e:02d}"): 0 for q in questions for e in range(7)}
    for row in given.table.to_pylist():
        counted[row["question"], row["explainer"]] += row["tier"] == 1
    assert len({*counted.values()}) > 2
    at, found = 0, []
    for row in pages["index.html"].rows:
        texts = [" ".join(text.split()) for text in row]
        if "first tier" in texts:
            at = texts.index("first tier")
        elif texts and texts[0].startswith("explainer-"):
            found.append((texts[0], texts[at]))
    wanted = [(explainer, f"{n} of 6") for (_, explainer), n in counted.items()]
    assert sorted(found) == sorted(wanted)
    for explainer in {explainer for explainer, _ in found}:
        rows = pages[f"explainer/{explainer}.html"].rows
        head = next(row for row in rows if "first tier" in row)
        said = [row[head.index("first tier")].strip() for row in rows if row[0].endswith("?")]
        assert sorted(said) == sorted(n for other, n in wanted if other == explainer)

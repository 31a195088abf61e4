"""The site as a whole: what its pages ask for, whose numbers they show, what labels may hold."""

from __future__ import annotations

import csv
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from site_pages import Page, data_of, pages_of, synthetic_board
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.results.boards import boards_of, write_board
from gxarena.results.bundle import write_bundle
from gxarena.results.reading import RunResults
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.addresses import metric_page
from gxarena.site.content import read_content
from gxarena.site.notes import metric_notes
from gxarena.site.numbers import number
from gxarena.site.site import Site
from gxarena.site.writing import MARK, write_site

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0, 0.0))
HOSTILE = '"><script>alert(1)</script>{{7*7}}</title>\u2028../..'


def make(paths: list[Path], out: Path) -> dict[str, Page]:
    write_site(Site.of(read_content(paths), Registry.load()), out)
    return pages_of(out)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", {"a": LOW, "b": HIGH, "random": NONE}, {"headline": ["q*"]})


def test_every_link_leads_to_a_page_and_a_place_on_it(run: Path, tmp_path: Path) -> None:
    written = tmp_path / "written.parquet"
    board = synthetic_board(3, len(metric_notes()), 1)
    names = {f"metric-{i}": name for i, name in enumerate(metric_notes())}
    rows = [row | {"metric": names[row["metric"]]} for row in board.table.to_pylist()]
    write_board(written, replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD)))
    pages = make([run, written], tmp_path / "site")
    assert {metric_page(name) for name in metric_notes()} <= pages.keys()
    for place, page in pages.items():
        for _, _, address in page.addresses():
            parts = urlsplit(address)
            if parts.scheme:
                continue
            path, fragment = urldefrag(address)
            target = (
                (tmp_path / "site" / place).parent / path if path else tmp_path / "site" / place
            )
            assert target.is_file(), f"{place}: {address}"
            if fragment and "=" not in fragment:
                assert fragment in Page.read(target).ids, f"{place}: {address}"


def test_no_page_asks_for_anything_elsewhere(run: Path, tmp_path: Path) -> None:
    for place, page in make([run], tmp_path / "site").items():
        for tag, _, address in page.addresses():
            if urlsplit(address).scheme not in ("", "data"):
                assert tag == "a", f"{place}: {tag} {address}"
                assert "://arxiv.org/" in address, f"{place}: {address}"
        assert all("style" not in attrs for _, attrs in page.tags), place
        policies = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
        assert len(policies) == 1, place
        assert "default-src 'none'" in policies[0], place
    for file in (*(tmp_path / "site").rglob("*.css"), *(tmp_path / "site").rglob("*.js")):
        if file.name != "vega.js":
            text = file.read_text().replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(", text), file


def test_numbers_on_pages_are_the_board_s(run: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pages = make([run], site)
    rows = pq.read_table(site / "data" / "board-1.parquet").to_pylist()
    assert {row["explainer"] for row in rows} == {"a", "b", "random"}
    for row in rows:
        shown = f"{number(row['estimate'])} ({number(row['ci_low'])} to {number(row['ci_high'])})"
        label = row["explainer"] + (" floor" if row["role"] == "floor" else "")
        assert shown in pages["index.html"].row(label)
        dossier = pages[f"cell/1-d--m--{row['explainer']}.html"].row(row["metric"], 2)
        ends = f"({number(row['ci_low'])} to {number(row['ci_high'])})"
        assert f"{number(row['estimate'], 4)} {ends}" in dossier
        assert pages["metric/q.html"].row(row["explainer"])[2] == shown
    data = data_of(site / "data" / "board-1.js")
    for name in ("estimate", "ci_low", "ci_high", "rank", "coverage"):
        given = [row[name] for row in rows]
        assert data["columns"][name] == [
            None if v is None else pytest.approx(v, rel=1e-5) for v in given
        ]
    explainers = data["columns"]["explainer"]
    assert [explainers["levels"][i] for i in explainers["codes"]] == [r["explainer"] for r in rows]
    with (site / "data" / "board-1.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert [float(line["estimate"]) for line in listed] == [row["estimate"] for row in rows]


def test_the_better_is_first_and_said_in_words(run: Path, tmp_path: Path) -> None:
    start = make([run], tmp_path / "site")["index.html"]
    order = [row[0].split()[0] for row in start.rows if row and row[0].strip() in ("a", "b")]
    assert order == ["b", "a"]
    assert (
        "motifs) with m: of 2 compared use b. How sure: by q on “d” all others are told apart"
        in start.words
    )
    assert "By q on “d”, b is ahead of the rest." in start.words
    assert "Into the mean rank go all quantities of the question's metrics" in start.words
    assert "too few to tell tiers, b has the best mean rank, 1.00 of 2. Over 1 data" in start.words
    assert "controls, never ranked" in start.words
    assert "one set of weights" in start.words
    assert "nobody else has checked all of these numbers" in start.words


def test_a_dossier_says_how_its_numbers_were_made(run: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    page = make([run], site)["cell/1-d--m--a.html"]
    for said in ("d" * 64, "a" * 32, "2026-01-01", "objective", "seed", "gxarena run s.toml"):
        assert said in page.words
    assert 'datasets=["d"], models=["m"], explainers=["a"]' in page.words
    values = data_of(site / "data" / "values-1-d--m--a.js")
    assert values["ids"] == [str(i) for i in range(24)]
    assert values["values"] == {"q--native": pytest.approx(LOW)}
    assert json.loads((site / "data" / "suite-run.json").read_text())["headline"] == ["q*"]


def test_a_bundle_shows_what_its_run_does(run: Path, tmp_path: Path) -> None:
    of_run = make([run], tmp_path / "one")["cell/1-d--m--a.html"]
    write_bundle(RunResults.of(run), tmp_path / "bundle.zip")
    of_bundle = make([tmp_path / "bundle.zip"], tmp_path / "two")["cell/1-d--m--a.html"]
    assert of_bundle.rows == of_run.rows


def test_replicates_are_means_in_a_dossier(tmp_path: Path) -> None:
    first = write_run(tmp_path / "r0", {"a": LOW, "b": HIGH}, model_replicate=0)
    second = write_run(tmp_path / "r1", {"a": HIGH, "b": [None] * 24}, model_replicate=1)
    make([first, second], tmp_path / "site")
    values = data_of(tmp_path / "site" / "data" / "values-1-d--m--a.js")["values"]["q--native"]
    assert values == pytest.approx([(x + y) / 2 for x, y in zip(LOW, HIGH, strict=True)], rel=1e-4)


def test_labels_of_strangers_are_text(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", {HOSTILE: LOW, "b": HIGH}, model=HOSTILE, dataset=HOSTILE,
        metric_name=HOSTILE, metric=HOSTILE, error_message=HOSTILE,
    )  # fmt: skip
    site = tmp_path / "site"
    pages = make([run], site)
    assert {path.parent.name for path in site.rglob("*")} <= {
        "site", "assets", "data", "cell", "explainer", "model", "metric", tmp_path.name,
    }  # fmt: skip
    shown = 0
    for page in pages.values():
        shown += HOSTILE in page.text
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert all(attrs["src"].rpartition("/")[0].endswith("assets") for attrs in scripts)
    assert shown > 5
    for file in site.rglob("data/*.js"):
        assert "<" not in file.read_text()
        assert "\u2028" not in file.read_text()
    columns = data_of(site / "data" / "board-1.js")["columns"]
    assert columns["model"]["levels"] == [HOSTILE]


def test_no_page_says_where_its_maker_s_folders_are(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "more" / "run", {"c": LOW[:12]}, dataset_digest="f" * 64)
    site = tmp_path / "site"
    make([run, other], site)
    content = read_content([run, other])
    assert [board.names for board in content.boards] == [
        (f"{tmp_path.name}/run",), ("more/run",),
    ]  # fmt: skip
    assert content.boards[1].notes[0].startswith(f"Not ranked with {tmp_path.name}/run: data set")
    assert [source.name for source in content.sources.values()] == [
        f"{tmp_path.name}/run", "more/run",
    ]  # fmt: skip
    for file in site.rglob("*.*"):
        if file.suffix in (".html", ".js", ".json", ".csv"):
            assert str(tmp_path.parent) not in file.read_text(), file


def test_failures_are_in_the_ledger_with_how_many(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        {"a": [None, None, *LOW[2:]], "b": HIGH, "c": NONE},
        status={"c": "timeout"},
        error_type={"c": "Timeout"},
        error_message={"c": "took longer than 5 s"},
        attempt={"b": 3},
    )
    ledger = make([run], tmp_path / "site")["ledger.html"]
    assert ledger.row("c")[5:8] == ["timeout", "1 of 1 cells", "Timeout: took longer than 5 s"]
    assert ledger.row("a")[5:8] == ["undefined", "2 of 24 values", "no reason given"]
    assert ledger.row("b")[5:8] == ["tried again", "1 of 1 cells", "3 attempts, now ok"]
    assert "2 ok, 1 timeout, of 3" in ledger.words


def test_why_nobody_is_ranked_by_a_metric_is_on_its_page(tmp_path: Path) -> None:
    board = synthetic_board(3, 2, 1)
    why = "it tells the truth from noise no better than a coin"
    rows = [
        row | ({"not_ranked": why, "rank": None} if row["metric"] == "metric-1" else {})
        for row in board.table.to_pylist()
    ]
    path = tmp_path / "b.parquet"
    write_board(path, replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD)))
    pages = make([path], tmp_path / "site")
    said = f"Nobody is ranked by metric-1 for network: {why}."
    assert said in pages["metric/metric-1.html"].words
    assert said not in pages["metric/metric-0.html"].words
    dossier = pages["cell/1-set-0--network--explainer-00.html"]
    assert f"Not ranked because: {why}" in dossier.words
    assert "not ranked" in dossier.row("metric-1")
    columns = data_of(tmp_path / "site" / "data" / "board-1.js")["columns"]["not_ranked"]
    assert columns["levels"] == ["", why]


def test_a_folder_stands_for_the_boards_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "boards"
    board = synthetic_board(2, 1, 1)
    write_board(folder / "one.parquet", board)
    pq.write_table(board.table.drop_columns(["role"]), folder / "old.parquet")
    pq.write_table(board.table.select(["metric"]), folder / "no-board.parquet")
    content = read_content([folder])
    assert [Path(b.names[0]).name for b in content.boards] == ["one.parquet"]
    assert len(content.left_out) == 1
    assert "old.parquet: expected a board with the column role" in content.left_out[0]
    about = make([folder], tmp_path / "site")["about.html"]
    assert content.left_out[0] in about.text


def test_a_bundle_of_a_run_that_is_given_is_left_out(run: Path, tmp_path: Path) -> None:
    """Its curves beside the run's would look like a second measurement."""
    bundle = tmp_path / "mine.zip"
    write_bundle(RunResults.of(run), bundle)
    content = read_content([run, bundle])
    assert content.left_out == ("mine.zip: is of the same run as run.",)
    assert len(content.sources) == 1
    assert read_content([bundle]).left_out == ()


def test_a_written_board_of_runs_that_are_given_is_left_out(run: Path, tmp_path: Path) -> None:
    (board,) = boards_of([run])
    write_board(tmp_path / "written.parquet", board)
    content = read_content([run, tmp_path / "written.parquet"])
    assert [one.names for one in content.boards] == [("run",)]
    assert content.left_out == ("written.parquet: is of the same runs as run.",)
    other = write_run(tmp_path / "other", {"a": HIGH})
    assert len(read_content([other, tmp_path / "written.parquet"]).boards) == 2


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="expected runs, bundles or boards, got none"):
        read_content([tmp_path / "empty"])


def test_a_site_is_replaced_and_nothing_else(run: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    make([run], site)
    (site / "cell" / "old.html").write_text("")
    make([run], site)
    assert not (site / "cell" / "old.html").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years")
    with pytest.raises(InputError, match=r"--out .*other: expected no folder"):
        make([run], other)
    assert (other / "thesis.tex").read_text() == "years"
    assert json.loads((site / MARK).read_text()) == {"boards": [["run"]]}


def test_pages_can_be_read_by_machines_that_read_aloud(run: Path, tmp_path: Path) -> None:
    written = tmp_path / "written.parquet"
    write_board(written, synthetic_board(3, 4, 2))
    for place, page in make([run, written], tmp_path / "site").items():
        assert dict(page.tags)["html"] == {"lang": "en"}, place
        assert page.unlabelled == [], place
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), place
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, place
        assert levels.count(1) == 1, place
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), place
        for tag, attrs in page.tags:
            assert tag != "th" or "scope" in attrs, place
            assert attrs.get("role") not in ("img", "region", "figure") or attrs["aria-label"], (
                place
            )
            assert tag != "img" or attrs["alt"], place


def test_the_same_input_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make([run], tmp_path / name)
    one, two = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")
         if p.is_file()}
        for name in ("one", "two")
    )  # fmt: skip
    assert one == two


def test_the_first_page_of_a_large_board_is_small(tmp_path: Path) -> None:
    path = tmp_path / "large.parquet"
    write_board(path, synthetic_board(50, 10, 5))
    content = read_content([path])
    site = Site.of(content, Registry.load())
    write_site(site, tmp_path / "site")
    start = tmp_path / "site" / "index.html"
    files = [
        (start.parent / address)
        for tag, _, address in Page.read(start).addresses()
        if tag in ("script", "link") and not address.startswith("data:")
    ]
    assert sum(file.stat().st_size for file in [start, *files]) < 2_000_000
    assert len(list((tmp_path / "site" / "cell").iterdir())) == 250

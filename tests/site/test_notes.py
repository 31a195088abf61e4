"""Notes on metrics: from docs/metrics.md, by its sections, and from the board of metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from site_pages import pages_of, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.site import notes
from gxarena.site.content import read_content
from gxarena.site.notes import metric_notes, packaged, told, trust
from gxarena.site.site import Site
from gxarena.site.things import thing_pages
from gxarena.site.writing import write_site

ROOT = Path(__file__).parents[2]


def test_tables_are_shown_without_what_makes_them() -> None:
    notes = metric_notes()
    assert "<td>nontata: tokens, observed</td>" in notes["modisco"].validity
    for note in notes.values():
        for part in vars(note).values():
            assert "&lt;!--" not in part
            assert "--&gt;" not in part


def test_every_metric_of_the_docs_has_its_parts() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    found = metric_notes()
    assert len(found) == text.count("\n### `")
    for name, note in found.items():
        assert note.formula or note.direction, name
        assert note.direction, name
        assert note.trap, name
        assert "<p>" in note.trap
        assert "Trap:" not in note.formula + note.direction
        assert note.validity, name
        assert "Validity:" not in note.formula + note.direction + note.trap + note.departures


def test_the_core_s_metrics_have_notes() -> None:
    metrics = [one.component.name for one in Registry.load().of_kind("metrics")]
    assert len(set(metrics) & metric_notes().keys()) > 20


def test_formula_and_code_are_html_and_nothing_else_is() -> None:
    assert "<code>c ≥ 0</code>" in metric_notes()["infidelity"].formula
    assert "<table>" in metric_notes()["grammar_satisfiability"].formula
    assert "<script" not in notes._note("<script>alert(1)</script>\nTrap: <b>x</b>").formula


def test_links_to_other_pages_of_the_docs_are_commands() -> None:
    note = notes._note(
        "See [*my* model](tutorials/model.md#a), [above](#b), [it](https://x.org/y)."
    )
    assert note.formula == (
        "<p>See <em>my</em> model (<code>gxarena docs tutorials/model</code>), above, "
        '<a href="https://x.org/y">it</a>.</p>\n'
    )


def test_a_metric_s_page_says_its_validity_or_that_nobody_tried(tmp_path: Path) -> None:
    board = synthetic_board(3, 2, 1)
    names = {"metric-0": "top_k_overlap", "metric-1": "somebody's"}
    rows = [row | {"metric": names[row["metric"]]} for row in board.table.to_pylist()]
    written = replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD))
    write_board(tmp_path / "b.parquet", written)
    site = Site.of(read_content([tmp_path / "b.parquet"]), Registry.load())
    write_site(site, tmp_path / "site")
    nobody = "Nobody tried it on truth made worse"
    words = [page.words for place, page in pages_of(tmp_path / "site").items()
             if place.startswith("metric/")]  # fmt: skip
    known, other = sorted(words, key=lambda said: nobody in said)
    assert "not judged: it compares two explanations" in known
    assert nobody not in known
    assert nobody in other


def test_trust_is_the_committed_board() -> None:
    rows = pq.read_table(ROOT / "leaderboard" / "metric-trust.parquet").to_pylist()
    assert list(trust()) == rows
    auprc = [row["told"] for row in rows if row["metric"] == "auprc"]
    assert told("auprc") == pytest.approx(sum(auprc) / len(auprc))
    assert told("nothing") == 0


def test_a_wheel_has_its_own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert packaged("docs/metrics.md") == ROOT / "docs" / "metrics.md"
    copy = tmp_path / "documentation" / "shipped" / "metrics.md"
    copy.parent.mkdir(parents=True)
    copy.touch()
    monkeypatch.setattr(notes, "_PACKAGE", tmp_path / "site")
    assert packaged("docs/metrics.md") == copy
    project = (ROOT / "pyproject.toml").read_text()
    for relative in ("docs/metrics.md", "leaderboard/metric-trust.parquet"):
        room = "documentation" if relative.startswith("docs/") else "site"
        assert f'"{relative}" = "gxarena/{room}/shipped/{Path(relative).name}"' in project


def test_a_metric_without_a_question_ranks_where_its_board_does(tmp_path: Path) -> None:
    """The page of a metric that compares explanations said "ranks nobody" above ranks."""
    board = synthetic_board(3, 2, 1)
    rows = [row | {"question": ""} for row in board.table.to_pylist()]
    rows = [row | ({"rank": None} if row["metric"] == "metric-1" else {}) for row in rows]
    write_board(
        tmp_path / "b.parquet", replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD))
    )
    site = Site.of(read_content([tmp_path / "b.parquet"]), Registry.load())
    asks = {page.title: dict(page.context["details"])["asks"] for page in thing_pages(site)
            if page.place.startswith("metric/")}  # fmt: skip
    assert asks == {
        "metric-0": "no question: its own board ranks by it, the start page does not",
        "metric-1": "ranks nobody",
    }

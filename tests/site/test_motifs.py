"""Logos are as high as their numbers; motifs stand beside their match and their controls."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from site_pages import Page, synthetic_board
from written_runs import write_run

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.excess import Excess, Found
from gxarena.results.motifs import KeptMotif
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.content import Content, read_content
from gxarena.site.logo import HEIGHT, WIDTH, information, logo
from gxarena.site.motif_pages import motif_page
from gxarena.site.rendering import Renderer
from gxarena.site.site import Site
from gxarena.site.writing import write_site

LETTER = re.compile(
    r'<text class="fill-([ACGT])" transform="translate\((\S+) (\S+)\) scale\(\S+ (\S+)\)">'
)
SCORES = np.array([[0.5, 0.25, 0, 0], [0, 0, -0.25, 0], [0, 0, 0, 0.001]])


def letters(drawn: str) -> list[tuple[str, float, float, float]]:
    """Letter, place, baseline and height in pixels."""
    return [(a, float(x), float(y), 7.2 * float(s)) for a, x, y, s in LETTER.findall(drawn)]


def test_letters_are_as_high_as_their_contributions() -> None:
    drawn = letters(logo(SCORES, "three"))
    assert [letter for letter, *_ in drawn] == ["C", "A", "G"]
    unit = HEIGHT - 2  # from 0.75 above the line to 0.25 below it
    assert [h for *_, h in drawn] == pytest.approx([unit / 4, unit / 2, unit / 4], abs=0.1)
    assert [x for _, x, _, _ in drawn] == [0, 0, WIDTH]
    zero = 1 + 0.75 * unit
    c, a, g = (y for _, _, y, _ in drawn)
    assert c == pytest.approx(zero, abs=0.1)
    assert a == pytest.approx(zero - unit / 4, abs=0.1)  # the larger on top
    assert g == pytest.approx(zero + unit / 4, abs=0.1)  # hangs below the line


def test_what_sticks_out_is_cut_off() -> None:
    drawn = letters(logo(np.ones((4, 4)) / 4, "entry", start=-1, positions=2))
    assert {x for _, x, _, _ in drawn} == {0, WIDTH}
    assert f'width="{2 * WIDTH}"' in logo(SCORES, "", positions=2)


def test_nothing_is_drawn_of_nothing() -> None:
    assert letters(logo(np.zeros((3, 4)), "flat")) == []


def test_information_of_certain_and_even_positions() -> None:
    found = information(np.array([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]]))
    assert found.sum(axis=1) == pytest.approx([2, 0, 1], abs=1e-6)


def motif(explainer: str, name: str, match: bool = True, counts: bool = True) -> KeptMotif:
    entry = {
        "id": "MA0139.2", "name": "CTCF", "q": 1e-4, "p": 1e-6, "reverse": True, "offset": 0,
        "frequencies": np.eye(4)[[0, 0, 1]],
    }  # fmt: skip
    cell = ("d", "m", explainer, "native", "modisco")
    return KeptMotif(
        cell, "method", None, name, "positive", "hypothetical", 12, np.eye(4)[[0, 1, 2]], SCORES,
        (0, 3), entry if match else {}, counts, 2.0,
    )  # fmt: skip


def page(tmp_path: Path, *motifs: KeptMotif, excess: bool = True) -> Page:
    content = read_content([write_run(tmp_path / "run", {"a": [1.0] * 24, "random": [0.0] * 24})])
    (source,) = content.sources.values()
    beside = Excess(
        "d", "m", "native", "modisco", None, "hypothetical", "nucleotide", Found("a", 2, 2, 1),
        (Found("random", 1, 1, 0),) if excess else (),
    )  # fmt: skip
    changed = replace(source, motifs=motifs, excesses=(beside,))
    site = Site.of(Content(content.boards, {source.name: changed}), Registry.load())
    write_site(site, tmp_path / "site")
    return Page.read(tmp_path / "site" / "motifs.html")


def test_motifs_stand_beside_their_match_and_controls_below(tmp_path: Path) -> None:
    found = page(
        tmp_path, motif("random", "r0", match=False, counts=False), motif("a", "a0"),
        motif("a", "a1", match=False),
    )  # fmt: skip
    said = found.words
    assert said.index("a0, for the target, 12 seqlets") < said.index("r0, for the target")
    assert "2 patterns, 2 of them with enough information to be compared; 1 resemble" in said
    assert "The control that has most has 0." in said
    assert "CTCF MA0139.2, reverse complement, q = 1.0e−4" in said
    assert "nothing in the database resembles it" in said
    assert "too little information to be compared" in said
    labels = [a["aria-label"] for tag, a in found.tags if a.get("class") == "logo"]
    assert labels.count("CTCF MA0139.2") == 1
    assert labels.count("mean contributions of ACG") == 3
    assert "; a control" in said
    # Turned round, the entry A A C stands below the motif as G T T.
    text = (tmp_path / "site" / "motifs.html").read_text()
    entry = text[text.index('aria-label="CTCF') :]
    assert [a for a, *_ in letters(entry[: entry.index("</svg>")])] == ["G", "T", "T"]


def test_without_controls_nothing_is_said_to_be_beyond_them(tmp_path: Path) -> None:
    assert "No control was asked for" in page(tmp_path, motif("a", "a0"), excess=False).words


def test_only_those_with_most_seqlets_are_drawn(tmp_path: Path) -> None:
    found = page(tmp_path, *(motif("a", f"a{i}") for i in range(11)))
    assert "11 patterns" in found.words
    assert sum(tag == "figure" for tag, _ in found.tags) == 8


def test_without_motifs_the_page_says_where_they_come_from(tmp_path: Path) -> None:
    assert "the metric modisco finds them" in page(tmp_path).words


def test_boards_with_numbers_of_motifs_alone_lead_to_these(tmp_path: Path) -> None:
    """The page said that there are none, beside a board full of them."""
    given = synthetic_board(2, 1, 1)
    rows = [row | {"metric": "modisco.matched"} for row in given.table.to_pylist()]
    write_board(
        tmp_path / "b.parquet", replace(given, table=pa.Table.from_pylist(rows, LEADERBOARD))
    )
    site = Site.of(read_content([tmp_path / "b.parquet"]), Registry.load())
    found = Renderer().text(motif_page(site))
    assert '<a href="metric/modisco.html">modisco</a>' in found
    assert "holds motifs: the metric" not in found

"""Which explainer finds motifs beyond noise: beside its controls, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from site_pages import Page, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.excess import Excess, Found
from gxarena.results.expected_motifs import EXPLANATION
from gxarena.results.pooled_excess import SCHEMA, pooled
from gxarena.site.content import read_content
from gxarena.site.motif_table import BEHIND, BEYOND, NOT_TOLD, Beside, besides, in_words
from gxarena.site.numbers import number
from gxarena.site.site import Site
from gxarena.site.writing import write_site

LEADERBOARD = Path(__file__).parents[2] / "leaderboard"


def beside(
    explainer: str, dataset: str, low: float | None, high: float | None, replicates: int = 3,
    model: str = "m", maps: str = "observed", **expected: float,
) -> Beside:  # fmt: skip
    excess: Mapping[str, object] = {
        "share": 0.5, "low": low, "high": high, "replicates": replicates
    }  # fmt: skip
    found = {name: {"found": share, "trainings": replicates} for name, share in expected.items()}
    return Beside((dataset, model, explainer, "native", maps), excess, found)


def test_the_limits_decide_who_is_beyond() -> None:
    given = [(0.1, 0.9), (-0.1, 0.9), (-0.9, -0.1), (0.0, 0.9), (None, None)]
    assert [beside("a", "d", *one).verdict for one in given] == [
        BEYOND, NOT_TOLD, BEHIND, NOT_TOLD, "",
    ]  # fmt: skip


def test_words_are_of_each_model_and_name_the_controls_that_find_as_much() -> None:
    lines = [
        beside("lrp", "d1", 0.1, 0.9, gc=1.0, random=0.0),
        beside("lrp", "d2", 0.2, 0.9),
        beside("ism", "d1", -0.1, 0.9),
        beside("attn", "d1", -0.1, 0.2, replicates=1, model="n"),
        beside("attn", "d1", 0.1, 0.2, replicates=1, model="n", maps="hypothetical"),
        beside("none", "d1", None, None, model="o"),
    ]
    first, second, asked, third = in_words(lines)
    assert first == (
        "With m: lrp is beyond its controls on d1 and d2; ism is not told from its controls on d1."
    )
    assert second.startswith("With n: attn is beyond its controls and not told from its controls, ")
    assert second.endswith("on d1 (one training).")
    assert asked == "Asked of attn, ism and lrp alone; of others it is not known."
    assert "at least once: gc on d1. " in third
    assert in_words([beside("lrp", "d", 0.1, 0.9, random=0.0)]) == [
        "With m: lrp is beyond its controls on d.",
        "Asked of lrp alone; of others it is not known.",
    ]


def test_what_lies_beside_boards_is_read_and_a_stranger_s_table_is_not(tmp_path: Path) -> None:
    board = synthetic_board(2, 1, 1)
    write_board(tmp_path / "b.parquet", board)
    one = Excess(
        "d", "m", "native", "modisco", 0, "observed", "nucleotide", Found("lrp", 9, 9, 9),
        (Found("gc", 20, 20, 1), Found("random", 20, 20, 0)),
    )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(list(pooled([one])), SCHEMA), tmp_path / "motifs.parquet")
    other = pa.table({"share": [1.0], "explainer": ["<script>"]})
    pq.write_table(other, tmp_path / "other.parquet")
    content = read_content([tmp_path])
    assert [row["controls"] for row in content.excesses] == ["gc, random", "gc", "random"]
    (line,) = besides(content)
    assert line.labels == ("d", "m", "lrp", "native", "observed")
    assert (line.excess["controls"], line.verdict) == ("gc, random", BEYOND)
    write_site(Site.of(content, Registry.load()), tmp_path / "site")
    for name in ("index", "motifs"):
        page = Page.read(tmp_path / "site" / f"{name}.html")
        assert "With m: lrp is beyond its controls on d (one training)." in page.words
    assert "motifs.html" in [a for _, _, a in Page.read(tmp_path / "site/index.html").addresses()]
    row = next(row for row in page.rows if row and row[0].startswith("lrp on m, d"))
    low, high = (number(content.excesses[0][end], 2) for end in ("low", "high"))
    assert row[1:4:2] == [f"{number(1 - 1 / 40, 2)} ({low} to {high})", "beyond"]
    assert row[4:6] == ["9 of 9", "1 of 40"]


def test_shipped_boards_answer_who_finds_motifs() -> None:
    """Numbers of the table are those of the published tables, row by row."""
    content = read_content([LEADERBOARD / f"{n}.parquet" for n in ("ctcf-vs-pu1", "fly-motifs")])
    expected = pq.read_table(LEADERBOARD / "motif-found.parquet").to_pylist()
    lines = {line.labels: line for line in besides(content)}
    for row in expected:
        key = tuple(
            row[n] for n in ("dataset", "model", "explainer", "aggregator", "contributions")
        )
        assert lines[key].expected[row["of"]]["found"] == row["found"]
    assert all(EXPLANATION in line.expected for line in lines.values())

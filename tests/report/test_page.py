"""The page: complete, escaped, self-contained, and the same each time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gxarena.errors import InputError, StorageError
from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.evidence import Evidence
from gxarena.report.figures.catalogue import DRAWINGS
from gxarena.report.page import Report, write_report

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def written(_toy_run: Path) -> tuple[Path, Report, list[str]]:
    """A report of a real run: its folder, what it found, and what was told meanwhile."""
    told: list[str] = []
    folder = _toy_run / "report"
    return folder, write_report(Evidence.of([_toy_run / "run"]), folder, told.append), told


VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """What a page holds; raises where a tag is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_everything_is_written(written: tuple[Path, Report, list[str]]) -> None:
    out, report, told = written
    drawn = {name for name in DRAWINGS if name != "motifs"}
    assert {p.name for p in out.iterdir()} == {
        "report.md", "report.html", "claims.json", "table-1.md", "table-1.tex", "figures",
    }  # fmt: skip
    assert {p.name for p in (out / "figures").iterdir()} == {
        f"{name}.{ending}" for name in drawn for ending in ("png", "svg")
    }
    assert told[0] == "claims"
    claims = json.loads((out / "claims.json").read_text())
    assert [one["claim"] for one in claims] == [claim.id for claim in CLAIMS]
    assert [one["verdict"] for one in claims] == [f.verdict for f in report.findings]
    assert [len(one["variants"]) for one in claims] == [len(f.variants) for f in report.findings]
    missing = [picture for picture in report.pictures if picture.file is None]
    assert [picture.title for picture in missing] == ["Figure 4: Patterns and their matches"]


def test_html_needs_nothing_else(written: tuple[Path, Report, list[str]]) -> None:
    html = (written[0] / "report.html").read_text()
    page = Page(html)
    pictures = [link for link in page.links if not link.startswith("#")]
    assert len(pictures) == len(DRAWINGS) - 1
    for link in pictures:
        head, _, content = link.partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(content).startswith(b"\x89PNG")
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert "http" not in html.replace("data:image/png;base64", "").partition("<body>")[0]
    text = " ".join(page.text)
    assert "budgets" in page.ids
    assert "faithfulness.mif_drop_logit@1*" in page.text
    assert "faithfulness.mif_drop_logit@50" in page.text
    for claim in CLAIMS:
        assert claim.sentence in text
    stable = [finding for finding in written[1].findings if finding.variants]
    assert stable
    for finding in stable:
        assert f"The verdict {finding.stability}." in text
        assert f"({finding.stays} of {len(finding.variants)} variants)" in text


def test_markdown_links_to_what_is_there(written: tuple[Path, Report, list[str]]) -> None:
    folder = written[0]
    lines = (folder / "report.md").read_text().splitlines()
    pictures = [line for line in lines if line.startswith("![")]
    assert len(pictures) == len(DRAWINGS) - 1
    for line in pictures:
        assert (folder / line.rpartition("(")[2].rstrip(")")).is_file()
    tables = [line for line in lines if line.startswith("|")]
    widths = [line.replace(r"\|", "").count("|") for line in tables]
    # Each table is as wide as its head: a pipe in a name would break it.
    for above, below, one, other in zip(tables, tables[1:], widths, widths[1:], strict=False):
        if below.startswith("| ---"):
            assert one == other, above
    assert any("toy-tokens/exact" in line for line in tables)
    (head,) = [line for line in tables if "| 5% |" in line]
    row = next(r for r in tables[tables.index(head) + 2 :] if "toy-tokens/exact" in r)
    marked = [number.strip().endswith(r"\*") for number in row.split("|")[5:-1]]
    assert marked == sorted(marked, reverse=True)
    assert (marked[0], marked[-1]) == (True, False)
    headline = lines[lines.index("## Headline metrics") :]
    of_tokens = [line for line in headline if "| toy-tokens / exact |" in line]
    for budget, mark in (("1", r"\*"), ("50", "")):
        metric = rf"faithfulness.mif\_drop\_logit@{budget}{mark}"
        assert any(f"| {metric} |" in line for line in of_tokens), metric
    assert r"\* at a budget that is less than a mean unit of most sequences." in headline
    assert "Not drawn: figure motifs" in "\n".join(lines)


def test_names_of_others_are_escaped(make_run: Make, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>|`*x*`"
    run = make_run(
        {"values": {"": [0.1, 0.2, 0.3]}},
        {
            "metric": "entropy",
            "status": "error",
            "error_message": f"failed\n{evil}",
        },
    )
    write_report(Evidence.of([run]), tmp_path / "out")
    page = Page((tmp_path / "out" / "report.html").read_text())
    assert "script" not in page.tags
    assert any("<script>alert(1)</script>" in text for text in page.text)
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert r"failed \<script\>alert(1)\</script\>\|\`\*x\*\`" in markdown


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes(
    written: tuple[Path, Report, list[str]], toy_run: Path, tmp_path: Path
) -> None:
    write_report(Evidence.of([toy_run]), tmp_path / "again")
    files = sorted(p.relative_to(written[0]) for p in written[0].rglob("*.*"))
    assert len(files) == 13
    for file in files:
        assert (written[0] / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_no_path_of_this_machine_is_published(written: tuple[Path, Report, list[str]]) -> None:
    folder, report, _ = written
    for file in folder.glob("*.*"):
        assert str(folder.parent) not in file.read_text().replace("\\", "")
    assert any("figure motifs, toy-suite: expected" in p.reason for p in report.pictures)


def test_a_folder_of_a_short_name_leaves_words_as_they_are(
    make_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run({"values": {"": [0.1, 0.2, 0.3]}}, name="toy").rename(tmp_path / "r")
    monkeypatch.chdir(tmp_path)
    report = write_report(Evidence.of([Path("r")]), tmp_path / "out")
    reason = next(p.reason for p in report.pictures if "metric faithfulness" in p.reason)
    assert reason == (
        "figure faithfulness, toy: expected metric faithfulness with aggregator native, got a run "
        "without. Add it to the suite and run it again."
    )


def test_what_cannot_be_reported_is_one_sentence(make_run: Make, tmp_path: Path) -> None:
    failed = make_run({"status": "error", "error_message": "no"})
    with pytest.raises(InputError, match="expected a run with finished cells, got none"):
        write_report(Evidence.of([failed]), tmp_path / "out")
    (tmp_path / "file").touch()
    good = make_run({"values": {"": [0.1, 0.2, 0.3]}}, name="good")
    with pytest.raises(StorageError, match="expected to write, got"):
        write_report(Evidence.of([good]), tmp_path / "file")


def test_models_are_named_with_their_component_and_accuracy(make_run: Make, tmp_path: Path) -> None:
    run = make_run(
        {"metric": "accuracy", "model_component": "dnabert2-mini", "values": {"": [1.0, 0.0, 1.0]}},
        {"metric": "accuracy", "model": "cnn", "dataset": "background", "values": {"": [0.0]}},
    )
    write_report(Evidence.of([run]), tmp_path / "out")
    for page in ("report.md", "report.html"):
        text = (tmp_path / "out" / page).read_text().replace("\\", "")
        assert "tokens (dnabert2-mini), cnn" in text
        assert "tokens on promoters 0.667, cnn on background 0.000" in text


def test_a_page_says_where_it_is_of_one_set_of_weights(make_run: Make, tmp_path: Path) -> None:
    """Nothing said reads as if another training would show the same."""
    evidence = Evidence.of([make_run({"metric": "gini", "values": {"": [0.2, 1.0, 0.5]}})])
    report = write_report(evidence, tmp_path / "report")
    drawn = next(picture for picture in report.pictures if picture.file)
    said = "one set of each model; another training may differ"
    assert drawn.caption.endswith(f"Weights: {said}.")
    for name in ("table-1.md", "table-1.tex"):
        assert said in (tmp_path / "report" / name).read_text()
    assert drawn.file is not None
    assert said in (tmp_path / "report" / drawn.file).with_suffix(".svg").read_text()


def test_a_page_says_of_which_replicate_it_is(make_run: Make, tmp_path: Path) -> None:
    cells = [
        {"model_replicate": i, "metric": metric, "values": {"": [i, 1.0, 0.5]}}
        for i in range(2)
        for metric in ("gini", "accuracy")
    ]
    failed = {"model_replicate": 1, "metric": "entropy", "status": "error"}
    # The position of a pair's cell may be the other model's.
    pair = {"model_replicate": 2, "metric": "rank_correlation", "against": "cnn/lrp"}
    evidence = Evidence.of([make_run(*cells, failed, pair | {"values": {"": [1.0, 1.0, 1.0]}})])
    report = write_report(evidence, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert "| replicates | tokens 2 |" in text
    assert "| accuracy | tokens on promoters 0.500 / 0.833 |" in text
    assert "tokens/attnlrp/native/entropy, replicate 1" in text
    drawn = next(picture for picture in report.pictures if picture.file)
    said = "of a model with replicates: each sequence's mean over them"
    assert drawn.caption.endswith(f"Weights: {said}.")
    assert said in (tmp_path / "report" / "table-1.md").read_text()
    assert drawn.file is not None
    assert said in (tmp_path / "report" / drawn.file).with_suffix(".svg").read_text()


def test_the_board_comes_first_and_claims_with_nothing_to_compare_are_one_line(
    written: tuple[Path, Report, list[str]], make_run: Make, tmp_path: Path
) -> None:
    """Who brought a model of their own looks for its board; that of the paper's claims is apart."""
    out, report, _ = written
    text = (out / "report.html").read_text(encoding="utf-8")
    assert text.index('id="headline"') < text.index('id="claims"') < text.index('id="table-1"')
    lacking = [finding for finding in report.findings if not finding.comparisons]
    assert lacking
    assert text.count(f"{len(lacking)} claims have nothing here to be compared by") == 1
    assert text.count("<details") == len(report.findings) - len(lacking) + 1
    marked = (out / "report.md").read_text(encoding="utf-8")
    assert marked.index("## Headline metrics") < marked.index("## The paper's claims")
    for one in lacking:
        assert one.claim.id in text
        assert f"(`{one.claim.id}`:" in marked
    cells = ({"values": {"": [0.5] * 20}}, {"metric": "entropy", "status": "unsupported"})
    write_report(Evidence.of([make_run(*cells)]), tmp_path / "x", print)
    assert "1 of 2 done, 0 failed, 1 cannot work," in (tmp_path / "x" / "report.md").read_text()

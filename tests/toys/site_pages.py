"""Pages of a site, read as a browser would: links, tables, scripts of data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.results.boards import Board
from gxarena.results.schemas import LEADERBOARD

VOID = {"meta", "link", "input", "img", "br", "hr", "circle", "line", "path", "rect", "wbr"}
ADDRESSES = ("src", "href", "action", "data", "poster", "srcset", "xlink:href")


@dataclass
class Page(HTMLParser):
    """One page's elements and text."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    unlabelled: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._in_cell = False

    @classmethod
    def read(cls, path: Path) -> Page:
        page = cls()
        page.feed(path.read_text(encoding="utf-8"))
        page.close()
        assert not page._open, f"{path}: not closed: {page._open}"
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("input", "select") and "label" not in self._open:
            self.unlabelled.append(self.tags[-1][1])
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open, f"closes {tag}, which is not open"
        assert self._open.pop() == tag, f"closes {tag} out of turn"
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())

    @property
    def ids(self) -> set[str]:
        return {attrs["id"] for _, attrs in self.tags if "id" in attrs}

    def addresses(self) -> list[tuple[str, str, str]]:
        """Tag, attribute and value of everything that a page may ask for."""
        return [
            (tag, name, attrs[name])
            for tag, attrs in self.tags
            for name in ADDRESSES
            if name in attrs
        ]

    def row(self, first: str, of: int = 1) -> list[str]:
        """The cells of the first of so many rows that begin so, each with single spaces."""
        tidy = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        found = [row for row in tidy if row and row[0] == first]
        assert len(found) == of, f"{first}: {len(found)} rows"
        return found[0]


def pages_of(site: Path) -> dict[str, Page]:
    """Every page by its place."""
    return {str(path.relative_to(site)): Page.read(path) for path in sorted(site.rglob("*.html"))}


def data_of(path: Path) -> Any:
    """What a script of data brings."""
    script = path.read_text(encoding="utf-8")
    found = re.fullmatch(r'gxarena\.data\("[^"]+",(.*)\);\n', script, re.S)
    assert found, f"{path}: no script of data"
    return json.loads(found[1])


def synthetic_board(explainers: int, metrics: int, datasets: int) -> Board:
    """A written board of so many of each, of one model with three sets of weights."""
    rng = np.random.default_rng(0)
    questions = ("localization", "faithfulness", "robustness", "complexity")
    rows = []
    for d in range(datasets):
        for m in range(metrics):
            order = rng.permutation(explainers)
            for e in range(explainers):
                rank, estimate = int(order[e]) + 1, 1 - order[e] / explainers
                row: dict[str, Any] = dict.fromkeys(LEADERBOARD.names)
                row |= {
                    "suite": "s", "dataset": f"set-{d}", "model": "network",
                    "explainer": f"explainer-{e:02d}", "aggregator": "native",
                    "metric": f"metric-{m}", "role": "method", "entry": f"explainer-{e:02d}",
                    "question": questions[m % 4], "direction": "higher", "estimate": estimate,
                    "ci_low": estimate - 0.05, "ci_high": estimate + 0.05, "ci_method": "made up",
                    "n": 300, "n_undefined": 0, "n_failed": 0, "sequences": 100, "replicates": 3,
                    "coverage": 1.0, "estimate_filled": estimate, "rank": rank,
                    "rank_low": max(1, rank - 1), "rank_high": min(explainers, rank + 1),
                    "tier": 1 + rank // 5, "rank_filled": rank, "ranks_without": [rank] * 3,
                    "seconds_per_sequence": 0.001 * (e + 1), "verification": "self-reported",
                }  # fmt: skip
                rows.append(row)
    return Board((f"{explainers} explainers",), pa.Table.from_pylist(rows, LEADERBOARD), {})

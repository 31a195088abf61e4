"""Pictures are written, show what they should, and refuse what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gxarena.data import Attribution, Explained, Sample, Spans
from gxarena.errors import InputError, StorageError
from gxarena.report.logos import MOST_ROWS, PER_ROW, plot_explained


def _explained(length: int, n: int = 1) -> Explained:
    rng = np.random.default_rng(0)
    spans = Spans(np.array([0, *range(3, length, 5), length]))
    return Explained(
        tuple(Sample(f"sample-{i}", "ACGTN"[i % 5] * length) for i in range(n)),
        tuple(Attribution(rng.normal(size=len(spans)), spans, {"[CLS]": 0.25}) for _ in range(n)),
        np.ones(n, dtype=np.int64),
        np.zeros((n, 2)),
    )


def test_svg_holds_each_sample_and_its_special_tokens(tmp_path: Path) -> None:
    plot_explained(_explained(PER_ROW + 10, n=2), tmp_path / "a.svg", title="a title")
    text = (tmp_path / "a.svg").read_text()
    for words in ("sample-0", "sample-1", "a title", "[CLS] 0.25"):
        assert words in text


def test_png_is_a_png(tmp_path: Path) -> None:
    plot_explained(_explained(40), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_map_without_relevance_is_drawn(tmp_path: Path) -> None:
    explained = _explained(20)
    flat = [a.with_scores(np.zeros(len(a.spans))) for a in explained.attributions]
    plot_explained(explained.with_attributions(flat), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected \.png, \.svg or \.pdf, got '\.txt'"):
        plot_explained(_explained(20), tmp_path / "a.txt")
    with pytest.raises(InputError, match=rf"got {MOST_ROWS + 1} rows. Plot fewer"):
        plot_explained(_explained(20, n=MOST_ROWS + 1), tmp_path / "a.png")
    with pytest.raises(InputError, match="expected a folder that is there"):
        plot_explained(_explained(20), tmp_path / "nowhere" / "a.png")
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(StorageError, match="expected to write, got 'Is a directory'"):
        plot_explained(_explained(20), tmp_path / "taken.png")

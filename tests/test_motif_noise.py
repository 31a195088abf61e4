"""Noise through the motif test: the script goes on where it stopped, and the published share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.data import Sample
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.sources.dependencies import Sources
from gxarena_jaspar.matrices import matrices

ROOT = Path(__file__).parents[1]
BOARD = ROOT / "leaderboard" / "motif-noise.parquet"
FLY = ["--data", "fly", "fly-promoters:test", "1", "insects", "--sequences", "24"]


@pytest.fixture(scope="module")
def noise() -> Any:
    return shipped_script("benchmarks/validity/motif_noise.py")


def _rows(path: Path) -> list[tuple[Any, ...]]:
    keys = ("seed", "dataset", "units", "contributions", "scores")
    return [tuple(row[key] for key in keys) for row in pq.read_table(path).to_pylist()]


@pytest.mark.slow
def test_a_second_call_does_what_is_asked_and_not_there(noise: Any, tmp_path: Path) -> None:
    out = tmp_path / "noise.parquet"
    noise.main([str(out), *FLY, "--seeds", "1", "--units", "tokens", "--scores", "random"])
    first = [(0, "fly", "tokens", "observed", "random")]
    assert _rows(out) == first
    # What is there is kept, not made again: here with a number that no run would give.
    table = pq.read_table(out)
    assert table["seconds"][0].as_py() > 0
    marked = table.set_column(
        table.schema.get_field_index("patterns"), "patterns", pa.array([99], pa.int64())
    )
    pq.write_table(marked, out)
    noise.main([str(out), *FLY, "--seeds", "2", "--units", "tokens", "--scores", "random"])
    assert _rows(out) == [*first, (1, *first[0][1:])]
    assert pq.read_table(out)["patterns"][0].as_py() == 99
    assert list(tmp_path.iterdir()) == [out]


def test_after_the_time_is_over_nothing_begins_and_what_is_left_is_said(
    noise: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "noise.parquet"
    noise.main([str(out), *FLY, "--seeds", "3", "--minutes", "0"])
    assert not out.exists()
    # Of each seed random, GC and permuted scores on tokens; the same on nucleotides.
    assert "18 of 18 left" in capsys.readouterr().out


def test_no_identity_counts_the_script() -> None:
    """It may be edited while boards are made: no component's sources are it."""
    found = Registry.load().registered("metrics", "modisco")
    counted = Sources().of("gxarena_modisco.metric", found.distribution)
    names = {path.name for path in counted.files.values()}
    assert "metric.py" in names
    assert "motif_noise.py" not in names


def test_rows_of_another_size_are_refused(noise: Any, tmp_path: Path) -> None:
    out = tmp_path / "noise.parquet"
    row = {"seed": 0, "dataset": "fly", "units": "tokens", "contributions": "observed",
           "scores": "random", "sequences": 700}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row]), out)
    with pytest.raises(InputError, match="expected rows of 24 sequences, got one of 700"):
        noise.main([str(out), *FLY, "--seeds", "1", "--minutes", "0"])


@pytest.mark.slow
def test_what_matches_is_named_and_gc_content_finds_what_is_there(noise: Any) -> None:
    """Sequences poor in G and C, each with a word of CTCF's: `gc` is no noise about these."""
    rng = np.random.default_rng(0)
    (ctcf,) = matrices(("MA0139.2",))
    samples = []
    for i in range(400):
        codes = rng.choice(4, size=120, p=[0.3, 0.2, 0.2, 0.3])
        start = int(rng.integers(120 - ctcf.width))
        codes[start : start + ctcf.width] = [rng.choice(4, p=p) for p in ctcf.frequencies]
        samples.append(Sample(str(i), "".join("ACGT"[c] for c in codes), 1, ()))
    source = noise.Source("made", tuple(samples), "vertebrates")
    found = {
        (row["scores"], row["contributions"]): row
        for scores in ("gc", "random")
        for row in noise.Work(0, source, "nucleotides", scores).rows(400, Registry.load())
    }
    for row in found.values():
        assert len(row["matches"]) == row["matched"] <= row["counted"] <= row["patterns"]
    assert "CTCF MA0139.2" in found["gc", "observed"]["matches"]
    assert found["random", "observed"]["matches"] == []


def _published(scores: str, dataset: str | None = None) -> list[dict[str, Any]]:
    rows = pq.read_table(BOARD).to_pylist()
    return [r for r in rows if r["scores"] == scores and dataset in (None, r["dataset"])]


def _sum(rows: list[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


@pytest.mark.parametrize("scores", ["random", "permuted"])
def test_at_most_one_in_twenty_patterns_of_noise_matches(scores: str) -> None:
    """docs/metrics.md, modisco: scores that know nothing of the sequence."""
    rows = _published(scores)
    assert {row["dataset"] for row in rows} == {"fly", "nontata", "ctcf"}
    patterns = _sum(rows, "patterns")
    assert patterns > 20
    assert _sum(rows, "matched") <= 0.05 * patterns
    assert _sum(rows, "matched_before") > 0.5 * patterns


def test_each_kind_of_scores_has_twenty_seeds() -> None:
    for scores in ("random", "permuted", "gc"):
        seeds: dict[tuple[str, ...], set[int]] = {}
        for row in _published(scores):
            place = (row["dataset"], row["units"], row["contributions"])
            seeds.setdefault(place, set()).add(row["seed"])
        assert len(seeds) == 9
        assert all(of == set(range(20)) for of in seeds.values())


def test_gc_content_is_no_noise() -> None:
    """docs/metrics.md, modisco: far above what noise may in CTCF's peaks, not elsewhere."""
    rows = {dataset: _published("gc", dataset) for dataset in ("nontata", "fly", "ctcf")}
    shares = {name: _sum(of, "matched") / _sum(of, "patterns") for name, of in rows.items()}
    assert max(shares["nontata"], shares["fly"]) <= 0.05
    assert shares["ctcf"] == pytest.approx(0.5, abs=0.05)
    page = " ".join((ROOT / "docs" / "metrics.md").read_text().split())
    assert "Of GC content's patterns about half match in CTCF's peaks" in page


def test_what_gc_content_finds_in_ctcf_s_peaks_is_ctcf() -> None:
    """docs/metrics.md, modisco. Of rows that say what matched: the first ones only counted."""
    peaks = [row for row in _published("gc", "ctcf") if row["matches"] is not None]
    if not peaks:
        pytest.skip("no row of GC content in CTCF's peaks says what matched")
    assert all(len(row["matches"]) == row["matched"] for row in peaks)
    named = [row["matches"] for row in peaks if row["matched"]]
    assert named
    assert all(any("CTCF" in match for match in matches) for matches in named)

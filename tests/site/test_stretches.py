"""Letters of a dossier: of the best and worst sequences, where most of the explanation lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_pages import data_of

from gxarena.data import Attribution, Interval, Sample, Spans
from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.run.store import Store
from gxarena.site.content import read_content
from gxarena.site.site import Site
from gxarena.site.stretches import ENDS, LONGEST, MOST_DRAWN, _stretch, at_the_ends
from gxarena.site.writing import write_site
from gxarena.submissions.making import make_bundle


@pytest.fixture
def folder(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    """A finished run of 70 sequences."""
    block = {
        "datasets": ["mine"], "models": ["toy-tokens"], "explainers": ["exact", "random"],
        "metrics": ["gini"],
    }  # fmt: skip
    run(plan(matrix=[block]), tmp_path / "run")
    return tmp_path / "run"


def written(given: Path, out: Path, registry: Registry) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and letters of the dossier of `exact`."""
    write_site(Site.of(read_content([given]), registry), out)
    (values,) = (data_of(file) for file in (out / "data").glob("values-*exact*.js"))
    name = values["letters"]
    return values, data_of(out / "data" / f"{name}.js") if name else {}


def test_the_best_and_the_worst_are_drawn_from_the_run_s_store(
    folder: Path, data: Path, tmp_path: Path, registry: Registry
) -> None:
    values, letters = written(folder, tmp_path / "site", registry)
    (numbers,) = values["values"].values()
    ordered = [name for _, name in sorted(zip(numbers, values["ids"], strict=True))]
    assert values["ends"] == ENDS
    assert set(letters) == {*ordered[:ENDS], *ordered[-ENDS:]}
    sequences = dict(line.split(",")[:2] for line in data.read_text().splitlines()[1:])
    cells = read_content([folder]).sources["run"].last_rows()
    (key,) = {c["attributions_key"] for c in cells if c["explainer"] == "exact"}
    maps = Store(folder / "store").read_attributions(key, list(sequences))
    at = dict(zip(sequences, maps, strict=True))
    for name, one in letters.items():
        assert one["letters"] == sequences[name]  # as short as they are, whole
        assert (one["start"], one["of"]) == (0, len(sequences[name]))
        spans = at[name].spans
        for i, score in enumerate(one["scores"]):
            unit = int(np.searchsorted(spans.boundaries, i, side="right")) - 1
            assert score == pytest.approx(at[name].scores[unit], rel=1e-2)


def test_of_a_bundle_those_are_drawn_whose_maps_it_holds(
    folder: Path, tmp_path: Path, registry: Registry
) -> None:
    for held in (0, 5):
        bundle = tmp_path / f"b{held}.zip"
        make_bundle(RunResults.of(folder), bundle, samples=held)
        # Its suite does not ship, so that its sequences are not opened, and nothing is drawn.
        values, letters = written(bundle, tmp_path / f"site{held}", registry)
        assert (values["letters"], letters) == ("", {})


def test_where_the_store_was_cleared_away_numbers_stay(
    folder: Path, tmp_path: Path, registry: Registry
) -> None:
    content = read_content([folder])
    site = Site.of(content, registry)
    gone = folder.with_name("gone")
    (folder / "store").rename(gone)
    write_site(site, tmp_path / "site")
    (values,) = (data_of(file) for file in (tmp_path / "site/data").glob("values-*exact*.js"))
    assert values["letters"] == ""
    assert len(values["ids"]) == 70


def test_a_stretch_is_where_magnitudes_sum_to_most() -> None:
    """Against the sum of every window, counted one by one; tokens count for each letter."""
    rng = np.random.default_rng(3)
    widths = rng.integers(1, 7, 60)
    ends = np.concatenate([[0], np.cumsum(widths)])
    attribution = Attribution(rng.normal(size=60), Spans(ends))
    of = int(ends[-1])
    sample = Sample("s", "".join(rng.choice(list("ACGT"), of)), annotations=(Interval(1, 5, "A"),))
    got = _stretch(sample, attribution)
    scores = [s for s, w in zip(attribution.scores, widths, strict=True) for _ in range(w)]
    sums = [sum(map(abs, scores[i : i + LONGEST])) for i in range(of - LONGEST + 1)]
    assert got["start"] == int(np.argmax(sums))
    assert got["letters"] == sample.sequence[got["start"] : got["start"] + LONGEST]
    window = scores[got["start"] : got["start"] + LONGEST]
    assert got["scores"] == pytest.approx(window, rel=1e-2)
    assert got["most"] == pytest.approx(max(map(abs, scores)), rel=1e-2)
    assert got["annotations"] == [[1, 5, "A"]]


def test_scores_that_are_not_finite_are_drawn_as_nothing() -> None:
    got = _stretch(Sample("s", "ACG"), Attribution(np.array([np.nan, 1, -2]), Spans.nucleotides(3)))
    assert got["scores"] == [0, 1, -2]


def test_those_at_most_ends_are_held() -> None:
    ids = [f"s{i}" for i in range(1000)]
    rng = np.random.default_rng(0)
    quantities = {f"q{i}": rng.normal(size=1000).tolist() for i in range(30)}
    same = {f"same{i}": [*range(999), None] for i in range(3)}
    chosen = at_the_ends({"ids": ids, "values": quantities | same})
    assert len(chosen) == MOST_DRAWN
    assert {*ids[:ENDS], *ids[989:999]} <= set(chosen)
    assert chosen == at_the_ends({"ids": ids, "values": quantities | same})
    few = at_the_ends({"ids": ids[:5], "values": {"q": [1.0, None, 3.0, 2.0, None]}})
    assert sorted(few) == ["s0", "s2", "s3"]
    assert at_the_ends({"ids": [], "values": {}}) == []

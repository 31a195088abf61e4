"""Sequences with their explanations: the run's own, on the run's own sequences, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from site_pages import Page, data_of, synthetic_board

from gxarena.data import Attribution, Sample, Spans
from gxarena.errors import GxarenaError
from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.run.store import Store
from gxarena.run.suite import Suite, read_suite
from gxarena.site.content import Source, read_content
from gxarena.site.explorer import _explored, _is_bundled, _samples, explore
from gxarena.site.site import Site
from gxarena.site.writing import write_site
from gxarena.submissions.making import make_bundle


@pytest.fixture
def folder(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    """A finished run of a nucleotide and a token model."""
    block = {
        "datasets": ["mine"],
        "models": ["toy", "toy-tokens"],
        "explainers": ["exact", "random"],
        "metrics": ["gini"],
    }
    run(plan(matrix=[block]), tmp_path / "run")
    return tmp_path / "run"


def source_of(path: Path) -> Source:
    (source,) = read_content([path]).sources.values()
    return source


def test_maps_are_the_store_s_on_the_data_s_sequences(
    folder: Path, data: Path, registry: Registry
) -> None:
    source = source_of(folder)
    (found,), reasons = explore(source, registry, most=5)
    assert reasons == []
    lines = [line.split(",") for line in data.read_text().splitlines()[1:]]
    assert [(s["id"], s["letters"], str(s["label"])) for s in found.sequences] == [
        tuple(line) for line in lines[:5]
    ]
    assert len(found.samples) == 70
    assert len(found.explanations) == 4
    ids = [line[0] for line in lines]
    for one in found.explanations.values():
        (key,) = {
            row["attributions_key"]
            for row in source.last_rows()
            if (row["model"], row["explainer"]) == (one["model"], one["explainer"])
        }
        kept = Store(folder / "store").read_attributions(key, ids)[:5]
        assert len(one["maps"]) == 5
        for given, shown in zip(kept, one["maps"], strict=True):
            assert shown["scores"] == pytest.approx(given.scores, rel=1e-3)
            ends = shown["ends"] or list(range(1, 25))
            assert ends == given.spans.boundaries[1:].tolist()
            assert shown["special"] == pytest.approx(given.special, rel=1e-3)
    assert {one["explainer"]: one["role"] for one in found.explanations.values()} == {
        "exact": "method", "random": "floor",
    }  # fmt: skip


def test_other_sequences_under_the_same_name_are_refused(
    folder: Path, data: Path, registry: Registry
) -> None:
    data.write_text(data.read_text().replace("A", "C", 1))
    found, reasons = explore(source_of(folder), registry)
    assert found == []
    assert reasons == [
        "run, mine: expected the sequences of the run, got others under the same name."
    ]


def test_what_cannot_be_opened_is_said(folder: Path, data: Path, registry: Registry) -> None:
    data.unlink()
    found, (reason,) = explore(source_of(folder), registry)
    assert found == []
    assert reason.startswith("run, mine: ")


def test_a_bundle_without_explanations_says_so(
    folder: Path, tmp_path: Path, registry: Registry
) -> None:
    make_bundle(RunResults.of(folder), tmp_path / "b.zip", samples=0)
    found, reasons = explore(source_of(tmp_path / "b.zip"), registry)
    assert found == []
    assert reasons == ["b.zip: it holds no explanations; give the run's folder to see them."]


def test_boards_alone_are_said_to_hold_none(
    folder: Path, tmp_path: Path, registry: Registry
) -> None:
    for name in ("one", "two"):
        write_board(tmp_path / f"{name}.parquet", synthetic_board(2, 1, 1))
    paths = [folder, tmp_path / "one.parquet", tmp_path / "two.parquet"]
    assert Site.of(read_content(paths), registry).unexplored == (
        "one.parquet and two.parquet: a written board holds no explanations; the run that it is "
        "of, or its bundle, has them.",
    )
    assert Site.of(read_content([folder]), registry).unexplored == ()


def test_a_stranger_s_suite_opens_nothing(folder: Path, tmp_path: Path, registry: Registry) -> None:
    make_bundle(RunResults.of(folder), tmp_path / "b.zip", samples=3)
    found, (reason,) = explore(source_of(tmp_path / "b.zip"), registry)
    assert found == []
    assert reason.startswith("b.zip, mine: a bundle's sequences are opened where its suite or its")


@pytest.mark.parametrize(
    ("alias", "opens"),
    [
        ({"name": "fly-promoters", "n": 20}, True),
        ({"name": "fly-promoters", "groups": "(a+)+"}, False),
        ({"path": "fly-promoters"}, False),
        ({"name": "scan", "data": "/etc/passwd"}, False),
    ],
)
def test_of_a_stranger_s_suite_bundled_data_alone_are_opened(
    alias: dict[str, object], opens: bool, registry: Registry
) -> None:
    suite = Suite.model_validate(read_suite("quickstart").model_dump() | {"datasets": {"d": alias}})
    assert _is_bundled(suite, registry, "d") is opens
    assert _is_bundled(suite, registry, "fly-kilobases")


def test_a_bundle_of_one_s_own_suite_on_bundled_data_shows_its_maps(
    plan: Callable[..., Plan], tmp_path: Path, registry: Registry
) -> None:
    block = {
        "datasets": ["fly"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"],
    }  # fmt: skip
    datasets = {"fly": {"name": "fly-promoters", "n": 4}}
    run(plan(name="mine-alone", datasets=datasets, matrix=[block]), tmp_path / "run")
    make_bundle(RunResults.of(tmp_path / "run"), tmp_path / "b.zip", samples=3)
    (of_bundle,), reasons = explore(source_of(tmp_path / "b.zip"), registry)
    assert (reasons, len(of_bundle.sequences)) == ([], 3)


def test_a_bundle_of_a_suite_that_ships_shows_the_run_s_maps(
    plan: Callable[..., Plan], tmp_path: Path, registry: Registry
) -> None:
    shipped = read_suite("quickstart")
    block = {
        "datasets": ["fly-promoters"], "models": ["toy"], "explainers": ["exact"],
        "metrics": ["gini"],
    }  # fmt: skip
    made = plan(name="quickstart", datasets=shipped.datasets, matrix=[block], seed=shipped.seed)
    run(made, tmp_path / "run")
    make_bundle(RunResults.of(tmp_path / "run"), tmp_path / "b.zip", samples=3)
    (of_bundle,), reasons = explore(source_of(tmp_path / "b.zip"), registry)
    (of_run,), _ = explore(source_of(tmp_path / "run"), registry, most=3)
    assert reasons == []
    assert of_bundle.sequences == of_run.sequences
    (theirs,), (ours,) = of_bundle.explanations.values(), of_run.explanations.values()
    assert len(theirs["maps"]) == 3
    assert theirs["maps"] == ours["maps"]


def test_explanations_of_another_length_are_refused(folder: Path, registry: Registry) -> None:
    source = source_of(folder)
    keys = {row["attributions_key"] for row in source.last_rows()}
    other = Attribution(np.ones(3), Spans.nucleotides(3))
    carried = {key: {f"s{i:02d}": other for i in range(70)} for key in keys}
    samples = [Sample(f"s{i:02d}", "ACGT") for i in range(70)]
    bundle = replace(source, folder=None, attributions=carried)
    with pytest.raises(GxarenaError, match="as long as their sequences"):
        _explored(bundle, "mine", samples, source.last_rows(), 5)


def test_nothing_is_opened_by_a_stranger_s_name(folder: Path, registry: Registry) -> None:
    row = source_of(folder).last_rows()[0]
    with pytest.raises(GxarenaError, match="expected a data set of the suite quickstart"):
        _samples(read_suite("quickstart"), registry, "planted", row)


def test_the_page_loads_what_is_written(folder: Path, tmp_path: Path, registry: Registry) -> None:
    out = tmp_path / "site"
    site = Site.of(read_content([folder]), registry)
    write_site(site, out)
    page = Page.read(out / "samples.html")
    (key,) = [a["value"] for tag, a in page.tags if tag == "option" and "--" in a["value"]]
    document = data_of(out / "data" / f"sequences-{key}.js")
    assert len(document["sequences"]) == 20
    for one in document["explanations"]:
        held = data_of(out / "data" / f"{one['file']}.js")
        assert (held["model"], held["explainer"]) == (one["model"], one["explainer"])
        assert len(held["maps"]) == 20
    dossier = Page.read(next((out / "cell").glob("*toy--exact.html")))
    (values,) = [a for _, a in dossier.tags if a.get("id") == "values"]
    assert values["data-samples"].startswith(f"../samples.html#set={key}&a=")
    assert len(data_of(out / "data" / f"{values['data-name']}.js")["explored"]) == 20


def test_without_runs_the_page_says_so(folder: Path, tmp_path: Path, registry: Registry) -> None:
    make_bundle(RunResults.of(folder), tmp_path / "b.zip", samples=0)
    write_site(Site.of(read_content([tmp_path / "b.zip"]), registry), tmp_path / "site")
    page = Page.read(tmp_path / "site" / "samples.html")
    assert "No run given here holds explanations" in page.words
    assert "it holds no explanations" in page.words


def test_drops_are_those_of_the_run_s_curves(
    plan: Callable[..., Plan], tmp_path: Path, registry: Registry
) -> None:
    block = {
        "datasets": ["mine"], "models": ["toy-tokens"], "explainers": ["exact"],
        "metrics": ["gini", "faithfulness"],
    }  # fmt: skip
    run(plan(matrix=[block]), tmp_path / "run")
    source = source_of(tmp_path / "run")
    (found,), _ = explore(source, registry, most=4)
    (one,) = found.explanations.values()
    assert one["dropped"] == "drop of the probability (faithfulness)"
    rows = source.curves.to_pylist()
    for sequence, drops, shown in zip(found.sequences, one["drops"], one["maps"], strict=True):
        assert set(drops) == {"mif", "lif"}
        for order, steps in drops.items():
            kept = [
                [row["x"], row["y"]] for row in rows
                if (row["sample_id"], row["curve"]) == (sequence["id"], f"{order}_drop_probability")
            ]  # fmt: skip
            assert steps == [pytest.approx(pair, rel=1e-3, abs=1e-9) for pair in kept]
            # Whole units in the order of the scores reach each fraction: what the page crosses out.
            ends = [0, *shown["ends"]]
            widths = [b - a for a, b in itertools.pairwise(ends)]
            turn = sorted(
                range(len(widths)), key=lambda u: shown["scores"][u] * (1 if order == "lif" else -1)
            )
            reached = [0, *(sum(widths[u] for u in turn[: k + 1]) for k in range(len(turn)))]
            for fraction, _ in steps:
                assert min(abs(fraction * 24 - many) for many in reached) < 0.01


def test_without_curves_nothing_is_dropped(folder: Path, registry: Registry) -> None:
    (found,), _ = explore(source_of(folder), registry)
    assert {(one["dropped"], len(one["drops"])) for one in found.explanations.values()} == {("", 0)}

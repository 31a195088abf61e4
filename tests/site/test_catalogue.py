"""What labels stand for: by the run that used them, by a suite that ships, by their own name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from written_runs import write_run

from gxarena.registry import Registry
from gxarena.results.boards import Board
from gxarena.results.record import RunRecord
from gxarena.results.schemas import LEADERBOARD
from gxarena.run.suite import read_suite
from gxarena.site.catalogue import Catalogue, bibtex, licence_of
from gxarena.site.content import Content, read_content


def of_suite(suite: str) -> Catalogue:
    row = dict.fromkeys(LEADERBOARD.names) | {
        "suite": suite, "dataset": "d", "model": "m", "explainer": "e", "aggregator": "native",
        "metric": "q", "role": "method", "question": "", "direction": "none", "ci_method": "",
        "n": 0, "n_undefined": 0, "n_failed": 0, "sequences": 0, "replicates": 0,
        "verification": "",
    }  # fmt: skip
    board = Board((suite,), pa.Table.from_pylist([row], LEADERBOARD), {})
    return Catalogue(Content((board,), {}), Registry.load())


def test_an_alias_is_what_its_suite_says() -> None:
    known = of_suite("quickstart").known("explainer", "lrp-randomised")
    assert read_suite("quickstart").explainers["lrp-randomised"]["name"] == known.component
    assert (known.component, known.parameters) == ("randomised", {"explainer": "lrp"})
    component = Registry.load().get("explainers", "randomised")
    assert (known.summary, known.citation) == (component.summary, component.citation)
    metric = of_suite("quickstart").known("metric", "faithfulness-unknown")
    assert (metric.component, metric.parameters) == ("faithfulness", {"fill": "unknown"})


def test_a_name_is_its_component_and_an_unknown_one_nothing() -> None:
    catalogue = of_suite("nobody-ships-this")
    lrp = catalogue.known("explainer", "lrp")
    assert lrp.component == "lrp"
    assert any(text.startswith("zennit: ") and "Lesser" in text for text in lrp.licences)
    unknown = catalogue.known("explainer", "lrp-randomised")
    assert (unknown.component, unknown.summary, unknown.licences) == ("", "", ())


def test_a_run_says_it_better_than_a_suite(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", {"lrp-randomised": [1.0] * 24}, suite="quickstart",
        explainer_component="lrp", explainer_parameters='{"composite": "epsilon_plus"}',
    )  # fmt: skip
    known = Catalogue(read_content([run]), Registry.load()).known("explainer", "lrp-randomised")
    assert (known.component, known.parameters) == ("lrp", {"composite": "epsilon_plus"})


def test_a_data_set_is_what_the_suite_of_its_run_says(tmp_path: Path) -> None:
    """Cells tell no component of data; the suite is kept whole."""
    run = write_run(tmp_path / "run", {"lrp": [1.0] * 24}, suite="my-own")
    record = RunRecord.read(run)
    assert record
    windows = {"name": "windows", "data": "fly-promoters:test", "length": 200}
    named = {"fly-200": windows, "fly-promoters": {"split": "test"}, "mine": {"path": "mine.csv"}}
    replace(record, document=dict(record.document) | {"datasets": named}).write(run)
    catalogue = Catalogue(read_content([run]), Registry.load())
    known = catalogue.known("dataset", "fly-200")
    assert (known.component, known.parameters) == (
        "windows", {"data": "fly-promoters:test", "length": 200},
    )  # fmt: skip
    assert known.summary == Registry.load().get("datasets", "windows").summary
    assert catalogue.known("dataset", "fly-promoters").component == "fly-promoters"
    assert not catalogue.known("dataset", "mine").summary


@pytest.mark.parametrize("name", ["gxarena", "numpy", "zennit"])
def test_licences_are_short(name: str) -> None:
    assert 0 < len(licence_of(name)) <= 80
    assert "\n" not in licence_of(name)


def test_who_is_not_installed_has_no_licence() -> None:
    assert licence_of("not-installed-at-all") == ""


def test_references_as_bibtex() -> None:
    text = bibtex({"a/b": "Bach & al. 2015, 50% of_it, arXiv:1509.06321", "plain": "no year"})
    assert text == (
        "@misc{a-b,\n  note = {Bach \\& al. 2015, 50\\% of\\_it, arXiv:1509.06321},\n"
        "  year = {2015},\n  eprint = {1509.06321},\n  archiveprefix = {arXiv}\n}\n"
        "\n@misc{plain,\n  note = {no year}\n}\n"
    )

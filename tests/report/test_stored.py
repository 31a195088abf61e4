"""Attributions are found in a run's store by what they measure."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.errors import InputError
from gxarena.report.claims import CLAIMS, judged
from gxarena.report.evidence import Evidence
from gxarena.report.stored import attributions_of, lengths_of
from gxarena.results.parquet import write_table

TOY_WEIGHTS = {"A": 1.0, "C": -0.5, "G": 0.25, "T": -1.0}


def _sequences(folder: Path, name: str) -> dict[str, str]:
    lines = (folder.parent / name).read_text().splitlines()[1:]
    return dict(line.split(",")[:2] for line in lines)


@pytest.mark.parametrize("model", ["toy", "toy-tokens"])
def test_they_are_the_explainers_own(toy_run: Path, model: str) -> None:
    evidence = Evidence.of([toy_run])
    cells = [c for c in evidence.cells("faithfulness") if c.facts["model"] == model]
    assert {cell.dataset for cell in cells} == {"mine", "longer"}
    for cell in cells:
        file = {"mine": "data.csv", "longer": "longer.csv"}[cell.dataset]
        sequences = _sequences(toy_run, file)
        found = attributions_of(evidence, cell)
        assert found
        for name, attribution in found.items():
            weights = [TOY_WEIGHTS[letter] for letter in sequences[name]]
            expected = np.add.reduceat(weights, attribution.spans.boundaries[:-1])
            assert np.array_equal(attribution.scores, expected)
            assert attribution.spans.length == len(sequences[name])


def test_controls_are_told_apart(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    random = [c for c in evidence.cells("faithfulness", controls=True) if c.is_control]
    exact = evidence.cells("faithfulness")
    one, other = (attributions_of(evidence, cells[0]) for cells in (random, exact))
    assert one.keys() == other.keys()
    for name in one:
        assert not np.array_equal(one[name].scores, other[name].scores)


def test_lengths_and_the_claim_that_needs_them(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    found = {c.dataset: set(lengths_of(evidence, c).values()) for c in evidence.cells("gini")}
    assert found == {"mine": {24}, "longer": {36}}
    claim = next(one for one in CLAIMS if one.id == "special-tokens-length")
    (comparison,) = judged(claim, evidence).comparisons
    assert "24 to 36 bp" in comparison.what
    # The toy puts nothing on its special token, however long the sequence.
    assert (comparison.verdict, comparison.note) == ("undecided", "no spread")


def test_the_largest_special_token_is_compared_with_the_largest_other(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    claim = next(one for one in CLAIMS if one.id == "special-tokens")
    finding = judged(claim, evidence)
    half, lead = finding.comparisons[:2]
    cell = evidence.cells("special_share")[0]
    # The toy's special token has nothing: the largest other's share is what it lacks.
    scores = [np.abs(a.scores) for a in attributions_of(evidence, cell).values()]
    assert lead.estimate == pytest.approx(-np.mean([one.max() / one.sum() for one in scores]))
    assert (half.estimate, half.verdict, lead.verdict) == (0, "fails", "fails")


def test_a_store_of_other_numbers_is_not_used(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    cell = evidence.cells("special_share")[0]
    for chunk in (toy_run / "store" / "attributions").rglob("*.parquet"):
        table = pq.read_table(chunk)
        scores = [np.arange(1.0, len(row) + 1) for row in table["scores"].to_pylist()]
        changed = table.set_column(1, table.schema.field("scores"), [scores])
        write_table(chunk, changed, {})
    with pytest.raises(InputError, match="none whose values are those in the tables"):
        attributions_of(evidence, cell)


def test_without_a_store_one_sentence_says_so(toy_run: Path, make_run: Callable[..., Path]) -> None:
    shutil.rmtree(toy_run / "store")
    evidence = Evidence.of([toy_run])
    with pytest.raises(InputError, match=r"expected the attributions of mine, toy-tokens/exact in"):
        attributions_of(evidence, evidence.cells("special_share")[0])
    bare = Evidence.of([make_run({"metric": "special_share", "values": {"total": [0.5]}})])
    with pytest.raises(InputError, match="expected a cell of metric gini or entropy"):
        attributions_of(bare, bare.cells("special_share")[0])

"""What a child is given of a plan: the same suite, components, keys and samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.run.luggage import cell_document, cell_of, pack, unpack
from gxarena.run.plan import Plan


def test_a_plan_comes_back(plan: Callable[..., Plan], tmp_path: Path) -> None:
    made = plan(
        models={"several": {"name": "toy-trained", "replicates": ["one", "one-2"]}},
        explainers={"wrapped": {"name": "randomised", "explainer": "exact"}},
        matrix=[
            {
                "datasets": ["mine"],
                "models": ["several", "toy"],
                "explainers": ["wrapped", "random"],
                "metrics": ["gini", "continuous_jaccard", "replicate_agreement"],
                "against": ["toy/exact"],
            }
        ],
    )
    marks = (Interval(1, 3, "box", "+", (0.5, 1.0)), Interval(4, 5))
    flanked = Sample("b", "GG", 0, (), ("ACA", "T"))
    marked = Dataset(
        "marked", (Sample("a", "ACGTN", 1, marks), Sample("ü", "T"), flanked), "enhancers"
    )
    made.datasets["marked"] = marked
    packed = pack(made, tmp_path / "there")
    back = unpack(packed)
    assert back.suite == made.suite
    # A preset's tuples come back as lists, as TOML would give them.
    assert pack(back, tmp_path / "again").read_text() == packed.read_text()
    for key, found in made.registry.components.items():
        there = replace(back.registry.components[key].component, defaults={}, phrases={})
        assert there == replace(found.component, defaults={}, phrases={})
    assert back.choices == made.choices
    assert back.replicates == made.replicates
    for label, data in made.datasets.items():
        opened = back.datasets[label]
        assert (opened.name, opened.kind, opened.digest) == (data.name, data.kind, data.digest)
        assert opened.samples == data.samples
        assert opened.annotated == data.annotated
    for cell in made.cells:
        assert cell_of(cell_document(cell)) == cell
        names = (cell.dataset, cell.weights, cell.explainer)
        assert back.explain_key(*names) == made.explain_key(*names)


def test_what_no_file_can_hold_is_refused(plan: Callable[..., Plan], tmp_path: Path) -> None:
    made = plan()
    key = ("explainers", "exact")
    made.choices[key] = replace(made.choices[key], parameters={"model": object()})
    with pytest.raises(InputError, match=r'that TOML can hold, got a object\. Use engine = "inl'):
        pack(made, tmp_path)

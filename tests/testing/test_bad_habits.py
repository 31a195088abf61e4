"""What a check that only compares two calls with each other would not notice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.registry import Registry
from gxarena.testing import check_component
from gxarena.testing.inputs import Bare, altered

Make = Callable[..., Registry]


@pytest.fixture(autouse=True)
def _errors_of_numpy() -> Iterator[None]:
    before = np.geterr()
    yield
    np.seterr(**before)


def _failed(registry: Registry, **options: Any) -> dict[str, str]:
    found = list(check_component(registry, "bad", slow=False, **options))
    return {one.check: one.message for one in found if one.status == "failed"}


@pytest.mark.parametrize(
    ("target", "check", "what"),
    [
        ("Hypothetical", "neighbours_do_not_matter", "got hypothetical up to 3 apart"),
        ("Special", "order_does_not_matter", r"got special\['\[CLS\]'\] up to 3 apart"),
        ("Told", "padding_does_not_matter", r"got diagnostics\['explained'\] up to"),
        ("Complex", "scores_tile_the_sequence", "expected real numbers as scores, got complex128"),
        ("Quiet", "the_process_stays", "got a change of numpy's handling of errors"),
        ("Lasting", "the_model_stays", "expected the same outputs, bit for bit, got others"),
    ],
)
def test_explainers(made: Make, target: str, check: str, what: str) -> None:
    failed = _failed(made("explainers", f"bad_habits:{target}"))
    assert check in failed
    with pytest.raises(AssertionError, match=what):
        raise AssertionError(failed[check])


@pytest.mark.parametrize(
    ("target", "check", "what"),
    [
        ("Gradient", "", ""),
        ("Hooked", "an_error_leaves_no_trace", "got a change of its hooks"),
        ("Froze", "the_model_stays", "got a change of its requires_grad"),
        ("Graded", "the_model_stays", "got a change of its gradients"),
        ("Tuned", "the_model_stays", "got a change of its settings"),
        ("Hidden", "the_model_stays", "got a change of its hooks"),
    ],
)
def test_explainers_that_know_the_network(made: Make, target: str, check: str, what: str) -> None:
    needs = frozenset({"differentiable"})
    registry = made("explainers", f"bad_habits:{target}", installed=True, requires=needs)
    failed = _failed(registry, models={"cnn": {}})
    assert set(failed) == ({check} if check else set())
    assert what in failed.get(check, "")


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("Neighbour", "the same outputs whatever letters are masked"),
        ("First", "the same outputs whatever letters are masked"),
        ("Half", "the same outputs whatever letters are masked"),
        ("Everything", "other outputs for other letters that are not masked"),
    ],
)
def test_masks(made: Make, target: str, what: str) -> None:
    masks = frozenset({"maskable"})
    failed = _failed(made("models", f"bad_habits:{target}", provides=masks))
    assert list(failed) == ["masking_is_true"]
    assert what in failed["masking_is_true"]


def test_other_letters_leave_the_units() -> None:
    for model in (Bare(), Bare(tokens=True), Bare(width=3)):
        sequence = "ACGTTGACCATGAGT"
        (spans,) = model.spans([sequence])
        units = np.arange(len(spans)) % 2 == 0
        other = altered(model, sequence, units)
        assert model.spans([other])[0] == spans
        differs = [a != b for a, b in zip(sequence, other, strict=True)]
        assert any(differs)
        assert not any(np.array(differs) & ~units[spans.owner])


@pytest.mark.parametrize(
    ("kind", "target", "check", "provides"),
    [
        ("models", "Tiny", "batches_do_not_matter", ()),
        ("models", "Seeding", "the_process_stays", ()),
        ("metrics", "Sorting", "nothing_else_changes", ("sample",)),
        ("metrics", "SeedingMetric", "nothing_else_changes", ("sample",)),
        ("aggregators", "OneWay", "conservation_is_declared", ("coarsen", "refine")),
        ("datasets", "seeding", "the_process_stays", ()),
    ],
)
def test_others(made: Make, kind: str, target: str, check: str, provides: tuple[str, ...]) -> None:
    failed = _failed(made(kind, f"bad_habits:{target}", provides=frozenset(provides)))
    assert check in failed
    assert failed.keys() <= {check, "padding_does_not_matter"}


HASHED = """
from gxarena import Component, Dataset, Quantity, Sample, Scored, hookimpl
from gxarena.testing.inputs import Bare

WORDS = ("A", "CC", "GGG", "TTTT", "AAC", "GGT", "CAT")

@hookimpl
def gxarena_datasets():
    yield Component("hashed", "hashed_plugin:made", "")

@hookimpl
def gxarena_models():
    yield Component("hashed", "hashed_plugin:Hashed", "")

@hookimpl
def gxarena_metrics():
    yield Component("hashed", "hashed_plugin:Metric", "", provides=frozenset({"sample"}))

def made():
    return Dataset("hashed", tuple(Sample(str(i), w) for i, w in enumerate(set(WORDS))))

class Hashed(Bare):
    def predict(self, sequences):
        return super().predict(sequences) * (1 + hash("weights") % 1000)

class Metric:
    quantities = {"": Quantity("none")}

    def score(self, explained, probe):
        return Scored({"": [float(hash(one) % 1000) for one in explained.sequences]})
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["datasets", "models", "metrics"])
def test_hashes_of_text_are_another_process_own(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashed_plugin.py").write_text(HASHED)
    folder = tmp_path / "hashed-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: hashed\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[gxarena]\nhashed = hashed_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.delitem(sys.modules, "hashed_plugin", raising=False)
    found = {one.check: one for one in check_component(Registry.load(), "hashed", kind=kind)}
    assert found["a_fresh_process_agrees"].status == "failed"
    assert "sort what was a set" in found["a_fresh_process_agrees"].message

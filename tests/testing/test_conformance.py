"""Every component that ships passes the checks that gxarena asks of everybody's.

By hand: what needs parameters, what takes long, and what needs data that does not ship.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.hookspecs import KINDS
from gxarena.registry import Registry
from gxarena.testing import CHECKS, Subject, check_component
from gxarena.testing.inputs import annotated_samples
from gxarena.testing.parametrisation import Case, cases_of

REGISTRY = Registry.load()

ELSEWHERE = {
    ("datasets", "genomic-benchmarks"): "its files are not here: tests/datasets has copies",
    ("datasets", "gue"): "its files are not here: tests/datasets has copies",
    ("datasets", "windows"): "its data set is a parameter: see below",
    ("datasets", "scan"): "its data set is a parameter: see below",
    ("models", "deepstarr"): "its checkpoint is not here: tests/plugins/gxarena_cnn trains one",
    ("models", "hf"): "its checkpoint is a parameter: see below",
    ("explainers", "attnlrp-hf"): "its model's checkpoint is a parameter: see below",
    ("explainers", "precomputed"): "its file is a parameter: see below",
    ("models", "dnabert2"): "its checkpoint of 117 M parameters is not here: dnabert2-mini is",
    ("metrics", "quantus"): "its metric is a parameter: the others name theirs",
}
"""Components that are not made from their presets alone."""

HEAVY = {
    "deep_lift_shap", "deeplift", "deeplift_shap", "gradient_shap", "kernel_shap", "lime",
    "shap-deep", "shap-exact", "shap-partition", "shapley_sampling", "smoothgrad", "modisco",
    "integrated_gradients", "marginalization", "saturation_mutagenesis", "shap-kernel",
    "model_randomisation", "planted",
}  # fmt: skip
"""Those whose checks take more than some seconds together."""

EXPECTED: dict[tuple[str, str], dict[str, str]] = {
    ("explainers", name): {"what_is_asked_is_explained": "attention explains no output"}
    for name in ("attention-cls", "attention-rollout")
}
"""What is known not to hold of what ships, with reasons; their classes declare it too."""


def _cases() -> list[Any]:
    cases = []
    for (kind, name), found in sorted(REGISTRY.components.items()):
        if (kind, name) in ELSEWHERE:
            continue
        subject = Subject(REGISTRY, found)
        marks = [pytest.mark.slow] if name in HEAVY else []
        for case in cases_of(subject, EXPECTED.get((kind, name), {}), slow=False):
            cases.append(pytest.param(case, id=f"{kind}-{case.name}", marks=marks))
    return cases


@pytest.mark.parametrize("check", _cases())
def test_conformance(check: Case) -> None:
    check()


def test_every_kind_has_checks_and_every_exception_is_a_component() -> None:
    assert (
        set(CHECKS) == {"models", "explainers", "aggregators", "metrics", "datasets"} <= set(KINDS)
    )
    assert ELSEWHERE.keys() <= REGISTRY.components.keys()
    assert EXPECTED.keys() <= REGISTRY.components.keys()
    assert {name for _, name in REGISTRY.components} >= HEAVY


def _passes(name: str, kind: str, **options: Any) -> None:
    outcomes = list(check_component(REGISTRY, name, kind=kind, slow=False, **options))
    assert not [one for one in outcomes if one.status == "failed"]
    assert sum(one.status == "passed" for one in outcomes) > 2


def test_explanations_of_a_file(tmp_path: Path) -> None:
    arrays = {one.id: np.linspace(-1, 1, len(one.sequence)) for one in annotated_samples(4)}
    np.savez(tmp_path / "maps.npz", **arrays)
    _passes("precomputed", "explainers", parameters={"path": str(tmp_path / "maps.npz")})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("windows", {"length": 100}),
        pytest.param("scan", {"matrices": ["MA0139.2"]}, marks=pytest.mark.slow),
    ],
)
def test_data_sets_of_others(name: str, given: dict[str, Any]) -> None:
    _passes(name, "datasets", parameters={"data": "fly-promoters", **given})


@pytest.mark.slow
def test_a_hugging_face_model_and_its_explainer(tmp_path: Path) -> None:
    from gxarena_hf.toys import write_toy

    folder = {"checkpoint": str(write_toy("gena-lm", tmp_path / "toy")), "device": "cpu"}
    _passes("hf", "models", parameters=folder)
    _passes("attnlrp-hf", "explainers", models={"hf": folder})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attnlrp", "lrp", "ism", "lime"])
def test_a_fresh_process_agrees_and_memory_does_not_grow(name: str) -> None:
    found = list(check_component(REGISTRY, name, kind="explainers"))
    slow = {"a_fresh_process_agrees", "memory_does_not_grow"}
    assert {one.status for one in found if one.check in slow} == {"passed"}

"""Explaining a few sequences without a suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.data import Sample
from gxarena.errors import GxarenaError, InputError, PluginError, Unsupported
from gxarena.registry import Registry
from gxarena.run.plan import Plan
from gxarena.run.single import explain_samples
from gxarena.run.stages import Stages
from gxarena.run.store import Store

SAMPLES = (Sample("a", "ACGT", label=1), Sample("b", "TTN", label=0))


def test_scores_are_raw_and_in_input_order(registry: Registry) -> None:
    explained = explain_samples(registry, SAMPLES, model="toy", explainer="exact", target=1)
    assert [a.scores.tolist() for a in explained.attributions] == [[1, -0.5, 0.25, -1], [-1, -1, 0]]
    assert explained.outputs.tolist() == [[0, -0.25], [0, -2]]
    assert explained.targets.tolist() == [1, 1]
    assert explained.samples == SAMPLES


@pytest.mark.parametrize(("target", "targets"), [("predicted", [0, 0]), ("label", [1, 0])])
def test_targets(registry: Registry, target: str, targets: list[int]) -> None:
    explained = explain_samples(registry, SAMPLES, model="toy", explainer="exact", target=target)
    assert explained.targets.tolist() == targets


def test_parameters_reach_model_and_explainer(registry: Registry) -> None:
    explained = explain_samples(
        registry,
        SAMPLES,
        model="toy",
        explainer="exact",
        model_parameters={"width": 2, "scale": 10.0},
        target=1,
    )
    assert [len(a.spans) for a in explained.attributions] == [2, 2]
    assert explained.outputs[:, 1].tolist() == [-2.5, -20]


@pytest.mark.parametrize("explainer", ["exact", "random"])
def test_gives_what_a_run_gives(
    plan: Callable[..., Plan], registry: Registry, tmp_path: Path, explainer: str
) -> None:
    made = plan(seed=5)
    in_run = Stages(made, Store(tmp_path)).explained("mine", "toy", explainer)
    alone = explain_samples(
        registry, in_run.samples, model="toy", explainer=explainer, target=1, seed=5
    )
    assert np.array_equal(alone.outputs, in_run.outputs)
    for one, other in zip(alone.attributions, in_run.attributions, strict=True):
        assert np.array_equal(one.scores, other.scores)


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"model": "tyo"}, InputError, "unknown model 'tyo'. Did you mean 'toy'"),
        ({"explainer": "exakt"}, InputError, "unknown explainer 'exakt'. Did you mean 'exact'"),
        ({"objective": "logits"}, InputError, "objective: unknown 'logits'. Did you mean 'logit'"),
        ({"target": 2}, InputError, "an output of the model, 0 to 1, got 2"),
        ({"model_parameters": {"depth": 1}}, InputError, r"expected parameters of toy\(width"),
        ({"explainer_parameters": {"x": 1}}, InputError, r"expected parameters of exact\(\)"),
        (
            {"explainer": "needy"},
            Unsupported,
            "that reads one-hot nucleotides: 'toy' is none",
        ),
        ({"explainer": "orphan"}, PluginError, "expected 'elsewhere:magic' of an installed model"),
        ({"explainer": "short-list"}, PluginError, "expected a list of 2 Attributions, got 1"),
        ({"explainer": "absent"}, PluginError, "module 'no_such_module' to be installed"),
        (
            {"explainer": "crash"},
            PluginError,
            "unknown: explainer 'crash': expected it to work, got RuntimeError: this",
        ),
    ],
)
def test_mistakes(
    registry: Registry, changes: dict[str, Any], kind: type[GxarenaError], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        explain_samples(registry, SAMPLES, **({"model": "toy", "explainer": "exact"} | changes))


def test_too_long_a_sequence_is_refused_before_any_work(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    with pytest.raises(InputError, match="sample 'long': expected at most 10 nucleotides"):
        explain_samples(registry, (Sample("long", "A" * 11),), model="toy-short", explainer="exact")
    assert not (tmp_path / "log").exists()

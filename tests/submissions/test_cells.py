"""What a suite asks for, and what is there."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from altered_bundles import SUITE, block

from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.suite import Suite, read_suite, shipped_suites
from gxarena.submissions.cells import AXES, check_matrix
from gxarena.submissions.findings import Findings

PLANNED = ["quickstart", "explainers", "planted", "metric-validity", "question-similarity"]


def _rows(suite: Suite, toys: Registry) -> list[dict[str, Any]]:
    """What a plan's cells would say, without running one."""
    plan = make_plan(suite, toys, limit=2)
    return [
        {axis: getattr(cell, axis) for axis in AXES}
        | {
            "model_replicate": cell.position,
            "against": cell.compared or None,
            "metric_scope": plan.scope(cell.metric),
            "metric_name": cell.metric_name,
        }
        for cell in plan.cells
    ]


def test_pairs_are_of_the_positions_that_both_have(toys: Registry) -> None:
    models = {
        label: {"name": "toy-trained", "replicates": n} for label, n in (("three", 3), ("two", 2))
    }
    asked = [
        block(models=[one], metrics=["continuous_jaccard"], against=[f"{other}/exact"])
        for one, other in itertools.permutations(["toy", "three", "two"], 2)
    ]
    suite = Suite.model_validate(SUITE | {"models": models, "matrix": asked})
    rows, findings = _rows(suite, toys), Findings()
    # Two explainers; three against one set of weights, two against two.
    assert len(rows) == 2 * (3 + 2 + 3 + 2 + 2 + 2)
    check_matrix(rows, suite, findings)
    assert findings.listed == []
    for left_out in range(len(rows)):
        findings = Findings()
        check_matrix(rows[:left_out] + rows[left_out + 1 :], suite, findings)
        assert findings.counts.total() == 1


@pytest.mark.parametrize("name", [name for name in PLANNED if name in shipped_suites()])
def test_a_plan_is_all_that_its_suite_asks_for(name: str, toys: Registry) -> None:
    suite = read_suite(name)
    rows, findings = _rows(suite, toys), Findings()
    check_matrix(rows, suite, findings)
    assert findings.listed == []
    # And every cell of it counts.
    for left_out in range(0, len(rows), max(1, len(rows) // 20)):
        findings = Findings()
        check_matrix(rows[:left_out] + rows[left_out + 1 :], suite, findings)
        assert findings.counts.total() >= 1
    assert PLANNED[0] in shipped_suites()

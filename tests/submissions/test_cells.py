"""What a suite asks for, and what is there."""

from __future__ import annotations

from typing import Any

import pytest

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

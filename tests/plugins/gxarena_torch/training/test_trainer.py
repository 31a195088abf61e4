from __future__ import annotations

from pathlib import Path

import pytest

from gxarena_torch.training.trainer import training_arguments


@pytest.mark.parametrize(("share", "steps"), [(0.1, 20), (0.0, 0), (0.999, 200)])
def test_warmup_is_a_share_of_the_steps(tmp_path: Path, share: float, steps: int) -> None:
    arguments = training_arguments(tmp_path, 3, share)
    assert arguments.get_warmup_steps(200) == steps
    assert arguments.seed == 3


def test_nothing_is_reported_anywhere(tmp_path: Path) -> None:
    assert training_arguments(tmp_path, 0, 0.1).report_to == []


def test_the_trainers_own_names_come_last(tmp_path: Path) -> None:
    assert training_arguments(tmp_path, 0, 0.1, save_total_limit=5).save_total_limit == 5

from __future__ import annotations

import json
from pathlib import Path

from gxarena_torch.training.resume import newest_checkpoint, whole_checkpoints


def _checkpoint(folder: Path, step: int, state: str | None = None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir()
    text = json.dumps({"global_step": step}) if state is None else state
    (path / "trainer_state.json").write_text(text)
    return path


def test_nothing_to_resume(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "not-there") is None
    assert newest_checkpoint(tmp_path) is None


def test_whole_ones_come_by_step_and_not_by_name(tmp_path: Path) -> None:
    made = [_checkpoint(tmp_path, step) for step in (8, 16, 100)]
    assert whole_checkpoints(tmp_path) == made
    assert newest_checkpoint(tmp_path) == str(made[-1])


def test_what_a_kill_left_half_written_is_passed_over_and_removed(tmp_path: Path) -> None:
    whole = _checkpoint(tmp_path, 8)
    (tmp_path / "checkpoint-16").mkdir()
    (tmp_path / "checkpoint-16" / "model.safetensors").write_bytes(b"half")
    torn = [_checkpoint(tmp_path, 24, '{"global_st'), _checkpoint(tmp_path, 32, "[]")]
    assert whole_checkpoints(tmp_path) == [whole]
    assert newest_checkpoint(tmp_path) == str(whole)
    assert not (tmp_path / "checkpoint-16").exists()
    assert not any(path.exists() for path in torn)

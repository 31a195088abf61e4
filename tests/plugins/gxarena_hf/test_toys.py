from __future__ import annotations

import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import AutoConfig

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import read_suite
from gxarena_hf.toys import TOYS, main, write_toy


def test_a_seed_gives_the_same_weights(tmp_path: Path) -> None:
    first, same, other = (
        load_file(write_toy("dnabert", tmp_path / str(i), seed=seed) / "model.safetensors")
        for i, seed in enumerate((1, 1, 2))
    )
    assert all((first[name] == same[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


def test_sizes_reach_the_network(tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(
        write_toy("gena-lm", tmp_path, vocab_size=60, hidden_size=8)
    )
    assert (config.vocab_size, config.hidden_size) == (60, 8)


def test_unknown_toy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'dnabert'"):
        write_toy("dnabert2", tmp_path)


def test_as_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["toys", str(tmp_path), "--seed", "3"])
    main()
    assert {folder.name for folder in tmp_path.iterdir()} == set(TOYS)
    expected = load_file(write_toy("modernbert", tmp_path / "again", 3) / "model.safetensors")
    found = load_file(tmp_path / "modernbert" / "model.safetensors")
    assert all((found[name] == expected[name]).all() for name in expected)


@pytest.mark.slow
def test_architectures_suite_runs(
    tmp_path: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [f"models.{name}.checkpoint={folder}" for name, folder in folders.items()]
    plan = make_plan(
        read_suite("architectures", [*changes, "datasets.fly-promoters.n=3"]), Registry.load()
    )
    summary = run(plan, tmp_path / "out")
    assert summary.complete

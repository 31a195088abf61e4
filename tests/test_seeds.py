"""Seeds are equal everywhere and differ wherever anything does."""

from __future__ import annotations

from gxarena.seeds import sample_seed

SEED = 4054536768633745569


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert sample_seed(0, "explain/random", "chr2R:1-250:+") == SEED


def test_seed_stage_and_sample_each_count() -> None:
    seeds = {sample_seed(s, stage, i) for s in (0, 1) for stage in "ab" for i in ("x", "y")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert sample_seed(1, "1", "x") != sample_seed(11, "", "x")

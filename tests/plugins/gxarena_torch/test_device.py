from __future__ import annotations

import platform
import resource

import numpy as np
import pytest
import torch

from gxarena.errors import InputError
from gxarena_torch.device import has_bfloat16, pick_device, pick_dtype


def test_a_device_by_name() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["nope", "cuda:99"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match=rf"got '{name}'\. Try 'cpu'"):
        pick_device(name)


def test_an_unknown_precision() -> None:
    assert pick_dtype("bfloat16") is torch.bfloat16
    with pytest.raises(InputError, match="dtype: unknown 'float8'"):
        pick_dtype("float8")


@pytest.mark.parametrize("has", ["_is_avx512_bf16_supported", "_is_amx_tile_supported", ""])
def test_bfloat16_is_what_the_processor_says(has: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name == has, raising=False)
    assert has_bfloat16() is bool(has)
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name)
    assert not has_bfloat16()  # a version of torch that does not say


@pytest.mark.parametrize("has", [True, False])
def test_bfloat16_is_what_the_gpu_says(has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: has and not including_emulation
    )
    assert has_bfloat16() is has


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or platform.libc_ver()[1] < "2.35",
    reason="another C library, or one that keeps less",
)
def test_memory_that_was_freed_is_not_handed_out_anew_page_by_page() -> None:
    pick_device("cpu")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(48 * 2**20, dtype=np.uint8)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults * resource.getpagesize() < 2 * 48 * 2**20  # once, not ten times

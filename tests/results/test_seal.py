"""A seal finds every change of a file, and readers of Parquet do not see it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.results.seal import MARK, SEAL, Unsealed, has_seal, seal, sealed_digest

TABLE = pa.table({"x": np.random.default_rng(0).normal(size=200), "name": ["a", "b"] * 100})


def _parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(TABLE, file, write_page_checksum=True)
    return file.getvalue()


def _sealed() -> bytes:
    file = io.BytesIO(_parquet())
    seal(file)
    return file.getvalue()


def test_the_seal_is_the_digest_of_all_other_bytes() -> None:
    whole, plain = _sealed(), _parquet()
    at = whole.index(MARK)
    assert whole[:at] + whole[at + SEAL :] == plain
    assert whole[at + len(MARK) : at + SEAL] == hashlib.sha256(plain).digest()
    assert sealed_digest(io.BytesIO(whole)) == hashlib.sha256(plain).hexdigest()


def test_readers_of_parquet_do_not_see_it(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(_sealed())
    assert pq.read_table(tmp_path / "t.parquet").equals(TABLE)


def test_a_flip_of_any_bit_is_found() -> None:
    whole = _sealed()
    unseen = 0
    for at in range(len(whole)):
        torn = bytearray(whole)
        torn[at] ^= 1 << at % 8
        with pytest.raises(Unsealed):
            sealed_digest(io.BytesIO(torn))
        try:  # what Parquet's own checksums find
            read = pq.ParquetFile(io.BytesIO(torn), page_checksum_verification=True).read()
            unseen += not read.equals(TABLE)
        except Exception:  # noqa: S110 (whatever it is: it was found)
            pass
    assert unseen, "Parquet alone would have found them all: the seal is not needed"


@pytest.mark.parametrize("cut", [0, 1, 8, 11, 12, 60, -1, -9])
def test_a_part_of_a_file_is_found(cut: int) -> None:
    with pytest.raises(Unsealed):
        sealed_digest(io.BytesIO(_sealed()[:cut]))


def test_what_was_never_sealed_has_no_seal() -> None:
    assert has_seal(io.BytesIO(_sealed()))
    for content in (_parquet(), b"", b"PAR1", b"PAR1" + b"\xff" * 8, b"PAR1\0\0\0\0PAR1"):
        assert not has_seal(io.BytesIO(content))
        with pytest.raises(Unsealed):
            sealed_digest(io.BytesIO(content))

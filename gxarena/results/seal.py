"""A digest inside a Parquet file, by which a change of any of its bytes is found.

Parquet's own checksums are of pages: they say nothing of the footer, of the headers of pages, of
what lies between. The seal does. It lies between the pages and the footer, where no reader of
Parquet looks, since all that the footer points to is counted from the beginning of the file: a mark
and the SHA-256 of all other bytes. So nothing has to be kept beside the file and written with it.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

MARK = b"gxarena-sha256: "
"""By which a seal is known."""
SEAL = len(MARK) + 32
"""Bytes of a seal."""
_END = b"PAR1"
_BLOCK = 1 << 20


class _Reading(Protocol):
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


class _Writing(_Reading, Protocol):
    def write(self, content: bytes, /) -> int: ...


class Unsealed(ValueError):
    """A file has no seal, or another content than its seal says; its text says which."""


def seal(file: _Writing) -> str:
    """Put a seal into a Parquet file that is written whole; returns the digest, in hexadecimal.

    Parameters
    ----------
    file : binary file, open for reading and writing
    """
    start = _start_of_footer(file)
    digest = _digest(file, 0, start)
    file.seek(start)
    tail = file.read()
    digest.update(tail)
    file.seek(start)
    file.write(MARK + digest.digest() + tail)
    return digest.hexdigest()


def sealed_digest(file: _Reading) -> str:
    """The digest in a file's seal, once it is that of its content, in hexadecimal.

    Raises
    ------
    Unsealed
        The file has no seal, or its content is not what was sealed.
    """
    start = _start_of_footer(file)
    file.seek(max(start - SEAL, 0))
    found = file.read(SEAL) if start >= SEAL else b""
    if not found.startswith(MARK):
        raise Unsealed("no seal")
    digest = _digest(file, 0, start - SEAL)
    file.seek(start)
    digest.update(file.read())
    if digest.digest() != found[len(MARK) :]:
        raise Unsealed("another content than its seal says")
    return digest.hexdigest()


def has_seal(file: _Reading) -> bool:
    """Whether there is a seal, of whatever content."""
    try:
        start = _start_of_footer(file)
    except Unsealed:
        return False
    if start < SEAL:
        return False
    file.seek(start - SEAL)
    return file.read(len(MARK)) == MARK


def _start_of_footer(file: _Reading) -> int:
    """Where the footer begins: its length and a mark end the file."""
    size = file.seek(0, 2)
    file.seek(max(size - 8, 0))
    end = file.read(8)
    start = size - 8 - int.from_bytes(end[:4], "little")
    if end[4:] != _END or start < len(_END):
        raise Unsealed("no end of a Parquet file")
    return start


def _digest(file: _Reading, start: int, stop: int) -> hashlib._Hash:
    """SHA-256 of the bytes from `start` to `stop`, read a block at a time."""
    digest, left = hashlib.sha256(), stop - start
    file.seek(start)
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        digest.update(block)
        left -= len(block)
    return digest

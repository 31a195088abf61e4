"""What people, disks and networks do to files and documents, as hypothesis strategies."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ODD_TEXTS = (
    "", " ", "[/y]", "[bold]", "\x00", "\x1b[2J", "\ufeff", "é", "名", "a/b", "../..", "/", "~",
    "$HOME", "nan", "1e999", "-0", "a" * 300, "a" * 5000, "9" * 5000, ":a:", "%s", "{x}", "\\",
    "\n", "https://x",
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 2, 5, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**18, -(2**63), -(2**70),
    0.0, -0.0, 0.5, 2.5, 1e300, -1e300, 5e-324, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
ODD_VALUES = st.recursive(
    st.one_of(
        st.sampled_from(ODD_TEXTS),
        st.sampled_from(ODD_NUMBERS),
        st.booleans(),
        st.none(),
        st.text(max_size=8),
        st.integers(),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)


def fuzzed(examples: int, *strategies: st.SearchStrategy[Any]) -> Callable[..., Any]:
    """Run a test on so many examples, the same ones each time, whatever else the machine does."""

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        checks = [
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.data_too_large,
        ]
        often = settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=checks,
        )
        return often(given(*strategies)(test))

    return decorate


def damaged(whole: bytes, seed: int) -> bytes:
    """A file after one or two accidents: flips, cuts, holes, repeats, other bytes."""
    rng = random.Random(seed)  # noqa: S311
    content = bytearray(whole)
    for _ in range(rng.choice((1, 1, 1, 2))):
        content = bytearray(rng.choice(_ACCIDENTS)(content, rng))
    return bytes(content)


def flipped(whole: bytes, seed: int) -> bytes:
    """A file of which one bit is another."""
    return bytes(_flip(bytearray(whole), random.Random(seed)))  # noqa: S311


def _flip(content: bytearray, rng: random.Random) -> bytes:
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _cut(content: bytearray, rng: random.Random) -> bytes:
    return bytes(content[: rng.randrange(len(content) + 1)])


def _hole(content: bytearray, rng: random.Random) -> bytes:
    start, width = rng.randrange(len(content) + 1), rng.choice((1, 4, 64, 512))
    content[start : start + width] = bytes(len(content[start : start + width]))
    return bytes(content)


def _without(content: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    del content[start : start + rng.choice((1, 3, 50))]
    return bytes(content)


def _with(content: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    content[start:start] = rng.choice(
        (b"\x00", b"\xff\xfe", b"[/y]", b'"', b"[" * 3000, b"9" * 5000, b"\n", b",")
    )
    return bytes(content)


def _twice(content: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return bytes(content[:start] + content[start // 2 :])


def _extreme(content: bytearray, rng: random.Random) -> bytes:
    """A length or offset, as binary formats have them, that is enormous."""
    start, width = rng.randrange(len(content) + 1), rng.choice((2, 4, 8))
    content[start : start + width] = rng.choice((b"\xff", b"\x7f", b"\x00")) * width
    return bytes(content)


_ACCIDENTS = (_flip, _flip, _cut, _hole, _without, _with, _twice, _extreme)


def with_odd_value(document: Any, value: Any, seed: int) -> Any:
    """A copy of a document in which something, anywhere, is that value."""
    places = list(_places(document))
    return _replaced(document, random.Random(seed).choice(places), value)  # noqa: S311


def _places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    if isinstance(document, Mapping):
        for key, inner in document.items():
            yield from _places(inner, (*at, key))
    elif isinstance(document, list):
        for position, inner in enumerate(document):
            yield from _places(inner, (*at, position))


def _replaced(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    copy = dict(document) if isinstance(document, Mapping) else list(document)
    copy[at[0]] = _replaced(document[at[0]], at[1:], value)
    return copy

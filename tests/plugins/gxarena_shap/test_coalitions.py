"""How players merge."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from gxarena_shap.coalitions import balanced_hierarchy


@given(st.integers(1, 70))
def test_hierarchies_merge_neighbours_only(n: int) -> None:
    members = {player: [player] for player in range(n)}
    rows = balanced_hierarchy(n)
    assert rows.shape == (n - 1, 4)
    for number, (left, right, level, size) in enumerate(rows.tolist()):
        both = members.pop(int(left)) + members.pop(int(right))
        assert both == list(range(both[0], both[0] + len(both)))
        assert size == len(both) <= 2**level
        members[n + number] = both
    assert list(members.values()) == [list(range(n))]
    assert n == 1 or rows[-1, 2] == math.ceil(math.log2(n))

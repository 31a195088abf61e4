"""Special tokens' claims where they are known to hold, to fail and to be undecided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from claims_by_hand import TOKENS, N, around, finding, relevance, replicated

from gxarena.report.evidence import Evidence

Make = Callable[..., Path]
SPECIAL = TOKENS | {"metric": "special_share"}
EVEN = 2 / (2 + 8)


@pytest.mark.parametrize(
    ("share", "largest", "verdict"),
    [
        (0.5, N, "holds"),
        (EVEN, N, "undecided"),
        (0.1, N, "fails"),  # below an even share, though it is the largest
        (0.5, 0, "fails"),  # much for two, and no position that stands out
        (0.5, N // 5, "undecided"),
    ],
)
def test_a_substantial_portion(make_run: Make, share: float, largest: int, verdict: str) -> None:
    maps = [relevance(100, 2.0 if i < largest else 0.5) for i in range(N)]
    found = finding(
        "special-tokens",
        make_run(SPECIAL | {"values": {"total": around(share)}, "attributions": maps}),
    )
    assert found.verdict == verdict
    beyond, most = found.comparisons
    assert beyond.estimate == pytest.approx(share - EVEN)
    assert f"{share / EVEN:.1f} times an even share of 0.200" in beyond.note
    assert most.estimate == pytest.approx(largest / N - EVEN)
    assert f"in {largest / N:.0%} of sequences" in most.note


def test_replicates_that_differ_do_not_tell(make_run: Make) -> None:
    maps = [relevance(100, 2.0) for _ in range(N)]
    shares = [{"total": around(share)} for share in (0.9, 0.05, 0.1)]
    cells = replicated(SPECIAL | {"attributions": maps}, shares)
    assert finding("special-tokens", make_run(*cells)).verdict == "undecided"
    alone = finding("special-tokens", make_run(cells[0], name="one"))
    assert alone.verdict == "holds"


def test_each_replicate_has_maps_of_its_own(make_run: Make) -> None:
    share = {"total": around(0.5)}
    cells = replicated(SPECIAL, [share, share])
    for cell, special in zip(cells, (2.0, 0.5), strict=True):
        cell["attributions"] = [relevance(100, special)] * N
    most = finding("special-tokens", make_run(*cells)).comparisons[1]
    assert (most.replicates, most.estimate) == (2, pytest.approx(0.5 - EVEN))


@pytest.mark.parametrize(
    ("slope", "verdict"), [(1.0, "holds"), (-1.0, "fails"), (0.0, "undecided")]
)
def test_more_with_length(make_run: Make, slope: float, verdict: str) -> None:
    lengths = np.tile([50, 100, 200, 400], N // 4)
    shares = 0.4 + slope * lengths / 4000 + np.repeat(around(0, n=N // 4, spread=0.01), 4)
    maps = [relevance(int(length)) for length in lengths]
    cell = SPECIAL | {"values": {"total": shares}, "attributions": maps}
    found = finding("special-tokens-length", make_run(cell))
    assert found.verdict == verdict
    assert "50 to 400 bp" in found.comparisons[0].what


def test_lengths_are_joined_over_data_sets_by_the_replicates_that_both_have(
    make_run: Make,
) -> None:
    """Each replicate has a share of its own: with others' beside it, length seems to matter."""
    cells = [
        cell | {"dataset": dataset, "model_digest": f"m{i}", "attributions": maps}
        for dataset, length in (("promoters", 100), ("background", 200))
        for maps in [[relevance(length + 10 * (j % 3)) for j in range(N)]]
        for i, cell in enumerate(
            replicated(SPECIAL, [{"total": around(0.2 * i, i)} for i in range(1, 4)])
        )
    ]
    for cell in cells:
        cell["values"] = {"total": np.tile([0.1, 0.2, 0.3], N // 3) + cell["values"]["total"]}
    cells[0]["status"] = "error"
    datasets = {name: {"labels": [1]} for name in ("promoters", "background")}
    (comparison,) = finding(
        "special-tokens-length", make_run(*cells, datasets=datasets)
    ).comparisons
    assert (comparison.n, comparison.replicates) == (2 * N, 2)
    whole = cells[0] | {"status": "ok"}
    run = make_run(whole, *cells[1:], name="whole", datasets=datasets)
    (full,) = finding("special-tokens-length", run).comparisons
    assert comparison.estimate == pytest.approx(full.estimate, abs=0.02)


@pytest.mark.parametrize("claim", ["special-tokens", "special-tokens-length"])
def test_without_the_store_a_claim_is_undecided_and_says_why(make_run: Make, claim: str) -> None:
    found = finding(claim, make_run(SPECIAL | {"values": {"total": around(0.5)}}))
    assert found.verdict == "undecided"
    assert found.reason.startswith("by-hand: expected the attributions of tokens/attnlrp")


def test_lengths_and_positions_are_those_of_the_attributions(toy_run: Path) -> None:
    (comparison,) = finding("special-tokens-length", toy_run).comparisons
    assert "24 to 36 bp" in comparison.what
    # The toy puts nothing on its special token, however long the sequence.
    assert (comparison.verdict, comparison.note) == ("undecided", "no spread")
    beyond, most = finding("special-tokens", toy_run).comparisons[:2]
    maps = Evidence.of([toy_run]).cells("special_share")[0].attributions().values()
    even = np.mean([1 / (1 + len(one.scores)) for one in maps])
    assert beyond.estimate == pytest.approx(-even)
    assert most.estimate == pytest.approx(-even)
    assert (beyond.verdict, most.verdict) == ("fails", "fails")

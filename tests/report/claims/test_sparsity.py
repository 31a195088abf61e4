"""Claims on sparsity and complexity where they hold, fail, are undecided or could not fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import NUCLEOTIDES, RANDOM, TOKENS, N, around, finding, relevance

Make = Callable[..., Path]


def _entropies(
    nucleotides: float, tokens: float, strategy: str = "passed_on", seed: int = 0, **more: Any
) -> list[dict[str, Any]]:
    """A token model's entropy on its tokens, and carried to nucleotides."""
    cell = TOKENS | {"metric": "entropy"} | more
    return [
        cell | {"values": {"": around(tokens, seed + 1)}},
        cell | {"aggregator": strategy, "values": {"": around(nucleotides, seed)}},
    ]


@pytest.mark.parametrize(
    ("nucleotides", "tokens", "verdict"),
    [(5.2, 3.6, "holds"), (3.6, 5.2, "fails"), (4.0, 4.0, "undecided")],
)
def test_token_entropy(make_run: Make, nucleotides: float, tokens: float, verdict: str) -> None:
    cnn = NUCLEOTIDES | {"metric": "entropy"}
    run = make_run(
        *_entropies(nucleotides, tokens),
        cnn | {"values": {"": around(nucleotides)}},
        cnn | {"aggregator": "sum", "values": {"": around(tokens, 1)}},
    )
    found = finding("token-entropy", run)
    assert found.verdict == verdict
    assert [c.estimate for c in found.comparisons] == [pytest.approx(nucleotides - tokens)] * 2


def test_what_random_scores_show_as_well_is_by_construction(make_run: Make) -> None:
    run = make_run(*_entropies(5.2, 3.6), *_entropies(5.4, 4.0, **RANDOM))
    found = finding("token-entropy", run)
    assert (found.verdict, found.comparisons[0].note) == ("by construction", "random scores: 1.40")
    other = make_run(*_entropies(5.2, 3.6), *_entropies(4.0, 4.0, **RANDOM), name="other")
    assert finding("token-entropy", other).verdict == "holds"
    against = make_run(*_entropies(3.6, 5.2), *_entropies(5.4, 4.0, **RANDOM), name="against")
    assert finding("token-entropy", against).verdict == "fails"


def test_evenly_distributed_tokens_have_more_entropy_by_identity(make_run: Make) -> None:
    found = finding("token-entropy", make_run(*_entropies(5.2, 3.6, "equally_distributed")))
    assert found.verdict == "by construction"
    assert found.comparisons[0].note == "an identity: the mean of log width"


@pytest.mark.parametrize(
    ("gini", "entropy", "verdict"),
    [
        (0.52, 5.1, "holds"),
        (0.9, 5.1, "fails"),
        (0.6, 5.1, "undecided"),
        (0.52, 6.0, "fails"),
        (0.52, 4.0, "fails"),
    ],
)
def test_similar_sparsity(make_run: Make, gini: float, entropy: float, verdict: str) -> None:
    passed = {"aggregator": "passed_on"}
    run = make_run(
        TOKENS | {"metric": "gini", "values": {"": around(0.1)}},  # on tokens: not the same units
        TOKENS | passed | {"metric": "gini", "values": {"": around(0.5, 1)}},
        TOKENS | passed | {"metric": "entropy", "values": {"": around(5.0, 2)}},
        NUCLEOTIDES | {"metric": "gini", "values": {"": around(gini, 3)}},
        NUCLEOTIDES | {"metric": "entropy", "values": {"": around(entropy, 4)}},
    )
    found = finding("similar-sparsity", run)
    assert found.verdict == verdict
    assert [round(c.estimate, 9) for c in found.comparisons] == [
        round(0.5 - gini, 9), round(5.0 - entropy, 9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("short", "long", "verdict"),
    [
        # Gini of DNABERT-2 and of the CNN on short and on long sequences.
        ((0.4, 0.5), (0.6, 0.5), "holds"),
        ((0.6, 0.5), (0.6, 0.5), "fails"),
        ((0.4, 0.5), (0.4, 0.5), "fails"),
        ((0.4, 0.5), (0.5, 0.5), "undecided"),
    ],
)
def test_sparsity_turns_round_with_length(
    make_run: Make, short: tuple[float, float], long: tuple[float, float], verdict: str
) -> None:
    cells = [
        model
        | {"metric": "gini", "dataset": dataset, "values": {"": around(mean, seed)}}
        | {"attributions": [relevance(length)] * N}
        for dataset, length, means in (("a", 400, long), ("b", 100, short))
        for seed, (model, mean) in enumerate(zip((TOKENS, NUCLEOTIDES), means, strict=True))
    ]
    datasets = {name: {"labels": [1]} for name in "ab"}
    found = finding("sparsity-length", make_run(*cells, datasets=datasets))
    assert found.verdict == verdict
    assert [c.what for c in found.comparisons] == [
        "cnn/lrp − tokens/attnlrp, b, 100 bp",
        "tokens/attnlrp − cnn/lrp, a, 400 bp",
    ]
    one = finding("sparsity-length", make_run(*cells[:2], name="one", datasets=datasets))
    assert (one.verdict, one.comparisons) == ("undecided", ())

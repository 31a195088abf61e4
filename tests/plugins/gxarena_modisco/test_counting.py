"""Which patterns count, match and are recalled: the rules, of patterns that are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gxarena.api import SetScored
from gxarena.data import Attribution, Explained, Floats, Interval, Sample, Spans
from gxarena_jaspar.information import best_stretch, row_bits
from gxarena_jaspar.matrices import Matrix, collection, matrices
from gxarena_modisco import metric as module
from gxarena_modisco.discovery import Discovery, Pattern
from gxarena_modisco.metric import TFMoDISco

CTCF, CTCF_BEFORE, SPI1, SPIB = matrices(["MA0139.2", "MA0139.1", "MA0080.7", "MA0081.3"])
ONE_LETTER = np.tile([0.97, 0.01, 0.01, 0.01], (10, 1))
"""Says much, and the same in any order."""
FLAT = np.tile([0.3, 0.2, 0.2, 0.3], (14, 1))
OTHERS = tuple(m for m in collection("vertebrates")[::25] if m.name not in ("CTCF", "Spi1", "SPIB"))
FOUND = (
    ("positive_0", CTCF.frequencies, 100),
    ("positive_1", ONE_LETTER, 100),
    ("positive_2", SPIB.frequencies, 100),
    ("negative_0", FLAT, 100),
    ("negative_1", CTCF.frequencies, 2),  # of two words alone nothing is said
)
GIVEN: dict[str, Any] = {"contributions": "observed", "shuffles": 199}


def _explained(names: tuple[str, ...], hypothetical: int = 0, letters: str = "ACGT") -> Explained:
    rng = np.random.default_rng(0)
    spans, samples, maps = Spans.nucleotides(60), [], []
    for i in range(3):
        sequence = "".join(rng.permutation(list(letters * (60 // len(letters)))))
        annotations = tuple(Interval(5, 20, name, "+") for name in names)
        samples.append(Sample(f"s{i}", sequence, 1, annotations))
        four = rng.normal(size=(60, 4)) if i < hypothetical else None
        maps.append(Attribution(rng.normal(size=60), spans, hypothetical=four))
    return Explained(tuple(samples), tuple(maps), np.ones(3, dtype=np.int64), np.zeros((3, 2)))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the metric makes of patterns that are given, beside a few entries of the database."""

    def some(group: str, release: str) -> tuple[Matrix, ...]:
        del group, release
        return (*OTHERS, CTCF, SPI1, SPIB)

    monkeypatch.setattr(module, "collection", some)

    def made(
        found: tuple[tuple[str, Floats, int], ...],
        explained: Explained,
        seqlets: tuple[int, int] = (7, 5),
        **given: Any,
    ) -> SetScored:
        patterns = tuple(
            Pattern(
                name, "positive" if name.startswith("p") else "negative", rows, rows,
                ((0, Interval(0, len(rows))),) * n,
            )
            for name, rows, n in found
        )  # fmt: skip
        monkeypatch.setattr(module, "discover", lambda *_: Discovery(*seqlets, patterns))
        return TFMoDISco(**GIVEN | given).score_set(explained)

    return made


def test_shares_are_of_the_patterns_that_count(scored: Any) -> None:
    found = scored(FOUND, _explained((CTCF.id, "decoy:" + SPIB.id, "TATA")), expected=[])
    assert [motif.counts for motif in found.motifs] == [True, True, True, False, False]
    assert [motif.match and motif.match.id for motif in found.motifs] == [
        CTCF.id, None, SPIB.id, None, None,
    ]  # fmt: skip
    # The annotated matrix alone is expected: no decoy, and nothing that is no matrix.
    assert found.values == pytest.approx(
        {
            "observed.patterns_positive": 3, "observed.patterns_negative": 2,
            "observed.seqlets_positive": 7, "observed.seqlets_negative": 5,
            "observed.counted": 3, "observed.matched": 2 / 3,
            "observed.recall": 1, "observed.recall_best": 1,
        }
    )  # fmt: skip
    assert not found.reasons


def test_an_expected_matrix_is_resembled_or_is_the_best_match(scored: Any) -> None:
    """SPIB's pattern resembles SPI1's matrix too, and its own most; one of CTCF's is enough."""
    asked = {"expected": [SPI1.id, CTCF_BEFORE.id], "level": 0.1}
    found = scored(FOUND, _explained((SPIB.id,)), **asked).values
    assert (found["observed.recall"], found["observed.recall_best"]) == (1.0, 0.5)
    alone = scored(FOUND[:1], _explained(()), **asked).values
    assert (alone["observed.recall"], alone["observed.recall_best"]) == (0.5, 0.5)
    none = scored(FOUND[1:2], _explained(()), **asked).values
    assert (none["observed.recall"], none["observed.recall_best"]) == (0.0, 0.0)
    assert none["observed.matched"] == 0


def test_what_counts_is_as_many_bits_as_are_asked_for(scored: Any) -> None:
    motif = scored(FOUND[:1], _explained((CTCF.id,))).motifs[0]
    for bits, counts in ((motif.bits, True), (np.nextafter(motif.bits, 99), False)):
        again = scored(FOUND[:1], _explained((CTCF.id,)), bits=bits)
        assert again.motifs[0].counts == counts
        assert again.values["observed.counted"] == counts
        assert np.isnan(again.values["observed.matched"]) != counts


def test_bits_are_over_the_letters_of_the_sequences(scored: Any) -> None:
    """G and C say little where sequences hold little else, on either strand."""
    explained = _explained((CTCF.id,), letters="GGGCA")
    own = scored(FOUND[:1], explained).motifs[0].bits
    rows = row_bits(CTCF.frequencies, np.array([0.1, 0.4, 0.4, 0.1]), 100)
    assert own == pytest.approx(best_stretch(rows))
    poor = np.tile([0.02, 0.48, 0.48, 0.02], (8, 1))
    for letters, counts in (("GGGCA", False), ("ACGT", True)):
        found = scored((("positive_0", poor, 100),), _explained((), letters=letters))
        assert found.motifs[0].counts == counts


def test_rows_at_the_ends_that_say_nothing_are_compared_with_nothing(scored: Any) -> None:
    """Their shuffles would spread the motif over all of its width."""
    wide = np.concatenate([FLAT, SPIB.frequencies, FLAT])
    alone, among = (
        scored((("positive_0", rows, 100),), _explained((SPIB.id,))).motifs[0]
        for rows in (SPIB.frequencies, wide)
    )
    assert alone.match is not None
    assert among.match is not None
    assert (among.match.p, among.match.q) == (alone.match.p, alone.match.q)
    assert among.trimmed == tuple(len(FLAT) + end for end in alone.trimmed)


def test_no_share_without_a_pattern_that_counts_or_a_matrix_that_is_expected(scored: Any) -> None:
    nothing = scored(FOUND[3:4], _explained((CTCF.id,)))
    why = "no pattern counts: none of 1 holds 5 bits"
    shares = [f"observed.{key}" for key in ("matched", "recall", "recall_best")]
    assert nothing.reasons == dict.fromkeys(shares, why)
    assert np.isnan([nothing.values[key] for key in shares]).all()
    unnamed = scored(FOUND[:1], _explained(("TATA",)))
    why = "no motif is expected: set expected = [ids]"
    assert unnamed.reasons == dict.fromkeys(shares[1:], why)
    assert unnamed.values["observed.matched"] == 1
    scattered = scored((), _explained(()), seqlets=(51, 0)).reasons
    assert set(scattered.values()) == {"no pattern: the seqlets do not form clusters"}
    few = scored((), _explained(()), seqlets=(50, 0)).reasons
    assert {why.partition(":")[2][:15] for why in few.values()} == {" 50 seqlets for"}


def test_q_is_below_the_level_or_nothing_is_found(scored: Any) -> None:
    for level, found in ((1 / 200, 0.0), (1 / 199, 1.0)):  # of 199 shuffles none is as near
        all_of_it = scored(FOUND[:1], _explained((CTCF.id,)), level=level)
        assert (all_of_it.motifs[0].match is not None) == found
        values = all_of_it.values
        assert {values[f"observed.{key}"] for key in ("matched", "recall", "recall_best")} == {
            found
        }


@pytest.mark.parametrize(
    ("asked", "whole", "kind"),
    [
        ("auto", 3, "hypothetical"), ("auto", 2, "observed"), ("observed", 3, "observed"),
        ("hypothetical", 3, "hypothetical"),
    ],
)  # fmt: skip
def test_hypothetical_where_every_explanation_has_them(
    asked: str, whole: int, kind: str, scored: Any
) -> None:
    found = scored((), _explained((), whole), contributions=asked)
    assert {key.partition(".")[0] for key in found.values} == {kind}

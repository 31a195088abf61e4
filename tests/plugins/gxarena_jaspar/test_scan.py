"""Scanning finds what a plain loop finds, at FIMO's p-value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gxarena.data import Interval
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena_jaspar.matrices import Matrix, matrices
from gxarena_jaspar.scan import occurrences, scan

PVALUE = 1e-4


def _slow_threshold(matrix: Matrix, pvalue: float) -> float:
    """Score that random even letters reach with `pvalue`: by adding up all of 4^8 words."""
    scores = np.zeros(1)
    for row in matrix.log_odds:
        scores = (scores[:, None] + row[None, :]).ravel()
    return float(np.sort(scores)[::-1][int(len(scores) * pvalue)])


def test_hits_are_those_of_a_plain_loop() -> None:
    (dref,) = matrices(["MA1456.2"])
    assert dref.width == 8
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), 400)) + "TATCGATA" for _ in range(50)]
    threshold = _slow_threshold(dref, PVALUE)
    flipped = dref.log_odds[::-1, ::-1]
    for sequence, hits in zip(sequences, occurrences(sequences, [dref], PVALUE), strict=True):
        codes = np.array(["ACGT".index(letter) for letter in sequence])
        for strand, odds in (("+", dref.log_odds), ("-", flipped)):
            scores = [odds[np.arange(8), codes[i : i + 8]].sum() for i in range(len(codes) - 7)]
            found = {hit.start for hit in hits if hit.strand == strand}
            # FIMO rounds scores to bins of a tenth of a bit.
            assert {i for i, score in enumerate(scores) if score > threshold + 1} <= found
            assert found <= {i for i, score in enumerate(scores) if score > threshold - 1}
        assert Interval(400, 408, "MA1456.2", "+") in hits


def test_short_sequences_and_n_hold_no_hits_of_their_filling() -> None:
    (dref,) = matrices(["MA1456.2"])
    hits = occurrences(["TATCGATA", "TATCGATANNNNNNNNNNNN", "TATCNATA" + "C" * 30], [dref], PVALUE)
    assert [{(hit.start, hit.end) for hit in ones} for ones in hits] == [{(0, 8)}, {(0, 8)}, set()]


def test_hits_say_how_informative_their_nucleotides_are_where_asked(
    registry: Registry, tmp_path: Path
) -> None:
    """Of an asymmetric matrix, found on either strand."""
    (phol,) = matrices(["MA2261.1"])
    word = "".join("ACGT"[i] for i in phol.frequencies.argmax(axis=1))
    other = word[::-1].translate(str.maketrans("ACGT", "TGCA"))
    path = tmp_path / "mine.csv"
    path.write_text(f"dna,label,annotations\n{word},1,\n{other},1,0-2 mine\n")
    bits = (phol.frequencies * np.log2(phol.frequencies / 0.25)).sum(axis=1)
    shares = (bits / bits.max()).tolist()
    assert shares != pytest.approx(shares[::-1], abs=0.01)
    forward, reverse = scan(str(path), ["MA2261.1"], registry=registry, information=True).samples
    assert [(i.strand, i.information) for i in forward.annotations] == [
        ("+", pytest.approx(shares, abs=1e-6))
    ]
    assert [(i.strand, i.information) for i in reverse.annotations] == [
        (".", ()),
        ("-", pytest.approx(shares[::-1], abs=1e-6)),
    ]
    plain = scan(str(path), ["MA2261.1"], registry=registry).samples
    assert {i.information for sample in plain for i in sample.annotations} == {()}


def test_a_scanned_data_set_keeps_everything_else(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,dna,label,annotations\na,ccTATCGATAcc,1,0-2 mine\nb,CCCCCCCCCCCC,0,\n")
    a, b = scan(str(path), ["MA1456.2"], registry=registry).samples
    assert (a.id, a.label, a.sequence) == ("a", 1, "CCTATCGATACC")
    assert a.annotations[0] == Interval(0, 2, "mine")
    assert {(i.start, i.end, i.name) for i in a.annotations[1:]} == {(2, 10, "MA1456.2")}
    assert b.annotations == ()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"matrices": ["MA0139.2"], "pvalue": 0}, "between 0 and 1"),
        ({"matrices": "MA0139.2"}, "expected a list"),
        ({"matrices": []}, "got none"),
        ({"matrices": ["nothing"]}, "got 'nothing'"),
        (
            {"matrices": ["MA0139.2"], "information": 1},
            "information: expected true or false",
        ),
    ],
)
def test_wrong_parameters_are_one_sentence(
    registry: Registry, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        scan("fly-promoters", **parameters, registry=registry)  # type: ignore[arg-type]

"""Augmentation moves, masks and turns, and nothing else."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from gxarena import dna
from gxarena.dna import NO_CODE
from gxarena_cnn.training.augmentation import augment, reverse_complement
from gxarena_cnn.training.settings import Settings
from gxarena_torch.encoding import codes


@given(st.text(alphabet="ACGTN", min_size=1, max_size=20))
def test_the_other_strand_is_dnas(sequence: str) -> None:
    encoded = torch.from_numpy(codes([sequence], len(sequence)))
    other = dna.reverse_complement(sequence)
    assert reverse_complement(encoded).tolist() == codes([other], len(other)).tolist()


def test_augmentation_moves_masks_and_turns() -> None:
    encoded = torch.arange(4).repeat(200, 3).to(torch.uint8)
    shifted = augment(encoded, Settings(shift=1))
    rows = {tuple(row) for row in shifted.tolist()}
    body = [0, 1, 2, 3] * 3
    assert rows == {
        tuple(body),
        (*body[1:], NO_CODE),
        (NO_CODE, *body[:-1]),
    }
    masked = augment(encoded, Settings(mask=0.25))
    changed = masked != encoded
    assert (masked[changed] == NO_CODE).all()
    assert 0.2 < changed.double().mean() < 0.3
    lopsided = torch.zeros(200, 5, dtype=torch.uint8)
    turned = augment(lopsided, Settings(reverse_complement=True))
    assert {tuple(row) for row in turned.tolist()} == {(0,) * 5, (3,) * 5}

from __future__ import annotations

import pytest

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena_dnabert2.training.pretraining import _corpus
from gxarena_dnabert2.training.settings import Pretraining


def test_a_corpus_is_opened_by_the_registry_that_is_handed_in(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "load", lambda *_: pytest.fail("loaded one of its own"))
    stage = Pretraining(corpus="fly-promoters:valid")
    sequences = _corpus(stage, registry)
    assert len(sequences) == len(set(sequences)) > 100
    with pytest.raises(InputError, match="expected a FASTA file"):
        _corpus(stage, Registry())

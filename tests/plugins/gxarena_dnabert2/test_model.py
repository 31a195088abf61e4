from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from gxarena.api import DifferentiableModel, MaskableModel, PiecewiseModel
from gxarena.data import Spans
from gxarena.errors import InputError, Unsupported
from gxarena_dnabert2.describe import MINI
from gxarena_dnabert2.model import DNABERT2
from gxarena_torch.tokens import Encoded

Checkpoints = Callable[..., Path]


@pytest.fixture
def model(make_checkpoint: Checkpoints) -> DNABERT2:
    return DNABERT2(make_checkpoint(), device="cpu")


def test_contract(model: DNABERT2, sequences: list[str]) -> None:
    assert isinstance(model, MaskableModel)
    assert (model.n_outputs, model.max_length) == (2, None)
    outputs = model.predict(sequences)
    assert outputs.shape == (len(sequences), 2)
    assert outputs.dtype == np.float64
    assert [spans.length for spans in model.spans(sequences)] == [len(s) for s in sequences]


def test_a_prediction_does_not_depend_on_its_neighbours(
    make_checkpoint: Checkpoints, sequences: list[str]
) -> None:
    model = DNABERT2(make_checkpoint(initializer_range=0.1), device="cpu")
    together = model.predict(sequences)
    alone = np.concatenate([model.predict([sequence]) for sequence in sequences])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(model.predict(sequences[::-1]), together[::-1], atol=1e-6)
    assert np.ptp(alone[:, 0]) > 1e-3  # or the above would hold for any order


def test_masking_nothing_is_predicting(model: DNABERT2, sequences: list[str]) -> None:
    masks = [np.zeros(len(spans), dtype=bool) for spans in model.spans(sequences)]
    np.testing.assert_array_equal(model.predict_masked(sequences, masks), model.predict(sequences))


def test_masked_tokens_are_unknown_and_the_others_as_they_were(
    model: DNABERT2, sequences: list[str]
) -> None:
    rng = np.random.default_rng(0)
    masks = [rng.random(len(spans)) < 0.5 for spans in model.spans(sequences)]
    found = model.predict_masked(sequences, masks)
    for sequence, mask, row in zip(sequences, masks, found, strict=True):
        (encoded,) = model.tokenizer.encode([sequence])
        ids = encoded.ids.copy()
        for unit, position in enumerate(np.flatnonzero(encoded.is_unit)):
            if mask[unit]:
                ids[position] = model.tokenizer.unknown
        with torch.inference_mode():
            tensor = torch.from_numpy(ids)[None]
            logits = model.network(tensor, torch.ones_like(tensor))["logits"]
        np.testing.assert_allclose(row, logits[0].numpy(), atol=1e-6)


def test_cut_into_its_own_tokens_a_sequence_is_as_it_was(
    model: DNABERT2, sequences: list[str]
) -> None:
    assert isinstance(model, PiecewiseModel)
    found = model.predict_pieces(sequences, model.spans(sequences))
    np.testing.assert_array_equal(found, model.predict(sequences))


def test_pieces_are_tokenised_by_themselves(make_checkpoint: Checkpoints) -> None:
    model = DNABERT2(make_checkpoint(initializer_range=0.1), device="cpu")
    rng = np.random.default_rng(0)
    for _ in range(5):
        sequence = "".join(rng.choice(list("ACGTN"), 50))
        cuts = sorted(rng.choice(np.arange(1, 50), 6, replace=False).tolist())
        ids = [model.tokenizer.encode(["A"])[0].ids.tolist()[0]]
        for start, end in pairwise([0, *cuts, 50]):
            (encoded,) = model.tokenizer.encode([sequence[start:end]])
            ids += encoded.ids.tolist()[1:-1]
        ids.append(model.tokenizer.encode(["A"])[0].ids.tolist()[-1])
        with torch.inference_mode():
            tensor = torch.tensor([ids])
            logits = model.network(tensor, torch.ones_like(tensor))["logits"]
        pieces = Spans(np.array([0, *cuts, 50]))
        (found,) = model.predict_pieces([sequence], [pieces])
        np.testing.assert_allclose(found, logits[0].numpy(), atol=1e-6)
        assert abs(found - model.predict([sequence])[0]).max() > 1e-4


@pytest.mark.parametrize("letter", ["N", "A", "C"])
def test_what_an_edit_leaves_is_read_in_the_tokens_of_the_edited_copy(letter: str) -> None:
    """Of the bundled tokenizer: so nothing but the edited letters tells the two apart."""
    if not MINI.is_dir():
        pytest.skip("no bundled weights")
    model = DNABERT2(MINI, device="cpu")
    rng = np.random.default_rng(0)
    moved = 0
    for _ in range(20):
        sequence = "".join(rng.choice(list("ACGT"), 100))
        places = {int(place) for place in rng.choice(100, 4, replace=False)}
        copy = "".join(letter if i in places else c for i, c in enumerate(sequence))
        (edited,), (own,) = model.encoded([copy]), model.encoded([sequence])
        (cut,) = model.in_pieces([sequence], [edited.spans])
        moved += edited.spans != own.spans
        kept = {
            (start, end): token
            for start, end, token in zip(
                edited.spans.boundaries[:-1], edited.ends, edited.ids[edited.is_unit], strict=True
            )
            if copy[start:end] == sequence[start:end]
        }
        found = dict(
            zip(
                zip(cut.spans.boundaries[:-1], cut.ends, strict=True),
                cut.ids[cut.is_unit],
                strict=True,
            )
        )
        assert kept.items() <= found.items()
        assert set(edited.spans.boundaries) <= set(cut.spans.boundaries)
    assert moved > 10


def test_a_tokenizer_that_marks_the_beginning_takes_no_pieces(
    model: DNABERT2, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = type(model).encoded

    def marked(self: DNABERT2, sequences: Sequence[str]) -> list[Encoded]:
        """The first token has another id than in the midst of a sequence."""
        found = encoded(self, sequences)
        return [replace(one, ids=one.ids + np.eye(len(one.ids), dtype=int)[1]) for one in found]

    sequence = "ACGTTGCAACGGT"
    assert len(model.spans([sequence])[0]) > 1
    monkeypatch.setattr(DNABERT2, "encoded", marked)
    with pytest.raises(Unsupported, match="expected a tokenizer whose tokens are the same by"):
        model.predict_pieces([sequence], [Spans.nucleotides(len(sequence))])


def test_one_sequence_may_exceed_the_budget(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    sequence = "ACGTTGCA" * 20
    small = DNABERT2(folder, device="cpu", max_tokens=4).predict([sequence, "ACG"])
    large = DNABERT2(folder, device="cpu").predict([sequence, "ACG"])
    # Batches of other widths differ in last bits, by some processors in more than by others.
    np.testing.assert_allclose(small, large, rtol=1e-5, atol=2e-5)


def test_bfloat16_is_close(make_checkpoint: Checkpoints, sequences: list[str]) -> None:
    folder = make_checkpoint(initializer_range=0.1)
    exact = DNABERT2(folder, device="cpu").predict(sequences)
    half = DNABERT2(folder, device="cpu", dtype="bfloat16").predict(sequences)
    np.testing.assert_allclose(half, exact, atol=0.1)


def test_weights_are_frozen_and_dropout_is_off(model: DNABERT2, sequences: list[str]) -> None:
    assert not any(p.requires_grad for p in model.network.parameters())
    np.testing.assert_array_equal(model.predict(sequences), model.predict(sequences))


def test_budget_must_be_positive(make_checkpoint: Checkpoints) -> None:
    with pytest.raises(InputError, match="expected 1 or more, got 0"):
        DNABERT2(make_checkpoint(), max_tokens=0)


def test_masks_must_fit(model: DNABERT2) -> None:
    units = len(model.spans(["ACGTACGT"])[0])
    with pytest.raises(InputError, match=rf"masks\[0\]: expected {units} units"):
        model.predict_masked(["ACGTACGT"], [np.zeros(units + 1, dtype=bool)])
    with pytest.raises(InputError, match="one for each of 1 sequences, got 0"):
        model.predict_masked(["ACGTACGT"], [])


def test_bundled_model_reads_its_task() -> None:
    if not MINI.is_dir():
        pytest.skip("the bundled weights are not there yet")
    from gxarena.datasets.opening import open_dataset
    from gxarena_dnabert2.model import Mini

    samples = open_dataset("fly-promoters:valid").subset(200, seed=0).samples
    outputs = Mini(device="cpu").predict([sample.sequence for sample in samples])
    labels = np.array([sample.label for sample in samples])
    # Chance is 0.5 with a standard error of 0.035 over 200 samples.
    assert (outputs.argmax(1) == labels).mean() > 0.62


def test_outputs_of_embeddings_are_predictions(model: DNABERT2, sequences: list[str]) -> None:
    assert isinstance(model, DifferentiableModel)
    encoded = model.encode(sequences)
    outputs = model.forward_embedded(model.embed(encoded), encoded)
    np.testing.assert_allclose(outputs.detach(), model.predict(sequences), atol=1e-5)


def test_gradients_stay_off_the_padding(model: DNABERT2, sequences: list[str]) -> None:
    encoded = model.encode(sequences)
    embedded = model.embed(encoded).detach().requires_grad_()
    model.forward_embedded(embedded, encoded)[:, 1].sum().backward()
    assert embedded.grad is not None
    for row, layout in enumerate(model.layouts(sequences)):
        assert embedded.grad[row, layout.length :].abs().sum() == 0
        (alone,) = model.encode(sequences[row : row + 1])
        points = model.embed(alone[None]).detach().requires_grad_()
        model.forward_embedded(points, alone[None])[0, 1].backward()
        assert points.grad is not None
        np.testing.assert_allclose(
            embedded.grad[row, : layout.length], points.grad[0], rtol=1e-3, atol=1e-5
        )


def test_layouts_say_where_units_are(model: DNABERT2, sequences: list[str]) -> None:
    for encoded, layout in zip(
        model.tokenizer.encode(sequences), model.layouts(sequences), strict=True
    ):
        n = len(encoded.spans)
        assert layout.units.tolist() == list(range(1, n + 1))
        assert layout.special == {"[CLS]": 0, "[SEP]": n + 1}
        assert (layout.length, layout.spans) == (n + 2, encoded.spans)


def test_references_replace_units_alone(model: DNABERT2, sequences: list[str]) -> None:
    words = model.network.bert.embeddings.word_embeddings.weight
    vectors = {
        "zeros": torch.zeros(words.shape[1]),
        "uniform": words.mean(0),
        "unknown": words[model.tokenizer.unknown],
        "mask": words[model.tokenizer.id_of("[MASK]")],
        "pad": words[model.tokenizer.pad],
    }
    embedded = model.embed(model.encode(sequences))
    assert set(vectors) == set(model.reference_kinds)
    for kind, vector in vectors.items():
        found = model.reference(sequences, kind)
        for row, layout in enumerate(model.layouts(sequences)):
            is_unit = np.isin(np.arange(found.shape[1]), layout.units)
            np.testing.assert_allclose(
                found[row, is_unit], vector.expand(len(layout.units), -1), atol=1e-6
            )
            assert torch.equal(found[row, ~is_unit], embedded[row, ~is_unit])
    masks = [np.ones(len(spans), dtype=bool) for spans in model.spans(sequences)]
    outputs = model.forward_embedded(model.reference(sequences, "unknown"), model.encode(sequences))
    np.testing.assert_allclose(outputs.detach(), model.predict_masked(sequences, masks), atol=1e-5)


def test_other_sequences_are_repeated_or_cut_to_fit(model: DNABERT2, sequences: list[str]) -> None:
    long, short = sequences[3], sequences[1]
    tokens = {text: model.encode([text])[0, 1:-1] for text in (long, short)}
    cls, sep = model.encode([long])[0, [0, -1]]
    for other, onto in ((long, short), (short, long), (long, long)):
        n = len(tokens[onto])
        ids = [int(tokens[other][i % len(tokens[other])]) for i in range(n)]
        expected = model.embed(torch.tensor([[int(cls), *ids, int(sep)]]))
        assert torch.equal(model.embed_others([other], [onto]), expected)

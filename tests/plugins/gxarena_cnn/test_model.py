"""Networks as gxarena models."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from gxarena.api import DifferentiableModel, MaskableModel
from gxarena.data import Spans
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError
from gxarena.training.baselines import classification_scores
from gxarena_cnn.config import DeepSTARRConfig
from gxarena_cnn.describe import BUNDLED_CNN
from gxarena_cnn.lrp import ZennitModel
from gxarena_cnn.model import CNN, DeepSTARR, OneHotModel
from gxarena_torch.cost import cost


def test_it_is_what_it_says(make_model: Callable[..., OneHotModel]) -> None:
    model = make_model()
    assert isinstance(model, MaskableModel)
    assert isinstance(model, ZennitModel)
    assert (model.n_outputs, model.max_length) == (2, 30)
    assert model.spans(["ACG", "T"]) == [Spans.nucleotides(3), Spans.nucleotides(1)]


def test_no_sequence_depends_on_its_batch(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    together = make_model(batch_size=10).predict(sequences)
    alone = [make_model(batch_size=3).predict([sequence])[0] for sequence in sequences]
    assert together.shape == (10, 2)
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_memory_is_bounded_for_long_inputs(make_model: Callable[..., OneHotModel]) -> None:
    config = DeepSTARRConfig(input_length=3061, dense=(4, 4))
    wide = make_model(config, batch_size=256)
    assert wide.batch_size == cost(wide, "A").backward_rows < 256
    assert make_model(batch_size=256).batch_size == 256


def test_no_sequences_give_no_outputs(make_model: Callable[..., OneHotModel]) -> None:
    assert make_model().predict([]).shape == (0, 2)


def test_a_masked_nucleotide_is_n(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model()
    rng = np.random.default_rng(0)
    masks = [rng.random(len(sequence)) < 0.3 for sequence in sequences]
    replaced = [
        "".join("N" if hidden else letter for letter, hidden in zip(sequence, mask, strict=True))
        for sequence, mask in zip(sequences, masks, strict=True)
    ]
    np.testing.assert_array_equal(model.predict_masked(sequences, masks), model.predict(replaced))
    assert not np.allclose(model.predict_masked(sequences, masks), model.predict(sequences))


def test_padding_is_n(make_model: Callable[..., OneHotModel]) -> None:
    model = make_model()
    np.testing.assert_array_equal(
        model.predict(["ACGTACGT"]), model.predict(["ACGTACGT" + "N" * 22])
    )


def test_a_mask_of_another_length_is_refused(make_model: Callable[..., OneHotModel]) -> None:
    with pytest.raises(InputError, match=r"masks\[0\]: expected 4 units, got 3"):
        make_model().predict_masked(["ACGT"], [np.ones(3, dtype=bool)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "warp"}, "got 'warp'"),
        ({"batch_size": 0}, "batch_size: expected 1 or more, got 0"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CNN(**arguments)  # type: ignore[arg-type]


def test_deepstarr_asks_for_a_checkpoint() -> None:
    with pytest.raises(InputError, match="expected a checkpoint folder, got none"):
        DeepSTARR()


def test_the_bundled_card_tells_the_truth() -> None:
    """Its data are the embedded ones, its accuracy is what the weights reach on them."""
    card = json.loads((BUNDLED_CNN / "card.json").read_text())
    for split in ("train", "valid", "test"):
        dataset = open_dataset(f"fly-promoters:{split}")
        assert card["data"][split]["digest"] == dataset.digest
    outputs = CNN(device="cpu").predict([sample.sequence for sample in dataset.samples])
    labels = np.array([sample.label for sample in dataset.samples])
    found = classification_scores(outputs, labels)
    assert found == pytest.approx(card["scores"]["model"]["test"], abs=1e-3)
    assert found["accuracy"] >= 0.74
    assert found["auc"] >= 0.83


def test_the_bundled_weights_know_a_promoter() -> None:
    """Distal and promoter-proximal windows around DRE and TATA boxes, a toy of the real task."""
    model = CNN(device="cpu")
    assert (model.n_outputs, model.max_length) == (2, 250)
    rng = np.random.default_rng(0)
    backgrounds = ["".join(rng.choice(list("ACGT"), 250)) for _ in range(64)]
    planted = [s[:180] + "TATCGATA" + s[188:] for s in backgrounds]
    margins = [np.subtract(*model.predict(s).T[::-1]) for s in (planted, backgrounds)]
    assert np.mean(margins[0] > margins[1]) > 0.9


def test_embeddings_are_the_one_hot_sequences(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model(batch_size=16)
    assert isinstance(model, DifferentiableModel)
    encoded = model.encode(sequences)
    embedded = model.embed(encoded)
    assert embedded.shape == (10, 30, 4)
    outputs = model.forward_embedded(embedded, encoded).detach().numpy()
    np.testing.assert_array_equal(outputs, model.predict(sequences).astype(np.float32))
    for row, (sequence, layout) in enumerate(zip(sequences, model.layouts(sequences), strict=True)):
        assert layout.units.tolist() == list(range(len(sequence)))
        assert (layout.spans, layout.special) == (Spans.nucleotides(len(sequence)), {})
        for position, letter in enumerate(sequence):
            expected = [float(letter == other) for other in "ACGT"]
            assert embedded[row, position].tolist() == expected


def test_references_leave_the_padding_empty(make_model: Callable[..., OneHotModel]) -> None:
    model = make_model()
    sequences = ["ACGTN" * 5, "GG" * 15]
    for kind, value in {"zeros": 0.0, "unknown": 0.0, "uniform": 0.25}.items():
        found = model.reference(sequences, kind)
        assert found[0, :25].unique().tolist() == [value]
        assert found[0, 25:].unique().tolist() == [0.0]
        assert found[1].unique().tolist() == [value]
    unknown = model.predict(["N" * 25, "N" * 30])
    outputs = model.forward_embedded(model.reference(sequences, "unknown"), torch.empty(0))
    np.testing.assert_allclose(outputs.detach(), unknown, atol=1e-6)
    with pytest.raises(InputError, match="reference: unknown 'mask'"):
        model.reference(sequences, "mask")


def test_other_sequences_in_place(make_model: Callable[..., OneHotModel]) -> None:
    model = make_model()
    found = model.embed_others(["TTT", "AC"], ["ACG", "GG"])
    assert torch.equal(found, model.embed(model.encode(["TTT", "AC"])))
    with pytest.raises(InputError, match="reference: expected 2 nucleotides, got 3"):
        model.embed_others(["TTT"], ["AC"])

"""The capability ``differentiable``: embeddings, gradients and references."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.func import functional_call

from gxarena.api import DifferentiableModel
from gxarena.errors import InputError
from gxarena_hf.model import HuggingFace


def test_forward_of_embeddings_is_the_prediction(model: HuggingFace, sequences: list[str]) -> None:
    assert isinstance(model, DifferentiableModel)
    encoded = model.encode(sequences)
    embedded = model.embed(encoded)
    assert embedded.shape[:2] == encoded.shape
    with torch.no_grad():
        found = model.forward_embedded(embedded, encoded)
    np.testing.assert_allclose(found.numpy(), model.predict(sequences), atol=2e-5)


def test_rows_may_be_repeated(model: HuggingFace, sequences: list[str]) -> None:
    encoded = model.encode(sequences)[[1, 0, 1]]
    with torch.no_grad():
        found = model.forward_embedded(model.embed(encoded), encoded)
    expected = model.predict([sequences[i] for i in (1, 0, 1)])
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-5)


def test_gradients_are_those_of_the_embedding_matrix(
    model: HuggingFace, sequences: list[str]
) -> None:
    """A token's gradients, summed over where it stands, are those of its row of the matrix."""
    ids = model.encode(sequences[:1])
    embedded = model.embed(ids).detach().requires_grad_()
    (found,) = torch.autograd.grad(model.forward_embedded(embedded, ids)[0, 1], embedded)
    table = model.network.get_input_embeddings().weight
    (name,) = (n for n, p in model.network.named_parameters() if p is table)
    free = table.detach().clone().requires_grad_()
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    logits = functional_call(model.network, {name: free}, kwargs=inputs, tie_weights=False).logits
    (expected,) = torch.autograd.grad(logits[0, 1], free)
    summed = torch.zeros_like(free).index_add(0, ids[0], found[0])
    present = ids[0].unique()
    scale = float(expected.abs().max())
    np.testing.assert_allclose(summed[present], expected[present], atol=1e-4 * scale)


def test_gradients_do_not_depend_on_neighbours(model: HuggingFace, sequences: list[str]) -> None:
    def gradient(chosen: list[str]) -> torch.Tensor:
        ids = model.encode(chosen)
        embedded = model.embed(ids).detach().requires_grad_()
        total = model.forward_embedded(embedded, ids)[:, 0].sum()
        (found,) = torch.autograd.grad(total, embedded)
        return found

    together = gradient(sequences)
    for row, (sequence, layout) in enumerate(zip(sequences, model.layouts(sequences), strict=True)):
        alone = gradient([sequence])[0]
        assert len(alone) == layout.length
        scale = float(alone.abs().max())
        np.testing.assert_allclose(together[row, : layout.length], alone, atol=1e-4 * scale)
        assert (together[row, layout.length :] == 0).all()


def test_layouts(model: HuggingFace, sequences: list[str]) -> None:
    ids = model.encode(sequences)
    for row, layout in enumerate(model.layouts(sequences)):
        assert layout.spans == model.spans([sequences[row]])[0]
        everywhere = sorted([*layout.units.tolist(), *layout.special.values()])
        assert everywhere == list(range(layout.length))
        assert (ids[row, layout.length :] == model.pad).all()


def test_references_stand_where_units_are(model: HuggingFace, sequences: list[str]) -> None:
    embedded = model.embed(model.encode(sequences))
    table = model.network.get_input_embeddings().weight
    expected = {
        "zeros": torch.zeros_like(table[0]),
        "unknown": table[model.tokenizer.id_of("unk_token")],
        "mask": table[model.tokenizer.id_of("mask_token")],
        "pad": table[model.pad],
    }
    for kind in model.reference_kinds:
        found = model.reference(sequences, kind)
        for row, layout in enumerate(model.layouts(sequences)):
            units = found[row, layout.units]
            assert (units == units[0]).all()
            if kind in expected:
                assert torch.equal(units[0], expected[kind])
            others = np.setdiff1d(np.arange(found.shape[1]), layout.units)
            assert torch.equal(found[row, others], embedded[row, others])


def test_uniform_is_the_mean_of_letters(models: dict[str, HuggingFace]) -> None:
    model = models["characters"]
    letters = model.embed(model.encode(["ACGT"]))[0, 1:5]
    found = model.reference(["AA"], "uniform")[0, 1]
    torch.testing.assert_close(found, letters.mean(0))


def test_masks_of_token_dropout_are_no_reference(models: dict[str, HuggingFace]) -> None:
    """ESM zeroes mask tokens itself, so the network never saw their embedding."""
    assert "mask" in models["characters"].reference_kinds
    assert "mask" not in models["nucleotide-transformer"].reference_kinds
    with pytest.raises(InputError, match="unknown 'mask'"):
        models["nucleotide-transformer"].reference(["ACGT"], "mask")


def test_others_lie_on_the_sequences_positions(model: HuggingFace, sequences: list[str]) -> None:
    others = [sequence[::-1] for sequence in sequences]
    found = model.embed_others(others, sequences)
    own = model.embed(model.encode(sequences))
    assert found.shape == own.shape
    for row, (one, other) in enumerate(
        zip(model.layouts(sequences), model.layouts(others), strict=True)
    ):
        units = model.embed(model.encode([others[row]]))[0, other.units]
        n = min(len(one.units), len(other.units))
        assert torch.equal(found[row, one.units[:n]], units[:n])
        rest = np.setdiff1d(np.arange(own.shape[1]), one.units)
        assert torch.equal(found[row, rest], own[row, rest])


def test_the_tokenizers_padding_counts(tmp_path: Path, folders: dict[str, Path]) -> None:
    """DNABERT-2's config.json names the id of [UNK], which N becomes."""
    folder = Path(shutil.copytree(folders["gena-lm"], tmp_path / "copy"))
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pad_token_id": 1}))
    model = HuggingFace(folder, device="cpu")
    assert model.pad == 0
    sequences = ["ANNA", "ACGTACGTACGT"]
    encoded = model.encode(sequences)
    with torch.no_grad():
        found = model.forward_embedded(model.embed(encoded), encoded)
    reference = HuggingFace(folders["gena-lm"], device="cpu").predict(sequences)
    np.testing.assert_allclose(found.numpy(), reference, atol=2e-5)

"""The models against the plain transformers forward pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerFast

from gxarena.api import MaskableModel, RandomisableModel
from gxarena.data import Spans
from gxarena.errors import InputError, Unsupported
from gxarena_hf.describe import describe
from gxarena_hf.model import HuggingFace
from gxarena_hf.toys import TOYS, write_toy

NAMES = sorted(TOYS)


def _reference(folder: Path, ids: list[int]) -> np.ndarray:  # type: ignore[type-arg]
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return network(torch.tensor([ids])).logits[0].numpy()


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_transformers(
    folders: dict[str, Path], models: dict[str, HuggingFace], sequences: list[str], name: str
) -> None:
    path = folders[name] / "tokenizer.json"
    tokenizer = (
        PreTrainedTokenizerFast(tokenizer_file=str(path))
        if path.is_file()
        else AutoTokenizer.from_pretrained(folders[name])
    )
    outputs = models[name].predict(sequences)
    for sequence, found in zip(sequences, outputs, strict=True):
        text = sequence
        if name == "dnabert":
            text = " ".join(sequence[i : i + 3] for i in range(len(sequence) - 2))
        ids = tokenizer(text)["input_ids"]
        np.testing.assert_allclose(found, _reference(folders[name], ids), atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("fill", "token"), [("unknown", "unk"), ("mask", "mask")])
def test_masked_outputs_are_those_of_masked_ids(
    folders: dict[str, Path], sequences: list[str], name: str, fill: str, token: str
) -> None:
    model = HuggingFace(folders[name], fill=fill, device="cpu")
    sequence = sequences[0]
    (encoded,) = model.encoded([sequence])
    mask = np.zeros(len(encoded.spans), dtype=np.bool_)
    mask[[3, -2]] = True
    ids = encoded.ids.copy()
    first = np.flatnonzero(encoded.is_unit)[0]
    reach = 2 if name == "dnabert" else 0
    for unit in np.flatnonzero(mask):
        for reader in range(unit - reach, unit + 1):
            ids[first + reader] = model.tokenizer.id_of(f"{token}_token")
    (found,) = model.predict_masked([sequence], [mask])
    np.testing.assert_allclose(found, _reference(folders[name], ids.tolist()), atol=2e-5)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)
@given(data=st.data())
@pytest.mark.parametrize("fill", ["unknown", "mask"])
def test_neighbours_order_and_batches_change_nothing(
    folders: dict[str, Path], sequences: list[str], fill: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(NAMES))
    order = data.draw(st.permutations(range(len(sequences))))
    budget = data.draw(st.sampled_from([1, 60, 16384]))
    model = HuggingFace(folders[name], fill=fill, device="cpu", max_tokens=budget)
    chosen = [sequences[i] for i in order]
    rng = np.random.default_rng(0)
    masks = [rng.random(len(spans)) < 0.3 for spans in model.spans(chosen)]
    together, masked = model.predict(chosen), model.predict_masked(chosen, masks)
    for row, sequence in enumerate(chosen):
        np.testing.assert_allclose(together[row], model.predict([sequence])[0], atol=2e-5)
        alone = model.predict_masked([sequence], [masks[row]])[0]
        np.testing.assert_allclose(masked[row], alone, atol=2e-5)


def test_nothing_masked_is_the_prediction(model: HuggingFace, sequences: list[str]) -> None:
    assert isinstance(model, MaskableModel)
    masks = [np.zeros(len(spans), dtype=np.bool_) for spans in model.spans(sequences)]
    np.testing.assert_array_equal(model.predict_masked(sequences, masks), model.predict(sequences))


CUTTABLE = [name for name in NAMES if name != "dnabert"]


@pytest.mark.parametrize("name", CUTTABLE)
def test_cut_into_its_own_tokens_a_sequence_is_as_it_was(
    models: dict[str, HuggingFace], sequences: list[str], name: str
) -> None:
    model = models[name]
    found = model.predict_pieces(sequences, model.spans(sequences))
    np.testing.assert_array_equal(found, model.predict(sequences))


@pytest.mark.parametrize("name", CUTTABLE)
def test_pieces_are_tokenised_by_themselves(
    folders: dict[str, Path], models: dict[str, HuggingFace], sequences: list[str], name: str
) -> None:
    model, sequence = models[name], sequences[0]
    pieces = [sequence[:5], sequence[5:6], sequence[6:29], sequence[29:]]
    parts = [one.ids.tolist() for one in model.encoded(pieces)]
    is_unit = [one.is_unit.tolist() for one in model.encoded(pieces)]
    head, tail = is_unit[0].index(True), is_unit[0][::-1].index(True)
    ids = parts[0][:head]
    for part in parts:
        ids += part[head : len(part) - tail]
    ids += parts[0][len(parts[0]) - tail :]
    (found,) = model.predict_pieces([sequence], [Spans(np.array([0, 5, 6, 29, 60]))])
    np.testing.assert_allclose(found, _reference(folders[name], ids), atol=2e-5)


def test_tokens_that_overlap_cannot_be_cut(
    models: dict[str, HuggingFace], sequences: list[str]
) -> None:
    with pytest.raises(Unsupported, match="expected tokens that do not overlap"):
        models["dnabert"].predict_pieces(sequences, models["dnabert"].spans(sequences))


def test_cuts_that_make_too_many_tokens_are_refused(models: dict[str, HuggingFace]) -> None:
    model = models["nucleotide-transformer"]
    limit = model.max_length
    assert limit is not None
    sequence = "A" * limit
    with pytest.raises(InputError, match=r"expected at most .* tokens"):
        model.predict_pieces([sequence], [Spans.nucleotides(limit)])


def test_words_in_are_the_prediction(model: HuggingFace, sequences: list[str]) -> None:
    """Positions, token types, ESM's token dropout and padding stay as they are."""
    encoded = model.encoded(sequences)
    before = model.predict(sequences)
    for indices, ids, mask in model.batches(encoded, 16384):
        with torch.no_grad():
            found = model.logits(ids, mask, model.embed(ids))
            other = model.logits(ids, mask, model.embed(ids).flip(-1))
        np.testing.assert_allclose(found.numpy(), before[indices], atol=1e-6)
        assert (found - other).abs().max() > 1e-3
    assert not model.network.get_input_embeddings()._forward_hooks
    np.testing.assert_array_equal(model.predict(sequences), before)


def test_length_limit_is_exact_for_equal_tokens(folders: dict[str, Path]) -> None:
    for name in ("dnabert", "characters", "nucleotide-transformer"):
        model = HuggingFace(folders[name], device="cpu")
        assert model.max_length == describe(folders[name]).max_length
        assert model.max_length is not None
        assert model.predict(["A" * model.max_length]).shape == (1, 2)
        with pytest.raises(InputError, match=r"expected at most \d+ tokens, got \d+"):
            model.predict(["A" * (model.max_length + 1)])


def test_outputs_as_many_as_labels(tmp_path: Path) -> None:
    folder = write_toy("dnabert", tmp_path, num_labels=5)
    assert HuggingFace(folder, device="cpu").predict(["ACGT"]).shape == (1, 5)
    assert describe(folder).n_outputs == 5


def test_bfloat16_is_close(folders: dict[str, Path], sequences: list[str]) -> None:
    exact = HuggingFace(folders["dnabert"], device="cpu").predict(sequences)
    half = HuggingFace(folders["dnabert"], device="cpu", dtype="bfloat16").predict(sequences)
    np.testing.assert_allclose(half, exact, atol=0.15)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dtype": "float16"}, "dtype: unknown 'float16'"),
        ({"fill": "unk"}, "Did you mean 'unknown'"),
        ({"max_tokens": 0}, "expected 1 or more, got 0"),
        ({"device": "abacus"}, "got 'abacus'. Try 'cpu'"),
        ({"tokens": "words"}, "tokens: unknown 'words'"),
    ],
)
def test_mistakes_are_one_sentence(
    folders: dict[str, Path], parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        HuggingFace(folders["dnabert"], **parameters)  # type: ignore[arg-type]


def test_masks_must_fit(model: HuggingFace) -> None:
    with pytest.raises(InputError, match="one for each of 1 sequences, got 0"):
        model.predict_masked(["ACGTACG"], [])
    with pytest.raises(InputError, match=r"masks\[0\]: expected \d+ units, got 1"):
        model.predict_masked(["ACGTACGTACG"], [np.array([True])])


@pytest.mark.parametrize("name", NAMES)
def test_a_randomised_copy_keeps_nothing_and_leaves_the_model(
    models: dict[str, HuggingFace], sequences: list[str], name: str
) -> None:
    model = models[name]
    assert isinstance(model, RandomisableModel)
    before = model.predict(sequences)
    made = model.randomised(0)
    for old, new in zip(model.network.parameters(), made.network.parameters(), strict=True):
        assert not (old == new).any()
    assert not np.allclose(made.predict(sequences), before)
    np.testing.assert_array_equal(model.randomised(0).predict(sequences), made.predict(sequences))
    np.testing.assert_array_equal(model.predict(sequences), before)

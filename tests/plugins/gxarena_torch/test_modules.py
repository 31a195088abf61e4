"""Any module that reads one-hot nucleotides is a model, and declares what was found to hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import gxarena
from gxarena.api import DifferentiableModel, MaskableModel, RandomisableModel
from gxarena.data import Batch
from gxarena.declared import DECLARES, declares
from gxarena.errors import InputError
from gxarena.notebook import _registered
from gxarena.registry import Registry
from gxarena.testing import check_component
from gxarena_torch.modules import ZENNIT, capabilities_of, model_of
from gxarena_torch.one_hot import OneHotModel
from gxarena_torch.tracing import why_not_modular

LENGTH = 50
EVERYTHING = {"maskable", "differentiable", "one-hot", "modular", "randomisable", ZENNIT}


@pytest.fixture(autouse=True)
def _seeded() -> Any:
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def plain(outputs: int = 3) -> nn.Module:
    """As an author writes one who has never heard of gxarena."""
    return nn.Sequential(
        nn.Conv1d(4, 6, 5, padding=2), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(6 * (LENGTH // 2), outputs),
    )  # fmt: skip


class Of(nn.Module):
    """A module whose forward is a function of a convolution's output."""

    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.convolution, self.activation = nn.Conv1d(4, 4, 3, padding=1), nn.ReLU()
        self.dense = nn.Linear(4, 2)
        self._forward = forward

    def forward(self, one_hot: Tensor) -> Tensor:
        found: Tensor = self._forward(self, one_hot)
        return found


def _mean(self: Any, x: Tensor) -> Tensor:
    return self.dense(self.activation(self.convolution(x)).mean(dim=2))  # type: ignore[no-any-return]


def test_a_plain_module_becomes_a_model_that_keeps_its_promises() -> None:
    network = plain().train()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    model = model_of("mine", network, LENGTH, device="cpu")
    for protocol in (MaskableModel, DifferentiableModel, RandomisableModel):
        assert isinstance(model, protocol)
    assert (model.n_outputs, model.max_length, model.modular) == (3, LENGTH, True)
    assert getattr(model, DECLARES) == {"name": "mine", "provides": EVERYTHING}
    # The author's own module stays as it is.
    assert network.training
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    sequence = "ACGTTGCAN" * 5
    one_hot = torch.tensor([[[float(c == letter) for c in sequence] for letter in "ACGT"]])
    one_hot = F.pad(one_hot, (0, LENGTH - len(sequence)))
    with torch.inference_mode():
        expected = network.eval()(one_hot).numpy()
    np.testing.assert_allclose(model.predict([sequence]), expected, rtol=1e-5, atol=1e-6)


def test_it_passes_the_conformance_checks() -> None:
    registry = Registry()
    _registered(registry, "models", model_of("mine", plain(), LENGTH, device="cpu"))
    outcomes = {one.check: one for one in check_component(registry, "mine", slow=False)}
    assert {one.message for one in outcomes.values() if one.status == "failed"} == set()
    for check in ("masking_is_true", "gradients_are_true", "drawing_anew_changes_everything"):
        assert outcomes[check].status == "passed"


@pytest.mark.parametrize(
    ("forward", "lacks"),
    [
        (_mean, ""),
        (lambda s, x: s.dense((2 * s.activation(s.convolution(x)) + 1).mean(-1) / 3), ""),
        (lambda s, x: s.dense(torch.cat([s.convolution(x)[..., :9], x[..., :9]], 2).sum(2)), ""),
        (lambda s, x: s.dense(F.relu(s.convolution(x)).mean(2)), "computes 'relu' outside"),
        (lambda s, x: s.dense(s.convolution(x).relu_().mean(2)), "computes 'relu' outside"),
        (lambda s, x: s.dense(s.convolution(x).max(2).values), "computes 'max' outside"),
        (lambda s, x: s.dense((s.convolution(x) * x).mean(2)), "computes 'mul' outside"),
        (lambda s, x: s.dense((1 / (9 + s.convolution(x))).mean(2)), "computes 'reciprocal' out"),
        (
            lambda s, x: _mean(s, s.activation(s.convolution(x))),
            "module 'activation' is used 2 times",
        ),
    ],
)  # fmt: skip
def test_a_hidden_nonlinearity_is_found(forward: Any, lacks: str) -> None:
    network = Of(forward).eval()
    x = torch.eye(4)[torch.randint(4, (1, LENGTH))].transpose(1, 2)
    said = why_not_modular(network, x)
    assert lacks in said
    assert bool(lacks) == bool(said)
    # Nothing of the watching stays.
    assert all(one.requires_grad for one in network.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    model = model_of("mine", network, LENGTH, device="cpu")
    assert model.modular == (not lacks)
    expected = EVERYTHING - {ZENNIT} - ({"modular"} if lacks else set())
    assert getattr(model, DECLARES)["provides"] == expected
    found = capabilities_of(model)
    assert found["modular"] == said
    assert found[ZENNIT].startswith("zennit's rules cannot walk it: a forward that computes '")


def test_recurrent_and_attending_networks_are_not_modular() -> None:
    recurrent = Of(lambda s, x: s.dense(s.lstm(x.transpose(1, 2))[0][:, -1]))
    recurrent.lstm = nn.LSTM(4, 4, batch_first=True)
    attending = Of(lambda s, x: s.dense(s.heads(*[x.transpose(1, 2)] * 3)[0].mean(1)))
    attending.heads = nn.MultiheadAttention(4, 2, batch_first=True)
    for network in (recurrent, attending):
        assert not model_of("mine", network, LENGTH, device="cpu").modular


def test_everything_that_does_not_hold_is_said_at_once() -> None:
    def several(s: Any, x: Tensor) -> Tensor:
        found = s.activation(F.relu(s.activation(s.convolution(x))).max(2, keepdim=True).values)
        return _mean(s, torch.cat([torch.zeros_like(found), x[..., :9] + found], dim=2))

    found = capabilities_of(model_of("mine", Of(several), LENGTH, device="cpu"))
    assert "computes 'max', 'relu', 'zeros_like' outside" in found["modular"]
    assert "module 'activation' is used 3 times" in found["modular"]
    assert "computes 'add', 'max', 'mean', 'relu', 'zeros_like' outside" in found[ZENNIT]
    for used in ("'activation' used 3 times", "'convolution' used 2 times"):
        assert used in found[ZENNIT]


class TwoOutputs(nn.Module):
    """One logit x as [0, x], as the pages say."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, one_hot: Tensor) -> Tensor:
        return F.pad(self.network(one_hot), (1, 0))


@pytest.mark.parametrize("explainer", ["lrp", "deeplift"])
def test_one_output_as_two_keeps_everything(explainer: str) -> None:
    """[0, x] is explained as x is: the recipe of docs/plugins.md, which no rule stumbles over."""
    pages = Path(__file__).parents[3] / "docs"
    for page in ("plugins.md", "tutorials/model.md"):
        assert "functional.pad(" in (pages / page).read_text()
    network = plain(1)
    one = model_of("one", network, LENGTH, device="cpu")
    two = model_of("two", TwoOutputs(network), LENGTH, device="cpu")
    assert capabilities_of(two) == dict.fromkeys(EVERYTHING, "")
    explain = Registry.load().create("explainers", explainer, {}).explain
    sequences = ("ACGTTGCATG" * 5, "GGCATCATTA" * 5)
    maps, wrapped = (
        [found.scores for found in explain(model, Batch(sequences, np.full(2, target)))]
        for model, target in ((one, 0), (two, 1))
    )
    np.testing.assert_allclose(wrapped, maps, rtol=1e-4, atol=1e-6)
    assert np.abs(maps).max() > 0


def test_what_has_no_gradient_and_no_parameters_says_so() -> None:
    class Counts(nn.Module):
        def forward(self, one_hot: Tensor) -> Tensor:
            return one_hot.sum(2).round().detach()

    found = capabilities_of(model := model_of("counts", Counts(), LENGTH, device="cpu"))
    assert getattr(model, DECLARES)["provides"] == {"maskable"}
    assert found["differentiable"].startswith("no gradient passes through it")
    assert found["randomisable"] == "it has no parameters"


def test_what_else_holds_is_declared_too() -> None:
    mine = model_of("mine", plain(), LENGTH, device="cpu", also={"my_plugin:mine"})
    assert getattr(mine, DECLARES)["provides"] == EVERYTHING | {"my_plugin:mine"}


def test_without_zennit_its_absence_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gxarena_torch.walking", "gxarena_torch.lazy_zennit"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "zennit.types", None)
    mine = model_of("mine", plain(), LENGTH, device="cpu")
    assert capabilities_of(mine)[ZENNIT].startswith("zennit is not installed")
    assert getattr(mine, DECLARES)["provides"] == EVERYTHING - {ZENNIT}


def test_what_is_declared_and_does_not_hold_fails_its_check() -> None:
    """LRP is asked: what it refuses is said by the check of the model."""
    registry = Registry(dict(Registry.load().components))
    for name, forward in (("walked", None), ("refused", _mean)):
        network = plain() if forward is None else Of(forward)
        own = model_of(name, network, LENGTH, device="cpu", also={ZENNIT})
        _registered(registry, "models", own)
    for name, status in (("walked", "passed"), ("refused", "failed")):
        found = {one.check: one for one in check_component(registry, name, slow=False)}
        asked = found["explainers_take_what_is_declared"]
        assert asked.status == status
        if status == "failed":
            assert "computes 'mean' outside of modules. Make each one of" in asked.message


def test_a_check_says_why_what_is_declared_does_not_hold() -> None:
    registry = Registry()
    hidden = model_of("mine", Of(lambda s, x: s.dense(F.relu(s.convolution(x)).mean(2))), LENGTH)
    _registered(registry, "models", declares(name="mine", provides=EVERYTHING)(hidden))
    found = {one.check: one.message for one in check_component(registry, "mine", slow=False)}
    assert (
        "expected modular to be True, as provides says, got False, because its forward computes "
        "'relu' outside of torch's modules (a module does for each that there is one of"
        in found["capabilities_have_their_methods"]
    )


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (nn.Sequential(nn.Linear(4, 2)), r"\(B, 4, 50\) to raw outputs .* got RuntimeError"),
        (Of(lambda _, x: x.sum((1, 2))), r"got shape \(3,\) for 3 sequences"),
        (Of(lambda _, x: x[:, 0].sum(1, keepdim=True).mean(0)), r"got shape \(1,\)"),
        (Of(lambda s, x: {"logits": _mean(s, x)}), "got dict for 3 sequences"),
        (Of(lambda s, x: _mean(s, x) / 0), "expected finite outputs"),
        (Of(lambda s, x: F.dropout(_mean(s, x))), "the same outputs each time"),
        (Of(lambda s, x: _mean(s, x) - x[:, 0].mean()), "that do not depend on the batch"),
    ],
)
def test_what_is_no_model_is_one_sentence(network: nn.Module, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as raised:
        model_of("mine", network, LENGTH, device="cpu")
    assert str(raised.value).startswith("model_of, 'mine': expected")


def test_it_competes_from_a_notebook(tmp_path: Any) -> None:
    """With explainers that need gradients, one-hot input and modules; and beside itself by hand."""
    rng = np.random.default_rng(0)
    rows = [f"s{i},{''.join(rng.choice(list('ACGT'), LENGTH))},{i % 2}" for i in range(4)]
    (tmp_path / "data.csv").write_text("\n".join(["id,sequence,label", *rows]) + "\n")
    document = {
        "name": "mine",
        "target": 1,
        "datasets": {"mine": {"path": str(tmp_path / "data.csv")}},
        "matrix": [
            {
                "datasets": ["mine"],
                "explainers": ["saliency", "deeplift", "lrp", "ism", "random"],
                "metrics": ["gini", "faithfulness"],
            }
        ],
    }
    hidden = Of(lambda s, x: s.dense(F.relu(s.convolution(x)).mean(2)))
    board = gxarena.run(
        document,
        models=[model_of("plain", plain(2), LENGTH), model_of("hidden", hidden, LENGTH)],
    )
    explained = {(r["model"], r["explainer"]) for r in board.table.to_pylist()}
    everybody = {"saliency", "deeplift", "lrp", "ism", "random"}
    assert {e for m, e in explained if m == "plain"} == everybody
    assert {e for m, e in explained if m == "hidden"} == everybody - {"deeplift", "lrp"}


def test_a_network_s_own_config_tells_length_and_outputs() -> None:
    network = plain()
    network.config = type("Config", (), {"input_length": LENGTH, "n_outputs": 3})()
    model = OneHotModel(network, "cpu")
    assert (model.max_length, model.n_outputs) == (LENGTH, 3)

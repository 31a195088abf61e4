"""Components as a suite chose them: parameters, what they wrap, and whether they are the same."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from entry_points import entry_point

from gxarena.errors import InputError, PluginError
from gxarena.hookspecs import Facts
from gxarena.registry import Registry
from gxarena.run.choices import (
    Choice,
    check_unchanged,
    choose,
    create,
    facts,
    given_parameters,
    resolved_parameters,
)

PLUGIN = """
from gxarena.hookspecs import Component, Facts, hookimpl

@hookimpl
def gxarena_models():
    yield Component("silent", "choicepack.model:Model", "")
    yield Component("told", "choicepack.model:Model", "", describe="choice_plugin:describe")

    yield Component("bare", "choicebare.model:Model", "")

@hookimpl
def gxarena_explainers():
    yield Component("one", "choicepack.model:Model", "")
    yield Component("beside", "choicebare.model:Model", "")

def describe(file=""):
    return Facts(files=(file,)) if file else Facts()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages with weights, and the module of their plugin beside them."""
    (tmp_path / "choice_plugin.py").write_text(PLUGIN)
    for name in ("choicepack", "choicebare"):
        package = tmp_path / name
        (package / "weights").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "model.py").write_text("class Model:\n    pass\n")
        (package / "weights" / "w.bin").write_text("one")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "choice_plugin", raising=False)
    importlib.invalidate_caches()
    return tmp_path


def test_a_choice_has_a_label_and_says_who_is_to_blame(registry: Registry) -> None:
    choice = choose(registry, "explainers", "random", {}, label="chance")
    assert (choice.label, choice.found.component.name) == ("chance", "random")
    assert choice.where == "gxarena: explainer 'chance'"
    assert choose(registry, "explainers", "random", {}).label == "random"
    with pytest.raises(InputError, match=r"here: unknown explainer 'randon'. Did you mean"):
        choose(registry, "explainers", "randon", {}, "here")


def test_presets_are_overridden_and_defaults_filled_in(registry: Registry) -> None:
    choice = choose(registry, "models", "toy-tokens", {"scale": 2.0})
    assert given_parameters(choice) == {"width": 3, "scale": 2.0}
    other = choose(registry, "models", "toy-tokens", {"width": 4})
    assert given_parameters(other) == {"width": 4}
    assert resolved_parameters(other, registry) == {"width": 4, "scale": 1.0}
    made = create(registry, other)
    assert (made.width, made.scale) == (4, 1.0)
    with pytest.raises(InputError, match=r"models.toy: expected parameters of toy\(width"):
        create(registry, choose(registry, "models", "toy", {"widht": 4}))


def test_a_wrapper_needs_what_it_wraps_needs_and_passes_its_parameters_on(
    registry: Registry,
) -> None:
    def wrapped(**parameters: object) -> Choice:
        return choose(registry, "explainers", "randomised", parameters)

    choice = wrapped(explainer="occlusion", window=2, draw=1)
    assert choice.wrapped is not None
    assert choice.wrapped.found.component.name == "occlusion"
    assert choice.wrapped.parameters == {"window": 2}
    assert choose(registry, "explainers", "occlusion", {"window": 2}) == choice.wrapped
    needy = wrapped(explainer="needy")
    assert needy.requires == {"randomisable", "one-hot"}
    assert wrapped(explainer="exact").requires == {"randomisable"}
    draws = [wrapped(explainer="exact", draw=draw) for draw in (0, 1)]
    assert draws[0].identity != draws[1].identity
    assert draws[0].wrapped == draws[1].wrapped
    alone = choose(registry, "explainers", "needy", {})
    assert (alone.requires, alone.wrapped) == ({"one-hot"}, None)


def test_a_wrapper_of_the_core_is_of_whose_it_wraps(registry: Registry) -> None:
    """A control runs another's explainer: that works alone, and is named where it fails."""
    for own, inner, whose in (
        ("gxarena", "gxarena", "gxarena"),
        ("gxarena", "venom", "venom"),
        ("other", "venom", "other"),
    ):
        for name, distribution in (("randomised", own), ("exact", inner)):
            found = registry.components["explainers", name]
            registry.components["explainers", name] = replace(found, distribution=distribution)
        choice = choose(registry, "explainers", "randomised", {"explainer": "exact"}, label="drawn")
        assert choice.distribution == whose
        assert choice.is_foreign == (whose != "gxarena")
        assert choice.where == f"{whose}: explainer 'drawn'"


def test_a_wrapper_that_does_not_import_is_chosen_for_its_cells_to_fail(
    registry: Registry,
) -> None:
    found = registry.components["explainers", "extra"]
    registry.components["explainers", "extra"] = replace(
        found, component=replace(found.component, provides=frozenset({"wrapper"}))
    )
    for name in ("orphan-wrapper", "extra"):
        assert choose(registry, "explainers", name, {}).wrapped is None


def test_a_wrapper_changes_with_what_it_wraps(registry: Registry) -> None:
    parameters = {"explainer": "exact"}
    choice = choose(registry, "explainers", "randomised", parameters)
    check_unchanged(registry, [choice])
    found = registry.components["explainers", "exact"]
    registry.components["explainers", "exact"] = replace(
        found, component=replace(found.component, target="toys:NotANumber")
    )
    assert choose(registry, "explainers", "randomised", parameters).identity != choice.identity
    with pytest.raises(InputError, match="explainer 'randomised': expected its code and files"):
        check_unchanged(registry, [choice])


def test_every_choice_is_compared_and_the_one_that_changed_is_named(
    registry: Registry, tmp_path: Path
) -> None:
    scores = tmp_path / "scores.npz"
    scores.write_text("one")
    same = choose(registry, "models", "toy", {}, label="mine")
    changes = choose(registry, "explainers", "precomputed", {"path": str(scores)}, label="given")
    check_unchanged(registry, [same, changes])
    scores.write_text("two")
    check_unchanged(registry, [same])
    with pytest.raises(InputError, match="gxarena: explainer 'given': expected its code"):
        check_unchanged(registry, [same, changes])


def test_weights_in_a_package_count_for_all_that_it_offers(folder: Path) -> None:
    registry = Registry.load([entry_point("choices", "choice_plugin")])
    weights, other = folder / "choicepack" / "weights" / "w.bin", folder / "other.bin"
    other.write_text("one")

    def identities() -> dict[str, str]:
        return {
            "silent about them": choose(registry, "models", "silent", {}).identity,
            "told, none": choose(registry, "models", "told", {}).identity,
            "told, another": choose(registry, "models", "told", {"file": str(other)}).identity,
            "told, these": choose(registry, "models", "told", {"file": str(weights)}).identity,
            "explainer": choose(registry, "explainers", "one", {}).identity,
        }

    before = identities()
    weights.write_text("two")
    changed = {name for name, identity in identities().items() if identity != before[name]}
    assert changed == set(before)  # an explainer may read them too


def test_weights_beside_models_that_tell_nothing_count_for_all_their_package(folder: Path) -> None:
    registry = Registry.load([entry_point("choices", "choice_plugin")])
    chosen = [
        choose(registry, kind, name, {})
        for kind, name in (("models", "bare"), ("explainers", "beside"))
    ]
    (folder / "choicebare" / "weights" / "w.bin").write_text("two")
    for choice in chosen:
        with pytest.raises(InputError, match=f"'{choice.label}': expected its code and files"):
            check_unchanged(registry, [choice])


def test_facts_are_those_of_the_parameters(folder: Path) -> None:
    registry = Registry.load([entry_point("choices", "choice_plugin")])
    told = registry.registered("models", "told")
    assert facts(told, {"file": "w"}) == Facts(files=("w",))
    assert facts(registry.registered("models", "silent"), {"file": "w"}) == Facts()
    preset = replace(told, component=replace(told.component, defaults={"file": "preset"}))
    assert facts(preset, {}) == Facts(files=("preset",))
    assert facts(preset, {"file": "given"}) == Facts(files=("given",))


@pytest.mark.parametrize(
    ("describe", "kind", "sentence"),
    [
        ("toy_facts:fails", PluginError, "model 'toy'.*got RuntimeError: no facts today"),
        ("toy_facts:refuses", InputError, "^toy: expected no such checkpoint$"),
        ("toy_facts:nothing", PluginError, "model 'toy'.*toy_facts:nothing to return Facts, got N"),
        ("toy_facts:absent", PluginError, "model 'toy'.*got AttributeError"),
        ("no_such_module:short", PluginError, "model 'toy'.*'no_such_module' to be installed, it"),
        ("toy_facts:one_argument", InputError, "model 'toy'.*expected other parameters"),
    ],
)
def test_a_model_that_cannot_describe_itself_is_named(
    registry: Registry, describe: str, kind: type[Exception], sentence: str
) -> None:
    found = registry.components["models", "toy"]
    described = replace(found, component=replace(found.component, describe=describe))
    with pytest.raises(kind, match=sentence):
        facts(described, {"scale": 2.0})

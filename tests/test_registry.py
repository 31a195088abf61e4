"""One bad plugin is named, with its distribution, and harms nothing else."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from entry_points import entry_point

import gxarena
from gxarena.errors import InputError, MissingExtra, PluginError
from gxarena.hookspecs import KINDS, Component, Hooks, hookimpl
from gxarena.registry import Registry
from gxarena.run.choices import choose, create, resolved_parameters


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., metadata.EntryPoint]:
    """Make an importable plugin module that offers explainers; returns its entry point."""

    def make(
        name: str, *components: object, hook: str = "gxarena_explainers"
    ) -> metadata.EntryPoint:
        module = types.ModuleType(name)

        def offer() -> Iterator[object]:
            yield from components

        offer.__name__ = hook
        setattr(module, hook, hookimpl(offer))
        monkeypatch.setitem(sys.modules, name, module)
        return entry_point(name, name)

    return make


def test_built_in_plugins_come_through_the_same_entry_points() -> None:
    registry = Registry.load()
    assert not registry.broken
    assert {"cnn", "deepstarr", "dnabert2", "dnabert2-mini"} <= set(registry.names("models"))
    assert {"attnlrp", "lrp", "random"} <= set(registry.names("explainers"))
    assert registry.names("aggregators") == [
        "equally_distributed", "mean", "native", "passed_on", "sum",
    ]  # fmt: skip
    assert all(registry.registered("models", m).distribution == "gxarena" for m in ["cnn"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_is_documented_and_used(kind: str) -> None:
    assert getattr(Hooks, f"gxarena_{kind}").__doc__
    assert Registry.load().names(kind)


def test_every_built_in_component_says_what_it_is() -> None:
    registry = Registry.load()
    for found in registry.components.values():
        assert found.component.summary, found.component.name
        assert callable(registry.factory(found.kind, found.component.name))


def test_unknown_name_is_answered_with_the_closest() -> None:
    with pytest.raises(
        InputError, match=r"unknown explainer 'attn-lrp'\. Did you mean 'attnlrp'\?"
    ):
        Registry.load().get("explainers", "attn-lrp")


def test_import_error_is_kept_and_the_others_load(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    good = plugin("good_plugin", Component("good", "toys:Exact", "fine"))
    registry = Registry.load([entry_point("bad", "no_such_module"), good])
    assert registry.names("explainers") == ["good"]
    (broken,) = registry.broken
    assert broken.plugin.endswith(":bad")
    assert "no_such_module" in broken.error


def test_exit_at_import_does_not_end_the_program(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaver.py").write_text("import sys; sys.exit(1)")  # type: ignore[operator]
    monkeypatch.syspath_prepend(str(tmp_path))
    (broken,) = Registry.load([entry_point("leaver", "leaver")]).broken
    assert broken.error == "SystemExit: it ended the program (exit status 1)"


def test_duplicate_name_names_both_and_the_first_stays(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    thief = plugin(
        "thief",
        Component("random", "toys:Exact", "steals a name"),
        Component("own", "toys:Exact", "fine"),
    )
    registry = Registry.load([thief, *metadata.entry_points(group="gxarena")])
    assert registry.get("explainers", "random").target == "gxarena.explainers.controls:Random"
    assert registry.get("explainers", "own").summary == "fine"
    (broken,) = registry.broken
    assert "explainer 'random' is offered by both gxarena and unknown" in broken.error


@pytest.mark.parametrize(
    ("component", "complaint"),
    [
        ("not a component", "expected a Component, got str"),
        (Component("Upper", "toys:Exact", ""), "expected a name of lower-case"),
        (Component("x", "toys.Exact", ""), "expected a target 'package.module:factory'"),
        (Component(None, "toys:Exact", ""), "expected name to be a string, got NoneType"),
        (Component("x", ("toys",), ""), "'x': expected target to be a string, got tuple"),
        (Component("x", "toys:Exact", "", role="cieling"), "Did you mean 'ceiling'?"),
        (
            Component("x", "toys:Exact", "", requires=["maskable"]),
            "'x': expected requires to be a frozenset, got list",
        ),
        (
            Component("x", "toys:Exact", "", provides="maskable"),
            "'x': expected provides to be a frozenset, got str",
        ),
        (
            Component("x", "toys:Exact", "", defaults=[("a", 1)]),
            "'x': expected defaults to be a mapping, got list",
        ),
    ],
)
def test_malformed_components_are_refused(
    plugin: Callable[..., metadata.EntryPoint], component: object, complaint: str
) -> None:
    registry = Registry.load([plugin("odd", component)])
    assert not registry.components
    assert complaint in registry.broken[0].error


def test_a_misspelt_capability_is_an_error_of_its_plugin(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    odd = Component("odd", "toys:Exact", "", requires=frozenset({"maskabel"}))
    registry = Registry.load([plugin("typo", odd)])
    assert not registry.components
    assert "unknown, hook gxarena_explainers, 'odd', requires" in registry.broken[0].error
    assert "Did you mean 'maskable'?" in registry.broken[0].error


def test_a_capability_that_nobody_provides_is_an_error_of_its_plugin(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    lonely = Component("lonely", "toys:Exact", "", requires=frozenset({"gxarena_cnn:zenit"}))
    happy = Component("happy", "toys:Exact", "", requires=frozenset({"gxarena_cnn:zennit"}))
    offers = plugin("late", lonely, happy)
    registry = Registry.load([*metadata.entry_points(group="gxarena"), offers])
    assert "happy" in registry.names("explainers")
    (broken,) = registry.broken
    assert "explainer 'lonely', requires: expected 'gxarena_cnn:zenit'" in broken.error
    assert "Did you mean 'gxarena_cnn:zennit'?" in broken.error
    # It stays, so that a suite that names it has its failed cells and all the others.
    found = registry.registered("explainers", "lonely")
    assert registry.status(found).startswith("broken: unknown, explainer 'lonely', requires:")
    with pytest.raises(PluginError, match="expected 'gxarena_cnn:zenit' of an installed model"):
        registry.factory("explainers", "lonely")
    assert registry.status(registry.registered("explainers", "happy")) == "ready"
    # Alone, nobody provides it: what another plugin would bring is missing too.
    assert {b.error.split("'")[1] for b in Registry.load([offers]).broken} == {"lonely", "happy"}


def test_only_a_model_can_meet_a_requirement(plugin: Callable[..., metadata.EntryPoint]) -> None:
    """What an explainer provides no plan looks at: every cell would be unsupported."""
    own = frozenset({"toys:magic"})
    vain = Component("vain", "toys:Exact", "", provides=own, requires=own)
    (broken,) = Registry.load([plugin("vain", vain)]).broken
    assert "'vain', provides: unknown capability 'toys:magic'" in broken.error
    asks = Component("asks", "toys:Exact", "", requires=own)
    model = Component("m", "toys:Linear", "", provides=own)
    offers = [plugin("a", asks), plugin("m", model, hook="gxarena_models")]
    assert not Registry.load(offers).broken


def test_every_capability_of_a_plugins_own_has_its_phrase() -> None:
    registry = Registry.load()
    own = {n for f in registry.components.values() for n in f.component.provides if ":" in n}
    assert own == set(registry.phrases)


def test_a_metric_must_say_its_shape(plugin: Callable[..., metadata.EntryPoint]) -> None:
    odd = plugin("odd", Component("m", "toys:Total", ""), hook="gxarena_metrics")
    assert "exactly one of sample, pair, set" in Registry.load([odd]).broken[0].error


def test_unknown_hook_is_a_broken_plugin(plugin: Callable[..., metadata.EntryPoint]) -> None:
    registry = Registry.load([plugin("typo", hook="gxarena_explainer")])
    assert "gxarena_explainer" in registry.broken[0].error


def test_strict_mode_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXARENA_STRICT_PLUGINS", "1")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        Registry.load([entry_point("bad", "no_such_module")])


def test_missing_dependency_prints_the_pip_command(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    needs = Component("needs", "no_such_dependency:X", "", extra="cnn")
    broken = Component("broken", "toys:NoSuchName", "")
    registry = Registry.load([plugin("needy", needs, broken)])
    with pytest.raises(MissingExtra, match=r"pip install 'unknown\[cnn\]'"):
        registry.factory("explainers", "needs")
    with pytest.raises(PluginError, match="toys:NoSuchName"):
        registry.factory("explainers", "broken")


def test_exit_at_a_components_import_is_its_failure_alone(
    plugin: Callable[..., metadata.EntryPoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_leaver.py").write_text("import sys; sys.exit('too late')")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry.load([plugin("polite", Component("late", "late_leaver:X", ""))])
    with pytest.raises(PluginError, match=r"unknown: explainer 'late'.*got SystemExit: too late"):
        registry.factory("explainers", "late")


def test_status_names_missing_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry.load()
    found = registry.registered("models", "cnn")
    assert registry.status(found) == "ready"
    real = metadata.distribution

    def without_zennit(name: str) -> metadata.Distribution:
        if name == "zennit":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "distribution", without_zennit)
    assert registry.status(found) == "needs zennit: pip install 'gxarena[cnn]'"


def test_a_factory_that_asks_for_the_registry_is_given_it(
    plugin: Callable[..., metadata.EntryPoint],
) -> None:
    def asks(registry: Registry, width: int = 1) -> tuple[Registry, int]:
        return registry, width

    module = sys.modules[plugin("asking", Component("asks", "asking:asks", "")).value]
    module.asks = asks  # type: ignore[attr-defined]
    registry = Registry.load([entry_point("asking", "asking")])
    assert registry.create("explainers", "asks", {"width": 3}) == (registry, 3)
    # It is not a suite's to give, nor among the parameters that a run writes down.
    choice = choose(registry, "explainers", "asks", {"width": 2})
    assert resolved_parameters(choice, registry) == {"width": 2}
    with pytest.raises(InputError, match=r"expected parameters of asks\(width: 'int' = 1\)"):
        create(registry, choose(registry, "explainers", "asks", {"registry": "mine"}))


def test_components_look_up_others_in_the_registry_that_they_are_given() -> None:
    """Loading it anew would import every plugin, and find other ones than the run does."""
    core = Path(gxarena.__file__).parent
    parts = [core / name for name in ("datasets", "explainers", "metrics", "aggregators.py")]
    files = [file for part in parts for file in [part, *part.rglob("*.py")] if file.is_file()]
    files += Path(core.parent, "plugins").rglob("*.py")
    assert len(files) > 60
    calls = [file.name for file in files if "Registry.load(" in file.read_text()]
    # `open_dataset` does where a notebook calls it without a registry.
    assert calls == ["opening.py"]

"""One vocabulary, one function that says why not; what is misspelt is said at once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gxarena.capabilities import OF_MODELS, check_names, said, why_not
from gxarena.errors import PluginError
from gxarena.registry import Registry


@dataclass(frozen=True)
class Toy:
    label: str = "it"
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


PLAIN = Toy("plain")


@pytest.mark.parametrize(
    ("kind", "provides", "requires", "complaint"),
    [
        ("explainers", [], ["maskabel"], r"requires: unknown .*\. Did you mean 'maskable'"),
        ("models", ["diferentiable"], [], r"provides: unknown .*\. Did you mean 'differentiable'"),
        ("metrics", ["sample", "fixed"], [], "provides: unknown capability 'fixed'"),
        ("explainers", [], ["probe"], "requires: unknown capability 'probe'"),
        ("models", ["zennit"], [], "as 'package:name'"),
        ("explainers", ["a:b"], [], "provides: unknown capability 'a:b'"),
        ("models", [], ["a:b"], "requires: unknown capability 'a:b'"),
        ("datasets", ["truth"], [], "Choices: made"),
        ("aggregators", [], ["a:"], "unknown capability 'a:'"),
    ],
)  # fmt: skip
def test_a_name_outside_the_vocabulary_is_refused(
    kind: str, provides: list[str], requires: list[str], complaint: str
) -> None:
    with pytest.raises(PluginError, match=complaint):
        check_names("somewhere", kind, _of(*provides), _of(*requires))


def test_what_is_known_or_a_plugins_own_is_taken() -> None:
    check_names("here", "models", frozenset(OF_MODELS) | {"my_package:rules"}, _of())
    check_names("here", "explainers", _of("fixed"), frozenset(OF_MODELS) | {"truth", "a:b"})
    check_names("here", "metrics", _of("pair"), _of("probe", "native", "explainer", "special"))
    check_names("here", "aggregators", _of("refine"), _of())


@pytest.mark.parametrize(
    ("kind", "provides", "requires"),
    [
        ("metrics", ["sample"], ["replicates"]),
        ("metrics", ["pair"], []),
        ("metrics", ["set"], []),
        ("explainers", ["wrapper"], []),
        ("explainers", ["fixed"], []),
    ],
)
def test_every_name_of_the_vocabulary_is_taken(
    kind: str, provides: list[str], requires: list[str]
) -> None:
    check_names("here", kind, _of(*provides), _of(*requires))


def test_what_a_fixed_explainer_and_a_strategy_keep_a_metric_from() -> None:
    fixed, free = Toy("fixed", provides=_of("fixed")), Toy("free")
    again, native = Toy("again", requires=_of("explainer")), Toy("raw", requires=_of("native"))
    refine = Toy("refine", provides=_of("refine"))
    assert "edited sequences" in why_not(fixed, PLAIN, annotated=True, metric=again)
    assert not why_not(fixed, PLAIN, annotated=True, metric=native)
    assert not why_not(free, PLAIN, annotated=True, metric=again)
    reason = why_not(free, PLAIN, annotated=True, metric=native, aggregator=refine)
    assert "use 'native'" in reason
    assert not why_not(free, PLAIN, annotated=True, metric=again, aggregator=refine)


@pytest.mark.parametrize("capability", sorted(OF_MODELS))
def test_what_a_model_lacks_is_said_in_words(capability: str) -> None:
    needs = Toy("needy", requires=_of(capability))
    able = Toy("able", provides=_of(capability))
    reason = why_not(needs, PLAIN, annotated=False)
    assert reason == f"explainer 'needy' needs {OF_MODELS[capability]}: 'plain' is none"
    assert why_not(needs, able, annotated=False) == ""
    metric = Toy("asks", requires=_of(capability))
    assert why_not(PLAIN, PLAIN, annotated=False, metric=metric).startswith("metric 'asks' needs")
    assert why_not(PLAIN, able, annotated=False, metric=metric) == ""


@pytest.mark.parametrize(
    ("capability", "kind", "needy", "able", "other"),
    [
        ("maskable", "explainers", "lime", "toy", "toy-short"),
        ("differentiable", "explainers", "saliency", "cnn", "toy"),
        ("one-hot", "explainers", "deep_lift_shap", "cnn", "dnabert2-mini"),
        ("modular", "explainers", "deeplift", "cnn", "dnabert2-mini"),
        ("randomisable", "metrics", "model_randomisation", "cnn", "toy"),
        ("special", "metrics", "special_share", "dnabert2-mini", "cnn"),
    ],
)
def test_what_ships_says_what_it_needs(
    registry: Registry, capability: str, kind: str, needy: str, able: str, other: str
) -> None:
    def shipped(kind: str, name: str) -> Toy:
        component = registry.components[kind, name].component
        return Toy(name, component.provides, component.requires)

    needs = shipped(kind, needy)
    assert capability in needs.requires
    explainer, metric = (needs, None) if kind == "explainers" else (PLAIN, needs)
    fits, lacks = shipped("models", able), shipped("models", other)
    assert why_not(explainer, fits, annotated=True, metric=metric) == ""
    reason = why_not(explainer, lacks, annotated=True, metric=metric)
    assert OF_MODELS[capability] in reason
    assert reason.endswith(f"'{other}' is none")


def test_a_plugins_own_reads_as_the_plugin_says() -> None:
    needs = Toy("lrp", requires=_of("a:rules"))
    phrases = {"a:rules": "a network that rules can walk"}
    reason = why_not(needs, PLAIN, annotated=True, phrases=phrases)
    assert reason == "explainer 'lrp' needs a network that rules can walk: 'plain' is none"
    assert "a model that provides 'a:rules'" in why_not(needs, PLAIN, annotated=True)
    both = "a model whose units can be masked and a model with special tokens"
    assert said(["special", "maskable"]) == both


def test_what_no_model_provides_is_not_this_models_lack() -> None:
    needs = Toy("lrp", requires=_of("a:rules", "special"))
    reason = why_not(needs, PLAIN, annotated=True, provided={"a:other"})
    assert reason == "explainer 'lrp' needs a model with special tokens: 'plain' is none"
    lost = Toy("lrp", requires=_of("a:rules"))
    assert why_not(lost, PLAIN, annotated=True, provided={"a:other"}) == ""
    assert why_not(lost, PLAIN, annotated=True, provided={"a:rules"})


def test_truth_needs_annotations() -> None:
    oracle, auprc = Toy("oracle", requires=_of("truth")), Toy("auprc", requires=_of("truth"))
    reason = why_not(oracle, PLAIN, annotated=False)
    assert reason == "explainer 'oracle' needs annotations, and what is explained has none"
    reason = why_not(PLAIN, PLAIN, annotated=False, dataset="mine", metric=auprc)
    assert reason == "metric 'auprc' needs annotations, and data set 'mine' has none"
    assert why_not(oracle, PLAIN, annotated=True, metric=auprc) == ""


def test_what_a_metric_asks_of_explainer_and_aggregator() -> None:
    fixed, again = Toy("file", provides=_of("fixed")), Toy("stable", requires=_of("explainer"))
    reason = why_not(fixed, PLAIN, annotated=False, metric=again)
    assert "explainer 'file' has those of the data set alone" in reason
    assert why_not(PLAIN, PLAIN, annotated=False, metric=again) == ""
    raw = Toy("raw", requires=_of("native", "probe"))
    for capability in ("coarsen", "refine"):
        moves = Toy("moves", provides=_of(capability))
        reason = why_not(
            PLAIN, PLAIN, annotated=False, metric=raw, aggregator=moves, partition="tokens"
        )
        assert reason.startswith("metric 'raw' needs raw attributions, and aggregator 'moves'")
    assert why_not(PLAIN, PLAIN, annotated=False, metric=raw, aggregator=Toy()) == ""


def test_replicates_are_asked_of_the_suite() -> None:
    agreement = Toy("agreement", requires=_of("replicates"))
    reason = why_not(PLAIN, PLAIN, annotated=False, metric=agreement)
    assert reason.startswith("metric 'agreement' needs a model with several replicates, and 'plain")
    assert why_not(PLAIN, PLAIN, annotated=False, metric=agreement, replicates=2) == ""


def test_a_file_of_explanations_is_of_one_set_of_weights() -> None:
    fixed = Toy("file", provides=_of("fixed"))
    assert why_not(fixed, PLAIN, annotated=False, replicate=0, replicates=2) == ""
    reason = why_not(fixed, PLAIN, annotated=False, replicate=1, replicates=2)
    assert reason.startswith("explainer 'file' has explanations of one set of weights alone")


@pytest.mark.parametrize(("partition", "complains"), [("", True), ("tokens", False)])
def test_coarsening_needs_to_know_whose_tokens(partition: str, complains: bool) -> None:
    mean = Toy("mean", provides=_of("coarsen"))
    reason = why_not(
        PLAIN, PLAIN, annotated=False, metric=Toy(), aggregator=mean, partition=partition
    )
    assert ("say partition = MODEL" in reason) is complains

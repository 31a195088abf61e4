"""Suites, recipes and their changes with odd content: valid, or an error of the package's own.

A suite that is accepted is planned too: what is wrong with it is found before any work.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hostile import ODD_TEXTS, ODD_VALUES, damaged, fuzzed, with_odd_value
from hypothesis import strategies as st

from gxarena.cli.console import key_values
from gxarena.datasets.opening import opened
from gxarena.errors import GxarenaError, InputError
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.suite import Suite, read_suite
from gxarena.training.recipe import Recipe, read_recipe
from gxarena.validation import validated

SEEDS = st.integers(0, 2**32)
LENGTHS = [pytest.param(20, id="short"), pytest.param(2000, id="long", marks=pytest.mark.slow)]

SUITE = """
name = "odd"
summary = "anything"
seed = 1
target = 1
objective = "logit"
partition = "toy-tokens"
headline = ["gini"]
[datasets.mine]
path = "data.csv"
n = 5
labels = [0, 1]
kind = "toys"
[datasets.made]
name = "planted"
n = 4
[datasets.cut]
name = "windows"
data = "data.csv"
length = 20
n = 2
[models.other]
name = "toy"
width = 2
replicates = [{scale = 1.0}, {scale = 2.0}]
[explainers.chance]
name = "random"
[metrics.focus]
name = "gini"
[[matrix]]
datasets = ["mine", "made", "cut"]
models = ["toy", "other"]
explainers = ["exact", "chance"]
aggregators = ["native", "mean"]
metrics = ["focus", "continuous_jaccard"]
against = ["toy/exact"]
"""
DOCUMENT: dict[str, Any] = {
    "name": "odd",
    "summary": "anything",
    "seed": 1,
    "target": 1,
    "objective": "logit",
    "partition": "toy-tokens",
    "headline": ["gini"],
    "datasets": {
        "mine": {
            "path": "data.csv",
            "n": 5,
            "labels": [0, 1],
            "kind": "toys",
            "sequence": "sequence",
        },
        "made": {"name": "planted", "n": 4, "split": "test"},
        "cut": {"name": "windows", "data": "data.csv", "length": 20, "n": 2, "anchor": "start"},
        "bench": {"name": "genomic-benchmarks", "task": "x", "root": ".", "sha256": ""},
        "gue": {"name": "gue", "task": "tf/0", "root": "."},
    },
    "models": {"other": {"name": "toy", "width": 2, "replicates": [{"scale": 1.0}]}},
    "explainers": {
        "maps": {"name": "precomputed", "path": "maps.npz"},
        "mixed": {"name": "permuted", "explainer": "random"},
    },
    "metrics": {"focus": {"name": "gini"}},
    "matrix": [
        {
            "datasets": ["mine"],
            "models": ["toy", "other"],
            "explainers": ["exact", "maps", "mixed"],
            "aggregators": ["native", "mean"],
            "metrics": ["focus", "continuous_jaccard"],
            "against": ["toy/exact"],
        },
        {
            "datasets": ["made", "cut"],
            "models": ["toy"],
            "explainers": ["exact"],
            "metrics": ["focus"],
        },
    ],
}
RECIPE = """
model = "cnn"
seed = 3
summary = "a toy"
[data]
train = "data.csv"
valid = "data.csv"
test = "fly-promoters:test"
[data.parameters]
sequence = "sequence"
[settings]
epochs = 2
learning_rate = 0.001
"""


def _keys(document: Any, at: str = "") -> list[str]:
    if not isinstance(document, dict):
        return []
    inner = [(f"{at}.{key}".lstrip("."), value) for key, value in document.items()]
    return [name for name, value in inner for name in (name, *_keys(value, name))]


CHANGES = st.tuples(
    st.sampled_from([*_keys(DOCUMENT), "datasets", "a.b.c", ".", "", "[/y]", "models.toy.width"]),
    st.sampled_from(["=", "", "==", ".x=", ".=", "[0]="]),
    st.one_of(
        st.sampled_from(
            [*ODD_TEXTS, "[" * 5000, "{a={a=" * 50, "1979-05-27", "0x" + "f" * 5000, "1\ny=2"]
        ),
        ODD_VALUES.map(lambda value: json.dumps(value, default=str)),
    ),
).map("".join)


def _planned(suite: Suite, registry: Registry, folder: Path) -> None:
    made = make_plan(suite, registry, folder=folder, limit=3)
    # What a run would write of it.
    json.dumps([made.suite.model_dump(mode="json"), made.digest])


def test_whole_documents_are_planned(data: Path, registry: Registry) -> None:
    (data.parent / "odd.toml").write_text(SUITE)
    _planned(read_suite(str(data.parent / "odd.toml")), registry, data.parent)
    _planned(validated(Suite, DOCUMENT, "odd.toml"), registry, data.parent)
    (data.parent / "recipe.toml").write_text(RECIPE)
    assert read_recipe(data.parent / "recipe.toml").seed == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (f"seed={2**63}", "--set seed: expected integers of 63 bits and a sign, got one of 64."),
        (
            f"seed=0x{'f' * 5000}",
            "--set seed: expected integers of 63 bits and a sign, got one of 20000.",
        ),
        ("seed=" + "9" * 5000, "odd.toml, seed: expected an integer of 64 bits, got '999"),
        ("models=" + "[" * 5000, "odd.toml, models: expected a valid dictionary, got '[[["),
        ("models.a" + ".a" * 40 + "=1", "--set: expected at most 32 keys in one another, got more"),
        ("datasets.mine.n=2.5", "odd, datasets.mine, n: expected a valid integer, got 2.5."),
        ("datasets.mine.n=true", "odd, datasets.mine, n: expected a valid integer, got True."),
        ("datasets.mine.labels=1", "odd, datasets.mine, labels: expected a valid list, got 1."),
        ("datasets.mine.path=5", "odd, datasets.mine, path: expected a valid string, got 5."),
        ("datasets.mine.path=''", "odd, datasets.mine, path: expected string should have at least"),
        ("datasets.mine.label=5", "data.csv, label: expected the name of a column, got 5."),
        ("datasets.cut.base=5", "dataset 'windows': expected other parameters, got {'data'"),
        ("datasets.cut.registry=5", "dataset 'windows': expected other parameters, got {'data'"),
        ("metrics.focus.name=[1]", "metrics.focus: expected name to be the text that a component"),
    ],
)
def test_what_is_wrong_is_one_sentence_before_any_work(
    data: Path, registry: Registry, change: str, sentence: str
) -> None:
    path = data.parent / "odd.toml"
    path.write_text(SUITE)
    with pytest.raises(InputError) as caught:
        _planned(read_suite(str(path), [change]), registry, data.parent)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000, f"a = {2**63}"])
def test_toml_that_no_suite_can_be(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.toml").write_text(text)
    for read in (
        lambda: read_suite(str(tmp_path / "odd.toml")),
        lambda: read_recipe(tmp_path / "odd.toml"),
    ):
        with pytest.raises(
            InputError, match=r"odd\.toml: expected (TOML|integers of 63 bits and a sign), got"
        ):
            read()


@pytest.mark.parametrize("examples", LENGTHS)
def test_damaged_suite_files(data: Path, registry: Registry, examples: int) -> None:
    path = data.parent / "odd.toml"

    @fuzzed(examples, SEEDS)
    def campaign(seed: int) -> None:
        path.write_bytes(damaged(SUITE.encode(), seed))
        with contextlib.suppress(GxarenaError):
            _planned(read_suite(str(path)), registry, data.parent)

    campaign()


@pytest.mark.parametrize("examples", LENGTHS)
def test_odd_values_anywhere_in_a_suite(data: Path, registry: Registry, examples: int) -> None:
    @fuzzed(examples, ODD_VALUES, SEEDS)
    def campaign(value: Any, seed: int) -> None:
        with contextlib.suppress(GxarenaError):
            odd = with_odd_value(DOCUMENT, value, seed)
            _planned(validated(Suite, odd, "odd.toml"), registry, data.parent)

    campaign()


@pytest.mark.parametrize("examples", LENGTHS)
def test_odd_changes(data: Path, registry: Registry, examples: int) -> None:
    path = data.parent / "odd.toml"
    path.write_text(SUITE)

    @fuzzed(examples, CHANGES)
    def campaign(change: str) -> None:
        with contextlib.suppress(GxarenaError):
            _planned(read_suite(str(path), [change]), registry, data.parent)
        with contextlib.suppress(GxarenaError):
            key_values("--model-arg", [change])

    campaign()


@pytest.mark.parametrize("examples", LENGTHS)
def test_odd_recipes(data: Path, registry: Registry, examples: int) -> None:
    path = data.parent / "odd.toml"

    def opens(recipe: Recipe) -> None:
        for reference in (recipe.data.train, recipe.data.valid, recipe.data.test):
            with contextlib.suppress(GxarenaError):
                opened(reference, registry, data.parent, recipe.data.parameters)

    @fuzzed(examples, SEEDS, ODD_VALUES)
    def campaign(seed: int, value: Any) -> None:
        path.write_bytes(damaged(RECIPE.encode(), seed))
        with contextlib.suppress(GxarenaError):
            opens(read_recipe(path))
        path.write_text(RECIPE)
        with contextlib.suppress(GxarenaError):
            whole = read_recipe(path).model_dump()
            opens(validated(Recipe, with_odd_value(whole, value, seed), "odd.toml"))

    campaign()


@pytest.mark.parametrize(
    ("module", "settings", "rates"),
    [
        ("gxarena_cnn.training.settings", "Settings", ["learning_rate", "weight_decay"]),
        ("gxarena_dnabert2.training.settings", "Stage", ["learning_rate"]),
        ("gxarena_hf.train", "Settings", ["learning_rate", "weight_decay"]),
    ],
)
def test_rates_that_no_training_survives_are_refused_before_it(
    module: str, settings: str, rates: list[str]
) -> None:
    kind = getattr(pytest.importorskip(module), settings)
    for key in rates:
        for rate in (1e300, float("inf"), float("nan"), -1.0):
            with pytest.raises(InputError, match=rf"{key}: expected .*, got "):
                validated(kind, {key: rate}, "recipe")
        assert getattr(validated(kind, {key: 0.5}, "recipe"), key) == 0.5

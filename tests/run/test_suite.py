"""Suite files: what is read, and one clear sentence for what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from gxarena.errors import InputError
from gxarena.run.suite import Block, Suite, find_suite, read_suite, shipped_suites

TEXT = """
name = "mine"
[datasets.d]
path = "d.csv"
[[matrix]]
datasets = ["d"]
models = ["cnn"]
explainers = ["lrp"]
metrics = ["gini"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    return path


def test_reads_with_defaults(file: Path) -> None:
    suite = read_suite(str(file))
    assert (suite.name, suite.seed, suite.target) == ("mine", 0, "predicted")
    assert suite.matrix[0].aggregators == ["native"]


@pytest.mark.parametrize("name", shipped_suites())
def test_every_shipped_suite_reads_and_says_what_it_asks(name: str) -> None:
    suite = read_suite(name)
    assert suite.name == name
    assert suite.summary


@pytest.mark.parametrize("value", ["2026-11-30", "12:30:00", "[1, {of = 2026-11-30T12:30:00Z}]"])
def test_a_date_is_no_parameter(file: Path, value: str) -> None:
    file.write_text(TEXT + f"[metrics.gini]\nwindow = {value}\n")
    with pytest.raises(InputError, match=r"metrics.gini: expected window to be no date or time"):
        read_suite(str(file))
    read_suite(str(file), ["metrics.gini.window='2026-11-30'"])


def test_set_changes_keys(file: Path) -> None:
    suite = read_suite(str(file), ["seed=7", "datasets.d.n=5", "models.cnn.checkpoint=some/dir"])
    assert suite.seed == 7
    assert suite.datasets["d"] == {"path": "d.csv", "n": 5}
    assert suite.models["cnn"] == {"checkpoint": "some/dir"}


MATRIX = 'matrix=[{datasets=["d"], models=["cnn"], explainers=["lrp"], metrics=["gini"]}]'


def test_of_the_headline_what_another_matrix_cannot_show_falls_away(file: Path) -> None:
    said = 'headline = ["gini*", "entropy", "modisco.recall"]\n'
    file.write_text(TEXT.replace("[datasets.d]", said + "[datasets.d]"))
    assert len(read_suite(str(file), ["seed=1"]).headline) == 3  # a misspelt one is warned of
    assert read_suite(str(file), [MATRIX]).headline == ["gini*"]
    asked = ['headline=["entropi"]', MATRIX]
    assert read_suite(str(file), asked).headline == ["entropi"]


def test_of_a_headline_of_pairs_too() -> None:
    change = (
        'matrix=[{datasets=["fly-promoters"], models=["cnn"], explainers=["lrp"], '
        'metrics=["continuous_jaccard", "gini"], against=["cnn/random"]}]'
    )
    assert read_suite("quickstart", [change]).headline == ["gini", "continuous_jaccard*"]


@pytest.mark.parametrize(
    "change", ["datasets.e.n=5", "models.cnm.checkpoint=x", "metrics.ginni.x=1"]
)
def test_a_change_of_what_the_suite_does_not_name_changes_nothing_and_says_so(
    file: Path, change: str
) -> None:
    with pytest.raises(
        InputError, match=r"^--set \w+\.\w+: expected one of the \w+ that the suite"
    ):
        read_suite(str(file), [change])


def test_a_change_of_a_model_that_is_only_compared_with_is_one(file: Path) -> None:
    file.write_text(TEXT + 'against = ["other/lrp"]\n')
    suite = read_suite(str(file), ["models.other.name=cnn", "explainers.lrp.composite=x"])
    assert suite.models["other"] == {"name": "cnn"}


def test_a_number_in_place_of_a_list_takes_the_first(file: Path) -> None:
    listed = 'models.cnn.replicates=["a", "b", "c"]'
    file.write_text(TEXT + '[models.cnn]\nreplicates = ["a", "b", "c"]\n')
    for changes, expected in (
        ([], ["a", "b", "c"]),
        (["models.cnn.replicates=1"], ["a"]),
        (["models.cnn.replicates=4"], 4),
        ([listed, 'models.cnn.name="cnn"'], ["a", "b", "c"]),
    ):
        assert read_suite(str(file), changes).models["cnn"]["replicates"] == expected


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("sede=1", "mine.toml, sede: unknown key. Did you mean 'seed'?"),
        ("seed=-1", "mine.toml, seed: expected greater than or equal to 0, got -1."),
        ("objective=logits", "mine.toml, objective: expected 'logit', 'log_odds' or 'probability'"),
        ("matrix=[]", "mine.toml, matrix: expected list should have at least 1 item"),
        ("name.x=1", "--set name.x=1: expected 'name' to be a table, got a value."),
        ("seed", "--set: expected key=value, got 'seed'."),
    ],
)
def test_mistakes_are_one_sentence(file: Path, change: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        read_suite(str(file), [change])
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_unknown_key_in_a_block_is_compared_with_the_blocks_keys(file: Path) -> None:
    file.write_text(TEXT.replace("explainers", "explainerz"))
    with pytest.raises(
        InputError, match=r"matrix\[0\].explainerz: unknown key. Did you mean 'expl"
    ):
        read_suite(str(file))
    file.write_text(TEXT + 'agregators = ["native"]\n')
    with pytest.raises(InputError, match=r"matrix\[0\].agregators: unknown key. Did you mean 'agg"):
        read_suite(str(file))


def test_not_toml_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match="expected TOML, got a syntax error"):
        read_suite(str(tmp_path / "bad.toml"))
    monkeypatch.chdir(tmp_path)
    looked = re.escape(str(tmp_path / "none.toml"))
    with pytest.raises(InputError, match=f"expected a suite file, found none at {looked}"):
        find_suite("none.toml")
    with pytest.raises(InputError, match=r"unknown suite 'quickstar'\. Did you mean 'quickstart'"):
        find_suite("quickstar")


@pytest.mark.parametrize("document", [Suite, Block])
def test_every_key_says_what_it_means(document: type[BaseModel]) -> None:
    for key, field in document.model_fields.items():
        assert field.description, key
        assert field.description.endswith("."), key

"""Metrics that rank nobody: what a verdict is of, and that a written one is read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.files import shipped
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.results import validity
from gxarena.results.validity import Measure, why_not_ranked, write_verdicts


def _cell(model: str = "cnn", **parameters: Any) -> dict[str, Any]:
    return {
        "model_component": model,
        "metric_component": "faithfulness",
        "metric_parameters": json.dumps(parameters),
    }


def test_a_verdict_is_of_what_is_asked_and_not_of_how_far() -> None:
    one = Measure.of(_cell(ranking="signed", fill="unknown", budgets=[5, 20]), "mif_drop_logit@20")
    other = Measure.of(_cell(fill="unknown", ranking="signed", budgets=[20, 50]), one.quantity)
    assert one == other
    assert Measure.of(_cell(fill="complement", ranking="signed"), one.quantity) != one
    assert Measure.of(_cell(fill="unknown", ranking="signed"), "") != one
    assert Measure.of(_cell("hf", fill="unknown", ranking="signed"), one.quantity) != one
    assert Measure.of(_cell() | {"metric_parameters": None}, "").parameters == "{}"


def test_an_area_over_one_budget_is_what_is_at_it() -> None:
    """It is half the drop: what does not rank by the one does not by the other."""
    metric = Faithfulness("unknown", budgets=[10])
    areas = [name for name in metric.quantities if name.endswith("_area")]
    at = [name for name in metric.quantities if name.endswith("@10")]
    drops = {name for name in at if not name.startswith(("replaced", "below_unit"))}
    cell = _cell(fill="unknown", budgets=[10])
    assert {Measure.of(cell, name).quantity for name in areas} == drops
    assert len(areas) == len(drops)
    for budgets in ([5, 10], [], None):
        several = _cell(fill="unknown") if budgets is None else _cell(budgets=budgets)
        assert [Measure.of(several, name).quantity for name in areas] == areas
    assert Measure.of(cell, "gain_logit@10").quantity == "gain_logit@10"
    for area in ("gain_logit_area", "mif_logit_area"):
        shipped_cell = _cell(fill="unknown", ranking="signed", budgets=[10])
        drop = Measure.of(shipped_cell, area).quantity
        assert why_not_ranked(Measure.of(shipped_cell, area)) == why_not_ranked(
            Measure.of(shipped_cell, drop)
        )
    assert why_not_ranked(Measure.of(shipped_cell, "gain_logit_area"))


NAMES = st.sampled_from(["fill", "ranking", "budgets", "random_orders", "sign"])
VALUES = st.sampled_from([1, 2, "unknown", None])


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_two_are_one_measure_where_they_ask_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def what(asked: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in asked.items() if k not in ("budgets", "random_orders")}

    same = Measure.of(_cell(**one), "q") == Measure.of(_cell(**dict(reversed(other.items()))), "q")
    assert same == (what(one) == what(other))


def test_every_shipped_verdict_is_found_by_the_cell_that_it_is_of() -> None:
    rows = json.loads(shipped(validity.FILE).read_text())
    assert rows
    for row in rows:
        parameters = {"any": "of these"} if row["parameters"] == validity.ANY else row["parameters"]
        given_more = parameters | {"budgets": [3, 30], "random_orders": 7}
        cell = {"model_component": row["model"], "metric_component": row["metric"],
                "metric_parameters": json.dumps(given_more)}  # fmt: skip
        assert why_not_ranked(Measure.of(cell, row["quantity"])) == row["why"]
        other = cell | {"model_component": "somebody's"}
        of_all = row["why"] if row["model"] == validity.ANY else ""
        assert why_not_ranked(Measure.of(other, row["quantity"])) == of_all


@pytest.mark.parametrize("model", ["cnn", "hf", "somebody's"])
@pytest.mark.parametrize("sign", ["signed", "magnitude"])
def test_nobody_is_ranked_by_more_relevance_on_decoys_whoever_is_asked(
    model: str, sign: str
) -> None:
    """docs/metrics.md, relevance_mass: "there it ranks nobody"; on motifs it ranks."""
    for names, why in ((["decoy:*"], "the less relevance on decoys the better"), ([], "")):
        asked = {"names": names, "sign": sign, "smoothing": 1, "weights": "even"}
        cell = _cell(model, **asked) | {"metric_component": "relevance_mass"}
        assert why_not_ranked(Measure.of(cell, "")).partition(", and")[0] == why


def test_written_verdicts_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Measure.of(_cell(fill="unknown"), "gain")
    other = Measure.of(_cell(fill="complement"), "gain")
    _ship({mine: "blind"}, tmp_path, monkeypatch)
    assert why_not_ranked(mine) == "blind"
    assert why_not_ranked(other) == ""


def _ship(verdicts: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_verdicts(verdicts.items(), folder / "v.json")
    monkeypatch.setattr(validity, "shipped", lambda _relative: folder / "v.json")


def test_a_budget_that_was_not_judged_is_as_good_as_those_that_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(budget: str, name: str = "gain_logit", **given: Any) -> Measure:
        return Measure.of(_cell(**{"fill": "unknown"} | given), f"{name}@{budget}")

    verdicts = {at("5"): "", at("10"): "is blind", at("20"): "is misled", at("5", "drop"): ""}
    verdicts[at("5")._replace(quantity="gain_logit")] = "is another quantity"
    _ship(verdicts, tmp_path, monkeypatch)
    assert [why_not_ranked(at(one)) for one in ("5", "10", "20")] == ["", "is blind", "is misled"]
    for budget in ("1", "11", "15", "25", "50", "30nt", "5nt"):
        assert why_not_ranked(at(budget)) == (
            "at this budget it was not judged; at 10 is blind; at 20 is misled"
        )
        for of_another in (at(budget, "drop"), at(budget, fill="complement"),
                           at(budget)._replace(model="hf"), at(budget)._replace(metric="x"),
                           at(budget)._replace(quantity="gain_logit_area")):  # fmt: skip
            assert why_not_ranked(of_another) == ""


def test_a_reason_that_holds_at_several_budgets_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(budget: str) -> Measure:
        return Measure.of(_cell(fill="unknown"), f"gain_logit@{budget}")

    _ship({at("10"): "is blind", at("20"): "is blind", at("5"): "is misled"}, tmp_path, monkeypatch)
    assert why_not_ranked(at("50")) == (
        "at this budget it was not judged; at 10 and 20 is blind; at 5 is misled"
    )


@pytest.mark.parametrize("budget", ["1", "11", "15", "25", "50", "30nt"])
def test_the_cnn_s_gain_ranks_nobody_at_a_budget_beside_those_that_do_not(budget: str) -> None:
    asked = _cell(fill="unknown", ranking="signed", budgets=[15], random_orders=3)
    why = why_not_ranked(Measure.of(asked, f"gain_logit@{budget}"))
    assert why.startswith(
        "at this budget it was not judged; at 10 and 20 on planted motifs it is not"
    )
    assert why_not_ranked(Measure.of(asked, "gain_logit@5")) == ""
    complement = _cell(fill="complement", ranking="signed")
    assert why_not_ranked(Measure.of(complement, f"gain_logit@{budget}")) == ""


@pytest.mark.parametrize("model", ["cnn", "dnabert2-mini", "somebody's"])
@pytest.mark.parametrize("rules", [{}, {"rules": [{"all": ["A", "B"]}], "positive": 0}])
def test_nobody_is_ranked_by_a_gap_that_oracle_and_noise_share(
    model: str, rules: dict[str, Any]
) -> None:
    cell = _cell(model, **rules) | {"metric_component": "dependency_map"}
    assert "never changes" in why_not_ranked(Measure.of(cell, "gap"))
    assert why_not_ranked(Measure.of(cell, "null")) == ""


@pytest.mark.parametrize(
    "asked",
    [
        *({"model": model, "fill": "unknown"} for model in ("dnabert2", "hf", "spliceai")),
        *({"model": "dnabert2-mini", "fill": fill} for fill in ("random", "dinucleotide")),
    ],
)
def test_other_models_and_other_letters_rank_as_they_were_not_judged(asked: dict[str, str]) -> None:
    """docs/metrics.md, which metric to trust, says so."""
    cell = _cell(**asked, ranking="signed")
    assert why_not_ranked(Measure.of(cell, "lif_drop_logit@5")) == ""
    mini = _cell("dnabert2-mini", fill="unknown", ranking="signed")
    assert why_not_ranked(Measure.of(mini, "lif_drop_logit@5"))
    page = " ".join((Path(__file__).parents[2] / "docs" / "metrics.md").read_text().split())
    assert "All else that was not judged ranks" in page

"""What the pages say in words, asked of the boards that they say it of."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from statsmodels.stats.multitest import multipletests

from gxarena.data import Bools
from gxarena.results.excess import Excess, Found
from gxarena.results.schemas import LEADERBOARD
from gxarena.statistics.intervals import EQUAL
from gxarena_jaspar.grammars import M1BP, MOTIFS, PHOL, SENS
from gxarena_jaspar.instances import drawn_motif
from gxarena_jaspar.matrices import matrices

BOARDS = Path(__file__).parents[2] / "leaderboard"
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RULES = ("lrp", "lrp-plus", "lrp-gamma", "lrp-alpha-beta")
"""Of LRP: the default, epsilon, and the others."""
GRAMMARS = ("one", "and", "or", "spacing", "unless", "decoys")


def _page(name: str) -> str:
    """A page of docs/ as one line."""
    return " ".join((BOARDS.parent / "docs" / f"{name}.md").read_text().split())


def _rows(board: str, **labels: str) -> dict[str, dict[str, Any]]:
    """A board's rows of these labels, by explainer."""
    rows = pq.read_table(BOARDS / f"{board}.parquet").to_pylist()
    return {r["explainer"]: r for r in rows if all(r[k] == v for k, v in labels.items())}


def _of_methods(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Methods' own numbers; of maps without evidence the mean map, a control, may have none."""
    return [
        row
        for row in rows
        if row.get("role") == "method" and row["n"] and not row["metric"].endswith(".positional")
    ]


@pytest.mark.parametrize(
    ("board", "models"),
    [
        ("quickstart", {"cnn": 5, "dnabert2-mini": 3}),
        ("planted", {"cnn-planted": 5, "mini-planted": 5}),
        ("question-resolution", {"cnn-planted": 5, "mini-planted": 5}),
        ("question-positions", {"cnn": 5, "dnabert2-mini": 5}),
        ("question-similarity", {"dnabert2-mini": 5}),
        ("question-unseen", {"cnn-planted": 5, "all-words": 3, "held-out": 3}),
        ("question-tokenisation", {"cnn": 1, "bpe": 1, "nucleotides": 1}),
        ("spliceai", {"spliceai": 1}),
    ],
)
def test_how_many_weights_a_model_stands_for(board: str, models: dict[str, int]) -> None:
    """docs/results.md, how far these numbers reach."""
    rows = pq.read_table(BOARDS / f"{board}.parquet").to_pylist()
    assert {(row["model"], row["replicates"]) for row in _of_methods(rows)} == set(models.items())


def test_every_board_whose_models_are_not_five_is_named() -> None:
    """docs/results.md, how far these numbers reach."""
    _, _, reach = _page("results").partition("How far these numbers reach")
    reach, _, _ = reach.partition("Suites that ship")
    boards = {path.stem: path for path in BOARDS.glob("*.parquet")}
    for name in sorted(boards.keys() & {path.stem for path in BENCHMARKS.glob("*.toml")}):
        if "replicates" in pq.read_schema(boards[name]).names:
            rows = pq.read_table(boards[name]).to_pylist()
            few = {row["replicates"] for row in _of_methods(rows)} - {5}
            assert not few or name in reach, name


def test_which_suites_have_no_board() -> None:
    """docs/results.md, how far these numbers reach."""
    without = {
        path.stem
        for path in BENCHMARKS.glob("*.toml")
        if not (BOARDS / f"{path.stem}.parquet").exists()
    }
    page = (BOARDS.parent / "docs" / "results.md").read_text()
    _, _, after = page.partition("have no board here")
    named = re.findall(r"`([\w-]+)`", after.partition("Of these nothing")[0])
    assert named == sorted(without)


def test_boards_have_all_columns_of_today() -> None:
    """A board of an older version reads with columns that say nothing; it is to be made again."""
    schemas = {path.stem: pq.read_schema(path) for path in BOARDS.glob("*.parquet")}
    boards = {name: s.names for name, s in schemas.items() if "ci_method" in s.names}
    assert {"quickstart", "quickstart-one-training"} <= boards.keys()
    assert {name for name, found in boards.items() if found != LEADERBOARD.names} == set()


def test_which_claims_of_a_mean_of_zero_fail_too_often() -> None:
    """docs/statistics.md, claims, and the docstring of benchmarks/statistics/claims.py."""
    rows = pq.read_table(BOARDS / "claims-null.parquet").to_pylist()
    often = [
        row
        for row in rows
        if row["case"] == "a mean of 0 above 0" and max(row["fails"], row["holds"]) > 0.05
    ]
    found = {(row["distribution"], row["n"], row["replicates"]) for row in often}
    assert found == {("exponential", 10, 1), ("exponential", 20, 1)}
    assert all(row["comparisons"] > 1 for row in often)


def test_which_orders_of_the_quickstart_other_trainings_keep() -> None:
    """docs/results.md, quickstart."""
    rows = pq.read_table(BOARDS / "quickstart-orders.parquet").to_pylist()
    assert {row["dataset"] for row in rows} == {"fly-promoters"}
    assert not [row for row in rows if row["outcome"] == "turned round"]
    models = [row for row in rows if row["right_role"] == "method"]
    assert {(row["left"], row["right"]) for row in models} == {
        ("dnabert2-mini / attnlrp", "cnn / lrp")
    }
    at_20 = {
        row["metric"].removeprefix("faithfulness-"): row["outcome"]
        for row in models
        if row["metric"] in ("gini", "entropy")
        or (
            row["metric"].endswith(("mif_drop_logit@20", "lif_drop_logit@20", ".gain_logit@20"))
            and row["ahead_one"] != "neither"
        )
    }
    assert len(at_20) == 11
    assert {metric for metric, outcome in at_20.items() if outcome == "kept"} == {
        "complement.mif_drop_logit@20",
        "complement.gain_logit@20",
        "random.gain_logit@20",
        "gini",
        "entropy",
    }
    assert set(at_20.values()) == {"kept", "left open"}
    together = {row["metric"]: row for row in models if row["kept"]}
    assert {metric.removeprefix("faithfulness-") for metric in together} == at_20.keys()
    adjusted = multipletests([row["p"] for row in together.values()], method="holm")[1]
    assert adjusted == pytest.approx([row["p_together"] for row in together.values()])
    assert {m for m, row in together.items() if row["kept"] == "yes"} == {"gini", "entropy"}
    assert {m for m, row in together.items() if row["p_together"] <= 0.05} == {"gini", "entropy"}
    page = " ".join((BOARDS.parent / "docs" / "results.md").read_text().split())
    assert "eleven are corrected together (Holm), and sparsity and complexity alone keep" in page
    for control in ("random", "gc", "attnlrp-randomised", "lrp-randomised"):
        beside = [row for row in rows if row["right"].endswith(f" / {control}")]
        kept = [row for row in beside if (row["outcome"], row["ahead"]) == ("kept", row["left"])]
        assert len(kept) > len(beside) / 2
        behind = {row["metric"] for row in beside if row["ahead"] == row["right"]}
        assert all(".lif_change_" in metric for metric in behind)
    for model, explainer in (("cnn", "lrp"), ("dnabert2-mini", "attnlrp")):
        drop = _rows("quickstart", metric="faithfulness-unknown.lif_drop_logit@20", model=model)
        assert drop[explainer]["ci_high"] < 0
    assert sum(row["outcome"] == "left open" for row in models) > len(models) / 2


def test_by_which_rows_of_the_quickstart_s_tables_nobody_is_ranked() -> None:
    """README.md and docs/results.md, quickstart."""
    shown = {"cnn": "lrp", "dnabert2-mini": "attnlrp"}
    quantities = ("mif_drop_logit@20", "lif_drop_logit@20", "gain_logit@20")
    barred = {
        (model, fill, quantity): row["not_ranked"]
        for model, explainer in shown.items()
        for fill in ("unknown", "random", "complement")
        for quantity in quantities
        for row in [
            _rows(
                "quickstart",
                metric=f"faithfulness-{fill}.{quantity}",
                model=model,
                aggregator="native",
            )[explainer]
        ]
        if row["not_ranked"]
    }
    noise, gc = "not decided whether it tells the truth from random", "takes gc (decoys) for better"
    expected = {
        ("cnn", "unknown", "mif_drop_logit@20"): noise,
        ("cnn", "unknown", "gain_logit@20"): noise,
        ("dnabert2-mini", "complement", "lif_drop_logit@20"): gc,
    }
    assert barred.keys() == expected.keys()
    assert all(why in barred[key] for key, why in expected.items())
    unjudged = _rows("quickstart", metric="faithfulness-unknown.gain_logit@50", model="cnn")["lrp"]
    assert unjudged["not_ranked"].startswith("at this budget it was not judged; at 10 and 20 on")
    for page in ("README.md", "docs/results.md"):
        assert "nobody is ranked for the CNN" in " ".join(
            (BOARDS.parent / page).read_text().split()
        )


@pytest.mark.parametrize(("model", "explainer"), [("cnn", "lrp"), ("dnabert2-mini", "attnlrp")])
def test_what_is_called_most_important_costs_more_than_a_random_order(
    model: str, explainer: str
) -> None:
    """README.md, what comes out."""
    asked = {"model": model, "aggregator": "native"}

    def found(quantity: str) -> dict[str, dict[str, Any]]:
        return _rows("quickstart", metric=f"faithfulness-unknown.{quantity}_logit@20", **asked)

    assert found("gain")[explainer]["ci_low"] > 0
    # And what is called least important: the score rises, by more than with random scores.
    assert found("lif_drop")[explainer]["ci_high"] < 0
    change = found("lif_change")
    assert change[explainer]["ci_low"] > change["random"]["ci_high"]
    assert {name for name, row in change.items() if row["direction"] == "lower"} == change.keys()
    for quantity in ("lif_change", "mif_drop"):
        assert bool(found(quantity)[explainer]["not_ranked"]) == (model == "cnn")
    page = " ".join((BOARDS.parent / "README.md").read_text().split())
    assert "by the size of that change either is worse than random scores" in page


def test_why_the_tutorial_takes_the_complement() -> None:
    """docs/tutorials/explainer.md, step 5."""
    rows = pq.read_table(BOARDS / "quickstart.parquet").to_pylist()
    of_lrp = [row for row in rows if row["model"] == "cnn" and row["explainer"] == "lrp"]
    ranked: dict[str, set[bool]] = {}
    for row in of_lrp:
        if row["direction"] != "none":
            ranked.setdefault(row["metric"].partition(".")[0], set()).add(row["rank"] is not None)
    assert ranked["faithfulness-complement"] == {True}
    assert ranked["faithfulness-unknown"] == {True, False}


def test_random_scores_are_less_complex_on_tokens_too() -> None:
    """docs/paper.md, on the bundled fly promoters."""
    tokens, nucleotides = (
        _rows("quickstart", metric="entropy", model="dnabert2-mini", aggregator=units)["random"]
        for units in ("native", "passed_on")
    )
    assert tokens["ci_high"] < nucleotides["ci_low"]


def test_by_epsilon_most_patterns_speak_against_promoters_by_epsilon_plus_for_them() -> None:
    """docs/results.md, fly core promoters."""
    found = {
        sign: _rows(
            "fly-motifs",
            metric=f"modisco.hypothetical.patterns_{sign}",
            model="cnn",
            aggregator="native",
        )
        for sign in ("positive", "negative")
    }
    epsilon, plus = (
        [found[sign][rule]["estimate"] for sign in ("positive", "negative")]
        for rule in ("lrp", "lrp-plus")
    )
    assert epsilon[0] < epsilon[1]
    assert plus[0] > plus[1]


def test_nobody_is_first_everywhere() -> None:
    """docs/results.md, a full field."""
    ranks: dict[str, dict[str, set[int]]] = {}
    tiers: dict[str, dict[str, set[int]]] = {}
    for row in pq.read_table(BOARDS / "explainers.parquet").to_pylist():
        shown = row["metric"] == "auprc" or row["metric"] == "faithfulness-unknown.gain_logit@10"
        if shown and row["aggregator"] == "native" and row["role"] == "method":
            network = "cnn" if row["model"].startswith("cnn") else "mini"
            for of, column in ((ranks, "rank"), (tiers, "tier")):
                if row[column] is not None:
                    numbers = of.setdefault(network, {}).setdefault(row["explainer"], set())
                    numbers.add(row[column])
    for network in ("cnn", "mini"):
        assert not [name for name, found in ranks[network].items() if found == {1}]
    always = {name for name, found in tiers["mini"].items() if found == {1}}
    assert always == {"attnlrp", "gradient_shap"}
    # By what else the tables show they are not.
    gini = _rows("explainers", dataset="fly", model="dnabert2-mini", metric="gini")
    assert all(gini[name]["tier"] > 1 for name in always)
    page = " ".join((BOARDS.parent / "docs" / "results.md").read_text().split())
    assert "everywhere in the first tier" not in page


@pytest.mark.parametrize("grammar", ["and", "spacing"])
def test_maps_that_never_change_have_one_gap(grammar: str) -> None:
    """docs/metrics.md, dependency_map."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    gap = _rows("planted", metric="dependency_map.gap", **cnn)
    assert gap["gc"]["estimate"] == gap["random"]["estimate"]


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_truth_prefers_other_rules_of_lrp_and_the_gain_ranks_none(grammar: str) -> None:
    """docs/results.md, planted truth."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    for metric in ("auprc", "auprc-magnitude"):
        found = _rows("planted", metric=metric, **cnn)
        assert found["lrp"]["replicates"] == 5
        assert {name for name, row in found.items() if row["role"] == "method"} == set(RULES)
        assert found["lrp"]["rank"] == 4
        assert found["lrp"]["rank_low"] == (3 if grammar == "spacing" else 4)
        assert (found["lrp-plus"]["rank_high"] == 4) == (grammar == "spacing")
        assert all(found[one]["rank_high"] < 4 for one in ("lrp-gamma", "lrp-alpha-beta"))
        assert found["lrp-alpha-beta"]["rank"] > 1
    gain = _rows("planted", metric="faithfulness-unknown.gain_logit@20", **cnn)
    for row in gain.values():
        assert "not decided whether it tells the truth from random" in row["not_ranked"]
        assert row["rank"] is None
    magnitude, signed = (
        _rows("planted", metric=metric, **cnn)["lrp"] for metric in ("auprc-magnitude", "auprc")
    )
    assert magnitude["estimate"] > signed["estimate"]
    assert (magnitude["ci_low"] > signed["ci_high"]) == (grammar != "spacing")


def test_where_accuracy_stands_beside_what_points_at_truth() -> None:
    """docs/results.md: on the very samples, of each model whose maps truth judges."""
    accuracy = {
        name: {
            (row["model"], row["dataset"])
            for row in pq.read_table(BOARDS / f"{name}.parquet").to_pylist()
            if row["metric"] == "accuracy"
        }
        for name in ("planted", "question-resolution", "explainers-accuracy", "ctcf-vs-pu1")
    }
    both = {(model, grammar) for model in ("cnn-planted", "mini-planted") for grammar in GRAMMARS}
    assert accuracy["question-resolution"] == both
    assert accuracy["planted"] > both
    assert accuracy["explainers-accuracy"] > {(model, f"planted-{of}") for model, of in both}
    peaks = {(model, of) for model in ("cnn-ctcf", "mini-ctcf") for of in ("ctcf", "pu1")}
    assert accuracy["ctcf-vs-pu1"] == peaks


@pytest.mark.parametrize(
    "page", sorted((BOARDS.parent / "docs").rglob("*.md")), ids=lambda page: page.stem
)
def test_no_placeholder_is_left_on_a_page(page: Path) -> None:
    assert not re.search(r"^[A-Z]{6,}$", page.read_text(), re.MULTILINE)


def test_weights_that_ship_have_seen_the_words_of_planted() -> None:
    """docs/models-and-data.md, data."""
    for recipe in ("cnn-planted", "dnabert2-mini-planted"):
        data = tomllib.loads((BENCHMARKS / "recipes" / f"{recipe}.toml").read_text())["data"]
        assert data == {split: f"planted:{split}" for split in ("train", "valid", "test")}
    for path in BENCHMARKS.glob("*.toml"):
        for given in tomllib.loads(path.read_text()).get("datasets", {}).values():
            assert "strands" not in given
            assert "held_out" not in given or path.stem == "question-unseen"
    lists = [drawn_motif(one, i).instances for i, one in enumerate(matrices(MOTIFS))]
    assert min(len(np.unique(words, axis=0)) for words in lists) == 5


GAINS = tuple(f"faithfulness-{fill}.gain_logit@10" for fill in ("unknown", "dinucleotide"))


@pytest.mark.parametrize("metric", ["auprc", *GAINS])
def test_where_all_trainings_are_wrong_less_is_found_and_lost(metric: str) -> None:
    """docs/results.md, three settings of the measures."""
    right, wrong = (
        _rows(
            f"question-measures-{stratum}",
            dataset=f"and, only {stratum}",
            model="mini-planted",
            metric=metric,
        )
        for stratum in ("correct", "wrong")
    )
    for explainer in ("attnlrp", "oracle")[: 1 if metric == "auprc" else 2]:
        assert wrong[explainer]["replicates"] == 3
        assert right[explainer]["ci_low"] > wrong[explainer]["ci_high"]


def test_all_cnns_are_wrong_nowhere_and_the_minis_on_four_with_decoys() -> None:
    """docs/results.md, three settings of the measures."""
    rows = pq.read_table(BOARDS / "question-measures-wrong.parquet").to_pylist()
    assert {row["model"] for row in rows} == {"mini-planted"}
    assert {row["sequences"] for row in rows if row["dataset"].startswith("decoys,")} == {4}


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_consistency_is_of_what_networks_learned(grammar: str) -> None:
    """docs/results.md, planted truth."""
    excess = {"metric": "attribution_consistency.excess", "dataset": grammar}
    rows = _rows("question-consistency", **excess)
    planted = _rows("planted", model="cnn-planted", **excess)
    for rule in ("lrp", "lrp-plus", "lrp-alpha-beta"):
        learned, nothing = rows[rule], rows[f"randomised-{rule}"]
        told = learned["ci_low"] > nothing["ci_high"]
        assert told == ((rule, grammar) != ("lrp", "unless"))
        of_the_rule = rule == "lrp-plus" or (rule, grammar) == ("lrp-alpha-beta", "and")
        assert (nothing["ci_low"] > 0) == of_the_rule
        assert (learned["replicates"], nothing["replicates"]) == (5, 3)
        assert learned["estimate"] == pytest.approx(planted[rule]["estimate"])
    assert max(rows.values(), key=lambda row: row["estimate"])["explainer"] == "gc"
    # One number five times says nothing of networks that differ, nor is its interval a t's.
    assert rows["gc"]["ci_low"] < rows["lrp"]["ci_low"]
    assert rows["gc"]["ci_method"].startswith(EQUAL)
    assert rows["lrp"]["ci_method"].startswith("t over 5 replicates")
    page = _page("results")
    assert "its interval says how long the scale is" in page
    assert 'and epsilon\'s in all but "A unless C"' in page


@pytest.mark.parametrize("fill", ["unknown", "dinucleotide"])
@pytest.mark.parametrize("explainer", ["lrp", "lrp-plus"])
def test_lrp_gains_in_either_class_right_or_wrong(explainer: str, fill: str) -> None:
    """docs/results.md, by class, and by right or wrong."""
    metric = f"faithfulness-{fill}.gain_logit@5"
    parts = ("", "-promoters", "-background", "-correct", "-wrong")
    row = {part: _rows(f"question-classes{part}", metric=metric)[explainer] for part in parts}
    assert {found["replicates"] for found in row.values()} == {5}
    assert min(found["ci_low"] for found in row.values()) > 0
    for one, other in (("-promoters", "-background"), ("-correct", "-wrong")):
        assert row[one]["ci_low"] < row[other]["ci_high"]
        assert row[other]["ci_low"] < row[one]["ci_high"]
    above: dict[str, set[str]] = {}
    for part in parts:
        rows = _rows(f"question-classes{part}", metric=metric)
        copies = ("randomised-lrp", "randomised-lrp-plus")
        controls = [rows[name] for name in ("gc", "random", *copies)]
        above[part] = {one["explainer"] for one in controls if one["ci_low"] > 0}
        below = {one["explainer"] for one in controls if one["ci_high"] < 0}
        assert below == ({"randomised-lrp-plus"} if part == "-promoters" else set())
        beyond = [row[part]["ci_low"] > one["ci_high"] for one in controls]
        everywhere = (explainer, part) != ("lrp-plus", "-wrong")
        assert beyond == [everywhere] * len(controls)
    five_right = {"gc"} if fill == "dinucleotide" else set()
    assert above == {
        "": {"gc"}, "-promoters": set(), "-background": {"gc", *copies},
        "-correct": five_right, "-wrong": set(),
    }  # fmt: skip
    assert "GC content has a little of it on background alone" not in _page("results")
    if explainer == "lrp":
        width = {part: found["ci_high"] - found["ci_low"] for part, found in row.items()}
        assert min(width["-promoters"], width["-background"]) > 2 * width[""]


MODELS = ("cnn-planted", "mini-planted")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dataset", ["and", "decoys"])
def test_truth_by_information_moves_no_method_out_of_its_interval(dataset: str, model: str) -> None:
    """docs/results.md, three settings of the measures."""
    plain, weighted = (
        _rows("question-measures", dataset=dataset, model=model, metric=metric)
        for metric in ("auprc", "auprc-information")
    )
    for explainer, row in plain.items():
        other = weighted[explainer]["estimate"]
        if row["role"] == "method":
            assert row["ci_low"] <= other <= row["ci_high"]
            assert row["tier"] == weighted[explainer]["tier"]
        elif explainer != "oracle":
            assert other < row["estimate"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dataset", ["and", "decoys"])
def test_by_dinucleotides_truth_gains_and_gc_content_too(dataset: str, model: str) -> None:
    """docs/results.md, three settings of the measures."""
    unknown, shuffled = (
        _rows("question-measures", dataset=dataset, model=model, metric=metric) for metric in GAINS
    )
    assert shuffled["oracle"]["ci_low"] > 0
    assert shuffled["gc"]["ci_low"] > 0
    assert (unknown["oracle"]["ci_low"] > 0) == (model == "mini-planted")


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_epsilon_s_maps_are_the_least_consistent_and_alpha_beta_s_the_most(grammar: str) -> None:
    """docs/results.md, planted truth."""
    found = _rows("planted", metric="attribution_consistency.excess", dataset=grammar)
    methods = {name: row for name, row in found.items() if row["role"] == "method"}
    assert methods.keys() == set(RULES)
    for name, row in methods.items():
        assert row["ci_low"] > found["random"]["ci_high"]
        assert name == "lrp" or row["ci_low"] > methods["lrp"]["ci_high"]
        most = methods["lrp-alpha-beta"]
        assert name == "lrp-alpha-beta" or row["ci_high"] < most["ci_low"]


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_whose_signs_satisfy_the_rule(grammar: str) -> None:
    """docs/results.md, planted truth."""
    asked = {"metric": "grammar_satisfiability", "dataset": grammar, "aggregator": "native"}
    cnn = _rows("planted", model="cnn-planted", **asked)
    assert cnn["lrp"]["replicates"] == 5
    for other in RULES[1:]:
        assert cnn[other]["ci_low"] > cnn["lrp"]["ci_high"]
    mean = cnn["lrp"]["estimate"]
    assert mean > 0.5 if grammar in ("or", "spacing") else mean < 0.1
    wide = cnn["lrp"]["ci_high"] - cnn["lrp"]["ci_low"] > 0.4
    assert wide == (grammar in ("or", "spacing"))
    mini = _rows("planted", model="mini-planted", **asked)
    for control in ("gc", "random", "blur"):
        beats = mini["attnlrp"]["ci_low"] > mini[control]["ci_high"]
        assert beats or (grammar, control) == ("decoys", "gc")
    if grammar == "decoys":
        assert mini["gc"]["estimate"] > mini["attnlrp"]["ci_low"]


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_smoothed_magnitudes_find_motifs_better_and_controls_stay_far_below(grammar: str) -> None:
    """docs/results.md, at matched resolution."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    at = {
        width: _rows("question-resolution", metric=f"auprc-magnitude-{width}", **cnn)["lrp"]
        for width in (1, 11)
    }
    assert at[11]["estimate"] > at[1]["estimate"]
    assert (at[11]["ci_low"] > at[1]["ci_high"]) == (grammar != "spacing")
    controls = _rows("question-resolution", metric="auprc-11", **cnn)
    assert all(controls[one]["ci_high"] < at[11]["ci_low"] / 2 for one in ("gc", "blur"))


def test_which_of_two_maps_is_ahead_hangs_on_the_resolution() -> None:
    """docs/results.md, at matched resolution: beyond both intervals, AttnLRP's or LRP's map."""

    def ahead(width: int, of_lrp: str = "auprc-magnitude") -> tuple[set[str], set[str]]:
        found: tuple[set[str], set[str]] = (set(), set())
        for grammar in GRAMMARS:
            ours, theirs = (
                _rows(
                    "question-resolution", dataset=grammar, model=model, aggregator=aggregator,
                    metric=f"{metric}-{width}",
                )[explainer]
                for model, aggregator, metric, explainer in (
                    ("mini-planted", "passed_on", "auprc", "attnlrp"),
                    ("cnn-planted", "native", of_lrp, "lrp"),
                )
            )  # fmt: skip
            for place, (one, other) in enumerate(((ours, theirs), (theirs, ours))):
                if one["ci_low"] > other["ci_high"]:
                    found[place].add(grammar)
        return found

    four = {"one", "and", "or", "decoys"}
    assert [ahead(width) for width in (1, 5)] == [(four, set()), (four, {"unless"})]
    assert 'over five LRP\'s magnitudes are in "A unless C"' in _page("results")
    assert ahead(21) == (set(), set(GRAMMARS) - {"and"})
    assert [ahead(width, "auprc")[1] for width in (1, 5, 11, 21)] == [set()] * 4


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_where_smoothing_moves_lrp_beyond_both_intervals(grammar: str) -> None:
    """docs/results.md, at matched resolution."""
    cnn = {"dataset": grammar, "model": "cnn-planted", "aggregator": "native"}
    mini = {"dataset": grammar, "model": "mini-planted", "aggregator": "passed_on"}
    plain, smoothed = (
        _rows("question-resolution", metric=f"auprc-{width}", **cnn)["lrp"] for width in (1, 11)
    )
    assert smoothed["estimate"] < plain["estimate"]
    meet = smoothed["ci_high"] >= plain["ci_low"]
    assert meet == (grammar in ("and", "or", "spacing"))
    magnitude = _rows("question-resolution", metric="auprc-magnitude-21", **cnn)["lrp"]
    tokens = _rows("question-resolution", metric="auprc-21", **mini)["attnlrp"]
    assert magnitude["estimate"] > tokens["estimate"]
    assert (magnitude["ci_low"] > tokens["ci_high"]) == (grammar != "and")
    page = " ".join((BOARDS.parent / "docs" / "results.md").read_text().split())
    assert 'with "A and B", "A or B" and a spacing, where the trainings differ much' in page
    assert 'in all but "A and B" beyond both intervals' in page


CONVENTIONS = ("before", "after", "never", "l1")
STRATEGIES = ("sum", "mean", "passed_on", "equally_distributed")


def test_promoters_that_all_ten_get_wrong_are_too_few_for_an_interval() -> None:
    """docs/paper.md, similarity."""
    higher = []
    for convention, strategy in itertools.product(
        ("before", "after", "never", "l1"), ("sum", "mean", "passed_on", "equally_distributed")
    ):
        asked = {"metric": f"cj-{convention}[vs cnn/lrp]", "aggregator": strategy}
        wrong, right, over_all = (
            _rows(f"question-similarity{of}", model="dnabert2-mini", **asked)["attnlrp"]
            for of in ("-wrong", "-correct", "")
        )
        assert wrong["sequences"] < 12
        assert wrong["ci_low"] is None
        assert right["estimate"] > over_all["estimate"]
        higher.append(round(wrong["estimate"], 3) >= round(right["estimate"], 3))
    assert sum(higher) > len(higher) / 2


SIMILAR = ("question-similarity", "question-similarity-correct")


@pytest.mark.parametrize("board", SIMILAR)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_explanations_agree_more_than_exchanged_scores(board: str, convention: str) -> None:
    """docs/paper.md, the four conventions."""
    metric = f"cj-{convention}[vs cnn/lrp]"
    means = {}
    for strategy in STRATEGIES:
        rows = _rows(board, metric=metric, aggregator=strategy)
        ours, floor = rows["attnlrp"], rows["attnlrp-permuted"]
        means[strategy] = ours["estimate"]
        assert ours["replicates"] == 5
        assert ours["ci_low"] > floor["ci_high"]
    highest = "mean" if convention in ("before", "never") else "sum"
    assert max(means, key=lambda one: means[one]) == highest


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_where_all_are_right_similarity_is_higher_within_the_interval(
    strategy: str, convention: str
) -> None:
    """docs/paper.md, the four conventions."""
    asked = {"metric": f"cj-{convention}[vs cnn/lrp]", "aggregator": strategy}
    everywhere, right = (_rows(board, **asked)["attnlrp"] for board in SIMILAR)
    assert everywhere["estimate"] < right["estimate"] < everywhere["ci_high"]
    assert right["sequences"] < everywhere["sequences"]


@pytest.mark.parametrize("board", SIMILAR)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_which_orders_of_strategies_hold_by_every_convention(board: str, convention: str) -> None:
    """docs/paper.md, the four conventions: intervals apart, or not."""
    metric = f"cj-{convention}[vs cnn/lrp]"
    of = {
        letter: _rows(board, metric=metric, aggregator=strategy)["attnlrp"]
        for letter, strategy in zip("abcd", STRATEGIES, strict=True)
    }

    def apart(higher: str, lower: str) -> bool:
        return bool(of[higher]["ci_low"] > of[lower]["ci_high"])

    assert apart("b", "c")
    assert apart("b", "d")
    assert of["a"]["estimate"] > of["c"]["estimate"]
    assert apart("a", "d") == ((board, convention) != ("question-similarity-correct", "never"))
    assert apart("c", "d") == (convention in ("before", "never"))
    assert apart("b", "a") == (convention == "never")
    assert not apart("a", "b")
    # The paper's order but for (c) over (a) where scores never are re-normalised, turned elsewhere.
    assert apart("a", "c") == (convention != "never")
    assert not apart("c", "a")


def _drop(metric: str, **labels: str) -> dict[str, Any]:
    (row,) = _rows("question-positions", metric=metric, **labels).values()
    return row


@pytest.mark.parametrize("budget", [5, 20])
@pytest.mark.parametrize(
    ("model", "explainer", "other"),
    [("dnabert2-mini", "attnlrp", "cnn/lrp"), ("cnn", "lrp", "dnabert2-mini/attnlrp")],
)
def test_what_one_calls_important_matters_to_the_other(
    model: str, explainer: str, other: str, budget: int
) -> None:
    """docs/results.md, on the same positions."""
    metric = f"borrowed-unknown[vs {other}].gain_logit@{budget}"
    gain = _drop(metric, model=model, explainer=explainer, aggregator="native")
    assert gain["ci_low"] > 0
    assert (gain["sequences"], gain["replicates"], gain["n_undefined"]) == (100, 5, 0)


def test_the_smallest_budget_is_less_than_a_token_and_no_two_models_replace_the_same() -> None:
    """docs/results.md, on the same positions."""
    shares = {
        model: _drop(
            "faithfulness-unknown.replaced@1", model=model, explainer=explainer, aggregator="native"
        )["estimate"]
        for model, explainer in (("dnabert2-mini", "attnlrp"), ("cnn", "lrp"))
    }
    assert shares["dnabert2-mini"] > 2 * shares["cnn"]


@pytest.mark.parametrize("budget", [1, 20])
def test_whole_tokens_drop_by_their_letters(budget: int) -> None:
    """docs/results.md, tokens alone."""
    mini = {"model": "dnabert2-mini", "explainer": "attnlrp", "aggregator": "native"}
    drop = _drop(f"faithfulness-complement.mif_drop_logit@{budget}", **mini)
    alone = _drop(f"retokenised-complement.mif_drop_logit@{budget}", **mini)
    assert alone["ci_high"] < drop["ci_low"] / 2


def test_single_nucleotides_drop_by_the_token_that_they_cut_at_first() -> None:
    """docs/results.md, tokens alone."""
    mini = {"model": "dnabert2-mini", "explainer": "attnlrp", "aggregator": "passed_on"}
    drop, alone = (
        {k: _drop(f"{metric}-unknown.mif_drop_logit@{k}", **mini) for k in (1, 20)}
        for metric in ("faithfulness", "retokenised")
    )
    assert alone[1]["estimate"] > drop[1]["estimate"] / 2
    assert alone[20]["ci_high"] < drop[20]["ci_low"] / 2


@pytest.mark.parametrize("factor", ["ctcf", "pu1"])
def test_controls_recall_the_factors_motif_too(factor: str) -> None:
    """docs/results.md, real binding sites."""
    cnn = {"dataset": factor, "model": "cnn-ctcf", "aggregator": "native"}
    found = _rows("ctcf-vs-pu1", metric="modisco.hypothetical.recall", **cnn)
    assert [found[one]["estimate"] for one in ("lrp", "gc-centred", "randomised-lrp")] == [1, 1, 1]
    for kind in ("modisco.hypothetical.counted", "modisco-observed.observed.counted"):
        assert _rows("ctcf-vs-pu1", metric=kind, **cnn)["random"]["estimate"] == 0
    recalled = {
        strategy: _rows(
            "ctcf-vs-pu1",
            metric="modisco.observed.recall",
            dataset=factor,
            model="mini-ctcf",
            aggregator=strategy,
        )["random"]["estimate"]
        for strategy in ("equally_distributed", "passed_on")
    }
    expected = {"equally_distributed": 1 if factor == "pu1" else None, "passed_on": 1}
    assert recalled == expected


@pytest.mark.parametrize("factor", ["ctcf", "pu1"])
def test_explanations_of_binding_sites_lie_beyond_controls(factor: str) -> None:
    """docs/results.md, real binding sites."""
    asked = {"dataset": factor, "metric": "auprc"}
    cnn = _rows("ctcf-vs-pu1", model="cnn-ctcf", aggregator="native", **asked)
    assert cnn["lrp"]["replicates"] == 5
    mini = _rows("ctcf-vs-pu1", model="mini-ctcf", aggregator="passed_on", **asked)
    assert not {"randomised-lrp", "gc-centred"} & (cnn.keys() | mini.keys())
    for rows, method in ((cnn, "lrp"), (mini, "attnlrp")):
        for control in ("gc", "blur", "random"):
            assert rows[method]["ci_low"] > 2 * rows[control]["ci_high"]
        chance = _rows("ctcf-vs-pu1", model="cnn-ctcf", dataset=factor, metric="auprc.chance")
        assert rows[method]["ci_low"] > 2 * chance["lrp"]["ci_high"]


def _agreement(model: str) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(BOARDS / "metric-truth.parquet").to_pylist()
    return {row["metric"]: row for row in rows if row["model"] == model}


def test_on_the_cnn_no_agreement_of_mif_and_truth_is_told_nor_is_there_shown_to_be_none() -> None:
    """docs/metrics.md, which metric to trust; docs/results.md, a full field."""
    cnn = _agreement("cnn-planted")
    removed = [m for m in cnn if any(k in m for k in (".mif_", ".gain_"))]
    assert len(removed) == 16
    for metric in removed:
        assert cnn[metric]["replicates"] == 5
        assert abs(cnn[metric]["rank_correlation"]) < 0.15
        assert cnn[metric]["low"] < -0.5
        assert cnn[metric]["high"] > 0.5
    assert {metric for metric, row in cnn.items() if row["low"] > 0} == {
        "infidelity",
        "gini",
        "entropy",
    }
    assert not [metric for metric, row in cnn.items() if row["high"] < 0]


def test_on_the_mini_infidelity_and_mif_at_5_order_by_truth_and_sparseness_does_not() -> None:
    """docs/metrics.md, which metric to trust."""
    mini = _agreement("mini-planted")
    assert {row["replicates"] for row in mini.values()} == {1}
    told = {metric for metric, row in mini.items() if row["low"] > 0}
    at_5 = {f"{one}_{unit}@5" for one in ("mif_drop", "gain") for unit in ("logit", "probability")}
    change = {f"lif_change_probability{at}" for at in ("@10", "@20", "_area")}
    assert told == {"infidelity", *(f"faithfulness-unknown.{one}" for one in at_5 | change)}
    for metric in ("infidelity", "gini", "entropy"):
        assert 5 < mini[metric]["explainers"] < 20


PLACES = (
    "auprc", "auroc", "relevance_rank", "pointing_game", "grammar_satisfiability",
    *(f"faithfulness-{fill}.mif_drop_logit@10" for fill in ("unknown", "complement")),
    "comprehensiveness.logit",
)  # fmt: skip
"""Who asks whether the highest units are the right ones, by truth or by the model."""


@pytest.mark.parametrize("model", MODELS)
def test_what_asks_for_places_and_what_for_sparseness_order_maps_each_in_its_own_way(
    model: str,
) -> None:
    """docs/metrics.md, which metrics agree."""
    found = {
        (row["metric"], row["other"]): row["rank_correlation"]
        for row in pq.read_table(BOARDS / "metric-conflicts.parquet").to_pylist()
        if row["model"] == model
    }
    assert min(found[one, other] for one in PLACES for other in PLACES) > 0.75
    sparse = ("gini", "entropy", "decoy_precision")
    assert min(found[one, other] for one in sparse for other in sparse) > 0.85
    against = [f"faithfulness-{fill}.lif_drop_logit@10" for fill in ("unknown", "complement")]
    for one in sparse[:2]:
        assert 0.5 < found[one, "relevance_mass"] < 0.75
        rest = [
            found[one, other]
            for other in (*PLACES, "infidelity", "sufficiency.logit", "auprc-magnitude")
        ]
        assert max(rest) < 0.25
        assert max(found[one, other] for other in against) < min(0.0, *rest)
        known = {*sparse, "relevance_mass", "infidelity.raw"}
        assert 0.25 < found[one, "infidelity.raw"] < found[one, "relevance_mass"]
        assert (
            max(r for (this, other), r in found.items() if this == one and other not in known)
            < 0.25
        )
    assert max(found["decoy_precision", other] for other in PLACES) < 0.4


def test_no_number_of_the_cnn_is_shown_to_be_blind_beside_noise() -> None:
    """docs/metrics.md, which metric to trust."""
    rows = pq.read_table(BOARDS / "metric-validity.parquet").to_pylist()
    cnn = [r for r in rows if r["model"] == "cnn-planted" and r["against"] == "random"]
    assert {row["outcome"] for row in cnn} == {"tells", "not decided"}
    assert {row["trainings"] for row in cnn} == {5}
    not_told = [row["ahead"] for row in cnn if row["outcome"] == "not decided"]
    assert min(not_told) > 0.5
    assert all(row["ahead_high"] > 2 / 3 for row in cnn)


def test_two_numbers_of_the_mini_are_blind_and_ahead_more_often_than_chance() -> None:
    """docs/metrics.md, which metric to trust; no word of it says that this is for good."""
    rows = pq.read_table(BOARDS / "metric-validity.parquet").to_pylist()
    mini = [r for r in rows if r["model"] == "mini-planted" and r["against"] == "random"]
    assert {row["trainings"] for row in mini} == {3}
    blind = [row for row in mini if row["outcome"] == "blind"]
    assert {(row["metric"], row["dataset"]) for row in blind} == {
        (f"faithfulness-unknown.lif_drop_{unit}@5", "and") for unit in ("logit", "probability")
    }
    for row in blind:
        assert row["ahead"] == pytest.approx(0.6, abs=0.01)
        assert 0.525 < row["ahead_low"] < row["ahead_high"] < 0.665
        assert row["monotone"]  # the mean is ahead
    open_ = [r for r in mini if r["outcome"] == "not decided" and "sufficiency" in r["metric"]]
    assert {row["metric"] for row in open_} == {"sufficiency.logit", "sufficiency.probability"}
    assert min(row["ahead"] for row in open_) >= 7 / 8
    page = " ".join((BOARDS.parent / "docs" / "metrics.md").read_text().split())
    assert "the truth is ahead on three maps of five, which is more than chance" in page
    assert "no further training" not in page


def test_a_control_ahead_on_most_maps_and_by_mean_is_preferred() -> None:
    """docs/metrics.md, which metric to trust: so GC content ahead on 58% of maps ranks nobody."""
    rows = pq.read_table(BOARDS / "metric-validity.parquet").to_pylist()
    behind = [
        row
        for row in rows
        if row["against"] and (row["ahead_high"] or 1) < 0.5 and not row["monotone"]
    ]
    assert behind
    assert {row["outcome"] for row in behind} == {"misled"}


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_saliency_finds_the_motif(grammar: str) -> None:
    """docs/results.md, a full field."""
    asked = {"dataset": f"planted-{grammar}", "model": "cnn-planted", "metric": "auprc"}
    found = _rows("explainers", **asked)
    assert found["saliency"]["replicates"] == 5
    assert found["saliency"]["ci_low"] > found["lrp"]["ci_high"]


def test_and_its_gain_on_promoters_is_not_told_from_zero() -> None:
    """docs/results.md, a full field."""
    asked = {"dataset": "fly", "aggregator": "native"}
    gain = "faithfulness-unknown.gain_logit@10"
    cnn = _rows("explainers", model="cnn", metric=gain, **asked)
    assert cnn["saliency"]["ci_low"] < 0 < cnn["saliency"]["ci_high"]
    assert cnn["lrp"]["ci_low"] > 0
    mini = _rows("explainers", model="dnabert2-mini", metric=gain, **asked)
    assert mini["attention-cls"]["ci_low"] < 0 < mini["attention-cls"]["ci_high"]
    found = {
        grammar: _rows(
            "explainers", dataset=f"planted-{grammar}", model="mini-planted", metric="auprc"
        )
        for grammar in GRAMMARS
    }
    assert {
        grammar
        for grammar, rows in found.items()
        if rows["attention-cls"]["ci_low"] > rows["random"]["ci_high"]
    } == set(GRAMMARS) - {"spacing"}
    assert "planted motifs it finds better than random scores" in _page("results")


def _aligned(question: str, **labels: str) -> list[dict[str, Any]]:
    """How alike the mini's explanations and LRP on the CNN are, by the paper's strategies."""
    rows = [
        _rows(f"question-{question}", model="dnabert2-mini", aggregator=strategy, **labels)
        for strategy in STRATEGIES
    ]
    return [row for by_explainer in rows for row in by_explainer.values()]


def test_which_strategy_aligns_best_hangs_on_the_rules_of_lrp() -> None:
    """docs/paper.md, open questions."""
    for rule, above in (("epsilon", (0, 1)), ("epsilon-plus", (2,))):
        metric = f"continuous_jaccard[vs cnn/lrp-{rule}]"
        found = [
            row
            for row in _aligned("composite", metric=metric)
            if row["explainer"] == "attnlrp" and row["replicates"] == 5
        ]
        assert len(found) == len(STRATEGIES)
        below = (2, 3) if rule == "epsilon" else (0,)
        for better in above:
            for worse in below:
                assert found[better]["ci_low"] > found[worse]["ci_high"]


def test_what_of_the_outputs_is_explained_moves_no_similarity() -> None:
    """docs/paper.md, open questions: AttnLRP of logit, log-odds and probability."""
    found = _aligned("objective", metric="continuous_jaccard[vs cnn/lrp]")
    for strategy in STRATEGIES:
        estimates = [
            row["estimate"]
            for row in found
            if row["aggregator"] == strategy and row["role"] == "method"
        ]
        assert len(estimates) == 3
        assert max(estimates) - min(estimates) < 0.001


def test_background_aligns_as_promoters_do_and_beyond_random() -> None:
    """docs/paper.md, open questions."""
    metric = "continuous_jaccard[vs cnn/lrp]"
    for strategy in STRATEGIES:
        promoters, background = (
            _rows("question-negative-class", metric=metric, dataset=dataset, aggregator=strategy)
            for dataset in ("promoters", "background")
        )
        assert promoters["attnlrp"]["ci_low"] < background["attnlrp"]["ci_high"]
        assert background["attnlrp"]["ci_low"] < promoters["attnlrp"]["ci_high"]
        for rows in (promoters, background):
            assert rows["attnlrp"]["ci_low"] > rows["random"]["ci_high"]


def _spliceai(metric: str) -> dict[str, dict[str, Any]]:
    return _rows("spliceai", metric=metric, aggregator="native")


def test_no_map_of_a_splice_site_finds_the_motif_beyond_its_place() -> None:
    """docs/tutorials/spliceai.md, localization."""
    found, places = _spliceai("auprc-magnitude"), _spliceai("auprc-magnitude.positional")
    methods = [one for one, row in found.items() if row["role"] == "method" and row["n"]]
    assert len(methods) > 9
    assert {(found[one]["sequences"], found[one]["replicates"]) for one in methods} == {(200, 1)}
    chance = _spliceai("auprc-magnitude.chance")
    for one in methods:
        assert found[one]["ci_low"] < places[one]["ci_high"]
        assert found[one]["ci_low"] > 3 * chance[one]["ci_high"]
    learned, random = found["saliency"], found["randomised-saliency"]
    assert random["ci_low"] < learned["ci_high"]
    assert learned["ci_low"] < random["ci_high"]
    signed, signed_places = _spliceai("auprc"), _spliceai("auprc.positional")
    assert not [one for one in methods if signed[one]["ci_low"] > signed_places[one]["ci_high"]]
    mass, mean_maps = _spliceai("relevance_mass"), _spliceai("relevance_mass.positional")
    ahead = {one for one in methods if mass[one]["ci_low"] > mean_maps[one]["ci_high"]}
    assert ahead == {"occlusion", "saliency", "smoothgrad", "shap-partition"}
    learned, random = mass["saliency"], mass["randomised-saliency"]
    assert random["ci_low"] > learned["ci_high"]


def test_hiding_five_nucleotides_tells_explainers_of_spliceai_from_place() -> None:
    """docs/tutorials/spliceai.md, faithfulness."""
    gain = _spliceai("faithfulness-unknown.gain_log_odds@5nt")
    methods = {one for one, row in gain.items() if row["role"] == "method" and row["n"]}
    for yardstick in ("randomised-saliency", "oracle"):
        beyond = {one for one in methods if gain[one]["ci_low"] > gain[yardstick]["ci_high"]}
        assert methods - beyond == {"shap-partition"}
    assert gain["lrp"]["estimate"] == gain["input_x_gradient"]["estimate"]
    best = max(gain[one]["ci_low"] for one in methods)
    assert sum(gain[one]["ci_high"] >= best for one in methods) > 3


def test_sparsity_turns_round_with_length() -> None:
    """docs/paper.md, open questions."""

    def gini(length: int, model: str, explainer: str, aggregator: str = "native") -> dict[str, Any]:
        dataset = f"promoters-{length}"
        return _rows(
            "question-length", dataset=dataset, model=model, metric="gini", aggregator=aggregator
        )[explainer]

    token, base = ("dnabert2-mini", "attnlrp"), ("cnn", "lrp")
    assert gini(50, *base)["ci_low"] > gini(50, *token)["ci_high"]
    assert gini(250, *token)["ci_low"] > gini(250, *base)["ci_high"]
    estimates = [gini(length, *token)["estimate"] for length in (50, 100, 150, 200, 250)]
    assert estimates == sorted(estimates)
    assert gini(250, *token)["ci_low"] > gini(50, *token)["ci_high"]
    # On the same units: nucleotides say the same, tokens nothing of the shortest windows.
    assert gini(50, *base)["ci_low"] > gini(50, *token, "passed_on")["ci_high"]
    assert gini(250, *token, "passed_on")["ci_low"] > gini(250, *base)["ci_high"]
    assert gini(50, *base, "sum")["ci_low"] < gini(50, *token)["ci_high"]
    assert gini(250, *token)["ci_low"] > gini(250, *base, "sum")["ci_high"]
    assert "random" not in _rows("question-length", metric="gini")
    assert "the two are not told apart on the shortest windows" in _page("paper")


def test_what_core_promoter_motifs_bear_out() -> None:
    """docs/results.md, fly core promoters."""
    for explainer in ("lrp", "lrp-plus"):
        rows = {
            quantity: _rows("fly-motifs", metric=f"modisco.hypothetical.{quantity}")[explainer]
            for quantity in ("patterns_positive", "patterns_negative", "recall")
        }
        assert {row["replicates"] for row in rows.values()} == {3}
        for_, against = rows["patterns_positive"], rows["patterns_negative"]
        assert for_["ci_low"] < against["ci_high"]
        assert against["ci_low"] < for_["ci_high"]
        assert rows["recall"]["ci_low"] == 0
    excess = pq.read_table(BOARDS / "motif-excess.parquet").to_pylist()
    told = {
        row["explainer"] for row in excess if row["dataset"] == "fly-promoters" and row["low"] > 0
    }
    assert told == {"lrp-plus"}


def test_beside_which_control_motifs_are_in_excess() -> None:
    """docs/results.md, real binding sites."""
    rows = [
        row
        for row in pq.read_table(BOARDS / "motif-excess.parquet").to_pylist()
        if row["low"] is not None and row["low"] > 0
    ]
    told = {
        (row["dataset"], row["contributions"], row["beside"])
        for row in rows
        if row["model"] == "cnn-ctcf"
    }
    every = [(data, kind) for data in ("ctcf", "pu1") for kind in ("observed", "hypothetical")]
    assert {one[:2] for one in told if one[2] == "all controls"} == set(every)
    assert {one[:2] for one in told if one[2] == "random scores"} == set(every)
    assert [one[:2] for one in told if one[2] == "GC content"] == [("pu1", "observed")]
    others = {one[:2] for one in told if one[2] == "a randomised model"}
    assert set(every) - others == {("ctcf", "hypothetical")}
    minis = {
        (row["dataset"], row["model"], row["aggregator"])
        for row in rows
        if row["model"] in ("mini-ctcf", "dnabert2-mini") and row["beside"] == "all controls"
    }
    assert minis == {("ctcf", "mini-ctcf", "equally_distributed")}
    assert not any(row["beside"] == "GC content" and "mini" in row["model"] for row in rows)


def test_epsilon_plus_is_in_excess_on_the_fly_beside_its_own_rule_on_copies() -> None:
    """docs/results.md, real binding sites and fly core promoters."""
    low = {
        row["beside"]: row["low"]
        for row in pq.read_table(BOARDS / "motif-excess.parquet").to_pylist()
        if row["dataset"] == "fly-promoters" and row["explainer"] == "lrp-plus"
    }
    assert low["all controls"] > 0
    assert low["a randomised model"] > 0
    counted, matched = (
        _rows("fly-motifs", metric=f"modisco.hypothetical.{quantity}")["randomised-lrp-plus"]
        for quantity in ("counted", "matched")
    )
    assert counted["ci_low"] > 0
    assert matched["estimate"] < 0.05


def test_of_the_patterns_that_count_alone_less_excess_is_told() -> None:
    """docs/results.md, real binding sites and fly core promoters: which patterns a share is of."""
    like = ("dataset", "model", "explainer", "aggregator", "contributions")
    counting: dict[tuple[str, ...], dict[str, int]] = {}
    for row in pq.read_table(BOARDS / "motif-found.parquet").to_pylist():
        # GC content knows no model and counts once, as in the other table.
        times = 1 if row["of"] == "GC content" else row["trainings"]
        number = round(row["counted"] * times)
        counting.setdefault(tuple(row[name] for name in like), {})[row["of"]] = number
    told, of_the_fly = set(), set()
    for row in pq.read_table(BOARDS / "motif-excess.parquet").to_pylist():
        of = counting[tuple(row[name] for name in like)]
        ours = of["the explanation"]
        kinds = (
            set(of) - {"the explanation"} if row["beside"] == "all controls" else {row["beside"]}
        )
        theirs = sum(of[kind] for kind in kinds)
        if theirs:
            found = Excess(
                *("",) * 4, None, "", "", Found("", ours, ours, row["matched"]),
                (Found("", theirs, theirs, row["control_matched"]),),
            )  # fmt: skip
            assert found.interval is not None
            if found.interval[0] > 0:
                told.add((row["dataset"], row["contributions"], row["beside"]))
                if row["dataset"] == "fly-promoters":
                    of_the_fly.add(row["explainer"])
    assert told == {
        ("pu1", "observed", "all controls"),
        ("pu1", "hypothetical", "all controls"),
        ("pu1", "observed", "GC content"),
        ("pu1", "observed", "a randomised model"),
        ("fly-promoters", "hypothetical", "all controls"),
        ("fly-promoters", "hypothetical", "a randomised model"),
    }
    assert of_the_fly == {"lrp-plus"}
    page = _page("results")
    assert "Of the patterns that count alone" in page
    assert "which has few patterns" not in page


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_smoothing_helps_lrp_s_magnitudes_and_harms_its_signs(grammar: str) -> None:
    """docs/results.md, matched resolution."""

    def lrp(metric: str) -> float:
        asked = {"metric": metric, "dataset": grammar, "aggregator": "native"}
        return float(_rows("question-resolution", model="cnn-planted", **asked)["lrp"]["estimate"])

    assert lrp("auprc-1") > lrp("auprc-11")
    assert lrp("auprc-magnitude-1") < lrp("auprc-magnitude-11")
    asked = {"metric": "auprc-21", "dataset": grammar, "aggregator": "passed_on"}
    mini = _rows("question-resolution", model="mini-planted", **asked)["attnlrp"]
    assert lrp("auprc-magnitude-21") > mini["estimate"]


def test_on_tokens_attnlrp_is_ahead_of_lrp_s_sums() -> None:
    """docs/results.md, matched resolution."""
    ahead: dict[str, set[str]] = {"auprc-1": set(), "auprc-magnitude-1": set()}
    for metric, grammars in ahead.items():
        for grammar in GRAMMARS:
            asked = {"metric": metric, "dataset": grammar}
            carried = _rows("question-resolution", model="cnn-planted", aggregator="sum", **asked)[
                "lrp"
            ]
            own = _rows("question-resolution", model="mini-planted", aggregator="native", **asked)[
                "attnlrp"
            ]
            if own["ci_low"] > carried["ci_high"]:
                grammars.add(grammar)
            assert own["ci_high"] > carried["ci_low"]
    assert ahead["auprc-1"] == set(GRAMMARS) - {"spacing"}
    assert ahead["auprc-magnitude-1"] == {"one", "and", "or"}


MEASURES = ("auprc", "auroc", "relevance_mass", "relevance_rank", "pointing_game")
WIDTHS = (1, 5, 11, 21)


@functools.cache
def _at_matched_resolution() -> dict[tuple[str, ...], dict[str, Any]]:
    """Rows of `question-resolution` by data set, model, explainer, strategy and metric."""
    labels = ("dataset", "model", "explainer", "aggregator", "metric")
    rows = pq.read_table(BOARDS / "question-resolution.parquet").to_pylist()
    return {tuple(row[label] for label in labels): row for row in rows}


def _map(grammar: str, explainer: str, metric: str, strategy: str = "") -> dict[str, Any]:
    """A method's row on nucleotides, or by a strategy."""
    model, native = {"lrp": ("cnn-planted", "native"), "attnlrp": ("mini-planted", "passed_on")}[
        explainer
    ]
    return _at_matched_resolution()[grammar, model, explainer, strategy or native, metric]


def _ahead(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Beyond both intervals."""
    return bool(one["ci_low"] > other["ci_high"])


@pytest.mark.parametrize("measure", MEASURES)
def test_what_smoothing_does_by_every_measure(measure: str) -> None:
    """docs/results.md, matched resolution: over eleven nucleotides beside as it is."""
    for grammar in GRAMMARS:
        signed, magnitude = (
            [_map(grammar, "lrp", f"{measure}-{sign}{width}")["estimate"] for width in (1, 11)]
            for sign in ("", "magnitude-")
        )
        assert signed[1] < signed[0]
        assert (magnitude[1] > magnitude[0]) == (measure != "relevance_mass")


@pytest.mark.parametrize("measure", MEASURES)
def test_who_stays_beyond_the_controls_at_every_resolution(measure: str) -> None:
    """docs/results.md, matched resolution."""

    def beyond(grammar: str, explainer: str, sign: str, width: int) -> bool:
        method = _map(grammar, explainer, f"{measure}-{sign}{width}")
        where = (grammar, method["model"], method["aggregator"], method["metric"])
        rows = _at_matched_resolution()
        controls = [
            rows[where[0], where[1], control, where[2], where[3]]
            for control in ("gc", "blur", "random")
        ]
        return all(_ahead(method, control) for control in controls)

    for width in WIDTHS:
        assert all(beyond(grammar, "lrp", "magnitude-", width) for grammar in GRAMMARS)
        for grammar in GRAMMARS:
            odd = (measure, width, grammar) == ("pointing_game", 21, "spacing")
            assert beyond(grammar, "attnlrp", "", width) != odd
        if width > 1:
            assert not all(beyond(grammar, "lrp", "", width) for grammar in GRAMMARS)


@pytest.mark.parametrize("measure", MEASURES)
def test_which_map_is_ahead_hangs_on_the_measure(measure: str) -> None:
    """docs/results.md, matched resolution: LRP's magnitudes and AttnLRP's scores."""
    ahead, behind = (
        {
            width: sum(
                _ahead(*pair[::order])
                for grammar in GRAMMARS
                for pair in [
                    (
                        _map(grammar, "lrp", f"{measure}-magnitude-{width}"),
                        _map(grammar, "attnlrp", f"{measure}-{width}"),
                    )
                ]
            )
            for width in WIDTHS
        }
        for order in (1, -1)
    )
    if measure == "relevance_mass":
        assert set(behind.values()) == {len(GRAMMARS)}
        for width in WIDTHS:
            metric = f"relevance_mass-magnitude-{width}"
            behind_too = {
                grammar
                for grammar in GRAMMARS
                if _ahead(_map(grammar, "attnlrp", metric), _map(grammar, "lrp", metric))
            }
            assert behind_too == set(GRAMMARS) - {"spacing"}
        return
    assert ahead[21] >= 4
    assert behind[21] == 0
    as_they_are = {"auprc": (0, 4), "relevance_rank": (0, 4), "auroc": (4, 0)}
    assert (ahead[1], behind[1]) == as_they_are.get(measure, (ahead[1], behind[1]))


@pytest.mark.parametrize("measure", MEASURES)
def test_lrp_with_its_signs_is_ahead_by_the_pointing_game_alone(measure: str) -> None:
    """docs/results.md, matched resolution."""
    ahead = {
        (width, grammar)
        for width in WIDTHS
        for grammar in GRAMMARS
        if _ahead(*(_map(grammar, who, f"{measure}-{width}") for who in ("lrp", "attnlrp")))
    }
    by_pointing = measure == "pointing_game"
    assert ahead == ({(1, "spacing"), (5, "spacing")} if by_pointing else set())
    carried = {
        (sign, grammar)
        for sign in ("", "magnitude-")
        for grammar in GRAMMARS
        if _ahead(
            _map(grammar, "lrp", f"{measure}-{sign}1", "sum"),
            _map(grammar, "attnlrp", f"{measure}-{sign}1", "native"),
        )
    }
    assert carried == ({("", "spacing")} if by_pointing else set())


def test_which_map_is_ahead_hangs_on_the_sign() -> None:
    """docs/results.md, matched resolution: magnitudes beside magnitudes, as they are."""

    def told(measure: str, attnlrp: str) -> tuple[set[str], set[str]]:
        pairs = {
            grammar: (
                _map(grammar, "lrp", f"{measure}-magnitude-1"),
                _map(grammar, "attnlrp", f"{measure}-{attnlrp}1"),
            )
            for grammar in GRAMMARS
        }
        ahead = {grammar for grammar, pair in pairs.items() if _ahead(*pair)}
        return ahead, {grammar for grammar, pair in pairs.items() if _ahead(*pair[::-1])}

    assert [len(one) for one in told("auroc", "magnitude-")] == [2, 2]
    ahead, behind = told("relevance_rank", "magnitude-")
    assert ahead == set(GRAMMARS) - set.union(*told("relevance_rank", ""))
    assert behind == told("relevance_rank", "")[1]


def test_auroc_puts_controls_before_lrp_with_its_signs() -> None:
    """docs/results.md, matched resolution."""
    rows = _at_matched_resolution()
    behind = {
        control: {
            grammar
            for grammar in GRAMMARS
            if _ahead(
                rows[grammar, "cnn-planted", control, "native", "auroc-1"],
                _map(grammar, "lrp", "auroc-1"),
            )
        }
        for control in ("gc", "blur", "random")
    }
    assert {control: len(found) for control, found in behind.items()} == {
        "gc": 3, "blur": 0, "random": 1,
    }  # fmt: skip


def test_pairs_do_not_tell_every_rule_by_signs() -> None:
    """docs/results.md, planted truth: with "A or B" and a spacing epsilon may be first."""
    for grammar in GRAMMARS:
        found = _rows(
            "planted", metric="grammar_satisfiability", dataset=grammar, model="cnn-planted"
        )
        assert (found["lrp"]["rank_low"] == 1) == (grammar in ("or", "spacing"))


CONVENTIONS = ("", "-after", "-never", "-l1")


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_on_human_promoters_no_agreement_is_shown(strategy: str, convention: str) -> None:
    """docs/paper.md, on human non-TATA promoters."""
    metric = f"continuous_jaccard{convention}[vs cnn-human/lrp]"
    rows = _rows("human-promoters", dataset="promoters", metric=metric, aggregator=strategy)
    assert rows["attnlrp"]["ci_low"] <= rows["attnlrp-permuted"]["ci_high"]


@pytest.mark.parametrize("fill", ["unknown", "random", "complement"])
@pytest.mark.parametrize(
    ("board", "dataset", "model", "explainer"),
    [
        ("human-promoters", "promoters", "mini-human", "attnlrp"),
        ("human-promoters", "promoters", "cnn-human", "lrp"),
        ("quickstart", "fly-promoters", "dnabert2-mini", "attnlrp"),
        ("quickstart", "fly-promoters", "cnn", "lrp"),
    ],
)
def test_on_fly_and_human_mif_loses_and_lif_gains_beside_a_random_order(
    board: str, dataset: str, model: str, explainer: str, fill: str
) -> None:
    """docs/paper.md, on human non-TATA promoters."""

    def holds(scale: str, budget: int) -> bool:
        mif, lif, chance = (
            _rows(
                board, dataset=dataset, model=model, aggregator="native",
                metric=f"faithfulness-{fill}.{order}_drop_{scale}@{budget}",
            )[explainer]
            for order in ("mif", "lif", "random")
        )  # fmt: skip
        below = lif["ci_high"] < min(chance["ci_low"], 0)
        return bool(mif["ci_low"] > chance["ci_high"] and below)

    assert all(holds(scale, k) for scale in ("logit", "probability") for k in (5, 10, 20))
    if fill == "unknown":
        assert holds("logit", 50) == (explainer == "attnlrp")
    assert "with 5 to 20% replaced and by each fill" in _page("paper")


def test_networks_are_not_told_apart_by_the_words_they_saw() -> None:
    """docs/models-and-data.md, what ships has seen the words."""
    saw, held, ships = (
        _rows("question-unseen", dataset="new-words-positives", metric="auprc", model=model)
        for model in ("all-words", "held-out", "cnn-planted")
    )
    for explainer in ("lrp", "lrp-plus", "lrp-gamma"):
        assert saw[explainer]["ci_low"] < held[explainer]["ci_low"] < saw[explainer]["ci_high"]
    gc = ships["gc"]
    assert ships["lrp"]["ci_low"] > gc["ci_high"]
    assert ships["lrp-plus"]["ci_high"] < gc["ci_low"]
    assert (
        ships["lrp-gamma"]["ci_low"] < gc["ci_low"] < gc["ci_high"] < ships["lrp-gamma"]["ci_high"]
    )
    assert "by epsilon-gamma not told from it" in _page("models-and-data")
    saw, held = (
        _rows("question-unseen", dataset="new-words", metric="accuracy", model=model)
        for model in ("all-words", "held-out")
    )
    assert saw["random"]["ci_low"] < held["random"]["ci_low"] < saw["random"]["ci_high"]


def test_the_network_of_single_nucleotides_calls_fewer_promoters_right() -> None:
    """docs/paper.md, open questions: what BPE tokens do."""
    right = {
        model: _rows("question-tokenisation", metric="accuracy", model=model)["attnlrp"]
        for model in ("bpe", "nucleotides")
    }
    assert {row["replicates"] for row in right.values()} == {1}
    assert right["nucleotides"]["ci_high"] < right["bpe"]["ci_low"]
    assert right["nucleotides"]["ci_low"] < 0.5  # as a coin would
    # Promoters alone were asked, so that what was learned is not known, and no exchanged scores.
    rows = pq.read_table(BOARDS / "question-tokenisation.parquet").to_pylist()
    assert {row["dataset"] for row in rows} == {"promoters"}
    assert not [row for row in rows if "permuted" in row["explainer"]]
    page = _page("paper")
    assert "single nucleotides has learned less" not in page
    assert "Exchanged scores, a higher floor" in page


@pytest.mark.parametrize("model", ["bpe", "nucleotides"])
def test_on_either_tokens_explanations_beat_chance(model: str) -> None:
    """docs/paper.md, open questions: what BPE tokens do."""
    for fill in ("unknown", "complement"):
        mif, chance = (
            _rows(
                "question-tokenisation",
                metric=f"faithfulness-{fill}.{order}_drop_logit@20",
                model=model,
            )["attnlrp"]
            for order in ("mif", "random")
        )
        assert mif["ci_low"] > chance["ci_high"], fill
    for strategy in ("sum", "mean", "passed_on", "equally_distributed"):
        rows = _rows(
            "question-tokenisation",
            metric="continuous_jaccard[vs cnn/lrp]",
            model=model,
            aggregator=strategy,
        )
        assert rows["attnlrp"]["ci_low"] > rows["random"]["ci_high"], strategy


TOYS = ("dnabert", "nucleotide-transformer", "gena-lm", "modernbert", "characters")


@pytest.mark.parametrize("model", [*TOYS, "dnabert2-mini"])
def test_attnlrp_beats_its_controls_on_each_architecture(model: str) -> None:
    """docs/paper.md, open questions: other genome language models."""
    kind = "-hf" if model in TOYS else ""
    rows = _rows("architectures", metric="faithfulness-unknown.mif_drop_logit@20", model=model)
    controls = [rows[one]["ci_high"] for one in ("random", "gc", f"randomised{kind}")]
    assert rows[f"attnlrp{kind}"]["ci_low"] > max(controls)
    assert {row["replicates"] for row in rows.values()} == {1}
    rows = _rows("architectures", metric="faithfulness-unknown.mif_drop_probability@5", model=model)
    controls = [rows[one]["ci_high"] for one in ("random", "gc", f"randomised{kind}")]
    assert (rows[f"attnlrp{kind}"]["ci_low"] > max(controls)) == (model != "characters")
    assert "with fewer replaced that of characters does not, in probability" in _page("paper")


@pytest.mark.parametrize("model", TOYS)
def test_toys_are_nearer_to_the_cnn_than_chance(model: str) -> None:
    """docs/paper.md, open questions: other genome language models."""
    rows = _rows("architectures", metric="continuous_jaccard[vs cnn/lrp]", model=model)
    assert rows["attnlrp-hf"]["ci_low"] > rows["random"]["ci_high"]


def test_where_gc_content_s_patterns_match_more_than_noise() -> None:
    """docs/metrics.md, modisco."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in pq.read_table(BOARDS / "motif-noise.parquet").to_pylist():
        if row["scores"] == "gc":
            place = (row["dataset"], f"{row['units']}, {row['contributions']}")
            found.setdefault(place, []).append(row)
    shares = {
        place: sum(row["matched"] for row in rows) / sum(row["patterns"] for row in rows)
        for place, rows in found.items()
    }
    fly = ("fly", "nucleotides, observed")
    above = {place for place, share in shares.items() if share > 0.05}
    assert above == {fly} | {place for place in found if place[0] == "ctcf"}
    matches = [match for row in found[fly] for match in row["matches"] or ()]
    assert sum(match.startswith("Mad ") for match in matches) > len(matches) / 2
    assert round(1 / shares[fly]) == 12
    said = "at most one in twenty, but for one in twelve by observed contributions on the fly's"
    assert said in _page("metrics")


def test_nobody_is_ranked_by_rounding() -> None:
    """docs/metrics.md, completeness: a gap that float32 cannot tell from none ranks nobody."""
    found = {
        name: pq.read_table(BOARDS / f"{name}.parquet").to_pylist()
        for name in (path.stem for path in BOARDS.glob("*.parquet"))
        if {"metric", "rank", "not_ranked"} <= set(pq.read_schema(BOARDS / f"{name}.parquet").names)
    }
    rounding = [
        (name, row["rank"])
        for name, rows in found.items()
        for row in rows
        if row["metric"] == "completeness" and row["estimate"] and row["estimate"] < 1e-4
    ]
    assert {name for name, _ in rounding} == {"explainers"}
    assert {rank for _, rank in rounding} == {None}


def test_few_patterns_of_noise_count_and_two_of_them_match() -> None:
    """docs/metrics.md, modisco."""
    counted: dict[tuple[str, str], list[int]] = {}
    rows = pq.read_table(BOARDS / "motif-noise.parquet").to_pylist()
    for row in rows:
        kind = "gc" if row["scores"] == "gc" else "noise"
        of = counted.setdefault((kind, row["units"]), [0, 0])
        of[0] += row["counted"]
        of[1] += row["matched"]
        if row["matched"] and kind == "noise":
            assert row["dataset"] == "fly"
    assert counted["noise", "nucleotides"] == [0, 0]
    assert counted["noise", "tokens"][0] < 25
    assert counted["noise", "tokens"][1] == 2
    elsewhere = {
        name: sum(
            row["matched"] for row in rows if row["scores"] == "gc" and row["dataset"] == name
        )
        for name in ("fly", "nontata")
    }
    assert elsewhere["fly"] > 5 * elsewhere["nontata"]


def test_pages_call_a_strategy_by_its_own_letter() -> None:
    """As README.md does: "`sum`, `mean`, `passed_on`, `equally_distributed` are … (a) to (d)"."""
    said = {"summed": "a", "averaged": "b", "passed on": "c", "equally distributed": "d"}
    told = {
        (found["name"], found["letter"])
        for page in (BOARDS.parent / "docs").glob("*.md")
        for found in re.finditer(
            rf"(?P<name>{'|'.join(said)})\W+(?:by )?strategy \(?(?P<letter>[a-d])\b",
            _page(page.stem),
        )
    }
    assert told == {("passed on", "c")}


def test_by_how_much_noise_satisfies_a_rule_more_often_than_chance() -> None:
    """docs/metrics.md, grammar_satisfiability; on 250 letters, with the motifs' own widths."""
    width = {one.id: one.width for one in matrices(MOTIFS)}
    p = 0.025
    one = _noise_supports([width[PHOL]]).mean()
    both = _noise_supports([width[M1BP], width[SENS]]).all(axis=0).mean()
    assert "a fifth above it where one motif decides, and nearly twice it where two" in _page(
        "metrics"
    )
    assert 1.1 < one / p < 1.3
    assert 1.5 < both / p**2 < 2.0


def _noise_supports(widths: list[int]) -> Bools:
    """Whether normal scores are for the class on motifs so wide; shape (motifs, 60,000)."""
    rng = np.random.default_rng(1)
    starts = [20 + sum(widths[:i]) + 20 * i for i in range(len(widths))]
    taken = np.zeros(250, dtype=bool)
    for start, width in zip(starts, widths, strict=True):
        taken[start : start + width] = True
    parts = []
    for _ in range(12):
        scores = np.pad(rng.normal(size=(5_000, 250)), ((0, 0), (1, 0)))
        totals = scores.cumsum(axis=1)
        rows = []
        for start, width in zip(starts, widths, strict=True):
            sums = totals[:, width:] - totals[:, :-width]
            free = [i for i in range(sums.shape[1]) if not taken[i : i + width].any()]
            above = (np.abs(sums[:, free]) >= np.abs(sums[:, [start]])).sum(axis=1)
            rows.append((sums[:, start] > 0) & ((1 + above) / (1 + len(free)) <= 0.05 + 1e-9))
        parts.append(np.array(rows))
    return np.concatenate(parts, axis=1)

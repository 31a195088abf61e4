"""From a suite to cells: compatibility, keys, and what is refused before any work."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.run.choices import Choice, resolved_parameters
from gxarena.run.plan import Plan, make_plan, renewed
from gxarena.run.suite import Suite, read_suite

MakePlan = Callable[..., Plan]


def _block(**changes: object) -> dict[str, object]:
    block: dict[str, object] = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact"],
        "metrics": ["gini"],
    }
    return block | changes


def test_blocks_are_products_and_their_union(plan: MakePlan) -> None:
    both = _block(models=["toy", "toy-tokens"], metrics=["gini", "entropy"])
    made = plan(matrix=[both, _block(), _block(explainers=["random"])])
    assert len(made.cells) == 4 + 1
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_pair_metrics_compare_with_everything_but_themselves(plan: MakePlan) -> None:
    made = plan(
        matrix=[
            _block(
                explainers=["exact", "random"],
                metrics=["continuous_jaccard"],
                against=["toy/exact"],
            )
        ]
    )
    assert [(c.explainer, c.metric_name) for c in made.cells] == [
        ("random", "continuous_jaccard[vs toy/exact]")
    ]


def test_what_is_compared_with_need_not_be_scored_itself(plan: MakePlan) -> None:
    aliases = {"models": {"wide": {"name": "toy", "width": 4}}}
    block = _block(metrics=["continuous_jaccard"], against=["wide/random"])
    (cell,) = plan(matrix=[block], **aliases).cells
    assert cell.metric_name == "continuous_jaccard[vs wide/random]"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"explainers": ["needy"]},
            "explainer 'needy' needs a model that reads one-hot nucleotides",
        ),
        (
            {"metrics": ["special_share"]},
            "metric 'special_share' needs a model with special tokens",
        ),
        (
            {"metrics": ["conservation_error"], "aggregators": ["passed_on"]},
            "metric 'conservation_error' needs raw attributions",
        ),
        (
            {"metrics": ["continuous_jaccard"], "against": ["toy/needy"]},
            "explainer 'needy' needs a model that reads one-hot nucleotides",
        ),
    ],
)
def test_an_unsupported_pair_is_a_row_with_its_reason(
    plan: MakePlan, changes: dict[str, object], reason: str
) -> None:
    (cell,) = plan(matrix=[_block(**changes)]).cells
    assert cell.unsupported.startswith(reason)


def test_what_no_model_could_meet_is_left_to_fail(plan: MakePlan) -> None:
    """Its plugin is to blame, and a run says so: "unsupported" would pass for fine."""
    block = _block(explainers=["orphan", "needy"])
    assert [bool(cell.unsupported) for cell in plan(matrix=[block]).cells] == [False, True]


def test_coarsening_needs_a_partition(plan: MakePlan) -> None:
    (cell,) = plan(partition="", matrix=[_block(aggregators=["sum"])]).cells
    assert "partition = MODEL" in cell.unsupported


def test_keys_follow_what_a_stage_depends_on(plan: MakePlan) -> None:
    def keys(made: Plan) -> tuple[str, str, str]:
        predict = made.predict_key("mine", "toy")
        return predict, made.explain_key("mine", "toy", "exact"), made.cells[0].id

    base = keys(plan(matrix=[_block()]))
    assert keys(plan(matrix=[_block()])) == base
    # Another metric beside it changes nothing; its own parameter changes its cell alone.
    assert keys(plan(matrix=[_block(metrics=["gini", "entropy"])])) == base
    other_metric = keys(plan(matrix=[_block()], metrics={"gini": {"sign": "positive"}}))
    assert [a == b for a, b in zip(base, other_metric, strict=True)] == [True, True, False]
    # The objective re-explains, the model's parameters re-predict.
    objective = keys(plan(matrix=[_block()], objective="log_odds"))
    assert [a == b for a, b in zip(base, objective, strict=True)] == [True, False, False]
    model = keys(plan(matrix=[_block()], models={"toy": {"scale": 2.0}}))
    assert [a == b for a, b in zip(base, model, strict=True)] == [False, False, False]


def _ids(made: Plan) -> dict[tuple[str, str], str]:
    return {(cell.explainer, cell.aggregator): cell.id for cell in made.cells}


def test_whose_tokens_are_meant_is_in_the_keys_of_what_goes_there(plan: MakePlan) -> None:
    block = _block(aggregators=["native", "sum"])
    wide = {"wide": {"name": "toy", "width": 4}}
    one = _ids(plan(matrix=[block]))
    other = _ids(plan(matrix=[block], partition="wide", models=wide))
    same = {key for key in one if one[key] == other[key]}
    assert same == {("exact", "native")}
    # By what the model is, not by what it is called.
    assert one != _ids(plan(matrix=[block], models={"toy-tokens": {"width": 4}}))


def test_what_it_is_compared_with_is_in_a_pairs_key(plan: MakePlan) -> None:
    block = _block(metrics=["continuous_jaccard"], against=["toy-tokens/other"])
    other = {"name": "occlusion"}
    one = plan(matrix=[block], explainers={"other": other})
    again = plan(matrix=[block], explainers={"other": other | {"window": 2}})
    (cell,), (changed,) = one.cells, again.cells
    assert cell.metric_name == changed.metric_name
    assert cell.id != changed.id
    assert one.explain_key("mine", "toy", "exact") == again.explain_key("mine", "toy", "exact")


def test_a_result_is_found_under_its_name_alone(plan: MakePlan, data: Path) -> None:
    """Rows say what things are called: under another name they are due, but no number is."""
    path = str(data)
    made = {
        "as it is": plan(matrix=[_block()]),
        "suite": plan(name="another", matrix=[_block()]),
        "kind of data": plan(
            datasets={"mine": {"path": path, "kind": "enhancers"}}, matrix=[_block()]
        ),
        "dataset": plan(datasets={"same": {"path": path}}, matrix=[_block(datasets=["same"])]),
        "model": plan(models={"same": {"name": "toy"}}, matrix=[_block(models=["same"])]),
        "explainer": plan(
            explainers={"same": {"name": "exact"}}, matrix=[_block(explainers=["same"])]
        ),
        "aggregator": plan(
            aggregators={"same": {"name": "native"}}, matrix=[_block(aggregators=["same"])]
        ),
        "metric": plan(metrics={"same": {"name": "gini"}}, matrix=[_block(metrics=["same"])]),
    }
    cells = {name: one.cells[0] for name, one in made.items()}
    assert len({cell.id for cell in cells.values()}) == len(cells)
    explained = {
        made[name].explain_key(cell.dataset, cell.model, cell.explainer)
        for name, cell in cells.items()
    }
    assert len(explained) == 1


def test_so_is_a_pair_under_what_it_is_compared_with(plan: MakePlan) -> None:
    same = {"same": {"name": "random"}, "random": {}}
    blocks = [_block(metrics=["continuous_jaccard"], against=[f"toy/{name}"]) for name in same]
    made = plan(explainers=same, matrix=blocks)
    assert made.explain_key("mine", "toy", "same") == made.explain_key("mine", "toy", "random")
    assert len({cell.id for cell in made.cells}) == 2


def test_the_role_that_rows_give_an_explainer_is_in_its_cells_keys(
    plan: MakePlan, registry: Registry
) -> None:
    one = plan(matrix=[_block()])
    found = registry.components["explainers", "exact"]
    registry.components["explainers", "exact"] = dataclasses.replace(
        found, component=dataclasses.replace(found.component, role="control")
    )
    other = plan(matrix=[_block()])
    assert one.cells[0].id != other.cells[0].id
    assert one.explain_key("mine", "toy", "exact") == other.explain_key("mine", "toy", "exact")


def test_files_that_a_model_loads_are_in_its_key(
    plan: MakePlan, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry.components["models", "toy"]
    registry.components["models", "toy"] = dataclasses.replace(
        found, component=dataclasses.replace(found.component, describe="toy_facts:stored")
    )
    weights = tmp_path / "weights.bin"
    monkeypatch.setenv("TOY_WEIGHTS", str(weights))
    found_keys = []
    for content in ("one", "two", "one"):
        weights.write_text(content)
        made = plan(matrix=[_block()])
        found_keys.append((made.predict_key("mine", "toy"), made.cells[0].id))
    assert found_keys[0] == found_keys[2]
    assert all(a != b for a, b in zip(found_keys[0], found_keys[1], strict=True))


def test_the_seed_is_in_the_keys_of_attributions_alone(plan: MakePlan) -> None:
    one, other = plan(matrix=[_block()]), plan(matrix=[_block()], seed=1)
    assert one.predict_key("mine", "toy") == other.predict_key("mine", "toy")
    assert one.explain_key("mine", "toy", "exact") != other.explain_key("mine", "toy", "exact")
    assert one.cells[0].id != other.cells[0].id


def test_what_a_wrapper_wraps_is_in_its_key(plan: MakePlan, registry: Registry) -> None:
    def key(**parameters: object) -> str:
        explainers = {"wrapped": {"name": "randomised", "explainer": "exact"} | parameters}
        block = _block(explainers=["wrapped"])
        return plan(matrix=[block], explainers=explainers).explain_key("mine", "toy", "wrapped")

    assert len({key(), key(draw=1), key(explainer="random")}) == 3
    found = registry.components["explainers", "exact"]
    before = key()
    registry.components["explainers", "exact"] = dataclasses.replace(
        found, component=dataclasses.replace(found.component, target="toys:NotANumber")
    )
    assert key() != before


def test_an_alias_is_its_component_with_parameters(plan: MakePlan, registry: Registry) -> None:
    made = plan(models={"wide": {"name": "toy", "width": 4}}, matrix=[_block(models=["wide"])])
    choice = made.choice("models", "wide")
    assert choice.found.component.name == "toy"
    assert resolved_parameters(choice, registry) == {"width": 4, "scale": 1.0}


def test_a_parameter_it_does_not_have_is_the_users_slip(plan: MakePlan, registry: Registry) -> None:
    made = plan(models={"toy": {"widht": 4}}, matrix=[_block()])
    with pytest.raises(InputError, match=r"models.toy: expected parameters of toy\(width"):
        resolved_parameters(made.choice("models", "toy"), registry)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"explainers": ["exakt"]},
            r"matrix\[0\].explainers\[0\]: unknown explainer 'exakt'. Did you mean 'exact'",
        ),
        ({"metrics": ["gini", "gnii"]}, r"matrix\[0\].metrics\[1\]: unknown metric 'gnii'"),
        (
            {"datasets": ["fly-promoter"]},
            r"matrix\[0\].datasets\[0\]: unknown dataset 'fly-promoter'",
        ),
        (
            {"metrics": ["continuous_jaccard"]},
            r"against: expected 'model/explainer' to compare with, because .*, got none\.",
        ),
        (
            {"against": ["toy/exact", "tyo/exact"]},
            r"matrix\[0\].against\[1\]: unknown model 'tyo'. Did you mean 'toy'",
        ),
        ({"against": ["toy/exakt"]}, r"matrix\[0\].against\[0\]: unknown explainer 'exakt'"),
        ({"against": ["toy"]}, r"against\[0\]: expected 'model/explainer', got 'toy'"),
        (
            {"models": ["toy-short"]},
            r"expected at most 10 nucleotides for model 'toy-short', got 24. Let the data set "
            r'"windows" cut them \(name = "windows", data = …, length = 10\)',
        ),
    ],
)
def test_mistakes_name_their_place(
    plan: MakePlan, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        plan(matrix=[_block(**changes)])


def test_everything_that_is_not_there_is_named_at_once(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("sequence\nACGT\n")
    files = {"a": tmp_path / "a.csv", "b": tmp_path / "b.csv", "c": tmp_path / "there.csv"}
    with pytest.raises(InputError) as raised:
        plan(
            datasets={label: {"path": str(path)} for label, path in files.items()},
            partition="tyo",
            matrix=[
                _block(datasets=list(files), explainers=["exakt", "exact"], metrics=["gnii"]),
                _block(datasets=["a"], explainers=["exakt"], against=["toy/rendom"]),
            ],
        )
    said = str(raised.value)
    assert "got 6 others: " in said
    for one in (
        "matrix[0].explainers[0] explainer 'exakt' (did you mean 'exact'?)",
        "matrix[0].metrics[0] metric 'gnii' (did you mean 'gini'?)",
        "matrix[1].against[0] explainer 'rendom' (did you mean 'random'?)",
        "partition model 'tyo' (did you mean 'toy'?)",
        f"datasets.a.path '{files['a']}'",
        f"datasets.b.path '{files['b']}'",
    ):
        assert said.count(one) == 1
    assert "there.csv" not in said


def test_a_label_of_a_suite_that_ships_is_said_to_be_an_alias(plan: MakePlan) -> None:
    """Boards show it, so it is asked for; nothing that is installed has the name."""
    defined = (
        "an alias of the suite 'question-composite', which yours may define likewise: "
        '[metrics.faithfulness-unknown] name = "faithfulness", fill = "unknown"'
    )
    assert read_suite("question-composite").metrics["faithfulness-unknown"] == {
        "name": "faithfulness", "fill": "unknown",
    }  # fmt: skip
    with pytest.raises(InputError) as raised:
        plan(matrix=[_block(metrics=["faithfulness-unknown"])])
    said = str(raised.value)
    assert said.startswith("toy-suite, matrix[0].metrics[0]: expected metrics that are installed")
    assert said.endswith(f"got 'faithfulness-unknown', {defined}.")
    with pytest.raises(InputError, match=r"got 2 others: .* metric 'faithfulness-unknown' \(an al"):
        plan(matrix=[_block(metrics=["faithfulness-unknown", "gnii"])])


def test_ten_are_named_and_the_others_counted(plan: MakePlan) -> None:
    with pytest.raises(InputError, match=r"'e9'\S* and 3 more\. `gxarena plugins list`"):
        plan(matrix=[_block(explainers=[f"e{i}" for i in range(13)])])


def test_every_parameter_that_it_does_not_have_is_named(
    plan: MakePlan, registry: Registry, tmp_path: Path
) -> None:
    made = plan(models={"toy": {"widht": 4, "scael": 1}}, matrix=[_block()])
    with pytest.raises(InputError, match=r"\(unknown: 'widht', 'scael'\)"):
        resolved_parameters(made.choice("models", "toy"), registry)
    path = tmp_path / "d.csv"
    path.write_text("sequence\nACGT\n")
    parameters = {"path": str(path), "taste": "x", "colour": "y"}
    with pytest.raises(InputError, match="got 'colour', 'taste'"):
        plan(datasets={"mine": parameters}, matrix=[_block()])


def test_target_out_of_range_is_known_before_any_work(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("sequence,label\nACGT,0\nAAAA,5\n")
    short = {"mine": {"path": str(tmp_path / "short.csv")}}
    for target, got in ((2, 2), ("label", 5)):
        with pytest.raises(
            InputError, match=f"expected an output of model 'toy-short', 0 to 1, got {got}"
        ):
            plan(target=target, datasets=short, matrix=[_block(models=["toy-short"])])


def test_an_objective_without_outputs_is_known_before_any_work(plan: MakePlan) -> None:
    asked = {"target": "predicted", "matrix": [_block(models=["toy-one"])]}
    plan(**asked)
    with pytest.raises(InputError, match="model 'toy-one', objective 'probability': expected a"):
        plan(objective="probability", **asked)


def test_label_targets_need_labels(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "bare.fa").write_text(">a\nACGT\n")
    with pytest.raises(InputError, match="expected a label for every sample"):
        plan(
            target="label",
            datasets={"mine": {"path": str(tmp_path / "bare.fa")}},
            matrix=[_block()],
        )


def test_n_labels_and_limit_choose_samples(
    suite: Callable[..., Suite], registry: Registry, data: Path
) -> None:
    chosen = suite(datasets={"mine": {"path": str(data), "labels": [1], "n": 9}})
    samples = make_plan(chosen, registry).datasets["mine"].samples
    assert Counter(sample.label for sample in samples) == {1: 9}
    assert len(make_plan(chosen, registry, limit=4).datasets["mine"].samples) == 4
    with pytest.raises(InputError, match="--limit: expected at least 1 sample"):
        make_plan(chosen, registry, limit=0)


def test_data_is_found_beside_the_suite_file(
    suite: Callable[..., Suite], registry: Registry, data: Path
) -> None:
    beside = suite(datasets={"mine": {"path": data.name}})
    assert len(make_plan(beside, registry, folder=data.parent).datasets["mine"].samples) == 70


def test_planning_imports_no_torch() -> None:
    code = (
        "import sys; from gxarena.run.plan import make_plan; "
        "from gxarena.registry import Registry; "
        "from gxarena.run.suite import read_suite; "
        "made = make_plan(read_suite('quickstart'), Registry.load()); "
        "assert made.cells and 'torch' not in sys.modules, 'torch'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_reads_annotations_needs_some(plan: MakePlan, tmp_path: Path, data: Path) -> None:
    block = _block(explainers=["oracle", "exact"], metrics=["auprc", "gini"])
    reasons = {(c.explainer, c.metric): c.unsupported for c in plan(matrix=[block]).cells}
    assert reasons["exact", "gini"] == ""
    assert (
        reasons["exact", "auprc"]
        == "metric 'auprc' needs annotations, and data set 'mine' has none"
    )
    assert reasons["oracle", "gini"].startswith("explainer 'oracle' needs annotations,")
    lines = data.read_text().splitlines()
    annotated = tmp_path / "annotated.csv"
    annotated.write_text(
        "\n".join([lines[0] + ",annotations", *(f"{x},2-5+ m" for x in lines[1:])])
    )
    made = plan(matrix=[block], datasets={"mine": {"path": str(annotated)}})
    assert {cell.unsupported for cell in made.cells} == {""}


def test_set_metrics_are_planned_like_others(plan: MakePlan) -> None:
    made = plan(matrix=[_block(metrics=["collection", "gini"])])
    assert [made.scope(cell.metric) for cell in made.cells] == ["set", "sample"]
    assert {cell.unsupported for cell in made.cells} == {""}


@pytest.mark.parametrize("name", ["planted", "fly-motifs", "quickstart"])
def test_suites_that_ship_with_their_data_plan_without_gaps(name: str) -> None:
    made = make_plan(read_suite(name), Registry.load())
    assert {cell.unsupported for cell in made.cells} == {""}


def test_a_suite_on_data_of_ones_own_says_what_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"test\.csv\.gz"):
        make_plan(read_suite("ctcf-vs-pu1"), Registry.load())


def test_the_field_of_explainers_is_planned_with_a_reason_for_every_gap() -> None:
    made = make_plan(read_suite("explainers"), Registry.load())
    gaps = {(c.model, c.explainer): c.unsupported for c in made.cells if c.unsupported}
    assert gaps["dnabert2-mini", "lrp"].startswith("explainer 'lrp' needs a network that zennit's")
    assert gaps["cnn", "attnlrp"].startswith("explainer 'attnlrp' needs a network of DNABERT-2's")
    works = {(c.model, c.explainer) for c in made.cells if not c.unsupported}
    for model in ("cnn", "dnabert2-mini", "cnn-planted", "mini-planted"):
        # No pair is a gap for one metric and fine for another.
        assert not {pair for pair in gaps if pair in works and pair[0] == model}
        assert len({pair for pair in works if pair[0] == model}) >= 20


def _with_maps(folder: Path, value: float) -> Path:
    folder.mkdir(exist_ok=True)
    np.savez(folder / "maps.npz", **{f"s{i:02d}": np.full(24, value) for i in range(70)})
    return folder


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_components_paths_are_found_beside_the_suite_file_too(
    suite: Callable[..., Suite],
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrapped: bool,
) -> None:
    """As data sets are: there first, else from the working directory; the content counts."""
    here, there = _with_maps(tmp_path / "here", 1.0), _with_maps(tmp_path / "there", 2.0)
    monkeypatch.chdir(here)
    own = {"name": "permuted", "explainer": "precomputed"} if wrapped else {"name": "precomputed"}
    asked = suite(
        explainers={"maps": own | {"path": "maps.npz"}},
        matrix=[_block(models=["toy"], explainers=["maps"])],
    )

    def chosen(folder: Path | None) -> Choice:
        return make_plan(asked, registry, folder=folder).choice("explainers", "maps")

    assert chosen(there).parameters["path"] == str(there / "maps.npz")
    assert chosen(here).identity == chosen(None).identity != chosen(there).identity
    assert renewed(make_plan(asked, registry, folder=there)).choice("explainers", "maps") == chosen(
        there
    )
    (there / "maps.npz").rename(here / "elsewhere.npz")
    assert chosen(there).identity == chosen(None).identity
    assert chosen(there).parameters["path"] == "maps.npz"

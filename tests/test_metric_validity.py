"""How metrics are judged: one that falls with every step, one that does not, one that turns."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped_scripts import shipped_script
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.results.contestants import Contestant, Replicate
from gxarena.results.validity import ANY, Measure

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "validity" / "metrics.py"
KINDS = {"cnn-planted": "cnn", "mini-planted": "dnabert2-mini"}
NAMES = ("oracle", "noise-25", "noise-50", "random")
ROLES = {"oracle": "ceiling", "random": "floor"}


@pytest.fixture(scope="module")
def validity() -> Any:
    return shipped_script("benchmarks/validity/metrics.py")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _group(means: tuple[float, ...], direction: Any = "higher") -> list[Contestant]:
    noise = np.random.default_rng(0).normal(scale=0.05, size=(4, 40))
    made = []
    for name, mean, own in zip(NAMES, means, noise, strict=True):
        labels = {"dataset": "d", "model": "m", "metric": "q", "explainer": name}
        one = Contestant(
            labels, ROLES.get(name, "control"), "", direction, (None, None), False, False
        )
        one.replicates[0] = Replicate(mean + own, failed=False, seconds=None, fingerprint=None)
        made.append(one)
    return made


def _found(validity: Any, *given: Any) -> list[tuple[Any, ...]]:
    return [
        (row["way"], row["against"], row["told"], row["turned"], row["monotone"])
        for row in validity.judged(_group(*given))
    ]


def test_a_metric_that_falls_at_every_step(validity: Any) -> None:
    expected = [("noise", None, 2, 0, True), (None, "random", 1, 0, True)]
    assert _found(validity, (1.0, 0.7, 0.4, 0.0)) == expected
    assert _found(validity, (-1.0, -0.7, -0.4, 0.0), "lower") == expected


def test_one_that_turns_a_step_round_or_prefers_noise(validity: Any) -> None:
    assert _found(validity, (1.0, 0.5, 0.8, 2.0)) == [
        ("noise", None, 1, 1, False),
        (None, "random", 0, 1, False),
    ]


def test_what_rises_by_no_more_than_chance_is_neither_told_nor_turned(validity: Any) -> None:
    assert _found(validity, (1.0, 0.5, 0.52, 0.5)) == [
        ("noise", None, 1, 0, False),
        (None, "random", 1, 0, True),
    ]
    assert _found(validity, (0.5, 0.5, 0.5, 0.51))[1] == (None, "random", 0, 0, False)


def test_a_metric_that_knows_nothing_tells_as_many_steps_as_it_turns_round(
    validity: Any, rng: np.random.Generator
) -> None:
    """docs/metrics.md, which metric to trust: at 5%, either way, about one in forty of each."""
    steps, told, turned = 0, 0, 0
    for _ in range(200):
        group = _group((0.0, 0.0, 0.0, 0.0))
        for one in group:
            one.replicates = {
                i: Replicate(rng.normal(size=40), failed=False, seconds=None, fingerprint=None)
                for i in range(3)
            }
        (row,) = (row for row in validity.judged(group) if row["way"])
        steps, told, turned = steps + row["steps"], told + row["told"], turned + row["turned"]
    assert steps == 400
    for number in (told, turned):
        assert 0 < number <= 10 + 3 * 10**0.5  # of 400, ten and thrice their spread


def test_a_way_that_makes_no_map_worse_is_none(validity: Any) -> None:
    group = _group((1.0, 1.0, 1.0, 0.0))
    for contestant in group:
        contestant.replicates[0].fingerprint = np.ones(3)
    assert [row["way"] for row in validity.judged(group)] == [None]
    group[1].replicates[0].fingerprint = np.array([1.0, -1.0, 1.0])
    assert [row["way"] for row in validity.judged(group)] == ["noise", None]


def test_a_description_is_not_judged(validity: Any) -> None:
    assert _found(validity, (1.0, 0.7, 0.4, 0.0), "none") == []


def test_where_a_metric_says_nothing_it_is_not_judged(validity: Any) -> None:
    """Undefined is not blind: of a rule that a data set does not have nobody can tell anything."""
    nowhere = _group((np.nan, np.nan, np.nan, np.nan))
    assert list(validity.judged(nowhere)) == []
    # Defined for the truth and its steps alone: those are judged, beside noise nothing is.
    assert _found(validity, (1.0, 0.7, 0.4, np.nan)) == [("noise", None, 2, 0, True)]
    assert _found(validity, (np.nan, 0.7, 0.4, 0.0)) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.3, 0.6, 0.9]), min_size=4, max_size=4),
    st.sampled_from([1.0, -3.0, 0.125]), st.randoms(use_true_random=False),
)  # fmt: skip
def test_verdicts_hang_on_neither_scale_nor_order_nor_which_way_is_better(
    validity: Any, means: list[float], scale: float, random: Any
) -> None:
    group = _group(tuple(means))
    rows = list(validity.judged(group))
    order = random.sample(range(40), 40)
    for one in group:
        one.replicates[0].values = scale * one.replicates[0].values[order]
        one.direction = "lower" if scale < 0 else "higher"
    assert list(validity.judged(group)) == rows
    for row in rows:
        assert 0 <= row["told"] + row["turned"] <= row["steps"]
        assert not row["monotone"] or not row["turned"]
        assert row["monotone"] or row["told"] < row["steps"]


def _judged(told: int, dataset: str = "d", against: str | None = None, **more: Any) -> Any:
    row = {"model": "m", "metric": "q", "question": "localization", "dataset": dataset}
    way = None if against else f"way{told}"
    outcome = more.pop("outcome", "tells" if told else "misled" if more.get("turned") else "blind")
    row |= {"trainings": 3, "outcome": outcome if against else None}
    row |= {"way": way, "against": against, "steps": 1 if against else 4, "told": told, "turned": 0}
    return row | {"monotone": True} | more


def test_trust_is_in_who_tells_the_truth_from_every_control(validity: Any) -> None:
    rows = [_judged(4), _judged(2), _judged(0, turned=2, monotone=False)]
    controls = [_judged(1, against="random"), _judged(1, "e", against="gc")]
    (found,) = validity.trusted([*rows, *controls])
    assert (found["told"], found["turned"]) == (0.5, 2 / 12)
    # Student's t with two degrees of freedom around 1/2, sd 1/2: cut where the scale ends.
    assert (found["told_low"], found["told_high"]) == (0.0, 1.0)
    assert (found["monotone"], found["ways"], found["controls"]) == (2, 3, 2)
    assert found["controls_told"] == 2
    assert (found["model"], found["metric"], found["question"]) == ("m", "q", "localization")
    assert (found["trusted"], found["not_told_from"]) == (True, "none")
    (found,) = validity.trusted([*rows, *controls, _judged(0, "e", against="random")])
    assert (found["trusted"], found["not_told_from"]) == (False, "random (e)")
    assert (found["trainings"], found["beside_controls"]) == (3, "does not tell random (e)")
    (found,) = validity.trusted([_judged(3, d) for d in "abc"])
    unseen = 1 - 0.025 ** (1 / 3)  # of three that agree
    assert found["told"] == 0.75
    assert (found["told_low"], found["told_high"]) == pytest.approx(
        (0.75 - 0.75 * unseen, 0.75 + 0.25 * unseen)
    )


def test_nobody_is_ranked_by_who_is_blind_or_misled(validity: Any) -> None:
    measure = Measure("cnn", "q", "{}", "")
    group = _group((1.0, 0.7, 0.4, 0.0))
    for one in group:
        one.measure = measure

    def why(*rows: Any) -> dict[Any, str]:
        return dict(validity.not_ranked([group], rows))

    steps = _judged(0, turned=2, monotone=False)
    fine = _judged(1, against="random"), _judged(1, against="gc"), _judged(1, against="blur")
    assert why(steps, *fine) == {}
    for outcome in ("blind", "not decided"):  # beside what reads the sequence
        assert why(*fine, _judged(0, "e", against="gc", outcome=outcome)) == {}
    blind = _judged(0, "e", against="random")
    assert why(*fine, blind) == {
        measure: "on planted motifs it does not tell the truth from random (e)"
    }
    misled = [_judged(0, against=control, turned=1, monotone=False) for control in ("blur", "gc")]
    assert why(*misled, blind) == {
        measure: "on planted motifs it does not tell the truth from random (e); on planted motifs "
        "it takes blur (d), gc (d) for better than the truth"
    }


def test_what_is_not_decided_ranks_nobody_and_is_not_called_blind(validity: Any) -> None:
    measure = Measure("cnn", "q", "{}", "")
    group = _group((1.0, 0.7, 0.4, 0.0))
    for one in group:
        one.measure = measure
    open_ = _judged(0, "e", "random", outcome="not decided")
    (why,) = dict(validity.not_ranked([group], [_judged(1, against="random"), open_])).values()
    assert why == "on planted motifs it is not decided whether it tells the truth from random (e)"
    # One reason is said once, of all that it is about.
    rows = [_judged(0, data, "random") for data in "ed"] + [open_ | {"dataset": "f"}]
    (why,) = dict(validity.not_ranked([group], rows)).values()
    assert why == (
        "on planted motifs it does not tell the truth from random (d, e); on planted motifs it is "
        "not decided whether it tells the truth from random (f)"
    )


def _beside(validity: Any, truth: Any, random: Any) -> dict[str, Any]:
    """Of values of shape (trainings, samples)."""
    group = _group((0.0, 0.0, 0.0, 0.0))
    for one, values in ((group[0], truth), (group[3], random)):
        one.replicates = {
            i: Replicate(row, failed=False, seconds=None, fingerprint=None)
            for i, row in enumerate(values)
        }
    (row,) = (row for row in validity.judged([group[0], group[3]]) if row["against"] == "random")
    return dict(row)


def test_blind_is_shown_and_lack_of_power_is_not_taken_for_it(
    validity: Any, rng: np.random.Generator
) -> None:
    noise = rng.normal(size=(5, 400))
    assert _beside(validity, noise + 1, rng.normal(size=(5, 400)))["outcome"] == "tells"
    assert _beside(validity, noise - 1, rng.normal(size=(5, 400)))["outcome"] == "misled"
    blind = _beside(validity, noise, rng.normal(size=(5, 400)))
    assert (blind["outcome"], blind["trainings"]) == ("blind", 5)
    assert blind["ahead_low"] < blind["ahead"] < blind["ahead_high"] < validity.LEAST_AHEAD
    # The very same metric, asked of few samples, or of trainings of which each says another thing.
    few = _beside(validity, noise[:1, :25], rng.normal(size=(1, 25)))
    assert (few["outcome"], few["trainings"]) == ("not decided", 1)
    apart = np.array([[3.0], [-3.0], [3.0], [-3.0], [1.0]])
    differ = _beside(validity, noise + apart, rng.normal(size=(5, 400)))
    assert differ["outcome"] == "not decided"
    assert differ["ahead_high"] > validity.LEAST_AHEAD
    # Below twenty samples there is no interval, so that nothing is shown.
    tiny = _beside(validity, noise[:1, :10], rng.normal(size=(1, 10)))
    assert (tiny["outcome"], tiny["ahead_high"]) == ("not decided", None)


def test_more_trainings_may_tell_what_a_few_call_blind(
    validity: Any, rng: np.random.Generator
) -> None:
    """docs/metrics.md: means are asked first, so that blindness is shown of these trainings."""
    random = rng.normal(size=(12, 400))
    ahead = np.where(np.arange(400) % 5 < 3, 1.0, -1.0)  # on three maps of five, in each training
    truth = random + np.tile([[1.0], [2.0], [3.0]], (4, 1)) * ahead
    few = _beside(validity, truth[:3], random[:3])
    assert few["outcome"] == "blind"
    assert few["ahead_low"] > 0.5  # more often than chance all the same
    assert _beside(validity, truth, random)["outcome"] == "tells"


def test_a_control_ahead_on_most_maps_and_by_its_mean_is_preferred(
    validity: Any, rng: np.random.Generator
) -> None:
    """Though its mean alone is not told; who leads by the mean is not misled, only blind."""
    random = rng.normal(size=(3, 400))
    ahead = np.where(np.arange(400) % 5 < 3, -1.0, 1.0)  # on two maps of five, in each training
    behind = _beside(validity, random + [[1.0], [2.0], [3.0]] * ahead, random)
    assert behind["ahead_high"] < 0.5
    assert (behind["outcome"], behind["turned"], behind["told"]) == ("misled", 1, 0)
    seldom = random + [[1.0], [2.0], [3.0]] * np.where(ahead > 0, 1.6, -1.0)
    leads = _beside(validity, seldom, random)
    assert leads["monotone"]
    assert (leads["outcome"], leads["turned"]) == ("blind", 0)


def test_ahead_is_how_often_and_no_outlier_hides_it(
    validity: Any, rng: np.random.Generator
) -> None:
    """Ties count half; of means that a few maps decide blindness is not shown."""
    random = rng.normal(size=(3, 100))
    truth = random + 0.5
    truth[:, :10] = random[:, :10]
    assert _beside(validity, truth, random)["ahead"] == pytest.approx(0.95)
    truth[0, 50] -= 1e4
    outlier = _beside(validity, truth, random)
    assert (outlier["outcome"], outlier["told"]) == ("not decided", 0)
    assert outlier["ahead"] == pytest.approx(0.95 - 1 / 300)
    turned = [-values for values in (truth, random)]
    opposite = _beside(validity, *turned)
    assert opposite["ahead"] == pytest.approx(1 - outlier["ahead"])


def test_what_is_even_but_for_rounding_is_a_tie_and_no_more(
    validity: Any, rng: np.random.Generator
) -> None:
    random = 1 + rng.random(size=(3, 40))
    for larger, ahead in ((1e-12, 0.5), (1e-7, 1.0)):
        assert _beside(validity, random * (1 + larger), random)["ahead"] == ahead
    # However small all values are; an interval of a share ends where shares do.
    wholly = _beside(validity, 2e-12 * random, 1e-12 * random)
    assert 0.9 < wholly["ahead_low"] < wholly["ahead"] == wholly["ahead_high"] == 1.0
    nowhere = _beside(validity, random, 2 * random)
    assert 0.0 == nowhere["ahead_low"] == nowhere["ahead"] < nowhere["ahead_high"] < 0.1


def test_what_came_of_controls_is_said_once_each(validity: Any) -> None:
    rows = [
        _judged(1, against="random"),
        _judged(0, "e", "gc", outcome="not decided"),
        _judged(0, "d", "gc", outcome="not decided"),
        _judged(0, "d", "blur", turned=1),
        _judged(2),
        _judged(3),
    ]
    (found,) = validity.trusted(rows)
    assert found["beside_controls"] == "prefers blur (d); not decided: gc (d, e)"
    (found,) = validity.trusted([rows[0], *rows[-2:]])
    assert found["beside_controls"] == "tells all"


@settings(deadline=None)
@given(st.data())
def test_a_verdict_needs_a_reason_and_no_good_result_takes_it_away(
    validity: Any, data: st.DataObject
) -> None:
    measure = Measure("cnn", "q", "{}", "")
    group = _group((1.0, 0.7, 0.4, 0.0))
    for one in group:
        one.measure = measure
    outcomes = st.sampled_from(["tells", "blind", "not decided", "misled"])
    asked = st.lists(
        st.tuples(st.sampled_from(["random", "gc", "blur"]), st.sampled_from("de"), outcomes)
    )
    drawn = data.draw(asked)
    rows = [
        _judged(came == "tells", where, control, turned=came == "misled", outcome=came)
        for control, where, came in drawn
    ]
    steps = [_judged(data.draw(st.integers(0, 4)), turned=data.draw(st.integers(0, 4)))]
    found = dict(validity.not_ranked([group], rows + steps))
    bad = [
        one
        for one in drawn
        if one[2] == "misled" or (one[0], one[2] == "tells") == ("random", False)
    ]
    assert set(found) == ({measure} if bad else set())
    assert dict(validity.not_ranked([group], [*steps, *rows[::-1]])) == found
    good = [_judged(1, "f", control) for control in ("random", "gc", "blur")]
    assert dict(validity.not_ranked([group], rows + good)) == found
    if drawn:
        (trust,) = validity.trusted([*rows, _judged(2, "d"), _judged(3, "e")])
        assert trust["trusted"] == all(came == "tells" for _, _, came in drawn)
        assert not trust["trusted"] or not bad


def test_a_budget_without_a_reason_is_told_where_it_was_judged_beside_noise(validity: Any) -> None:
    group = _group((1.0, 0.7, 0.4, 0.0))
    for one in group:
        one.measure = Measure("cnn", "q", "{}", "gain@5")
    (measure,) = {one.measure for one in group}
    good = _judged(1, against="random"), _judged(0, against="gc")
    assert dict(validity.not_ranked([group], good)) == {measure: ""}
    assert dict(validity.not_ranked([group], good[1:])) == {}
    (why,) = dict(validity.not_ranked([group], [*good, _judged(0, "e", "random")])).values()
    assert why == "on planted motifs it does not tell the truth from random (e)"


def test_the_shipped_verdicts_are_those_of_the_published_table(validity: Any) -> None:
    """The board has labels; the verdicts, what they stand for."""
    rows = pq.read_table(ROOT / "leaderboard" / "metric-validity.parquet").to_pylist()
    labels = {(row["model"], row["metric"]) for row in rows}
    groups = [
        [
            SimpleNamespace(
                labels={"model": model, "metric": metric},
                measure=Measure(KINDS[model], metric, "{}", metric.partition(".")[2]),
            )
        ]
        for model, metric in labels
    ]
    expected = Counter(
        (one.model, one.metric.removeprefix("faithfulness-").partition(".")[0], one.quantity, why)
        for one, why in validity.not_ranked(groups, rows)
    )
    shipped = json.loads((SCRIPT.parent / "not_ranked.json").read_text())
    reasons = {
        Measure(
            one["model"], one["metric"], json.dumps(one["parameters"], sort_keys=True),
            one["quantity"],
        ): one["why"]
        for one in shipped
    }  # fmt: skip
    assert validity.BY_DEFINITION.items() <= reasons.items()
    judged = [
        one
        for one, measure in zip(shipped, reasons, strict=True)
        if measure not in validity.BY_DEFINITION
    ]
    assert not [one for one in judged if one["model"] == ANY]
    # Their labels say by which fill a metric goes.
    assert expected == Counter(
        (one["model"], one["parameters"]["fill"] if one["metric"] == "faithfulness"
         else one["metric"], one["quantity"], one["why"])
        for one in judged
    )  # fmt: skip
    rankings = [one["parameters"].get("ranking", "signed") for one in judged]
    assert set(rankings) == {"signed"}


def test_the_published_trust_is_what_the_published_verdicts_come_to(validity: Any) -> None:
    rows = pq.read_table(ROOT / "leaderboard" / "metric-validity.parquet").to_pylist()
    shipped = pq.read_table(ROOT / "leaderboard" / "metric-trust.parquet").to_pylist()
    made = list(validity.trusted(rows))
    assert len(made) == len(shipped)
    for one, other in zip(made, shipped, strict=True):
        assert one == pytest.approx(other)


def test_without_steps_nothing_is_written(validity: Any, tmp_path: Path) -> None:
    verdicts = tmp_path / "not_ranked.json"
    verdicts.write_text("[]")
    run = write_run(tmp_path / "run", {"oracle": [1.0, 2.0], "random": [0.0, 1.0]})
    for folders in ([], [str(run)]):
        with pytest.raises(InputError, match="expected runs of metric-validity"):
            validity.main([str(tmp_path), *folders], verdicts)
    assert verdicts.read_text() == "[]"
    assert not list(tmp_path.glob("*.parquet"))


def test_the_interval_of_the_steps_told_is_students(validity: Any) -> None:
    (found,) = validity.trusted([_judged(told, str(told)) for told in (2, 3, 2, 3, 3, 2)])
    half = 2.570582 * np.std([0.5, 0.75] * 3, ddof=1) / np.sqrt(6)
    assert found["told_high"] - found["told"] == pytest.approx(half, rel=1e-5)


def test_metrics_that_order_the_maps_the_other_way_round(validity: Any) -> None:
    one, other, lower = _group((1.0, 0.7, 0.4, 0.0)), _group((0.0, 0.2, 0.5, 0.9)), []
    for contestant in other:
        contestant.labels = dict(contestant.labels) | {"metric": "turned"}
    lower = _group((0.0, 0.2, 0.5, 0.9), "lower")
    for contestant in lower:
        contestant.labels = dict(contestant.labels) | {"metric": "lower"}
    shown = _group((1.0, 0.7, 0.4, 0.0), "none")
    found = {
        (row["metric"], row["other"]): row["rank_correlation"]
        for row in validity.conflicts([one, other, lower, shown])
    }
    assert found == pytest.approx(
        {
            ("q", "q"): 1, ("turned", "turned"): 1, ("lower", "lower"): 1,
            ("q", "turned"): -1, ("turned", "q"): -1, ("q", "lower"): 1, ("lower", "q"): 1,
            ("turned", "lower"): -1, ("lower", "turned"): -1,
        }
    )  # fmt: skip


def test_a_conflict_is_the_mean_over_data_sets_that_both_have(validity: Any) -> None:
    """Alike on one and turned round on the other; a third has one metric alone."""
    falls, rises = (1.0, 0.7, 0.4, 0.0), (0.0, 0.2, 0.5, 0.9)
    groups = []
    for data, metric, means in (
        ("d", "q", falls), ("d", "r", falls), ("e", "q", falls), ("e", "r", rises),
        ("f", "q", falls),
    ):  # fmt: skip
        groups.append(_group(means))
        for contestant in groups[-1]:
            contestant.labels = dict(contestant.labels) | {"dataset": data, "metric": metric}
    (row,) = (
        row for row in validity.conflicts(groups) if (row["metric"], row["other"]) == ("q", "r")
    )
    assert row["data_sets"] == 2
    found = row["rank_correlation"], row["least"], row["most"]
    assert found == pytest.approx((0.0, -1.0, 1.0))


def test_a_control_that_is_no_floor_is_asked_about_and_a_step_is_none(validity: Any) -> None:
    """As `gc` and `blur` are, while the truth made worse has their role too."""
    group = _group((1.0, 0.7, 0.4, 0.0))
    group[2].labels = dict(group[2].labels) | {"explainer": "gc"}
    rows = [row for row in validity.judged(group) if row["against"]]
    assert [(row["against"], row["outcome"]) for row in rows] == [
        ("gc", "tells"), ("random", "tells")
    ]  # fmt: skip


def test_maps_are_put_in_order_by_their_means(validity: Any) -> None:
    groups = [_group((1.0, 0.7, 0.4, 0.0)) for _ in range(2)]
    for contestant in groups[1]:
        contestant.labels = dict(contestant.labels) | {"metric": "r"}
    groups[1][3].replicates[0].values[0] = 9.0  # the last map's best sample, not its mean
    found = {
        (row["metric"], row["other"]): row["rank_correlation"] for row in validity.conflicts(groups)
    }
    assert found["q", "r"] == pytest.approx(1.0)


def test_fewest_trainings_are_told(validity: Any) -> None:
    rows = [_judged(3, str(n)) | {"trainings": n} for n in (5, 1, 3)]
    (found,) = validity.trusted(rows)
    assert found["trainings"] == 1

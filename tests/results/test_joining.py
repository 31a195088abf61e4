"""Two runs as one: who meets, what is kept once, what stays apart under which name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from written_runs import Values, write_run

from gxarena.results.joining import _unequal, joined
from gxarena.results.leaderboard import leaderboard
from gxarena.results.measured import Measured
from gxarena.results.reading import RunResults
from gxarena.results.terms import terms_of

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0, 0.0))


def _measured(
    folder: Path, values: Mapping[str, Values], document: Any = None, **changes: Any
) -> Measured:
    run = RunResults.of(write_run(folder, values, document, **changes))
    return Measured.of(run, folder.name, terms_of(run))


def _rows(measured: Measured) -> dict[str, dict[str, Any]]:
    board = leaderboard(measured.cells, measured.samples, measured.seed, measured.groupings)
    return {row["explainer"]: row for row in board.to_pylist()}


def test_explainers_of_two_runs_compete(tmp_path: Path) -> None:
    """Each is first on its own board."""
    one = _measured(tmp_path / "one", {"a": LOW, "random": NONE})
    two = _measured(tmp_path / "two", {"b": HIGH, "random": NONE})
    assert [_rows(run)[name]["rank"] for run, name in ((one, "a"), (two, "b"))] == [1, 1]
    both = joined(one, two)
    rows = _rows(both)
    assert {name: row["rank"] for name, row in rows.items()} == {"a": 2, "b": 1, "random": None}
    assert rows["a"]["tier"] == 2
    assert (both.notes, both.samples.num_rows) == ((), 3 * 24)
    assert {row["suite"] for row in rows.values()} == {"s"}


def test_identical_cells_are_one_also_where_their_ids_are_the_same(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW, "random": NONE})
    again = joined(one, one)
    assert again.cells.equals(one.cells)
    assert again.samples.equals(one.samples)
    assert again.notes == ()


def test_values_that_differ_by_rounding_are_the_same(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": [None, *LOW]})
    rounded = [None, *(value * (1 + 3e-5) for value in LOW)]
    both = joined(one, _measured(tmp_path / "two", {"a": rounded}))
    assert both.samples.equals(one.samples)


@pytest.mark.parametrize(
    "theirs", [[*LOW[:-2], 9.0, 9.0], [*LOW[:-2], None, None]], ids=["other", "none"]
)
def test_other_values_for_one_cell_are_both_shown_and_said(theirs: Values, tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW, "random": NONE})
    both = joined(one, _measured(tmp_path / "two", {"a": theirs, "random": NONE}))
    assert set(_rows(both)) == {"a", "a (two)", "random"}
    assert both.notes == (
        "one and two hold other values for m / a under q (2 differ): "
        "that of two is shown as 'a (two)'.",
    )
    third = joined(both, _measured(tmp_path / "elsewhere" / "two", {"a": HIGH, "random": NONE}))
    assert set(_rows(third)) == {"a", "a (two)", "a (two, 2)", "random"}


def test_one_name_for_two_explainers_is_two(tmp_path: Path) -> None:
    """Also where they were never asked the same, and so hold no cell in common."""
    one = _measured(tmp_path / "one", {"a": LOW})
    two = _measured(tmp_path / "two", {"a": LOW}, explainer_parameters='{"n": 2}', metric="r",
                    metric_name="r", metric_component="r")  # fmt: skip
    both = joined(one, two)
    assert set(_rows(both)) == {"a", "a (two)"}
    assert both.notes == (
        "'a' is a {} and, in another run, a {\"n\": 2}: that of two is shown as 'a (two)'.",
    )


@pytest.mark.parametrize("failed", ["one", "two"])
def test_of_two_cells_the_one_that_did_not_fail_counts(failed: str, tmp_path: Path) -> None:
    runs = [
        _measured(
            tmp_path / name,
            {"a": LOW, "b": HIGH},
            status={"a": "error"} if name == failed else "ok",
        )
        for name in ("one", "two")
    ]
    rows = _rows(joined(*runs))
    assert {name: (row["rank"], row["n_failed"]) for name, row in rows.items()} == {
        "a": (2, 0), "b": (1, 0),
    }  # fmt: skip


def test_the_same_data_and_model_under_other_names_are_the_same(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW})
    document = {"datasets": {"mine": {"groups": "overlap"}}}
    names = {"dataset": "mine", "model": "my-cnn", "suite": "my-suite"}
    two = _measured(tmp_path / "two", {"b": HIGH}, **names)
    rows = _rows(joined(one, two))
    assert {name: row["rank"] for name, row in rows.items()} == {"a": 2, "b": 1}
    assert {(row["suite"], row["dataset"], row["model"]) for row in rows.values()} == {
        ("s", "d", "m")
    }
    # Grouped, the samples are other evidence: a block of its own.
    grouped = _measured(tmp_path / "three", {"b": HIGH}, document, **names)
    assert {row["dataset"] for row in _rows_of_any(joined(one, grouped))} == {"d", "mine"}


def _rows_of_any(measured: Measured) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = leaderboard(measured.cells, measured.samples).to_pylist()
    return rows


def _of_other_code(first: str, second: str, named: str) -> str:
    return (
        f"{first} and {second} were computed with other sources or versions of libraries: {named}. "
        "They rank together by name and parameters. Whether their numbers are the same here: "
        "gxarena verify BUNDLE --replay 5, which runs cells of a bundle again with what is "
        "installed."
    )


def test_libraries_that_differ_are_named(tmp_path: Path) -> None:
    """Those of which both say a version: of `here` only one says that it was there."""
    told = {
        "metric_digest": "0" * 32,
        "packages": '{"torch": "2.15.0", "numpy": "2.1", "here": "1"}',
    }
    one = _measured(tmp_path / "one", {"a": LOW}, packages='{"numpy": "2.1", "torch": "2.13.0"}')
    (note,) = joined(one, _measured(tmp_path / "two", {"b": HIGH}, **told)).notes
    assert "versions of libraries (torch 2.13.0 and 2.15.0): q. They" in note
    many = {f"p{i}": str(i) for i in range(8)}
    old = _measured(tmp_path / "old", {"a": LOW}, packages=json.dumps(many))
    new = json.dumps(many | dict.fromkeys(many, "9"))
    (note,) = joined(
        old, _measured(tmp_path / "new", {"b": HIGH}, **told | {"packages": new})
    ).notes
    assert "libraries (p0 0 and 9, p1 1 and 9," in note
    assert "p5 5 and 9 and 2 others): q." in note


def test_who_computed_with_other_code_is_said(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW})
    two = _measured(tmp_path / "two", {"b": HIGH}, metric_digest="0" * 32, model_digest="1" * 32)
    assert joined(one, two).notes == (_of_other_code("one", "two", "q, m"),)
    elsewhere = _measured(
        tmp_path / "x", {"b": HIGH}, metric="r", metric_name="r", metric_digest="0" * 32
    )
    assert joined(one, elsewhere).notes == ()


def test_other_code_of_explainers_and_aggregators_is_said_too(tmp_path: Path) -> None:
    """Even where no cell is of both runs: who explains the same way by other code is compared."""
    one = _measured(
        tmp_path / "one", {"a": LOW}, explainer_digest="1" * 32, aggregator_digest="2" * 32
    )
    digests = {"a": "3" * 32, "b": "1" * 32}
    two = _measured(
        tmp_path / "two", {"a": LOW, "b": HIGH}, explainer_digest=digests,
        aggregator_digest="4" * 32, metric="r", metric_name="r", metric_component="r",
    )  # fmt: skip
    both = joined(one, two)
    assert both.notes == (_of_other_code("one", "two", "a, native"),)
    # One of them is what a third was computed with, the other is not.
    third = _measured(
        tmp_path / "three", {"a": LOW}, explainer_digest="1" * 32, aggregator_digest="2" * 32,
        metric="s", metric_name="s", metric_component="s",
    )  # fmt: skip
    assert joined(both, third).notes == (
        *both.notes,
        _of_other_code("one", "three", "a, native"),
    )


@pytest.mark.parametrize(
    ("names", "named"),
    [("abcdef", "a, b, c, d, e, f"), ("abcdefg", "a, b, c, d, e, f and 1 other"),
     ("abcdefgh", "a, b, c, d, e, f and 2 others")],
)  # fmt: skip
def test_at_most_six_are_named(names: str, named: str, tmp_path: Path) -> None:
    """A change of what all compute with is a change of all."""
    one, two = (
        _measured(tmp_path / run, dict.fromkeys(names, LOW), explainer_digest=code * 32)
        for run, code in (("one", "1"), ("two", "2"))
    )
    assert joined(one, two).notes == (_of_other_code("one", "two", named),)


def test_an_earlier_attempt_is_not_what_a_cell_holds(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW})
    failed = [row | {"attempt": 0, "status": "error"} for row in one.cells.to_pylist()]
    cells = pa.concat_tables([one.cells, pa.Table.from_pylist(failed, one.cells.schema)])
    both = joined(
        _measured(tmp_path / "two", {"a": LOW}), Measured(**{**vars(one), "cells": cells})
    )
    assert (_rows(both)["a"]["n_failed"], both.samples.num_rows) == (0, 24)


def test_replicates_of_one_explainer_are_other_cells(tmp_path: Path) -> None:
    first, second = (
        _measured(tmp_path / name, {"a": LOW}, model_replicate=i, model_weights_digest=str(i) * 32)
        for i, name in enumerate(("one", "two"))
    )
    (row,) = _rows(joined(first, second)).values()
    assert (row["replicates"], row["n"], row["sequences"]) == (2, 48, 24)


def test_what_the_second_brings_counts_for_a_third(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW})
    document = {"datasets": {"e": {"groups": "overlap"}}}
    two = _measured(tmp_path / "two", {"a": LOW}, document, dataset="e", dataset_digest="e" * 64)
    both = joined(one, two)
    assert both.groupings == {"e": "overlap"}
    assert both.terms == {**one.terms, **two.terms}


def _as_one_run(first: Measured, second: Measured) -> Measured:
    """Cells that one suite asks for under two labels."""
    tables = {
        what: pa.concat_tables([getattr(run, what) for run in (first, second)])
        for what in ("cells", "samples")
    }
    return Measured(**{**vars(first), **tables, "terms": {**first.terms, **second.terms}})


def test_two_names_for_one_data_set_in_one_run_stay_two(tmp_path: Path) -> None:
    one = _measured(tmp_path / "one", {"a": LOW})
    named = [_measured(tmp_path / name, {"b": HIGH}, dataset=name) for name in ("d", "mine")]
    both = joined(one, _as_one_run(*named))
    rows = leaderboard(both.cells, both.samples).to_pylist()
    assert [(row["dataset"], row["explainer"]) for row in rows] == [
        ("d", "a"), ("d", "b"), ("mine", "b"),
    ]  # fmt: skip


def test_two_labels_for_one_model_stay_two(tmp_path: Path) -> None:
    """One lost the other's row: both would be the first run's model."""
    one = _measured(tmp_path / "one", {"a": LOW})
    named = [
        _measured(tmp_path / name, {"b": values}, model=name)
        for name, values in (("x", HIGH), ("y", LOW))
    ]
    both = joined(one, _as_one_run(*named))
    rows = leaderboard(both.cells, both.samples).to_pylist()
    assert [(row["model"], row["explainer"]) for row in rows] == [
        ("m", "a"), ("x", "b"), ("y", "b"),
    ]  # fmt: skip


def test_what_is_compared_with_its_own_replicates_still_is_under_another_name(
    tmp_path: Path,
) -> None:
    one = _measured(tmp_path / "one", {"a": LOW}, against="m/a")
    other = _measured(tmp_path / "other", {"b": HIGH}, model="mine", against="mine/b")
    both = joined(one, other)
    assert both.cells["model"].to_pylist() == ["m", "m"]
    assert both.cells["against"].to_pylist() == ["m/a", "m/b"]
    apart = _measured(tmp_path / "apart", {"a": HIGH}, against="m/a")
    kept = joined(one, apart).cells.to_pylist()
    assert [row["against"] for row in kept] == [f"m/{row['explainer']}" for row in kept]


def _comparing(
    folder: Path,
    reference: Values,
    values: Mapping[str, Values],
    model: str = "m",
    **changes: Any,
) -> Measured:
    """Explainers by a metric, and how they compare with `ref` by another one.

    `ref` itself, and the values of the comparison's cells by explainer.
    """
    plain = _measured(
        folder / "plain", {"ref": reference, **dict.fromkeys(values, LOW)}, model=model, **changes
    )
    pairs = _measured(
        folder / "pairs", values, metric="sim", metric_component="sim", model=model,
        metric_name=f"sim[vs {model}/ref]", against=f"{model}/ref", metric_scope="pair", **changes,
    )  # fmt: skip
    both = {
        what: pa.concat_tables([getattr(run, what) for run in (plain, pairs)])
        for what in ("cells", "samples")
    }
    code = {("code of what is compared with", f"{model}/ref"): "ref {} (c)"}
    terms = {**plain.terms, **pairs.terms, **code}
    return Measured(**{**vars(plain), **both, "name": folder.name, "terms": terms})


def _board(measured: Measured) -> dict[tuple[str, str], dict[str, Any]]:
    rows = leaderboard(measured.cells, measured.samples, measured.seed).to_pylist()
    return {(row["metric"], row["explainer"]): row for row in rows}


def test_a_comparison_names_the_model_as_the_board_does(tmp_path: Path) -> None:
    """Else nobody of another run would be ranked with it, and a model would stand for nothing."""
    one = _comparing(tmp_path / "one", NONE, {"a": LOW})
    two = _comparing(tmp_path / "two", NONE, {"b": HIGH}, model="my-cnn")
    both = joined(one, two)
    assert set(both.cells["against"].drop_null().to_pylist()) == {"m/ref"}
    board = _board(both)
    assert {key[1]: row["rank"] for key, row in board.items() if key[0] == "sim[vs m/ref]"} == {
        "a": 2, "b": 1,
    }  # fmt: skip
    assert {key[0] for key in board} == {"q", "sim[vs m/ref]"}
    assert all(row["n"] == 24 for row in board.values())


def test_who_is_compared_with_another_of_one_name_is_not_ranked_together(tmp_path: Path) -> None:
    """The second run's reference gave other maps: comparisons with it are another measure."""
    one = _comparing(tmp_path / "one", NONE, {"a": LOW, "b": LOW})
    two = _comparing(tmp_path / "two", HIGH, {"a": HIGH, "b": LOW})
    both = joined(one, two)
    board = _board(both)
    assert set(board) == {
        *(("q", name) for name in ("a", "b", "ref", "ref (two)")),
        *(("sim[vs m/ref]", name) for name in "ab"),
        *(("sim[vs m/ref (two)]", name) for name in "ab"),
    }
    assert board["sim[vs m/ref (two)]", "a"]["estimate"] == pytest.approx(sum(HIGH) / 24)
    assert board["sim[vs m/ref]", "a"]["estimate"] == pytest.approx(sum(LOW) / 24)
    assert both.notes == (
        "one and two hold other values for m / ref under q (24 differ): "
        "that of two is shown as 'ref (two)'.",
    )
    assert ("what is compared with", "m/ref (two)") in both.terms


def test_who_differs_beside_the_same_reference_is_shown_apart(tmp_path: Path) -> None:
    one = _comparing(tmp_path / "one", NONE, {"a": LOW})
    both = joined(one, _comparing(tmp_path / "two", NONE, {"a": HIGH}))
    board = _board(both)
    assert {name for metric, name in board if metric == "sim[vs m/ref]"} == {"a", "a (two)"}
    assert both.samples.num_rows == 24 * 5  # ref once, a twice by either metric


def test_a_comparison_with_what_has_no_cells_says_that_its_code_is_not_known(
    tmp_path: Path,
) -> None:
    one = _comparing(tmp_path / "one", NONE, {"a": LOW})
    two = _measured(
        tmp_path / "two", {"b": HIGH}, metric="sim", metric_component="sim",
        metric_name="sim[vs m/ref]", against="m/ref", metric_scope="pair",
    )  # fmt: skip
    both = joined(one, two)
    assert both.notes == (
        "one and two are compared with 'm/ref' by name and parameters: two held no cells of it, so "
        "that its code is not known to be the same.",
    )
    assert {key: row["rank"] for key, row in _board(both).items() if key[0] != "q"} == {
        ("sim[vs m/ref]", "a"): 2, ("sim[vs m/ref]", "b"): 1,
    }  # fmt: skip


def test_a_label_that_a_run_compares_with_is_not_given_to_another_model(tmp_path: Path) -> None:
    """In the second run m is a model of which it holds no cells, and mine is the first's m."""
    one = _measured(tmp_path / "one", {"a": LOW})
    two = _measured(
        tmp_path / "two", {"b": HIGH}, model="mine", metric="sim", metric_component="sim",
        metric_name="sim[vs m/ref]", against="m/ref", metric_scope="pair",
    )  # fmt: skip
    assert joined(one, two).cells["model"].to_pylist() == ["m", "mine"]


@pytest.mark.parametrize(
    ("devices", "on"),
    [
        (("cpu", "cuda:0"), "cpu in one and on cuda:0 in two"),
        (("cpu", "cpu"), "cpu both, which may be other machines"),
    ],
)
def test_seconds_of_two_runs_are_no_comparison(
    devices: tuple[str, str], on: str, tmp_path: Path
) -> None:
    one, two = (
        _measured(tmp_path / name, {explainer: LOW}, device=device)
        for name, explainer, device in zip(("one", "two"), "ab", devices, strict=True)
    )
    assert joined(one, two).notes == (
        f"Seconds of one and two were measured on {on}: they compare within a run alone, and of a "
        "model that several timed none are shown.",
    )
    untimed = _measured(tmp_path / "three", {"c": LOW}, device="cpu", explain_seconds=None)
    assert joined(one, untimed).notes == ()


def test_what_a_cell_is_of_is_known(tmp_path: Path) -> None:
    """Those that two runs hold are of both; who failed in one is of the other alone."""
    one = _measured(tmp_path / "one", {"a": LOW, "c": LOW, "random": NONE}, status={"c": "error"})
    two = _measured(tmp_path / "two", {"a": HIGH, "c": LOW, "random": NONE})
    both = joined(one, two)
    of = {
        row["explainer"]: [run for run, _ in both.origins[row["cell_id"]]]
        for row in both.cells.to_pylist()
    }
    assert of == {"a": ["one"], "a (two)": ["two"], "c": ["two"], "random": ["one", "two"]}
    assert both.origins.keys() == set(both.cells["cell_id"].to_pylist())


def test_a_difference_of_logits_that_another_processor_rounds_is_the_same_value() -> None:
    """As measured of `gain_logit` on two kinds: a last bit of either logit, of about eight."""
    bit = float(np.spacing(np.float32(8)))
    values = np.array([1e-4, 3e-4, 2.0])
    assert not _unequal(values, values + 4 * bit)
    assert _unequal(values, values + 1e-3) == len(values)

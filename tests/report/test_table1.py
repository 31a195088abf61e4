"""Table 1: our numbers, the paper's beside them, and what Markdown and LaTeX make of names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.errors import InputError
from gxarena.report.evidence import Evidence
from gxarena.report.table1 import ENHANCERS, PROMOTERS, TableRow, latex, markdown, table_1

Make = Callable[..., Path]


def _cells(dataset: str = "promoters", kind: str = "promoters") -> list[dict[str, Any]]:
    """Both metrics of both models on both levels; the k-th cell's values are around k."""
    named = [
        ("my_tokens", "attnlrp", ("native", "passed_on", "equally_distributed")),
        ("cnn", "lrp", ("native", "sum", "mean")),
    ]
    every = [
        {"dataset": dataset, "dataset_kind": kind, "metric": metric}
        | {"model": m, "explainer": e, "aggregator": a}
        for metric in ("gini", "entropy")
        for m, e, aggregators in named
        for a in aggregators
    ]
    return [cell | {"values": {"": [k - 1.0, k, k + 1.0]}} for k, cell in enumerate(every)]


def _rows(*runs: Path) -> list[TableRow]:
    return table_1(Evidence.of(runs))


def test_rows_are_the_papers_by_strategy(make_run: Make) -> None:
    rows = _rows(make_run(*_cells()))
    assert [(r.explanation, r.level, r.strategy) for r in rows] == [
        ("my_tokens/attnlrp", "token", "native"),
        ("my_tokens/attnlrp", "nucleotide", "passed_on"),
        ("my_tokens/attnlrp", "nucleotide", "equally_distributed"),
        ("cnn/lrp", "nucleotide", "native"),
        ("cnn/lrp", "token", "sum"),
        ("cnn/lrp", "token", "mean"),
    ]
    for k, row in enumerate(rows):
        assert row.entries["gini"].ours == (k, 1.0)
        assert row.entries["entropy"].ours == (k + 6, 1.0)
    theirs = [row.entries["entropy"].theirs[0] for row in rows]
    assert theirs == [3.63, 5.22, 5.22, 5.06, 3.49, 3.49]


def test_the_papers_numbers_are_the_papers(shared: Path) -> None:
    text = (shared / "paper.md").read_text()
    lines = [line for line in text.splitlines() if "-level 0." in line]
    assert len(lines) == 4
    for line, own, level in zip(
        lines,
        ("token", "token", "nucleotide", "nucleotide"),
        ("token", "nucleotide") * 2,
        strict=True,
    ):
        numbers = iter(line.split("-level ")[1].replace("(", "").replace(")", "").split())
        for table in (PROMOTERS, ENHANCERS):
            for metric in ("gini", "entropy"):
                found = table[own, level, metric]  # type: ignore[index]
                assert found == (float(next(numbers)), float(next(numbers)))


def test_enhancers_stand_beside_enhancers(make_run: Make) -> None:
    one = make_run(*_cells(), name="one")
    other = make_run(*_cells("promoters-of-sorts", "enhancers"), name="two")
    rows = _rows(one, other)
    assert [row.entries["gini"].theirs for row in rows[::6]] == [(0.42, 0.07), (0.64, 0.10)]
    assert "promoters (251 bp) and Drosophila enhancers" in markdown(rows)


def test_markdown_reads_back(make_run: Make) -> None:
    table = markdown(_rows(make_run(*_cells())))
    lines = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines()[:8]]
    assert lines[0] == [
        "data set", "explanation", "scores on",
        "Gini index", "paper", "Entropy (nats)", "paper", "n",
    ]  # fmt: skip
    assert lines[2] == [
        "promoters", "`my_tokens/attnlrp`", "tokens (native)",
        "0.00 (1.00)", "0.42 (0.07)", "6.00 (1.00)", "3.63 (0.13)", "3",
    ]  # fmt: skip
    assert {len(line) for line in lines} == {8}


def test_latex_escapes_and_balances(make_run: Make) -> None:
    table = latex(_rows(make_run(*_cells("a_b%c&d", ""))))
    assert r"a\_b\%c\&d & my\_tokens/attnlrp & tokens (native) & 0.00 (1.00) & --" in table
    rows = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 7
    for row in rows:
        assert row.replace(r"\&", "").count("&") == 7
    assert table.count(r"\begin{") == table.count(r"\end{") == 2


def test_undefined_values_leave_the_mean(make_run: Make) -> None:
    cells = _cells()
    cells[0] = cells[0] | {"values": {"": [1.0, np.nan, 2.0]}}
    cells[1] = cells[1] | {"values": {"": [np.nan] * 3}}
    rows = _rows(make_run(*cells))
    assert rows[0].entries["gini"].ours == (1.5, pytest.approx(np.sqrt(0.5)))
    assert rows[0].entries["gini"].n == 2
    assert rows[1].entries["gini"].ours is None
    assert " – |" in markdown(rows)


def test_other_definitions_do_not_stand_in_the_table(make_run: Make) -> None:
    other = {"metric_parameters": {"normalised": True}, "values": {"": [9.0, 9.0, 9.0]}}
    cells = [cell | other for cell in _cells() if cell["metric"] == "entropy"]
    rows = _rows(make_run(*_cells(), *cells))
    assert len(rows) == 6
    assert rows[0].entries["entropy"].ours == (6.0, 1.0)


def test_a_run_without_the_metrics_is_told_which(make_run: Make) -> None:
    with pytest.raises(InputError, match="expected metrics gini and entropy with aggregators"):
        _rows(make_run({"metric": "special_share", "values": {"total": [0.5]}}))


@pytest.mark.parametrize(
    "changes", [{"dataset_kind": "open chromatin"}, {"model_distribution": "somebody-s"}]
)
def test_other_sequences_and_models_have_no_paper_beside_them(
    make_run: Make, changes: dict[str, str]
) -> None:
    cells = [{**cell, **changes} for cell in _cells("promoters", "promoters")]
    rows = _rows(make_run(*cells))
    assert {row.entries[metric].theirs for row in rows for metric in ("gini", "entropy")} == {None}
    assert "Paper" not in markdown(rows).splitlines()[-1]

"""`gxarena.run` with functions and classes of a notebook, on the toys."""

from __future__ import annotations

import inspect
import pydoc
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toys import WEIGHTS, Linear

import gxarena
from gxarena import notebook
from gxarena.errors import InputError, PluginError
from gxarena.registry import Registry
from gxarena.results.reading import RunResults


@pytest.fixture
def document(data: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A suite's document over `data` and the toys."""
    monkeypatch.setattr(Registry, "load", lambda: Registry(dict(registry.components)))
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return {"name": "toys", "target": 1, "datasets": {"mine": {"path": str(data)}}, "matrix": [block]}  # fmt: skip  # noqa: E501


def by_letter(model: Any, batch: gxarena.Batch) -> list[Any]:
    """Each letter's weight, as the exact explainer has it."""
    return [np.array([WEIGHTS[c] for c in sequence]) for sequence in batch.sequences]


class Flat:
    def explain(self, model: Any, batch: gxarena.Batch) -> list[gxarena.Attribution]:
        return [
            gxarena.Attribution(np.ones(len(spans)), spans)
            for spans in model.spans(batch.sequences)
        ]


def _ginis(board: Any) -> dict[str, float]:
    rows = board.table.to_pylist()
    return {name: row["estimate"] for row in rows for name in row["explainer"].split(", ")}


def test_functions_and_classes_stand_beside_those_that_are_named(
    document: dict[str, Any], tmp_path: Path
) -> None:
    board = gxarena.run(document, explainers=[by_letter, Flat], out=tmp_path / "run", limit=6)
    found = _ginis(board)
    assert found["by-letter"] == found["exact"] > 0
    assert found["flat"] == 0
    rows = RunResults.of(tmp_path / "run").last_rows()
    whose = {row["explainer"]: row["explainer_distribution"] for row in rows}
    assert whose == {"by-letter": "notebook", "flat": "notebook", "exact": "unknown"}
    assert "<table" in board._repr_html_()


def test_what_was_edited_is_computed_anew(document: dict[str, Any], tmp_path: Path) -> None:
    def changing(model: Any, batch: gxarena.Batch) -> list[Any]:
        return [np.arange(len(one)) * scale + 1.0 for one in batch.sequences]

    found = []
    for scale in (0.0, 1.0):
        board = gxarena.run(document, explainers=[changing], out=tmp_path / str(scale), limit=4)
        found.append(_ginis(board)["changing"])
    assert found[0] == 0 < found[1]


def test_models_and_metrics(document: dict[str, Any]) -> None:
    class Spread:
        quantities = {"": gxarena.Quantity("higher", (0.0, None))}  # noqa: RUF012

        def score(self, explained: gxarena.Explained, probe: Any) -> gxarena.Scored:
            return gxarena.Scored(
                {"": np.array([np.ptp(a.scores) for a in explained.attributions])}
            )

    mine = gxarena.declares(name="doubled", provides={"maskable"})(Linear(scale=2.0))
    board = gxarena.run(document, models=[mine], metrics=[Spread], limit=4)
    rows = {(r["model"], r["metric"]): r["estimate"] for r in board.table.to_pylist()}
    assert rows["doubled", "spread"] == 2 * rows["toy", "spread"]


def test_what_a_model_cannot_read_is_said_before_any_work(
    document: dict[str, Any], tmp_path: Path
) -> None:
    class Short(Linear):
        max_length = 20

    for mine in (Short, gxarena.declares(name="short")(Short())):
        with pytest.raises(InputError, match="at most 20 nucleotides for model 'short', got"):
            gxarena.run(document, models=[mine], out=tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_what_is_declared_counts(document: dict[str, Any], tmp_path: Path) -> None:
    needy = gxarena.declares(requires={"one-hot"}, name="needy-one")(by_letter)
    try:
        gxarena.run(document, explainers=[needy], out=tmp_path / "run", limit=4)
    finally:
        del by_letter.gxarena_declares  # type: ignore[attr-defined]
    (row,) = [
        r for r in RunResults.of(tmp_path / "run").last_rows() if r["explainer"] == "needy-one"
    ]
    assert row["status"] == "unsupported"


@pytest.mark.parametrize(
    ("kind", "thing", "complaint"),
    [
        ("explainers", lambda *_: [], "expected a function or class with a name"),
        ("explainers", 3, "expected something with explain, got a int"),
        ("models", by_letter, "expected something with predict, got a function"),
        ("explainers", gxarena.declares(name="exact")(Flat()), "got that of an installed one"),
        ("explainers", gxarena.declares(need=1)(Flat()), "expected fields of a Component"),
    ],
)
def test_what_is_no_component_is_said(
    document: dict[str, Any], kind: str, thing: Any, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        gxarena.run(document, **{kind: [thing]})


class Network:
    """What a module of torch is known by."""

    def named_modules(self) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("kind", "given", "complaint"),
    [
        ("explainers", by_letter, r"expected a list, e\.g\. \[by_letter\], got by_letter itself"),
        ("explainers", "lrp", "run, explainers: expected a list"),
        ("explainers", ["lrp"], "What is installed is named in the suite"),
        ("models", [Network()], "got a Network. See gxarena_torch.modules.model_of"),
        (
            "explainers",
            [gxarena.declares(requires="maskable")(Flat())],
            r"expected requires as a set, \{'maskable'\}, got 'maskable'",
        ),
    ],
)
def test_what_is_given_otherwise_is_said(
    document: dict[str, Any], kind: str, given: Any, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        gxarena.run(document, **{kind: given})


def test_a_misspelt_capability_is_said(document: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match="Did you mean 'maskable'"):
        gxarena.run(document, explainers=[gxarena.declares(requires={"maskabel"})(Flat())])


@pytest.mark.parametrize(("given", "got"), [([], "0"), (None, "nothing"), (0.5, "a float")])
def test_too_few_explanations_fail_their_cells(
    given: Any, got: str, document: dict[str, Any], tmp_path: Path
) -> None:
    def lazy(model: Any, batch: gxarena.Batch) -> Any:
        return given

    with pytest.warns(UserWarning, match="without numbers: lazy/gini: .*expected 4 explanations"):
        gxarena.run(document, explainers=[lazy], out=tmp_path / "run", limit=4)
    (row,) = [r for r in RunResults.of(tmp_path / "run").last_rows() if r["explainer"] == "lazy"]
    assert f"lazy: expected 4 explanations, one a sequence, got {got}" in row["error_message"]


def test_help_on_run_is_that_of_the_function_and_leads_on() -> None:
    told = str(inspect.getdoc(gxarena.run))
    assert told == inspect.getdoc(notebook.run)
    for one in ("quickstart", "suites list", "replicates", "limit=4", "Next:", "gxarena new"):
        assert one in told
    assert inspect.signature(gxarena.run) == inspect.signature(notebook.run)
    assert told.splitlines()[0] in pydoc.render_doc(gxarena.run)


def test_the_package_stays_one() -> None:
    from gxarena.run.suite import Suite

    assert callable(gxarena.run)
    assert gxarena.run.suite.Suite is Suite  # type: ignore[attr-defined]


def test_the_documented_example_works(document: dict[str, Any]) -> None:
    page = (Path(__file__).parents[1] / "docs" / "plugins.md").read_text()
    (example,) = [b for b in re.findall(r"```python\n(.*?)```", page, re.S) if "declares" in b]
    names: dict[str, Any] = {}
    exec(example.partition("gxarena.run(")[0], names)  # noqa: S102 (our own page)
    found = _ginis(gxarena.run(document, explainers=[names["leave_one_out"]], limit=4))
    assert found["leave-one-out"] == pytest.approx(found["exact"])  # the toy is additive

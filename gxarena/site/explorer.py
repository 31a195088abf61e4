"""Sequences with their explanations, of runs whose store holds these and whose data can be opened.

A run keeps no sequences. They are opened again as its suite says, and shown only where their digest
is that of the run: an explanation is never laid over another sequence.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from gxarena.data import Attribution, Sample
from gxarena.errors import GxarenaError
from gxarena.registry import Registry
from gxarena.report.figures.faithfulness import ORDERS
from gxarena.report.runs import FIRST_REPLICATE
from gxarena.results.schemas import REPLICATE
from gxarena.run.data import chosen_dataset
from gxarena.run.store import Store
from gxarena.run.suite import Suite, read_suite, shipped_suites
from gxarena.site.addresses import slug
from gxarena.site.content import Source
from gxarena.site.curves import SCALES, CellCurves, curves_of

BUNDLED = "gxarena.datasets.bundled"
"""Whose data sets open files of this installation alone."""
MOST = 20
"""Sequences of a data set that are shown: its first ones, so that nobody has picked them."""


@dataclass(frozen=True, eq=False)
class Explored:
    """A data set of a run with its explanations.

    Attributes
    ----------
    source, dataset : str
    sequences : list of mapping
        Id, letters, label and annotations.
    samples : sequence of Sample
        All that the run explained.
    explanations : mapping of str to mapping
        By the name of their file.
    """

    source: str
    dataset: str
    sequences: list[dict[str, Any]]
    samples: Sequence[Sample]
    explanations: dict[str, dict[str, Any]]

    @property
    def key(self) -> str:
        """Tells it from every other one."""
        return slug(self.source, self.dataset)

    @property
    def document(self) -> dict[str, Any]:
        """What the page loads first: sequences, and which explanations there are."""
        listed = [
            {"file": name, **{key: one[key] for key in ("model", "explainer", "role")}}
            for name, one in self.explanations.items()
        ]
        return {"sequences": self.sequences, "of": len(self.samples), "explanations": listed}


def explore(
    source: Source, registry: Registry, most: int = MOST
) -> tuple[list[Explored], list[str]]:
    """What of a run can be looked at, and why the rest cannot, a sentence each."""
    name = source.name
    try:
        suite = _suite_of(source)
    except GxarenaError as error:
        return [], [f"{name}: {error}"]
    ours = source.folder is not None or source.record.suite in shipped_suites()
    found, reasons = [], []
    done = [row for row in source.last_rows() if row["status"] == "ok" and row["attributions_key"]]
    for label in dict.fromkeys(row["dataset"] for row in done):
        rows = [row for row in done if row["dataset"] == label]
        try:
            if not ours and not _is_bundled(suite, registry, label):
                raise GxarenaError(
                    "a bundle's sequences are opened where its suite or its data ship here, which "
                    "these do not; give the run's folder to see them."
                )
            samples = _samples(suite, registry, label, rows[0])
            found.append(_explored(source, label, samples, rows, most))
        except GxarenaError as error:
            reasons.append(f"{name}, {label}: {error}")
    return found, reasons


def _suite_of(source: Source) -> Suite:
    """The suite that says which sequences a run explained.

    Of a bundle the one of its name that ships here, if there is one: a stranger's says what to open
    and to download, and is believed of bundled data alone (`_is_bundled`).
    """
    if source.folder is None:
        if not source.attributions:
            raise GxarenaError("it holds no explanations; give the run's folder to see them.")
        ships = shipped_suites()
        if source.record.suite in ships:
            return read_suite(str(ships[source.record.suite]))
    try:
        return Suite.model_validate(dict(source.record.document))
    except ValidationError as error:
        raise GxarenaError("its suite is not one that this version of gxarena reads.") from error


def _is_bundled(suite: Suite, registry: Registry, label: str) -> bool:
    """Whether a label is of data that ship inside gxarena, and nothing that leads elsewhere."""
    alias = dict(suite.aliases("datasets").get(label, {}))
    found = registry.components.get(("datasets", str(alias.pop("name", label))))
    return (
        found is not None
        and found.component.target.partition(":")[0] == BUNDLED
        and alias.keys() <= {"split", "n", "labels"}
    )


def held_maps(source: Source, key: str, ids: Sequence[str]) -> list[Attribution]:
    """An explanation of a data set's first sequences; of a bundle of those that it holds.

    Raises
    ------
    StorageError
        They are not there, or are of other sequences.
    """
    if source.folder is not None:
        return list(Store(source.folder / "store").read_attributions(key, ids))
    held = source.attributions.get(key, {})
    return [held[name] for name in itertools.takewhile(held.__contains__, ids)]


def _samples(
    suite: Suite, registry: Registry, label: str, row: Mapping[str, Any]
) -> Sequence[Sample]:
    named = {name for block in suite.matrix for name in block.datasets}
    if label not in named:  # of a bundle: nothing is opened by a stranger's name
        raise GxarenaError(f"expected a data set of the suite {suite.name}, got another.")
    dataset = chosen_dataset(suite, registry, label, f"datasets.{label}", None, row["n_samples"])
    if dataset.digest != row["dataset_digest"]:
        raise GxarenaError("expected the sequences of the run, got others under the same name.")
    return dataset.samples


def _explored(
    source: Source, label: str, samples: Sequence[Sample], rows: Sequence[dict[str, Any]], most: int
) -> Explored:
    ids = [sample.id for sample in samples]
    drops = _Drops(source, rows)
    explanations = {}
    for row in _first_replicates(rows):
        maps = held_maps(source, row["attributions_key"], ids[:most])
        if any(
            one.spans.length != len(sample.sequence)
            for one, sample in zip(maps, samples, strict=False)
        ):
            raise GxarenaError("expected explanations as long as their sequences, got others.")
        name = slug("map", source.name, label, row["model"], row["explainer"])
        explanations[name] = {
            "model": row["model"],
            "explainer": row["explainer"],
            "role": row["explainer_role"],
            "note": FIRST_REPLICATE if row[REPLICATE] is not None else "",
            "maps": [_map(one) for one in maps],
            **drops.of(row, ids[: len(maps)]),
        }
    least = min((len(one["maps"]) for one in explanations.values()), default=0)
    sequences = [_sequence(sample) for sample in samples[:least]]
    return Explored(source.name, label, sequences, samples, explanations)


class _Drops:
    """What the model loses of single sequences as units are replaced, where a metric asked."""

    def __init__(self, source: Source, rows: Sequence[Mapping[str, Any]]) -> None:
        self._curves = curves_of(source)
        self._cells: dict[tuple[object, ...], list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            if row["aggregator"] == "native":
                self._cells[_whose(row)].append(row)

    def of(self, row: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
        """The drops of one explanation: of the first metric that has any, by sequence.

        ``drops`` holds, for each sequence and each order, [fraction replaced, drop] by budget.
        """
        for cell in self._cells[_whose(row)]:
            for scale in SCALES:
                kinds = [(order, (cell["cell_id"], f"{order}_drop_{scale}")) for order in ORDERS]
                held = {order: self._curves[kind] for order, kind in kinds if kind in self._curves}
                if len(held) == len(ORDERS):
                    what = f"drop of the {scale} ({cell['metric']})"
                    return {"dropped": what, "drops": [_drop(held, name) for name in ids]}
        return {"dropped": "", "drops": []}


def _whose(row: Mapping[str, Any]) -> tuple[object, ...]:
    return row["dataset"], row["model"], row["explainer"], row[REPLICATE]


def _drop(held: Mapping[str, CellCurves], name: str) -> dict[str, list[list[float | None]]]:
    found = {}
    for order, curves in held.items():
        if name in curves.ids:
            at = curves.ids.index(name)
            pairs = zip(curves.x[at].tolist(), curves.y[at].tolist(), strict=True)
            found[order] = [[float(f"{x:.6g}"), _short(y)] for x, y in pairs]
    return found


def _first_replicates(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for each explanation, of the first weights where there are several."""
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["model"], row["explainer"]
        if key not in chosen or (row[REPLICATE] or 0) < (chosen[key][REPLICATE] or 0):
            chosen[key] = row
    return iter(chosen.values())


def _sequence(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.id,
        "letters": sample.sequence,
        "label": sample.label,
        "annotations": [[a.start, a.end, a.name, a.strand] for a in sample.annotations],
    }


def _map(attribution: Attribution) -> dict[str, Any]:
    """Scores with the ends of their units, which are left out where each is a nucleotide."""
    spans = attribution.spans
    ends = None if len(spans) == spans.length else spans.boundaries[1:].tolist()
    special = {name: _short(score) for name, score in attribution.special.items()}
    scores = [_short(score) for score in np.asarray(attribution.scores).tolist()]
    return {"scores": scores, "ends": ends, "special": special}


def _short(score: float) -> float | None:
    return float(f"{score:.4g}") if np.isfinite(score) else None

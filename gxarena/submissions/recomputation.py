"""Values made again from a bundle's attributions, by every metric that needs no model for them.

Metrics that read annotations or labels are asked where the data set ships with gxarena: whoever
submits has no say in what is true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from gxarena.aggregators.projection import project_all
from gxarena.api import Probe, Scored
from gxarena.capabilities import COARSEN, NATIVE, OWN_REPLICATES, REFINE, TRUTH
from gxarena.data import Explained, Floats, Sample, Spans
from gxarena.metrics.renormalisation import renormalised
from gxarena.objective import resolve_targets
from gxarena.results.same_maps import fingerprint
from gxarena.run.cell_rows import mean_scored
from gxarena.run.recent import Recent
from gxarena.run.scoring import with_control
from gxarena.submissions.attributions import Attributions, attribution_of, own_spans
from gxarena.submissions.cells import Row, named
from gxarena.submissions.curves import differing
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.installed import Installed
from gxarena.submissions.values import Values, column_name

CHECK = "attributions"
RELATIVE, ABSOLUTE = 1e-6, 1e-9
_FREE = {NATIVE, "special", OWN_REPLICATES}
"""What a metric may require and still need no model."""
_OF_LABELS = {"accuracy"}
"""Metrics that read labels, which no requirement says."""
_KEPT, _FEWEST_KEPT, _KEPT_VALUES = 8, 2, 1 << 24
"""Explanations in memory: fewer where they are large."""


class Recomputation:
    """The cells of one bundle, scored again on the samples whose attributions it holds."""

    def __init__(
        self,
        cells: Sequence[Row],
        values: Values,
        attributions: Attributions,
        installed: Installed,
        findings: Findings,
    ) -> None:
        self._ok = [row for row in cells if row["cell_id"] in values.of]
        self._values, self._attributions = values, attributions
        self._installed, self._findings = installed, findings
        kept = max(_FEWEST_KEPT, min(_KEPT, _KEPT_VALUES // max(1, attributions.largest)))
        self._explained: Recent[tuple[Explained, tuple[Spans, ...]]] = Recent(kept)
        # What a model's replicates are, each by its digest: a pair's position may be the other's.
        self._weights: dict[str, list[str]] = {}
        self._keys: dict[tuple[str, str, str], str] = {}
        for row in sorted(self._ok, key=lambda row: row["model_replicate"] or 0):
            known = self._weights.setdefault(row["model"], [])
            if row["model_digest"] not in known:
                known.append(row["model_digest"])
            place = (row["dataset"], row["model_digest"], row["explainer"])
            self._keys[place] = row["attributions_key"]

    def confirmed(self) -> dict[tuple[str, str], int]:
        """Of each (cell, quantity) that comes out the same of how many first samples it does.

        What does not is found.
        """
        if not self._whole():
            return {}
        found: dict[tuple[str, str], int] = {}
        for row in self._ok:
            with self._findings.guarding(CHECK):
                found |= self._cell(row)
        return found

    def _whole(self) -> bool:
        """Whether the attributions are those of each explanation's first samples."""
        before = self._findings.counts[CHECK]
        datasets = {row["attributions_key"]: row["dataset"] for row in self._ok}
        names = {row["attributions_key"]: named(row) for row in self._ok}
        held = self._attributions.ids
        for key in sorted(held.keys() - datasets.keys()):
            where = f"attributions.parquet, {quoted(key)}"
            self._findings.add(CHECK, where, "attributions of the bundle's cells", "others")
        longest: dict[str, int] = defaultdict(int)
        for key, dataset in datasets.items():
            longest[dataset] = max(longest[dataset], len(held.get(key, ())))
        for key, dataset in datasets.items():
            ids = self._values.ids.get(dataset, ())[: longest[dataset]]
            if tuple(held.get(key, ())) != ids:
                where = f"{names[key]}, attributions"
                expected = f"those of the data set's first {len(ids)} samples, each once"
                self._findings.add(CHECK, where, expected, f"{len(held.get(key, ()))} rows")
        return self._findings.counts[CHECK] == before

    def _cell(self, row: Row) -> dict[tuple[str, str], int]:
        self._of(row["attributions_key"], row)  # which parses them, whether any metric reads them
        self._check_fingerprint(row)
        scored = self._scored(row)
        if scored is None:
            return {}
        held = self._values.of[row["cell_id"]]
        confirmed: dict[tuple[str, str], int] = {}
        for key, again in scored.items():
            if key not in held:
                continue  # of another version of the metric
            given = held[key][: len(again)]
            wrong = differing(given, again, RELATIVE, ABSOLUTE)
            if not wrong.any():
                confirmed[row["cell_id"], key] = len(again)
                continue
            index = int(np.flatnonzero(wrong)[0])
            sample = self._values.ids[row["dataset"]][index] if len(again) == len(given) else ""
            where = f"{named(row)}, {quoted(column_name(row, key))}, sample {quoted(sample)}"
            expected = f"{again[index]:.9g}, what its attributions come to"
            if not self._installed.of_this_version(row):
                expected += " (by another version of the metric)"
            self._findings.add(CHECK, where, expected, f"{given[index]:.9g}")
        return confirmed

    def _scored(self, row: Row) -> Mapping[str, Floats] | None:
        """Each quantity, of the samples that are there; None where it cannot be made again."""
        metric = self._metric(row)
        aggregator = self._installed.made("aggregator", row)
        if metric is None or aggregator is None:
            return None
        explained, _ = self._of(row["attributions_key"], row)
        others, onto = self._others(row), self._onto(row, explained)
        if others is None or onto is None:
            return None

        def projected(one: Explained) -> Explained:
            if others and metric.renormalise:
                one = renormalised(one)
            return project_all(aggregator, one, onto) if onto else one

        read = projected(explained)
        if row["metric_scope"] == "set":
            found = metric.score_set(read)
            return {key: np.array([value]) for key, value in found.values.items()}
        if others:
            return mean_scored([metric.compare(read, projected(one)) for one in others]).values
        # None of these asks it anything.
        scored = cast(Scored, metric.score(read, cast(Probe, None)))
        whole = len(read) == row["n_samples"]  # a control is of all of them
        return (with_control(metric, scored, read) if whole else scored).values

    def _metric(self, row: Row) -> Any | None:
        """The cell's metric, where it needs nothing that is not here."""
        found = self._installed.found("metric", row)
        if found is None:
            return None
        ships = self._installed.dataset(row["dataset"], row["n_samples"]) is not None
        free = _FREE | ({TRUTH} if ships else set())
        of_labels = found.component.name in _OF_LABELS
        partial = len(self._attributions.ids[row["attributions_key"]]) < row["n_samples"]
        if not found.component.requires <= free or (of_labels and not ships):
            return None
        if row["metric_scope"] == "set" and partial:
            return None
        return self._installed.made("metric", row)

    def _others(self, row: Row) -> list[Explained] | None:
        """What a pair metric compares a cell's explanation with; None where it is not here."""
        if row["metric_scope"] != "pair":
            return []
        if not row["against"]:
            return None
        model, _, explainer = row["against"].partition("/")
        weights = self._weights.get(model, [])
        if (model, explainer) == (row["model"], row["explainer"]):
            weights = [one for one in weights if one != row["model_digest"]]
        elif weights:
            weights = [weights[(row["model_replicate"] or 0) % len(weights)]]
        keys = [self._keys.get((row["dataset"], one, explainer)) for one in weights]
        if not keys or None in keys:
            return None
        return [self._of(str(key), row)[0] for key in keys]

    def _onto(self, row: Row, explained: Explained) -> tuple[Spans, ...] | None:
        """The units that the cell's aggregator goes to (see `gxarena.run.stages`).

        Empty where it leaves scores where they are; None where these units are not here.
        """
        found = self._installed.found("aggregator", row)
        provides = found.component.provides if found else frozenset()
        if REFINE in provides:
            return tuple(Spans.nucleotides(a.spans.length) for a in explained.attributions)
        return self._tokens(row) if COARSEN in provides else ()

    def _tokens(self, row: Row) -> tuple[Spans, ...] | None:
        """The units of the suite's partition; None where no explanation of that model is here."""
        weights = self._weights.get(self._installed.suite.partition)
        if not weights:
            return None
        wanted = (row["dataset"], weights[self._position(row) % len(weights)])
        keys = (key for (*place, _), key in self._keys.items() if tuple(place) == wanted)
        key = next(keys, None)
        return self._of(key, row)[1] if key else None

    def _position(self, row: Row) -> int:
        """Of the cell's own replicate: one set of weights has none."""
        own = self._weights[row["model"]]
        return own.index(row["model_digest"]) if len(own) > 1 else 0

    def _of(self, key: str, row: Row) -> tuple[Explained, tuple[Spans, ...]]:
        """An explanation, and the model's own units."""
        return self._explained.get(key, lambda: self._read(key, row))

    def _read(self, key: str, row: Row) -> tuple[Explained, tuple[Spans, ...]]:
        rows = self._attributions.rows(key)
        dataset = self._installed.dataset(row["dataset"], row["n_samples"])
        known = {one.id: one for one in dataset.samples} if dataset else {}
        samples = tuple(known.get(one["sample_id"]) or Sample(one["sample_id"], "") for one in rows)
        outputs = np.array([one["outputs"] for one in rows], dtype=np.float64)
        suite = self._installed.suite
        # Where nobody here knows the labels, every explanation still has the same target.
        labels = [0 if sample.label is None else sample.label for sample in samples]
        explained = Explained(
            samples=samples,
            attributions=tuple(attribution_of(one) for one in rows),
            targets=resolve_targets(suite.target, labels, outputs),
            outputs=outputs,
            objective=suite.objective,
            seed=suite.seed,
        )
        return explained, tuple(own_spans(one) for one in rows)

    def _check_fingerprint(self, row: Row) -> None:
        """Where all attributions are there, they are those that the cell was told by."""
        key, told = row["attributions_key"], row["attributions_fingerprint"]
        if told is None or len(self._attributions.ids[key]) < row["n_samples"]:
            return
        again, given = np.array(fingerprint([self._of(key, row)[0]])), np.array(told)
        if (
            again.shape != given.shape
            or differing(given, again, RELATIVE, RELATIVE * again[0]).any()
        ):
            expected = "that of its attributions"
            self._findings.add(
                CHECK, f"{named(row)}, attributions_fingerprint", expected, "another"
            )

"""Whether values are those that their curves come to, where a metric's follow from curves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.data import Bools, Floats, Ints
from gxarena.errors import InputError
from gxarena.results.encoded import encoded
from gxarena.results.reading import RunResults
from gxarena.submissions.cells import Row, named
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.installed import Installed
from gxarena.submissions.values import Values, column_name, run_starts

CHECK = "curves"
RELATIVE, ABSOLUTE = 1e-6, 1e-9
Curves = Mapping[str, tuple[Floats, Floats]]


def confirmed_by_curves(
    run: RunResults, cells: Sequence[Row], values: Values, installed: Installed, findings: Findings
) -> set[tuple[str, str]]:
    """The (cell, quantity) whose values the curves come to."""
    table = run.table("curves", encode=True)
    columns = [encoded(table[name]) for name in ("cell_id", "sample_id", "curve")]
    if any(column.null_count for column in columns):
        raise InputError("curves.parquet: expected cell, sample and curve in each row, got none.")
    codes = [column.indices.to_numpy() for column in columns]
    names = columns[0].dictionary.to_pylist()
    places: dict[str, slice] = {}
    starts = run_starts(codes[0])
    ok = {row["cell_id"] for row in cells if row["status"] == "ok"}
    for start, stop in itertools.pairwise(starts.tolist()):
        cell = names[codes[0][start]]
        if cell in places or cell not in ok:
            expected = "curves of cells that are ok, each cell's together"
            findings.add(CHECK, f"curves.parquet, {quoted(cell)}", expected, "others")
        places[cell] = slice(start, stop)
    confirmed: set[tuple[str, str]] = set()
    for row in cells:
        metric = installed.made("metric", row) if row["cell_id"] in values.of else None
        from_curves = getattr(metric, "from_curves", None)
        if from_curves is None:
            continue
        held = values.of[row["cell_id"]]
        rows = places.get(row["cell_id"], slice(0, 0))
        part = _Part(row, table["x"][rows], table["y"][rows], *(code[rows] for code in codes[1:]))
        samples = np.array(values.ids.get(row["dataset"], ()), dtype=object)
        known = pa.array(samples, pa.string())
        position = _positions(columns[1].dictionary, known)
        found = part.curves(position, columns[2].dictionary.to_pylist(), findings)
        if found is None:
            continue
        curves, defined = found
        # Without a curve there is no value of anything.
        none: Floats = np.zeros(0)
        computed = from_curves(curves) if len(defined) else dict.fromkeys(held, none)
        confirmed |= _compare(row, held, computed, defined, samples, findings)
    return confirmed


def _positions(dictionary: pa.Array, known: pa.Array) -> Ints:
    """Of each distinct sample id of `curves`, its place among the data set's; -1 for none."""
    found = pc.index_in(dictionary, value_set=known)
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


class _Part:
    """The rows of one cell."""

    def __init__(
        self, row: Row, x: pa.ChunkedArray, y: pa.ChunkedArray, sample: Ints, curve: Ints
    ) -> None:
        self._row = row
        self._x, self._y = (np.asarray(one.to_numpy(), dtype=np.float64) for one in (x, y))
        self._sample, self._curve = sample, curve

    def curves(
        self, position: Ints, names: Sequence[str], findings: Findings
    ) -> tuple[Curves, Ints] | None:
        """Each curve of the samples that have any, (n, 1 + K), and which; None if torn."""
        where = f"{named(self._row)}, curves"
        places = position[self._sample] if len(self._sample) else np.zeros(0, dtype=np.int64)
        if (places < 0).any():
            findings.add(CHECK, where, "samples of the data set", "others")
            return None
        order = np.lexsort((np.arange(len(places)), places, self._curve))
        places, kinds = places[order], self._curve[order]
        starts = run_starts(kinds, places)
        lengths = np.diff(starts)
        present = np.unique(kinds)
        defined = np.unique(places)
        if len(lengths) != len(present) * len(defined) or len(np.unique(lengths)) > 1:
            expected = "every curve of each sample once, of as many points"
            findings.add(CHECK, where, expected, "others")
            return None
        if not len(defined):
            return {}, defined
        shape = (len(present), len(defined), lengths[0])
        x, y = (column[order].reshape(shape) for column in (self._x, self._y))
        inside = (x >= 0) & (x <= 1)
        if not (inside.all() and (x[..., 0] == 0).all() and (np.diff(x, axis=2) >= 0).all()):
            findings.add(CHECK, where, "fractions that rise from 0 to at most 1", "others")
            return None
        return {names[kind]: (x[i], y[i]) for i, kind in enumerate(present.tolist())}, defined


def _compare(
    row: Row,
    held: Mapping[str, Floats],
    computed: Mapping[str, Floats],
    defined: Ints,
    samples: Floats,
    findings: Findings,
) -> set[tuple[str, str]]:
    """The quantities that agree; those that do not are found."""
    confirmed = set()
    for key, given in held.items():
        if key not in computed:
            continue  # what no curve tells, such as how long units are
        expected = np.full(len(given), np.nan)
        expected[defined] = computed[key]
        wrong = differing(given, expected, RELATIVE, ABSOLUTE)
        if not wrong.any():
            confirmed.add((row["cell_id"], key))
            continue
        index = int(np.flatnonzero(wrong)[0])
        where = f"{named(row)}, {quoted(column_name(row, key))}, sample {quoted(samples[index])}"
        more = f" (and {wrong.sum() - 1} more differ)" if wrong.sum() > 1 else ""
        came = f"{given[index]:.9g}{more}"
        findings.add(CHECK, where, f"{expected[index]:.9g}, what its curves come to", came)
    return confirmed


def differing(one: Floats, other: Floats, relative: float, absolute: float) -> Bools:
    """Where two arrays differ by more than a tolerance, or one alone has a value."""
    with np.errstate(invalid="ignore"):
        near = np.abs(one - other) <= absolute + relative * np.abs(other)
    return ~(near | (np.isnan(one) & np.isnan(other)))

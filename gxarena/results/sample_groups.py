"""Which samples are no independent evidence: those of one chromosome, or that overlap."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.data import Ints
from gxarena.errors import InputError, check_choice
from gxarena.results.reading import last_attempts

GROUPINGS = ("chromosome", "overlap")
_PLACE = re.compile(r"(?P<chromosome>[^:]+):(?P<start>[0-9]{1,18})-(?P<end>[0-9]{1,18})(:.*)?")


def groups_of(ids: Sequence[str], grouping: str, where: str) -> Ints:
    """A number for each sample, the same for those that belong together.

    Parameters
    ----------
    ids : sequence of N str
        Each ``chromosome:start-end``, or that with ``:`` and more, such as the strand.
    grouping : "chromosome" or "overlap"
        Overlapping samples share at least one nucleotide, directly or by others between them.
    where : str
        How an error begins.

    Raises
    ------
    InputError
        An id names no place in a genome.
    """
    check_choice(f"{where}.groups", grouping, GROUPINGS)
    places = []
    for number, name in enumerate(ids):
        found = _PLACE.fullmatch(name)
        if found is None:
            raise InputError(
                f"{where}.groups: expected ids such as chr2R:18229-18478, got '{name}'. Leave "
                "groups out, or name the samples by where they lie."
            )
        places.append((found["chromosome"], int(found["start"]), int(found["end"]), number))
    groups = np.zeros(len(ids), dtype=np.int64)
    group, chromosome, reach = -1, "", 0
    for here, start, end, number in sorted(places):
        apart = here != chromosome or (grouping == "overlap" and start > reach)
        if apart:
            group, chromosome, reach = group + 1, here, end
        reach = max(reach, end)
        groups[number] = group
    return groups


def names_of_groups(ids: Sequence[str], grouping: str, where: str) -> dict[str, str]:
    """Each sample's group by a name that means the same in other data sets too.

    A chromosome's is its own; an overlap's says of which data set it is.
    """
    numbers = groups_of(ids, grouping, where)
    if grouping == "chromosome":
        return {name: name.partition(":")[0] for name in ids}
    return {name: f"{where}, {number}" for name, number in zip(ids, numbers, strict=True)}


def groups_of_datasets(
    cells: pa.Table, samples: pa.Table, groupings: Mapping[str, str]
) -> dict[str, Ints]:
    """Groups of the samples of each data set that a suite groups, in the samples' order."""
    found: dict[str, Ints] = {}
    for cell in last_attempts(cells) if groupings else ():
        label = cell["dataset"]
        if label in found or label not in groupings or cell["metric_scope"] == "set":
            continue
        rows = samples.filter(pc.equal(samples["cell_id"], cell["cell_id"]))
        ids = list(dict.fromkeys(rows["sample_id"].to_pylist()))
        if ids:
            found[label] = groups_of(ids, groupings[label], f"datasets.{label}")
    return found

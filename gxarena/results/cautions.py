"""What a reader must know of runs that are joined: other code, references by name, machines."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.results.measured import Measured
from gxarena.results.reading import last_attempts
from gxarena.results.terms import REFERENCE, REFERENCE_CODE

_KINDS = ("metric", "model", "explainer", "aggregator")
_READ = [
    "cell_id",
    "attempt",
    "model_replicate",
    "packages",
    *(name for kind in _KINDS for name in (kind, f"{kind}_digest")),
]
Cell = Mapping[str, Any]
_NAMED = 6
"""So many are named; where what all compute with changed, all would be."""

_WHAT_TO_DO = (
    "They rank together by name and parameters. Whether their numbers are the same here: gxarena "
    "verify BUNDLE --replay 5, which runs cells of a bundle again with what is installed."
)
_WITHIN_A_RUN = "they compare within a run alone"
_NONE_SHOWN = f"{_WITHIN_A_RUN}, and of a model that several timed none are shown."


def cautions(first: Measured, second: Measured) -> Iterator[str]:
    """A sentence for each."""
    yield from _other_code(first, second)
    yield from _unknown_references(first, second)
    yield from _other_machines(first, second)


def _other_code(first: Measured, second: Measured) -> list[str]:
    """A sentence where the runs share components that different code computed."""
    changed = []
    held, new = (last_attempts(one.cells.select(_READ)) for one in (first, second))
    for kind in _KINDS:
        ours, theirs = (_code_of(kind, cells) for cells in (held, new))
        both = ours.keys() & theirs.keys()
        # A run of joined ones may hold several of one name: each counts.
        changed += sorted({key[0] for key in both if len(ours[key] | theirs[key]) > 1})
    if not changed:
        return []
    more = len(changed) - _NAMED
    rest = f" and {more} other{'s' if more > 1 else ''}" if more > 0 else ""
    return [
        f"{first.name} and {second.name} were computed with other sources or versions of "
        f"libraries{_other_versions(held, new)}: {', '.join(changed[:_NAMED])}{rest}. {_WHAT_TO_DO}"
    ]


def _other_versions(held: Iterable[Cell], new: Iterable[Cell]) -> str:
    """The libraries that differ, in brackets, as both say of each; empty where none does."""
    ours, theirs = (_versions_of(cells) for cells in (held, new))
    differ = [name for name in sorted(ours.keys() & theirs.keys()) if ours[name] != theirs[name]]
    if not differ:
        return ""
    more = f" and {len(differ) - _NAMED} others" if len(differ) > _NAMED else ""
    named = (f"{name} {ours[name]} and {theirs[name]}" for name in differ[:_NAMED])
    return f" ({', '.join(named)}{more})"


def _versions_of(cells: Iterable[Cell]) -> dict[str, str]:
    """The version of each library that the cells say; several, where they were not all alike."""
    found: dict[str, set[str]] = defaultdict(set)
    for document in {str(cell["packages"] or "{}") for cell in cells}:
        for name, version in json.loads(document).items():
            found[name].add(str(version))
    return {name: " or ".join(sorted(versions)) for name, versions in found.items()}


def _code_of(kind: str, cells: Iterable[Cell]) -> dict[tuple[str, int], set[str]]:
    """Digests by label; a model's by the position of its weights too."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for cell in cells:
        position = (cell["model_replicate"] or 0) if kind == "model" else 0
        found[cell[kind], position].add(cell[f"{kind}_digest"])
    return found


def _unknown_references(first: Measured, second: Measured) -> Iterator[str]:
    """A sentence on each explanation that both compare with and not both have cells of."""
    for key in first.terms:
        code = (REFERENCE_CODE, *key[1:])
        if key[0] == REFERENCE and key in second.terms:
            lacking = [one.name for one in (first, second) if code not in one.terms]
            if lacking:
                yield (
                    f"{first.name} and {second.name} are compared with '{key[1]}' by name and "
                    f"parameters: {' and '.join(lacking)} held no cells of it, so that its code is "
                    "not known to be the same."
                )


def of_seconds(notes: Iterable[str]) -> str:
    """What a board's notes say of seconds that must not be compared; empty where they may be."""
    return " ".join(note for note in notes if _WITHIN_A_RUN in note)


def shows_seconds_of_several(notes: Iterable[str]) -> bool:
    """Whether a board was written while rows of several runs still had their seconds."""
    return any(_WITHIN_A_RUN in note and _NONE_SHOWN not in note for note in notes)


def _other_machines(first: Measured, second: Measured) -> Iterator[str]:
    """A sentence where both say how long explaining took, and on what."""
    ours, theirs = (_devices(one.cells) for one in (first, second))
    if ours and theirs:
        on = (
            f"{ours} both, which may be other machines"
            if ours == theirs
            else f"{ours} in {first.name} and on {theirs} in {second.name}"
        )
        yield f"Seconds of {first.name} and {second.name} were measured on {on}: {_NONE_SHOWN}"


def _devices(cells: pa.Table) -> str:
    """On what explanations were timed; empty where nobody says."""
    timed = cells.filter(pc.is_valid(cells["explain_seconds"]))
    return " and ".join(sorted(timed["device"].drop_null().unique().to_pylist()))

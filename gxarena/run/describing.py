"""What is known of components before any work: their parameters, and whether they can be made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from importlib import import_module

from gxarena.errors import MOST_NAMED, InputError, MissingExtra
from gxarena.identity import awaits_download
from gxarena.run.cell_rows import Made, made_of
from gxarena.run.cells import Cell
from gxarena.run.choices import given_parameters
from gxarena.run.forkserver import OF_A_BOARD
from gxarena.run.orders import Orders
from gxarena.run.plan import Plan
from gxarena.run.scoring import components_of

Component = tuple[str, str]
SLIP = InputError.__name__
"""How a row calls what a user can mend."""


def made_here(plan: Plan) -> dict[Component, Made]:
    """What each component comes to, imported by this process."""
    return {key: made_of(choice, plan.registry) for key, choice in plan.choices.items()}


def described(orders: Orders, plan: Plan, cells: Sequence[Cell]) -> dict[Component, Made]:
    """What each component comes to, imported by children of one distribution each.

    Of a distribution whose child does not come back nothing is known; its cells will say why.
    """
    wanted = {one for cell in cells for one in components_of(plan, cell)}
    wanted |= {("models", cell.weights) for cell in cells}
    by_origin: dict[str, list[Component]] = defaultdict(list)
    for one in sorted(wanted):
        by_origin[plan.choice(*one).found.distribution].append(one)
    # Each worker gets some of every distribution's: what takes long are the imports.
    asked = {
        f"describe {origin} {share}": components[share :: orders.workers]
        for origin, components in by_origin.items()
        for share in range(min(orders.workers, len(components)))
    }
    orders_of = {n: {"kind": "describe", "components": each} for n, each in asked.items()}
    ends = orders.ask(orders_of, meanwhile=_load_for_the_end)
    found: dict[Component, Made] = {}
    for name, components in asked.items():
        found |= dict(zip(components, ends[name].get("made", ()), strict=False))
    return {one: found[one] for one in sorted(found)}


def _load_for_the_end() -> None:
    """Import what boards are computed by, while children wait for libraries: else the end does."""
    for module in OF_A_BOARD:
        with suppress(Exception):  # what does not import says so where it is needed
            import_module(module)


def check_components(plan: Plan, made: Mapping[Component, Made]) -> None:
    """Say before any work what the user can mend: a parameter that is not there, missing extras.

    A component that does not import fails its cells and the others run; where no cell can run
    for want of an extra, one sentence says so instead.

    Raises
    ------
    InputError
        Components do not have parameters that they are given: a sentence for each.
    MissingExtra
        No cell can run for want of one.
    """
    slips = [m["error_message"] for m in made.values() if m.get("error_type") == SLIP]
    if slips:
        raise InputError("\n".join(slips[:MOST_NAMED]))
    missing = {k: v for k, v in made.items() if v.get("error_type") == MissingExtra.__name__}
    if missing and all(missing.keys() & components_of(plan, cell) for cell in plan.cells):
        raise MissingExtra(next(iter(missing.values()))["error_message"])


def downloaded(orders: Orders, plan: Plan, models: Collection[str]) -> bool:
    """Have models loaded that may have to be downloaded; whether one is now known by its commit."""
    awaiting = {
        name: plan.choice("models", name)
        for name in sorted(models)
        if awaits_download(given_parameters(plan.choice("models", name)))
    }
    for name in awaiting:  # one after the other: they may share files
        orders.ask({f"download {name}": {"kind": "download", "model": name}})
    return not all(awaits_download(given_parameters(one)) for one in awaiting.values())

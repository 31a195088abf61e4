"""A claim of the paper's text, what it compares, and the setting in which it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from gxarena.report.evidence import Evidence
from gxarena.report.runs import Cell
from gxarena.report.verdicts import Comparison

Unit = Literal["probability", "logit"]
Varied = Literal["margin", "unit", "budget", "normalisation"]
MARGINS: dict[Unit, float] = {"probability": 0.1, "logit": 0.4}
"""Within which two drops count as alike, and a drop as none: a tenth, and what moves an even
chance by about a tenth."""


@dataclass(frozen=True)
class Setting:
    """How a claim is read; as the paper has it unless said otherwise.

    Attributes
    ----------
    unit : "probability" or "logit"
        Of a drop of the prediction.
    budget : float or None
        The drop at this percentage replaced; None: the whole curve, as its area.
    margin : float
        Margins of equivalence are multiplied by this.
    as_in_paper : bool
        Whether scores are normalised as in the paper: similarity of re-normalised maps, entropy in
        nats. False: the other way, where the suite has it.
    """

    unit: Unit = "probability"
    budget: float | None = None
    margin: float = 1.0
    as_in_paper: bool = True

    def change(self, order: str) -> str:
        """The faithfulness metric's quantity for an order such as ``mif``."""
        if self.budget is None:
            return f"{order}_{self.unit}_area"
        return f"{order}_drop_{self.unit}@{self.budget:g}"

    @property
    def change_margin(self) -> float:
        """Within which two drops count as alike."""
        return MARGINS[self.unit] * self.margin

    def reads(self, cell: Cell, parameter: str, papers: Any) -> bool:
        """Whether a cell's metric has the parameter as the paper, or as asked for the other."""
        return bool((cell.parameters.get(parameter, papers) == papers) == self.as_in_paper)


@dataclass(frozen=True)
class Claim:
    """One claim of the paper's text.

    Attributes
    ----------
    id : str
    sentence : str
        What is claimed, in one sentence.
    where : str
        Where the paper says so.
    method : str
        What is compared, and when the claim holds.
    needs : str
        What a suite must ask for, said where nothing could be compared.
    compare : callable
        The comparisons that the runs allow, in a setting.
    varies : tuple of str
        What of the setting it hangs on.
    """

    id: str
    sentence: str
    where: str
    method: str
    needs: str
    compare: Callable[[Evidence, Setting], Iterator[Comparison]]
    varies: tuple[Varied, ...] = ()


def name(cell: Cell) -> str:
    """What explains what, on what data: how comparisons call a cell."""
    against = f" vs {cell.against}" if cell.against else ""
    return f"{cell.explanation}{against}, {cell.dataset}"

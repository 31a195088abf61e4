"""Cells: the units of work of a plan, and the explanations that each of them reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


def weights_name(model: str, replicate: int | None) -> str:
    """Under what name a plan knows a model's weights: its label, with a further one's position."""
    return f"{model}#{replicate}" if replicate else model


class Explanation(NamedTuple):
    """What one explainer says of one set of a model's weights.

    Attributes
    ----------
    model, explainer : str
        Labels.
    replicate : int or None
        Position of the weights among the model's replicates; None where it has none.
    """

    model: str
    explainer: str
    replicate: int | None = None

    @property
    def name(self) -> str:
        """As suites write it in ``against``."""
        return f"{self.model}/{self.explainer}"

    @property
    def weights(self) -> str:
        """Under what name the plan knows the weights."""
        return weights_name(self.model, self.replicate)


@dataclass(frozen=True)
class Cell:
    """One unit of work, and where its inputs are found.

    Attributes
    ----------
    id : str
        Content address of the result.
    replicate : int or None
        Position of the model's weights among its replicates; None where it has none.
    against : tuple of Explanation
        What a pair metric compares with: one of the block's ``against``, or the same explainer on
        each other replicate of the model. A cell's values are means over them.
    unsupported : str
        Why the combination cannot work; empty where it can.
    """

    id: str
    dataset: str
    model: str
    explainer: str
    aggregator: str
    metric: str
    replicate: int | None = None
    against: tuple[Explanation, ...] = ()
    unsupported: str = ""

    @property
    def explanation(self) -> Explanation:
        """What is scored."""
        return Explanation(self.model, self.explainer, self.replicate)

    @property
    def position(self) -> int | None:
        """Which replicate the result is of: the model's or, where it has one alone, the other's.

        None where neither has any.
        """
        others = (other.replicate for other in self.against if other.model != self.model)
        known = [position for position in (self.replicate, *others) if position is not None]
        return max(known, default=None)  # where both have several they are of one position

    @property
    def weights(self) -> str:
        """Under what name the plan knows the model's weights."""
        return self.explanation.weights

    @property
    def compared(self) -> str:
        """What a pair metric compares with, as suites write it; empty for others."""
        return self.against[0].name if self.against else ""

    @property
    def metric_name(self) -> str:
        """The metric as the leaderboard names it, with what else it compares against."""
        others = self.compared and self.compared != self.explanation.name
        return f"{self.metric}[vs {self.compared}]" if others else self.metric

"""TF-MoDISco's settings, with defaults that fit the sequences' length."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SHORT, LONG = 150, 1000
"""Nucleotides below and above which modisco-lite's own windows find little."""


@dataclass(frozen=True)
class Settings:
    """What TF-MoDISco (Shrikumar et al. 2018, arXiv:1811.00416) is told, under gxarena's names.

    The defaults are modisco-lite's own but for two, which here bound time and memory:
    `max_seqlets`, 20,000 there, and `leiden_runs`, 50 there. Set them to these for TF-MoDISco as
    its authors run it. What `arguments` does not name is modisco-lite's in any case.

    Parameters
    ----------
    window, flank : int
        Nucleotides of a seqlet's core, and added to either side of it.
    trim, extend : int
        Nucleotides a pattern is trimmed to, and widened by again.
    min_seqlets : int
        Seqlets of one sign below which no pattern is sought.
    min_cluster : int
        Seqlets of the smallest pattern.
    max_seqlets : int
        Most seqlets of one sign that are clustered; of more, the first in the samples' order.
    fdr : float
        False discovery rate of seqlets.
    leiden_runs : int
        Clusterings among which the best one is kept.
    """

    window: int = 21
    flank: int = 10
    trim: int = 30
    extend: int = 10
    min_seqlets: int = 100
    min_cluster: int = 20
    max_seqlets: int = 5000
    fdr: float = 0.2
    leiden_runs: int = 4

    def arguments(self) -> dict[str, Any]:
        """As `modiscolite.tfmodisco.TFMoDISco` calls them."""
        return {
            "sliding_window_size": self.window,
            "flank_size": self.flank,
            "trim_to_window_size": self.trim,
            "initial_flank_to_add": self.extend,
            "min_metacluster_size": self.min_seqlets,
            "final_min_cluster_size": self.min_cluster,
            "max_seqlets_per_metacluster": self.max_seqlets,
            "target_seqlet_fdr": self.fdr,
            "n_leiden_runs": self.leiden_runs,
        }


def settings_for(length: int, given: dict[str, Any]) -> Settings:
    """Settings for sequences of `length` nucleotides; what is given stays as it is.

    Short sequences have no room for seqlets of 41 nucleotides, and long sparse ones lose motifs
    in them: both get tighter windows, and patterns are sought among fewer seqlets. The paper
    (Kurth et al. 2026, arXiv:2604.21690) adjusts windows and clusters likewise for fly enhancers,
    without saying to what; these numbers are gxarena's.
    """
    tight = {"window": 15, "flank": 5, "trim": 20, "extend": 5, "min_seqlets": 50}
    defaults: dict[str, Any] = tight if length < SHORT or length > LONG else {}
    return Settings(**(asdict(Settings()) | defaults | given))

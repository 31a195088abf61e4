"""TF-MoDISco's settings, with defaults that fit the sequences' length."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SHORT, LONG = 150, 1000
"""Nucleotides below and above which the published defaults find little."""


@dataclass(frozen=True)
class Settings:
    """What TF-MoDISco is told (Shrikumar et al. 2018); names are gxarena's, defaults published.

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
        Seqlets of one sign that are clustered; bounds time and memory.
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
    in them: both get tighter windows and smaller clusters, as the paper found for enhancers.
    """
    tight = {"window": 15, "flank": 5, "trim": 20, "extend": 5, "min_seqlets": 50}
    defaults: dict[str, Any] = tight if length < SHORT or length > LONG else {}
    return Settings(**(asdict(Settings()) | defaults | given))

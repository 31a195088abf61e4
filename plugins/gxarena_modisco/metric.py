"""Localization against a motif database: TF-MoDISco, then TOMTOM against JASPAR, with a null."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args

import numpy as np

from gxarena.api import Match, Motif, Quantity, SetScored
from gxarena.data import Explained, Floats
from gxarena.dna import letters, one_hot
from gxarena.errors import InputError, check_choice
from gxarena.truth import counted
from gxarena_jaspar.matching import column_shuffled, compare, trimmed
from gxarena_jaspar.matrices import RELEASE, Matrix, collection, matrices
from gxarena_modisco.discovery import Discovery, Kind, Pattern, contributions, discover
from gxarena_modisco.settings import Settings, settings_for

_MATRIX_ID = re.compile(r"[A-Z]{2}\d+\.\d+")
_COUNTS = {
    "patterns_positive": Quantity("none", (0.0, None), "", "patterns for the target"),
    "patterns_negative": Quantity("none", (0.0, None), "", "patterns against the target"),
    "seqlets_positive": Quantity("none", (0.0, None), "", "seqlets for the target"),
    "seqlets_negative": Quantity("none", (0.0, None), "", "seqlets against the target"),
}
_SHARES = {
    "matched": Quantity("higher", (0.0, 1.0), "", "patterns that resemble an entry, q < level"),
    "recall": Quantity("higher", (0.0, 1.0), "", "expected motifs that some pattern resembles"),
    "recall_best": Quantity("higher", (0.0, 1.0), "", "expected motifs that are a best match"),
}
_NULLS = {
    f"{key}_null": Quantity("none", (0.0, 1.0), "", f"{key} of column-shuffled motifs")
    for key in _SHARES
}


class TFMoDISco:
    """Motifs of an explained set (Shrikumar et al. 2018, arXiv:1811.00416), and what they match.

    Hypothetical contributions (of every letter) and observed ones (of the letter that is there)
    find motifs of different quality: the keys begin with the kind, so that the two never rank
    together.

    Parameters
    ----------
    contributions : "auto", "hypothetical" or "observed"
        "auto" takes hypothetical ones where every explanation has them.
    expected : list of str
        JASPAR ids to be recovered; where empty, the annotations' names that are ids.
    group, release : str
        JASPAR's taxonomic group and release.
    level : float
        q-value below which a pattern matches.
    nulls : int
        Times that the motifs' columns are shuffled for the null.
    **settings
        Of `gxarena_modisco.settings.Settings`; by sequence length where not given.
    """

    def __init__(
        self,
        contributions: str = "auto",
        expected: Sequence[str] = (),
        group: str = "vertebrates",
        release: str = RELEASE,
        level: float = 0.05,
        nulls: int = 20,
        **settings: Any,
    ) -> None:
        check_choice("modisco, contributions", contributions, ("auto", *get_args(Kind)))
        for name in settings:
            check_choice("modisco", name, [field.name for field in fields(Settings)])
        if not 0 < level < 1:
            raise InputError(f"modisco, level: expected a q-value between 0 and 1, got {level}.")
        self._contributions = contributions
        self._expected = tuple(expected)
        self._group, self._release = group, release
        self._level, self._nulls = level, nulls
        self._settings = settings
        self.quantities: Mapping[str, Quantity] = {
            f"{kind}.{key}": quantity
            for kind in get_args(Kind)
            for key, quantity in (_COUNTS | _SHARES | _NULLS).items()
        }

    def score_set(self, explained: Explained) -> SetScored:
        """Patterns, their matches, and how many of the expected motifs are among them.

        Raises
        ------
        Unsupported
            Scores on units wider than a nucleotide.
        InputError
            Scores without sign or not finite, or an expected id that JASPAR does not have.
        """
        kind = self._kind(explained)
        encoded = one_hot(letters(explained.sequences))
        targets = self._targets(explained)
        scores = contributions(explained, kind, encoded)
        settings = settings_for(encoded.shape[1], self._settings)
        found = Discovery(0, 0, ())
        if scores.any():
            found = discover(encoded, scores, settings)
        expected = [target for target in targets if target.id in self._names(explained)]
        values, reasons = self._values(found, expected, targets, settings, explained.seed)
        matches = compare([p.frequencies for p in found.patterns], targets)
        motifs = [
            self._motif(pattern, kind, matches.best(number, self._level))
            for number, pattern in enumerate(found.patterns)
        ]
        return SetScored(
            {f"{kind}.{key}": value for key, value in values.items()},
            {f"{kind}.{key}": reason for key, reason in reasons.items()},
            tuple(motifs),
        )

    def _kind(self, explained: Explained) -> Kind:
        whole = all(a.hypothetical is not None for a in explained.attributions)
        if self._contributions == "hypothetical" and not whole:
            raise InputError(
                "modisco: expected hypothetical contributions, got explanations without them. "
                'Set contributions = "observed", or explain with a method that has them.'
            )
        return "hypothetical" if whole and self._contributions != "observed" else "observed"

    def _names(self, explained: Explained) -> set[str]:
        """Ids of the motifs to be recovered."""
        if self._expected:
            return set(self._expected)
        annotations = (one for s in explained.samples for one in counted(s.annotations))
        return {one.name for one in annotations if _MATRIX_ID.fullmatch(one.name)}

    def _targets(self, explained: Explained) -> list[Matrix]:
        """The collection, and the expected motifs where they are not in it."""
        targets = list(collection(self._group, self._release))
        present = {target.id for target in targets}
        missing = sorted(self._names(explained) - present)
        return targets + matrices(missing, self._release)

    def _values(
        self,
        found: Discovery,
        expected: list[Matrix],
        targets: list[Matrix],
        settings: Settings,
        seed: int,
    ) -> tuple[dict[str, float], dict[str, str]]:
        signs = [pattern.sign for pattern in found.patterns]
        values = {
            "patterns_positive": float(signs.count("positive")),
            "patterns_negative": float(signs.count("negative")),
            "seqlets_positive": float(found.n_positive),
            "seqlets_negative": float(found.n_negative),
        }
        reasons: dict[str, str] = {}
        if not found.patterns:
            reason = (
                f"no pattern: {found.n_positive} seqlets for the target and {found.n_negative} "
                f"against it, more than {settings.min_seqlets} of a sign needed"
            )
            if max(found.n_positive, found.n_negative) > settings.min_seqlets:
                reason = "no pattern: the seqlets do not form clusters"
            undefined = [*_SHARES, *_NULLS]
            values |= dict.fromkeys(undefined, np.nan)
            return values, dict.fromkeys(undefined, reason)
        motifs = [pattern.frequencies for pattern in found.patterns]
        values |= self._shares(motifs, targets, expected)
        rng = np.random.default_rng(seed)
        nulls = [
            self._shares([column_shuffled(m, rng) for m in motifs], targets, expected)
            for _ in range(self._nulls)
        ]
        values |= {
            f"{key}_null": float(np.mean([null[key] for null in nulls])) if nulls else np.nan
            for key in _SHARES
        }
        for key, value in values.items():
            if np.isnan(value):
                reasons[key] = "no motif is expected: set expected = [ids]"
        return values, reasons

    def _shares(
        self, motifs: list[Floats], targets: list[Matrix], expected: list[Matrix]
    ) -> dict[str, float]:
        matches = compare(motifs, targets)
        best = [matches.best(i, self._level) for i in range(len(motifs))]
        shares = {"matched": float(np.mean([match is not None for match in best]))}
        recovered = [matches.recovered(one.id, self._level) for one in expected]
        # Any version of the same matrix counts; another matrix of the same factor does not.
        bases = {match.id.partition(".")[0] for match in best if match is not None}
        best_of = [one.id.partition(".")[0] in bases for one in expected]
        shares["recall"] = float(np.mean(recovered)) if expected else np.nan
        shares["recall_best"] = float(np.mean(best_of)) if expected else np.nan
        return shares

    @staticmethod
    def _motif(pattern: Pattern, kind: Kind, match: Match | None) -> Motif:
        return Motif(
            name=pattern.name,
            sign=pattern.sign,
            contributions=kind,
            frequencies=pattern.frequencies,
            scores=pattern.scores,
            trimmed=trimmed(pattern.frequencies),
            seqlets=pattern.seqlets,
            match=match,
        )

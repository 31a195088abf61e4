"""Localization against a motif database: TF-MoDISco, then TOMTOM against JASPAR."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np

from gxarena.api import Motif, Quantity, SetScored
from gxarena.data import Explained, Floats
from gxarena.dna import letters, one_hot
from gxarena.errors import InputError, PluginError, check_at_least, check_choice
from gxarena.seeds import sample_seed
from gxarena.truth import counted
from gxarena_jaspar.information import (
    LEAST_BITS,
    STRETCH,
    background,
    best_stretch,
    row_bits,
    trimmed,
)
from gxarena_jaspar.matching import SHUFFLES, Matches, compare
from gxarena_jaspar.matrices import RELEASE, Matrix, collection, matrices
from gxarena_modisco.discovery import (
    TIED,
    Discovery,
    Kind,
    Pattern,
    contributions,
    discover,
    ties_broken,
)
from gxarena_modisco.settings import Settings, settings_for

_MATRIX_ID = re.compile(r"[A-Z]{2}\d+\.\d+")
_COUNTS = {
    "patterns_positive": Quantity("none", (0.0, None), "", "patterns for the target"),
    "patterns_negative": Quantity("none", (0.0, None), "", "patterns against the target"),
    "seqlets_positive": Quantity("none", (0.0, None), "", "seqlets for the target"),
    "seqlets_negative": Quantity("none", (0.0, None), "", "seqlets against the target"),
    "counted": Quantity("none", (0.0, None), "", "patterns that say enough to be compared"),
}
_SHARES = {
    "matched": Quantity("higher", (0.0, 1.0), "", "counted patterns that match, q < level"),
    "recall": Quantity("higher", (0.0, 1.0), "", "expected motifs that some pattern resembles"),
    "recall_best": Quantity("higher", (0.0, 1.0), "", "expected motifs that are a best match"),
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
    stretch, bits : int, float
        A pattern counts where its best `stretch` rows next to each other hold at least so many
        bits over the sequences' own letters (see `gxarena_jaspar.information`). What does not
        count is kept, and is neither matched nor unmatched.
    shuffles : int
        Orders of a pattern's rows that it is compared with the database beside (see
        `gxarena_jaspar.matching`).
    **settings
        See `gxarena_modisco.settings.Settings`. By the sequences' length where not given.
    """

    def __init__(
        self,
        contributions: str = "auto",
        expected: Sequence[str] = (),
        group: str = "vertebrates",
        release: str = RELEASE,
        level: float = 0.05,
        stretch: int = STRETCH,
        bits: float = LEAST_BITS,
        shuffles: int = SHUFFLES,
        **settings: Any,
    ) -> None:
        check_choice("modisco, contributions", contributions, ("auto", *get_args(Kind)))
        for name in settings:
            check_choice("modisco", name, [field.name for field in fields(Settings)])
        if not 0 < level < 1:
            raise InputError(f"modisco, level: expected a q-value between 0 and 1, got {level}.")
        check_at_least("modisco, stretch", stretch)
        check_at_least("modisco, shuffles", shuffles)
        self._contributions = contributions
        self._expected = tuple(expected)
        self._group, self._release = group, release
        self._stretch, self._bits = stretch, bits
        self._level, self._shuffles = level, shuffles
        self._settings = settings
        self.quantities: Mapping[str, Quantity] = {
            f"{kind}.{key}": quantity
            for kind in get_args(Kind)
            for key, quantity in (_COUNTS | _SHARES).items()
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
            try:
                found = discover(encoded, scores, settings)
            except PluginError as error:
                if TIED not in str(error):
                    raise
                found = discover(encoded, ties_broken(explained, kind, encoded, scores), settings)
        judged = [self._judged(one, kind, background(encoded)) for one in found.patterns]
        counting = [number for number, motif in enumerate(judged) if motif.counts]
        matches = compare(
            [judged[number].frequencies[slice(*judged[number].trimmed)] for number in counting],
            targets,
            self._shuffles,
            sample_seed(explained.seed, "modisco/shuffles", ""),
        )
        for row, number in enumerate(counting):
            judged[number] = replace(judged[number], match=matches.best(row, self._level))
        expected = [target.id for target in targets if target.id in self._names(explained)]
        values = _counts(found, len(counting)) | self._shares(matches, expected)
        reasons = dict.fromkeys(_SHARES, _why_nothing(found, settings, self._bits))
        if counting:
            reasons = {
                key: "no motif is expected: set expected = [ids]"
                for key in _SHARES
                if np.isnan(values[key])
            }
        return SetScored(
            {f"{kind}.{key}": value for key, value in values.items()},
            {f"{kind}.{key}": reason for key, reason in reasons.items()},
            tuple(judged),
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

    def _judged(self, pattern: Pattern, kind: Kind, letters: Floats) -> Motif:
        """A pattern with what it says; not yet compared."""
        rows = row_bits(pattern.frequencies, letters, len(pattern.seqlets))
        bits, (start, end) = best_stretch(rows, self._stretch), trimmed(rows)
        return Motif(
            name=pattern.name,
            sign=pattern.sign,
            contributions=kind,
            frequencies=pattern.frequencies,
            scores=pattern.scores,
            trimmed=(start, end),
            seqlets=pattern.seqlets,
            counts=bits >= self._bits and end > start,
            bits=bits,
        )

    def _shares(self, matches: Matches, expected: list[str]) -> dict[str, float]:
        """Shares of the patterns that count, and of the expected motifs; NaN where of nothing."""
        best = [matches.best(row, self._level) for row in range(len(matches.chance))]
        if not best:
            return dict.fromkeys(_SHARES, np.nan)
        # Any version of the same matrix counts; another matrix of the same factor does not.
        bases = {match.id.partition(".")[0] for match in best if match is not None}
        recovered = (matches.q_of(expected) < self._level).any(axis=0)
        best_of = [identifier.partition(".")[0] in bases for identifier in expected]
        return {
            "matched": float(np.mean([match is not None for match in best])),
            "recall": float(np.mean(recovered)) if expected else np.nan,
            "recall_best": float(np.mean(best_of)) if expected else np.nan,
        }


def _counts(found: Discovery, counting: int) -> dict[str, float]:
    signs = [pattern.sign for pattern in found.patterns]
    return {
        "patterns_positive": float(signs.count("positive")),
        "patterns_negative": float(signs.count("negative")),
        "seqlets_positive": float(found.n_positive),
        "seqlets_negative": float(found.n_negative),
        "counted": float(counting),
    }


def _why_nothing(found: Discovery, settings: Settings, bits: float) -> str:
    """Why no pattern can match."""
    if found.patterns:
        return f"no pattern counts: none of {len(found.patterns)} holds {bits:g} bits"
    if max(found.n_positive, found.n_negative) > settings.min_seqlets:
        return "no pattern: the seqlets do not form clusters"
    return (
        f"no pattern: {found.n_positive} seqlets for the target and {found.n_negative} "
        f"against it, more than {settings.min_seqlets} of a sign needed"
    )

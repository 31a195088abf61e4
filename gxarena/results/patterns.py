"""Patterns of metrics (a suite's ``headline``, ``--metric``), and those that match nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from gxarena.errors import suggest

_WILD = re.compile(r"[*?[]")


def matches(metric: str, patterns: Sequence[str]) -> bool:
    """Whether a metric is asked for; every one is where there are no patterns."""
    return not patterns or any(fnmatchcase(metric, pattern) for pattern in patterns)


def unmatched(patterns: Iterable[str], metrics: Iterable[str]) -> list[str]:
    """Patterns that match none of the metrics, each once."""
    known = set(metrics)
    return [
        pattern
        for pattern in dict.fromkeys(patterns)
        if not any(fnmatchcase(metric, pattern) for metric in known)
    ]


def hopeless(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Patterns that no quantity of the metrics can match, whichever these give.

    Parameters
    ----------
    patterns : iterable of str
    names : iterable of str
        Of metrics, as cells have them. Their quantities, ``name.key``, are known only once the
        metrics are made; so what a pattern says up to its first wildcard is all that counts.
    """
    known = set(names)
    return [
        pattern
        for pattern in dict.fromkeys(patterns)
        if not any(fnmatchcase(name, pattern) or _may_match(pattern, f"{name}.") for name in known)
    ]


def _may_match(pattern: str, beginning: str) -> bool:
    literal = _WILD.split(pattern, maxsplit=1)[0]
    if literal == pattern:
        return pattern.startswith(beginning)
    return literal.startswith(beginning) or beginning.startswith(literal)


def matching_nothing(where: str, pattern: str, metrics: Iterable[str]) -> str:
    """The sentence to say of a pattern that matches nothing.

    Parameters
    ----------
    where : str
        Where it was given, e.g. ``--metric``.
    pattern : str
    metrics : iterable of str
        Those that there are.
    """
    known = set(metrics)
    names = sorted({metric.partition(".")[0] for metric in known})
    part = pattern.strip("*")
    within = part and any(part in metric for metric in known)
    hint = suggest(pattern.partition(".")[0].strip("*"), names, "Metrics")
    return (
        f"{where} '{pattern}': expected a pattern of metrics that are there, got one that matches "
        "none. " + (f"Did you mean '*{part}*'?" if within else hint)
    )

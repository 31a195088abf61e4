"""What the labels of a board stand for: the installed component, its reference and its licences."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from packaging.requirements import Requirement

from gxarena.registry import Registered, Registry
from gxarena.results.terms import METRIC, MODEL, components_of
from gxarena.run.suite import read_suite, shipped_suites
from gxarena.site.content import Content
from gxarena.site.numbers import listed
from gxarena.training.card import CARD_FILE, read_card

KINDS = {"explainer": "explainers", "model": "models", "metric": "metrics", "dataset": "datasets"}
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


@dataclass(frozen=True)
class Known:
    """What is known of a label.

    Attributes
    ----------
    component : str
        Empty where neither a run nor a suite that ships tells.
    parameters : mapping
        As the suite gave them, or resolved where a run tells.
    summary, citation, distribution : str
        Of the installed component; empty where none of that name is installed.
    licences : tuple of str
        Of its distribution, and of what its extra brings.
    trained_here : str
        A sentence about a model whose weights this project trained; empty of any other.
    """

    component: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    citation: str = ""
    distribution: str = ""
    licences: tuple[str, ...] = ()
    trained_here: str = ""


class Catalogue:
    """Looks up labels of a site's boards."""

    def __init__(self, content: Content, registry: Registry) -> None:
        self._registry = registry
        self._meant = _from_terms(content) | _from_suites(content) | _from_cells(content)

    def kind_of_model(self, label: str) -> tuple[str, str]:
        """Of which component a model's weights are, and what that is, in words."""
        known = self.known("model", label)
        return known.component or label, known.summary.partition(";")[0]

    def data_in_words(self, labels: Iterable[str]) -> str:
        """What data sets are and where truth of them is from; labels alone where nobody tells."""
        alike: dict[str, list[str]] = {}
        for label in labels:
            alike.setdefault(self.known("dataset", label).summary, []).append(f"“{label}”")
        return "; ".join(
            f"{listed(names, 2)}{f': {what}' if what else ''}" for what, names in alike.items()
        )

    def known(self, kind: str, label: str) -> Known:
        """What a label is; by its own name where no suite says what it is an alias of."""
        component, parameters = self._meant.get((kind, label), (label, {}))
        found = self._registry.components.get((KINDS[kind], component))
        if found is None:
            component = component if (kind, label) in self._meant else ""
            return Known(component, parameters)
        return Known(
            component,
            parameters,
            found.component.summary,
            found.component.citation,
            f"{found.distribution} {found.version}",
            tuple(_licences(found)),
            _trained_here(found) if kind == "model" else "",
        )


def _trained_here(found: Registered) -> str:
    """What the model cards that ship say of a component, without importing its package."""
    name, package = found.component.name, found.component.target.partition(":")[0].partition(".")[0]
    if found.distribution != "gxarena" or (spec := find_spec(package)) is None:
        return ""
    for place in spec.submodule_search_locations or ():
        for file in sorted(Path(place).glob(f"weights/*/{CARD_FILE}")):
            card = read_card(file.parent)
            if card["model"] == name:
                return (
                    f"{name} ({found.component.summary.partition(';')[0]}) is a network of "
                    f"{card['training']['parameters']:,} parameters that this project trained: "
                    "nothing here speaks for anybody's official weights of that architecture."
                )
    return ""


def _from_terms(content: Content) -> dict[tuple[str, str], tuple[str, Mapping[str, Any]]]:
    """What boards say themselves: components alone, since weights are digests."""
    return {
        (kind, label): (component, {})
        for board in content.boards
        for kind in (MODEL, METRIC)
        for label, component in components_of(board.terms, kind).items()
    }


def _from_suites(content: Content) -> dict[tuple[str, str], tuple[str, Mapping[str, Any]]]:
    """Aliases of the suites that ship and that boards name: all that a written board tells."""
    shipped = shipped_suites()
    named = {name for board in content.boards for name in board.shown["suite"].unique().to_pylist()}
    meant: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
    for suite in (read_suite(str(shipped[name])) for name in sorted(named & shipped.keys())):
        for kind, plural in KINDS.items():
            for label, alias in suite.aliases(plural).items():
                parameters = dict(alias)
                meant[kind, label] = str(parameters.pop("name", label)), parameters
    return meant


def _from_cells(content: Content) -> dict[tuple[str, str], tuple[str, Mapping[str, Any]]]:
    meant: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
    for source in content.sources.values():
        for row in source.last_rows():
            for kind in ("explainer", "model", "metric"):
                if row[f"{kind}_component"] is not None and (kind, row[kind]) not in meant:
                    parameters = json.loads(row[f"{kind}_parameters"] or "{}")
                    meant[kind, row[kind]] = row[f"{kind}_component"], parameters
    return meant


def _licences(found: Registered) -> Iterable[str]:
    """Of the component's distribution, and of the libraries of its extra that are installed."""
    names = [found.distribution]
    if found.component.extra:
        names += _required(found.distribution, found.component.extra)
    for name in names:
        if licence := licence_of(name):
            yield f"{name}: {licence}"


def _required(distribution: str, extra: str) -> list[str]:
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    return [
        Requirement(line).name
        for line in lines
        if (found := _EXTRA.search(line)) and found[1] == extra
    ]


@functools.cache
def licence_of(distribution: str) -> str:
    """A distribution's licence by its own metadata; empty where it is not installed or silent."""
    try:
        told = cast(Message, metadata.metadata(distribution))
    except metadata.PackageNotFoundError:
        return ""
    short = told.get("License-Expression") or told.get("License") or ""
    if not short or "\n" in short or len(short) > 60:  # a whole text, where a name belongs
        marks = [one for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
        short = ", ".join(one.rpartition(" :: ")[2] for one in marks) or short.partition("\n")[0]
    return short[:80]


def bibtex(citations: Mapping[str, str]) -> str:
    """A bibliography of what a site shows: key -> reference in words."""
    entries = []
    for key, words in sorted(citations.items()):
        year = re.search(r"\b(?:19|20)\d\d\b", words)
        arxiv = re.search(r"arXiv:(\d{4}\.\d{4,5})", words)
        fields = [f"  note = {{{_plain(words)}}}"]
        fields += [f"  year = {{{year[0]}}}"] if year else []
        fields += [f"  eprint = {{{arxiv[1]}}}", "  archiveprefix = {arXiv}"] if arxiv else []
        name = re.sub(r"[^A-Za-z0-9-]+", "-", key)
        entries.append("@misc{" + name + ",\n" + ",\n".join(fields) + "\n}\n")
    return "\n".join(entries)


def _plain(words: str) -> str:
    return re.sub(r"([{}%&$#_\\])", r"\\\1", words)

"""The pages of explainers, models, metrics and data sets, each with a list that leads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gxarena.hookspecs import QUESTIONS
from gxarena.site import addresses, notes, pages
from gxarena.site.catalogue import Known, bibtex
from gxarena.site.dossiers import Dossier
from gxarena.site.numbers import counted, listed
from gxarena.site.rendering import Page
from gxarena.site.site import Site
from gxarena.site.words import in_words

PAPER = (
    "Kurth, Yanez Sarmiento and Renard 2026, Evaluating Post-hoc Explanations of the "
    "Transformer-based Genome Language Model DNABERT-2, arXiv:2604.21690"
)

UNKNOWN = "not known here: nothing that is installed has this name"


def thing_pages(site: Site) -> Iterator[Page]:
    """All of them, and their lists."""
    yield from _explainers(site)
    yield from _models(site)
    yield from _metrics(site)
    yield from _data(site)


def bibliography(site: Site) -> str:
    """BibTeX of whatever a site shows."""
    found = {"gxarena": PAPER}
    for kind, names in (
        ("explainer", site.labels("explainer")),
        ("model", site.labels("model")),
        ("metric", list(pages.metrics_of(site.boards))),
    ):
        for name in names:
            if citation := site.catalogue.known(kind, name).citation:
                found[name] = citation
    return bibtex(found)


def _list(
    place: str, title: str, intro: str, head: Sequence[str], rows: Sequence[dict[str, Any]]
) -> Page:
    return Page("list.html", place, title, {"intro": intro, "head": head, "rows": rows})


def _explainers(site: Site) -> Iterator[Page]:
    listing = []
    for label in site.labels("explainer"):
        known = site.catalogue.known("explainer", label)
        stands = pages.where_it_stands(site.sections, label)
        place = addresses.explainer_page(label)
        context = {
            "label": label,
            "known": known,
            "details": _details(known),
            "stands": stands,
            "dossiers": [_link(one) for one in site.dossiers if one.labels[2] == label],
        }
        yield Page("explainer.html", place, label, context)
        tiers = [section.tier_of(line) for section, line in stands if line.standing]
        first = f"{tiers.count(1)} of {counted(len(tiers), 'comparison')}"
        said = f"first tier in {first}" if tiers else "competes with nobody"
        if all(line.role != "method" for _, line in stands):
            said = "control, never ranked"
        listing.append({"page": place, "label": label, "texts": [known.summary or UNKNOWN, said]})
    intro = "What was compared: methods, and controls that stand beside them."
    head = ["explainer", "what it is", "on these boards"]
    yield _list("explainers.html", "Explainers", intro, head, listing)


def _models(site: Site) -> Iterator[Page]:
    listing = []
    for label in site.labels("model"):
        known = site.catalogue.known("model", label)
        sections = [one for one in site.sections if one.model == label]
        place = addresses.model_page(label)
        context = {
            "label": label,
            "known": known,
            "details": _details(known),
            "weights": pages.weights_of(site.boards, label),
            "sections": [(one, in_words(one)) for one in sections],
            "dossiers": [_link(one) for one in site.dossiers if one.labels[1] == label],
        }
        yield Page("model.html", place, label, context)
        most = max((one.replicates[1] for one in sections), default=0)
        weights = counted(most, "set of weights", "sets of weights")
        texts = [known.summary or UNKNOWN, str(known.parameters.get("checkpoint", "")), weights]
        listing.append({"page": place, "label": label, "texts": texts})
    intro = "What was explained. One set of weights says nothing of the next training."
    head = ["model", "what it is", "checkpoint", "at most"]
    yield _list("models.html", "Models", intro, head, listing)


def _metrics(site: Site) -> Iterator[Page]:
    listing = []
    for label, by_board in pages.metrics_of(site.boards).items():
        known = site.catalogue.known("metric", label)
        rows = [row for _, group in by_board for row in group]
        question = next((row["question"] for row in rows if row["question"]), "")
        asks = QUESTIONS.get(question) or _asks_nothing(rows)
        place = addresses.metric_page(label)
        tables = pages.metric_boards(by_board, site.boards)
        first: dict[str, pages.BoardTable] = {}
        for table in tables:
            first.setdefault(site.catalogue.kind_of_model(table.model)[0], table)
        context = {
            "label": label,
            "known": known,
            "details": [("asks", asks), *_details(known)],
            "note": notes.metric_notes().get(known.component),
            "barred": pages.barred(rows),
            "trust": pages.trusted(label, known.component),
            "tables": tables,
            "unfolded": list(first.values()),
            "all": [(n, len({row["metric"] for row in group})) for n, group in by_board],
        }
        yield Page("metric.html", place, label, context)
        listing.append({"page": place, "label": label, "texts": [known.summary, asks]})
    intro = "What is measured of an explanation, with its formula, direction, trap and validity."
    yield _list("metrics.html", "Metrics", intro, ["metric", "what it is", "asks"], listing)


def _asks_nothing(rows: Iterable[Mapping[str, Any]]) -> str:
    """What a metric without a question is for: a board may rank by it, a question does not."""
    if any(row["rank"] is not None for row in rows):
        return "no question: its own board ranks by it, the start page does not"
    return "ranks nobody"


def _data(site: Site) -> Iterator[Page]:
    listing = []
    for label, found in pages.datasets_of(site.boards).items():
        known = site.catalogue.known("dataset", label)
        where = [
            f"board {one['board']}: {counted(one['sequences'], 'sequence')}, "
            f"{listed(one['models'])}"
            for one in found
        ]
        terms = next((one["terms"] for one in found if one["terms"]), "not recorded")
        texts = [known.summary or UNKNOWN, "; ".join(where), terms]
        listing.append({"page": "", "label": label, "texts": texts})
    head = ["data set", "what it is", "measured on", "which"]
    yield _list("data.html", "Data", "Sequences that were explained.", head, listing)


def _link(dossier: Dossier) -> dict[str, Any]:
    dataset, model, explainer = dossier.labels
    return {
        "page": addresses.dossier_page(dossier.board, dossier.rows[0]),
        "dataset": dataset,
        "model": model,
        "explainer": explainer,
        "board": dossier.board,
        "rows": len(dossier.rows),
    }


def _details(known: Known) -> list[tuple[str, str]]:
    # How many sets of weights stand for a model is each board's own affair.
    said = {name: value for name, value in known.parameters.items() if name != "replicates"}
    parameters = ", ".join(f"{name} = {value}" for name, value in said.items())
    pairs = {
        "component": known.component,
        "settings": parameters,
        "reference": known.citation,
        "from": known.distribution,
        "licences": "; ".join(known.licences),
    }
    return [(name, text) for name, text in pairs.items() if text]

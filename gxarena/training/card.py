"""Model cards, for programs and for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gxarena.errors import InputError
from gxarena.validation import read_json

CARD_FILE = "card.json"
README_FILE = "README.md"


_NAMES = {
    "model": "this model",
    "kmer": "k-mer logistic regression (k = 1 to 6)",
    "gc": "GC content only",
}


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a finished training.

    Raises
    ------
    InputError
        It is torn, or no card. The training is then finished once more.
    """
    path = folder / CARD_FILE
    remedy = "Delete it and run the same command again."
    card = read_json(path, remedy)
    if not isinstance(card, dict) or "scores" not in card:
        raise InputError(f"{path}: expected a model card, got another text. {remedy}")
    return card


def readme(card: Mapping[str, Any]) -> str:
    """The model card for people."""
    recipe = card["recipe"]
    parameters = recipe["data"].get("parameters")
    facts = [f"- {key}: {_shown(value)}" for key, value in card["training"].items()]
    data = [
        f"| {split} | `{entry['reference']}` | {entry['samples']} | `{entry['digest']}` |"
        for split, entry in card["data"].items()
    ]
    scores = [
        f"| {_NAMES.get(name, name)} | {split} | {_number(found['accuracy'])} "
        f"| {_number(found['auc'])} |"
        for name, splits in card["scores"].items()
        for split, found in splits.items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    lines = [
        f"# {recipe['model']}: model card",
        *(["", recipe["summary"]] if recipe["summary"] else []),
        "",
        "## Accuracy",
        "",
        "The model is chosen on valid; test is read once, after training.",
        "",
        "| classifier | split | accuracy | AUC |",
        "| --- | --- | --- | --- |",
        *scores,
        "",
        "## Data",
        "",
        "| split | reference | samples | digest |",
        "| --- | --- | --- | --- |",
        *data,
        *(["", f"All with {_shown(parameters)}."] if parameters else []),
        "",
        "## Training",
        "",
        f"    {card['command']}",
        "",
        *facts,
        f"- seed: {recipe['seed']}",
        f"- settings: {_shown(recipe['settings'])}",
        f"- wall time: {card['seconds']} s",
        f"- versions: {versions}",
        "",
        "## Use",
        "",
        f"- licence: {recipe['licence']}",
        f"- intended use: {recipe['intended_use']}",
        f"- limits: {recipe['limits']}",
    ]
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return f"`{json.dumps(value)}`" if isinstance(value, dict | list) else str(value)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"

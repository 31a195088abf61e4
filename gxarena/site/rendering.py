"""Pages from templates, and data as scripts; labels of strangers are text, never markup or code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gxarena import __version__
from gxarena.errors import printable
from gxarena.hookspecs import QUESTIONS
from gxarena.report.table1 import counts, figures
from gxarena.site import addresses, numbers

_HERE = Path(__file__).parent
TEMPLATES, ASSETS = _HERE / "templates", _HERE / "assets"
PAGES = (
    ("index.html", "Start"),
    ("table.html", "Table"),
    ("cost.html", "Cost"),
    ("heat.html", "Heat map"),
    ("paper.html", "Paper"),
    ("curves.html", "Curves"),
    ("motifs.html", "Motifs"),
    ("explainers.html", "Explainers"),
    ("models.html", "Models"),
    ("metrics.html", "Metrics"),
    ("data.html", "Data"),
    ("samples.html", "Sequences"),
    ("ledger.html", "Ledger"),
    ("about.html", "About"),
)
"""What every page leads to, in this order."""


@dataclass(frozen=True)
class Page:
    """What a template makes a page of.

    Attributes
    ----------
    template : str
    place : str
        Where it lies in the site, with ``/``: links lead back from there.
    title : str
    context : mapping
    """

    template: str
    place: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict)


class Renderer:
    """Makes pages."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=lambda value: printable(value) if type(value) is str else value,
        )
        for module in (numbers, addresses):
            names = [name for name in vars(module) if not name.startswith("_")]
            self._environment.globals |= {name: getattr(module, name) for name in names}
        self._environment.globals |= {
            "pages": PAGES,
            "version": __version__,
            "questions": QUESTIONS,
            "figures": figures,
            "counts": counts,
            "breakable": breakable,
        }

    def text(self, page: Page) -> str:
        """A page as HTML."""
        root = "../" * page.place.count("/")
        template = self._environment.get_template(page.template)
        return template.render(page.context, root=root, place=page.place, title=page.title)


def breakable(text: str) -> Markup:
    """Text that may go on in another line after an underscore, as a narrow column needs it."""
    return Markup("_<wbr>").join(text.split("_"))


def script(name: str, data: object) -> str:
    """Data as a classic script, which a page may load from ``file://`` where it may not fetch."""
    return f"gxarena.data({as_json(name)}, {as_json(data)});\n"


def as_json(data: object) -> str:
    """JSON that may stand in a script: it ends none, and opens no comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text

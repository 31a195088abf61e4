"""Writes the site: every page, the data they load, the files to take away."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from gxarena.errors import InputError, StorageError
from gxarena.files import TEMPORARY
from gxarena.site.chart_pages import chart_pages
from gxarena.site.charts import library
from gxarena.site.dossier_pages import dossier_pages, suite_file
from gxarena.site.explorer_pages import explorer_data, explorer_page
from gxarena.site.front import front_pages
from gxarena.site.motif_pages import motif_page
from gxarena.site.rendering import ASSETS, Page, Renderer, as_json, script
from gxarena.site.rows import write_rows
from gxarena.site.site import Site
from gxarena.site.things import bibliography, thing_pages

MARK = "gxarena-site.json"
"""By which a folder is known as a site, which may be written anew."""
Told = Callable[[str], None]


def write_site(site: Site, out: Path, told: Told = lambda _what: None) -> int:
    """Write a site into a folder, whole or not at all; a site that was there is replaced.

    Returns
    -------
    int
        Pages.

    Raises
    ------
    InputError
        The folder holds something else.
    StorageError
        It cannot be written.
    """
    if out.exists() and not (out / MARK).is_file() and (out.is_file() or any(out.iterdir())):
        raise InputError(
            f"--out {out}: expected no folder, an empty one or an earlier site, got something "
            "else. Choose another place."
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=TEMPORARY) as place:
            folder = Path(place) / "site"
            pages = _write(site, folder, told)
            if out.exists():
                shutil.rmtree(out)
            folder.rename(out)
    except OSError as error:
        raise StorageError(
            f"--out {out}: expected to write, got '{error.strerror or error}'. Free space or fix "
            "the permissions and run the same command again."
        ) from error
    return pages


def _write(site: Site, folder: Path, told: Told) -> int:
    """Everything, into a folder that is not there yet; the number of pages."""
    drawing = library()  # first: what is not installed is said before anything is made
    shutil.copytree(ASSETS, folder / "assets")
    _write_text(folder / "assets" / "vega.js", drawing)
    for number, board in enumerate(site.boards, 1):
        told(f"board {number}")
        write_rows(folder, board, number)
    _write_text(folder / "data" / "citations.bib", bibliography(site))
    for name, source in site.content.sources.items():
        _write_text(folder / "data" / suite_file(name), as_json(source.record.document))
    told("pages")
    renderer = Renderer()
    pages = _write_pages(
        folder,
        renderer,
        (*front_pages(site), *thing_pages(site), explorer_page(site), motif_page(site)),
    )
    for explored in site.explored:
        told(f"sequences of {explored.dataset}")
        for name, data in explorer_data(explored):
            _write_text(folder / "data" / f"{name}.js", script(name, data))
    told("dossiers")
    for page, loaded in itertools.chain(chart_pages(site), dossier_pages(site)):
        pages += _write_pages(folder, renderer, [page])
        for name, data in loaded.items():
            _write_text(folder / "data" / f"{name}.js", script(name, data))
    marks = {"boards": [list(board.names) for board in site.boards]}
    _write_text(folder / MARK, json.dumps(marks, indent=1) + "\n")
    return pages


def _write_pages(folder: Path, renderer: Renderer, pages: Iterable[Page]) -> int:
    written = 0
    for page in pages:
        _write_text(folder / page.place, renderer.text(page))
        written += 1
    return written


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

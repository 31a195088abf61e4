"""The site in a browser, from file://: scripts run, the address is the view, nobody complains.

The page's policy forbids whatever is not a file; what it asked for besides would be on the console.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright
from site_pages import Page, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.site.content import read_content
from gxarena.site.site import Site
from gxarena.site.writing import write_site

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BROWSER, reason="needs Chromium, which is not installed"),
]


@pytest.fixture
def tab() -> Iterator[Tab]:
    """An empty tab of the browser, high enough that whatever is drawn in view is drawn."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1200, "height": 9000})
        browser.close()


@pytest.fixture
def site(plan: Callable[..., Plan], registry: Registry, tmp_path: Path) -> Path:
    """A site of a run and a written board."""
    block = {
        "datasets": ["mine"], "models": ["toy", "toy-tokens"], "explainers": ["exact", "random"],
        "metrics": ["gini", "faithfulness"],
    }  # fmt: skip
    run(plan(matrix=[block]), tmp_path / "run")
    write_board(tmp_path / "written.parquet", synthetic_board(12, 4, 3))
    content = read_content([tmp_path / "run", tmp_path / "written.parquet"])
    write_site(Site.of(content, registry), tmp_path / "site")
    return tmp_path / "site"


def opened(tab: Tab, site: Path, address: str, holds: str = "", n: int = 1) -> Page:
    """A page as the browser has it once its scripts have run.

    `holds` is what at least `n` of are waited for, in CSS: a busy machine draws late.
    """
    said: list[str] = []
    tab.goto("about:blank")  # else a change of the fragment alone loads nothing
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"{site.as_uri()}/{address}")
    if holds:
        tab.locator(holds).nth(n - 1).wait_for(state="attached", timeout=60_000)
    page = Page()
    page.feed(tab.content())
    assert said == [], address
    return page


def marks(kind: str) -> str:
    """A chart's marks of a kind, in CSS."""
    return f'[aria-roledescription="{kind}"]'


def hidden(page: Page, tag: str) -> list[bool]:
    return ["hidden" in attrs for name, attrs in page.tags if name == tag and "data-model" in attrs]


def test_the_address_is_the_view(tab: Tab, site: Path) -> None:
    first = opened(tab, site, "index.html")
    asked = [a for tag, a in first.tags if tag == "article"]
    assert {a["data-question"] for a in asked if "hidden" not in a} == {"localization"}
    one = opened(tab, site, "index.html#model=network&question=complexity")
    assert sum(not there for there in hidden(one, "article")) == 1
    assert not any(hidden(opened(tab, site, "index.html#all=1"), "article"))
    costs = opened(tab, site, "cost.html#model=network&question=complexity")
    assert sum(not there for there in hidden(costs, "article")) == 1

    view = "table.html#board=2&metric=metric-0&dataset=set-1&sort=-estimate&q=explainer"
    table = opened(tab, site, view)
    assert "12 of 144 rows" in table.words
    means = [float(row[5]) for row in table.rows if row and row[0].startswith("explainer-")]
    assert means == sorted(means, reverse=True)
    assert len(set(means)) == 12
    assert "0 of 144 rows" in opened(tab, site, "table.html#board=2&q=nobody").words


def test_charts_letters_and_values_are_drawn(tab: Tab, site: Path) -> None:
    opened(tab, site, "cost.html#all=1", marks("point"), 12)
    opened(tab, site, "curves.html", marks("line mark container"), 2)
    letters = ", ".join(f".fill-{letter}" for letter in "ACGT")
    opened(tab, site, "samples.html", letters, 25)
    dossier = next(path.name for path in (site / "cell").glob("1-*toy--exact.html"))
    values = opened(tab, site, f"cell/{dossier}#gini--native", ".stretch", 20)
    assert "gini, native: 70 of 70 sequences" in values.words
    assert "Letters are the stretch of a sequence" in values.words
    drawn = tab.locator(".stretch").first
    assert drawn.locator("text").count() > 10
    letters = (drawn.get_attribute("aria-label") or "").rpartition(", ")[2]
    assert set(drawn.locator("text").all_text_contents()) <= set(letters)


def kinds_of_pages(site: Path) -> list[str]:
    """Every page at the top, and one of each folder."""
    names = [path.name for path in site.glob("*.html")]
    return names + [
        str(min((site / kind).iterdir()).relative_to(site))
        for kind in ("cell", "explainer", "metric", "model")
    ]


def test_axe_finds_no_serious_fault(site: Path) -> None:
    """By axe-core's rules; in the dark its colours, on a narrow screen what scrolls."""
    axe = Axe()
    faults, said, asked = [], [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for scheme, width, rules in (
            ("light", 1200, {}),
            ("dark", 1200, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}),
            (
                "light",
                400,
                {"runOnly": {"type": "rule", "values": ["scrollable-region-focusable"]}},
            ),
        ):
            # axe is added to the page, which the page's policy forbids to anybody else.
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
            )
            page = context.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("request", lambda request: asked.append(request.url))
            for name in kinds_of_pages(site):
                page.goto(f"{site.as_uri()}/{name}#all=1")
                page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                for chart in page.query_selector_all(".chart"):
                    chart.scroll_into_view_if_needed()
                page.wait_for_function(
                    "document.querySelectorAll('.chart:not([data-drawn])').length === 0",
                    timeout=60_000,
                )
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                found = axe.run(
                    page, options={"resultTypes": ["violations"], "preload": False, **rules}
                )
                faults += [
                    f"{name}, {scheme}: {one['impact']}, {one['id']}: {one['nodes'][0]['html']}"
                    for one in found.response["violations"]
                    if one["impact"] in ("serious", "critical")
                ]
            context.close()
        browser.close()
    assert faults == []
    assert said == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}


def test_what_is_cut_says_so_and_what_is_folded_opens(site: Path) -> None:
    """On a phone a table ended at its edge as if that were all."""
    cut = """() => [...document.querySelectorAll('.wide, .chart')].filter(
        place => (place.scrollWidth > place.clientWidth + 1) !== (
            getComputedStyle(place, '::before').content !== 'none')).length"""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 900})
        for name in ("index.html", "table.html"):
            page.goto(f"{site.as_uri()}/{name}")
            page.wait_for_selector(".wide.cut")
            assert page.evaluate(cut) == 0, name
        page.goto(f"{site.as_uri()}/index.html#all=1")
        folded = page.evaluate(
            "() => [...document.querySelectorAll('details.alone:not([open]) article')]"
            ".map(one => one.id)"
        )
        assert folded
        page.goto("about:blank")
        page.goto(f"{site.as_uri()}/index.html#{folded[0]}")
        assert page.evaluate("n => document.getElementById(n).closest('details').open", folded[0])
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{site.as_uri()}/{kinds_of_pages(site)[-4]}")
        assert page.evaluate("document.querySelectorAll('.wide.cut').length") == 0
        browser.close()


def test_a_large_board_is_usable_within_a_second(tmp_path: Path, registry: Registry) -> None:
    """Fifty explainers, ten metrics, five data sets; the best of some tries, machines are busy."""
    write_board(tmp_path / "large.parquet", synthetic_board(50, 10, 5))
    site = tmp_path / "site"
    write_site(Site.of(read_content([tmp_path / "large.parquet"]), registry), site)
    ready = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    asked = """([name, value, shown]) => {
        const field = document.querySelector(name);
        const start = performance.now();
        if (value) field.value = value; else field.checked = true;
        field.dispatchEvent(new Event(value ? "input" : "change", { bubbles: true }));
        return [shown(), performance.now() - start];
    }"""
    start_page = "() => document.querySelectorAll('article:not([hidden])').length"
    counted = "() => document.getElementById('count').textContent"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        opening, answering = [], []
        for _ in range(5):
            page = browser.new_page()
            page.goto(f"{site.as_uri()}/index.html")
            opening.append(page.evaluate(ready))
            chosen = asked.replace("shown()", f"({start_page})()")
            radio = 'input[name="question"][value="faithfulness"]'
            articles, spent = page.evaluate(chosen, [radio, "", ""])
            assert articles == 1
            answering.append([spent])
            page.goto(f"{site.as_uri()}/table.html")
            page.wait_for_selector("#table tbody tr")
            searched = asked.replace("shown()", f"({counted})()")
            said, spent = page.evaluate(searched, ['input[name="q"]', "explainer-07 set-3", ""])
            assert said == "10 of 2500 rows."
            answering[-1].append(spent)
            page.close()
        browser.close()
    assert min(opening) < 1000, opening
    assert max(min(one) for one in zip(*answering, strict=True)) < 1000, answering


def test_every_page_opens_without_complaint(tab: Tab, site: Path) -> None:
    for name in kinds_of_pages(site):
        assert "gxarena" in opened(tab, site, name).words

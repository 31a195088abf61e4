"""The site in a browser, from file://: scripts run, the address is the view, nobody complains.

The page's policy forbids whatever is not a file; what it asked for besides would be on the console.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
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
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1200,9000",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
    "--virtual-time-budget=20000", "--dump-dom",
)  # fmt: skip


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


def drawn(site: Path, address: str, fits: Callable[[Page], bool]) -> Page:
    """A page whose drawings fit; those of a busy machine come late, and are looked at again."""
    pages = (opened(site, address) for _ in range(4))
    return next(page for page in pages if fits(page))


def opened(site: Path, address: str) -> Page:
    """A page as the browser has it once its scripts have run."""
    command = [BROWSER, *OPTIONS, f"--user-data-dir={site.parent / 'profile'}"]
    url = f"{site.as_uri()}/{address}"
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert said == [], address
    page = Page()
    page.feed(done.stdout)
    return page


def marks(page: Page) -> list[str]:
    """What kinds of marks its charts hold."""
    return [attrs.get("aria-roledescription", "") for _, attrs in page.tags]


def hidden(page: Page, tag: str) -> list[bool]:
    return ["hidden" in attrs for name, attrs in page.tags if name == tag and "data-model" in attrs]


def test_the_address_is_the_view(site: Path) -> None:
    first = opened(site, "index.html")
    asked = [a for tag, a in first.tags if tag == "article"]
    assert {a["data-question"] for a in asked if "hidden" not in a} == {"localization"}
    one = opened(site, "index.html#model=network&question=complexity")
    assert sum(not there for there in hidden(one, "article")) == 1
    assert not any(hidden(opened(site, "index.html#all=1"), "article"))
    costs = opened(site, "cost.html#model=network&question=complexity")
    assert sum(not there for there in hidden(costs, "article")) == 1

    view = "table.html#board=2&metric=metric-0&dataset=set-1&sort=-estimate&q=explainer"
    table = opened(site, view)
    assert "12 of 144 rows" in table.words
    means = [float(row[5]) for row in table.rows if row and row[0].startswith("explainer-")]
    assert means == sorted(means, reverse=True)
    assert len(set(means)) == 12
    assert "0 of 144 rows" in opened(site, "table.html#board=2&q=nobody").words


def test_charts_letters_and_values_are_drawn(site: Path) -> None:
    assert drawn(site, "cost.html#all=1", lambda page: marks(page).count("point") >= 12)
    assert drawn(site, "curves.html", lambda page: marks(page).count("line mark container") >= 2)
    letters = {f"fill-{letter}" for letter in "ACGT"}
    assert drawn(
        site,
        "samples.html",
        lambda page: sum(a.get("class") in letters for _, a in page.tags) > 24,
    )
    dossier = next(path.name for path in (site / "cell").glob("1-*toy--exact.html"))
    assert "gini, native: 70 of 70 sequences" in opened(site, f"cell/{dossier}#gini--native").words


def kinds_of_pages(site: Path) -> list[str]:
    """Every page at the top, and one of each folder."""
    names = [path.name for path in site.glob("*.html")]
    return names + [
        str(min((site / kind).iterdir()).relative_to(site))
        for kind in ("cell", "explainer", "metric", "model")
    ]


def test_axe_finds_no_serious_fault(site: Path) -> None:
    """By axe-core's rules; in the dark its colours, on a narrow screen what scrolls."""
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    faults, said, asked = [], [], []
    with playwright.sync_playwright() as driver:
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
    playwright = pytest.importorskip("playwright.sync_api")
    cut = """() => [...document.querySelectorAll('.wide, .chart')].filter(
        place => (place.scrollWidth > place.clientWidth + 1) !== (
            getComputedStyle(place, '::before').content !== 'none')).length"""
    with playwright.sync_playwright() as driver:
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
    playwright = pytest.importorskip("playwright.sync_api")
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
    with playwright.sync_playwright() as driver:
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


def test_every_page_opens_without_complaint(site: Path) -> None:
    for name in kinds_of_pages(site):
        assert "gxarena" in opened(site, name).words

"""Take the README's picture of the site again, in the Chromium that is installed.

    gxarena site leaderboard --out runs/site && python docs/screenshot.py runs/site

Looked at before it is committed: docs/images/site.png shows what boards say today.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "images" / "site.png"
VIEW = "index.html#model=cnn&question=localization"


def main(site: str) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 1250})
        page.goto(f"{Path(site).resolve().as_uri()}/{VIEW}")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

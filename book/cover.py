"""Draw book/images/explorer.png, the picture of the book in README.md and wherever somebody shares a page: make book, then this.

It shows the explorer of the built site's first page in a catapult, in the size that such pictures have.
"""

from pathlib import Path

from pictures import CHROMIUM_ARGS, chromium
from playwright.sync_api import sync_playwright

BOOK = Path(__file__).resolve().parent
PAGE = BOOK.parent / "_build/html/book/index.html"
SIZE = {"width": 1200, "height": 630}
ALONE = """
.nin-explorer { position: fixed; z-index: 9999; inset: 0; margin: 0; border: 0; border-radius: 0;
  padding: 24px 48px; background: white; zoom: 1.15 }
"""


def main():
    if not PAGE.is_file():
        raise SystemExit(f"{PAGE} is missing: run `make book` first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_ARGS
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{PAGE.as_uri()}#linear?sigma_eps=11")
        page.wait_for_selector('.nin-explorer[data-phase="catapult"]')
        page.add_style_tag(content=ALONE)
        page.wait_for_timeout(1000)  # the curves follow their new width
        page.screenshot(path=BOOK / "images/explorer.png")
        browser.close()


if __name__ == "__main__":
    main()

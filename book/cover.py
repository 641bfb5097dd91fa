"""Draw book/images/explorer.png, the picture of the book in README.md and wherever somebody shares a page: make book, then this.

It shows the explorer of the built site's first page in a catapult, in the size that such pictures have.
"""

from pathlib import Path

from playwright.sync_api import sync_playwright

from pictures import CHROMIUM_ARGS, chromium

BOOK = Path(__file__).resolve().parent
PAGE = BOOK.parent / "_build/html/book/index.html"
SIZE = {
    "width": 1000,
    "height": 525,
}  # in px of the page, of which one is 1.2 px of the picture
ALONE = """body :not(:has(.nin-explorer), .nin-explorer, .nin-explorer *) { visibility: hidden }
.nin-charts ~ * { display: none !important }
.nin-explorer.nin-explorer { position: fixed; z-index: 9999; inset: 0; padding: 32px; border: 0; background: white }"""


def main():
    if not PAGE.is_file():
        raise SystemExit(f"{PAGE} is missing: run `make book` first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_ARGS
        )
        page = browser.new_page(
            viewport=SIZE, device_scale_factor=1.2, color_scheme="light"
        )
        page.goto(f"{PAGE.as_uri()}#linear?sigma_eps=11")
        page.wait_for_selector('.nin-explorer[data-phase="catapult"]')
        page.add_style_tag(content=ALONE)
        page.wait_for_timeout(1000)  # the curves follow their new width
        page.screenshot(path=BOOK / "images/explorer.png")
        browser.close()


if __name__ == "__main__":
    main()

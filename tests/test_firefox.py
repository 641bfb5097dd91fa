"""One page of each explorer in Debian's firefox-esr, which Playwright cannot drive and Marionette can.

Skipped without `apt-get install firefox-esr` and `pip install marionette_driver==3.7.1`, which are not among the locks.
"""

import re
import shutil

import pytest
from conftest import ROOT, served
from test_training_here import images, page_folder  # noqa: F401 - fixtures

from nin_lib.widgets import static_scripts

pytest.importorskip("marionette_driver", reason="pip install marionette_driver==3.7.1")
from marionette_driver.by import By
from marionette_driver.keys import Keys
from marionette_driver.marionette import Marionette
from marionette_driver.wait import Wait

SITE = ROOT / "_build" / "html"
FIREFOX = shutil.which("firefox-esr")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(FIREFOX is None, reason="apt-get install firefox-esr"),
    # Marionette's client leaves a socket open for each time that it asks whether Firefox is there
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def page_of(explorer):
    """The first page of the book that shows the explorer."""
    pages = sorted((SITE / "book").glob("*.html"))
    return next(
        p.name for p in pages if re.search(f'data-explorer="{explorer}"', p.read_text(encoding="utf-8"))
    )


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    log = tmp_path_factory.mktemp("firefox") / "gecko.log"
    session = Marionette(bin=FIREFOX, headless=True, startup_timeout=300, gecko_log=str(log))
    session.start_session()
    yield session
    session.quit()


@pytest.fixture(scope="module")
def base():
    with served(SITE) as address:
        yield f"{address}/book"


@pytest.mark.parametrize("explorer", [name.removesuffix(".js") for name in static_scripts()])
def test_an_explorer_draws_its_charts_and_follows_the_keyboard(explorer, firefox, base):
    firefox.navigate(f"{base}/{page_of(explorer)}")
    root = f'.nin-explorer[data-explorer="{explorer}"]'

    def text():
        return firefox.find_element(By.CSS_SELECTOR, f"{root} .nin-status").text

    def ready(session):
        plots, canvases = (
            session.find_elements(By.CSS_SELECTOR, f"{root} {part}")
            for part in (".nin-plot", ".nin-plot canvas")
        )
        return plots and len(plots) == len(canvases) and len(text()) > 20

    Wait(firefox, timeout=60).until(ready)
    before = text()
    slider = firefox.find_element(By.CSS_SELECTOR, f"{root} .nin-slider input")
    slider.send_keys(Keys.END)
    Wait(firefox, timeout=60).until(lambda _: text() != before)


def test_the_paper_s_network_trains(firefox, images, page_folder):  # noqa: F811 - fixtures
    firefox.navigate(f"{images[0]}/runs.html")

    def button(name):
        found = firefox.find_elements(By.CSS_SELECTOR, ".nin-training button")
        return next((b for b in found if b.text.startswith(name) and b.is_enabled()), None)

    def said():
        return firefox.find_element(By.CSS_SELECTOR, ".nin-training [role=status]").text

    wait = Wait(firefox, timeout=300)
    wait.until(lambda _: button("Train at this noise")).click()
    wait.until(lambda _: "An epoch takes about" in said())
    button("Train at").click()
    wait.until(
        lambda _: firefox.find_element(By.CSS_SELECTOR, ".nin-training > .nin-note").text.startswith("epoch")
    )
    wait.until(lambda _: button("Stop")).click()
    wait.until(lambda _: "was stopped after" in said())

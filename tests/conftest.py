"""Shared fixtures: headless Chromium, a server for a folder of static files, and small books to build."""

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import hypothesis
import nbformat
import pytest
from pictures import CHROMIUM_ARGS, chromium
from playwright.sync_api import sync_playwright

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before torch is imported: a busy machine is slow with more, and cores are few
# The same examples every time, so that a failure is there again for whoever looks; `make fuzz` draws new ones, and many.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("NIN_EXAMPLES") or "same")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, headless. Without one a test skips on a developer's machine and fails in CI."""
    executable = chromium()
    if executable is None:
        missing = "no chromium on this machine: install it (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive, as a real host has it

    def log_message(self, *args):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a browser that closes a page drops its connections


@pytest.fixture(scope="module")
def one_thread():
    """Torch computes with one thread in the tests of a module that asks for it, as in the book's trainings."""
    from nin_lib import sweep

    with sweep.one_thread():
        yield


@pytest.fixture
def official_fashion_mnist(monkeypatch):
    """The official files, of NIN_DATA_DIR or else beside the checkout; a test that asks for them skips without."""
    if os.environ.get("NIN_DATA_DIR"):
        return
    folder = ROOT.parent / "shared" / "data" / "FashionMNIST" / "raw"
    if not folder.is_dir():
        pytest.skip("no Fashion-MNIST beside the checkout")
    monkeypatch.setenv("NIN_DATA_DIR", str(folder))


@contextlib.contextmanager
def served(folder, handler=QuietHandler):
    """Serve `folder` on a free port of 127.0.0.1; yields the base address."""
    server = QuietServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def base():
    """The address at which the built site is served."""
    site = ROOT / "_build" / "html"
    if not any(site.rglob("*.html")):
        pytest.fail("there is no built site: run `make site` first", pytrace=False)
    with served(site) as address:
        yield address


def write_small_book(folder, cells, **metadata):
    """A book of one page, book/page.ipynb, with the settings and the Sphinx extensions of the real one."""
    shutil.copytree(ROOT / "book/_ext", folder / "book/_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book/images", folder / "book/images")
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "book/references.bib").touch()
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    metadata |= {
        "kernelspec": {"name": "python3", "display_name": "Python"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / "book/page.ipynb")


def build_site(folder, address=None):
    """Build the book in `folder`, warnings as errors, with `address` in NIN_BOOK_ADDRESS (None: not set)."""
    environment = {key: value for key, value in os.environ.items() if key != "NIN_BOOK_ADDRESS"}
    if address is not None:
        environment["NIN_BOOK_ADDRESS"] = address
    command = [Path(sys.executable).parent / "jupyter-book", "build", folder, "-W", "-n", "--keep-going"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)


class Watched:
    """What a page did that it must not do. Every request outside its own host is refused and noted."""

    def __init__(self, page, base):
        self.outside, self.missing, self.errors = [], [], []

        def route(handler):
            url = handler.request.url
            if url.startswith((base, "data:", "blob:")):
                handler.continue_()
            else:
                self.outside.append(url)
                handler.abort()

        page.route("**/*", route)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("response", lambda r: self.missing.append((r.status, r.url)) if r.status >= 400 else None)

    def assert_clean(self):
        assert (self.outside, self.missing, self.errors) == ([], [], [])

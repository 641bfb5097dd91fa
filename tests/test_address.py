"""Where the book is published: nowhere until an address is set, and then exactly the version that was built."""

import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import address
import nbformat
import pytest
import yaml
from conftest import ROOT, build_site, write_small_book
from packaging.requirements import Requirement
from sphinx.errors import ConfigError, SphinxError

ADDRESS = "https://github.com/someone/her-book"
SITE = "https://someone.github.io/her-book/"


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def commit_all(folder):
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "A book")
    return git(folder, "rev-parse", "HEAD")


def files_of_the_repository():
    """What is committed, or would be by `git add --all`."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [path for path in listed if (ROOT / path).is_file()]


def page_cells():
    output = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    return [
        nbformat.v4.new_markdown_cell("# Page\n\nIt adds.", id="page-0"),
        nbformat.v4.new_code_cell("1 + 1", execution_count=1, outputs=[output], id="page-1"),
    ]


# Without an address


def test_no_file_of_the_repository_names_the_repository_that_nobody_owns():
    name = b"/".join([b"nin-book"] * 2)
    assert [path for path in files_of_the_repository() if name in (ROOT / path).read_bytes()] == []


def test_without_an_address_the_site_leads_nowhere(tmp_path):
    write_small_book(tmp_path, page_cells())
    site = tmp_path / "_build/html"
    for folder in ("notebooks", "wheels"):  # as a build with an address leaves them
        (site / folder).mkdir(parents=True)
    result = build_site(tmp_path)
    assert result.returncode == 0, result.stderr
    text = (site / "book/page.html").read_text(encoding="utf-8")
    for trace in ("colab.research", "mybinder.org", "github", "fa-rocket", "canonical"):
        assert trace not in text
    assert not (site / "notebooks").exists() and not (site / "wheels").exists()


# With an address


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The library as it is here, and a book of one page, built for an address from a commit of their own."""
    folder = tmp_path_factory.mktemp("published")
    for path in files_of_the_repository():
        if path.startswith(("nin_lib/", "runs/")) or "/" not in path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    write_small_book(folder, page_cells())
    commit = commit_all(folder)
    result = build_site(folder, ADDRESS)
    if result.returncode and os.environ.get("CI") != "true":
        index = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir", "hatchling"]
        if subprocess.run(index, cwd=tmp_path_factory.mktemp("index"), capture_output=True).returncode:
            pytest.skip("the wheel of the library is built with packages from PyPI, which is out of reach")
    assert result.returncode == 0, result.stdout + result.stderr
    return SimpleNamespace(folder=folder, site=folder / "_build/html", commit=commit)


def install_cell(published):
    return nbformat.read(published.site / "notebooks/page.ipynb", as_version=4).cells[0].source


def requirement(published):
    """What the install cell asks pip for."""
    [line] = re.findall(r"f'(install .*)'\)", install_cell(published))
    [wheel] = re.findall(r'wheel = "(.*)"', install_cell(published))
    *options, wanted = shlex.split(line.replace("{wheel}", wheel))
    assert options == ["install", "-q"]
    return Requirement(wanted)


def test_the_buttons_lead_to_the_version_that_was_built(published):
    text = (published.site / "book/page.html").read_text(encoding="utf-8")
    commit = published.commit
    links = re.findall(r'href="(https://[^"]*)"', text)
    assert sorted(links) == [
        f"https://colab.research.google.com/github/someone/her-book/blob/colab-{commit}/page.ipynb",
        ADDRESS,
        f"https://mybinder.org/v2/gh/someone/her-book/{commit}?urlpath=lab/tree/book/page.ipynb",
        f"{SITE}book/page.html",
    ]
    assert "fa-rocket" in text and "source-repository-button" in text
    assert f'<link rel="canonical" href="{SITE}book/page.html"' in text


def test_a_shared_page_shows_a_picture_and_the_lost_are_led_back(published):
    text = (published.site / "book/page.html").read_text(encoding="utf-8")
    [picture] = re.findall('<meta property="og:image" content="(.*?)">', text)
    assert picture == f"{SITE}_static/explorer.png"
    assert (published.site / "_static/explorer.png").read_bytes()[16:24] == struct.pack(">II", 1200, 630)
    lost = (published.site / "404.html").read_text(encoding="utf-8")
    assert re.findall('href="(.*?)"', lost) == [f"{SITE}book/page.html", f"{SITE}search.html"]


def test_the_notebooks_for_colab_are_the_committed_ones_after_an_install_cell(published):
    notebooks = published.site / "notebooks"
    assert [path.name for path in notebooks.iterdir()] == ["page.ipynb"]
    install, *others = nbformat.read(notebooks / "page.ipynb", as_version=4).cells
    assert install.cell_type == "code" and "nin_lib" in install.source
    assert others == nbformat.read(published.folder / "book/page.ipynb", as_version=4).cells


def test_the_install_cell_asks_for_the_wheel_that_the_site_carries(published):
    wanted = requirement(published)
    assert (wanted.name, wanted.extras) == ("nin-lib", {"notebooks"})
    assert wanted.url.startswith(f"{SITE}wheels/{published.commit[:12]}/nin_lib-")
    wheel = published.site / wanted.url.removeprefix(SITE)
    assert [path.name for path in wheel.parent.iterdir()] == [wheel.name]
    files = zipfile.ZipFile(
        wheel
    ).namelist()  # with the explorers bundled and the results inside: no npm, no checkout
    assert "nin_lib/widgets/static/linear.js" in files
    assert any(name.startswith("nin_lib/runs/") for name in files)


COLAB = """
import subprocess, sys
sys.path.append({folder!r})  # where the pip of this Colab installs, and nothing is yet
class Shell:
    def run_line_magic(self, name, line):
        assert name == "pip", name
        subprocess.run({pip!r}, check=True)
get_ipython = Shell
try:
    import nin_lib
except ImportError:
    print("not installed")
exec({cell!r})
import nin_lib
print(nin_lib.__file__)
"""


def run_on_colab(published, folder, pip):
    """Run the install cell where no installed package is seen (-S), with `pip` in the place of %pip."""
    folder.mkdir()
    script = COLAB.format(folder=str(folder), pip=pip, cell=install_cell(published))
    return subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, encoding="utf-8")


def test_the_install_cell_brings_the_library(published, tmp_path):
    wheel = published.site / requirement(published).url.removeprefix(SITE)
    folder = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    result = run_on_colab(published, folder, [*pip, str(wheel)])
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["not", "installed", str(folder / "nin_lib/__init__.py")]


def test_the_install_cell_says_in_a_sentence_that_nothing_came(published, tmp_path):
    result = run_on_colab(published, tmp_path / "packages", ["true"])
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: nin_lib could not be installed from {requirement(published).url} ")
    assert "open this chapter again from the book's site" in last
    assert result.stderr.count("Traceback") == 1


def test_the_install_cell_leaves_an_installed_library_alone(published):
    exec(
        install_cell(published), {}
    )  # in a namespace without get_ipython: had it asked pip, this would raise


def test_a_second_build_keeps_the_wheel(published):
    [wheel] = published.site.glob("wheels/*/*.whl")
    before = wheel.stat().st_mtime_ns
    assert build_site(published.folder, ADDRESS).returncode == 0
    assert wheel.stat().st_mtime_ns == before


def test_a_wheel_that_can_not_be_built_is_said_in_a_sentence(tmp_path, monkeypatch):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SphinxError, match="needs a network that reaches PyPI and the npm registry"):
        address.build_wheel(tmp_path, tmp_path / "wheels/nin_lib-0-py3-none-any.whl")


# The setting


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A commit with a version in it, and no address in the environment."""
    monkeypatch.delenv(address.VARIABLE, raising=False)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2"\n', encoding="utf-8")
    commit_all(tmp_path)
    return tmp_path


def read_address(checkout, setting="", baseurl=""):
    config = SimpleNamespace(repository_address=setting, html_baseurl=baseurl)
    return address.read_address(config, checkout)


def test_the_setting_names_repository_commit_and_version(checkout):
    found = read_address(checkout, ADDRESS)
    assert (found.repository, found.site, found.version) == (ADDRESS, SITE, "1.2")
    assert found.commit == git(checkout, "rev-parse", "HEAD")


def test_the_environment_wins_over_the_setting(checkout, monkeypatch):
    monkeypatch.setenv(address.VARIABLE, "https://github.com/other/book")
    assert read_address(checkout, ADDRESS).repository == "https://github.com/other/book"
    monkeypatch.setenv(address.VARIABLE, "")
    assert read_address(checkout, ADDRESS) is None


@pytest.mark.parametrize(
    "setting, baseurl, site",
    [
        ("https://github.com/Someone/Her-Book", "", "https://someone.github.io/Her-Book/"),
        ("https://github.com/Someone/someone.github.io", "", "https://someone.github.io/"),
        (ADDRESS, "https://book.example", "https://book.example/"),
    ],
)
def test_the_address_of_the_site_follows(setting, baseurl, site, checkout):
    assert read_address(checkout, setting, baseurl).site == site


@pytest.mark.parametrize(
    "bad",
    [
        "someone/her-book",
        "http://github.com/someone/her-book",
        "https://gitlab.com/someone/her-book",
        "https://github.com/someone",
        "https://github.com/someone/her-book.git",
        "https://github.com/someone/her-book/tree/main",
        'https://github.com/someone/her"book',
        "https://github.com.example/someone/her-book",
    ],
)
def test_what_is_no_repository_on_github_is_refused(bad, checkout, monkeypatch):
    sentence = f"must be the address of a repository on GitHub, https://github.com/OWNER/NAME, got {bad!r}"
    with pytest.raises(ConfigError, match=re.escape(f"repository_address in _config.yml {sentence}")):
        read_address(checkout, bad)
    monkeypatch.setenv(address.VARIABLE, bad)
    with pytest.raises(ConfigError, match=re.escape(f"NIN_BOOK_ADDRESS {sentence}")):
        read_address(checkout)


def test_a_version_that_no_commit_holds_is_refused(checkout):
    (checkout / "new.py").touch()
    with pytest.raises(ConfigError, match="has changes that no commit holds: commit them, or build without"):
        read_address(checkout, ADDRESS)
    shutil.rmtree(checkout / ".git")
    with pytest.raises(ConfigError, match="is not a git checkout with a commit: build in a clone"):
        read_address(checkout, ADDRESS)


def test_a_refused_address_fails_the_build_with_its_sentence(tmp_path):
    write_small_book(tmp_path, page_cells())
    result = build_site(tmp_path, "someone/her-book")
    assert result.returncode != 0
    assert "NIN_BOOK_ADDRESS must be the address of a repository on GitHub" in result.stdout + result.stderr


# The workflow that publishes


def workflow(name):
    return yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))


def test_only_the_pages_workflow_sets_the_address():
    assert "NIN_BOOK_ADDRESS" not in str(workflow("ci"))
    [step] = [s for s in workflow("pages")["jobs"]["build"]["steps"] if s.get("run") == "make book"]
    assert step["env"] == {"NIN_BOOK_ADDRESS": "${{ github.server_url }}/${{ github.repository }}"}
    assert workflow("pages")["jobs"]["deploy"]["needs"] == ["build", "colab"]  # no page before its tag


def test_the_workflow_pushes_the_notebooks_as_the_tag_that_colab_opens(published, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote")
    subprocess.run(["tar", "-cf", tmp_path / "artifact.tar", "."], cwd=published.site, check=True)
    step = workflow("pages")["jobs"]["colab"]["steps"][-1]
    assert step["env"] == {"TOKEN": "${{ github.token }}"}
    environment = {
        "TOKEN": "secret",
        "GITHUB_SHA": published.commit,
        "GITHUB_REPOSITORY": "someone/her-book",
        "GIT_CONFIG_COUNT": "1",  # the local repository in the place of GitHub's
        "GIT_CONFIG_KEY_0": f"url.{(tmp_path / 'remote').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://x-access-token:secret@github.com/someone/her-book",
    }
    for _ in range(2):  # the same commit may be published again
        command = ["bash", "-e", "-c", step["run"]]
        subprocess.run(command, cwd=tmp_path, env=os.environ | environment, check=True)
        shutil.rmtree(tmp_path / "notebooks")
    remote = tmp_path / "remote"
    assert git(remote, "tag") == f"colab-{published.commit}"
    assert git(remote, "rev-list", "--count", "--all") == "1"
    assert git(remote, "ls-tree", "-r", "--name-only", f"colab-{published.commit}") == "page.ipynb"
    pushed = git(remote, "show", f"colab-{published.commit}:page.ipynb")
    assert pushed == Path(published.site / "notebooks/page.ipynb").read_text(encoding="utf-8").strip()

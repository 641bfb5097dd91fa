"""Sphinx extension of the book: where the book is published, if it is.

One setting holds the address of the book's repository on GitHub: `repository_address` in _config.yml, or the environment
variable NIN_BOOK_ADDRESS, which wins. It is empty at first, and then no page leads anywhere: a link to a name that
nobody owns would let whoever takes that name run code on the readers' accounts.

With an address the pages get launch buttons, a repository button and a canonical address, all for the commit built:

Binder
    opens the repository at that commit.
Colab
    opens notebooks from GitHub only, and starts without nin_lib. So copies of the notebooks with an install cell lie in
    the site's folder notebooks/, and the Pages workflow pushes that folder as the tag `Address.colab_tag`.
The install cell
    takes the wheel of nin_lib that lies beside the site: the version that was built, already bundled, so without npm.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import internals
import nbformat
from sphinx.errors import ConfigError, SphinxError

SETTING = "repository_address"
VARIABLE = "NIN_BOOK_ADDRESS"
INSTALL_CELL = """\
# Colab starts without the book's library: this installs the version that belongs to this notebook.
import importlib.util

if importlib.util.find_spec("nin_lib") is None:
    wheel = "WHEEL"
    get_ipython().run_line_magic("pip", f'install -q "nin-lib[notebooks] @ {wheel}"')
    importlib.invalidate_caches()
    try:
        import nin_lib
    except ImportError:
        raise ImportError(
            f"nin_lib could not be installed from {wheel} (pip says why above): open this chapter again from the "
            "book's site, which has a newer version if that file is gone"
        ) from None
"""


@dataclass(frozen=True)
class Address:
    """Where the book is published, and which version of it.

    Parameters
    ----------
    owner, name : str
        The repository is https://github.com/OWNER/NAME.
    site : str
        Address of the built site, with a slash at the end.
    commit : str
        Full hash of the commit that is built.
    version : str
        Version of nin_lib at that commit.
    """

    owner: str
    name: str
    site: str
    commit: str
    version: str

    @property
    def repository(self):
        """Address of the repository."""
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def colab_tag(self):
        """The tag that holds the notebooks with their install cell, and nothing else."""
        return f"colab-{self.commit}"

    @property
    def wheel(self):
        """Path of the library's wheel inside the site."""
        return f"wheels/{self.commit[:12]}/nin_lib-{self.version}-py3-none-any.whl"

    @property
    def install_cell(self):
        """Source of the cell that brings the library to a notebook on Colab."""
        return INSTALL_CELL.replace(
            "WHEEL", self.site + self.wheel
        ).rstrip()

    def colab_url(self, pagename):
        """Address that opens the notebook of a page on Colab."""
        path = f"{self.owner}/{self.name}/blob/{self.colab_tag}/{Path(pagename).name}.ipynb"
        return f"https://colab.research.google.com/github/{path}"


def read_address(config, root):
    """The address that the environment or _config.yml sets.

    Parameters
    ----------
    config : sphinx.config.Config
        Has the setting, and the site's own address if the book has one (`html: baseurl` in _config.yml).
    root : path-like
        The checkout, which must be what its last commit holds: links to another version would lie.

    Returns
    -------
    Address or None
        None where nothing is set.

    Raises
    ------
    sphinx.errors.ConfigError
        If the address is not one of a repository on GitHub, or `root` is not a clean git checkout.
    """
    source = (
        VARIABLE if VARIABLE in os.environ else f"{SETTING} in _config.yml"
    )
    text = os.environ.get(VARIABLE, getattr(config, SETTING))
    if not text:
        return None
    match = re.fullmatch(
        r"https://github\.com/([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)(?<!\.git)",
        text,
    )
    if match is None:
        raise ConfigError(
            f"{source} must be the address of a repository on GitHub, https://github.com/OWNER/NAME, got {text!r}: "
            "correct it, or leave it empty for a site without launch buttons"
        )
    owner, name = match.groups()
    host = f"{owner.lower()}.github.io"
    pages = (
        f"https://{host}/"
        if name.lower() == host
        else f"https://{host}/{name}/"
    )
    site = (
        config.html_baseurl.rstrip("/") + "/"
        if config.html_baseurl
        else pages
    )
    project = tomllib.loads(
        Path(root, "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return Address(
        owner, name, site, commit_of(root, source), project["version"]
    )


def commit_of(root, source):
    """Full hash of the commit that the checkout `root` holds, unchanged; `source` is what asks for it, for the error."""
    git = functools.partial(
        subprocess.run,
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    try:
        commit = git(["git", "rev-parse", "HEAD"]).stdout.strip()
        changes = git(["git", "status", "--porcelain"]).stdout.rstrip()
    except (OSError, subprocess.CalledProcessError):
        raise ConfigError(
            f"{source} asks for links to the version that is built, and {root} is not a git checkout with a commit: "
            "build in a clone of the repository, or without an address"
        ) from None
    if changes:
        raise ConfigError(
            f"{source} asks for links to the version that is built, and {root} has changes that no commit holds: "
            f"commit them, or build without an address\n{changes}"
        )
    return commit


def publish(app, config):
    """Give the site what an address brings; without one, only take away what an earlier build may have left."""
    address = read_address(config, app.srcdir)
    if address is None:
        for folder in ("notebooks", "wheels"):
            shutil.rmtree(Path(app.outdir) / folder, ignore_errors=True)
        return
    config.html_baseurl = (
        address.site
    )  # the canonical address of each page begins with it
    internals.add_buttons(config, address.repository, address.commit)
    # The committed notebook has no install cell: the button leads to the copy that has.
    internals.lead_colab_button(app, address.colab_url)
    app.connect(
        "build-finished",
        functools.partial(write_notebooks_and_wheel, address),
    )


def write_notebooks_and_wheel(address, app, exception):
    """Put beside the site what a notebook on Colab needs."""
    if exception or app.builder.format != "html":
        return
    notebooks = Path(app.outdir) / "notebooks"
    shutil.rmtree(notebooks, ignore_errors=True)
    notebooks.mkdir()
    for page in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(page))
        if source.suffix == ".ipynb":
            notebook = nbformat.read(source, as_version=4)
            notebook.cells.insert(
                0,
                nbformat.v4.new_code_cell(
                    address.install_cell, id="install"
                ),
            )
            nbformat.write(notebook, notebooks / source.name)
    build_wheel(app.srcdir, Path(app.outdir) / address.wheel)


def build_wheel(root, wheel):
    """Build the wheel of the project in `root`, unless this version of it is there already."""
    if wheel.is_file():
        return
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    result = subprocess.run([*pip, "-w", wheel.parent, root])
    if result.returncode or not wheel.is_file():
        raise SphinxError(
            f"{wheel.name} could not be built (see above): it needs a network that reaches PyPI and the npm registry; "
            "run the same command again once it does, or build without an address"
        )


def setup(app):
    app.add_config_value(SETTING, "", "html", types=[str])
    app.connect("config-inited", publish)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }

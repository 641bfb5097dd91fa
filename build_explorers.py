"""Bundles the explorers' scripts when the package is built; see the build hook in pyproject.toml."""

import subprocess

from hatch_jupyter_builder import npm_builder


def build(target_name, version, **options):
    """`hatch_jupyter_builder.npm_builder`, which says what is missing where npm fails."""
    try:
        # what only lint and tests need (TypeScript, Prettier) stays out: it is three times as much as the rest
        npm_builder(target_name, version, npm=["npm", "--omit=dev"], **options)
    except subprocess.CalledProcessError:
        raise RuntimeError(
            "npm could not bundle the explorers' scripts (it says why above): it fetches uPlot, KaTeX and the compilers from the npm "
            "registry; connect to a network that reaches it, or name a mirror: npm config set registry ADDRESS"
        ) from None

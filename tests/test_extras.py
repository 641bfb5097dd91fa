"""What each part of nin_lib needs: the page and the linear model no torch, and a missing package is said in a sentence."""

import subprocess
import sys

import pytest

# Imports of the packages after "--" fail as if they were not installed.
WITHOUT = """\
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in sys.argv[1:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""
HEAVY = ("torch", "scipy", "sklearn", "joblib", "pooch")


def run_without(packages, code):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *packages], capture_output=True, encoding="utf-8"
    )


def test_the_scripts_of_the_site_need_no_torch():
    code = "from nin_lib.widgets import static_scripts\nprint(len(static_scripts()))"
    result = run_without([*HEAVY, "tqdm"], code)
    assert result.stdout == "7\n", result.stderr


@pytest.mark.parametrize(
    "module", ["linear", "timescales", "batch_averages", "history", "codegen", "experiments"]
)
def test_the_linear_model_needs_numpy_and_sympy_alone(module):
    result = run_without([*HEAVY, "tqdm", "plotly", "anywidget"], f"import nin_lib.{module}")
    assert result.returncode == 0, result.stderr


def test_nodes_training_and_curvature_need_torch_and_little_else():
    code = "import nin_lib.curvature, nin_lib.decay, nin_lib.injection, nin_lib.sweep, nin_lib.training"
    result = run_without(["sklearn", "joblib", "pooch", "plotly", "anywidget"], code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "package, extra, code",
    [
        ("torch", "torch", "import nin_lib.injection"),
        ("torch", "torch", "import nin_lib.training"),
        ("torch", "torch", "import nin_lib.expansion"),
        ("torch", "torch", "import nin_lib.networks"),
        ("torch", "torch", "from nin_lib.experiments import run; run('noises', '.')"),
        ("torch", "torch", "from nin_lib.data import load; load('digits')"),
        ("scipy", "torch", "import nin_lib.curvature"),
        ("scipy", "torch", "import nin_lib.decay"),
        (
            "scipy.optimize",
            "torch",
            "from nin_lib.timescales import decay_times; decay_times(w0=0.1, w1=1.5)",
        ),
        (
            "distributed",
            "dask",
            "from nin_lib.__main__ import main; main(['run', 'noises', '--out', 'x', '--dask', 'tcp://a:1'])",
        ),
        ("plotly", "explorers", "import nin_lib.figures"),
        ("anywidget", "explorers", "import nin_lib.widgets"),
        ("joblib", "notebooks", "from nin_lib.sweep import compute_missing; compute_missing([], 1)"),
    ],
)
def test_what_is_missing_is_said_with_the_way_to_get_it(package, extra, code):
    result = run_without([package], code)
    last = result.stderr.splitlines()[-1]
    assert (
        f"this part of nin_lib needs {package}, which is not installed: pip install 'nin-lib[{extra}]'"
        in last
    )

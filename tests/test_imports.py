"""What importing a part of nin_lib brings along, in a fresh interpreter."""

import importlib.metadata
import subprocess
import sys

import pytest

import nin_lib


def imported(code, *packages):
    """Which of the packages are imported after `code`."""
    code = f"import sys\n{code}\nprint(*[p for p in {packages!r} if p in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "import nin_lib",
        "import nin_lib.data",
        "import nin_lib.experiments, nin_lib.store, nin_lib.sweep",
        "from nin_lib.__main__ import main; main(['list'])",
    ],
)
def test_what_is_light_stays_light(code):
    assert imported(code, "torch", "scipy", "sklearn", "sympy", "plotly", "joblib") == []


def test_the_linear_model_needs_no_torch_and_training_no_sympy():
    assert imported("import nin_lib.linear", "torch", "scipy", "sympy") == ["sympy"]
    assert imported("import nin_lib.training", "torch", "sympy", "sklearn", "plotly") == ["torch"]


def test_digits_are_read_without_scikit_learn():
    assert imported("from nin_lib.data import load; load('digits')", "torch", "sklearn", "scipy") == ["torch"]


def test_the_public_names_come_from_their_modules_when_they_are_used():
    assert imported("from nin_lib import Phase, LinearModel", "torch", "sympy") == ["sympy"]
    for name in nin_lib.__all__:
        assert getattr(nin_lib, name).__name__ == name and name in dir(nin_lib)
    assert nin_lib.__version__ == importlib.metadata.version("nin-lib")
    with pytest.raises(AttributeError, match="no attribute 'NoiseInjector': its names are History, "):
        _ = nin_lib.NoiseInjector

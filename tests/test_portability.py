"""The tools by which digits are kept apart from the processor: the twin of a training, `processors` and `margins`."""

import platform
import subprocess
import sys

import margins
import processors
import pytest

from nin_lib.experiments.digits import Training, train_history
from nin_lib.verify import compute_again


@pytest.mark.parametrize("sigma, calm", [(10, True), (30, False)])
def test_a_twin_tells_a_calm_training_from_a_chaotic_one(sigma, calm):
    settings = Training(sigma_eps=sigma, seed=1)
    _, (history,), (steps,) = compute_again(lambda: train_history(settings))
    assert (steps == len(history.batch_loss)) is calm
    assert steps > 5  # rounding errors are small at first in any training


def test_a_digit_on_an_edge_or_of_something_chaotic_is_found():
    calm = margins.Printed("chapter", 0, "0.25", spread=1e-9, margin=1e-3)
    assert not calm.lucky
    assert calm._replace(margin=1e-11, spread=0).lucky  # on the edge between two digits
    assert calm._replace(spread=1e-2).lucky
    assert calm._replace(margin=-1e-3).lucky  # another digit already


def test_a_cell_prints_the_same_numbers_with_all_digits(capsys):
    cell = 'x, w = 2 / 3, 6\nprint(f"{x:6.2f}{-x:6.1%} {x:{w}.3g} {3:4}", "{:>7.2g}|{}".format(x, "name"))'
    exec(margins.precisely(cell))
    assert [float(n) for n in margins.NUMBER.findall(capsys.readouterr().out)] == pytest.approx(
        [2 / 3, -200 / 3, 2 / 3, 3, 2 / 3], rel=1e-12
    )


def test_a_table_is_compared_with_all_digits():
    cell = 'from tabulate import tabulate\nrows = [("x", 2 / 3, 2 / 3), ("y", 1 / 3, None)]\n'
    cell += 'table = tabulate(rows, ["", "a", "b"], tablefmt="html", floatfmt=("", ".2f", ".1%"))'
    exec(margins.precisely(cell), found := {})
    said = margins.text({"data": {"text/html": found["table"]}})
    numbers = [float(n) for n in margins.NUMBER.findall(said)]
    assert numbers == pytest.approx([2 / 3, 200 / 3, 1 / 3], rel=1e-12)
    assert margins.text({"data": {"text/html": "<div>1</div>"}, "text": "2"}) == "2"


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="torch has one kind of kernels here"
)
def test_a_setting_reaches_the_libraries():
    code = "import os, torch; print(torch.backends.cpu.get_cpu_capability(), os.environ['OMP_NUM_THREADS'])"
    command, environment = [sys.executable, "-c", code], processors.environment("plain", 2)
    run = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert run.stdout.split() == ["DEFAULT", "2"]


@pytest.mark.checkout
def test_make_test_computes_what_is_stored_with_the_plainest_kernels(pytestconfig):
    makefile = (pytestconfig.rootpath / "Makefile").read_text(encoding="utf-8")
    assert "PLAIN = env $$($(BIN)/python tests/processors.py plain)" in makefile
    assert (
        makefile.count("\t$(PLAIN) $(PYTEST)") == 3
    )  # the stored results, the notebooks, an epoch at full size

"""How long a part of nin_lib takes to start, over a bare Python and over the libraries that it needs, side by side."""

import resource
import statistics
import subprocess
import sys

REPEATS = 9
ROWS = [  # what, its yardstick, and the largest ratio that is right, if there is a goal
    ("import nin_lib", "pass", None),
    ("from nin_lib.__main__ import main; main(['list'])", "pass", None),
    ("from nin_lib.__main__ import main; main(['list'])", "import numpy", 5.0),
    ("import nin_lib.linear", "import numpy, sympy", None),
    ("import nin_lib.training", "import numpy, torch", 1.2),
]


def processor_seconds(code):
    """Processor time of a fresh interpreter, which another program on the machine disturbs less than the wall's clock."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    print("| start of | over | processor time | ratio | goal | |\n|---|---|---|---|---|---|")
    for code, yardstick, goal in ROWS:
        pairs = [(processor_seconds(code), processor_seconds(yardstick)) for _ in range(REPEATS)]
        ratio = statistics.median(a / b for a, b in pairs)
        seconds = statistics.median(a for a, _ in pairs)
        verdict = "" if goal is None else "met" if ratio <= goal else "MISSED"
        print(
            f"| `{code}` | `{yardstick}` | {seconds:.2f} s | {ratio:.1f} | {f'<= {goal}' if goal else ''} | {verdict} |"
        )


if __name__ == "__main__":
    main()

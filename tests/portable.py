"""`make portable`: the unit tests and the notebooks as on other processors, and by what margin their digits are stable.

    python tests/portable.py [SETTING ...]

It prints what each switch changes here, the outcome of each setting of `processors` with one thread and with two, and the
table of `margins`; where settings are named, only their outcome. The exit status is 1 where anything differs that must not.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import margins
import processors

ROOT = Path(__file__).resolve().parents[1]
SUITES = {
    "unit": ["--dist", "worksteal", "-m", "not browser and not slow", "tests"],
    "notebooks": ["--dist", "loadfile", "--nbval", "book"],
}


def run(suite, setting, threads):
    """Run a suite in a setting; returns its last line (passed, failed, ...), and prints what failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *SUITES[suite]]
    environment = processors.environment(setting, threads)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8")
    for line in done.stdout.splitlines():
        if re.match("(FAILED|ERROR) ", line):
            print(f"    {line}", flush=True)
    return done.returncode, (done.stdout.strip().splitlines() or [done.stderr])[-1].strip("= ")


def effects_here():
    """Print what each switch changes; returns the settings that are not what another one is already."""
    print("What each switch changes of the kernels that the book rests on:", flush=True)
    effects = {}
    for setting, switch, effect in processors.report():
        print(f"    {setting:8} {switch:40} {effect}", flush=True)
        effects.setdefault(setting, []).append(effect)
    own = []
    for setting in processors.SETTINGS:
        if setting in effects and not any(effect.startswith("changes") for effect in effects[setting]):
            print(f"    {setting}: no switch changes anything here, so this is what native is", flush=True)
        else:
            own.append(setting)
    return own


def main(names):
    unknown = set(names) - set(processors.SETTINGS)
    if unknown:
        sys.exit(f"SETTING must be one of {', '.join(processors.SETTINGS)}, got {', '.join(unknown)}")
    failed = False
    settings = names or effects_here()
    print("\nUnit tests and notebooks:", flush=True)
    for setting in settings:
        for threads in (1, 2):
            for suite in SUITES:
                start = time.monotonic()
                status, outcome = run(suite, setting, threads)
                took = (time.monotonic() - start) / 60
                print(
                    f"    {setting:8} {threads} thread(s)  {suite:10} {outcome} ({took:.1f} min)", flush=True
                )
                failed |= bool(status)
    if names:
        return failed
    print("\nPrinted digits:", flush=True)
    return margins.main([]) or failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

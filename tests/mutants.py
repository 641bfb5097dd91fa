"""`make mutants`: does a test notice? Each change of mutants.yml is made in a copy of the project, where its tests must fail.

    python tests/mutants.py [FILE ...]     only the changes of these files (default: all)

A line is printed for each, and at the end what survives. The exit status is 1 if anything does, or if a mutant says nothing:
its text is gone, its tests fail without it, or it fails for another reason than a failed test.
"""

import concurrent.futures
import functools
import os
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
JS = Path("nin_lib/widgets/js")
AT_A_TIME = 2
LIMIT = 600  # seconds for the tests of one mutant
KILLED, SURVIVES = "killed", "SURVIVES"


class MutantError(Exception):
    """What is wrong with a mutant itself, so that it says nothing of the tests."""


@dataclass(frozen=True)
class Mutant:
    """A change of the code that some test must notice.

    Attributes
    ----------
    file : str
        Path in the project.
    find, replace : str
        The text that changes, which occurs exactly once in the file, and what takes its place.
    why : str
        What a reader would see.
    tests : str
        What must fail: "npm: test", the explorers' unit tests, or the arguments of pytest.
    """

    file: str
    find: str
    replace: str
    why: str
    tests: str

    def applied(self, root=ROOT):
        """Text of the file in `root` with the change made."""
        text = (root / self.file).read_text(encoding="utf-8")
        if text.count(self.find) != 1:
            raise MutantError(
                f"find must occur exactly once in {self.file}, got {text.count(self.find)} times {self.find!r}: "
                "adapt tests/mutants.yml to the file"
            )
        return text.replace(self.find, self.replace)


def read_mutants():
    """All mutants of mutants.yml, in their order."""
    entries = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return [Mutant(**entry) for entry in entries]


def copy_project(folder):
    """Copy what tests need of the project into `folder`; what npm has installed is linked."""
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".*", "_build", "node_modules", "__pycache__")
    )
    (folder / JS / "node_modules").symlink_to(ROOT / JS / "node_modules")
    return folder


def run(command, copy):
    """Exit status and output of a command in a copy, whose own nin_lib it imports."""
    environment = os.environ | {
        "CI": "true",  # without Chromium a test fails, where it would skip on a developer's machine
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",  # Python takes an old .pyc for a file of the same size and second
    }
    environment.setdefault("NIN_DATA_DIR", str(ROOT.parent / "shared/data/FashionMNIST/raw"))
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, timeout=LIMIT, **output)
    except subprocess.TimeoutExpired:
        raise MutantError(f"{shlex.join(map(str, command))} took more than {LIMIT} s") from None
    return done.returncode, done.stdout


def run_tests(tests, copy):
    """Whether `tests` pass in a copy."""
    if tests.startswith("npm:"):
        command = ["npm", "--prefix", str(JS), *tests.removeprefix("npm:").split()]
    else:
        # plain: the difference of two long lists, which nobody reads here, can take pytest minutes
        options = ["-q", "-x", "--assert=plain", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *shlex.split(tests)]
    status, output = run(command, copy)
    # 1 is a failed test; pytest has others for no test at all, a file that can not be imported ...
    if status not in (0, 1):
        raise MutantError(f"{tests} ended with exit status {status}:\n{output}")
    return status == 0


def bundle(copy):
    """Bundle the explorers of a copy."""
    status, output = run(["npm", "--prefix", str(JS), "run", "build"], copy)
    if status:
        raise MutantError(f"the explorers can not be bundled:\n{output}")


def outcome(mutant, copy):
    """Whether the tests notice, "killed" or "SURVIVES". The copy is left as it was."""
    path = copy / mutant.file
    before, after = path.read_text(encoding="utf-8"), mutant.applied(copy)
    bundled = JS in Path(mutant.file).parents
    try:
        path.write_text(after, encoding="utf-8")
        if bundled:
            bundle(copy)
        return SURVIVES if run_tests(mutant.tests, copy) else KILLED
    finally:
        path.write_text(before, encoding="utf-8")
        if bundled:
            bundle(copy)


def in_a_copy(copies, work):
    """Call ``work(copy)`` with a copy that nobody else uses meanwhile."""
    copy = copies.get()
    try:
        return work(copy)
    except MutantError as error:
        return f"ERROR: {error}"
    finally:
        copies.put(copy)


def judge(copies, mutant):
    """The outcome of one mutant, printed."""
    start = time.monotonic()
    result = in_a_copy(copies, functools.partial(outcome, mutant))
    print(f"{result:8} {time.monotonic() - start:4.0f} s  {mutant.file}: {mutant.why}", flush=True)
    return result


def main(files):
    mutants = [mutant for mutant in read_mutants() if not files or mutant.file in files]
    selections = list(dict.fromkeys(mutant.tests for mutant in mutants))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        copies = queue.SimpleQueue()
        for number in range(AT_A_TIME):
            copies.put(copy_project(Path(folder, str(number))))

        def passes(tests):
            return in_a_copy(copies, functools.partial(run_tests, tests))

        sound = dict(zip(selections, pool.map(passes, selections), strict=True))
        for tests in [tests for tests, result in sound.items() if result is not True]:
            print(f"ERROR: {tests} does not pass without a mutant: {sound[tests]}", flush=True)
        judged = [mutant for mutant in mutants if sound[mutant.tests] is True]
        results = list(pool.map(functools.partial(judge, copies), judged))
    surviving = [mutant for mutant, result in zip(judged, results, strict=True) if result == SURVIVES]
    print(f"\n{results.count(KILLED)} of {len(mutants)} mutants are killed, {len(surviving)} survive:")
    for mutant in surviving:
        print(f"    {mutant.file}: {mutant.why}\n        tests: {mutant.tests}")
    return results.count(KILLED) < len(mutants)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

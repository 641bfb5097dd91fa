"""For `pytest --nbval book/` with several processes: one kernel starts at a time.

A kernel's ports are chosen a second or two before it takes them, and two that start together may be given the same.
"""

import tempfile
from pathlib import Path

from filelock import FileLock
from nbval import kernel

start_new_kernel = kernel.start_new_kernel


def start_by_itself(*arguments, **options):
    with FileLock(Path(tempfile.gettempdir()) / "nin-book-kernel.lock"):
        return start_new_kernel(*arguments, **options)


kernel.start_new_kernel = start_by_itself

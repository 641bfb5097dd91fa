"""What a missing package is for, said in one sentence."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def needed(extra: str) -> Iterator[None]:
    """Stand around the imports of packages that the optional dependencies `extra` of nin_lib bring.

    Raises
    ------
    ModuleNotFoundError
        If one is missing: which, and how to get it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"this part of nin_lib needs {error.name}, which is not installed: pip install 'nin-lib[{extra}]'",
            name=error.name,
        ) from error

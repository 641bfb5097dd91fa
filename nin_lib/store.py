"""Result files: one for each run, whole or not at all, and refused unless it is, to the last bit, what was written.

A file is an .npz archive of the run's arrays and of its record: the settings, and how the run was made. Its name follows
from the settings alone. Its comment, the last 64 bytes, is the SHA-256 of all bytes before.
"""

import contextlib
import functools
import hashlib
import io
import json
import os
import platform
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

if os.name == "posix":
    import fcntl

DIGEST = 64
"""Length of a SHA-256 in hexadecimal digits."""
LARGEST_FILE, LARGEST_CONTENT = 2**26, 2**30
"""Bytes of a file, and of what it holds: no run of the book comes near, and more is refused before it is read."""


class ResultError(Exception):
    """A result is missing, damaged, or cannot be written: which file, what is wrong, and what repairs it."""


class Stored(NamedTuple):
    """What a file holds: settings and provenance, JSON values both, and the arrays by name."""

    settings: dict[str, Any]
    arrays: dict[str, np.ndarray]
    provenance: dict[str, Any]


def path_of(folder: Path | str, settings: Mapping[str, Any]) -> Path:
    """Path of the result with these settings: equal settings, equal path, whatever their order.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TypeError, ValueError
        If a setting is no plain JSON value, or not finite.
    """
    for name, value in settings.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"{name} must be a plain JSON value and finite, got {value!r}: "
                "convert a NumPy value by float(), int() or .tolist()"
            ) from error
    return Path(folder) / f"{_name(settings)}.npz"


def _name(settings: Mapping[str, Any]) -> str:
    canonical = json.dumps(settings, sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def write(
    folder: Path | str, settings: Mapping[str, Any], arrays: dict[str, np.ndarray], provenance: dict[str, Any]
) -> Path:
    """Write a result so that its path either holds all of it or does not exist, whenever the process or the machine dies.

    What stands there already and is damaged is set aside as NAME.npz.damaged.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If an array is called "record".
    ResultError
        If it cannot be written.
    """
    path = path_of(folder, settings)
    if "record" in arrays:
        raise ValueError(
            "arrays must not hold 'record', the name under which settings and provenance are kept: rename it"
        )
    record = np.array(json.dumps({"settings": dict(settings), "provenance": provenance}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {"record": record, **arrays}.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # its date is 1980: the same result, the same bytes
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
        archive.comment = bytes(DIGEST)
    content = buffer.getvalue()[:-DIGEST]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path) as file:
            file.write(content + hashlib.sha256(content).hexdigest().encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = error.strerror or error
        raise ResultError(
            f"{path}: it cannot be written ({what}); make room, or name another folder"
        ) from error
    return path


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place at the end of the block, and is removed if the block fails.

    Whoever holds its lock is alive, however long it takes: what is not locked was left by a process that was killed.

    Yields
    ------
    file, open for writing bytes
    """
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError), open(left, "rb") as file:
            _lock(file, wait=False)
            left.unlink()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        while True:
            with open(temporary, "wb") as file:
                _lock(file, wait=True)
                # Between the two lines above somebody may have taken it for a file that was left.
                if not (temporary.exists() and os.path.samestat(os.fstat(file.fileno()), temporary.stat())):
                    continue
                yield file
                if os.name != "posix":
                    file.close()
                set_aside(path)
                os.replace(temporary, path)
                break
        if os.name == "posix":  # the folder, too, has to reach the disk
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)


def _lock(file: IO[bytes], wait: bool) -> None:
    """Lock a file for as long as it is open; OSError if it is locked, unless one waits.

    Elsewhere than on POSIX it is closed: there an open file can be neither removed nor replaced, which is as good.
    """
    if os.name == "posix":
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    elif not wait:
        file.close()


def check_writable(folder: Path) -> None:
    """Raise a ResultError, with the reason, if no result can be written to `folder`, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
    except OSError as error:
        what = error.strerror or error
        raise ResultError(f"{folder}: nothing can be written here ({what}); name another folder") from error


def set_aside(path: Path) -> None:
    """Rename what stands at `path`, if it is not a whole result, to NAME.npz.damaged, or with a number, to the first free."""
    if is_whole(path) or not (path.exists() or path.is_symlink()):
        return
    names = (path.with_name(f"{path.name}.damaged{n}") for n in ["", *range(1, 1000)])
    path.rename(next(name for name in names if not (name.exists() or name.is_symlink())))


def read(path: Path | str, repair: str = "remove it, and compute it again") -> Stored:
    """Read what `write` wrote.

    Returns
    -------
    Stored

    Raises
    ------
    ResultError
        If there is no file, or if it is not, to the last bit, what was written for the settings that name it. Nothing of
        it is decompressed before its digest is found right. `repair` ends the message.
    """
    with _opened(Path(path), repair) as (archive, record):
        names = [member.filename.removesuffix(".npy") for member in archive.infolist()]
        arrays = {name: _array(archive, name) for name in names if name != "record"}
        return Stored(record["settings"], arrays, record["provenance"])


def is_whole(path: Path) -> bool:
    """Whether a file stands there and is the result that its name says."""
    try:
        with _opened(path, ""):
            return True
    except ResultError:
        return False


@contextlib.contextmanager
def _opened(path: Path, repair: str) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """The archive and the record of a result whose digest, members and name are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(_checked_bytes(path))) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                raise ValueError("it holds an array twice")
            if sum(member.file_size for member in members) > LARGEST_CONTENT:
                raise ValueError(f"it says that it holds more than {LARGEST_CONTENT} bytes")
            record = json.loads(_array(archive, "record").item())
            if _name(record["settings"]) != path.stem:
                raise ValueError(f"it is the result of other settings, {record['settings']}")
            yield archive, record
    except (OSError, ValueError, TypeError, KeyError, MemoryError, zipfile.BadZipFile) as error:
        what = (isinstance(error, OSError) and error.strerror) or error
        raise ResultError(f"{path}: {what}; {repair}") from error


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _checked_bytes(path: Path) -> bytes:
    """What a file holds, if it ends with the digest of all before."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no file")
    if status.st_size > LARGEST_FILE:
        raise ValueError(f"it has {status.st_size} bytes, and no result has more than {LARGEST_FILE}")
    content = path.read_bytes()
    if hashlib.sha256(content[:-DIGEST]).hexdigest().encode() != content[-DIGEST:]:
        raise ValueError(
            "its content is not what was written: it is damaged, edited, or not written by nin_lib"
        )
    return content


def provenance(packages: tuple[str, ...], device: str) -> dict[str, Any]:
    """How a run is made on this machine: versions of `packages`, and the commit, whether the tree was clean, and the code.

    `commit` and `clean` are None outside a checkout; `code` is the SHA-256 of the Python files of nin_lib.

    Returns
    -------
    dict
        JSON values by name.
    """
    from importlib.metadata import version  # which `list`, in a hurry, does without

    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
        "packages": {package: version(package) for package in packages},
        **_code(),
    }


@functools.cache
def _code() -> dict[str, Any]:
    library = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(library.rglob("*.py")):
        digest.update(path.relative_to(library).as_posix().encode() + path.read_bytes())

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], cwd=library, capture_output=True, encoding="utf-8")
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    # Not the commit of another repository, in which an installed nin_lib may lie.
    commit = git("rev-parse", "HEAD") if git("ls-files", "store.py") else None
    clean = None if commit is None else git("status", "--porcelain", ".") == ""
    return {"commit": commit, "clean": clean, "code": digest.hexdigest()}


def single_precision(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, those of float64 rounded to float32, for results that need no more digits and half the room."""
    with np.errstate(over="ignore"):  # the last loss of a divergent training
        return {key: a.astype(np.float32) if a.dtype == float else a for key, a in arrays.items()}

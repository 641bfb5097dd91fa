"""Result files: whole or not at all, and refused unless they are what was written."""

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from nin_lib import experiments, store
from nin_lib.store import ResultError

SETTINGS = {"experiment": "toy", "sigma_eps": 12.5, "seed": 0}
ARRAYS = {
    "loss": np.linspace(2, 1, 50),
    "n": np.array(3),
    "text": np.array("{}"),
    "weights": np.ones((3, 4), "f4"),
}


def write(folder, settings=SETTINGS, arrays=ARRAYS):
    return store.write(folder, settings, arrays, {"wall_s": 1.5})


def test_what_is_written_is_read_again_to_the_last_bit(tmp_path):
    path = write(tmp_path / "new")
    assert path == store.path_of(tmp_path / "new", dict(reversed(SETTINGS.items())))
    settings, arrays, provenance = store.read(path)
    assert (settings, provenance) == (SETTINGS, {"wall_s": 1.5}) and arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and arrays[name].tobytes() == array.tobytes()
    assert write(tmp_path).read_bytes() == path.read_bytes()
    with np.load(path) as archive:  # NumPy reads it, too
        np.testing.assert_array_equal(archive["loss"], ARRAYS["loss"])


def test_settings_that_are_not_plain_json_are_refused():
    with pytest.raises(ValueError, match="x must be a plain JSON value and finite, got nan"):
        store.path_of("a", {"x": float("nan")})
    with pytest.raises(
        TypeError, match=r"x must be a plain JSON .* got array\(\[0, 1\]\): .* or .tolist\(\)"
    ):
        store.path_of("a", {"x": np.arange(2)})


def test_an_array_that_would_take_the_place_of_the_record_is_refused(tmp_path):
    with pytest.raises(ValueError, match="arrays must not hold 'record'"):
        write(tmp_path, arrays={"record": np.ones(2)})
    assert list(tmp_path.iterdir()) == []


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, function):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = write(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(os, function, fail)
    for arrays in (ARRAYS, {"other": np.ones(2)}):
        with pytest.raises(ResultError, match=f"{path}: it cannot be written \\(No space left on device\\)"):
            write(tmp_path, arrays=arrays)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


WRITER = """
import os, sys, time
from pathlib import Path
from nin_lib import store
with store._temporary(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read(1)
    file.write(b"whole")
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_temporary_file_is_removed_when_its_writer_is_dead_and_not_when_it_sleeps(tmp_path):
    """By age alone, that of a writer that was suspended for a minute would go."""
    path = store.path_of(tmp_path, SETTINGS)
    dead, asleep = (
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    )
    assert dead.stdout.readline() == asleep.stdout.readline() == "writing\n"
    dead.kill()
    dead.communicate()
    asleep.send_signal(signal.SIGSTOP)
    assert len(list(tmp_path.glob(".*.tmp"))) == 2
    for left in tmp_path.glob(".*.tmp"):
        os.utime(left, (0, 0))
    write(tmp_path)
    assert [left.name for left in tmp_path.glob(".*.tmp")] == [f".{path.name}.{asleep.pid}.tmp"]
    asleep.send_signal(signal.SIGCONT)
    asleep.communicate("x")
    assert asleep.returncode == 0 and path.read_bytes() == b"halfwhole"
    assert list(tmp_path.glob(".*.tmp")) == []


@pytest.mark.checkout
def test_temporary_and_damaged_files_are_not_committed():
    for name in (".0123456789ab.npz.12.tmp", "0123456789ab.npz.damaged", "0123456789ab.npz.damaged7"):
        ignored = ["git", "check-ignore", "-q", experiments.RUNS / "x" / name]
        assert subprocess.run(ignored, cwd=experiments.RUNS).returncode == 0


def test_only_what_is_damaged_is_set_aside(tmp_path):
    path = write(tmp_path)
    write(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    for text in (b"first", b"second"):
        path.write_bytes(text)
        write(tmp_path)
    names = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file != path}
    assert names == {f"{path.name}.damaged": b"first", f"{path.name}.damaged1": b"second"}


# --- reading ---------------------------------------------------------------------------------------------------------


def signed(content):
    """An archive with the comment that makes it look whole: what no accident makes."""
    with zipfile.ZipFile(buffer := io.BytesIO(content), "a") as archive:
        archive.comment = bytes(store.DIGEST)
    content = buffer.getvalue()[: -store.DIGEST]
    return content + hashlib.sha256(content).hexdigest().encode()


def archive_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(array, **options):
    np.lib.format.write_array(buffer := io.BytesIO(), np.asanyarray(array), **options)
    return buffer.getvalue()


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def edited(path, **changes):
    """The members of a result, some of them replaced (or, by None, removed)."""
    members = members_of(path) | {f"{name}.npy": data for name, data in changes.items()}
    return [(name, data) for name, data in members.items() if data is not None]


def damage(rng, path, others):
    """What can happen to a file: one change at random."""
    content = bytearray(path.read_bytes())
    at = int(rng.integers(len(content)))
    record = json.loads(np.lib.format.read_array(io.BytesIO(members_of(path)["record.npy"])).item())
    record["settings"]["seed"] = 1
    kinds = {
        "a bit": lambda: content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :],
        "a byte lost": lambda: content[:at] + content[at + 1 :],
        "a byte more": lambda: content[:at] + b"\0" + content[at:],
        "cut": lambda: content[:at],
        "zeros": lambda: content[:at] + bytes(len(content) - at),
        "something behind": lambda: content + rng.bytes(int(rng.integers(1, 100))),
        "twice": lambda: content * 2,
        "of another run": lambda: others[int(rng.integers(len(others)))].read_bytes(),
        "edited": lambda: archive_of(edited(path, loss=npy(np.zeros(50)))),
        "of another type": lambda: archive_of(edited(path, loss=npy(ARRAYS["loss"].astype("f4")))),
        "an array lost": lambda: archive_of(edited(path, loss=None)),
        "a record edited": lambda: archive_of(edited(path, record=npy(json.dumps(record)))),
        "a record edited and signed": lambda: signed(
            archive_of(edited(path, record=npy(json.dumps(record))))
        ),
        "noise": lambda: rng.bytes(len(content)),
        "empty": lambda: b"",
    }
    kind = list(kinds)[int(rng.integers(len(kinds)))]
    return kind, bytes(kinds[kind]())


def test_200_of_200_random_corruptions_are_refused_by_name(tmp_path):
    path = write(tmp_path)
    whole = path.read_bytes()
    others = [write(tmp_path, SETTINGS | {"seed": seed}) for seed in (1, 2)]
    rng, accepted = np.random.default_rng(0), []
    for _ in range(200):
        kind, content = damage(rng, path, others)
        path.write_bytes(content)
        assert content != whole
        assert not store.is_whole(path)
        try:
            store.read(path, "repair it by x")
        except ResultError as error:
            assert str(error).startswith(f"{path}: ") and str(error).endswith("; repair it by x")
            assert "pickle" not in str(error)
        else:
            accepted.append(kind)
        path.write_bytes(whole)
    assert accepted == []


@pytest.mark.parametrize(
    "content, what",
    [
        (lambda p: archive_of(edited(p, loss=None) + [("record.npy", b"")]), "it holds an array twice"),
        (lambda p: archive_of(edited(p, record=None)), "no item named 'record.npy'"),
        (
            lambda p: archive_of(edited(p, bomb=bytes(store.LARGEST_CONTENT + 1))),
            "it says that it holds more than",
        ),
        (lambda p: archive_of(edited(p, record=npy("{}"))), "'settings'"),
        (lambda p: archive_of(edited(p, record=npy("x"))), "Expecting value"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_forgery_with_the_right_digest_is_refused_too(tmp_path, content, what):
    path = write(tmp_path)
    path.write_bytes(signed(content(path)))
    with pytest.raises(ResultError, match=what):
        store.read(path)


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and links")
def test_what_is_no_file_is_refused_and_does_not_hang(tmp_path):
    path = store.path_of(tmp_path, SETTINGS)
    with pytest.raises(ResultError, match="No such file"):
        store.read(path)
    for make, what in (
        (os.mkfifo, "it is no file"),
        (os.mkdir, "it is no file"),
        (lambda p: os.symlink(p, p), "symbolic links"),
    ):
        make(path)
        with pytest.raises(ResultError, match=what):
            store.read(path)
        write(tmp_path)
        assert store.is_whole(path)
        path.unlink()
    assert len(list(tmp_path.glob("*.damaged*"))) == 3


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = write(tmp_path)
    os.truncate(path, store.LARGEST_FILE + 1)
    with pytest.raises(ResultError, match=f"it has {store.LARGEST_FILE + 1} bytes"):
        store.read(path)


def test_a_copy_under_another_name_is_refused(tmp_path):
    path = write(tmp_path)
    other = store.path_of(tmp_path, SETTINGS | {"seed": 3})
    shutil.copy(path, other)
    with pytest.raises(ResultError, match=r"it is the result of other settings, \{.*'seed': 0\}"):
        store.read(other)


def test_every_stored_result_is_whole_and_belongs_to_a_run():
    paths = {experiments.path_of(n, s) for n, e in experiments.EXPERIMENTS.items() for s in e.settings}
    assert set(experiments.RUNS.glob("*/*.npz")) == paths and all(map(store.is_whole, paths))

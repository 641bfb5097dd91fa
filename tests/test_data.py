import contextlib
import gzip
import hashlib
import http.server
import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pooch
import pytest
import torch
from sklearn.datasets import load_digits

from nin_lib import data

SHAPES = ((100, 28, 28), (100,), (20, 28, 28), (20,))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A Fashion-MNIST of 100 + 20 images with hashes to match: its folder, its images as rows, its labels."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8) for shape in SHAPES]
    folder = tmp_path / "source"
    folder.mkdir()
    for name, array in zip(data.FILES, arrays, strict=True):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / name).write_bytes(gzip.compress(header + array.tobytes()))
        monkeypatch.setitem(data.FILES, name, hashlib.md5((folder / name).read_bytes()).hexdigest())
    return folder, np.concatenate([arrays[0], arrays[2]]).reshape(120, 784), np.concatenate(arrays[1::2])


def assert_is_split_of(loaded, pixels, labels, n_train):
    """The rows are the images with their labels, standardised by one mean and deviation of the training rows."""
    assert (len(loaded.x_train), len(loaded.x_val)) == (n_train, len(pixels) - n_train)
    training = loaded.x_train.double()
    assert abs(training.mean()) < 1e-5 and abs(training.std(correction=0) - 1) < 1e-5
    x = torch.cat([loaded.x_train, loaded.x_val]).double().numpy()
    low, high = x.min(), x.max()
    raw = np.rint((x - low) / (high - low) * (pixels.max() - pixels.min()) + pixels.min())
    rows = np.column_stack([raw, np.concatenate([loaded.y_train, loaded.y_val])])
    expected = np.column_stack([pixels, labels])
    assert not np.array_equal(rows, expected), "not shuffled"
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], expected[np.lexsort(expected.T)])


def test_digits_are_scikit_learns_split_and_standardised():
    digits, loaded = load_digits(), data.load("digits")
    assert_is_split_of(loaded, digits.data, digits.target, 1078)
    assert loaded.x_train.dtype == torch.float64 and loaded.y_train.dtype == torch.int64


def test_the_seed_decides_the_split():
    first, again, other = (data.load("digits", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.x_train, again.x_train) and first.digest == again.digest
    assert not torch.equal(first.x_train, other.x_train) and first.digest != other.digest


def test_fashion_mnist_joins_its_two_parts(small, monkeypatch):
    folder, pixels, labels = small
    monkeypatch.setenv("NIN_DATA_DIR", str(folder))
    assert_is_split_of(data.load("fashion_mnist"), pixels, labels, 72)


def test_a_page_is_given_the_files_and_how_they_become_the_data(small, monkeypatch, tmp_path):
    folder, pixels, labels = small
    monkeypatch.setenv("NIN_DATA_DIR", str(folder))
    (given := tmp_path / "given").mkdir()
    data.carry(given)
    about = json.loads((given / "images.json").read_text(encoding="utf-8"))
    loaded = data.load("fashion_mnist")
    assert {path.name for path in given.iterdir()} == {"images.json", about["order"], *data.FILES}
    for name in data.FILES:
        assert (given / name).read_bytes() == (folder / name).read_bytes()
    order = np.frombuffer((given / about["order"]).read_bytes(), "<u4")
    assert about["bytes"] == sum((given / name).stat().st_size for name in [about["order"], *about["files"]])
    assert about["digest"] == loaded.digest and about["train"] == len(loaded.x_train)
    x = (np.reshape(pixels, (-1, 784))[order].astype(np.float32) - np.float32(about["mean"])) / np.float32(
        about["deviation"]
    )
    assert np.array_equal(x, np.concatenate([loaded.x_train, loaded.x_val]))
    assert np.array_equal(np.asarray(labels)[order], np.concatenate([loaded.y_train, loaded.y_val]))


def test_the_official_files(official_fashion_mnist):
    loaded = data.load("fashion_mnist")
    assert loaded.x_train.shape == (42_000, 784) and loaded.x_val.shape == (28_000, 784)
    assert torch.bincount(torch.cat([loaded.y_train, loaded.y_val])).tolist() == [7000] * 10
    assert abs(loaded.x_train.double().mean()) < 1e-5 and abs(loaded.x_train.double().std() - 1) < 1e-5


def test_the_folder_of_official_files_may_be_chosen(tmp_path, monkeypatch, request):
    monkeypatch.setenv("NIN_DATA_DIR", str(tmp_path))
    request.getfixturevalue("official_fashion_mnist")
    assert os.environ["NIN_DATA_DIR"] == str(tmp_path)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def tamper(path):
    raw = bytearray(path.read_bytes())
    raw[-9] ^= 1
    path.write_bytes(raw)


def swap(path):
    shutil.copy(path.with_name("t10k-labels-idx1-ubyte.gz"), path)


@pytest.mark.parametrize(
    "damage, words",
    [
        (truncate, "truncated or altered"),
        (tamper, "truncated or altered"),
        (swap, "t10k-labels-idx1-ubyte.gz under another name"),
        (Path.unlink, "has no file"),
    ],
)
def test_a_bad_file_is_refused_and_the_message_says_what_to_do(small, monkeypatch, damage, words):
    folder, _, _ = small
    monkeypatch.setenv("NIN_DATA_DIR", str(folder))
    data.load("fashion_mnist")
    damage(folder / "train-labels-idx1-ubyte.gz")
    with pytest.raises(data.DataError) as error:
        data.load("fashion_mnist")
    for word in (words, "NIN_DATA_DIR", str(folder / "train-labels-idx1-ubyte.gz")):
        assert word in str(error.value)


@contextlib.contextmanager
def mirrors(folder):
    """A server with three mirrors: one breaks off in mid-file, one has altered files, one is good."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            mirror, name = self.path.strip("/").split("/")
            asked.append(mirror)
            content = (folder / name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            ending = {"breaks": b"", "altered": bytes(len(content) - len(content) // 2), "good": None}[mirror]
            self.wfile.write(content if ending is None else content[: len(content) // 2] + ending)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield [f"{base}/{mirror}/" for mirror in ("breaks", "altered", "good")], asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("NIN_DATA_DIR", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "nin_lib"


def test_download_goes_on_to_the_next_mirror_and_then_keeps_the_files(small, cache, monkeypatch):
    folder, pixels, labels = small
    with mirrors(folder) as (addresses, asked):
        monkeypatch.setattr(data, "MIRRORS", addresses)
        assert_is_split_of(data.load("fashion_mnist"), pixels, labels, 72)
        assert asked == ["breaks", "altered", "good"] * 4
        data.load("fashion_mnist")
        assert len(asked) == 12, "downloaded twice"
        tamper(cache / "train-labels-idx1-ubyte.gz")
        assert_is_split_of(data.load("fashion_mnist"), pixels, labels, 72)
    assert sorted(path.name for path in cache.iterdir()) == sorted(data.FILES)


def test_a_download_that_fails_leaves_no_file_and_says_what_to_do(small, cache, monkeypatch):
    folder, _, _ = small
    with mirrors(folder) as (addresses, _):
        monkeypatch.setattr(data, "MIRRORS", addresses[:2])
        with pytest.raises(data.DataError, match="connect to the network, or set NIN_DATA_DIR"):
            data.load("fashion_mnist")
    assert list(cache.iterdir()) == []


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match='name must be "digits" or "fashion_mnist", got \'mnist\''):
        data.load("mnist")

"""The two data sets of the book: Fashion-MNIST, as the paper uses it, and scikit-learn's digits.

Both are images of 10 classes, shuffled by a seed, split 60/40 into training and validation, and
standardised by the mean and standard deviation of all training pixels (one number each).
"""

import gzip
import hashlib
import importlib.metadata
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin_lib.checks import whole
from nin_lib.extras import needed

if TYPE_CHECKING:
    import torch

# The official files, in the order train images, train labels, test images, test labels.
FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
ORDER = "order.u32"
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)


class DataError(RuntimeError):
    """A data file is missing or not the official one; the message says what to do."""


@dataclass(frozen=True)
class Data:
    """A standardised data set, split into training and validation.

    Attributes
    ----------
    name : str
    x_train, x_val : torch.Tensor
        Images as rows, shape (n, pixels): float64 for digits, float32 for Fashion-MNIST.
    y_train, y_val : torch.Tensor
        Classes 0 to 9, shape (n,), int64.
    digest : str
        SHA-256 of the raw pixels and labels in the order of the split: the same on every machine.

    Examples
    --------
    >>> import torch
    >>> data = load("digits").to(torch.zeros(1))
    >>> data.x_train.dtype, data.y_train.dtype
    (torch.float32, torch.int64)
    """

    name: str
    x_train: "torch.Tensor"
    y_train: "torch.Tensor"
    x_val: "torch.Tensor"
    y_val: "torch.Tensor"
    digest: str

    def to(self, like: "torch.Tensor") -> "Data":
        """Return the same in the precision and on the device of a tensor; inputs that are whole numbers stay so.

        Returns
        -------
        Data

        Raises
        ------
        TypeError
            If `like` is no floating-point tensor: pixels of whole numbers would be lost.
        """
        if not (hasattr(like, "is_floating_point") and like.is_floating_point()):
            raise TypeError(f"like must be a floating-point tensor, got {like!r}: give a weight of the net")
        x_train, x_val = as_input(self.x_train, like), as_input(self.x_val, like)
        y_train, y_val = self.y_train.to(like.device), self.y_val.to(like.device)
        return replace(self, x_train=x_train, y_train=y_train, x_val=x_val, y_val=y_val)


def as_input(x: "torch.Tensor", like: "torch.Tensor") -> "torch.Tensor":
    """Return inputs on the device of a weight, and in its precision unless they are whole numbers, such as tokens."""
    return x.to(like) if x.is_floating_point() else x.to(like.device)


def load(name: str, seed: int = 0) -> Data:
    """Load a data set (the paper's Appendix B, with the conventions that reproduce its Table 1).

    Parameters
    ----------
    name : {"digits", "fashion_mnist"}
        "digits": 1,797 images of 8 x 8 pixels, part of scikit-learn: 1,078 to train, 719 to validate.
        "fashion_mnist": 70,000 images of 28 x 28 pixels: 42,000 to train, 28,000 to validate. Its four
        files are taken from the folder that the environment variable NIN_DATA_DIR names, or else
        downloaded once (31 MB) into the user's cache. Their MD5 hashes are checked each time.
    seed : int
        Seed of the shuffle before the split, >= 0.

    Returns
    -------
    Data

    Raises
    ------
    ValueError
        If `name` is none of the two, or `seed` is no such number.
    DataError
        If a file of Fashion-MNIST is missing, altered or cannot be downloaded.

    Examples
    --------
    >>> data = load("digits")
    >>> data.x_train.shape, data.x_val.shape
    (torch.Size([1078, 64]), torch.Size([719, 64]))
    """
    with needed("torch"):
        import torch

    images, classes, n_train, digest = standardised(name, seed)
    x, y = torch.from_numpy(images), torch.from_numpy(classes)
    return Data(name, x[:n_train], y[:n_train], x[n_train:], y[n_train:], digest)


def standardised(name: str, seed: int = 0) -> tuple[NDArray[Any], NDArray[np.int64], int, str]:
    """Prepare what `load` makes a `Data` of, without torch.

    Parameters
    ----------
    name, seed
        As in `load`.

    Returns
    -------
    x : ndarray, shape (n, pixels)
        The standardised images, those to train on first.
    y : ndarray, shape (n,)
        Their classes.
    n_train : int
        How many of them are to train on.
    digest : str
        As in `Data`.

    Raises
    ------
    ValueError
        As in `load`.
    DataError
        As in `load`.
    """
    seed = whole("seed", seed, 0, "any such number will do")
    dtype, pixels, labels = _raw(name)
    split = _split(pixels, labels, seed)
    x: NDArray[Any] = split.pixels.astype(dtype)
    x -= dtype(split.mean)
    x /= dtype(split.deviation)
    return x, split.labels.astype(np.int64), split.n_train, split.digest


def carry(folder: Path) -> None:
    """Write Fashion-MNIST for a page that trains in its reader's browser: the official files and what `load` does to them.

    Parameters
    ----------
    folder : pathlib.Path
        An empty one. Besides the four files it gets the order of the images, little-endian 32-bit numbers, and
        ``images.json``: the files' names and sizes, how many images are to train on, mean and deviation of their pixels,
        and the digest of `Data`.

    Raises
    ------
    DataError
        As in `load`.
    """
    files = _fashion_mnist_files()
    _, pixels, labels = _raw("fashion_mnist")
    split = _split(pixels, labels, 0)
    for path in files:
        shutil.copyfile(path, folder / path.name)
    (folder / ORDER).write_bytes(split.order.astype("<u4").tobytes())
    about = {
        "files": [path.name for path in files],
        "order": ORDER,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "train": split.n_train,
        "mean": split.mean,
        "deviation": split.deviation,
        "digest": split.digest,
    }
    (folder / "images.json").write_text(json.dumps(about), encoding="utf-8")


def _raw(name: str) -> tuple[type[np.floating[Any]], NDArray[np.uint8], NDArray[np.uint8]]:
    """Precision, pixels as rows and classes of a data set as it is."""
    if name == "digits":
        # The file itself: to import scikit-learn takes seconds, and SciPy, for nothing else.
        with needed("explorers"):
            files = importlib.metadata.distribution("scikit-learn")
        path = files.locate_file("sklearn/datasets/data/digits.csv.gz")
        table = np.loadtxt(str(path), np.uint8, delimiter=",")
        return np.float64, table[:, :-1], table[:, -1]
    if name == "fashion_mnist":
        arrays = [_read(path) for path in _fashion_mnist_files()]
        pixels = np.concatenate([arrays[0], arrays[2]]).reshape(-1, 784)
        return np.float32, pixels, np.concatenate([arrays[1], arrays[3]])
    raise ValueError(f'name must be "digits" or "fashion_mnist", got {name!r}')


class _Split(NamedTuple):
    """A data set in the order of its split; `order` says which image stands at each place."""

    order: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    n_train: int
    mean: float
    deviation: float
    digest: str


def _split(pixels: NDArray[np.uint8], labels: NDArray[np.uint8], seed: int) -> _Split:
    order = np.random.default_rng(seed).permutation(len(pixels))
    pixels, labels = pixels[order], labels[order]
    n_train = len(pixels) * 6 // 10
    # Pixels are small integers: their histogram gives the exact moments (row by row, which needs no memory).
    counts = sum(np.bincount(row, minlength=256) for row in pixels[:n_train])
    mean = np.average(np.arange(256), weights=counts)
    deviation = np.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts))
    digest = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    return _Split(order, pixels, labels, n_train, float(mean), float(deviation), digest)


def _read(path: Path) -> NDArray[np.uint8]:
    """Array in a gzipped IDX file: 4 bytes of magic number, then one 4-byte length per dimension."""
    raw = gzip.decompress(path.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])


def _fashion_mnist_files() -> list[Path]:
    """Paths of the four files, each with the right hash."""
    folder = os.environ.get("NIN_DATA_DIR")
    if not folder:
        return [_download(name) for name in FILES]
    return [_check(Path(folder) / name) for name in FILES]


def _check(path: Path) -> Path:
    if not path.is_file():
        raise DataError(
            f"NIN_DATA_DIR has no file {path}: put the four Fashion-MNIST files there ({', '.join(FILES)}), "
            "or unset NIN_DATA_DIR to download them"
        )
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if md5 != FILES[path.name]:
        others = [name for name, known in FILES.items() if known == md5]
        what = f"it is {others[0]} under another name" if others else "it is truncated or altered"
        raise DataError(
            f"{path} ({path.stat().st_size} bytes) has MD5 {md5}, not {FILES[path.name]}: {what}; replace it "
            "with the official file, or unset NIN_DATA_DIR to download it"
        )
    return path


def _download(name: str) -> Path:
    """Path of a file in the user's cache; pooch moves it there only when it is complete and its hash is right."""
    with needed("notebooks"):
        import pooch

    failures = []
    for mirror in MIRRORS:
        try:
            path = pooch.retrieve(
                mirror + name,
                known_hash="md5:" + FILES[name],
                fname=name,
                path=pooch.os_cache("nin_lib"),
                downloader=pooch.HTTPDownloader(timeout=30),
            )
            return Path(path)
        except (OSError, ValueError) as error:  # no network, a broken transfer; a file with another hash
            failures.append(f"{mirror}: {error}")
    raise DataError(
        f"cannot download {name} of Fashion-MNIST: connect to the network, or set NIN_DATA_DIR to a folder that "
        f"holds the four files ({', '.join(FILES)}). Tried " + "; ".join(failures)
    )

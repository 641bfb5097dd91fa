"""The explorer that trains a network with a noise injection node on digits, in the reader's browser."""

import functools
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nin_lib import checks
from nin_lib.data import standardised
from nin_lib.history import History
from nin_lib.phases import Phase
from nin_lib.widgets.base import Explorer
from nin_lib.widgets.rng import LARGEST, uniforms
from nin_lib.widgets.settings import Number, Whole
from nin_lib.widgets.words import OUTCOMES

EPOCHS = 20
PURPOSES = ("weights", "nin", "order")


class HashStream(np.random.Generator):
    """The explorer's random numbers for one purpose, as a seed for `mlp`, `NoiseInjection` and `train`.

    Parameters
    ----------
    seed : int
        From 0 to 2^32 - 1.
    purpose : {"weights", "nin", "order"}
        The same seed gives each purpose a stream of its own.

    Raises
    ------
    ValueError
        If an argument is not as above.

    See Also
    --------
    nin_lib.widgets.rng.noise_stream : how a normal number is made of integer hashes, which JavaScript does alike.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        seed = checks.whole("seed", seed, 0, "any such number will do", high=LARGEST)
        checks.choice("purpose", purpose, PURPOSES)
        super().__init__(np.random.PCG64(0))  # which the two methods below do not use
        self._seed = (len(PURPOSES) * seed + PURPOSES.index(purpose)) % 2**32
        self._place = 0

    def _uniforms(self, n: int) -> np.ndarray:
        self._place += n
        return uniforms(self._seed, n, after=self._place - n)

    def standard_normal(self, size: int | Sequence[int]) -> np.ndarray:  # type: ignore[override]
        """Array of this size >= 0, or shape; each number the sum of 12 uniform ones less 6."""
        sizes = [size] if np.ndim(size) == 0 else checks.sequence("size", size, "it is a number or a shape")
        shape = [checks.whole("size", length, 0, "it is a number or a shape") for length in sizes]
        n = math.prod(shape)
        sums = np.add.accumulate(self._uniforms(12 * n).reshape(n, 12), axis=1)[:, -1]
        return (sums - 6).reshape(shape)

    def permutation(self, n: int) -> np.ndarray:  # type: ignore[override]
        """The numbers 0, ..., n - 1 in random order: sorted by as many uniform numbers, no two of which are equal."""
        return np.argsort(self._uniforms(checks.whole("n", n, 0, "it counts what is permuted")))


@functools.cache
def _digits() -> dict[str, Any]:
    """The data set for the browser: the pixels as letters A, B, ... in the place of the levels."""
    pixels, labels, n_train, _ = standardised("digits")
    levels, places = np.unique(pixels, return_inverse=True)
    return {
        "levels": levels.tolist(),
        "pixels": (places + ord("A")).astype(np.uint8).tobytes().decode(),
        "labels": "".join(map(str, labels)),
        "train": n_train,
    }


class TrainingExplorer(Explorer):
    """Drag sigma_eps and watch a 64-128-10 ReLU net with a NIN on its first layer learn to read digits, in 20 epochs.

    Parameters
    ----------
    sigma_eps : float
        Standard deviation of the noise.
    eta : float
        Learning rate.
    batch_size : int
        Samples in a batch, up to the 1,078 of the training set.
    seed : int
        Seed of the weights, of W_NI with its noise, and of the order of the samples.

    Each is a trait: readable, settable and observable. A value that is not right raises a ValueError.
    """

    name = "training"
    lines = """\
from nin_lib.widgets import TrainingExplorer

history = TrainingExplorer({settings}).run()
curves = {
    "batch loss": history.batch_loss,
    "clean loss": history.clean_loss,
    "|wNI|": history.niw_norm,  # after each epoch
    "without noise": history.val_accuracy,
}
"""

    sigma_eps = Number(
        10.0, 0, 1e6, "0 switches the noise off, and far less than a million lets training diverge"
    )
    eta = Number(0.2, 0, 1e6, "0.2 trains the net well", strictly=True)
    batch_size = Whole(128, 1, 1078, "it counts the samples of a batch")
    seed = Whole(0, 0, 2**32 - 1, "any such number will do")

    @classmethod
    def javascript(cls) -> str:
        """What Python puts before the bundle, the mathematics that it calls or its data."""
        return f"const digits = {json.dumps(_digits())};\nconst outcomes = {json.dumps(OUTCOMES)};"

    def run(self, epochs: int = EPOCHS) -> History:
        """The training on the screen, by PyTorch on the explorer's own streams, over so many epochs >= 1."""
        from nin_lib.data import load
        from nin_lib.injection import NoiseInjection
        from nin_lib.networks import mlp
        from nin_lib.sweep import one_thread
        from nin_lib.training import train

        with one_thread():
            net = mlp((64, 128, 10), HashStream(self.seed, "weights"))
            nin = NoiseInjection(net, "0", self.sigma_eps, seed=HashStream(self.seed, "nin"))
            return train(
                net,
                load("digits"),
                eta=self.eta,
                batch_size=self.batch_size,
                epochs=epochs,
                nin=nin,
                seed=HashStream(self.seed, "order"),
            )

    @property
    def phase(self) -> Phase:
        """Phase of the training on the screen."""
        return self.run().phase

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what the explorer does, and its numbers."""
        return (
            "<p><strong>An explorer with sliders stands here where JavaScript runs.</strong> For every position of the "
            "sliders it trains a network of 64 inputs, 128 ReLU units and 10 outputs, with a noise injection node on "
            f"its first layer, on scikit-learn's digits for {EPOCHS} epochs, and draws the losses, the norm of the noise "
            "weights and the validation accuracy as they come. With noise of standard deviation σ<sub>ε</sub> = "
            f"{self.sigma_eps:.3g}, learning rate {self.eta:.3g} and batches of {self.batch_size} the training is in the "
            f"<em>{self.phase}</em> phase.</p>"
        )

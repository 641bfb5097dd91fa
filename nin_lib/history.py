"""What is recorded of a training, and the phase that it was in."""

import dataclasses
import json
from dataclasses import dataclass

import numpy as np

from nin_lib.phases import CATAPULTED, DECAYED, LARGEST_LOSS, LEARNED, Phase
from nin_lib.results import load_arrays, save_arrays

CLEAN_EVERY = 5
"""The clean training loss is measured at the start and then once in so many epochs."""
CHECKPOINTS = 10
"""W_NI itself is kept at no more than this many epochs, the first and the last among them."""


@dataclass(frozen=True)
class History:
    """What `train` recorded. Where a divergent run did not arrive, losses and norms are inf, accuracies nan.

    Attributes
    ----------
    settings : dict
        Arguments of the training, the NINs and the data set, as JSON values.
    batch_loss : ndarray, shape (epochs * steps_per_epoch,)
        Loss of each step's batch, with the noise, before the step.
    val_loss, val_accuracy : ndarray, shape (epochs + 1,)
        On the validation set, with eps = 0, at the start and after each epoch.
    niw_norm : ndarray, shape (epochs + 1,)
        Norm |W_NI| of all noise injection weights together; 0 without a NIN.
    norms : dict of ndarray, shape (epochs + 1,)
        Norm of each parameter of the net, by its name.
    clean_epochs, clean_loss : ndarray
        Loss on the whole training set with eps = 0, and the epochs at which it was measured (every fifth).
    niw_epochs, niw : ndarray, shapes (k,) and (k, features)
        W_NI, those of several NINs joined, at k <= 10 epochs.
    """

    settings: dict
    batch_loss: np.ndarray
    val_loss: np.ndarray
    val_accuracy: np.ndarray
    niw_norm: np.ndarray
    norms: dict[str, np.ndarray]
    clean_epochs: np.ndarray
    clean_loss: np.ndarray
    niw_epochs: np.ndarray
    niw: np.ndarray

    @property
    def steps_per_epoch(self):
        return len(self.batch_loss) // self.settings["epochs"]

    @property
    def lost(self):
        """The first step whose batch loss is not finite or above 1e8, or None."""
        steps = np.flatnonzero(~(self.batch_loss <= LARGEST_LOSS))
        return int(steps[0]) if len(steps) else None

    @property
    def learned(self):
        """The first epoch at which the clean loss is measured at or below a quarter of its start, or None."""
        epochs = self.clean_epochs[self.clean_loss <= LEARNED * self.clean_loss[0]]
        return int(epochs[0]) if len(epochs) else None

    @property
    def phase(self):
        """Phase of the training.

        Divergent: a batch loss is not finite or above 1e8, or a validation loss is not finite. Catapult: otherwise,
        the batch loss exceeds twice its first value and later falls below that value. Decay: otherwise, |W_NI| is
        below 0.9 of its start when the clean loss is first measured at or below a quarter of its start (at the end,
        if it never is). Decoupled: otherwise.
        """
        loss = self.batch_loss
        if self.lost is not None or not np.all(np.isfinite(self.val_loss)):
            return Phase.DIVERGENT
        high = np.flatnonzero(loss > CATAPULTED * loss[0])
        if len(high) and np.any(loss[high[0] :] < loss[0]):
            return Phase.CATAPULT
        at = -1 if self.learned is None else self.learned
        return Phase.DECAY if self.niw_norm[at] < DECAYED * self.niw_norm[0] else Phase.DECOUPLED

    def arrays(self):
        """All of it as a flat dictionary of arrays, which `from_arrays` reads: what a result file holds."""
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        norms = arrays.pop("norms")
        arrays["settings"] = np.array(json.dumps(self.settings, sort_keys=True))
        return arrays | {f"norms/{name}": norm for name, norm in norms.items()}

    @classmethod
    def from_arrays(cls, arrays):
        """The history of which `arrays` made these arrays, whatever others lie beside them."""
        own = {field.name: arrays.get(field.name) for field in dataclasses.fields(cls)}
        own["settings"] = json.loads(own["settings"].item())
        prefix = "norms/"
        own["norms"] = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        return cls(**own)

    def save(self, path):
        """Write an .npz file: complete or not at all, and the same bytes for the same history."""
        save_arrays(path, self.arrays())

    @classmethod
    def load(cls, path):
        """Read what `save` wrote."""
        return cls.from_arrays(load_arrays(path))

"""What is recorded of a training, and the phase that it was in."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nin_lib import checks
from nin_lib.phases import CATAPULTED, DECAYED, LARGEST_LOSS, LEARNED, Phase

CLEAN_EVERY = 5
"""The clean training loss is measured at the start and then once in so many epochs."""
CHECKPOINTS = 10
"""W_NI itself is kept at no more than this many epochs, the first and the last among them."""


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """What `train` recorded. Where a divergent run did not arrive, losses and norms are inf, accuracies nan.

    Two histories are equal if all that they hold is, to the last bit.

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

    Examples
    --------
    >>> from nin_lib.training import train_mlp
    >>> history = train_mlp(sigma_eps=0.0, seed=0, epochs=3)
    >>> history
    History(digits, sigma_eps=0.0, seed=0, epochs=3: decoupled)
    >>> history.steps_per_epoch, len(history.batch_loss), len(history.val_loss)
    (8, 24, 4)
    """

    settings: dict[str, Any]
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
    def steps_per_epoch(self) -> int:
        """Steps of SGD in an epoch; 0 before the first epoch is over."""
        epochs: int = self.settings["epochs"]
        return len(self.batch_loss) // max(epochs, 1)

    @property
    def sigma_eps(self) -> float | tuple[float, ...]:
        """Standard deviation of the noise: 0 without a NIN; where several have not the same, one for each."""
        sigmas = tuple(nin["sigma_eps"] for nin in self.settings["nins"])
        return sigmas if len(set(sigmas)) > 1 else next(iter(sigmas), 0.0)

    @property
    def peak(self) -> float:
        """The largest batch loss over the first one, 1 before the first step.

        inf where the training was lost, or where the first loss is 0, as strong noise can make that of a small batch.
        """
        largest, first = self.batch_loss.max(initial=0.0), self.batch_loss[:1].max(initial=0.0)
        if first == largest:
            return 1.0 if np.isfinite(first) else np.inf
        with np.errstate(over="ignore"):
            return float(largest / first) if first > 0 and np.isfinite(largest) else np.inf

    @property
    def lost(self) -> int | None:
        """The first step whose batch loss is not finite or above 1e8, or None."""
        steps = np.flatnonzero(~(self.batch_loss <= LARGEST_LOSS))
        return int(steps[0]) if len(steps) else None

    @property
    def learned(self) -> int | None:
        """The first epoch at which the clean loss is measured at or below a quarter of its start, or None."""
        low = (self.clean_loss <= LEARNED * self.clean_loss[0]) & np.isfinite(self.clean_loss)
        epochs = self.clean_epochs[low]
        return int(epochs[0]) if len(epochs) else None

    @property
    def phase(self) -> Phase:
        """Phase of the training, one of the four of the paper (Section 3), by measurable signs.

        Divergent: a batch loss is not finite or above 1e8, or a validation loss is not finite. Catapult: otherwise,
        the batch loss exceeds twice its first value and later falls below that value. Decay: otherwise, |W_NI| is
        below 0.9 of its start when the clean loss is first measured at or below a quarter of its start (at the end,
        if it never is). Decoupled: otherwise.
        """
        loss = self.batch_loss
        if self.lost is not None or not np.all(np.isfinite(self.val_loss)):
            return Phase.DIVERGENT
        high = np.flatnonzero(loss > CATAPULTED * loss[:1])
        if len(high) and np.any(loss[high[0] :] < loss[0]):
            return Phase.CATAPULT
        at = -1 if self.learned is None else self.learned
        return Phase.DECAY if self.niw_norm[at] < DECAYED * self.niw_norm[0] else Phase.DECOUPLED

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it as a flat dictionary of arrays, which `from_arrays` reads: what a result file holds."""
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        norms = arrays.pop("norms")
        arrays["settings"] = np.array(json.dumps(self.settings, sort_keys=True))
        return arrays | {f"norms/{name}": norm for name, norm in norms.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "History":
        """The history of which `arrays` made these arrays, whatever others lie beside them.

        Returns
        -------
        History
            Equal to the one that the arrays are of.

        Raises
        ------
        TypeError
            If they have no names.
        ValueError
            If they are not those of a history.
        """
        if not isinstance(arrays, Mapping):
            raise TypeError(f"arrays must be those of History.arrays(), got {arrays!r}: they have names")
        own: dict[str, Any] = {
            field.name: arrays[field.name] for field in dataclasses.fields(cls) if field.name in arrays
        }
        prefix = "norms/"
        own["norms"] = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        missing = [field.name for field in dataclasses.fields(cls) if field.name not in own]
        if missing:
            raise ValueError(
                f"arrays must be those of History.arrays(), got {sorted(arrays)}: {', '.join(missing)} missing"
            )
        try:
            own["settings"] = json.loads(own["settings"].item())
            epochs = own["settings"]["epochs"] + 1
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"arrays must be those of History.arrays(), got the settings {arrays['settings']!r}: "
                "they are a JSON text that says epochs"
            ) from error
        for name in ("val_loss", "val_accuracy", "niw_norm"):
            if np.shape(own[name]) != (epochs,):
                raise ValueError(
                    f"arrays must be those of History.arrays(), got {name} of shape {np.shape(own[name])}: "
                    f"it has a value for each of {epochs - 1} epochs and for the start"
                )
        return cls(**own)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        mine, others = self.arrays(), other.arrays()
        return mine.keys() == others.keys() and all(
            a.dtype == others[name].dtype
            and a.shape == others[name].shape
            and a.tobytes() == others[name].tobytes()
            for name, a in mine.items()
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __repr__(self) -> str:
        return (
            f"History({self.settings['data']}, sigma_eps={self.sigma_eps}, seed={self.settings['seed']}, "
            f"epochs={self.settings['epochs']}: {self.phase})"
        )


class Recorder:
    """Fills, step by step and epoch by epoch, what becomes a `History`.

    Parameters
    ----------
    settings : dict
        Those of the history; "epochs" says how many >= 0 there will be.
    steps_per_epoch : int
        Steps >= 1 of SGD in each.
    parameters : iterable of str
        Names of those whose norms are recorded.
    niw : ndarray, shape (features,)
        W_NI: its size and precision.

    Raises
    ------
    ValueError
        If a number is not as above.
    """

    def __init__(
        self, settings: dict[str, Any], steps_per_epoch: int, parameters: Iterable[str], niw: np.ndarray
    ) -> None:
        epochs = checks.whole(
            "epochs", settings["epochs"], 0, "it counts the passes through the training set"
        )
        self._steps_per_epoch = checks.whole("steps_per_epoch", steps_per_epoch, 1, "an epoch has steps")
        self._epochs, self._step = epochs, 0
        clean_epochs = np.arange(0, epochs + 1, CLEAN_EVERY)
        niw_epochs = np.unique(np.linspace(0, epochs, CHECKPOINTS).round().astype(int))
        self._whole = History(
            settings=settings,
            batch_loss=np.full(epochs * steps_per_epoch, np.inf),
            val_loss=np.full(epochs + 1, np.inf),
            val_accuracy=np.full(epochs + 1, np.nan),
            niw_norm=np.full(epochs + 1, np.inf),
            norms={name: np.full(epochs + 1, np.inf) for name in parameters},
            clean_epochs=clean_epochs,
            clean_loss=np.full(len(clean_epochs), np.inf),
            niw_epochs=niw_epochs,
            niw=np.full((len(niw_epochs), len(niw)), np.inf, niw.dtype),
        )

    def wants_clean_loss(self, epoch: int) -> bool:
        """Whether the clean loss is recorded after this epoch."""
        return self._checked(epoch) in self._whole.clean_epochs

    def step(self, batch_loss: float) -> bool:
        """Record the loss of the next step's batch; what is nan has overflowed, and is recorded as inf.

        Returns
        -------
        bool
            Whether the training goes on: the loss is finite and not above 1e8.

        Raises
        ------
        ValueError
            If there is no next step.
        """
        if self._step == len(self._whole.batch_loss):
            raise ValueError(
                f"batch_loss must be that of one of {self._step} steps, got {batch_loss!r} after the last"
            )
        self._whole.batch_loss[self._step] = _inf_for_nan(batch_loss)
        self._step += 1
        return batch_loss <= LARGEST_LOSS

    def epoch(
        self,
        epoch: int,
        *,
        niw: np.ndarray,
        norms: Mapping[str, float],
        niw_norm: float,
        val_loss: float,
        val_accuracy: float,
        clean_loss: float | None = None,
    ) -> None:
        """Record the state after an epoch (0: the start): W_NI, norms, and losses, as `History` has them.

        What is nan has overflowed, and is recorded as inf; then the accuracy says nothing. `clean_loss` is recorded where
        `wants_clean_loss`.
        """
        whole, at = self._whole, self._checked(epoch)
        for name, norm in norms.items():
            whole.norms[name][at] = _inf_for_nan(norm)
        whole.niw_norm[at], whole.val_loss[at] = _inf_for_nan(niw_norm), _inf_for_nan(val_loss)
        whole.val_accuracy[at] = np.nan if np.isinf(whole.val_loss[at]) else val_accuracy
        if clean_loss is not None:
            whole.clean_loss[whole.clean_epochs == at] = _inf_for_nan(clean_loss)
        whole.niw[whole.niw_epochs == at] = _inf_for_nan(niw)

    def history(self, epochs: int | None = None) -> History:
        """What is recorded: of the whole training, or of its first `epochs`."""
        whole = self._whole
        if epochs is None:
            return whole
        epochs = self._checked(epochs)
        clean, niw = whole.clean_epochs <= epochs, whole.niw_epochs <= epochs
        return History(
            settings=whole.settings | {"epochs": epochs},
            batch_loss=whole.batch_loss[: epochs * self._steps_per_epoch],
            val_loss=whole.val_loss[: epochs + 1],
            val_accuracy=whole.val_accuracy[: epochs + 1],
            niw_norm=whole.niw_norm[: epochs + 1],
            norms={name: norm[: epochs + 1] for name, norm in whole.norms.items()},
            clean_epochs=whole.clean_epochs[clean],
            clean_loss=whole.clean_loss[clean],
            niw_epochs=whole.niw_epochs[niw],
            niw=whole.niw[niw],
        )

    def _checked(self, epoch: int) -> int:
        return checks.whole("epoch", epoch, 0, "0 is the start", high=self._epochs)


def _inf_for_nan(values: float | np.ndarray) -> Any:
    return np.where(np.isnan(values), np.inf, values)

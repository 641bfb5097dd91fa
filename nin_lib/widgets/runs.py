"""The explorer of an experiment's stored trainings, which trains another one over them: in the kernel, or on the page."""

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import traitlets

from nin_lib.history import History
from nin_lib.phases import Phase
from nin_lib.widgets.base import Explorer
from nin_lib.widgets.run_records import (
    HEAD,
    Stored,
    as_text,
    choices_of,
    parameters_of_training,
    recipe_of,
    record_of,
    stored_runs,
)
from nin_lib.widgets.settings import Choice, Number, Whole
from nin_lib.widgets.training import HashStream
from nin_lib.widgets.words import OUTCOMES, come_to, describe


class RunExplorer(Explorer):
    """Drag sigma_eps over the stored trainings of an experiment, and train one more at any sigma_eps.

    In a live kernel PyTorch trains it (`train`), on a page of the built book the browser (of Fashion-MNIST, where the site
    carries the images).

    Parameters
    ----------
    experiment : str
        Name of an experiment of `nin_lib.experiments` whose results are those of a `nin_lib.history.History`. Links
        name it, too: ``[σ = 280](#fig3-ce?sigma_eps=280)``.
    out : path, optional
        Folder of the results, where `nin_lib.experiments.run` put them; the checkout's unless given.
    sigma_eps : float
        Standard deviation of the noise >= 0. What is shown is stored: the runs of the nearest sigma_eps there is.
    epochs, eta, seed, redraw
        Those of a training that is started here, as in `nin_lib.training.train_mlp`; unless given, those of the first
        stored run.
    **choices : str
        Where the runs differ in another setting (not the seed), one of its values.

    A training that another explorer of the same experiment has started ends with its epoch when this one is made, as by
    running a cell again.

    All but `out` are traits: readable, and but for `experiment` settable and observable. A value that is not right
    raises a ValueError.

    Attributes
    ----------
    trained : nin_lib.history.History or None
        The newest training that was started here and has ended. One that was stopped: its epochs, or None before any.

    Raises
    ------
    nin_lib.store.ResultError
        If no result of the experiment is stored, or one is damaged. Those that are there are enough.
    """

    name = "runs"
    lines = """\
from nin_lib.widgets import RunExplorer

histories = RunExplorer({experiment}, {settings}).histories  # by the seed
history = next(iter(histories.values()))
curves = {
    "batch loss": history.batch_loss,
    "validation loss": history.val_loss,
    "validation, without noise": history.val_accuracy,
    "noise weights": history.niw_norm,
}
"""

    lines_of_training = """\
from nin_lib.widgets import RunExplorer

history = RunExplorer({experiment}, {settings}).run()  # by PyTorch, on the random numbers of the page
curves = {
    "batch loss": history.batch_loss,
    "validation loss": history.val_loss,
    "validation, without noise": history.val_accuracy,
    "noise weights": history.niw_norm,
}
"""

    experiment = traitlets.Unicode(read_only=True).tag(sync=True)
    sigma_eps = Number(
        0, 0, 1e6, "0 switches the noise off, and far less than a million lets training diverge"
    )
    epochs = Whole(10, 1, 10_000, "it counts the epochs of a training that is started here")
    eta = Number(0.01, 0, 1e6, "0.01 is the paper's learning rate", strictly=True)
    seed = Whole(0, 0, 2**32 - 1, "any such number will do")
    redraw = Choice("epoch", "never")

    _stored = traitlets.Dict().tag(sync=True)
    _training = traitlets.Dict().tag(sync=True)

    _training_now: ClassVar[dict[str, "RunExplorer"]] = {}  # of each experiment, the explorer that trains it
    _stop: threading.Event | None = None  # while a training runs, the event that ends it
    _telling = threading.RLock()  # so that what `stop` says does not come after the end

    def __init__(self, experiment: str, out: Path | str | None = None, **settings: Any) -> None:
        self._runs = stored_runs(experiment, out)
        choices = choices_of([run.settings for run in self._runs])
        if choices:
            self.add_traits(**{name: Choice(*values) for name, values in choices.items()})
        self.set_trait("experiment", experiment)
        self.trained: History | None = None
        sigmas = sorted({run.settings["sigma_eps"] for run in self._runs})
        first = self._runs[0].settings
        self._of_training = [
            name for name in ("eta", "seed", "redraw") if name in first and name not in choices
        ]
        stored = {
            "head": HEAD,
            "choices": choices,
            "trains": first.keys() <= parameters_of_training(),
            "recipe": recipe_of(first) if choices.keys() <= {"redraw"} else None,
            "runs": [
                record_of(*run) | {name: as_text(run.settings.get(name)) for name in choices}
                for run in self._runs
            ],
        }
        defaults = {name: first[name] for name in self._of_training}
        super().__init__(**{"sigma_eps": sigmas[len(sigmas) // 2]} | defaults | settings, _stored=stored)
        self.on_msg(self._receive)
        if before := self._training_now.get(experiment):  # a cell was run again: nobody could stop it there
            before.stop()

    @property
    def address(self) -> str:
        """What links on the page name: the experiment."""
        return self.experiment

    @classmethod
    def training_script(cls) -> str:
        """What a page loads when its reader asks for a training: a classic script, which defines `trainingHere`.

        Returns
        -------
        str
            JavaScript.
        """
        constants = {"outcomes": OUTCOMES, "pythonOfTraining": cls.lines_of_training}
        before = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items())
        bundle = cls.script("training-here")
        return f"globalThis.trainingHere = (() => {{\n{before}\n{bundle}\nreturn trainingHere;\n}})();\n"

    def state(self) -> dict[str, Any]:
        """What the page's script knows of the explorer: its settings, and the stored runs."""
        return self.settings() | {"_stored": self._stored}

    def _shown(self) -> list[Stored]:
        """The runs on the screen; ValueError, if no run has all that is chosen."""
        chosen = {name: getattr(self, name) for name in self._stored["choices"]}
        runs = [
            run
            for run in self._runs
            if all(as_text(run.settings.get(n)) == value for n, value in chosen.items())
        ]
        if not runs:
            raise ValueError(f"no run of {self.experiment!r} is stored with {chosen}: choose others")
        stored = (run.settings["sigma_eps"] for run in runs)
        nearest = min(stored, key=lambda sigma_eps: abs(sigma_eps - self.sigma_eps))
        return [run for run in runs if run.settings["sigma_eps"] == nearest]

    @property
    def histories(self) -> dict[int, History]:
        """The stored runs on the screen, a dictionary of `nin_lib.history.History` by the seed."""
        return {run.settings["seed"]: run.history for run in self._shown()}

    @property
    def phase(self) -> Phase:
        """Phase of the first of them, the one that the status line names."""
        return next(iter(self.histories.values())).phase

    # --- training here

    def train(self) -> threading.Thread:
        """Start a training at `sigma_eps`, with `eta`, `seed` and `redraw`, for `epochs`, and return at once.

        All else is as in the nearest stored run.

        Its curves appear in the explorer while it trains, and while no cell runs. `stop` ends it.

        Returns
        -------
        threading.Thread
            ``join()`` waits for the end; then the history is in `trained`.

        Raises
        ------
        RuntimeError
            If a training is running already, or the stored ones are not made by `nin_lib.training.train_mlp`.
        """
        if self._stop is not None:
            raise RuntimeError("a training is running already: call stop(), or wait for its end")
        if not self._stored["trains"]:
            raise RuntimeError(
                f"{self.experiment!r} is not made by nin_lib.training.train_mlp, which trains here"
            )
        names = "sigma_eps", "epochs", *self._of_training
        settings = self._shown()[0].settings | {name: getattr(self, name) for name in names}
        begins = f"Training at σ = {settings['sigma_eps']:.3g} begins: its data load."
        self._tell(running=True, message=begins, progress=0, run=None)
        self._stop = threading.Event()
        self._training_now[self.experiment] = self
        thread = threading.Thread(
            target=self._train, args=(settings, self._stop), name="training", daemon=True
        )
        thread.start()
        return thread

    def run(self) -> History:
        """Train as a page of the built book does, by PyTorch on the same random numbers: `HashStream` of `seed`.

        Returns
        -------
        History
            Single precision, in which the sums' order tells: what the page shows is equal to it at first, and as long as the
            training is not chaotic.

        Raises
        ------
        RuntimeError
            If the page does not train such networks.
        """
        from nin_lib.data import load
        from nin_lib.injection import NoiseInjection
        from nin_lib.networks import mlp
        from nin_lib.training import train

        recipe = self._stored["recipe"]
        if recipe is None:
            raise RuntimeError(
                f"the page does not train {self.experiment!r}: use train(), or nin_lib.training.train"
            )
        data = load("fashion_mnist")
        n = recipe["val_samples"]
        data = replace(data, x_val=data.x_val[:n], y_val=data.y_val[:n])
        net = mlp((784, *recipe["hidden"], 10), HashStream(self.seed, "weights"), data.x_train.dtype)
        return train(
            net,
            data,
            loss=recipe["loss"],
            eta=self.eta,
            batch_size=recipe["batch_size"],
            epochs=self.epochs,
            nin=NoiseInjection(net, "0", self.sigma_eps, seed=HashStream(self.seed, "nin")),
            redraw=self.redraw,
            seed=HashStream(self.seed, "order"),
        )

    def stop(self) -> None:
        """End the training that was started here with its epoch. Without one, nothing happens."""
        with self._telling:
            if self._stop is not None:
                self._tell(message="The training stops after this epoch.")
                self._stop.set()

    def close(self) -> None:
        """Stop the training, and take the explorer off the page."""
        self.stop()
        super().close()

    def _train(self, settings: dict[str, Any], stop: threading.Event) -> None:
        from nin_lib.training import train_mlp

        epochs, at = settings["epochs"], f"at σ = {settings['sigma_eps']:.3g}"
        so_far: History | None = None

        def callback(history: History, epoch: int) -> None:
            nonlocal so_far
            if epoch > 0:
                so_far = history
            if stop.is_set():
                raise _Stopped
            self._tell(
                message=f"Training {at}: epoch {epoch} of {epochs} is done.",
                progress=epoch / epochs,
                run=so_far and record_of(settings, so_far, np.empty(0)),
            )

        news: dict[str, Any]
        try:
            try:
                self.trained = train_mlp(**settings, callback=callback)
                news = {
                    "message": f"Trained {at}: {come_to(self.trained)}",
                    "progress": 1,
                }
            except _Stopped:
                self.trained, done = so_far, 0 if so_far is None else so_far.settings["epochs"]
                message = f"Training {at} was stopped after epoch {done} of {epochs}."
                news = {"message": message, "progress": done / epochs}
            news["run"] = self.trained and record_of(settings, self.trained, np.empty(0))
        except Exception as error:  # whatever it is, the reader has no other way to learn of it
            news = {"message": f"The training {at} failed. {type(error).__name__}: {error}"}
        with self._telling:
            self._stop = None
            if self._training_now.get(self.experiment) is self:
                del self._training_now[self.experiment]
            self._tell(running=False, **news)

    def _tell(self, **news: Any) -> None:
        """Show the training's news: by a kernel's event loop, which may be setting traits itself at this moment."""

        def show() -> None:
            with self._telling:
                self._training = self._training | news

        ipython = sys.modules.get("IPython")
        kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
        loop = getattr(getattr(kernel, "parent", None), "io_loop", None)
        show() if loop is None else loop.add_callback(show)

    def _receive(self, _: object, content: Any, buffers: object) -> None:
        if content == "stop":
            self.stop()
        elif content == "train" and self._stop is None:
            self.train()

    # --- the page without a script

    def fallback(self) -> str:
        """HTML to read where there is no JavaScript: what is stored, and what is on the screen."""
        from nin_lib.experiments import named

        sigmas = [run.settings["sigma_eps"] for run in self._runs]
        shown = self._shown()
        settings, history, _ = shown[0]
        seeds = f" (seed {settings['seed']})" if len(shown) > 1 else ""
        live = " In a live notebook, a button trains at any σ<sub>ε</sub>." if self._stored["trains"] else ""
        return (
            "<p><strong>An explorer with a slider stands here where JavaScript runs.</strong> It shows "
            f"{len(self._runs)} stored trainings ({named(self.experiment).summary}), with noise from σ<sub>ε</sub> = "
            f"{min(sigmas):.3g} to {max(sigmas):.3g}: the losses, the validation accuracy, the norm of the noise weights and "
            f"that of the next layer's weights. With σ<sub>ε</sub> = {settings['sigma_eps']:.3g}{seeds} the training is in the "
            f"<em>{history.phase}</em> phase. {describe(history)}{live}</p>"
        )


class _Stopped(Exception):
    """Raised in a training to end it."""

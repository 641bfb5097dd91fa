"""What the explorers say of a network's training, besides its phase: one wording for Python and for the browser."""

from typing import Any

from nin_lib.history import CLEAN_EVERY, History
from nin_lib.phases import CATAPULTED, DECAYED, LARGEST_LOSS, LEARNED

SENTENCES = {
    "lost": "The batch loss passes 10⁸ in epoch {epoch}.",
    "peak": "The batch loss peaks at {peak} times its start.",
    "learned": "When the clean loss is down to a quarter, the noise weights have {kept}\N{NO-BREAK SPACE}% of their norm.",
    "unlearned": "In the end, the noise weights have {kept}\N{NO-BREAK SPACE}% of their norm.",
    "accuracy": "The validation accuracy at epoch {epochs} is {accuracy}\N{NO-BREAK SPACE}%.",
    "early": "the batch loss is still up; more epochs will tell whether it comes back.",
}
"""With names in braces, which `str.format` fills here and `fill` of js/src/ui/format.js there."""

OUTCOMES: dict[str, Any] = {
    "thresholds": {
        "diverged": LARGEST_LOSS,
        "catapulted": CATAPULTED,
        "decayed": DECAYED,
        "learned": LEARNED,
    },
    "clean_every": CLEAN_EVERY,
    "sentences": SENTENCES,
}
"""What js/src/models/outcome.js needs to say what a training came to."""


def come_to(history: History) -> str:
    """What a training that was asked for has come to: its phase, unless that is too early to tell."""
    up = history.lost is None and history.peak > CATAPULTED and history.phase != "catapult"
    return SENTENCES["early"] if up else f"{history.phase}. {describe(history)}"


def describe(history: History) -> str:
    """What a reader should notice of a training that has ended."""
    if history.lost is not None:
        return SENTENCES["lost"].format(epoch=history.lost // history.steps_per_epoch + 1)
    at = -1 if history.learned is None else history.learned
    kept = f"{100 * history.niw_norm[at] / history.niw_norm[0]:.3g}"
    if history.phase == "catapult":
        first = SENTENCES["peak"].format(peak=f"{history.peak:.3g}")
    else:
        first = SENTENCES["unlearned" if history.learned is None else "learned"].format(kept=kept)
    accuracy = f"{100 * history.val_accuracy[-1]:.3g}"
    return f"{first} {SENTENCES['accuracy'].format(epochs=history.settings['epochs'], accuracy=accuracy)}"

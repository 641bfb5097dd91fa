"""The figures that more than one chapter draws."""

import numpy as np
import pytest

from nin_lib.figures import PHASE_COLORS, median_band, phase_map, training_panels
from nin_lib.history import History
from nin_lib.phases import Phase

EPOCHS, STEPS = 10, 4


def made_up(factor):
    """A history in the decay phase whose every curve is known: a falling one times `factor`."""
    falling = factor / np.arange(1, EPOCHS + 2)
    clean_epochs = np.array([0, 5, 10])
    return History(
        settings={"epochs": EPOCHS},
        batch_loss=factor / np.arange(1, EPOCHS * STEPS + 1),
        val_loss=2 * falling,
        val_accuracy=1 - falling / 10,
        niw_norm=3 * falling**2,
        norms={"0.weight": np.ones(EPOCHS + 1), "2.weight": 4 * falling**-factor},
        clean_epochs=clean_epochs,
        clean_loss=falling[clean_epochs],
        niw_epochs=np.array([0]),
        niw=np.ones((1, 1)),
    )


@pytest.fixture(scope="module")
def panels():
    lost = made_up(1.0)
    lost.batch_loss[6:] = np.inf
    lost.val_loss[2:] = np.inf
    lost.val_accuracy[2:] = np.nan
    lost.niw_norm[2:] = np.inf
    lost.norms["2.weight"][2:] = np.inf
    return training_panels({8.0: [made_up(c) for c in (1.0, 2.0, 4.0)], 40.0: [lost]})


def lines(figure, column):
    """The medians of a column; each comes after its band."""
    axes = {f"x{number if number > 1 else ''}" for number in (column, column + 2, column + 4)}
    traces = [trace for trace in figure.data if trace.xaxis in axes]
    assert [trace.mode for trace in traces] == ["none", "lines"] * 5
    return traces[1::2]


def test_training_panels_have_a_column_per_sigma_and_rows_of_losses_accuracy_and_norms(panels):
    titles = [note.text for note in panels.layout.annotations]
    assert titles == ["σ<sub>ε</sub> = 8<br>decay", "σ<sub>ε</sub> = 40<br>divergent"]
    for column in (1, 2):
        drawn = [
            (trace.name, trace.line.dash, (int(trace.yaxis[1:] or 1) + 1) // 2)
            for trace in lines(panels, column)
        ]
        assert drawn == [
            ("batch loss", "solid", 1),
            ("validation loss", "solid", 1),
            ("accuracy", "dash", 2),
            ("|W<sub>NI</sub>|", "solid", 3),
            ("next layer", "dash", 3),
        ]
    # each name is in the legend once
    assert [trace.showlegend for trace in panels.data] == [False, True] * 5 + [False] * 10
    # two curves of a panel differ in more than the name
    looks = [(trace.yaxis, trace.line.color, trace.line.dash) for trace in lines(panels, 1)]
    assert len(set(looks)) == len(looks)


def test_training_panels_draw_the_median_of_the_seeds(panels):
    epoch = np.append(1 / STEPS, np.arange(1, EPOCHS + 1))  # the start stands at the first step
    falling = 1 / np.arange(1, EPOCHS + 2)
    batch, loss, accuracy, niw, weights = lines(panels, 1)
    np.testing.assert_allclose(batch.x[[0, -1]], [1 / STEPS, EPOCHS])
    np.testing.assert_allclose(batch.y, 2 / (STEPS * batch.x), rtol=1e-6)
    for trace, wanted in [
        (loss, 4 * falling),
        (accuracy, 1 - 0.2 * falling),
        (niw, falling**2),  # relative to the start, the same for every seed
        (weights, falling**-2.0),
    ]:
        np.testing.assert_allclose(trace.x, epoch)
        np.testing.assert_allclose(trace.y, wanted, rtol=1e-6)


def test_training_panels_leave_what_a_divergent_run_did_not_reach_off_the_axes(panels):
    batch, loss, accuracy, niw, weights = lines(panels, 2)
    assert np.all(batch.y[6:] == np.float32(1e30)) and np.all(batch.y[:6] <= 1)
    for trace in (loss, niw, weights):
        assert np.all(trace.y[2:] == np.float32(1e30)) and np.all(trace.y[:2] < 10)
    low, high = panels.layout.yaxis3.range
    assert np.all(accuracy.y[2:] < low) and np.all(accuracy.y[:2] >= low) and high == 1


def test_phase_map_puts_each_seed_of_each_row_at_its_sigma():
    first = [[Phase.DECAY, Phase.CATAPULT], [Phase.DECAY, Phase.DIVERGENT]]
    figure = phase_map({"normal": ([8, 16], first), "uniform": ([4, 32, 64], [[Phase.DECOUPLED] * 3])})
    drawn = {
        trace.name: list(zip(trace.x, np.round(trace.y, 9).tolist(), strict=True)) for trace in figure.data
    }
    assert drawn == {
        "decoupled": [(4, 1), (32, 1), (64, 1)],
        "decay": [(8, -0.11), (8, 0.11)],
        "catapult": [(16, -0.11)],
        "divergent": [(16, 0.11)],
    }
    assert [trace.marker.color for trace in figure.data] == list(PHASE_COLORS.values())
    assert len({trace.marker.symbol for trace in figure.data}) == 4  # not told by colour alone
    axis = figure.layout.yaxis
    assert dict(zip(axis.tickvals, axis.ticktext, strict=True)) == {0: "normal", 1: "uniform"}
    assert axis.range[0] > 1.11 and axis.range[1] < -0.11  # every marker inside, the first row on top


def test_a_band_leaves_out_where_a_curve_is_missing():
    curves = np.array([[1.0, 3.0], [2.0, 4.0], [np.nan, 5.0]])
    band, median = median_band([0, 1, 2], curves, "name", "#000000")
    assert list(median.x) == [0, 1] and list(median.y) == [2, 3]
    assert list(band.x) == [0, 1, 1, 0] and np.isfinite(band.y).all()

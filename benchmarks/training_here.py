"""Training in the browser beside PyTorch, TensorFlow.js and ONNX Runtime Web, and beside the plain JavaScript before it.

Needs Fashion-MNIST (NIN_DATA_DIR, or a network), the history of the repository, a network for the two other libraries, which
are loaded into a temporary folder, some minutes and two free cores.

The step is the paper's, on Fashion-MNIST: 784-1024-10, batch 1000, float32, with the noise injection node; forward,
cross-entropy, backward, update. Ours is timed as a reader's page trains, which makes each batch of bytes and draws
its curves meanwhile; the others have their batches ready. All start from the same weights with the same batches, and the losses
of each must be PyTorch's within 1e-4. With one worker or thread all pages are as a static host sends them; for two
threads ONNX Runtime Web needs shared memory, and gets the headers of cross-origin isolation; TensorFlow.js, with them or
without, has one thread, whatever number it is told (its issue 8513). For both the gradients are written out
(training_here/): ONNX Runtime Web no longer trains by itself, and those of TensorFlow.js are many times slower.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright
from torch.nn import functional

from nin_lib.data import carry, load
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp
from nin_lib.widgets import RunExplorer, TrainingExplorer
from nin_lib.widgets.training import HashStream

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]
from conftest import QuietHandler, served  # noqa: E402
from explorer_pages import write_page  # noqa: E402
from pictures import CHROMIUM_ARGS, chromium  # noqa: E402

PACKAGES = "@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0", "onnxruntime-web@1.30.0"
SCRIPTS = {
    "TensorFlow.js": [
        *("@tensorflow/tfjs/dist/tf.min.js", "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"),
        "tensorflow.js",
    ],
    "ONNX Runtime Web": ["onnxruntime-web/dist/ort.wasm.min.js", "onnx.js"],
}  # fmt: skip
THREADS = {"TensorFlow.js": 1, "ONNX Runtime Web": 2}  # at most
ONNX = "onnx==1.23.2"
GRAPH = "import onnx, sys; onnx.save(onnx.parser.parse_model(open(sys.argv[1]).read()), sys.argv[2])"
WIDTHS, BATCH, STEPS, ETA, SIGMA, SEED = (784, 1024, 10), 1000, 10, 0.01, 50.0, 0
REPEATS, CLOSE = 5, 1e-4
BEFORE = "c443159"  # the last commit whose net was plain JavaScript
PLACES = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {} }});"
# Epochs a second of trainings on digits as the explorer starts them.
DIGITS = """() => {
  const since = performance.now();
  let last;
  for (last of explorer.train({ sigma_eps: 10, eta: 0.2, batch_size: 128, seed: 0 }));
  return { losses: Array.from(last.batch_loss), seconds: (performance.now() - since) / 1000 / 20 };
}"""


class Isolated(QuietHandler):
    """Sends what lets a page share memory between threads."""

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


def start():
    """The net, its node and the first batches of the training that a page starts."""
    data = load("fashion_mnist")
    net = mlp(WIDTHS, HashStream(SEED, "weights"), torch.float32)
    node = NoiseInjection(net, "0", SIGMA, seed=HashStream(SEED, "nin"))
    eps = node.sample(len(data.x_train))
    order = torch.from_numpy(HashStream(SEED, "order").permutation(len(data.x_train)))
    some = order[: STEPS * BATCH].split(BATCH)
    return net, node, [(data.x_train[batch], data.y_train[batch], eps[batch]) for batch in some]


def by_pytorch(net, node, batches):
    """A function that trains with so many threads; losses, and seconds a step."""
    first = {name: value.clone() for name, value in net.state_dict().items()}

    def training(threads):
        torch.set_num_threads(threads)
        net.load_state_dict(first)
        optimizer, losses, since = torch.optim.SGD(net.parameters(), ETA), [], time.perf_counter()
        for x, y, eps in batches:
            optimizer.zero_grad()
            with node.noise(eps):
                loss = functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return {"losses": losses, "seconds": (time.perf_counter() - since) / STEPS}

    return training


def write_batches(folder, net, batches):
    """What the other libraries start from, as arrays of float32."""
    x, y, eps = (torch.cat(parts) for parts in zip(*batches, strict=True))
    arrays = {
        **{"W0": net[0].weight.T, "w_ni": net[0].nin_weight, "W1": net[2].weight.T},
        **{"x": x, "y": functional.one_hot(y, WIDTHS[2]), "eps": eps},
    }
    for name, array in arrays.items():
        (folder / f"{name}.f32").write_bytes(array.detach().float().contiguous().numpy().tobytes())


def install(folder):
    """The other libraries, and the step as a graph."""
    programs = Path(sys.executable).parent
    path = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *PACKAGES]
    subprocess.run(npm, env=os.environ | path, check=True, stdout=subprocess.DEVNULL)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", folder / "onnx", ONNX]
    subprocess.run(pip, check=True)
    graph = [sys.executable, "-c", GRAPH, HERE / "training_here/step.onnx.txt", folder / "step.onnx"]
    subprocess.run(graph, env=os.environ | {"PYTHONPATH": str(folder / "onnx")}, check=True)


def script_before(folder):
    """The explorer that trains on digits, as it was before."""
    subprocess.run(["git", "archive", "-o", folder / "before.tar", BEFORE, "nin_lib"], cwd=ROOT, check=True)
    shutil.unpack_archive(folder / "before.tar", folder / "before", filter="data")
    package = folder / "before/nin_lib/widgets/js"
    (package / "node_modules").symlink_to(ROOT / "nin_lib/widgets/js/node_modules")
    node = Path(sys.executable).with_name("node")
    subprocess.run([node, "build.js"], cwd=package, check=True)
    program = "from nin_lib.widgets import TrainingExplorer; print(TrainingExplorer.script())"
    command = [sys.executable, "-c", program]  # which imports what lies in the folder it runs in
    script = subprocess.run(command, cwd=folder / "before", check=True, capture_output=True).stdout.decode()
    assert "WebAssembly" not in script
    return script


def write_site(folder):
    """A page with the explorer of stored runs, and what it loads to train."""
    explorer = RunExplorer("fig3-ce", sigma_eps=SIGMA, eta=ETA, seed=SEED, epochs=1)
    write_page(folder, explorer, "<script>globalThis.ninImages = 'images/'</script>")
    (folder / "images").mkdir()
    carry(folder / "images")
    (folder / "training-here.js").write_text(RunExplorer.training_script(), encoding="utf-8")
    (folder / "empty.html").write_text("<!doctype html><title>empty</title>", encoding="utf-8")


def our_page(browser, base, workers):
    page = browser.new_page()
    page.add_init_script(PLACES.format(workers))
    page.goto(f"{base}/runs.html")
    page.add_script_tag(path=HERE / "training_here/page.js")
    page.evaluate("setUp()")
    return page


def their_page(browser, base, library, threads):
    page = browser.new_page()
    page.goto(f"{base}/empty.html")
    *packages, ours = SCRIPTS[library]
    for script in packages:
        page.add_script_tag(url=f"{base}/node_modules/{script}")
    for script in ("batches.js", ours):
        page.add_script_tag(path=HERE / "training_here" / script)
    assert page.evaluate("crossOriginIsolated") == (threads > 1)
    page.evaluate("setUp", threads)
    return page


def digits_page(browser, script):
    page = browser.new_page()
    page.add_script_tag(content=script)
    return page


def measure(trainings):
    """Seconds a step, or an epoch, of each training, which are run in turns, the first time to warm up; and their last losses."""
    seconds, losses = {name: [] for name in trainings}, {}
    for repeat in range(-1, REPEATS):
        for name, training in trainings.items():
            run = training()
            losses[name] = run["losses"]
            if repeat >= 0:
                seconds[name].append(run["seconds"])
    return seconds, losses


def check(losses, reference, rows):
    """Every training begins as the reference does."""
    for name, values in losses.items():
        for ours, theirs in zip(values[:rows], reference[:rows], strict=True):
            assert abs(ours - theirs) <= CLOSE * theirs, f"{name}: {values[:rows]} is not {reference[:rows]}"


def row(title, unit, seconds, yardstick, measured, goal):
    """The rate of one over that of the other, in the median of the repeats."""
    ratio = statistics.median(a / b for a, b in zip(seconds[yardstick], seconds[measured], strict=True))
    beside, here = (f"{1e3 * statistics.median(seconds[name]):.3g} ms" for name in (yardstick, measured))
    verdict = "met" if ratio >= goal else "MISSED"
    print(f"| {title}: {unit} | {beside} | {here} | {ratio:.2f} | >= {goal} | {verdict} |", flush=True)


def steps_of(browser, bases, pytorch):
    """What trains with so many workers or threads, by name."""
    trainings = {}
    for n, base in enumerate(bases, 1):
        pages = {"ours": our_page(browser, bases[0], n)}
        pages |= {name: their_page(browser, base, name, n) for name, most in THREADS.items() if n <= most}
        trainings |= {(name, n): lambda page=page: page.evaluate("train()") for name, page in pages.items()}
        trainings["PyTorch", n] = lambda n=n: pytorch(n)
    return trainings


def main():
    print("| benchmark | yardstick | measured | ratio | goal | |\n|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as name,
        sync_playwright() as playwright,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        net, node, batches = start()
        install(folder)
        write_site(folder)
        write_batches(folder, net, batches)
        bases = [stack.enter_context(served(folder, handler)) for handler in (QuietHandler, Isolated)]
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        seconds, losses = measure(steps_of(browser, bases, by_pytorch(net, node, batches)))
        check(losses, losses["PyTorch", 1], STEPS)
        for yardstick, n in seconds:
            if yardstick != "ours":
                title = f"rate with {n} worker{'s' * (n > 1)} over {yardstick} with {n} thread{'s' * (n > 1)}"
                goal = 0.5 if yardstick == "PyTorch" else 1
                row(title, "time of a step", seconds, (yardstick, n), ("ours", n), goal)
        pages = {
            "before": digits_page(browser, script_before(folder)),
            "now": digits_page(browser, TrainingExplorer.script()),
        }
        seconds, losses = measure({k: lambda page=page: page.evaluate(DIGITS) for k, page in pages.items()})
        check(losses, losses["before"], STEPS)
        title = "digits in float64, rate over plain JavaScript"
        row(title, "time of an epoch", seconds, "before", "now", 2)
        browser.close()


if __name__ == "__main__":
    main()

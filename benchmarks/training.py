"""Training at full size (784-1024-10, batch 1,000, float32, one thread), each time beside its yardstick in one run.

Needs Fashion-MNIST (NIN_DATA_DIR, or a network), about two minutes and two free cores. The usual way to load images is
torchvision's; where it is not installed, the same steps in plain torch stand for it, which are much faster.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time

import joblib
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from nin_lib.data import Data, load
from nin_lib.injection import NoiseInjection
from nin_lib.networks import mlp
from nin_lib.sweep import sweep
from nin_lib.training import train, train_mlp

WIDTHS, BATCH, STEPS, REPEATS, RUNS = (784, 1024, 10), 1000, 5, 9, 8
FULL = "from nin_lib.training import train_mlp; train_mlp(50.0, 0, data='fashion_mnist', hidden=(1024,), epochs=1)"


def processor_seconds(work):
    """Processor time, which another program on the machine disturbs less than the clock on the wall."""
    start = time.process_time()
    work()
    return time.process_time() - start


def products():
    """The matrix products of one step, forward and backward, and nothing else."""
    x, z, output = (torch.randn(BATCH, width) for width in WIDTHS)
    w_in, w_out = torch.randn(WIDTHS[1], WIDTHS[0]), torch.randn(WIDTHS[2], WIDTHS[1])
    buffers = [torch.empty(shape) for shape in (z.shape, output.shape, w_out.shape, z.shape, w_in.shape)]

    def work():
        for _ in range(STEPS):
            torch.mm(x, w_in.T, out=buffers[0])
            torch.mm(z, w_out.T, out=buffers[1])
            torch.mm(output.T, z, out=buffers[2])
            torch.mm(output, w_out, out=buffers[3])
            torch.mm(z.T, x, out=buffers[4])

    return work


def more_epochs(data, nin):
    """Processor time of one epoch of `train`, from the third on: what is done once does not count."""

    def epochs(n):
        net = mlp(WIDTHS, dtype=torch.float32)
        node = NoiseInjection(net, "0", sigma_eps=50.0) if nin else None
        return processor_seconds(lambda: train(net, data, eta=0.01, batch_size=BATCH, epochs=n, nin=node))

    return (epochs(4) - epochs(2)) / 2


def few(data):
    """As much data as STEPS steps need, with next to nothing to evaluate."""
    n = STEPS * BATCH
    return Data("few", data.x_train[:n], data.y_train[:n], data.x_val[:1], data.y_val[:1], data.digest)


MEAN, DEVIATION = 0.286, 0.353
try:
    from PIL import Image
    from torchvision.transforms import Compose, Normalize, ToTensor

    LOADER = "torchvision's data set"
    standardise = Compose([Image.fromarray, ToTensor(), Normalize((MEAN,), (DEVIATION,))])
except ImportError:
    LOADER = "a plain data set"

    def standardise(picture):
        return (torch.from_numpy(picture[None]).float().div(255) - MEAN) / DEVIATION


class Images(Dataset):
    """What a data set of images usually is: a picture, turned into a standardised tensor when it is asked for."""

    def __init__(self, x, y):
        self.pixels = ((x - x.min()) * 90).to(torch.uint8).reshape(-1, 28, 28).numpy()
        self.y = y.tolist()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return standardise(self.pixels[i]), self.y[i]


def usual_epoch(data):
    """One epoch and its validation through `DataLoader`."""
    net = torch.nn.Sequential(torch.nn.Flatten(), mlp(WIDTHS, dtype=torch.float32))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    training = DataLoader(Images(data.x_train, data.y_train), BATCH, shuffle=True)
    validation = DataLoader(Images(data.x_val, data.y_val), BATCH)

    def work():
        for x, y in training:
            optimizer.zero_grad()
            functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            sum((net(x).argmax(1) == y).sum().item() for x, y in validation)

    return work


def sweep_seconds(jobs):
    """Wall time of a sweep once its worker processes stand."""
    with tempfile.TemporaryDirectory() as out:
        settings = {"hidden": [512], "batch_size": 359}
        sweep(train_mlp, [1.0], range(jobs), out, jobs=jobs, epochs=1, **settings)
        start = time.perf_counter()
        sweep(train_mlp, [1.0], range(RUNS), out, jobs=jobs, epochs=100, **settings)
        return time.perf_counter() - start


def multiply():
    torch.set_num_threads(1)
    for _ in range(40):
        products()()


def product_seconds(jobs):
    """Wall time of bare matrix products, so many processes at a time: what two cores are worth on this machine."""
    with joblib.Parallel(n_jobs=jobs) as pool:
        pool(joblib.delayed(multiply)() for _ in range(jobs))
        start = time.perf_counter()
        pool(joblib.delayed(multiply)() for _ in range(RUNS))
        return time.perf_counter() - start


def main():
    torch.set_num_threads(1)
    data = load("fashion_mnist")
    works = {
        "products": lambda: processor_seconds(products()),
        "with": lambda: more_epochs(few(data), nin=True),
        "without": lambda: more_epochs(few(data), nin=False),
    }
    times = {name: [] for name in works}
    for repeat in range(-1, REPEATS):
        for name, work in works.items():
            spent = work() / STEPS
            if repeat >= 0:
                times[name].append(spent)
    milliseconds = {name: f"{1e3 * statistics.median(spent):.1f} ms" for name, spent in times.items()}

    def ratio(a, b):
        return statistics.median(x / y for x, y in zip(times[a], times[b], strict=True))

    usual, ours = processor_seconds(usual_epoch(data)), more_epochs(data, nin=True)
    one, two = sweep_seconds(1), sweep_seconds(2)
    bare = product_seconds(1) / product_seconds(2)
    subprocess.run([sys.executable, "-c", FULL], check=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    rows = [
        ("rate of a step with a NIN over its matrix products alone", milliseconds["products"], milliseconds["with"],
         ratio("products", "with"), ">=", 0.75),
        ("time of a step with a NIN over one without", milliseconds["without"], milliseconds["with"],
         ratio("with", "without"), "<=", 1.10),
        (f"epochs a second over DataLoader on {LOADER}", f"{usual:.2f} s", f"{ours:.2f} s", usual / ours, ">=", 3),
        ("rate of a sweep with 2 jobs over 1", f"{one:.1f} s", f"{two:.1f} s", one / two, ">=", 1.8),
        ("that gain over the gain of bare matrix products", f"{bare:.2f}", f"{one / two:.2f}", one / two / bare, ">=", 0.9),
        ("peak memory of a full run in GB", "", "", memory, "<=", 1.5),
    ]  # fmt: skip
    print("| benchmark | yardstick | nin_lib | ratio | goal | |\n|---|---|---|---|---|---|")
    for title, yardstick, measured, value, relation, goal in rows:
        met = value >= goal if relation == ">=" else value <= goal
        print(
            f"| {title} | {yardstick} | {measured} | {value:.2f} | {relation} {goal} | {'met' if met else 'MISSED'} |"
        )


if __name__ == "__main__":
    main()

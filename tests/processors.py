"""Other processors, as far as this one can play them: the switches of the numerical libraries.

    python tests/processors.py plain     print the switches of a setting, as `env` takes them
    python tests/processors.py           try each switch, and say what it changes here

Each library picks its kernels by the processor that it finds. A switch makes it pick those of a lesser one, which round
differently. Only lesser ones are tried: kernels for instructions that a processor lacks end in "illegal instruction".
"""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np

# NumPy names what it can dispatch to, and only what the processor has can be disabled.
_BEYOND_BASELINE = [
    feature
    for feature in np._core._multiarray_umath.__cpu_dispatch__
    if np._core._multiarray_umath.__cpu_features__.get(feature)
]
_AVX512 = [f for f in _BEYOND_BASELINE if "AVX512" in f or f == "X86_V4"]

SETTINGS = {
    "native": {},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",  # torch's own loops
        "MKL_CBWR": "AVX2",  # torch's matrix products, where they are MKL's
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch's convolutions
        "OPENBLAS_CORETYPE": "Haswell",  # NumPy's and SciPy's matrix products
        "NPY_DISABLE_CPU_FEATURES": ",".join(_AVX512),  # NumPy's own loops
    },
    "plain": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": ",".join(_BEYOND_BASELINE),
    },
}
"""Name: the switches. "plain" has the plainest kernels of each library, which every x86-64 processor can run."""


def environment(setting, threads=1):
    """The environment of a process in a setting of `SETTINGS`."""
    ours = {switch: value for switch, value in SETTINGS[setting].items() if value}
    kept = {key: value for key, value in os.environ.items() if key not in SETTINGS["plain"]}
    return kept | ours | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def results():
    """Of each kernel that the book rests on, a short hash of what it computes here."""
    import scipy.linalg
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(0)
    a, x, image = (
        rng.standard_normal((128, 128)),
        rng.uniform(0.1, 5, 4097),
        rng.standard_normal((8, 1, 8, 8)),
    )
    a, x, image = map(torch.from_numpy, (a, x, image))
    computed = {
        f"numpy {name}": getattr(np, name)(x.numpy())
        for name in ("exp", "log", "tanh", "sum", "var", "log10")
    }
    computed |= {
        "numpy power": x.numpy() ** 1.7,
        "numpy geomspace": np.geomspace(11.08, 15.9, 241),
        "numpy matmul": a.numpy() @ a.numpy(),
        "scipy eigh": scipy.linalg.eigh((a @ a.T).numpy().round(6))[0],
    }
    for kind in (torch.float64, torch.float32):
        b, z, kernel = a.to(kind), x.to(kind), image[:, :, :3, :3].to(kind)
        computed |= {f"{kind} {name}": getattr(torch, name)(z) for name in ("exp", "log", "tanh", "sum")}
        computed |= {
            f"{kind} matmul": b @ b,
            f"{kind} log_softmax": functional.log_softmax(b, 1),
            f"{kind} conv2d": functional.conv2d(image.to(kind), kernel, padding=1),
        }
    return {name: hashlib.sha256(np.asarray(value).tobytes()).hexdigest() for name, value in computed.items()}


def report():
    """Try each switch of each setting by itself; returns one row (setting, switch, what it does here) for each."""

    def computed(switches):
        code = "import json, processors; print(json.dumps(processors.results()))"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment("native") | switches,
            cwd=os.path.dirname(os.path.abspath(__file__)),
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"])[-1]
            return None, f"REFUSED: {last}"
        return json.loads(done.stdout), ""

    before, rows = computed({})[0], []
    for setting, switches in SETTINGS.items():
        for switch, value in switches.items():
            if not value:
                rows.append((setting, switch, "nothing to switch off on this processor"))
                continue
            after, refused = computed({switch: value})
            changed = [name for name in before if after and after[name] != before[name]]
            effect = f"changes {', '.join(changed)}" if changed else "CHANGES NOTHING HERE"
            rows.append((setting, f"{switch}={value}", refused or effect))
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(" ".join(f"{switch}={value}" for switch, value in SETTINGS[sys.argv[1]].items() if value))
    else:
        for row in report():
            print("{:8} {:40} {}".format(*row))

// What a training of another library starts from: weights and batches, as training_here.py has written them beside the page.

const [ROWS, PIXELS, UNITS, CLASSES, ETA] = [1000, 784, 1024, 10, 0.01];

/** @param {string} name */
const load = async name => new Float32Array(await (await fetch(`${name}.f32`)).arrayBuffer());

async function loadWeights() {
  return { W0: await load("W0"), w_ni: await load("w_ni"), W1: await load("W1") };
}

async function loadBatches() {
  const [x, y, eps] = [await load("x"), await load("y"), await load("eps")];
  const rows = (numbers, k, width) => numbers.subarray(k * ROWS * width, (k + 1) * ROWS * width);
  return Array.from({ length: eps.length / ROWS }, (_, k) => ({
    x: rows(x, k, PIXELS),
    y: rows(y, k, CLASSES),
    eps: rows(eps, k, 1),
  }));
}

// A training by ONNX Runtime Web: the step is a graph (step.onnx.txt), which takes weights and returns new ones.

/** @param {number} threads */
async function setUp(threads) {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = new URL("node_modules/onnxruntime-web/dist/", location.href).href;
  const session = await ort.InferenceSession.create("step.onnx", { executionProviders: ["wasm"] });
  const tensor = (numbers, shape) => new ort.Tensor("float32", numbers, shape);
  const batches = (await loadBatches()).map(({ x, y, eps }) => ({
    x: tensor(x, [ROWS, PIXELS]),
    y: tensor(y, [ROWS, CLASSES]),
    one_and_eps: tensor(
      Float32Array.from({ length: 2 * ROWS }, (_, k) => (k % 2 ? eps[k >> 1] : 1)),
      [ROWS, 2],
    ),
  }));
  const { W0, w_ni, W1 } = await loadWeights();
  const b0_and_w_ni = new Float32Array(2 * UNITS);
  b0_and_w_ni.set(w_ni, UNITS);
  const start = {
    W0: tensor(W0, [PIXELS, UNITS]),
    b0_and_w_ni: tensor(b0_and_w_ni, [2, UNITS]),
    W1: tensor(W1, [UNITS, CLASSES]),
    b1: tensor(new Float32Array(CLASSES), [1, CLASSES]),
  };

  globalThis.train = async () => {
    let weights = start;
    const losses = [];
    const since = performance.now();
    for (const batch of batches) {
      const { loss, ...news } = await session.run({ ...batch, ...weights });
      losses.push(loss.data[0]);
      weights = Object.fromEntries(Object.keys(start).map(name => [name, news[`new_${name}`]]));
    }
    return { losses, seconds: (performance.now() - since) / 1000 / batches.length };
  };
}

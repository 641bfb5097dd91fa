// A training by TensorFlow.js on its backend of WebAssembly. The gradients are written out: its own ones multiply transposed
// matrices, which this backend does by a plain loop that takes many times as long as to transpose first.

async function setUp() {
  tf.wasm.setWasmPaths(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", location.href).href);
  await tf.setBackend("wasm");
  const batches = (await loadBatches()).map(numbers => {
    const x = tf.tensor2d(numbers.x, [ROWS, PIXELS]);
    const [y, eps] = [tf.tensor2d(numbers.y, [ROWS, CLASSES]), tf.tensor2d(numbers.eps, [ROWS, 1])];
    return { x, y, eps, xT: tf.transpose(x), epsT: tf.transpose(eps) };
  });
  const numbers = await loadWeights();
  const start = {
    W0: tf.tensor2d(numbers.W0, [PIXELS, UNITS]),
    b0: tf.zeros([1, UNITS]),
    w_ni: tf.tensor2d(numbers.w_ni, [1, UNITS]),
    W1: tf.tensor2d(numbers.W1, [UNITS, CLASSES]),
    b1: tf.zeros([1, CLASSES]),
  };
  const weights = Object.fromEntries(
    Object.entries(start).map(([name, value]) => [name, tf.variable(value)]),
  );

  globalThis.train = async () => {
    for (const [name, value] of Object.entries(start)) weights[name].assign(tf.clone(value));
    const losses = [];
    const since = performance.now();
    for (const batch of batches) losses.push(tf.tidy(() => step(weights, batch)));
    return { losses, seconds: (performance.now() - since) / 1000 / batches.length };
  };
}

function step(weights, { x, y, eps, xT, epsT }) {
  const { W0, b0, w_ni, W1, b1 } = weights;
  const z = tf.add(tf.add(tf.matMul(x, W0), b0), tf.matMul(eps, w_ni));
  const h = tf.relu(z);
  const logs = tf.logSoftmax(tf.add(tf.matMul(h, W1), b1));
  const loss = -tf.sum(tf.mul(y, logs)).dataSync()[0] / ROWS;
  const toOut = tf.div(tf.sub(tf.exp(logs), y), ROWS);
  const toZ = tf.mul(tf.matMul(toOut, tf.transpose(W1)), tf.step(z));
  const gradients = {
    W0: tf.matMul(xT, toZ),
    b0: tf.sum(toZ, 0, true),
    w_ni: tf.matMul(epsT, toZ),
    W1: tf.matMul(tf.transpose(h), toOut),
    b1: tf.sum(toOut, 0, true),
  };
  for (const [name, gradient] of Object.entries(gradients)) {
    weights[name].assign(tf.sub(weights[name], tf.mul(ETA, gradient)));
  }
  return loss;
}

// Fashion-MNIST as nin_lib.data.load has it: the official files, unpacked, in the order of its split, and held against its digest.

const PIXELS = 784;

/**
 * @typedef {object} Images
 * @property {Uint8Array} pixels image after image, those to train on first
 * @property {Uint8Array} labels
 * @property {number} train how many of them are to train on
 * @property {Float32Array} table what stands for each pixel, standardised
 */
/**
 * @typedef {object} ImagesSource
 * @property {string[]} files images and labels to train on, then those to test
 * @property {string} order a file of little-endian 32-bit numbers: which image stands at each place
 * @property {number} train
 * @property {number} mean of the pixels to train on
 * @property {number} deviation
 * @property {number} bytes of all files
 * @property {string} digest SHA-256 of pixels and labels in that order, in hex
 */

/** What a reader is told. */
export class ImagesError extends Error {}

/**
 * What a gzipped IDX file holds: after 4 bytes of magic number, one 4-byte length per dimension.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 */
async function unpacked(stream) {
  const bytes = new Uint8Array(
    await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
  );
  return bytes.subarray(4 + 4 * bytes[3]);
}

/** @param {string} address */
async function get(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new ImagesError(`The images cannot be loaded: there is no ${address}.`);
  return response;
}

/**
 * The response as a stream that tells how many bytes came.
 * @param {Response} response
 * @param {(bytes: number) => void} came
 */
function counted({ body }, came) {
  const counter = new TransformStream({
    transform(chunk, controller) {
      came(chunk.length);
      controller.enqueue(chunk);
    },
  });
  return /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (body).pipeThrough(counter);
}

/**
 * @param {string} folder its address
 * @param {(bytes: number, all: number) => void} tell how many have come so far, and of how many
 * @returns {Promise<Images>}
 */
export async function loadImages(folder, tell) {
  /** @type {ImagesSource} */
  const source = await (await get(`${folder}images.json`)).json();
  let bytes = 0;
  const came = (/** @type {number} */ n) => tell((bytes += n), source.bytes);
  const [order, ...parts] = await Promise.all([
    get(folder + source.order).then(response => response.arrayBuffer()),
    ...source.files.map(async name => unpacked(counted(await get(folder + name), came))),
  ]).catch(error => {
    const damaged = `The images cannot be read (${error.message}): a file is truncated or altered.`;
    throw error instanceof ImagesError ? error : new ImagesError(damaged);
  });
  const { pixels, labels, both } = inOrder(parts, new Uint32Array(order));
  await check(both, source.digest);
  const [mean, deviation] = [Math.fround(source.mean), Math.fround(source.deviation)];
  // what NumPy computes in float32
  const table = Float32Array.from({ length: 256 }, (_, pixel) => Math.fround(pixel - mean) / deviation);
  return { pixels, labels, train: source.train, table };
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} digest
 */
async function check(bytes, digest) {
  if (!globalThis.crypto?.subtle) {
    throw new ImagesError("The images cannot be checked: browsers do so only on pages that come over https.");
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (Array.from(hash, byte => byte.toString(16).padStart(2, "0")).join("") !== digest) {
    throw new ImagesError("The images are not the official ones: a file is truncated or altered.");
  }
}

/**
 * @param {Uint8Array[]} parts pixels and labels of two sets of images
 * @param {Uint32Array} places
 */
function inOrder([trainPixels, trainLabels, testPixels, testLabels], places) {
  const n = places.length;
  const both = new Uint8Array(n * (PIXELS + 1));
  const [pixels, labels] = [both.subarray(0, n * PIXELS), both.subarray(n * PIXELS)];
  places.forEach((place, i) => {
    const later = place - trainLabels.length;
    const [from, k, label] =
      later < 0 ? [trainPixels, place, trainLabels[place]] : [testPixels, later, testLabels[later]];
    pixels.set(from.subarray(k * PIXELS, (k + 1) * PIXELS), i * PIXELS);
    labels[i] = label;
  });
  return { pixels, labels, both };
}

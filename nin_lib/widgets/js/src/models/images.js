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

/**
 * The response as a stream that tells how many bytes came.
 * @param {string} address
 * @param {(bytes: number) => void} came
 */
async function fetched(address, came) {
  const response = await fetch(address);
  if (!response.ok || !response.body)
    throw new ImagesError(`${address} cannot be loaded (${response.status}).`);
  const counted = new TransformStream({
    transform(chunk, controller) {
      came(chunk.length);
      controller.enqueue(chunk);
    },
  });
  return response.body.pipeThrough(counted);
}

/**
 * @param {string} base address of the folder
 * @param {ImagesSource} source
 * @param {(bytes: number) => void} tell how many have come so far
 * @returns {Promise<Images>}
 */
export async function loadImages(base, { files, order, train, mean, deviation, digest }, tell) {
  let bytes = 0;
  const came = (/** @type {number} */ n) => tell((bytes += n));
  let parts;
  try {
    const numbers = fetched(base + order, came).then(stream => new Response(stream).arrayBuffer());
    parts = await Promise.all([
      ...files.map(async name => unpacked(await fetched(base + name, came))),
      numbers.then(buffer => new Uint8Array(buffer)),
    ]);
  } catch (error) {
    if (error instanceof ImagesError) throw error;
    throw new ImagesError(`The images cannot be loaded: ${/** @type {Error} */ (error).message}.`);
  }
  const places = new Uint32Array(parts[4].buffer, 0, parts[4].length >> 2);
  const { pixels, labels, both } = inOrder(parts, places);
  if (!globalThis.crypto?.subtle) {
    throw new ImagesError("The images cannot be checked: browsers do so only on pages that come over https.");
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", both));
  if (Array.from(hash, byte => byte.toString(16).padStart(2, "0")).join("") !== digest) {
    throw new ImagesError("The images are not those of the official files: a file is truncated or altered.");
  }
  // what NumPy computes in float32
  const table = Float32Array.from({ length: 256 }, (_, pixel) =>
    Math.fround(Math.fround(pixel - Math.fround(mean)) / Math.fround(deviation)),
  );
  return { pixels, labels, train, table };
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

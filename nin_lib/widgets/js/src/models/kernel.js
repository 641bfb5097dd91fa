// The kernel of ../kernel in a memory of its own: a module of WebAssembly, made by asc as the explorers are built.

/**
 * @typedef {Float32Array | Float64Array} Numbers of one type in a kernel
 * @typedef {typeof Float32Array | typeof Float64Array} NumbersType
 */
const PAGE = 65536; // bytes
const TILE_ROWS = 6;
const BLOCK = 512; // so much of a sum at a time that the panels stay in the processor's cache

/** @param {number} rows */
export const tiled = rows => TILE_ROWS * Math.ceil(rows / TILE_ROWS);

/**
 * Zeros for each of these names, so many of each, in the memory of a kernel, and what it computes with such arrays.
 * @template {string} Name
 * @param {BufferSource} code
 * @param {NumbersType} Type f32 or f64, as of the code
 * @param {Record<Name, number>} sizes
 * @param {number} mostPacked numbers in the larger factor of a product, its rows or columns tiled
 */
export function createKernel(code, Type, sizes, mostPacked) {
  const size = Type.BYTES_PER_ELEMENT;
  let bytes = 16; // a pointer is not 0
  /** @param {number} n */
  const place = n => {
    const at = bytes;
    bytes += 16 * Math.ceil((n * size) / 16);
    return at;
  };
  const places = Object.entries(/** @type {Record<string, number>} */ (sizes)).map(([name, n]) => ({
    name,
    n,
    at: place(n),
  }));
  const [a, b] = [place(mostPacked), place(mostPacked)];
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const run = /** @type {Record<string, (...numbers: number[]) => void>} */ (instance.exports);
  const arrays = /** @type {Record<Name, Numbers>} */ (
    Object.fromEntries(places.map(({ name, n, at }) => [name, new Type(memory.buffer, at, n)]))
  );
  return {
    arrays,
    /**
     * C[i, j] = sum over k < K of A[i, k] B[k, j], where A[i, k] = A[i ai + k ak] and likewise B, for M rows and N columns,
     * which fill two vectors of 16 bytes each; C has room for `tiled(M)` rows.
     * @type {(M: number, N: number, K: number, A: Numbers, ai: number, ak: number, B: Numbers, bk: number, bj: number, C: Numbers) => void}
     */
    multiply(M, N, K, A, ai, ak, B, bk, bj, C) {
      run.packRows(M, K, A.byteOffset, ai, ak, a);
      run.packColumns(K, N, B.byteOffset, bk, bj, b);
      run.multiplyPacked(M, N, K, a, b, C.byteOffset, BLOCK);
    },
    /** h = max(h + b + eps w, 0), row by row. @type {(rows: number, h: Numbers, b: Numbers, w: Numbers, eps: Numbers) => void} */
    activate: (rows, h, b, w, eps) =>
      run.activate(rows, b.length, h.byteOffset, b.byteOffset, w.byteOffset, eps.byteOffset),
    /**
     * d = 0 where h is not positive; over the rows, b becomes the sum of d and w that of eps d.
     * @type {(rows: number, h: Numbers, d: Numbers, b: Numbers, w: Numbers, eps: Numbers) => void}
     */
    deactivate: (rows, h, d, b, w, eps) =>
      run.deactivate(rows, b.length, h.byteOffset, d.byteOffset, b.byteOffset, w.byteOffset, eps.byteOffset),
    /** to += factor from. @type {(to: Numbers, from: Numbers, factor: number) => void} */
    add: (to, from, factor) => run.add(to.length, to.byteOffset, from.byteOffset, factor),
  };
}

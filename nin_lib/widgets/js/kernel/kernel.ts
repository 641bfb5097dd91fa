// AssemblyScript: what a network's training spends its time on, for numbers of a type T, f32 or f64. float32.ts and float64.ts
// export it. Pointers are bytes; the arrays lie in the memory where models/kernel.js puts them, with room for whole tiles.

const ROWS: i32 = 6; // of a tile, whose sums fill twelve of the sixteen registers that a processor has at least

function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

function at<T>(array: usize, i: i32): usize {
  return array + <usize>i * sizeof<T>();
}

// a b + c; where the processor may, in one rounding
function fused<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

// The tile of C at c, 6 rows of two vectors, plus the sum over K of a column of the panel a times a row of the panel b. Its sums
// are loaded before the loop: added after it, the loop runs at half the rate.
function tile<T>(K: i32, a: usize, b: usize, c: usize, columns: i32): void {
  const row = at<T>(0, columns);
  const width: usize = 2 * lanes<T>() * sizeof<T>();
  let q = c;
  let c00 = v128.load(q),
    c01 = v128.load(q, 16);
  q += row;
  let c10 = v128.load(q),
    c11 = v128.load(q, 16);
  q += row;
  let c20 = v128.load(q),
    c21 = v128.load(q, 16);
  q += row;
  let c30 = v128.load(q),
    c31 = v128.load(q, 16);
  q += row;
  let c40 = v128.load(q),
    c41 = v128.load(q, 16);
  q += row;
  let c50 = v128.load(q),
    c51 = v128.load(q, 16);
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b),
      b1 = v128.load(b, 16);
    let x = v128.splat<T>(load<T>(a));
    c00 = fused<T>(x, b0, c00);
    c01 = fused<T>(x, b1, c01);
    x = v128.splat<T>(load<T>(a, sizeof<T>()));
    c10 = fused<T>(x, b0, c10);
    c11 = fused<T>(x, b1, c11);
    x = v128.splat<T>(load<T>(a, 2 * sizeof<T>()));
    c20 = fused<T>(x, b0, c20);
    c21 = fused<T>(x, b1, c21);
    x = v128.splat<T>(load<T>(a, 3 * sizeof<T>()));
    c30 = fused<T>(x, b0, c30);
    c31 = fused<T>(x, b1, c31);
    x = v128.splat<T>(load<T>(a, 4 * sizeof<T>()));
    c40 = fused<T>(x, b0, c40);
    c41 = fused<T>(x, b1, c41);
    x = v128.splat<T>(load<T>(a, 5 * sizeof<T>()));
    c50 = fused<T>(x, b0, c50);
    c51 = fused<T>(x, b1, c51);
    a += ROWS * sizeof<T>();
    b += width;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += row;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += row;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += row;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += row;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  c += row;
  v128.store(c, c50);
  v128.store(c, c51, 16);
}

// Panels of 6 rows of A[i, k] = A[i ai + k ak], column after column; rows beyond M are zero.
export function packRows<T>(M: i32, K: i32, a: usize, ai: i32, ak: i32, to: usize): void {
  for (let i = 0; i < M; i += ROWS) {
    const whole = i + ROWS <= M;
    for (let k = 0; k < K; k++) {
      const from = at<T>(a, i * ai + k * ak);
      for (let r = 0; r < ROWS; r++) {
        store<T>(to, whole || i + r < M ? load<T>(at<T>(from, r * ai)) : <T>0);
        to += sizeof<T>();
      }
    }
  }
}

// Panels of two vectors of columns of B[k, j] = B[k bk + j bj], row after row; N fills them.
export function packColumns<T>(K: i32, N: i32, b: usize, bk: i32, bj: i32, to: usize): void {
  const width = 2 * lanes<T>();
  for (let j = 0; j < N; j += width) {
    for (let k = 0; k < K; k++) {
      const from = at<T>(b, k * bk + j * bj);
      if (bj == 1) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        to += 32;
      } else {
        for (let r = 0; r < width; r++) {
          store<T>(to, load<T>(at<T>(from, r * bj)));
          to += sizeof<T>();
        }
      }
    }
  }
}

// C = A B of packed A, M x K, and B, K x N; C has room for rows up to a multiple of 6.
export function multiplyPacked<T>(M: i32, N: i32, K: i32, a: usize, b: usize, c: usize, block: i32): void {
  const width = 2 * lanes<T>();
  memory.fill(c, 0, at<T>(0, ((M + ROWS - 1) / ROWS) * ROWS * N));
  for (let k = 0; k < K; k += block) {
    const some = min(block, K - k);
    for (let j = 0; j < N; j += width) {
      for (let i = 0; i < M; i += ROWS) {
        tile<T>(some, at<T>(a, i * K + ROWS * k), at<T>(b, j * K + width * k), at<T>(c, i * N + j), N);
      }
    }
  }
}

// h = max(h + b + eps w, 0), row by row; eps is one number a row.
export function activate<T>(rows: i32, columns: i32, h: usize, b: usize, w: usize, eps: usize): void {
  const zero = v128.splat<T>(<T>0);
  for (let i = 0; i < rows; i++) {
    const e = v128.splat<T>(load<T>(at<T>(eps, i)));
    for (let j = 0; j < columns; j += lanes<T>()) {
      const moved = v128.add<T>(v128.load(at<T>(b, j)), v128.mul<T>(e, v128.load(at<T>(w, j))));
      v128.store(h, v128.max<T>(v128.add<T>(v128.load(h), moved), zero));
      h += 16;
    }
  }
}

// d = 0 where h is not positive; over the rows, b gets the sum of d and w that of eps d.
export function deactivate<T>(
  rows: i32,
  columns: i32,
  h: usize,
  d: usize,
  b: usize,
  w: usize,
  eps: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  memory.fill(b, 0, at<T>(0, columns));
  memory.fill(w, 0, at<T>(0, columns));
  for (let i = 0; i < rows; i++) {
    const e = v128.splat<T>(load<T>(at<T>(eps, i)));
    for (let j = 0; j < columns; j += lanes<T>()) {
      const v = v128.and(v128.load(d), v128.gt<T>(v128.load(h), zero));
      v128.store(d, v);
      const bj = at<T>(b, j);
      const wj = at<T>(w, j);
      v128.store(bj, v128.add<T>(v128.load(bj), v));
      v128.store(wj, v128.add<T>(v128.load(wj), v128.mul<T>(e, v)));
      d += 16;
      h += 16;
    }
  }
}

// a = a + factor b for n numbers, which fill vectors.
export function add<T>(n: i32, a: usize, b: usize, factor: T): void {
  const f = v128.splat<T>(factor);
  for (let i = 0; i < n; i += lanes<T>()) {
    const to = at<T>(a, i);
    const from = at<T>(b, i);
    v128.store(to, v128.add<T>(v128.load(to), v128.mul<T>(f, v128.load(from))));
  }
}

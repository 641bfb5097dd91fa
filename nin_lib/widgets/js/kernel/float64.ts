// The kernel for numbers of type f64.

import * as kernel from "./kernel";

export function packRows(M: i32, K: i32, a: usize, ai: i32, ak: i32, to: usize): void {
  kernel.packRows<f64>(M, K, a, ai, ak, to);
}
export function packColumns(K: i32, N: i32, b: usize, bk: i32, bj: i32, to: usize): void {
  kernel.packColumns<f64>(K, N, b, bk, bj, to);
}
export function multiplyPacked(M: i32, N: i32, K: i32, a: usize, b: usize, c: usize, block: i32): void {
  kernel.multiplyPacked<f64>(M, N, K, a, b, c, block);
}
export function activate(rows: i32, columns: i32, h: usize, b: usize, w: usize, eps: usize): void {
  kernel.activate<f64>(rows, columns, h, b, w, eps);
}
export function deactivate(
  rows: i32,
  columns: i32,
  h: usize,
  d: usize,
  b: usize,
  w: usize,
  eps: usize,
): void {
  kernel.deactivate<f64>(rows, columns, h, d, b, w, eps);
}
export function add(n: i32, a: usize, b: usize, factor: f64): void {
  kernel.add<f64>(n, a, b, factor);
}

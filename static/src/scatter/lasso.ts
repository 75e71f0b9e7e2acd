// An exact lasso over flat columns that tests few points against the polygon. The polygon is rasterised into cells
// (outside, inside, rim); only points in rim cells get the exact test, so the result equals the exact test for every
// point. No canvas is read back: browsers that resist fingerprinting return noise.

import type { XY } from "../protocol";
import { emptyBits } from "./bits";

const OUTSIDE = 0;
const INSIDE = 1;
const RIM = 2;

/** Even-odd rule in float64. The server evaluates it in this order too: both select the same points, bit for bit. */
export function inPolygon(px: ArrayLike<number>, py: ArrayLike<number>, x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = px.length - 1; i < px.length; j = i++) {
    if (py[i] > y !== py[j] > y && x < px[i] + ((px[j] - px[i]) * (y - py[i])) / (py[j] - py[i])) odd = !odd;
  }
  return odd;
}

/** Cell codes of a polygon given in cell units. The rim is one cell wider than the edges: room for rounding. */
function rasterise(u: readonly number[], v: readonly number[], size: number): Uint8Array {
  const cells = new Uint8Array(size * size);
  for (let i = 0, j = u.length - 1; i < u.length; j = i++) {
    const [low, high] = v[i] < v[j] ? [i, j] : [j, i];
    const slope = v[high] > v[low] ? (u[high] - u[low]) / (v[high] - v[low]) : 0;
    const last = Math.min(size - 1, Math.floor(v[high]) + 1);
    for (let row = Math.max(0, Math.floor(v[low]) - 1); row <= last; row++) {
      let a = u[low];
      let b = u[high];
      if (slope) {
        // the part of the edge within one row of this row
        a = u[low] + slope * (Math.max(v[low], row - 1) - v[low]);
        b = u[low] + slope * (Math.min(v[high], row + 2) - v[low]);
      }
      const from = Math.max(0, Math.floor(Math.min(a, b)) - 1);
      const to = Math.min(size, Math.floor(Math.max(a, b)) + 2);
      cells.fill(RIM, row * size + from, row * size + to);
    }
  }
  for (let row = 0, k = 0; row < size; row++) {
    for (let column = 0; column < size; column++, k++) {
      // neighbours that no edge separates are alike
      if (cells[k] === RIM) continue;
      if (column && cells[k - 1] !== RIM) cells[k] = cells[k - 1];
      else if (row && cells[k - size] !== RIM) cells[k] = cells[k - size];
      else cells[k] = inPolygon(u, v, column + 0.5, row + 0.5) ? INSIDE : OUTSIDE;
    }
  }
  return cells;
}

/** Bitset of the points (x, y) inside the polygon. Call it when the pointer is released, not while it moves. */
export function lasso(x: Float32Array, y: Float32Array, polygon: readonly XY[], size = 1024): Uint32Array {
  const bits = emptyBits(x.length);
  const px = polygon.map((vertex) => vertex[0]);
  const py = polygon.map((vertex) => vertex[1]);
  const x0 = Math.min(...px);
  const x1 = Math.max(...px);
  const y0 = Math.min(...py);
  const y1 = Math.max(...py);
  if (!(x1 > x0 && y1 > y0)) return bits;
  const sx = size / (x1 - x0);
  const sy = size / (y1 - y0);
  const cells = rasterise(
    px.map((value) => (value - x0) * sx),
    py.map((value) => (value - y0) * sy),
    size,
  );
  for (let i = 0; i < x.length; i++) {
    const a = x[i];
    const b = y[i];
    if (!(a >= x0 && a <= x1 && b >= y0 && b <= y1)) continue; // written so that NaN is left out
    const cell = cells[Math.min(size - 1, ((b - y0) * sy) | 0) * size + Math.min(size - 1, ((a - x0) * sx) | 0)];
    if (cell === INSIDE || (cell === RIM && inPolygon(px, py, a, b))) bits[i >>> 5] |= 1 << (i & 31);
  }
  return bits;
}

// Which points lie under a brush stroke: within a radius of a line. The server evaluates the same expression in the same
// order, so that both select the same points.

import type { XY } from "../protocol";
import { emptyBits } from "./bits";

/** Bitset of the points within `radius` of the line through `path`, one corner or more, its ends round. */
export function brushed(x: Float32Array, y: Float32Array, path: readonly XY[], radius: number): Uint32Array {
  const bits = emptyBits(x.length);
  for (let i = 0; i < path.length; i++) {
    const [ax, ay] = path[Math.max(0, i - 1)];
    const [bx, by] = path[i];
    const [lowX, highX] = [Math.min(ax, bx) - radius, Math.max(ax, bx) + radius];
    const [lowY, highY] = [Math.min(ay, by) - radius, Math.max(ay, by) + radius];
    const [dx, dy] = [bx - ax, by - ay];
    const length2 = dx * dx + dy * dy;
    for (let row = 0; row < x.length; row++) {
      if (!(x[row] >= lowX && x[row] <= highX && y[row] >= lowY && y[row] <= highY)) continue; // NaN is left out
      const [px, py] = [x[row] - ax, y[row] - ay];
      const along = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const [ex, ey] = [px - along * dx, py - along * dy];
      if (ex * ex + ey * ey <= radius * radius) bits[row >>> 5] |= 1 << (row & 31);
    }
  }
  return bits;
}

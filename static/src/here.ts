// What is here: the points near a place of the volume, by looking at all of them (some milliseconds for a million).

import type { XYZ } from "./protocol";
import { emptyBits } from "./scatter/bits";

export interface Near {
  /** One bit for each row. */
  readonly bits: Uint32Array;
  readonly count: number;
}

/** The rows within `radius` of a place; `positions` are x, y, z of every row, all in the same unit. */
export function rowsNear(positions: Float32Array, [x, y, z]: XYZ, radius: number): Near {
  const rows = positions.length / 3;
  const bits = emptyBits(rows);
  const most = radius * radius;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const dz = positions[3 * row + 2] - z;
    if (dz > radius || dz < -radius) continue;
    const dx = positions[3 * row] - x;
    const dy = positions[3 * row + 1] - y;
    if (dx * dx + dy * dy + dz * dz > most) continue;
    bits[row >>> 5] |= 1 << (row & 31);
    count++;
  }
  return { bits, count };
}

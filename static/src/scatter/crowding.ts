// How crowded it is where a point lies, so that points are drawn fainter where many would cover each other.

const CELLS = 256;
/** Codes for each doubling of the number of points in a cell. */
export const CODES_PER_DOUBLING = 4;

export interface Crowding {
  /** Of every point: CODES_PER_DOUBLING times the binary logarithm of how many points its cell holds. */
  readonly codes: Uint8Array;
  /** Of one cell, in the layout's units. */
  readonly cellArea: number;
}

/** Counts over a grid of the layout's square, -1 to 1; points that are not finite, or outside, count as alone. */
export function crowdingOf(x: Float32Array, y: Float32Array): Crowding {
  const counts = new Uint32Array(CELLS * CELLS);
  const cellOf = (row: number): number => {
    const column = Math.floor(((x[row] + 1) * CELLS) / 2);
    const line = Math.floor(((y[row] + 1) * CELLS) / 2);
    if (!(column >= 0 && line >= 0 && column <= CELLS && line <= CELLS)) return -1; // NaN too
    return Math.min(CELLS - 1, line) * CELLS + Math.min(CELLS - 1, column);
  };
  for (let row = 0; row < x.length; row++) {
    const cell = cellOf(row);
    if (cell >= 0) counts[cell] += 1;
  }
  const codeOf = Uint8Array.from(counts, (count) => (count ? Math.round(CODES_PER_DOUBLING * Math.log2(count)) : 0));
  const codes = new Uint8Array(x.length);
  for (let row = 0; row < x.length; row++) {
    const cell = cellOf(row);
    codes[row] = cell < 0 ? 0 : codeOf[cell];
  }
  return { codes, cellArea: (2 / CELLS) ** 2 };
}

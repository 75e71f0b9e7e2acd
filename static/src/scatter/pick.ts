// Which point lies under the pointer: the nearest one within reach, by brute force (2 ms for a million points).

/** Row of the nearest point within `reach` of (x, y), all in layout units; null where there is none. */
export function nearest(
  xs: Float32Array,
  ys: Float32Array,
  x: number,
  y: number,
  reach: number,
  visible: (row: number) => boolean,
): number | null {
  let best = -1;
  let least = reach * reach;
  for (let row = 0; row < xs.length; row++) {
    const dx = xs[row] - x;
    if (dx > reach || dx < -reach) continue;
    const dy = ys[row] - y;
    const squared = dx * dx + dy * dy;
    if (squared <= least && visible(row)) {
      least = squared;
      best = row;
    }
  }
  return best < 0 ? null : best;
}

// Which point lies under the pointer: the nearest one within reach, by brute force (2 ms for a million points).

import type { XY } from "../protocol";

export interface PlacePoint {
  readonly place_id: number;
  readonly xy: XY;
}

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

/** The place nearest to a pixel, at most `reach` pixels away. */
export function nearestPlace(
  places: readonly PlacePoint[],
  toPixel: (xy: XY) => XY,
  [px, py]: XY,
  reach: number,
): PlacePoint | null {
  let [best, least]: [PlacePoint | null, number] = [null, reach];
  for (const place of places) {
    const [x, y] = toPixel(place.xy);
    const away = Math.hypot(x - px, y - py);
    if (away <= least) [best, least] = [place, away];
  }
  return best;
}

// The line that the pointer draws: thinned while it grows, so that a slow hand does not make a polygon of thousands.

import type { XY } from "../protocol";

const STEP_PX = 2;
/** The server refuses polygons of more vertices. */
const VERTICES_MOST = 5000;

export class Path {
  /** Pixels of the canvas, for drawing the line; layout coordinates, for selecting. */
  readonly pixels: XY[] = [];
  readonly polygon: XY[] = [];

  add(pixel: XY, layout: XY): void {
    const last = this.pixels.at(-1);
    const near = last && Math.hypot(pixel[0] - last[0], pixel[1] - last[1]) < STEP_PX;
    if (near || this.pixels.length >= VERTICES_MOST) return;
    this.pixels.push(pixel);
    this.polygon.push(layout);
  }
}

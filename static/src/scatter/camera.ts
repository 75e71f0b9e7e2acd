// The scatter's camera: pure functions between layout coordinates (y up) and CSS pixels of the canvas (y down).

import type { XY } from "../protocol";

/** zoom 1 shows the layout's square from -1 to 1 in the smaller side of the canvas. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export interface Bounds {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

const MARGIN_PX = 22;
const TOOLS_PX = 56; // the tools, and under them the bar of the selection
const FRAMED_MOST = 40; // one point alone is not zoomed into beyond this
const ZOOM_LEAST = 0.05;
const ZOOM_MOST = 20_000; // beyond it neighbouring float32 coordinates are a pixel apart

export function pixelsPerUnit(camera: Camera, viewport: Viewport): number {
  return (camera.zoom * Math.min(viewport.width, viewport.height)) / 2;
}

export function toScreen(camera: Camera, viewport: Viewport, x: number, y: number): XY {
  const scale = pixelsPerUnit(camera, viewport);
  return [viewport.width / 2 + (x - camera.x) * scale, viewport.height / 2 - (y - camera.y) * scale];
}

export function toLayout(camera: Camera, viewport: Viewport, px: number, py: number): XY {
  const scale = pixelsPerUnit(camera, viewport);
  return [camera.x + (px - viewport.width / 2) / scale, camera.y - (py - viewport.height / 2) / scale];
}

/** Whether a place of the layout is in view; what has no coordinates cannot be brought there. */
export function within(camera: Camera, viewport: Viewport, x: number, y: number): boolean {
  const [px, py] = toScreen(camera, viewport, x, y);
  return !(px <= 0 || py <= 0 || px >= viewport.width || py >= viewport.height);
}

/** The camera after the hand has moved the picture by (dx, dy) pixels. */
export function panned(camera: Camera, viewport: Viewport, dx: number, dy: number): Camera {
  const scale = pixelsPerUnit(camera, viewport);
  return { ...camera, x: camera.x - dx / scale, y: camera.y + dy / scale };
}

/** Zoomed by `factor`; what lies under the pixel (px, py) stays there. */
export function zoomedAt(camera: Camera, viewport: Viewport, px: number, py: number, factor: number): Camera {
  const zoom = Math.min(ZOOM_MOST, Math.max(ZOOM_LEAST, camera.zoom * factor));
  const [x, y] = toLayout(camera, viewport, px, py);
  const kept = camera.zoom / zoom;
  return { x: x + (camera.x - x) * kept, y: y + (camera.y - y) * kept, zoom };
}

/** The camera that shows the bounds with `margin` pixels around them, and `top` more above. */
export function fitted(bounds: Bounds, viewport: Viewport, margin = 24, top = 0): Camera {
  const across = Math.max(1, viewport.width - 2 * margin) / Math.max(1e-6, bounds.x1 - bounds.x0);
  const up = Math.max(1, viewport.height - 2 * margin - top) / Math.max(1e-6, bounds.y1 - bounds.y0);
  const scale = Math.min(across, up);
  const zoom = Math.min(ZOOM_MOST, Math.max(ZOOM_LEAST, (2 * scale) / Math.min(viewport.width, viewport.height)));
  return { x: (bounds.x0 + bounds.x1) / 2, y: (bounds.y0 + bounds.y1) / 2 + top / 2 / scale, zoom };
}

/** The box of the finite points, or of some of them; the layout's square when there are none. */
export function boundsOf(x: Float32Array, y: Float32Array, among: (row: number) => boolean = () => true): Bounds {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i]) || !among(i)) continue;
    if (x[i] < x0) x0 = x[i];
    if (x[i] > x1) x1 = x[i];
    if (y[i] < y0) y0 = y[i];
    if (y[i] > y1) y1 = y[i];
  }
  return x0 <= x1 ? { x0, y0, x1, y1 } : { x0: -1, y0: -1, x1: 1, y1: 1 };
}

/** The camera that shows all points below the tools. */
export function onAll(x: Float32Array, y: Float32Array, viewport: Viewport): Camera {
  return fitted(boundsOf(x, y), viewport, MARGIN_PX, TOOLS_PX);
}

/** The camera that shows some of the points, at least as large as a part of the layout that can be read. */
export function onSome(x: Float32Array, y: Float32Array, viewport: Viewport, among: (row: number) => boolean): Camera {
  const camera = fitted(boundsOf(x, y, among), viewport, 3 * MARGIN_PX, TOOLS_PX);
  return { ...camera, zoom: Math.min(camera.zoom, FRAMED_MOST) };
}

/** Diameter of `rows` points in CSS pixels: few are drawn larger, and all grow a little as one comes nearer. */
export function pointSize(rows: number, camera: Camera, { width, height }: Viewport): number {
  const spacing = Math.sqrt((width * height) / Math.max(1, rows));
  const near = Math.min(2.5, Math.max(1, camera.zoom ** 0.35));
  return Math.min(9, Math.min(5, Math.max(1.6, 0.75 * spacing)) * near);
}

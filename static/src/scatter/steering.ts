// Where keys and the wheel take the camera.

import { panned, zoomedAt, type Camera, type Viewport } from "./camera";

const STEP_PX = 40;
const WHEEL_SPEED = 0.0018;
const LINE_PX = 20;
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [STEP_PX, 0],
  ArrowRight: [-STEP_PX, 0],
  ArrowUp: [0, STEP_PX],
  ArrowDown: [0, -STEP_PX],
};
const ZOOMS: Readonly<Record<string, number>> = { "+": 1.25, "-": 0.8 };

/** The camera after a key press; null for keys that do not move it. */
export function byKey(key: string, camera: Camera, viewport: Viewport): Camera | null {
  if (STEPS[key]) return panned(camera, viewport, ...STEPS[key]);
  return ZOOMS[key] ? zoomedAt(camera, viewport, viewport.width / 2, viewport.height / 2, ZOOMS[key]) : null;
}

export function byWheel(event: WheelEvent, camera: Camera, viewport: Viewport): Camera {
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
  return zoomedAt(camera, viewport, event.offsetX, event.offsetY, Math.exp(-event.deltaY * lines * WHEEL_SPEED));
}

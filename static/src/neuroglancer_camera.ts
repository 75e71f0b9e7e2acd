// The viewer's camera: where it looks, and how close.

import type { Client } from "./neuroglancer_client";
import type { XYZ } from "./protocol";
import type { ViewerPose } from "./view";

/** How much is shown, in nm: across a pixel of the sections, and from top to bottom in 3-D. */
export interface Closeness {
  readonly pixel_nm: number;
  readonly depth_nm: number;
}

const FLIGHT_MS = 260;
const PANEL_PX = 500;
const SAME = 1e-6;
const UNTURNED = [0, 0, 0, 1];

export function voxelAt(position_nm: XYZ, resolution_nm: XYZ): Float32Array {
  return Float32Array.from(position_nm, (value, axis) => value / resolution_nm[axis]);
}

export class Camera {
  private flight = 0;
  /** The closeness that was set here last, as the viewer counts it. */
  private set: { readonly flat: number; readonly deep: number } | null = null;

  constructor(
    private readonly client: () => Client,
    /** Does something inside the viewer. */
    private readonly reach: (action: () => void) => void,
  ) {}

  /** Move the centre of all panels there at once. */
  jumpTo(position_nm: XYZ, resolution_nm: XYZ): void {
    this.reach(() => {
      this.flight++;
      this.client().position.value = voxelAt(position_nm, resolution_nm);
    });
  }

  /** Move the centre of all panels there: gliding when near, at once when chunks on the way would be wasted. */
  flyTo(position_nm: XYZ, resolution_nm: XYZ): void {
    this.reach(() => {
      const { position, crossSectionScale } = this.client();
      const from = [...position.value];
      const to = voxelAt(position_nm, resolution_nm);
      const far = Math.hypot(...to.map((value, i) => value - from[i])) > 3 * PANEL_PX * crossSectionScale.value;
      const start = performance.now();
      const flight = ++this.flight;
      const step = (): void => {
        if (flight !== this.flight) return;
        const t = far ? 1 : Math.min(1, (performance.now() - start) / FLIGHT_MS);
        const eased = 1 - (1 - t) ** 3;
        this.reach(() => {
          this.client().position.value = Float32Array.from(to, (value, i) => from[i] + (value - from[i]) * eased);
        });
        if (t < 1) requestAnimationFrame(step);
      };
      step();
    });
  }

  /** Look as closely as told, unless the user has zoomed by hand since this was done last; each view by itself. */
  suggest(closeness: Closeness, resolution_nm: XYZ): void {
    this.reach(() => {
      const { crossSectionScale, projectionScale } = this.client();
      const wanted = { flat: closeness.pixel_nm / resolution_nm[0], deep: closeness.depth_nm / resolution_nm[0] };
      const { set } = this;
      const flat = !set || same(set.flat, crossSectionScale.value);
      const deep = !set || same(set.deep, projectionScale.value);
      if (flat) crossSectionScale.value = wanted.flat;
      if (deep) projectionScale.value = wanted.deep;
      this.set = { flat: flat ? wanted.flat : Number.NaN, deep: deep ? wanted.deep : Number.NaN };
    });
  }

  /** Where it looks now, in the viewer's own measures. */
  pose(): ViewerPose | null {
    let pose: ViewerPose | null = null;
    this.reach(() => {
      const { position, crossSectionScale, projectionScale, crossSectionOrientation, projectionOrientation } = this.client();
      pose = {
        position: [...position.value],
        flat: crossSectionScale.value,
        deep: projectionScale.value,
        sections: crossSectionOrientation.toJSON() ?? null,
        space: projectionOrientation.toJSON() ?? null,
      };
    });
    return pose;
  }

  /** Look there. */
  restore(pose: ViewerPose): void {
    this.reach(() => {
      this.flight++;
      const client = this.client();
      client.position.value = Float32Array.from(pose.position);
      client.crossSectionScale.value = pose.flat;
      client.projectionScale.value = pose.deep;
      client.crossSectionOrientation.restoreState(pose.sections ?? UNTURNED);
      client.projectionOrientation.restoreState(pose.space ?? UNTURNED);
    });
  }

  /** From now on what the user has zoomed by hand counts no more. */
  forget(): void {
    this.set = null;
  }
}

function same(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME * Math.abs(other);
}

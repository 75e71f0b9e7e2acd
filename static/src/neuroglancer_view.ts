// What of the volume the viewer shows.

import type { Client } from "./neuroglancer_client";
import type { XYZ } from "./protocol";

export interface Field {
  readonly centre_nm: XYZ;
  /** Half of the shorter side of the largest section; where there is none, half of what is seen in 3-D. */
  readonly radius_nm: number;
}

export function fieldOf(client: Client, resolution_nm: XYZ): Field {
  const [x, y, z] = [0, 1, 2].map((axis) => client.position.value[axis] * resolution_nm[axis]);
  const sections = [...client.display.panels].filter((panel) => panel.sliceView);
  const sides = sections.map(({ element }) => Math.min(element.clientWidth, element.clientHeight));
  const deep = client.projectionScale.value;
  const voxels = sides.length ? Math.max(...sides) * client.crossSectionScale.value : deep;
  return { centre_nm: [x, y, z], radius_nm: (voxels * resolution_nm[0]) / 2 };
}

// A cross of a fixed size on screen at the exact place in every panel of the viewer. It is drawn over the picture, so that
// no surface hides it in 3-D; its middle is left open, so that it hides nothing of the place. In a section it fades with
// the distance from the plane.

import type { Client, Panel } from "./neuroglancer_client";

const FADES_PX = 12; // a section that is further away than this shows only a faint cross
const FAINT = 0.35;
/** How a cross looks: its class name, its lines in 36 x 36 pixels, and their colours from behind. */
export interface CrossLook {
  readonly name: string;
  readonly lines: string;
  readonly colors: readonly (readonly [color: string, width: string])[];
}

const TARGET: CrossLook = {
  name: "segclr-cross",
  lines: "M18 1v11M18 24v11M1 18h11M24 18h11",
  colors: [
    ["#000", "4"],
    ["#fff", "2"],
  ],
};
/** Of a place that is only pointed at. */
export const HINT: CrossLook = {
  name: "segclr-hint",
  lines: "M9 18a9 9 0 1 0 18 0a9 9 0 1 0-18 0M18 17v2M17 18h2",
  colors: [
    ["rgb(0 0 0 / 0.6)", "3.5"],
    ["#8ab4f8", "1.8"],
  ],
};
const LOOK = "position:absolute;left:-18px;top:-18px;width:36px;height:36px;pointer-events:none;z-index:3;display:none";

/** Where a voxel is in a panel, in shares of its width and height from the upper left, and how deep, -1 to 1. */
export function inPanel(matrix: ArrayLike<number>, voxel: ArrayLike<number>): { x: number; y: number; depth: number } {
  const [x, y, z, w] = [0, 1, 2, 3].map(
    (row) => matrix[row] * voxel[0] + matrix[4 + row] * voxel[1] + matrix[8 + row] * voxel[2] + matrix[12 + row],
  );
  return { x: (x / w + 1) / 2, y: (1 - y / w) / 2, depth: z / w };
}

export class Cross {
  private voxel: Float32Array | null = null;
  private readonly drawings = new Map<Panel, SVGSVGElement>();

  constructor(
    private readonly client: Client,
    private readonly look = TARGET,
  ) {
    client.display.updateFinished.add(() => this.draw());
  }

  /** Mark this voxel, or nothing. */
  at(voxel: Float32Array | null): void {
    this.voxel = voxel;
    this.draw();
  }

  private draw(): void {
    const panels = new Set(this.client.display.panels);
    for (const [panel, drawing] of this.drawings) {
      if (panels.has(panel)) continue;
      drawing.remove();
      this.drawings.delete(panel);
    }
    for (const panel of panels) this.place(panel);
  }

  private place(panel: Panel): void {
    const projection = panel.sliceView?.projectionParameters ?? panel.projectionParameters;
    if (!projection) return;
    const drawing = this.drawings.get(panel) ?? this.made(panel);
    const { voxel } = this;
    drawing.style.display = voxel ? "block" : "none";
    if (!voxel) return;
    const { clientWidth, clientHeight } = panel.element;
    const { x, y } = inPanel(projection.value.viewProjectionMat, voxel);
    const inside = x >= 0 && x <= 1 && y >= 0 && y <= 1;
    drawing.style.display = inside ? "block" : "none";
    drawing.style.transform = `translate(${(x * clientWidth).toFixed(1)}px,${(y * clientHeight).toFixed(1)}px)`;
    drawing.style.opacity = panel.sliceView && this.away(panel, voxel) > FADES_PX ? String(FAINT) : "1";
  }

  /** Distance from the section's plane, in pixels. */
  private away(panel: Panel, voxel: Float32Array): number {
    const { viewMatrix } = panel.sliceView?.projectionParameters.value ?? {};
    if (!viewMatrix) return 0;
    return Math.abs([0, 1, 2].reduce((sum, axis) => sum + viewMatrix[4 * axis + 2] * voxel[axis], viewMatrix[14]));
  }

  private made(panel: Panel): SVGSVGElement {
    const { ownerDocument } = panel.element;
    const drawing = ownerDocument.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("class", this.look.name);
    drawing.setAttribute("style", LOOK);
    for (const [color, width] of this.look.colors) {
      const arms = ownerDocument.createElementNS("http://www.w3.org/2000/svg", "path");
      arms.setAttribute("d", this.look.lines);
      arms.setAttribute("fill", "none");
      arms.setAttribute("stroke", color);
      arms.setAttribute("stroke-width", width);
      drawing.append(arms);
    }
    panel.element.append(drawing);
    this.drawings.set(panel, drawing);
    return drawing;
  }
}

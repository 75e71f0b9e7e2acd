// What the pointer is drawing: a lasso, a box or a brush stroke. It knows pixels and layout coordinates, nothing else.

import type { XY } from "../protocol";
import type { SelectMode, Shape } from "../protocol_selection";
import { Path } from "./path";

export type Tool = "lasso" | "rectangle" | "brush" | "pan";

const BRUSH_PX = 14;
const LEAST_PX = 6; // a hand that moved less has clicked
const SVG = "http://www.w3.org/2000/svg";

export class Gesture {
  private readonly path = new Path();

  constructor(
    private readonly tool: Exclude<Tool, "pan">,
    pixel: XY,
    layout: XY,
  ) {
    this.path.add(pixel, layout);
  }

  add(pixel: XY, layout: XY): void {
    this.path.add(pixel, layout);
  }

  /** Whether the hand has moved enough to mean more than a click. */
  get isDrawn(): boolean {
    const { pixels } = this.path;
    if (pixels.length < (this.tool === "lasso" ? 3 : 2)) return false;
    const [x0, y0] = pixels[0];
    return pixels.some(([x, y]) => Math.hypot(x - x0, y - y0) > LEAST_PX);
  }

  /** `unit`: pixels of one unit of the layout. */
  shape(unit: number): Shape {
    const { polygon } = this.path;
    if (this.tool === "brush") return { kind: "stroke", path: polygon, radius: BRUSH_PX / unit };
    return { kind: "polygon", polygon: this.tool === "lasso" ? polygon : box(polygon[0], polygon[polygon.length - 1]) };
  }

  /** The line where it lies now: the window may have been resized, or the picture moved, since it was begun. */
  drawOn(outline: Outline, toScreen: (layout: XY) => XY): void {
    const pixels = this.path.polygon.map(toScreen);
    if (this.tool === "brush") outline.stroke(pixels, 2 * BRUSH_PX);
    else outline.area(this.tool === "lasso" ? pixels : box(pixels[0], pixels[pixels.length - 1]));
  }
}

/** As in other tools that select: Shift adds, Alt takes away, both keep what is in both. */
export function modeOf({ shiftKey, altKey }: PointerEvent): SelectMode {
  if (shiftKey) return altKey ? "intersect" : "add";
  return altKey ? "subtract" : "replace";
}

function box([x0, y0]: XY, [x1, y1]: XY): XY[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** The line of a gesture over the canvas. */
export class Outline {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly polygon = document.createElementNS(SVG, "polygon");
  private readonly line = document.createElementNS(SVG, "polyline");

  constructor() {
    this.element.append(this.polygon, this.line);
  }

  area(pixels: readonly XY[]): void {
    this.polygon.setAttribute("points", pixels.join(" "));
  }

  stroke(pixels: readonly XY[], width: number): void {
    this.line.setAttribute("stroke-width", String(width));
    this.line.setAttribute("points", pixels.join(" "));
  }

  clear(): void {
    this.polygon.setAttribute("points", "");
    this.line.setAttribute("points", "");
  }
}

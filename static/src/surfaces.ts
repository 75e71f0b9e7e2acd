// Which parts of which surfaces the viewer shows: those of the shown segments, in the classes that their rows have.

import type { Prediction, Rows } from "./columns";
import type { Part } from "./neuroglancer";
import type { Closeness } from "./neuroglancer_camera";
import { NO_CLASS, partId, rgbOf, type RGB } from "./paint";
import type { ClassSpec, XYZ } from "./protocol";

const UNKNOWN: RGB = [150, 155, 163];
const NODE_PIXEL_NM = 12;
const NODE_DEPTH_NM = 9000;
const CELL_PIXEL_NM = 24;
const MARGIN_NM = 2000; // a segment reaches further than its nodes
const BACKGROUND: RGB = [24, 28, 35];
const DIMMED = 0.3; // of a colour is left in the cells that are not asked about

/** The parts of the segments' surfaces; where one is in focus the others are dimmed. */
export function partsOf(
  segments: readonly string[],
  rows: Rows,
  prediction: Prediction,
  classes: readonly ClassSpec[],
  hidden: ReadonlySet<number>,
  focus: string | null = null,
): Part[] {
  const parts: Part[] = [];
  for (const segment of new Set(segments)) {
    const { table } = rows;
    const index = table.indexOf(segment);
    if (index < 0) continue;
    // rows that are no points may have any class: parts that are not there are empty
    const any = [...classes.keys(), NO_CLASS];
    const there = table.isPart ? any : new Set(Array.from(table.rowsOf(index), (row) => prediction.classes[row] ?? NO_CLASS));
    for (const found of there) {
      if (hidden.has(found)) continue;
      const rgb = found === NO_CLASS || !classes[found] ? UNKNOWN : rgbOf(classes[found].color);
      const seen = focus === null || focus === segment ? rgb : dimmed(rgb);
      parts.push({ id: String(partId(table.placeOf(index), found)), segment, rgb: seen });
    }
  }
  return parts;
}

function dimmed(rgb: RGB): RGB {
  const mixed = rgb.map((value, i) => Math.round(BACKGROUND[i] + DIMMED * (value - BACKGROUND[i])));
  return [mixed[0], mixed[1], mixed[2]];
}

/** Whether the rows of a segment have other classes in one prediction than in the other: its parts are cut otherwise. */
export function isCutOtherwise(segment: string, rows: Rows, before: Prediction | null, now: Prediction): boolean {
  const index = rows.table.indexOf(segment);
  if (index < 0) return false;
  if (rows.table.isPart || before?.classes.length !== now.classes.length || before.task !== now.task) return true;
  return rows.table.rowsOf(index).some((row) => before.classes[row] !== now.classes[row]);
}

/** How far the nodes of a segment reach from a place, in nm, along the axis in which they reach furthest. */
export function reachOf(segment: string, rows: Rows, [x, y, z]: XYZ): number {
  const index = rows.table.indexOf(segment);
  if (index < 0) return 0;
  const { positions_nm } = rows;
  let reach = 0;
  for (const row of rows.table.rowsOf(index)) {
    const at = 3 * row;
    const [dx, dy, dz] = [positions_nm[at] - x, positions_nm[at + 1] - y, positions_nm[at + 2] - z];
    reach = Math.max(reach, Math.abs(dx), Math.abs(dy), Math.abs(dz));
  }
  return reach;
}

/**
 * How close to look at a place that is asked about. Of a node, the neurite it is on with what it touches, and the next
 * few branches; of a whole cell, as much as its nodes reach.
 */
export function closenessFor(unit: "node" | "segment", reach_nm: number): Closeness {
  if (unit === "node") return { pixel_nm: NODE_PIXEL_NM, depth_nm: NODE_DEPTH_NM };
  return { pixel_nm: CELL_PIXEL_NM, depth_nm: Math.max(NODE_DEPTH_NM, 2 * (reach_nm + MARGIN_NM)) };
}

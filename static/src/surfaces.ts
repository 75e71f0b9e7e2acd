// Which parts of which surfaces the viewer shows: those of the shown segments, in the classes that their rows have.

import type { Prediction, Rows } from "./columns";
import type { Part } from "./neuroglancer";
import { NO_CLASS, partId, rgbOf, type RGB } from "./paint";
import type { ClassSpec } from "./protocol";

const UNKNOWN: RGB = [150, 155, 163];

export function partsOf(
  segments: readonly string[],
  rows: Rows,
  prediction: Prediction,
  classes: readonly ClassSpec[],
  hidden: ReadonlySet<number>,
): Part[] {
  const parts: Part[] = [];
  for (const segment of new Set(segments)) {
    const index = rows.table.indexOf(segment);
    if (index < 0) continue;
    const there = new Set(prediction.classes.subarray(...rows.table.rowsOf(index)));
    for (const found of there) {
      if (hidden.has(found)) continue;
      const rgb = found === NO_CLASS || !classes[found] ? UNKNOWN : rgbOf(classes[found].color);
      parts.push({ id: String(partId(index, found)), segment, rgb });
    }
  }
  return parts;
}

// What is drawn over the points: rings round labelled ones, a mark for every live place, squares round pinned points, and
// the target on top.

import { rgbOf, type RGB } from "../paint";
import { classesOf, type State } from "../state";
import { has } from "./bits";
import type { Glyph } from "./renderer";

const WHITE: RGB = [255, 255, 255];
const PLAIN: RGB = [190, 196, 205];

export function glyphsOf(state: State): Glyph[] {
  const { coordinates, target, selected } = state;
  const standsOut = selected && selected.row_total > 0 && selected.origin !== "start" ? selected.bits : null;
  const classes = classesOf(state);
  const colorOf = (index: number | null): RGB =>
    index !== null && classes[index] ? rgbOf(classes[index].color) : PLAIN;
  const glyphs: Glyph[] = [];
  const labels = state.labels[state.task];
  labels?.rows.forEach((row, i) => {
    if (!coordinates || row >= coordinates.x.length || state.hidden.has(labels.classes[i])) return;
    const [x, y] = [coordinates.x[row], coordinates.y[row]];
    const alpha = standsOut && !has(standsOut, row) ? 0.35 : 1;
    glyphs.push({ x, y, kind: "ring", diameter: 11, rgb: colorOf(labels.classes[i]), alpha });
  });
  for (const place of state.places) {
    const last = target?.kind === "place" && target.place === place.place_id;
    const [x, y] = place.xy;
    const rgb = colorOf(state.placesTask === state.task ? (place.labelled ?? place.class) : null);
    glyphs.push({ x, y, kind: "diamond", diameter: last ? 15 : 10, rgb, alpha: last ? 1 : 0.85 });
    if (last) glyphs.push({ x, y, kind: "ring", diameter: 25, rgb: WHITE });
  }
  for (const row of state.pins) {
    if (!coordinates || row >= coordinates.x.length) continue;
    glyphs.push({ x: coordinates.x[row], y: coordinates.y[row], kind: "square", diameter: 14, rgb: WHITE });
  }
  if (target?.kind === "row" && coordinates && target.row < coordinates.x.length) {
    const [x, y] = [coordinates.x[target.row], coordinates.y[target.row]];
    glyphs.push({ x, y, kind: "ring", diameter: 21, rgb: WHITE });
    glyphs.push({ x, y, kind: "cross", diameter: 9, rgb: WHITE });
  }
  return glyphs;
}

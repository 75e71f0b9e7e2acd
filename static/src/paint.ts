// How class, confidence and the threshold become a colour: one rule for the scatter and for the viewer's overlay.
// The hue is the class; certainty is saturation; below the threshold everything is the same grey.

import type { ClassSpec } from "./protocol";

export type RGB = readonly [number, number, number];

/** Class number of a row without prediction. */
export const NO_CLASS = 255;
const GREY: RGB = [92, 97, 105];
const BINS = 8;
/** Part ids of one segment's surface lie in a block of this size, overlay codes of one class in one of BINS. */
const PARTS_PER_SEGMENT = 32;

export function rgbOf(hex: string): RGB {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The colour of a class at a confidence of 0 to 1. */
export function shade(rgb: RGB, confidence: number, threshold: number): RGB {
  if (confidence < threshold) return GREY;
  const strength = 0.35 + 0.65 * Math.min(1, Math.max(0, confidence));
  return [0, 1, 2].map((i) => Math.round(GREY[i] + (rgb[i] - GREY[i]) * strength)) as unknown as RGB;
}

export interface Palette {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** RGBA by confidence (256 columns) and class (one line each; the last is for rows without class). */
export function paletteOf(classes: readonly ClassSpec[], threshold: number, hidden: ReadonlySet<number>): Palette {
  const height = classes.length + 1;
  const rgba = new Uint8Array(256 * height * 4);
  for (let line = 0; line < height; line++) {
    const rgb = line < classes.length ? rgbOf(classes[line].color) : GREY;
    for (let confidence = 0; confidence < 256; confidence++) {
      const faded = line === classes.length || confidence / 255 < threshold;
      const alpha = hidden.has(line) ? 0 : faded ? 110 : 225;
      rgba.set([...shade(rgb, confidence / 255, threshold), alpha], (line * 256 + confidence) * 4);
    }
  }
  return { width: 256, height, rgba };
}

/** The voxel value of a class at a confidence of 0 to 255; 0 is "nothing". */
export function overlayCode(classIndex: number, confidence: number): number {
  return 1 + classIndex * BINS + (confidence >> 5);
}

/** Every overlay code with its colour; the codes of hidden classes are not among them. */
export function overlayColors(
  classes: readonly ClassSpec[],
  threshold: number,
  hidden: ReadonlySet<number>,
): Map<number, RGB> {
  const colors = new Map<number, RGB>();
  classes.forEach((spec, index) => {
    if (hidden.has(index)) return;
    for (let bin = 0; bin < BINS; bin++) {
      colors.set(overlayCode(index, bin << 5), shade(rgbOf(spec.color), (bin + 0.5) / BINS, threshold));
    }
  });
  return colors;
}

/** The id of the part of a segment's surface that has a class. */
export function partId(segmentIndex: number, classIndex: number): number {
  return segmentIndex * PARTS_PER_SEGMENT + (classIndex === NO_CLASS ? 0 : classIndex + 1);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_CLASS, overlayCode, overlayColors, paletteOf, partId, rgbOf, shade } from "../src/paint";
import { golden } from "./golden";

const CLASSES = golden("hello").tasks[0].classes;
const grey = shade(rgbOf(CLASSES[0].color), 0.2, 0.5);

test("overlay codes are those of the server: 1 + 8 * class + confidence / 32", () => {
  assert.equal(overlayCode(0, 0), 1);
  assert.equal(overlayCode(0, 255), 8);
  assert.equal(overlayCode(2, 128), 1 + 16 + 4);
});

test("parts of surfaces are numbered as the server's: 32 for each segment, 0 of them without class", () => {
  assert.equal(partId(0, 0), 1);
  assert.equal(partId(7, NO_CLASS), 224);
  assert.equal(partId(7, 3), 228);
});

test("below the threshold every class has the same grey, in scatter and overlay alike", () => {
  const palette = paletteOf(CLASSES, 0.5, new Set());
  const colors = overlayColors(CLASSES, 0.5, new Set());
  const cell = (line: number, confidence: number): number[] => [
    ...palette.rgba.subarray((line * 256 + confidence) * 4, (line * 256 + confidence) * 4 + 3),
  ];
  for (let index = 0; index < CLASSES.length; index++) {
    assert.deepEqual(cell(index, 100), [...grey]);
    assert.deepEqual(colors.get(overlayCode(index, 100)), grey);
    assert.notDeepEqual(cell(index, 250), [...grey]);
    assert.deepEqual(cell(index, 255), [...rgbOf(CLASSES[index].color)]);
  }
  assert.deepEqual(cell(CLASSES.length, 255), [...grey], "rows without class");
});

test("a hidden class has no colour in the scatter and no code in the overlay", () => {
  const palette = paletteOf(CLASSES, 0, new Set([1]));
  assert.equal(palette.rgba[(1 * 256 + 200) * 4 + 3], 0);
  assert.notEqual(palette.rgba[(0 * 256 + 200) * 4 + 3], 0);
  const colors = overlayColors(CLASSES, 0, new Set([1]));
  assert.equal(colors.size, 8 * (CLASSES.length - 1));
  assert.equal(colors.has(overlayCode(1, 255)), false);
});

test("the surer, the more saturated", () => {
  const spread = (confidence: number): number => {
    const rgb = shade([230, 159, 0], confidence, 0);
    return Math.max(...rgb) - Math.min(...rgb);
  };
  assert.ok(spread(0.3) < spread(0.6) && spread(0.6) < spread(0.95));
});

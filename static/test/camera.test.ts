import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsOf, fitted, panned, toLayout, toScreen, zoomedAt, type Camera } from "../src/scatter/camera";
import { nearestPlace } from "../src/scatter/pick";
import { Gesture } from "../src/scatter/gesture";
import { Path } from "../src/scatter/path";
import { nearest } from "../src/scatter/pick";

const VIEWPORT = { width: 640, height: 410 };
const CAMERA: Camera = { x: 0.3, y: -0.2, zoom: 3.5 };
const near = (one: readonly number[], other: readonly number[]): void =>
  one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) < 1e-9, `${one} is not ${other}`));

test("pixels and layout coordinates are each other's inverse, and y points up", () => {
  near(toScreen(CAMERA, VIEWPORT, ...toLayout(CAMERA, VIEWPORT, 17, 333)), [17, 333]);
  near(toScreen(CAMERA, VIEWPORT, CAMERA.x, CAMERA.y), [320, 205]);
  const [, above] = toScreen(CAMERA, VIEWPORT, CAMERA.x, CAMERA.y + 0.1);
  assert.ok(above < 205);
});

test("zooming keeps what is under the pointer, at any pointer and also at the limits", () => {
  for (const [px, py] of [
    [0, 0],
    [500, 20],
    [320, 205],
  ] as const) {
    for (const factor of [1.3, 0.4, 1e9, 1e-9]) {
      const before = toLayout(CAMERA, VIEWPORT, px, py);
      const camera = zoomedAt(CAMERA, VIEWPORT, px, py, factor);
      near(toLayout(camera, VIEWPORT, px, py), before);
    }
  }
});

test("panning moves the picture with the hand", () => {
  const [x, y] = toScreen(CAMERA, VIEWPORT, 0.1, 0.1);
  near(toScreen(panned(CAMERA, VIEWPORT, 25, -40), VIEWPORT, 0.1, 0.1), [x + 25, y - 40]);
});

test("fitting shows every point, clear of the tools", () => {
  const x = Float32Array.of(-3, 5, NaN, 1);
  const y = Float32Array.of(2, 2.5, 9, -7);
  const bounds = boundsOf(x, y);
  assert.deepEqual(bounds, { x0: -3, x1: 5, y0: -7, y1: 2.5 });
  const camera = fitted(bounds, VIEWPORT, 20, 30);
  const [left, top] = toScreen(camera, VIEWPORT, bounds.x0, bounds.y1);
  const [right, bottom] = toScreen(camera, VIEWPORT, bounds.x1, bounds.y0);
  assert.ok(
    left >= 20 - 1e-6 && right <= 620 + 1e-6 && top >= 50 - 1e-6 && bottom <= 390 + 1e-6,
    `${left} ${top} ${right} ${bottom}`,
  );
  assert.ok(Math.abs(top - 50) < 1e-6 || Math.abs(left - 20) < 1e-6, "it fills one direction");
});

test("without points the layout's square is shown", () => {
  assert.deepEqual(boundsOf(new Float32Array(0), new Float32Array(0)), { x0: -1, y0: -1, x1: 1, y1: 1 });
});

test("the nearest visible point within reach is picked", () => {
  const x = Float32Array.of(0, 0.1, 0.1, NaN);
  const y = Float32Array.of(0, 0, 0.05, 0);
  const all = (): boolean => true;
  assert.equal(nearest(x, y, 0.09, 0, 0.05, all), 1);
  assert.equal(
    nearest(x, y, 0.09, 0, 0.06, (row) => row !== 1),
    2,
  );
  assert.equal(nearest(x, y, 0.5, 0.5, 0.05, all), null);
  assert.equal(nearest(x, y, 0, 0, 0.05, all), 0);
});

test("a trembling hand clicks, a moving one draws", () => {
  for (const tool of ["lasso", "rectangle", "brush"] as const) {
    const click = new Gesture(tool, [10, 10], [0, 0]);
    click.add([13, 10], [0, 0]);
    click.add([13, 13], [0, 0]);
    assert.equal(click.isDrawn, false);
    const drawn = new Gesture(tool, [10, 10], [0, 0]);
    for (let i = 0; i < 400; i++) drawn.add([10 + i * 0.5, 10 + i * 0.1], [i, i]);
    assert.equal(drawn.isDrawn, true);
  }
});

test("the line that a hand draws is thinned", () => {
  const path = new Path();
  for (let i = 0; i < 400; i++) path.add([10 + i * 0.5, 10 + i * 0.1], [i, i]);
  assert.ok(path.polygon.length < 120);
  assert.equal(path.polygon.length, path.pixels.length);
});

test("a box reaches from where the hand began to where it is, a brush is as wide at any zoom", () => {
  const box = new Gesture("rectangle", [10, 10], [0, 0]);
  box.add([60, 50], [3, 3]);
  box.add([40, 20], [2, -1]);
  assert.deepEqual(box.shape(100), { kind: "polygon", polygon: [[0, 0], [2, 0], [2, -1], [0, -1]] });
  const stroke = new Gesture("brush", [10, 10], [0, 0]);
  stroke.add([60, 50], [3, 3]);
  const [far, near] = [stroke.shape(100), stroke.shape(400)];
  assert.ok(far.kind === "stroke" && near.kind === "stroke" && far.radius === 4 * near.radius);
});

test("a click means the nearest place within reach, or none", () => {
  const places = [
    { place_id: 1, xy: [0, 0] as const },
    { place_id: 2, xy: [3, 0] as const },
  ];
  const same = (xy: readonly [number, number]): readonly [number, number] => xy;
  assert.equal(nearestPlace(places, same, [2, 0], 7)?.place_id, 2);
  assert.equal(nearestPlace(places, same, [1, 0], 7)?.place_id, 1);
  assert.equal(nearestPlace(places, same, [0, 8], 7), null);
  assert.equal(nearestPlace([], same, [0, 0], 7), null);
});

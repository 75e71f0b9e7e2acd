import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import type { XY } from "../src/protocol";
import { bitsOf, combine, countBits, has, unpack, without } from "../src/scatter/bits";
import { brushed } from "../src/scatter/brush";
import { inPolygon, lasso } from "../src/scatter/lasso";

/** What the server selects of these points, also read by its own tests. */
interface Strokes {
  readonly x: number[];
  readonly y: number[];
  readonly strokes: readonly { readonly path: XY[]; readonly radius: number; readonly rows: number[] }[];
}

/** Seeded, so that a failure is the same failure tomorrow. */
function random(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Points where a raster may go wrong: on vertices, on edges, just beside them, on rows of vertices, not a number. */
function adversarial(polygon: readonly XY[], next: () => number): [Float32Array, Float32Array] {
  const points: XY[] = [];
  polygon.forEach(([x, y], i) => {
    const [u, v] = polygon[(i + 1) % polygon.length];
    points.push([x, y], [(x + u) / 2, (y + v) / 2], [x, v], [u, y], [NaN, y], [x, Infinity]);
    for (let k = 0; k < 30; k++) {
      const t = next();
      const [a, b] = [x + t * (u - x), y + t * (v - y)];
      const off = (next() - 0.5) * 10 ** -(1 + 6 * next());
      points.push([a, b], [a + off, b], [a, b + off]);
    }
  });
  for (let k = 0; k < 3000; k++) points.push([3 * next() - 1.5, 3 * next() - 1.5]);
  return [Float32Array.from(points, (p) => p[0]), Float32Array.from(points, (p) => p[1])];
}

const star = (points: number, seed: number): XY[] => {
  const next = random(seed);
  return Array.from({ length: points }, (_, i) => {
    const radius = 0.2 + 0.8 * next();
    const angle = (2 * Math.PI * i) / points;
    return [Math.fround(radius * Math.cos(angle)), Math.fround(radius * Math.sin(angle))];
  });
};
const POLYGONS: Record<string, XY[]> = {
  triangle: [
    [-1, -1],
    [1, -0.9],
    [0.1, 1],
  ],
  box: [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ],
  "crossing itself": [
    [-1, -1],
    [1, 1],
    [1, -1],
    [-1, 1],
  ],
  "with a doubled edge": [
    [-1, 0],
    [1, 0],
    [0, 1],
    [0, -1],
    [0, 1],
  ],
  "a sliver": [
    [-1, 0],
    [1, 1e-6],
    [1, 2e-6],
  ],
  tiny: [
    [0.1, 0.1],
    [0.1000001, 0.1],
    [0.1, 0.1000001],
  ],
  "a star of 60": star(60, 5),
  "a star of 200": star(200, 6),
};

for (const [name, polygon] of Object.entries(POLYGONS)) {
  test(`the lasso equals the exact test on adversarial points: ${name}`, () => {
    const [x, y] = adversarial(polygon, random(7));
    const [px, py] = [polygon.map((p) => p[0]), polygon.map((p) => p[1])];
    const [x0, x1, y0, y1] = [Math.min(...px), Math.max(...px), Math.min(...py), Math.max(...py)];
    for (const size of [16, 1024]) {
      const bits = lasso(x, y, polygon, size);
      for (let i = 0; i < x.length; i++) {
        const near = x[i] >= x0 && x[i] <= x1 && y[i] >= y0 && y[i] <= y1;
        assert.equal(
          has(bits, i),
          near && inPolygon(px, py, x[i], y[i]),
          `point ${i} (${x[i]}, ${y[i]}), raster ${size}`,
        );
      }
    }
  });
}

test("a brush selects what the server's does", () => {
  const { x, y, strokes } = JSON.parse(readFileSync("../tests/wire/strokes.json", "utf8")) as Strokes;
  for (const { path, radius, rows } of strokes) {
    const bits = brushed(Float32Array.from(x), Float32Array.from(y), path, radius);
    assert.deepEqual(
      x.map((_, row) => row).filter((row) => has(bits, row)),
      rows,
    );
  }
});

test("a line or a point selects nothing", () => {
  const x = Float32Array.of(0, 0.5, 1);
  assert.equal(
    countBits(
      lasso(x, x, [
        [0, 0],
        [1, 0],
        [0.5, 0],
      ]),
    ),
    0,
  );
  assert.equal(
    countBits(
      lasso(x, x, [
        [0.5, 0.5],
        [0.5, 0.5],
        [0.5, 0.5],
      ]),
    ),
    0,
  );
});

test("selections are replaced, added to and taken away from", () => {
  const old = bitsOf([0, 31, 32, 69], 70);
  const now = bitsOf([31, 33], 70);
  const rows = (bits: Uint32Array): number[] => [...Array(70).keys()].filter((row) => has(bits, row));
  assert.deepEqual(rows(combine("replace", old, now)), [31, 33]);
  assert.deepEqual(rows(combine("add", old, now)), [0, 31, 32, 33, 69]);
  assert.deepEqual(rows(combine("subtract", old, now)), [0, 32, 69]);
  assert.deepEqual(rows(combine("intersect", old, now)), [31]);
  assert.deepEqual(rows(combine("intersect", null, now)), []);
  assert.deepEqual(rows(combine("add", null, now)), [31, 33]);
  assert.deepEqual(rows(combine("subtract", null, now)), []);
  assert.deepEqual(rows(old), [0, 31, 32, 69], "the old selection is not written to");
});

test("rows of a hidden class are not selected, and rows that there are not are ignored", () => {
  const bits = bitsOf([0, 1, 2, 3, -1, 99], 5);
  assert.equal(countBits(bits), 4);
  assert.equal(countBits(without(bits, Uint8Array.of(0, 1, 1, 255, 0), new Set([1]))), 2);
  assert.equal(without(bits, null, new Set([1])), bits);
});

test("counting and unpacking agree on full words", () => {
  const rows = 100;
  const all = bitsOf(Array(rows).keys(), rows);
  const bytes = new Uint8Array(rows);
  unpack(all, bytes);
  assert.equal(countBits(all), rows);
  assert.equal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    rows,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { glyphsOf } from "../src/scatter/glyphs";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const HELLO = golden("hello");
const [X, Y] = [new Float32Array([0.5, -0.25, 0.75]), new Float32Array([0.125, 0.5, -1])];
const after = (...events: Event[]): State => events.reduce(reduce, initial);
const SHOWN = after(
  { type: "received", message: { ...HELLO, rows: 3, places: [] } },
  { type: "received", message: golden("layout") },
  { type: "coordinates", coordinates: { id: golden("layout").id, x: X, y: Y } },
);

test("a pinned point is marked where it lies, until the pin is taken out", () => {
  const pinned = reduce(SHOWN, { type: "pin-turned", row: 2 });
  const [mark, ...others] = glyphsOf(pinned);
  assert.deepEqual([mark.x, mark.y, mark.kind], [0.75, -1, "square"]);
  assert.deepEqual(others, []);
  assert.deepEqual(glyphsOf(reduce(pinned, { type: "pin-turned", row: 2 })), []);
});

test("what is pinned beyond the rows that the layout has is not marked", () => {
  assert.deepEqual(glyphsOf(reduce(SHOWN, { type: "pin-turned", row: 3 })), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { axisTitle, byCell, byColumn, byConfidence, byLabel, byPosition, choicesOf, newTints, shortNumber, tintOf, valueText } from "../src/coloring";
import { besideState } from "../src/beside";
import { ColoringFlow } from "../src/coloring_flow";
import { colorsOf, HIGHEST, NOTHING, NUMBERS, OTHERS, paletteBy, rampColor } from "../src/colormap";
import type { Prediction, Rows } from "../src/columns";
import { NO_CLASS } from "../src/paint";
import type { ClientMessage } from "../src/protocol_messages";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { golden } from "./golden";

const HELLO = { ...golden("hello"), places: [], rows: 5 };
const BIG = 9223372036854775813n;
const ROWS: Rows = {
  table: tableOf(HELLO.table_version, BigUint64Array.of(7n, 7n, BIG, BIG, BIG)),
  positions_nm: Float32Array.of(0, 0, 40, 32, 0, 80, 64, 0, 120, 96, 0, 160, 128, 0, 200),
};
const CLASSES = HELLO.tasks[0].classes;
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const START = after(
  initial,
  { type: "connection", state: "open" },
  received(HELLO),
  received(golden("colorings")),
  received(golden("points")),
  { type: "rows", rows: ROWS },
);
const predicted: Prediction = {
  stamp: "s",
  url: "s",
  task: "t",
  classes: Uint8Array.of(0, 1, NO_CLASS, 1, 0),
  confidences: Uint8Array.of(255, 0, 0, 128, 51),
};

test("the surest row has the highest code, and one without a prediction has none", () => {
  const { codes, scale } = byConfidence(predicted);
  assert.deepEqual([...codes], [HIGHEST, 0, NOTHING, 127, 51]);
  assert.equal(scale.missing, 1);
});

test("depth goes from the least to the largest z, in micrometres", () => {
  const { codes, scale } = byPosition(ROWS, 2, "z (depth)");
  assert.deepEqual([...codes], [0, 64, 127, 191, HIGHEST]);
  assert.deepEqual(scale.kind === "numbers" && [scale.low, scale.high, scale.unit], [0.04, 0.2, "µm"]);
  assert.deepEqual([...byPosition(ROWS, 1, "y").codes], [0, 0, 0, 0, 0], "a flat table");
});

test("the axis that the project names is depth, and no other one", () => {
  const state = { ...initial, hello: { ...HELLO, depth_axis: "x" as const }, rows: ROWS };
  const titles = choicesOf(state).filter(({ name }) => ["x", "y", "z"].includes(name)).map(({ title }) => title);
  assert.deepEqual(titles, ["x (depth)", "y", "z"]);
  const tinted = tintOf({ ...state, coloring: "x" });
  assert.equal(tinted?.scale.title, "x (depth)");
  assert.equal(axisTitle("confidence", "x"), "confidence");
});

test("all rows of a cell have one colour, and the next cell another one", () => {
  const { codes, colors } = byCell(ROWS);
  assert.deepEqual([...codes], [0, 0, 1, 1, 1]);
  assert.notDeepEqual([...colors.subarray(0, 3)], [...colors.subarray(4, 7)]);
});

test("a label colours its row, or its whole cell where the task is about cells", () => {
  const labels = { ...golden("labels"), rows: [3, 99], classes: [1, 0] };
  assert.deepEqual([...byLabel(labels, ROWS, CLASSES, false).codes], [NOTHING, NOTHING, NOTHING, 1, NOTHING]);
  assert.deepEqual([...byLabel(labels, ROWS, CLASSES, true).codes], [NOTHING, NOTHING, 1, 1, 1]);
  assert.equal(byLabel(labels, ROWS, CLASSES, false).scale.missing, 4);
});

test("the value under the pointer is told, and where the scale was cut", () => {
  const made = { ...golden("colored"), low: 0, high: 10, above: true, below: false, missing: 1 };
  const tint = byColumn({ made, codes: Uint8Array.of(0, 127, HIGHEST, NOTHING) });
  assert.deepEqual([0, 1, 2, 3].map((row) => valueText(tint, row)), [
    "volume_um3 0",
    "volume_um3 5",
    "volume_um3 ≥ 10",
    "volume_um3 unknown",
  ]);
});

test("words have colours of their own; rare ones share the grey of no value and are called so", () => {
  const made = { ...golden("colored"), low: null, high: null, names: ["L4", "L2"], above: false };
  const tint = byColumn({ made, codes: Uint8Array.of(0, 1, OTHERS, NOTHING) });
  assert.equal(tint.scale.kind === "words" && tint.scale.others, true);
  assert.notDeepEqual([...tint.colors.subarray(0, 3)], [...tint.colors.subarray(4, 7)]);
  assert.deepEqual([0, 1, 2, 3].map((row) => valueText(tint, row).split(" ").at(-1)), ["L4", "L2", "another", "none"]);
});

test("hidden classes are hidden in every colouring", () => {
  const palette = paletteBy(NUMBERS.viridis, 3, new Set([1]));
  assert.equal(palette.height, 4);
  for (const line of [0, 1, 2, 3]) {
    assert.equal(palette.rgba[(256 * line + 100) * 4 + 3] === 0, line === 1);
    if (line !== 1) assert.deepEqual(palette.rgba.subarray(256 * 4 * line, 256 * 4 * (line + 1)), NUMBERS.viridis);
  }
});

test("the scales grow lighter throughout, and rows without a value are fainter", () => {
  for (const ramp of ["viridis", "cividis"] as const) {
    const shares = [0, 0.25, 0.5, 0.75, 1].map((share) => rampColor(ramp, share));
    const light = shares.map(([r, g, b]) => 0.21 * r + 0.72 * g + 0.07 * b);
    assert.deepEqual(light, [...light].sort((a, b) => a - b));
  }
  const colors = colorsOf((code) => (code === NOTHING ? null : [1, 2, 3]));
  assert.ok(colors[4 * NOTHING + 3] < colors[3]);
});

test("numbers are coloured by the chosen scale, which the legend tells too", () => {
  const state = after(START, { type: "coloring", name: "z" }, { type: "ramp", ramp: "cividis" });
  const tint = tintOf(state);
  assert.ok(tint?.scale.kind === "numbers" && tint.scale.ramp === "cividis");
  assert.deepEqual(tint.colors, NUMBERS.cividis);
});

test("numbers of scales are short", () => {
  assert.deepEqual([0, 0.12345, 12345, 1234567, 0.00001, -3.14159].map(shortNumber), ["0", "0.123", "12350", "1.2e+6", "1.0e-5", "-3.14"]);
});

test("by class there is no tint; a tint is made anew only when what it is made of changes", () => {
  assert.equal(tintOf(START), null);
  const tints = newTints();
  const state = after(START, { type: "coloring", name: "z" });
  const tint = tints(state);
  assert.ok(tint);
  assert.equal(tints({ ...state, threshold: 0.5 }), tint);
  assert.notEqual(tints({ ...state, rows: { ...ROWS } }), tint);
  assert.equal(tints(after(state, { type: "coloring", name: "class" })), null);
});

test("a column that is not the newest asked for is dropped", () => {
  const colored = { ...golden("colored"), name: "ambiguity" };
  const state = after(START, { type: "coloring", name: "ambiguity" }, received(colored));
  assert.equal(state.colored, colored);
  assert.equal(after(state, received({ ...colored, name: "extra:volume_um3" })).colored, colored);
  assert.equal(after(state, received({ ...colored, task: "another" })).colored, colored);
  const codes = new Uint8Array(5);
  assert.equal(after(state, { type: "color-column", column: { made: { ...colored }, codes } }).colorColumn, null);
  const there = after(state, { type: "color-column", column: { made: colored, codes } });
  assert.equal(tintOf(there)?.codes, codes);
  assert.equal(after(there, { type: "coloring", name: "z" }).colorColumn, null);
});

test("a way to colour that the server no longer has gives way to the classes", () => {
  const state = after(START, { type: "coloring", name: "extra:volume_um3" });
  assert.ok(choicesOf(state).some(({ name }) => name === "extra:volume_um3"));
  assert.equal(after(state, received({ type: "colorings", known: [] })).coloring, "class");
  assert.equal(after(START, { type: "coloring", name: "z" }, received({ type: "colorings", known: [] })).coloring, "z");
});

test("a column is asked for once, and again after new predictions, another task or a new connection", () => {
  let state = after(START, { type: "coloring", name: "ambiguity" });
  const sent: ClientMessage[] = [];
  const flow = new ColoringFlow({ state: () => state, dispatch: () => {}, send: (message) => sent.push(message) > 0 });
  const follow = (...events: Event[]): number => {
    const before = state;
    state = after(state, ...events);
    flow.follow(state, before);
    return sent.length;
  };
  assert.equal(follow(), 1);
  assert.equal(follow({ type: "threshold", value: 0.5 }), 1);
  assert.equal(follow(received({ ...golden("points"), stamp: "new" })), 2);
  assert.equal(follow({ type: "connection", state: "lost" }), 2);
  assert.equal(follow({ type: "connection", state: "open" }), 3);
  assert.equal(follow({ type: "coloring", name: "extra:volume_um3" }), 4);
  assert.equal(follow(received({ ...golden("points"), stamp: "newer" })), 4, "a table's column does not follow labels");
  assert.equal(follow({ type: "coloring", name: "confidence" }), 4);
});

test("two pictures have a column each, and one that is gone for one of them changes no other", () => {
  const told = (name: string): Event => ({ type: "received", message: { ...golden("colored"), task: HELLO.task, name } });
  const list = (...names: string[]): Event => ({ type: "received", message: { type: "colorings", known: names.map((name) => ({ name, title: name, follows: "table", version: "" })) } });
  const events: Event[] = [
    { type: "connection", state: "open" },
    { type: "received", message: HELLO },
    list("novelty", "cluster"),
    { type: "coloring", name: "novelty" },
    { type: "beside", name: "cluster" },
    told("novelty"),
    told("cluster"),
  ];
  let state = events.reduce(reduce, initial);
  assert.deepEqual([state.colored?.name, besideState(state).colored?.name], ["novelty", "cluster"]);
  state = [list("novelty")].reduce(reduce, state);
  assert.deepEqual([state.coloring, state.beside], ["novelty", "class"]);
  state = reduce(state, { type: "beside", name: null });
  assert.equal(besideState(state).coloring, "class");
  assert.equal(state.colored?.name, "novelty");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Coordinates, Prediction } from "../src/columns";
import type { Place, Points } from "../src/protocol";
import type { Selection } from "../src/protocol_selection";
import { bitsOf, has } from "../src/scatter/bits";
import { guessOf, labelOf, type StoredMessage, type State, type Target } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { golden } from "./golden";

const HELLO = { ...golden("hello"), places: [] };
const POINTS = golden("points");
const PLACE = golden("place");
const SELECTION = golden("selection");

function after(state: State, ...events: Event[]): State {
  return events.reduce(reduce, state);
}

const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const START = after(
  initial,
  { type: "connection", state: "open" },
  received(HELLO),
  received(golden("layout")),
  received(POINTS),
);
const prediction = (stamp: string, classes = Uint8Array.of(1, 2), task = "subcompartment"): Event => ({
  type: "prediction",
  prediction: { stamp, url: stamp === POINTS.stamp ? POINTS.url : stamp, task, classes, confidences: Uint8Array.of(255, 51) } satisfies Prediction,
});
const coordinates = (id: string, x: number[], y: number[]): Event => ({
  type: "coordinates",
  coordinates: { id, x: Float32Array.from(x), y: Float32Array.from(y) } satisfies Coordinates,
});
const points = (stamp: string, more: Partial<Points> = {}): Event => received({ ...POINTS, stamp, url: stamp === POINTS.stamp ? POINTS.url : stamp, ...more });
const place = (place_id: number, request: string, more: Partial<Place> = {}): Event =>
  received({ ...PLACE, place_id, request, ...more });
const working = (request: string): Event => received({ type: "working", request, text: "embedding" });
const selection = (request: string, more: Partial<Selection> = {}): Event =>
  received({ ...SELECTION, request, ...more });

test("predictions of another stamp than the newest announced are dropped, whatever the order", () => {
  const late = after(START, points("new"), prediction("new"), prediction(POINTS.stamp));
  assert.equal(late.prediction?.stamp, "new");
  const early = after(START, prediction("of nothing announced"));
  assert.equal(early.prediction, null);
});

test("the last predictions stay on screen until the new ones are there", () => {
  const state = after(START, prediction(POINTS.stamp), points("new"));
  assert.equal(state.points?.stamp, "new");
  assert.equal(state.prediction?.stamp, POINTS.stamp);
});

test("columns of another layout or table are dropped", () => {
  assert.equal(after(START, coordinates("another", [0], [0])).coordinates, null);
  const rows = { table: tableOf("another", BigUint64Array.of(1n)), positions_nm: new Float32Array(3) };
  assert.equal(after(START, { type: "rows", rows }).rows, null);
  const right = { ...rows, table: tableOf(HELLO.table_version, BigUint64Array.of(1n)) };
  assert.equal(after(START, { type: "rows", rows: right }).rows, right);
});

test("a clicked place becomes the card and what the keys label", () => {
  const state = after(START, working("a"), place(1, "a"));
  assert.deepEqual(state.target, { kind: "place", place: 1 });
  assert.deepEqual(state.working, []);
  assert.deepEqual(guessOf(state, { kind: "place", place: 1 }), { class: 1, confidence: 0.75 });
  assert.equal(state.lit, PLACE.segment_id);
});

test("of fast clicks the last one stays, in whatever order the answers come", () => {
  const clicked = after(START, working("a"), working("b"), working("c"));
  for (const order of [
    [1, 2, 3],
    [3, 2, 1],
    [2, 3, 1],
  ]) {
    const state = after(clicked, ...order.map((id) => place(id, "abc"[id - 1])));
    assert.deepEqual(state.target, { kind: "place", place: 3 }, String(order));
    assert.equal(state.places.length, 3);
  }
});

test("a point chosen while a click is under way keeps the keys", () => {
  const row: Target = { kind: "row", row: 7 };
  const state = after(START, working("a"), { type: "target", target: row }, place(1, "a"));
  assert.deepEqual(state.target, row);
  const later = after(state, working("b"), place(2, "b"));
  assert.deepEqual(later.target, { kind: "place", place: 2 });
});

test("news of a known place does not take the keys away", () => {
  const row: Target = { kind: "row", row: 7 };
  const state = after(
    START,
    working("a"),
    place(1, "a"),
    { type: "target", target: row },
    place(1, "a", { labelled: 2 }),
  );
  assert.deepEqual(state.target, row);
  assert.equal(labelOf(state, { kind: "place", place: 1 }), 2);
});

test("probabilities of older places are not shown for a class that has changed", () => {
  const clicked = after(START, working("a"), place(1, "a"));
  const summary = { ...clicked.places[0], class: 2 };
  const state = after(clicked, received({ type: "places", task: "subcompartment", places: [summary] }));
  assert.deepEqual(guessOf(state, { kind: "place", place: 1 }), { class: 2, confidence: null });
  const same = after(clicked, received({ type: "places", task: "subcompartment", places: [clicked.places[0]] }));
  assert.deepEqual(guessOf(same, { kind: "place", place: 1 }), { class: 1, confidence: 0.75 });
  const switched = after(clicked, points("new", { task: "cell type" }));
  assert.equal(guessOf(switched, { kind: "place", place: 1 }), null);
});

const LABEL: StoredMessage = {
  type: "label",
  request: "l1",
  task: "subcompartment",
  class: "project/spine",
  target: { row: 812 },
  provenance: "key",
};

test("a label is unsaved until the server says so, and undo knows what it would undo", () => {
  const sent = after(START, { type: "sent-to-store", message: LABEL });
  assert.deepEqual(Object.keys(sent.unsaved), ["l1"]);
  assert.equal(sent.saved, null);
  const saved = after(sent, received({ ...golden("saved"), request: "l1" }));
  assert.deepEqual(saved.unsaved, {});
  assert.equal(saved.saved?.text, "saved label 48: spine");
  assert.equal(saved.steps?.can_undo, true);
  assert.equal(saved.steps?.undo_text, "spine at (4112, 9936, 2260) nm");
  const older = after(saved, received({ ...golden("saved"), seq: 40, text: "older", undo_text: "older" }));
  assert.equal(older.saved?.text, "saved label 48: spine", "an older number does not replace a newer one");
  assert.equal(older.steps?.undo_text, saved.steps?.undo_text);
});

test("the history of another task replaces what undo would do", () => {
  const state = after(START, received(golden("saved")), received(golden("history")));
  assert.equal(state.steps?.undo_text, "microglia on cell 720575940600004885");
  assert.equal(state.saved?.seq, 48, "what was saved stays said");
});

test("a refused label is no longer waited for, and its sentence is shown", () => {
  const state = after(START, { type: "sent-to-store", message: LABEL }, received({ ...golden("failed"), request: "l1" }));
  assert.deepEqual(state.unsaved, {});
  assert.equal(state.failures.length, 1);
  assert.match(state.failures[0].text, /only background/);
});

test("a refused click is no longer under way", () => {
  const state = after(START, working("a"), received({ type: "failed", request: "a", text: "no cell", again: false }));
  assert.deepEqual(state.working, []);
  assert.equal(state.target, null);
});

test("the same failure again is one line with a count; three lines at most; each can be dismissed", () => {
  const problem = (text: string): Event => ({ type: "problem", text });
  const state = after(START, problem("a"), problem("a"), problem("b"), problem("c"), problem("d"));
  assert.deepEqual(
    state.failures.map(({ text, times }) => [text, times]),
    [
      ["b", 1],
      ["c", 1],
      ["d", 1],
    ],
  );
  const twice = after(START, problem("a"), problem("a"));
  assert.equal(twice.failures[0].times, 2);
  assert.equal(new Set(state.failures.map((failure) => failure.number)).size, 3);
  const left = after(state, { type: "dismissed", number: state.failures[1].number });
  assert.deepEqual(
    left.failures.map((failure) => failure.text),
    ["b", "d"],
  );
});

test("labels are found by row, and for a task on whole cells by any row of the cell", () => {
  const table = tableOf(HELLO.table_version, BigUint64Array.of(5n, 5n, 9n));
  const labels = { ...golden("labels"), rows: [1], classes: [1] };
  const known = after(START, { type: "rows", rows: { table, positions_nm: new Float32Array(9) } }, received(labels));
  assert.equal(labelOf(known, { kind: "row", row: 1 }), 1);
  assert.equal(labelOf(known, { kind: "row", row: 0 }), null);
  const cells = after(known, points("c", { task: "cell type" }), received({ ...labels, task: "cell type" }));
  assert.equal(labelOf(cells, { kind: "row", row: 0 }), 1);
  assert.equal(labelOf(cells, { kind: "row", row: 2 }), null);
});

test("a lasso lights its rows at once, and the server's answer keeps them", () => {
  const bits = bitsOf([4, 5], HELLO.rows);
  const drawn = after(START, { type: "drawn", request: "s", bits });
  assert.equal(drawn.selected?.row_total, 2);
  assert.equal(drawn.selected?.waiting, true);
  const answered = after(drawn, selection("s"));
  assert.equal(answered.selected?.bits, bits);
  assert.equal(answered.selected?.waiting, false);
  assert.deepEqual(answered.selected?.segments, SELECTION.segments);
});

test("answers to selections that were overtaken are dropped", () => {
  const asked = after(START, { type: "selection-asked", request: "one" }, { type: "selection-asked", request: "two" });
  const late = after(asked, selection("one"));
  assert.notEqual(late.selected?.request, "one");
  const newest = after(late, selection("two"));
  assert.equal(newest.selected?.request, "two");
  assert.deepEqual(newest.selecting, []);
});

test("another window's selection shows its marks until its mask is there", () => {
  const state = after(START, selection("theirs", { mask: "m", row_total: 3, mark_rows: [1] }));
  assert.ok(state.selected && has(state.selected.bits, 1) && !has(state.selected.bits, 2));
  const other = after(state, { type: "mask", mask: "another", bits: bitsOf([4], HELLO.rows) });
  assert.equal(other.selected, state.selected);
  const bits = bitsOf([1, 2, 3], HELLO.rows);
  const whole = after(state, { type: "mask", mask: "m", bits });
  assert.equal(whole.selected?.bits, bits);
  assert.equal(whole.selected?.mask, null);
});

test("a selection that is marked as a whole needs no mask", () => {
  const { selected } = after(START, selection("s", { mask: "m", row_total: 2, mark_rows: [0, 2] }));
  assert.ok(selected && selected.mask === null && has(selected.bits, 0) && has(selected.bits, 2));
});

test("clearing forgets the selection and the lit cell", () => {
  const state = after(START, working("a"), place(1, "a"), selection("s"), selection("c", { origin: "clear" }));
  assert.equal(state.selected, null);
  assert.equal(state.lit, null);
});

test("a task switch changes the classes when its predictions come, and shows all of them", () => {
  const asked = after(START, { type: "class-toggled", class: 1 }, { type: "task-asked", name: "cell type" });
  assert.equal(asked.task, "subcompartment");
  assert.equal(asked.wantedTask, "cell type");
  const other = after(asked, points("still the old task"));
  assert.equal(other.wantedTask, "cell type", "a repaint of the old task does not undo the wish");
  assert.equal(other.hidden.size, 1);
  const switched = after(other, points("c", { task: "cell type" }));
  assert.equal(switched.task, "cell type");
  assert.equal(switched.hidden.size, 0);
  const elsewhere = after(START, points("c", { task: "cell type" }));
  assert.equal(elsewhere.wantedTask, "cell type", "switched in another window");
});

test("one class can be shown alone, and all again", () => {
  const alone = after(START, { type: "class-alone", class: 1 });
  assert.deepEqual([...alone.hidden], [0, 2]);
  assert.deepEqual([...after(alone, { type: "class-alone", class: 1 }).hidden], []);
});

test("after a reconnect the user's things are kept; after a change of the table they are not", () => {
  const before = after(
    START,
    prediction(POINTS.stamp),
    { type: "threshold", value: 0.4 },
    { type: "target", target: { kind: "row", row: 3 } },
    { type: "sent-to-store", message: LABEL },
  );
  const same = after(before, received(HELLO));
  assert.deepEqual(same.target, { kind: "row", row: 3 });
  assert.deepEqual(Object.keys(same.unsaved), ["l1"]);
  assert.equal(same.prediction?.stamp, POINTS.stamp);
  const other = after(before, received({ ...HELLO, table_version: "another" }));
  assert.equal(other.target, null);
  assert.equal(other.prediction, null);
  assert.equal(other.threshold, 0.4);
  assert.deepEqual(Object.keys(other.unsaved), ["l1"], "it is not saved: it waits to be given again");
});

test("the viewer's own selection is taken over when the page has none", () => {
  const state = after(START, { type: "viewer-ready", cells: ["9223372036854775813"] });
  assert.deepEqual(state.selected?.segments, ["9223372036854775813"]);
  assert.equal(state.selected?.origin, "start");
  const chosen = after(START, selection("s"), { type: "viewer-ready", cells: ["1"] });
  assert.equal(chosen.selected?.request, "s");
});

test("the device is told when the encoder is loaded", () => {
  assert.equal(after(START, received(golden("device"))).hello?.device, "CPU, 2 threads");
});

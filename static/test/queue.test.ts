import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../src/proposal";
import type { QueueItem } from "../src/protocol_queue";
import { fixed, isBlind, itemOf, median } from "../src/queue";
import { describe } from "../src/describing";
import { rememberedQueue, rememberQueue, type TabShelf } from "../src/queue_memory";
import { labelOf, markOf, type State } from "../src/state";
import { Stopwatch } from "../src/stopwatch";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const item = (row: number, more: Partial<QueueItem> = {}): QueueItem => ({
  row,
  strategy: "uncertainty",
  reason: "between axon and spine",
  position_nm: [row, 2 * row, 3 * row],
  segment_id: "9223372036854775813",
  probabilities: [0.5, 0.25, 0.25],
  ...more,
});
const items = (request: string, rows: number[], more: Partial<ReturnType<typeof golden<"queue">>> = {}): Event =>
  received({ ...golden("queue"), request, items: rows.map((row) => item(row)), renewed: [], ...more });
const asked = (request: string): Event => ({ type: "queue-asked", request });
const to = (at: number): Event => ({ type: "queue-moved", to: at });
const rowsOf = (state: State): number[] => state.queue?.items.map((one) => one.row) ?? [];

const OPEN = after(
  initial,
  { type: "connection", state: "open" },
  received({ ...golden("hello"), places: [] }),
  received(golden("points")),
);
const BEGUN = after(OPEN, { type: "queue-started" }, asked("a"), items("a", [1, 2, 3, 4]));

test("the first item is what the keys answer, as soon as it is there", () => {
  assert.deepEqual(BEGUN.target, { kind: "row", row: 1 });
  assert.equal(itemOf(BEGUN)?.row, 1);
});

test("the rest of the queue is exchanged, but not what is on screen nor the next one", () => {
  const state = after(BEGUN, to(1), asked("b"), items("b", [8, 3, 9, 1]));
  assert.deepEqual(rowsOf(state), [1, 2, 3, 8, 9]);
  assert.deepEqual(state.target, { kind: "row", row: 2 });
});

test("what was shown stays, even after going back", () => {
  const state = after(BEGUN, to(1), to(2), to(0), asked("b"), items("b", [9]));
  assert.deepEqual(rowsOf(state), [1, 2, 3, 9]);
  assert.equal(fixed(state.queue!), 3);
});

test("the items of another page, of an older request or of another task are passed over", () => {
  for (const late of [items("of another page", [9]), items("b", [9], { task: "cell type" })]) {
    assert.deepEqual(rowsOf(after(BEGUN, asked("b"), late)), [1, 2, 3, 4]);
  }
  const twice = after(BEGUN, asked("b"), asked("c"), items("c", [7]), items("b", [9]));
  assert.deepEqual(rowsOf(twice), [1, 2, 7]);
  assert.equal(after(OPEN, items("a", [1])).queue, null);
});

test("at the end nothing is the target until more comes", () => {
  const end = after(BEGUN, to(1), to(2), to(3), to(4));
  assert.equal(end.target, null);
  assert.equal(itemOf(end), null);
  const more = after(end, asked("b"), items("b", [9]));
  assert.deepEqual(more.target, { kind: "row", row: 9 });
  const dry = after(end, asked("b"), items("b", [], { note: "everything is labelled" }));
  assert.equal(dry.queue?.dry, true);
  assert.equal(dry.queue?.note, "everything is labelled");
});

test("beliefs of what is on screen are renewed without moving it", () => {
  const news = items("b", [9], { renewed: [{ row: 1, probabilities: [0, 1, 0] }] });
  const state = after(BEGUN, asked("b"), news);
  assert.deepEqual(itemOf(state)?.probabilities, [0, 1, 0]);
  assert.deepEqual(state.queue?.items[1].probabilities, [0.5, 0.25, 0.25]);
});

const SAVED = golden("saved");

test("an undo of this page goes back to what it changed, that of another page does not", () => {
  const later = after(BEGUN, to(1), to(2));
  const undone = after(later, { type: "turn-asked", request: "u" }, received({ ...SAVED, request: "u", rows: [2] }));
  assert.equal(itemOf(undone)?.row, 2);
  assert.equal(undone.turning, null);
  const other = after(later, received({ ...SAVED, request: "else", rows: [2] }));
  assert.equal(itemOf(other)?.row, 3);
  const elsewhere = after(later, { type: "turn-asked", request: "u" }, received({ ...SAVED, request: "u", rows: [77] }));
  assert.equal(itemOf(elsewhere)?.row, 3);
});

test("a click on another place keeps the queue where it is", () => {
  const state = after(BEGUN, { type: "target", target: { kind: "row", row: 40 } });
  assert.equal(state.queue?.at, 0);
  assert.deepEqual(state.target, { kind: "row", row: 40 });
  assert.deepEqual(after(state, asked("b"), items("b", [9])).target, { kind: "row", row: 40 });
});

test("a switch of the task ends the queue, a new connection to the same run keeps it", () => {
  assert.equal(after(BEGUN, received({ ...golden("points"), stamp: "n", task: "cell type" })).queue, null);
  const again = after(BEGUN, asked("lost"), received({ ...golden("hello"), places: [] }));
  assert.deepEqual(rowsOf(again), [1, 2, 3, 4]);
  assert.equal(again.queue?.request, null);
  assert.equal(after(BEGUN, received({ ...golden("hello"), table_version: "another" })).queue, null);
});

test("a reloaded tab goes on in the queue where it was, unless it had left it or is about something else", () => {
  const entries = new Map<string, string>();
  const shelf: TabShelf = {
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
  };
  rememberQueue(shelf, after(BEGUN, { type: "queue-moved", to: 1 }));
  const found = rememberedQueue(shelf, OPEN);
  assert.deepEqual(found?.map((item) => item.row), [2]);
  const resumed = after(OPEN, { type: "queue-started", items: found! });
  assert.deepEqual([itemOf(resumed)?.row, resumed.target], [2, { kind: "row", row: 2 }]);
  assert.equal(rememberedQueue(shelf, { ...OPEN, task: "cell type" }), null);
  assert.equal(rememberedQueue(shelf, { ...OPEN, hello: { ...OPEN.hello!, annotator: "ben" } }), null);
  assert.deepEqual(rememberedQueue(shelf, { ...OPEN, hello: { ...OPEN.hello!, table_version: "others" } }), []);
  const growing = { ...BEGUN, hello: { ...BEGUN.hello!, table_version: "v~12" } };
  rememberQueue(shelf, growing);
  assert.equal(rememberedQueue(shelf, growing)?.length, 1);
  assert.deepEqual(rememberedQueue(shelf, { ...growing, hello: { ...growing.hello, run: "another" } }), []);
  rememberQueue(shelf, OPEN);
  assert.equal(rememberedQueue(shelf, OPEN), null);
  assert.equal(rememberedQueue(null, OPEN), null);
});

test("a place that is asked blind tells nothing of what the head believes until it is answered", () => {
  const row = BEGUN.queue!.items[0].row;
  const items = BEGUN.queue!.items.map((item) => ({ ...item, strategy: "double" }));
  const blind: State = { ...BEGUN, queue: { ...BEGUN.queue!, items } };
  assert.equal(isBlind(BEGUN), false);
  assert.equal(isBlind(blind), true);
  const labels = { ...golden("labels"), rows: [row], classes: [0], unsure: [], bad_segmentation: [] };
  assert.equal(isBlind(after(blind, received(labels))), false);
  assert.equal(isBlind(after(blind, received({ ...labels, rows: [], classes: [], unsure: [row] }))), false);
});

test("pointing at the place that is asked blind tells no belief either", () => {
  const items = BEGUN.queue!.items.map((item) => ({ ...item, strategy: "double" }));
  const prediction = { task: BEGUN.task, classes: new Uint8Array(100).fill(1), confidences: new Uint8Array(100).fill(200) };
  const seen = { ...BEGUN, prediction: prediction as unknown as State["prediction"] };
  const blind: State = { ...seen, queue: { ...seen.queue!, items } };
  assert.match(describe(seen, 1, null), /78 % · cell/);
  assert.equal(describe(blind, 1, null), "cell ");
  assert.match(describe(blind, 2, null), /78 % · cell/);
  const labels = { ...golden("labels"), rows: [1], classes: [0], unsure: [], bad_segmentation: [] };
  assert.match(describe(after(blind, received(labels)), 1, null), /78 %, labelled/);
});

test("a label and a mark are told apart", () => {
  const state = after(OPEN, received(golden("labels")));
  assert.equal(labelOf(state, { kind: "row", row: 40 }), 0);
  assert.equal(markOf(state, { kind: "row", row: 90 }), "unsure");
  assert.equal(markOf(state, { kind: "row", row: 92 }), "bad_segmentation");
  assert.equal(markOf(state, { kind: "row", row: 40 }), null);
});

test("a proposal comes to the page that asked for it, and what is struck out is not accepted", () => {
  const made = golden("proposal");
  assert.equal(after(OPEN, received(made)).proposal, null);
  const state = after(OPEN, { type: "proposal-asked", request: made.request, class: null }, received(made));
  assert.equal(state.proposal?.class, null, "what the head believes of most is not chosen");
  assert.equal(after(state, { type: "proposal-classless" }).proposal?.classless, true);
  assert.equal(after(state, { type: "proposal-classless" }, { type: "proposal-class", class: 2 }).proposal?.classless, false);
  const struck = after(state, { type: "proposal-struck", row: 812 });
  assert.deepEqual(accepted(struck.proposal!), [813, 900]);
  assert.deepEqual(accepted(after(struck, { type: "proposal-struck", row: 812 }).proposal!), [812, 813, 900]);
  assert.equal(after(struck, { type: "proposal-class", class: 2 }).proposal?.class, 2);
  const wished = after(OPEN, { type: "proposal-asked", request: made.request, class: 0 }, received(made));
  assert.equal(wished.proposal?.class, 0, "a class that the user has named stays");
});

test("the median of an even and an odd number of times", () => {
  assert.equal(median([300, 100, 200]), 200);
  assert.equal(median([400, 100, 200, 300]), 250);
});

const DRAWING = 30;

/** A clock that only pauses and drawing move; the viewer and the picture are ready at these moments. */
function world(viewerAt: number, pictureAt: number | null) {
  let now = 1000;
  return {
    now: () => now,
    picture: async () => {
      if (pictureAt === null) throw new Error("no picture");
      await Promise.resolve();
      if (now < pictureAt) await new Promise((done) => setTimeout(done));
      now = Math.max(now, pictureAt);
    },
    drawn: async () => {
      now += DRAWING;
    },
    viewerReady: () => now >= viewerAt,
    pause: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test("the time ends when picture and viewer are both ready, and what is loaded is drawn", async () => {
  const { milliseconds, overtaken } = await new Stopwatch(world(1200, 1010)).time(1000, "p");
  assert.equal(overtaken, false);
  assert.ok(milliseconds !== null && milliseconds >= 200 + DRAWING && milliseconds < 240 + DRAWING, String(milliseconds));
  assert.equal((await new Stopwatch(world(1000, 1500)).time(1000, "p")).milliseconds, 500);
  for (const never of [world(1100, null), world(1e9, 1010)]) {
    assert.deepEqual(await new Stopwatch(never).time(1000, "p"), { milliseconds: null, overtaken: false });
  }
});

test("of two that are timed only the later one has a time", async () => {
  const watch = new Stopwatch(world(1100, 1000));
  const [first, second] = await Promise.all([watch.time(1000, "p"), watch.time(1000, "q")]);
  assert.deepEqual(first, { milliseconds: null, overtaken: true });
  assert.ok(second.milliseconds !== null);
  assert.equal(watch.running, false);
});

test("what is stopped is overtaken", async () => {
  const watch = new Stopwatch(world(1100, 1000));
  const timed = watch.time(1000, "p");
  assert.equal(watch.running, true);
  watch.stop();
  assert.equal((await timed).overtaken, true);
  assert.equal(watch.running, false);
});

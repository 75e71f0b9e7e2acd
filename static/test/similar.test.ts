import assert from "node:assert/strict";
import { test } from "node:test";
import { keyInViewer, keyOnPage, type CommandWorld } from "../src/commands";
import type { ViewerBridge } from "../src/neuroglancer";
import type { Actions } from "../src/panels/panel";
import type { XYZ } from "../src/protocol";
import type { ClientMessage } from "../src/protocol_messages";
import type { ExploreMessage, SimilarReady } from "../src/protocol_explore";
import { SimilarFlow } from "../src/similar_flow";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { golden } from "./golden";

const BIG = 2n ** 63n + 5n;
const HELLO = { ...golden("hello"), rows: 5, places: [], start_segments: [] };
const ROWS = {
  table: tableOf(HELLO.table_version, BigUint64Array.from([7n, 7n, 7n, BIG, BIG])),
  positions_nm: Float32Array.from({ length: 15 }, (_, i) => 100 * i),
};
const START = [
  { type: "connection", state: "open" },
  { type: "received", message: HELLO },
  { type: "received", message: { ...golden("points"), task: HELLO.task } },
  { type: "rows", rows: ROWS },
].reduce((state, event) => reduce(state, event as Event), initial);
const TARGET: Event = { type: "target", target: { kind: "row", row: 1 } };

function page(...events: Event[]) {
  let state: State = events.reduce(reduce, START);
  const sent: ClientMessage[] = [];
  const flown: XYZ[] = [];
  const dispatch = (event: Event): void => {
    const before = state;
    state = reduce(state, event);
    if (state !== before) flow.follow(state, before);
  };
  const world = { state: () => state, dispatch, send: (message: ClientMessage) => Boolean(sent.push(message)) };
  const bridge = { camera: { flyTo: (at: XYZ) => void flown.push(at) } } as unknown as ViewerBridge;
  const flow = new SimilarFlow(world, bridge);
  const asked = (): ExploreMessage & { type: "similar" } => sent.at(-1) as ExploreMessage & { type: "similar" };
  const answer = (rows: number[], changes: Partial<SimilarReady> = {}): void => {
    const { request, task, scope, row } = asked();
    const distances = rows.map((_, i) => 0.01 * i);
    dispatch({ type: "received", message: { type: "similar", request, task, scope, row, rows, distances, rows_asked: 1, among: 5, note: "", ...changes } });
  };
  return { flow, sent, flown, asked, answer, dispatch, now: () => state };
}

function press(state: State, key: string, inViewer = false): string[] {
  const done: string[] = [];
  const actions = new Proxy({} as Actions, {
    get: (_, name) => (argument: unknown) => done.push(`${String(name)} ${JSON.stringify(argument) ?? ""}`.trim()),
  });
  const world: CommandWorld = { actions, state: () => state, cancelDrawing: () => false };
  const event = { key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  return (inViewer ? keyInViewer : keyOnPage)(world, event) ? done : ["not taken"];
}

test("the key asks what is like the target, and closes again", () => {
  const { flow, asked, now, sent } = page(TARGET);
  flow.toggle();
  const { scope, row, once, classes, segment } = asked();
  assert.deepEqual([scope, row, once, classes, segment], ["point", 1, true, [], null]);
  flow.toggle();
  assert.equal(now().similar?.open, false);
  assert.equal(sent.length, 1);
});

test("without a target and a selection nothing is asked, and that is said", () => {
  const { flow, sent, now } = page();
  flow.toggle();
  assert.equal(sent.length, 0);
  assert.match(now().failures[0].text, /Nothing is chosen/);
});

test("every change of the question is sent, and only the newest answer is taken", () => {
  const { flow, asked, answer, dispatch, now } = page(TARGET);
  flow.toggle();
  const first = asked().request;
  flow.about("cell");
  flow.change({ class: "project/spine", once: false });
  assert.deepEqual([asked().scope, asked().classes, asked().once], ["cell", ["project/spine"], false]);
  answer([3], { request: first });
  assert.equal(now().similar?.ready, null);
  dispatch({ type: "received", message: { type: "exploring", request: asked().request, text: "building an index", share: null } });
  assert.equal(now().similar?.doing, "building an index");
  answer([4, 3]);
  assert.deepEqual([now().similar?.ready?.rows, now().similar?.request, now().similar?.doing], [[4, 3], null, ""]);
});

test("a refused question is not answered by the pictures of the one before", () => {
  const { flow, asked, answer, dispatch, now } = page(TARGET);
  flow.toggle();
  answer([4, 3]);
  flow.change({ segment: "5" });
  dispatch({ type: "received", message: { type: "failed", request: asked().request, text: "no point is there", again: false } });
  assert.deepEqual([now().similar?.ready, now().similar?.request, now().similar?.at], [null, null, -1]);
});

test("going through the pictures flies there, and keys label what is chosen", () => {
  const { flow, answer, flown, now } = page(TARGET);
  flow.toggle();
  answer([4, 3, 0]);
  assert.deepEqual(press(now(), "1", true), ["not taken"], "nothing is chosen: the mouse says what is labelled");
  flow.move(1);
  flow.move(1);
  flow.move(5);
  assert.deepEqual(now().target, { kind: "row", row: 0 });
  flow.move(-1);
  assert.deepEqual([now().similar?.at, now().target], [1, { kind: "row", row: 3 }]);
  assert.deepEqual(flown.at(-1), [900, 1000, 1100]);
  assert.deepEqual(press(now(), "1", true), ['label {"kind":"row","row":3}']);
  assert.deepEqual(press(now(), "j"), ["stepAlike 1"]);
  assert.deepEqual(press(now(), "Escape"), ["similar"]);
});

test("what is alike is proposed up to where one has looked, and nothing is stored", () => {
  const { flow, answer, sent, now } = page(TARGET);
  flow.toggle();
  answer([4, 3, 0]);
  flow.propose(2);
  const message = sent.at(-1);
  assert.ok(message?.type === "propose");
  assert.deepEqual([message.rows, message.row], [[4, 3], null]);
  assert.equal(now().proposing?.request, message.request);
  assert.deepEqual(now().unsaved, {});
});

test("the selection is asked about anew when it changes", () => {
  const { flow, sent, asked, dispatch } = page();
  const select = (rows: number): void =>
    dispatch({ type: "received", message: { ...golden("selection"), request: `s${rows}`, row_total: rows, mark_rows: [], mask: null } });
  select(3);
  flow.toggle();
  assert.deepEqual([asked().scope, asked().row, sent.length], ["selection", null, 1]);
  select(4);
  assert.equal(sent.length, 2);
});

test("another task's gallery is not this one's", () => {
  const { flow, answer, dispatch, now } = page(TARGET);
  flow.toggle();
  answer([4]);
  dispatch({ type: "received", message: { ...golden("points"), task: "cell type" } });
  assert.equal(now().similar, null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Coordinates } from "../src/columns";
import type { ClientMessage } from "../src/protocol_messages";
import type { Camera } from "../src/scatter/camera";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { hashOf, textOf, viewIn, viewOf, type View, type ViewerPose } from "../src/view";
import { ViewFlow } from "../src/view_flow";
import { golden } from "./golden";

const HELLO = { ...golden("hello"), places: [] };
const LAYOUT = golden("layout");
const POSE: ViewerPose = { position: [100.5, 9, 7], flat: 2.5, deep: 4000, sections: null, space: [0, 0.5, 0.5, 0.1] };
const BIG = 2n ** 63n + 5n;
const KEPT = "0f1e2d3c4b5a69788796a5b4";
const LAYOUTS = { ...golden("layouts"), shown: "" };
const SELECTION = { ...golden("selection"), origin: "lasso" } as const;
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const coordinates: Coordinates = { id: LAYOUT.id, x: Float32Array.of(0), y: Float32Array.of(0) };
const ROWS = { table: tableOf(HELLO.table_version, BigUint64Array.from([BIG, BIG])), positions_nm: Float32Array.of(1, 2, 3, 32, 0.5, 80) };
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const START = after(initial, { type: "connection", state: "open" }, received(HELLO), received(LAYOUT), received(golden("points")));
const VIEW: View = {
  task: HELLO.task,
  coloring: "z",
  beside: "label",
  density: true,
  ramp: "cividis",
  threshold: 0.4,
  hidden: [HELLO.tasks[0].classes[1].id],
  layout: LAYOUT.id,
  scatter: { x: 0.123456789, y: -0.5, zoom: 3.25 },
  viewer: POSE,
  stamp: "",
  selection: null,
  cells: [String(2n ** 63n + 5n)],
  target: { segment: String(2n ** 63n + 5n), position_nm: [32, 0.5, 80] },
};

function page(hash: string): { state: State; flow: ViewFlow; see(...events: Event[]): void; cameras: unknown[]; tasks: string[]; sent: ClientMessage[]; hash: string } {
  const made = {
    state: initial,
    sent: [] as ClientMessage[],
    cameras: [] as unknown[],
    tasks: [] as string[],
    hash,
    flow: null as unknown as ViewFlow,
    see(...events: Event[]): void {
      for (const event of events) {
        made.state = reduce(made.state, event);
        made.flow.follow(made.state);
      }
    },
  };
  made.flow = new ViewFlow({
    state: () => made.state,
    dispatch: (event) => (made.state = reduce(made.state, event)),
    send: (message) => made.sent.push(message) > 0,
    switchTask: (name) => made.tasks.push(name),
    scatter: (camera?: Camera) => (camera ? (made.cameras.push(camera), camera) : VIEW.scatter),
    viewer: (pose?: ViewerPose) => (pose ? (made.cameras.push(pose), pose) : POSE),
    hash: (value?: string) => (made.hash = value ?? made.hash),
    copy: async () => {},
  });
  return made;
}

test("a view survives its link, number for number", () => {
  assert.deepEqual(viewIn(hashOf(VIEW)), VIEW);
  const shown = after(START, { type: "view", coloring: "z", beside: "label", density: true, ramp: "cividis", threshold: 0.4, hidden: new Set([1]) });
  const cameras = { scatter: VIEW.scatter, viewer: POSE };
  const lit = after(shown, received(LAYOUTS), { type: "rows", rows: ROWS }, { type: "cells-shown", cells: VIEW.cells }, { type: "target", target: { kind: "row", row: 1 } });
  assert.deepEqual(viewOf(lit, cameras, null), VIEW);
  assert.deepEqual(viewOf(lit, cameras, KEPT), { ...VIEW, selection: KEPT, cells: [] }, "the cells follow from the selection");
});

test("links of before selections were in them are still followed", () => {
  const { stamp: _stamp, beside: _beside, selection: _selection, cells: _cells, target: _target, ...old } = VIEW;
  assert.deepEqual(viewIn(hashOf(old as never)), { ...VIEW, beside: null, cells: [], target: null });
});

test("an address without a view has none, and one that was cut short or made by hand is refused in a sentence", () => {
  assert.equal(viewIn(""), null);
  assert.equal(viewIn("#top"), null);
  const bad = [
    hashOf(VIEW).slice(0, -10),
    "#view=%",
    "#view=null",
    hashOf({ ...VIEW, threshold: "1" } as never),
    hashOf({ ...VIEW, scatter: { x: 0, y: 0, zoom: 0 } }),
    hashOf({ ...VIEW, viewer: { ...POSE, position: [1, 2] } }),
    hashOf({ ...VIEW, selection: "../labels" }),
    hashOf({ ...VIEW, cells: ["12", "x"] }),
    hashOf({ ...VIEW, target: 7 as never }),
    hashOf(VIEW).replace("%22v%22%3A1", "%22v%22%3A9"),
  ];
  for (const hash of bad) assert.throws(() => viewIn(hash), /cannot be read/, hash);
});

test("a link is followed part by part, in whatever order things come", () => {
  const one = page(hashOf(VIEW));
  one.flow.open();
  assert.deepEqual(one.cameras, []);
  one.see({ type: "connection", state: "open" }, received(HELLO), { type: "viewer-ready", cells: [] });
  assert.deepEqual(one.cameras, [POSE]);
  one.see(received(LAYOUT), received(golden("points")), { type: "coordinates", coordinates });
  assert.deepEqual(one.cameras, [POSE, VIEW.scatter]);
  const { coloring, density, threshold, hidden } = one.state;
  assert.deepEqual({ coloring, density, threshold, hidden: [...hidden] }, { coloring: "z", density: true, threshold: 0.4, hidden: [1] });
  one.see({ type: "threshold", value: 0.9 }, { type: "viewer-ready", cells: [] });
  assert.equal(one.cameras.length, 2, "it is followed once");
  assert.equal(one.state.threshold, 0.9);
});

test("the link's task is switched to, and one that is not there is told", () => {
  const other = HELLO.tasks[1].name;
  const one = page(hashOf({ ...VIEW, task: other }));
  one.flow.open();
  one.see({ type: "connection", state: "open" }, received(HELLO), received(LAYOUT), { type: "coordinates", coordinates });
  assert.deepEqual(one.tasks, [other]);
  assert.equal(one.state.coloring, "class", "not before the task is there");
  one.see(received({ ...golden("points"), task: other }));
  assert.equal(one.state.coloring, "z");
  const two = page(hashOf({ ...VIEW, task: "gone" }));
  two.flow.open();
  two.see({ type: "connection", state: "open" }, received(HELLO));
  assert.match(two.state.failures.at(-1)!.text, /task gone/);
});

test("making a link puts it into the address, without any token", async () => {
  const one = page("");
  one.state = after(START, { type: "coordinates", coordinates });
  one.flow.link();
  await Promise.resolve();
  assert.ok(one.hash.startsWith("#view="));
  assert.ok(!one.hash.includes("token"));
  assert.deepEqual(viewIn(one.hash)?.scatter, VIEW.scatter);
  assert.match(one.state.status, /clipboard/);
});

const seen = (one: ReturnType<typeof page>): void =>
  one.see({ type: "connection", state: "open" }, received(HELLO), received(LAYOUT), received(LAYOUTS), received(golden("points")), { type: "coordinates", coordinates }, { type: "rows", rows: ROWS }, { type: "viewer-ready", cells: [] });

test("a view with a selection is kept once the server has kept that, and brings it back by its name", () => {
  const one = page("");
  seen(one);
  one.see(received(SELECTION));
  one.flow.save(" the end ");
  const [ask] = one.sent;
  assert.equal(ask.type, "keep-selection");
  assert.equal(one.sent.length, 1, "not before the selection is there");
  one.see(received({ ...golden("kept-selection"), request: "another page's" }));
  assert.equal(one.sent.length, 1);
  one.see(received({ ...golden("kept-selection"), request: ask.request, selection: KEPT }));
  const saved = one.sent[1];
  assert.ok(saved.type === "save-view" && saved.name === "the end");
  one.flow.show({ name: "the end", by: "ada", at: "", view: saved.view });
  const back = one.sent[2];
  assert.ok(back.type === "bring-selection" && back.selection === KEPT);
  assert.deepEqual(one.state.selecting, [back.request]);
});

test("what is still being selected is not kept half", () => {
  const one = page("");
  seen(one);
  one.see({ type: "drawn", request: "lasso 1", bits: new Uint32Array(1) });
  one.flow.save("early");
  assert.deepEqual(one.sent, []);
  assert.match(one.state.failures.at(-1)!.text, /still being found/);
});

test("a view without a selection takes the present one away before it shows its cells", () => {
  const one = page("");
  seen(one);
  one.see(received(SELECTION));
  one.flow.show({ name: "cells", by: "ada", at: "", view: textOf({ ...VIEW, target: null }) });
  const clear = one.sent[0];
  assert.equal(clear.type, "clear");
  one.see(received({ ...SELECTION, request: clear.request, origin: "clear", mask: null, row_total: 0 }));
  assert.equal(one.state.selected?.origin, "start");
  assert.deepEqual(one.state.selected?.segments, VIEW.cells);
  assert.equal(one.sent.length, 1);
});

test("a view of another layout is shown but for the scatter's frame, which comes with its layout", () => {
  const one = page("");
  seen(one);
  one.flow.show({ name: "map", by: "ada", at: "", view: textOf({ ...VIEW, layout: "other", stamp: "" }) });
  assert.match(one.state.failures.at(-1)!.text, /another layout/);
  assert.deepEqual(one.cameras, [POSE]);
  one.see(received({ ...LAYOUT, id: "other" }), { type: "coordinates", coordinates: { ...coordinates, id: "other" } });
  assert.deepEqual(one.cameras, [POSE, VIEW.scatter]);
  assert.equal(one.state.failures.length, 1);
});

test("a layout that is not kept any more, and colours that are gone, are said in a sentence each", () => {
  const one = page("");
  seen(one);
  one.flow.show({ name: "map", by: "ada", at: "", view: textOf({ ...VIEW, layout: "other", stamp: "gone", coloring: "cluster" }) });
  const texts = one.state.failures.map(({ text }) => text);
  assert.ok(texts.some((text) => /not kept any more/.test(text)));
  assert.ok(texts.some((text) => /by cluster, are not there/.test(text)));
  assert.equal(one.state.coloring, "class");
});

test("a view that another version has written is refused in a sentence, and nothing moves", () => {
  const one = page("");
  seen(one);
  one.flow.show({ name: "new", by: "ada", at: "", view: '{"v":2}' });
  assert.match(one.state.failures.at(-1)!.text, /another version/);
  assert.deepEqual([one.cameras, one.sent], [[], []]);
});

test("the target is found by its place, and one that is not among the points is left out", () => {
  const one = page("");
  seen(one);
  one.flow.show({ name: "a", by: "ada", at: "", view: textOf(VIEW) });
  assert.deepEqual(one.state.target, { kind: "row", row: 1 });
  const gone = { segment: "12", position_nm: [32, 0.5, 80] };
  const two = page("");
  seen(two);
  two.flow.show({ name: "a", by: "ada", at: "", view: textOf({ ...VIEW, target: gone }) });
  assert.equal(two.state.target, null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Coordinates } from "../src/columns";
import type { Camera } from "../src/scatter/camera";
import type { State } from "../src/state";
import { initial, reduce, type Event } from "../src/store";
import { hashOf, viewIn, viewOf, type View, type ViewerPose } from "../src/view";
import { ViewFlow } from "../src/view_flow";
import { golden } from "./golden";

const HELLO = { ...golden("hello"), places: [] };
const LAYOUT = golden("layout");
const POSE: ViewerPose = { position: [100.5, 9, 7], flat: 2.5, deep: 4000, sections: null, space: [0, 0.5, 0.5, 0.1] };
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const coordinates: Coordinates = { id: LAYOUT.id, x: Float32Array.of(0), y: Float32Array.of(0) };
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const START = after(initial, { type: "connection", state: "open" }, received(HELLO), received(LAYOUT), received(golden("points")));
const VIEW: View = {
  task: HELLO.task,
  coloring: "z",
  density: true,
  threshold: 0.4,
  hidden: [HELLO.tasks[0].classes[1].id],
  layout: LAYOUT.id,
  scatter: { x: 0.123456789, y: -0.5, zoom: 3.25 },
  viewer: POSE,
};

function page(hash: string): { state: State; flow: ViewFlow; see(...events: Event[]): void; cameras: unknown[]; tasks: string[]; hash: string } {
  const made = {
    state: initial,
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
  const shown = after(START, { type: "view", coloring: "z", density: true, threshold: 0.4, hidden: new Set([1]) });
  assert.deepEqual(viewOf(shown, VIEW.scatter, POSE), VIEW);
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
  await one.flow.link();
  assert.ok(one.hash.startsWith("#view="));
  assert.ok(!one.hash.includes("token"));
  assert.deepEqual(viewIn(one.hash)?.scatter, VIEW.scatter);
  assert.match(one.state.status, /clipboard/);
});

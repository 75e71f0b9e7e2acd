import assert from "node:assert/strict";
import { test } from "node:test";
import { FollowFlow } from "../src/follow_flow";
import { rowsNear } from "../src/here";
import { HoverFlow } from "../src/hover_flow";
import { fieldOf } from "../src/neuroglancer_view";
import type { Client } from "../src/neuroglancer_client";
import { Pictures } from "../src/pictures";
import type { XYZ } from "../src/protocol";
import { has } from "../src/scatter/bits";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { golden } from "./golden";

const BIG = 2n ** 63n + 5n;
const HELLO = { ...golden("hello"), rows: 4, places: [], start_segments: [] };
const POSITIONS = Float32Array.from([0, 0, 0, 900, 0, 0, 0, 0, 1100, 5000, 5000, 40]);
const START = [
  { type: "connection", state: "open" },
  { type: "received", message: HELLO },
  { type: "rows", rows: { table: tableOf(HELLO.table_version, BigUint64Array.from([7n, 7n, BIG, BIG])), positions_nm: POSITIONS } },
].reduce((state, event) => reduce(state, event as Event), initial);

/** Time that passes when the test says so. */
class Clock {
  private waiting: { at: number; action: () => void }[] = [];
  private time = 0;
  readonly after = (milliseconds: number, action: () => void): (() => void) => {
    const one = { at: this.time + milliseconds, action };
    this.waiting.push(one);
    return () => void (this.waiting = this.waiting.filter((other) => other !== one));
  };
  pass(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.waiting.filter((one) => one.at <= this.time);
    this.waiting = this.waiting.filter((one) => one.at > this.time);
    for (const one of due) one.action();
  }
}

function hovering() {
  let state: State = START;
  const clock = new Clock();
  const hints: (XYZ | null)[] = [];
  const asked: { url: string; signal: AbortSignal; answer: (picture: string) => void }[] = [];
  const pictures = new Pictures({
    fetch: (url, signal) =>
      new Promise((done, failed) => {
        signal.addEventListener("abort", () => failed(new Error("given up")));
        asked.push({ url, signal, answer: (picture) => done(picture as unknown as Blob) });
      }),
    keep: (picture) => String(picture),
    drop: () => undefined,
  });
  const dispatch = (event: Event): void => void (state = reduce(state, event));
  const flow = new HoverFlow({ state: () => state, dispatch }, { hint: (at) => void hints.push(at) }, pictures, clock.after);
  return { flow, clock, hints, asked, dispatch, now: () => state };
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

test("a point is looked at when the pointer rests on it, not when it passes", async () => {
  const { flow, clock, hints, asked, now } = hovering();
  flow.over(0);
  clock.pass(60);
  flow.over(2);
  clock.pass(124);
  assert.deepEqual([asked.length, now().glance], [0, null]);
  clock.pass(1);
  assert.equal(now().glance?.row, 2);
  assert.deepEqual(hints, [[0, 0, 1100]]);
  assert.equal(asked[0].url, `pictures/${HELLO.table_version}/2.png`);
  asked[0].answer("blob:2");
  await settled();
  assert.equal(now().glance?.picture, "blob:2");
});

test("what is asked is given up when the pointer leaves, and the cursor goes", async () => {
  const { flow, clock, hints, asked, now } = hovering();
  flow.over(1);
  clock.pass(125);
  flow.over(null);
  clock.pass(100);
  assert.equal(now().glance?.row, 1, "it may be on its way to the card");
  clock.pass(200);
  assert.equal(now().glance, null);
  assert.ok(asked[0].signal.aborted);
  assert.equal(hints.at(-1), null);
  await settled();
  assert.equal(now().glance, null);
});

test("the card stays while the pointer is on it; pins stay when it goes", () => {
  const { flow, clock, now } = hovering();
  flow.over(1);
  clock.pass(125);
  flow.over(null);
  flow.hold();
  clock.pass(5000);
  assert.equal(now().glance?.row, 1);
  flow.pin();
  flow.leave();
  assert.deepEqual([now().glance, now().pins], [null, [1]]);
  flow.over(1);
  clock.pass(125);
  flow.pin();
  assert.deepEqual(now().pins, []);
});

test("the key pins the target where the pointer is nowhere, and nothing where there is none", () => {
  const { flow, dispatch, now } = hovering();
  flow.pin();
  assert.deepEqual(now().pins, []);
  dispatch({ type: "target", target: { kind: "row", row: 3 } });
  flow.pin();
  assert.deepEqual(now().pins, [3]);
});

test("pictures are fetched once while they are among the newest, and dropped after", async () => {
  const fetched: string[] = [];
  const dropped: string[] = [];
  const world = {
    fetch: (url: string) => Promise.resolve(void fetched.push(url)).then(() => url as unknown as Blob),
    keep: (picture: Blob) => `kept ${String(picture)}`,
    drop: (address: string) => void dropped.push(address),
  };
  const pictures = new Pictures(world, 2);
  const { signal } = new AbortController();
  for (const url of ["a", "b", "a", "c", "a", "b"]) assert.equal(await pictures.get(url, signal), `kept ${url}`);
  assert.deepEqual(fetched, ["a", "b", "c", "b"]);
  assert.deepEqual(dropped, ["kept b", "kept c"]);
});

test("rows near a place are those within the radius, the edge included", () => {
  const rows = (centre: XYZ, radius: number): number[] => {
    const { bits, count } = rowsNear(POSITIONS, centre, radius);
    const found = [0, 1, 2, 3].filter((row) => has(bits, row));
    assert.equal(found.length, count);
    return found;
  };
  assert.deepEqual(rows([0, 0, 0], 900), [0, 1]);
  assert.deepEqual(rows([0, 0, 0], 899), [0]);
  assert.deepEqual(rows([0, 0, 0], 1100), [0, 1, 2]);
  assert.deepEqual(rows([5000, 5000, 0], 100), [3]);
  assert.deepEqual(rows([700, 700, 700], 1000), [], "a ball, not a box");
  assert.deepEqual(rows([0, 0, 0], 0), [0]);
});

test("the field is what the sections show, in nm, whatever the voxels' shape", () => {
  const panel = (clientWidth: number, clientHeight: number, section = true): unknown =>
    ({ element: { clientWidth, clientHeight }, ...(section ? { sliceView: {} } : {}) });
  const client = (panels: unknown[]): Client =>
    ({ position: { value: [10, 20, 30] }, crossSectionScale: { value: 2 }, projectionScale: { value: 500 }, display: { panels } }) as unknown as Client;
  const panels = [panel(400, 300), panel(500, 200), panel(900, 900, false)];
  assert.deepEqual(fieldOf(client(panels), [8, 8, 40]), { centre_nm: [80, 160, 1200], radius_nm: 2400 });
  assert.equal(fieldOf(client([panel(900, 900, false)]), [8, 8, 40]).radius_nm, 2000);
});

test("the scatter follows the viewer, seldom enough, and only when it has moved", () => {
  let state: State = START;
  let centre: XYZ = [0, 0, 0];
  let [looks, time] = [0, 0];
  const here = (): State["here"] => state.here;
  const clock = new Clock();
  const followers: ((now: State, before: State) => void)[] = [];
  const dispatch = (event: Event): void => {
    const before = state;
    state = reduce(state, event);
    if (event.type === "here-found") looks++;
    for (const follow of followers) follow(state, before);
  };
  const viewer = { field: () => ({ centre_nm: centre, radius_nm: 900 }) };
  const flow = new FollowFlow({ state: () => state, dispatch }, viewer, clock.after, () => (time += 50));
  followers.push((now, before) => flow.follow(now, before));
  flow.moved();
  clock.pass(1000);
  assert.equal(here(), null, "nobody has asked");
  flow.toggle();
  assert.deepEqual([here()?.count, looks], [2, 1]);
  for (let i = 0; i < 20; i++) flow.moved();
  clock.pass(1000);
  assert.equal(looks, 1, "the viewer has only drawn");
  centre = [0, 0, 1100];
  flow.moved();
  flow.moved();
  clock.pass(200);
  assert.equal(looks, 1, "a search that takes 50 ms waits for six times as long");
  clock.pass(100);
  assert.deepEqual([here()?.count, looks], [1, 2]);
  dispatch({ type: "reach-chosen", reach: 2 });
  assert.deepEqual([here()?.count, here()?.radius_nm], [3, 2000]);
  flow.toggle();
  assert.equal(here(), null);
});

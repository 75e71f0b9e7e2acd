import assert from "node:assert/strict";
import { test } from "node:test";
import { ClustersFlow } from "../src/clusters_flow";
import { keyOnPage, type CommandWorld } from "../src/commands";
import type { ViewerBridge } from "../src/neuroglancer";
import type { Actions } from "../src/panels/panel";
import type { XYZ } from "../src/protocol";
import type { ClientMessage, ServerMessage } from "../src/protocol_messages";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { tableOf } from "./tables";
import { golden } from "./golden";

const BIG = 2n ** 63n + 5n;
const HELLO = { ...golden("hello"), rows: 4, places: [], start_segments: [] };
const FOUND = golden("clusters");
const SPECS = HELLO.tasks.find((task) => task.name === FOUND.task)?.classes ?? [];
const START = [
  { type: "connection", state: "open" },
  { type: "received", message: { ...HELLO, task: FOUND.task } },
  { type: "received", message: { ...golden("points"), task: FOUND.task } },
  { type: "rows", rows: { table: tableOf(HELLO.table_version, BigUint64Array.from([7n, 7n, BIG, BIG])), positions_nm: new Float32Array(12) } },
].reduce((state, event) => reduce(state, event as Event), initial);

function page() {
  let state: State = START;
  const sent: ClientMessage[] = [];
  const flown: XYZ[] = [];
  const dispatch = (event: Event): void => {
    const before = state;
    state = reduce(state, event);
    if (state !== before) flow.follow(state, before);
  };
  const receive = (message: ServerMessage): void => dispatch({ type: "received", message });
  const world = { state: () => state, dispatch, send: (message: ClientMessage) => Boolean(sent.push(message)) };
  const flow = new ClustersFlow(world, { camera: { flyTo: (at: XYZ) => void flown.push(at) } } as unknown as ViewerBridge);
  flow.toggle();
  const last = <T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }> => {
    const found = sent.filter((message) => message.type === type).at(-1);
    assert.ok(found, `no ${type} among ${sent.map((message) => message.type).join()}`);
    return found as Extract<ClientMessage, { type: T }>;
  };
  const find = (): void => {
    flow.find();
    const { request } = last("cluster");
    receive({ ...FOUND, request, run: request });
  };
  const selected = (request: string): void => receive({ ...golden("selection"), request, origin: "lasso" });
  return { flow, sent, flown, last, find, selected, receive, dispatch, now: () => state };
}

function press(state: State, key: string): string[] {
  const done: string[] = [];
  const actions = new Proxy({} as Actions, {
    get: (_, name) => (argument: unknown) => done.push(`${String(name)} ${JSON.stringify(argument) ?? ""}`.trim()),
  });
  const world: CommandWorld = { actions, state: () => state, cancelDrawing: () => false };
  const event = { key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  return keyOnPage(world, event) ? done : ["not taken"];
}

test("what was found for the newest request is taken, and how far it is before that", () => {
  const { flow, last, receive, now } = page();
  flow.set({ method: "hdbscan", least_size: 30 });
  flow.find();
  const first = last("cluster");
  assert.deepEqual([first.method, first.least_size, first.task], ["hdbscan", 30, FOUND.task]);
  flow.find();
  const { request } = last("cluster");
  receive({ ...FOUND, request: first.request });
  assert.equal(now().clusters?.ready, null);
  receive({ type: "exploring", request, text: "drawing the cells anew", share: 0.5 });
  assert.deepEqual([now().clusters?.doing, now().clusters?.share], ["drawing the cells anew", 0.5]);
  receive({ ...FOUND, request });
  assert.deepEqual([now().clusters?.ready?.total, now().clusters?.request], [2, null]);
});

test("giving up tells the server, and a late answer is passed over", () => {
  const { flow, last, receive, now } = page();
  flow.find();
  flow.stop();
  assert.ok(last("stop-clusters"));
  receive({ ...FOUND, request: last("cluster").request });
  assert.deepEqual([now().clusters?.ready, now().clusters?.request], [null, null]);
});

test("a chosen cluster is selected, another one is added with it", () => {
  const { flow, find, last, now } = page();
  find();
  flow.choose(1);
  assert.deepEqual([last("select-cluster").cluster, last("select-cluster").mode, now().clusters?.chosen], [1, "replace", 1]);
  assert.equal(last("select-cluster").run, last("cluster").request);
  flow.choose(0, true);
  assert.equal(last("select-cluster").mode, "add");
});

test("a cluster with the name of a class is proposed as that class once it is selected", () => {
  const { flow, sent, find, last, selected, now } = page();
  find();
  flow.choose(0);
  flow.propose(` ${SPECS[1].name.toUpperCase()} `);
  const { request } = last("select-cluster");
  assert.ok(!sent.some((message) => message.type === "propose"), "nothing is proposed before it is selected");
  selected("something else");
  assert.ok(!sent.some((message) => message.type === "propose"));
  selected(request);
  assert.deepEqual([last("propose").row, last("propose").rows], [null, []]);
  assert.deepEqual([now().proposing?.class, now().clusters?.naming], [1, null]);
});

test("a cluster with a new name becomes a class first, once, and is proposed as it", () => {
  const { flow, sent, find, last, selected, receive, now } = page();
  find();
  flow.choose(1);
  flow.propose("thorny spine");
  selected(last("select-cluster").request);
  const added = last("add-class");
  assert.deepEqual([added.name, added.task], ["thorny spine", FOUND.task]);
  assert.ok(added.request in now().unsaved);
  receive({ type: "status", text: "something else" });
  assert.equal(sent.filter((message) => message.type === "add-class").length, 1);
  const task = HELLO.tasks.find((known) => known.name === FOUND.task);
  assert.ok(task);
  const classes = [...task.classes, { id: "new", name: "thorny spine", color: "#123456", key: "9" }];
  receive({ type: "classes", task: { ...task, classes }, heirs: {} });
  assert.ok(last("propose"));
  assert.equal(now().proposing?.class, classes.length - 1);
});

test("where the class is refused, nothing is proposed and the name can be given again", () => {
  const { flow, sent, find, last, selected, receive, now } = page();
  find();
  flow.choose(1);
  flow.propose("thorny spine");
  selected(last("select-cluster").request);
  receive({ type: "failed", request: last("add-class").request, text: "no key is left", again: false });
  assert.equal(now().clusters?.naming, null);
  assert.ok(!sent.some((message) => message.type === "propose"));
});

test("keys label an example that is looked at, and nothing that the panel covers", () => {
  const { flow, find, flown, dispatch, now } = page();
  find();
  dispatch({ type: "target", target: { kind: "row", row: 0 } });
  assert.match(press(now(), SPECS[0].key).join(), /^dispatch .*The clusters cover/);
  flow.look(3);
  assert.equal(flown.length, 1);
  assert.deepEqual(press(now(), SPECS[0].key), ['label {"kind":"row","row":3}']);
  assert.deepEqual(press(now(), "Escape"), ["clusters"]);
});

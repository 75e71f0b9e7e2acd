import assert from "node:assert/strict";
import { test } from "node:test";
import { LayoutsFlow } from "../src/layouts_flow";
import { keptText } from "../src/panels/layouts";
import { viewsOf } from "../src/panels/layouts_kept";
import type { ClientMessage } from "../src/protocol_messages";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { textOf, viewOf } from "../src/view";
import { golden } from "./golden";

function page(...events: Event[]) {
  let state: State = [{ type: "received", message: golden("hello") } as Event, ...events].reduce(reduce, initial);
  const sent: ClientMessage[] = [];
  const dispatch = (event: Event): void => void (state = reduce(state, event));
  const flow = new LayoutsFlow({ state: () => state, dispatch, send: (message) => Boolean(sent.push(message)) });
  return { flow, sent, dispatch, now: () => state };
}

const KEPT: Event = { type: "received", message: golden("layouts") };
const FITTING: Event = { type: "received", message: golden("fitting") };

test("a fit is asked for the active task, of single embeddings or of means", () => {
  const { flow, sent, now } = page(KEPT);
  flow.fit(null, golden("layouts").usual);
  flow.fit("cell type", golden("layouts").usual);
  const [first, second] = sent;
  assert.ok(first.type === "fit" && second.type === "fit");
  assert.deepEqual([first.task, first.means_of, first.parameters.neighbours], [now().task, null, 15]);
  assert.equal(second.means_of, "cell type");
});

test("the fit under way is known until it is over, and may be cancelled", () => {
  const { flow, sent, dispatch, now } = page(KEPT, FITTING);
  assert.equal(now().fitting?.share, 0.34);
  flow.stop();
  assert.equal(sent[0].type, "stop-fit");
  dispatch({ type: "received", message: { ...golden("fitting"), running: false } });
  assert.equal(now().fitting, null);
});

test("a kept layout is shown when it is another one", () => {
  const { flow, sent } = page(KEPT);
  flow.show(golden("layouts").shown);
  assert.equal(sent.length, 0);
  flow.show("");
  flow.show("a7d1e6c0249b8f35");
  assert.deepEqual(sent.map((message) => message.type === "show-layout" && message.stamp), ["", "a7d1e6c0249b8f35"]);
});

test("the panel opens and closes, and a new layout leaves the selection", () => {
  const { flow, dispatch, now } = page(KEPT);
  dispatch({ type: "received", message: golden("selection") });
  const { selected } = now();
  assert.ok(selected);
  flow.toggle();
  assert.equal(now().layoutsOpen, true);
  dispatch({ type: "received", message: { ...golden("layout"), id: "another" } });
  assert.equal(now().selected, selected);
  assert.equal(now().layoutsOpen, true);
  flow.toggle();
  assert.equal(now().layoutsOpen, false);
});

test("a kept layout is told apart by what is not as usual", () => {
  const [unusual, usual] = golden("layouts").kept;
  assert.match(keptText(unusual), /^UMAP: 30 neighbours, distance 0.25, cosine, means within 3.5 µm, by the labels of subcompartment, seed 7 · /);
  assert.match(keptText(usual), /^UMAP: 15 neighbours, distance 0.1 · /);
});

test("a kept layout is deleted by its stamp, and the views that are of it are counted before", () => {
  const { flow, sent, now } = page(KEPT);
  flow.drop("a7d1e6c0249b8f35");
  assert.deepEqual(sent.map((message) => message.type === "drop-layout" && message.stamp), ["a7d1e6c0249b8f35"]);
  const view = textOf(viewOf(now(), { scatter: { x: 0, y: 0, zoom: 1 }, viewer: null }, null));
  const unreadable = golden("views").views[0];
  const views = [unreadable, { ...unreadable, view }];
  assert.equal(viewsOf(views, golden("layouts").shown), 1);
  assert.equal(viewsOf(views, "another"), 0);
});

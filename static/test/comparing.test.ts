import assert from "node:assert/strict";
import { test } from "node:test";
import { CompareFlow } from "../src/compare_flow";
import { probability } from "../src/panels/comparing";
import type { ClientMessage, ServerMessage } from "../src/protocol_messages";
import type { Comparison } from "../src/protocol_comparing";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const A = "0f1e2d3c4b5a69788796a5b4";
const SELECTION = { ...golden("selection"), origin: "lasso", request: "lasso 1" } as const;

function page(): { readonly state: State; sent: ClientMessage[]; flow: CompareFlow; see(message: ServerMessage): void; tell(event: Event): void } {
  let state = initial;
  const sent: ClientMessage[] = [];
  const waiting: Event[] = [];
  const tell = (event: Event): void => {
    waiting.push(event);
    if (waiting.length > 1) return;
    for (; waiting.length; waiting.shift()) {
      const before = state;
      state = reduce(state, waiting[0]);
      if (state !== before) flow.follow(state, before);
    }
  };
  const flow = new CompareFlow({ state: () => state, dispatch: tell, send: (message) => sent.push(message) > 0 });
  tell({ type: "connection", state: "open" });
  const see = (message: ServerMessage): void => tell({ type: "received", message });
  see({ ...golden("hello"), places: [] });
  return { get state() { return state; }, sent, flow, see, tell }; // prettier-ignore
}

const readyOf = (state: State): Comparison | null => state.comparing?.ready ?? null;

function begun(): ReturnType<typeof page> {
  const made = page();
  made.see(SELECTION);
  made.flow.begin();
  made.see({ ...golden("kept-selection"), request: made.sent[0].request, selection: A });
  return made;
}

test("the selection is kept as A, and the next one is compared with it", () => {
  const one = begun();
  assert.deepEqual(one.sent.map(({ type }) => type), ["keep-selection"], "A is not compared with itself");
  one.see({ ...SELECTION, request: "lasso 2" });
  const asked = one.sent[1];
  assert.ok(asked.type === "compare" && asked.first === A);
  one.see({ ...golden("comparison"), request: "an earlier one" });
  assert.equal(readyOf(one.state), null);
  one.see({ ...golden("comparison"), request: asked.request });
  assert.deepEqual(readyOf(one.state)?.rows, [412, 96]);
  assert.equal(one.state.comparing?.request, null);
});

test("a selection that is still being found is compared when it is there, once", () => {
  const one = begun();
  one.tell({ type: "drawn", request: "lasso 2", bits: Uint32Array.of(7) });
  assert.equal(one.sent.length, 1);
  one.see({ ...SELECTION, request: "lasso 2" });
  one.tell({ type: "threshold", value: 0.5 });
  assert.deepEqual(one.sent.map(({ type }) => type), ["keep-selection", "compare"]);
});

test("A shown again is not compared with itself", () => {
  const one = begun();
  one.flow.showFirst();
  const bring = one.sent[1];
  assert.ok(bring.type === "bring-selection" && bring.selection === A);
  one.see({ ...SELECTION, request: bring.request });
  assert.equal(one.sent.length, 2);
});

test("closed, it compares nothing and keeps A; opened again it compares what is selected then", () => {
  const one = begun();
  one.flow.close();
  one.see({ ...SELECTION, request: "lasso 2" });
  assert.equal(one.sent.length, 1);
  one.flow.turn();
  assert.deepEqual(one.sent.map(({ type }) => type), ["keep-selection", "compare"]);
});

test("a refusal leaves A, and an answer to what was asked before is passed over", () => {
  const one = begun();
  one.see({ ...SELECTION, request: "lasso 2" });
  one.see({ type: "failed", request: one.sent[1].request, text: "both are the same", again: false });
  assert.equal(one.state.comparing?.request, null);
  assert.equal(one.state.comparing?.first?.selection, A);
  one.see({ ...golden("comparison"), request: one.sent[1].request });
  assert.equal(readyOf(one.state), null);
});

test("p-values are written as they are read", () => {
  assert.deepEqual([0.0005, 0.0125, 0.34, 1].map(probability), ["< 0.001", "0.013", "0.34", "1.00"]);
});

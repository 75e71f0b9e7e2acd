import assert from "node:assert/strict";
import { test } from "node:test";
import { keyInViewer, keyOnPage, type CommandWorld } from "../src/commands";
import { EvaluationFlow } from "../src/evaluation_flow";
import type { ViewerBridge } from "../src/neuroglancer";
import type { Actions } from "../src/panels/panel";
import { PeopleFlow } from "../src/people_flow";
import { beside, conflictShown, decisionOn, keyOf } from "../src/people_store";
import type { ClientMessage } from "../src/protocol_messages";
import type { Conflict } from "../src/protocol_annotators";
import { classIdOf, type State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const CONFLICTS = golden("conflicts");
const PEOPLE = golden("people");
const TASK = CONFLICTS.task;
const OPEN = CONFLICTS.conflicts[0];
const OTHER: Conflict = {
  ...OPEN,
  row: 40,
  position_nm: [1, 2, 3],
  statements: OPEN.statements.map((said) => ({ ...said, uuid: `other ${said.uuid}` })),
};
const SETTLED = CONFLICTS.settled[0];

const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);

const START = after(
  initial,
  { type: "connection", state: "open" },
  received({ ...golden("hello"), places: [], task: TASK }),
  received({ ...golden("points"), task: TASK }),
  { type: "people-opened" },
  received(PEOPLE),
  received({ ...CONFLICTS, conflicts: [OPEN, OTHER], total: 2 }),
);

/** A page whose flow works on its state, with all that it sends. */
function page(start: State): { flow: PeopleFlow; judging: EvaluationFlow; sent: ClientMessage[]; now(): State } {
  let state = start;
  const sent: ClientMessage[] = [];
  const world = {
    state: () => state,
    dispatch: (event: Event) => void (state = reduce(state, event)),
    send: (message: ClientMessage) => Boolean(sent.push(message)),
  };
  const bridge = { flyTo: () => undefined } as unknown as ViewerBridge;
  return { flow: new PeopleFlow(world, bridge), judging: new EvaluationFlow(world, bridge), sent, now: () => state };
}

function press(state: State, key: string, inViewer = false): string[] {
  const done: string[] = [];
  const actions = new Proxy({} as Actions, {
    get: (_, name) => (argument: unknown) => done.push(`${String(name)} ${JSON.stringify(argument) ?? ""}`.trim()),
  });
  const world: CommandWorld = { actions, state: () => state, cancelDrawing: () => false };
  const event = { key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const taken = (inViewer ? keyInViewer : keyOnPage)(world, event);
  return taken ? done : ["not taken"];
}

test("the first open conflict is on screen, and one goes on to those settled", () => {
  const state = after(START, { type: "people-shown", view: "conflicts" });
  assert.equal(conflictShown(START.people), null);
  assert.equal(conflictShown(state.people), OPEN);
  const last = after(state, { type: "conflict-shown", key: keyOf(OTHER) });
  assert.ok(last.people);
  assert.equal(beside(last.people, 1), SETTLED);
  assert.equal(beside(last.people, -1), OPEN);
  assert.equal(decisionOn(SETTLED)?.annotator, "kim");
  assert.equal(decisionOn(OPEN), null);
});

test("a decision names a statement, is kept until it is stored, and the next conflict comes", () => {
  const { flow, sent, now } = page(after(START, { type: "people-shown", view: "conflicts" }));
  flow.decide({ kind: "label", class: 2 });
  const [message] = sent;
  assert.ok(message.type === "adjudicate");
  assert.deepEqual([message.about, message.kind, message.class], [OPEN.statements[0].uuid, "label", classIdOf(now(), 2, TASK)]);
  assert.deepEqual(Object.keys(now().unsaved), [message.request]);
  assert.equal(conflictShown(now().people), OTHER);
  flow.decide({ kind: "unsure" });
  assert.ok(sent[1].type === "adjudicate" && sent[1].class === null);
  assert.equal(conflictShown(now().people), OTHER);
  const stored = after(now(), received({ ...golden("saved"), request: message.request }));
  assert.deepEqual(Object.keys(stored.people?.deciding ?? {}), [keyOf(OTHER)]);
});

test("keys decide where a conflict is on screen, in the viewer too, and nothing is labelled unseen elsewhere", () => {
  const conflicts = after(START, { type: "people-shown", view: "conflicts" });
  for (const inViewer of [false, true]) {
    assert.deepEqual(press(conflicts, "2", inViewer), ['decide {"kind":"label","class":1}']);
    assert.deepEqual(press(conflicts, "u", inViewer), ['decide {"kind":"unsure"}']);
    assert.deepEqual(press(conflicts, "ArrowRight", inViewer), ["turnConflict 1"]);
  }
  assert.match(press(START, "2")[0], /dispatch .*names no place to label/);
  assert.match(press(conflicts, "x")[0], /dispatch .*taken back by undo/);
  assert.deepEqual(press(START, "Escape"), ["people"]);
  assert.deepEqual(press(START, "w"), ["people"]);
  assert.deepEqual(press(after(START, { type: "people-closed" }), "w", true), ["people"]);
});

test("one sheet is open at a time", () => {
  const judging = after(START, { type: "evaluation-opened" });
  assert.deepEqual([judging.people?.open, judging.evaluation?.open], [false, true]);
  const back = after(judging, { type: "people-opened" });
  assert.deepEqual([back.people?.open, back.evaluation?.open], [true, false]);
});

test("what trains is asked for by all that are to train; everything is no list", () => {
  const { flow, sent, now } = page(START);
  flow.train(PEOPLE.training, "annotators", "ben");
  flow.train(PEOPLE.training, "provenances", "queue");
  flow.trainAsUsual();
  const choices = sent.map((message) => (message.type === "train_on" ? message.choice : undefined));
  assert.deepEqual(choices, [
    { annotators: null, provenances: null, reviews: null },
    { annotators: ["ana"], provenances: ["key", "adjudication", "lasso"], reviews: null },
    null,
  ]);
  assert.equal(now().people?.training, sent[2].request);
  const refused = after(now(), received({ type: "failed", request: sent[2].request, text: "one class alone", again: false }));
  assert.equal(refused.people?.training, null);
});

test("the open panel asks again when labels change, and not when it is closed", () => {
  const { flow, sent } = page(START);
  const more = after(START, received({ ...golden("labels"), task: TASK, conflicts: 1 }));
  flow.follow(more, START);
  assert.deepEqual(sent.map((message) => message.type), ["people", "conflicts"]);
  flow.follow(after(more, { type: "people-closed" }), START);
  assert.equal(sent.length, 2);
});

test("another class for another annotator's label is asked about, and decided for everybody only on demand", () => {
  const ready = golden("evaluation");
  const label = { ...ready.labels[0], annotator: "somebody else", provenance: "key" };
  const judged = after(
    START,
    { type: "evaluation-opened" },
    { type: "evaluation-asked", request: "e" },
    received({ ...ready, request: "e", task: TASK, labels: [label, ...ready.labels.slice(1)], suspects: [{ ...ready.suspects[0], label: 0 }] }),
    { type: "evaluation-shown", view: { kind: "suspect", at: 0 } },
  );
  const { judging, sent, now } = page(judged);
  const target = { kind: "row", row: label.row ?? 0 } as const;
  assert.equal(judging.asks(target, label.class), false);
  assert.equal(judging.asks(target, null), false);
  const other = label.class === 0 ? 1 : 0;
  assert.equal(judging.asks(target, other), true);
  assert.deepEqual(now().evaluation?.asking, { about: label.uuid, class: other });
  judging.back();
  assert.equal(now().evaluation?.asking, null);
  assert.equal(now().evaluation?.open, true);
  judging.asks(target, other);
  judging.decide();
  assert.ok(sent[0].type === "adjudicate" && sent[0].about === label.uuid && sent[0].class === classIdOf(now(), other, TASK));
  assert.equal(now().evaluation?.asking, null);
  assert.equal(now().evaluation?.answers[label.uuid]?.class, other);
});

test("a page that was replaced leaves its queue and says by whom", () => {
  const state = after(START, { type: "replaced", by: "ben" }, { type: "connection", state: "replaced" });
  assert.deepEqual([state.replacedBy, state.connection, state.queue], ["ben", "replaced", null]);
});

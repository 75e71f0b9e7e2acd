import assert from "node:assert/strict";
import { test } from "node:test";
import {
  calibrationText,
  csvOf,
  curveText,
  f1Text,
  fileName,
  linear,
  logarithmic,
  logTicks,
  rowTotals,
  shareText,
  shareTicks,
} from "../src/evaluation_figures";
import { isStale, labelAt, namesTarget, suspectsLeft } from "../src/evaluation_store";
import { keyInViewer, keyOnPage } from "../src/commands";
import { commandOf } from "../src/keys";
import type { Actions } from "../src/panels/panel";
import type { EvaluationReady } from "../src/protocol_evaluation";
import { classesOf, type State, type StoredMessage } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const READY = golden("evaluation");
const TASK = READY.task;
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const came = (request: string, more: Partial<EvaluationReady> = {}): Event => received({ ...READY, request, ...more });
const asked = (request: string): Event => ({ type: "evaluation-asked", request });
const sent = (message: StoredMessage): Event => ({ type: "sent-to-store", message });
const labelled = (request: string, row: number, given: number | null): Event =>
  sent({ type: "label", request, task: TASK, class: given === null ? null : classesOf(OPEN, TASK)[given].id, target: { row }, provenance: "key" });
const reviewed = (request: string, about: string): Event =>
  sent({ type: "review", request, task: TASK, about, verdict: "agree" });

const OPEN = after(
  initial,
  { type: "connection", state: "open" },
  received({ ...golden("hello"), places: [], task: TASK }),
  received({ ...golden("points"), task: TASK, stamp: READY.stamp }),
  { type: "evaluation-opened" },
  asked("a"),
);
const SUSPECTS = [0, 1].map((label) => ({ ...READY.suspects[0], label }));
const REVIEWING = after(OPEN, came("a", { suspects: SUSPECTS }), {
  type: "evaluation-shown",
  view: { kind: "suspect", at: 0 },
});

test("the answer to the newest question of this page is taken, and no other", () => {
  assert.equal(after(OPEN, came("of another page")).evaluation?.ready, null);
  assert.equal(after(OPEN, asked("b"), came("a")).evaluation?.ready, null);
  const state = after(OPEN, came("a"));
  assert.deepEqual([state.evaluation?.ready?.seq, state.evaluation?.request], [READY.seq, null]);
});

test("an answer to a likely error brings the next one, and the last one stays", () => {
  assert.equal(labelAt(REVIEWING.evaluation)?.row, 812);
  const one = after(REVIEWING, labelled("b", 812, 2));
  assert.equal(labelAt(one.evaluation)?.row, 17033);
  assert.equal(suspectsLeft(one.evaluation!), 1);
  const both = after(one, reviewed("c", "id 2"));
  assert.equal(labelAt(both.evaluation)?.row, 17033);
  assert.equal(suspectsLeft(both.evaluation!), 0);
  assert.deepEqual(Object.values(both.evaluation!.answers).map((answer) => answer.class), [2, "confirmed"]);
});

test("an answer to another place than the one on screen turns no page", () => {
  const state = after(REVIEWING, labelled("b", 17033, 1));
  assert.equal(labelAt(state.evaluation)?.row, 812);
  assert.equal(suspectsLeft(state.evaluation!), 1);
  assert.equal(after(REVIEWING, labelled("b", 5, 1)).evaluation?.answers, REVIEWING.evaluation?.answers);
});

test("what the server refuses was not answered", () => {
  const state = after(REVIEWING, reviewed("b", READY.labels[0].uuid), received({ type: "failed", request: "b", text: "no", again: false }));
  assert.equal(suspectsLeft(state.evaluation!), 2);
  assert.deepEqual(state.unsaved, {});
  assert.equal(after(OPEN, received({ type: "failed", request: "a", text: "no", again: false })).evaluation?.request, null);
});

test("keys label what the open panel shows, and nothing that it covers", () => {
  const suspect = { kind: "row", row: 812 } as const;
  const other = { kind: "row", row: 17033 } as const;
  const place = { kind: "place", place: 4 } as const;
  assert.equal(namesTarget(REVIEWING.evaluation, suspect), true);
  for (const hidden of [other, place, null]) assert.equal(namesTarget(REVIEWING.evaluation, hidden), false);
  const cell = after(REVIEWING, { type: "evaluation-shown", view: { kind: "cell", given: 1, predicted: 0 } }).evaluation;
  assert.deepEqual([suspect, other, place].map((target) => namesTarget(cell, target)), [false, true, true]);
  const figures = after(REVIEWING, { type: "evaluation-shown", view: { kind: "figures" } }).evaluation;
  assert.equal(namesTarget(figures, suspect), false);

  const said: string[] = [];
  const actions = { label: () => said.push("label"), dispatch: () => said.push("problem") } as unknown as Actions;
  const press = { key: "1", code: "Digit1", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const pressed = (state: State, where: typeof keyOnPage): boolean =>
    where({ actions, state: () => state, cancelDrawing: () => false }, press);
  const aimed = { ...REVIEWING, target: suspect };
  assert.equal(pressed(aimed, keyInViewer), true);
  assert.equal(pressed({ ...REVIEWING, target: other }, keyInViewer), false);
  assert.equal(pressed({ ...REVIEWING, target: other }, keyOnPage), true);
  assert.deepEqual(said, ["label", "problem"]);
});

test("Enter confirms the likely error on screen, in the viewer too, unless it presses a button that has the focus", () => {
  let confirmed = 0;
  const actions = { confirmShown: () => ++confirmed > 0 } as unknown as Actions;
  const world = { actions, state: () => REVIEWING, cancelDrawing: () => false };
  const press = { key: "Enter", code: "Enter", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const enter = (state: State): boolean => keyInViewer({ ...world, state: () => state }, press);
  assert.equal(enter({ ...REVIEWING, target: { kind: "row", row: 812 } }), true);
  assert.equal(keyOnPage(world, press), true);
  assert.equal(keyOnPage(world, press, true), false);
  assert.equal(confirmed, 2);
});

test("figures are old as soon as a label is saved after them, or other predictions are announced", () => {
  const shown = after(OPEN, came("a"));
  assert.equal(isStale(shown), false);
  assert.equal(isStale(after(shown, received({ ...golden("saved"), task: TASK, seq: READY.seq + 1 }))), true);
  assert.equal(isStale(after(shown, received({ ...golden("saved"), task: "cell type", seq: READY.seq + 1 }))), false);
  assert.equal(isStale(after(shown, received({ ...golden("points"), task: TASK, stamp: "newer" }))), true);
});

test("another task and another server begin anew", () => {
  const shown = after(OPEN, came("a"));
  assert.equal(after(shown, received({ ...golden("points"), task: "cell type" })).evaluation, null);
  const again = after(shown, asked("b"), received({ ...golden("hello"), places: [], task: TASK }));
  assert.equal(again.evaluation?.request, null);
  assert.equal(again.evaluation?.ready, shown.evaluation?.ready);
});

test("the panel has a key, which may be chosen", () => {
  const press = { key: "v", code: "KeyV", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const keys = golden("hello").keys;
  assert.deepEqual(commandOf(press, [], keys), { kind: "evaluation" });
  assert.equal(commandOf(press, [], { ...keys, evaluation: "e" }), null);
});

test("scales go through their ends, also of an empty range", () => {
  assert.deepEqual([0.5, 0.75, 1].map(linear([0.5, 1], [100, 0])), [100, 50, 0]);
  const scale = logarithmic([10, 1000], [0, 200]);
  assert.ok(Math.abs(scale(100) - 100) < 1e-9);
  assert.equal(linear([3, 3], [10, 20])(3), 10);
});

test("ticks are round and few", () => {
  assert.deepEqual(logTicks(10, 424), [10, 20, 50, 100, 200]);
  assert.deepEqual(logTicks(3, 40_000).length <= 5, true);
  assert.deepEqual(shareTicks(0.23, 1), [0.2, 0.4, 0.6, 0.8, 1]);
  for (const [low, high] of [[0, 0.012], [0.97, 1], [0, 1], [0, 0.12]] as const) {
    const ticks = shareTicks(low, high);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, String(ticks));
    assert.ok(ticks[0] <= low && ticks[ticks.length - 1] >= high, String(ticks));
  }
});

test("little is not written as nothing, nor nearly all as all", () => {
  assert.deepEqual([0, 0.004, 0.5, 0.996, 1].map((share) => shareText(share)), ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]);
  assert.equal(shareText(0.0004, 1), "< 0.1 %");
  assert.deepEqual([0.999, 1, 0.5].map(f1Text), ["0.99", "1.00", "0.50"]);
});

test("charts have words for those who cannot see them", () => {
  assert.equal(curveText(READY.curve), "Macro F1 by number of labels: 10 labels 0.50, 14 labels 0.75.");
  assert.match(calibrationText(0.03, 0.03), /nothing speaks against/);
  assert.doesNotMatch(calibrationText(0.2, 0.03), /nothing speaks against/);
});

test("rows of the confusion matrix add up to the labels", () => {
  assert.deepEqual(rowTotals(READY.figures!.confusion, 3), [6, 6, 0]);
});

test("the table holds every figure once, and no spreadsheet takes a name for a formula", () => {
  const classes = classesOf(OPEN, TASK).map((spec, i) => ({ ...spec, name: i ? spec.name : '=cmd|"x"' }));
  const lines = csvOf(READY, classes).trimEnd().split("\r\n");
  assert.equal(lines[0], "figure,class,predicted_as,value,low,high,labels");
  assert.equal(lines.filter((line) => line.startsWith("macro_f1,")).length, 1);
  assert.equal(lines.filter((line) => line.startsWith("f1,")).length, 2);
  assert.equal(lines.filter((line) => line.startsWith("confusion,")).length, READY.figures!.confusion.length);
  assert.ok(lines.some((line) => line.startsWith(`f1,"'=cmd|""x""",,0.75,`)), lines.join("\n"));
  assert.equal(fileName({ ...READY, task: "cell type" }, "csv"), "evaluation-cell-type-61.csv");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClassSpec, TaskSpec } from "../src/protocol_classes";
import { classesOf, classIdOf, labelOf, type State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const HELLO = golden("hello");
const TASK = HELLO.tasks[0];
const [AXON, DENDRITE, SPINE] = TASK.classes;
const BOUTON: ClassSpec = { id: "added", name: "bouton", color: "#0072b2", key: "4" };

const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const changed = (classes: readonly ClassSpec[], heirs: Record<string, string> = {}, more: Partial<TaskSpec> = {}): Event =>
  received({ type: "classes", task: { ...TASK, ...more, classes }, heirs });

const PLACES = [{ ...HELLO.places[0], class: 2, labelled: 1 }];
const STAMP = golden("points").stamp;
const PREDICTION: Event = {
  type: "prediction",
  prediction: { stamp: STAMP, url: golden("points").url, task: TASK.name, classes: Uint8Array.of(0, 1, 2, 255), confidences: new Uint8Array(4) },
};
const START = after(
  initial,
  received({ ...HELLO, places: PLACES }),
  received(golden("points")),
  received({ ...golden("labels"), rows: [10, 11, 12], classes: [0, 1, 2], places: [3], place_classes: [2] }),
  PREDICTION,
);

test("what is drawn counts as the heir of a merged class at once, before there are new predictions", () => {
  const merged = after(START, { type: "class-toggled", class: 2 }, changed([DENDRITE, SPINE], { [AXON.id]: SPINE.id }));
  assert.deepEqual(classesOf(merged), [DENDRITE, SPINE]);
  assert.deepEqual([...merged.prediction!.classes], [1, 0, 1, 255]);
  assert.deepEqual(merged.labels[TASK.name].classes, [1, 0, 1]);
  assert.deepEqual(merged.labels[TASK.name].place_classes, [1]);
  assert.deepEqual([merged.places[0].class, merged.places[0].labelled], [1, 0]);
  assert.deepEqual([...merged.hidden], [1]);
  assert.equal(labelOf(merged, { kind: "row", row: 11 }), 0);
});

test("labels and predictions of a retired class are shown as none", () => {
  const retired = after(START, changed([AXON, SPINE], {}, { retired: [DENDRITE] }));
  assert.deepEqual([...retired.prediction!.classes], [0, 255, 1, 255]);
  assert.deepEqual(retired.labels[TASK.name].rows, [10, 12]);
  assert.deepEqual(retired.labels[TASK.name].classes, [0, 1]);
  assert.deepEqual([retired.places[0].class, retired.places[0].labelled], [1, null]);
});

test("predictions that were on their way when the numbers changed are not shown", () => {
  const asked = after(START, received({ ...golden("points"), stamp: "on its way", url: "on its way" }));
  const moved = after(asked, changed([DENDRITE, SPINE], { [AXON.id]: SPINE.id }));
  assert.equal(moved.points, null);
  const late: Event = { type: "prediction", prediction: { ...START.prediction!, stamp: "on its way", url: "on its way" } };
  assert.deepEqual([...after(moved, late).prediction!.classes], [1, 0, 1, 255]);
  const fresh = after(moved, received({ ...golden("points"), stamp: "new", url: "new" }));
  assert.equal(fresh.points?.stamp, "new");
});

test("a class that is added, renamed or recoloured leaves the numbers and what is drawn as they are", () => {
  const renamed = { ...AXON, name: "neurite", color: "#000001" };
  const state = after(START, changed([renamed, DENDRITE, SPINE, BOUTON]));
  assert.equal(state.prediction, START.prediction);
  assert.equal(state.points, START.points);
  assert.equal(state.labels, START.labels);
  assert.deepEqual(classesOf(state)[0], renamed);
  assert.equal(classIdOf(state, 3), "added");
});

test("figures of other classes are asked again", () => {
  const ready = after(
    START,
    { type: "evaluation-opened" },
    { type: "evaluation-asked", request: "e" },
    received({ ...golden("evaluation"), request: "e" }),
  );
  assert.notEqual(ready.evaluation?.ready, null);
  assert.notEqual(after(ready, changed([{ ...AXON, key: "a" }, DENDRITE, SPINE])).evaluation?.ready, null);
  assert.equal(after(ready, changed([AXON, DENDRITE, SPINE, BOUTON])).evaluation?.ready, null);
});

test("the classes of another task are changed without touching what is drawn", () => {
  const [one, other] = HELLO.tasks[1].classes;
  const task = { ...HELLO.tasks[1], classes: [other] };
  const state = after(START, received({ type: "classes", task, heirs: { [one.id]: other.id } }));
  assert.deepEqual(classesOf(state, task.name), [other]);
  assert.equal(state.points, START.points);
  assert.equal(state.prediction, START.prediction);
});

test("a page that was away learns of other classes when it is back", () => {
  const tasks = [{ ...TASK, classes: [SPINE, DENDRITE] }, HELLO.tasks[1]];
  const back = after(START, received({ ...HELLO, tasks, places: [] }));
  assert.deepEqual([...back.prediction!.classes], [255, 1, 0, 255]);
  assert.equal(back.points, null);
});

test("lines of the list and what stands here keep their classes when the numbers change", () => {
  const places = [0, 1, 2].map((index) => {
    const [place] = golden("listed").places;
    return { ...place, about: `u${index}`, class: index, statements: [{ ...place.statements[0], class: index }] };
  });
  const filter = { mine: false, class: AXON.id, states: [], text: "" };
  const listed = after(
    START,
    { type: "listing-opened", filter },
    { type: "listing-asked", asked: { request: "asked", kind: "anew", renew: [] } },
    received({ ...golden("listed"), request: "asked", places, counts: { ...golden("listed").counts, classes: [1, 1, 1] } }),
    { type: "look-asked", request: "looked" },
    received({ ...golden("seen"), request: "looked", place: places[2] }),
  );
  const numbers = (state: State): unknown => [
    state.listing!.places.map((place) => place.class),
    state.listing!.places.map((place) => place.statements[0].class),
    state.seen!.place!.class,
  ];
  assert.deepEqual(numbers(listed), [[0, 1, 2], [0, 1, 2], 2]);
  const merged = after(listed, changed([DENDRITE, SPINE], { [AXON.id]: SPINE.id }));
  assert.deepEqual(numbers(merged), [[1, 0, 1], [1, 0, 1], 1]);
  assert.equal(merged.listing!.filter.class, SPINE.id);
  assert.deepEqual(merged.listing!.answer!.counts.classes, [], "the counts of other classes are shown");
  const retired = after(listed, changed([DENDRITE, SPINE], {}, { retired: [AXON] }));
  assert.deepEqual(numbers(retired), [[null, 0, 1], [null, 0, 1], 1]);
  assert.equal(retired.listing!.filter, filter);
  assert.equal(after(listed, changed([DENDRITE, SPINE])).listing!.filter.class, null);
  assert.equal(after(listed, changed([{ ...AXON, name: "neurite" }, DENDRITE, SPINE])).listing, listed.listing);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyInViewer, keyOnPage } from "../src/commands";
import { commandOf } from "../src/keys";
import { chosen, isChosen, labelToReview, NO_FILTER, saidHere } from "../src/listing_store";
import type { Actions } from "../src/panels/panel";
import type { Listed, ListedPlace } from "../src/protocol_listing";
import { classesOf, keysOf, type State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { golden } from "./golden";

const LISTED = golden("listed");
const PLACE = LISTED.places[0];
const TASK = LISTED.task;
const after = (state: State, ...events: Event[]): State => events.reduce(reduce, state);
const received = (message: Extract<Event, { type: "received" }>["message"]): Event => ({ type: "received", message });
const place = (row: number | null, uuid: string): ListedPlace => ({
  ...PLACE,
  row,
  about: uuid,
  statements: [{ ...PLACE.statements[0], uuid }],
});
const asked = (request: string, kind: "anew" | "more" | "renew", renew: number[] = []): Event => ({
  type: "listing-asked",
  asked: { request, kind, renew },
});
const came = (request: string, more: Partial<Listed>): Event =>
  received({ ...LISTED, request, places: [], renewed: [], ...more });
const at = (line: number): Event => ({ type: "listing-at", at: line });

const OPEN = after(
  initial,
  { type: "connection", state: "open" },
  received({ ...golden("hello"), places: [], task: TASK }),
  received({ ...golden("points"), task: TASK }),
  { type: "listing-opened", filter: null },
  asked("a", "anew"),
);
const THREE = after(OPEN, came("a", { places: [place(5, "u5"), place(null, "lost"), place(7, "u7")], total: 3, below: null }));

function press(state: State, key: string, inViewer = false): string[] {
  const done: string[] = [];
  const told = (name: string) => (...values: unknown[]) => void done.push([name, ...values.filter((v) => typeof v !== "object")].join(" "));
  const actions = new Proxy({}, { get: (_, name) => told(String(name)) }) as Actions;
  const world = { actions, state: () => state, cancelDrawing: () => false };
  const event = { key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const taken = (inViewer ? keyInViewer : keyOnPage)(world, event);
  return taken ? done : ["not taken"];
}

test("a part is taken once, and the next one is put behind it", () => {
  assert.equal(after(OPEN, came("of another page", { places: [place(1, "u1")] })).listing?.places.length, 0);
  const more = after(THREE, asked("b", "more"), came("b", { places: [place(9, "u9")], total: 4 }));
  assert.deepEqual(more.listing?.places.map((one) => one.row), [5, null, 7, 9]);
  assert.equal(more.listing?.answer?.total, 4);
});

test("a line that is chosen is what the keys label; one without a point is only looked at", () => {
  const first = after(THREE, at(0));
  assert.deepEqual(first.target, { kind: "row", row: 5 });
  assert.ok(isChosen(first));
  const lost = after(first, at(1));
  assert.equal(lost.target, null);
  assert.equal(saidHere(lost), lost.listing?.places[1]);
  assert.equal(after(THREE, at(9)), THREE);
});

test("what has become of the lines is told in their places, and the chosen one stays", () => {
  const news = after(THREE, at(2), asked("b", "renew", [0, 2]), came("b", { renewed: [null, { ...place(7, "new"), class: 1 }], total: 2 }));
  assert.deepEqual(news.listing?.places.map((one) => one.class), [null, PLACE.class, 1]);
  assert.deepEqual(news.listing?.places[0].statements, []);
  assert.equal(news.listing?.at, 2);
  const again = after(news, asked("c", "anew"), came("c", { places: [place(7, "new"), place(5, "u5")] }));
  assert.equal(chosen(again.listing)?.row, 7);
  const without = after(news, asked("c", "anew"), came("c", { places: [place(5, "u5")] }));
  assert.equal(without.listing?.at, -1);
});

test("the review is of the newest label by somebody else, never of one's own", () => {
  const own = { ...PLACE.statements[0], uuid: "own", annotator: golden("hello").annotator };
  const other = { ...PLACE.statements[0], uuid: "other", annotator: "somebody" };
  const seen = (statements: ListedPlace["statements"]): State =>
    after(THREE, at(0), { type: "look-asked", request: "l" }, received({ ...golden("seen"), request: "l", place: { ...PLACE, statements } }));
  assert.equal(labelToReview(seen([other, own]))?.uuid, "other");
  assert.equal(labelToReview(seen([own])), null);
  assert.equal(labelToReview(seen([{ ...other, kind: "unsure" }])), null);
});

test("an answer about a place that is not the target any more is passed over", () => {
  const state = after(THREE, at(0), { type: "look-asked", request: "l" }, { type: "look-asked", request: "m" });
  assert.equal(after(state, received({ ...golden("seen"), request: "l" })).seen, null);
  assert.equal(after(state, received({ ...golden("seen"), request: "m" })).seen?.place?.row, PLACE.row);
});

test("keys go through the open list, and are nobody's where it is closed", () => {
  assert.deepEqual(press(THREE, "j"), ["step 1"]);
  assert.deepEqual(press(THREE, "ArrowUp", true), ["step -1"]);
  const closed = after(THREE, { type: "listing-closed" });
  assert.deepEqual(press(closed, "j"), ["not taken"]);
  assert.deepEqual(press(closed, "p", true), ["places"]);
  assert.deepEqual(press(THREE, "Escape"), ["places"]);
  assert.deepEqual(press(after(THREE, at(0)), "g", true), ["review agree"]);
  assert.deepEqual(press(after(THREE, at(0)), "/"), ["comment"]);
});

test("a key in the viewer labels the chosen line, and what the mouse is on where none is", () => {
  assert.deepEqual(press(after(THREE, at(0)), "1", true), ["label 0"]);
  assert.deepEqual(press(THREE, "1", true), ["not taken"]);
});

test("a class or command on j keeps it", () => {
  const event = { key: "j", code: "KeyJ", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };
  const keys = keysOf(THREE);
  const classes = [{ ...classesOf(THREE)[0], key: "j" }];
  assert.deepEqual(commandOf(event, classes, keys), { kind: "label", class: 0 });
  assert.deepEqual(commandOf(event, classesOf(THREE), keys && { ...keys, skip: "j" }), { kind: "skip" });
});

test("opening the list closes the evaluation, and keeps the filter that it had", () => {
  const filter = { ...NO_FILTER, mine: true };
  const state = after(THREE, { type: "listing-filtered", filter }, { type: "listing-closed" }, { type: "evaluation-opened" });
  const open = after(state, { type: "listing-opened", filter: null });
  assert.equal(open.evaluation?.open, false);
  assert.equal(open.listing?.filter, filter);
});

test("what a new segmentation changed is told until it was read, and where nothing moved it is a line of status", () => {
  const told = after(THREE, received(golden("attached")));
  assert.equal(told.attached?.conflict, 1);
  assert.equal(after(told, { type: "attached-read" }).attached, null);
  const nothing = after(THREE, received({ ...golden("attached"), moved: 0, conflict: 0, lost: 0 }));
  assert.equal(nothing.attached, null);
  assert.equal(nothing.status, golden("attached").text);
});

test("after an undo of this page its place is what the keys label", () => {
  const state = after(THREE, { type: "turn-asked", request: "t" });
  const undone = after(state, received({ ...golden("saved"), request: "t", rows: [9] }));
  assert.deepEqual(undone.target, { kind: "row", row: 9 });
  const others = after(state, received({ ...golden("saved"), request: "of another page", rows: [9] }));
  assert.equal(others.target, null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bannerText } from "../src/panels/banner";
import type { ClientMessage } from "../src/protocol_messages";
import type { StoredMessage, State } from "../src/state";
import { initial } from "../src/initial";
import { reduce, type Event } from "../src/store";
import { areSameRows, fileOf, isStored, readdressed, readFile, shelf as browsersOwn, Unsaved, type Kept, type Shelf } from "../src/unsaved";
import { UnsavedFlow } from "../src/unsaved_flow";
import { golden } from "./golden";

const HELLO = golden("hello");
const AGAIN = { ...HELLO, run: "another run" };
const BIG = "9223372036854775813"; // 2^63 + 5
const LABEL: StoredMessage = {
  type: "label",
  request: "l1",
  task: "subcompartment",
  class: "project/spine",
  target: { row: 0 },
  provenance: "queue",
};
const ON_PLACE: StoredMessage = { ...LABEL, request: "l2", target: { place: HELLO.places[0].place_id } };
const MANY: StoredMessage = { type: "accept", request: "a1", task: "subcompartment", class: "project/spine", rows: [1, 2], provenance: "lasso" };

function shelf(): Shelf {
  const entries = new Map<string, string>();
  return {
    get length() {
      return entries.size;
    },
    key: (i) => [...entries.keys()][i] ?? null,
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
  };
}

interface Page {
  state(): State;
  sent: ClientMessage[];
  flow: UnsavedFlow;
  give(message: StoredMessage): void;
  /** The server says that it has stored the newest message. */
  saved(): void;
  hear(message: Extract<Event, { type: "received" }>["message"]): void;
}

/** A page of a browser, as main.ts puts it together; its connection is open or not as `online` says. */
function page(browser: Shelf | null, online = { now: true }, now = () => 1000): Page {
  let state = initial;
  const sent: ClientMessage[] = [];
  const dispatch = (event: Event): void => void (state = reduce(state, event));
  const send = (message: ClientMessage): boolean => online.now && sent.push(message) > 0;
  const flow = new UnsavedFlow({ state: () => state, dispatch, send }, new Unsaved(browser, now));
  const hear: Page["hear"] = (message) => {
    dispatch({ type: "received", message });
    flow.heard(message);
  };
  return {
    state: () => state,
    sent,
    flow,
    give: (message) => {
      flow.keep(message);
      send(message);
      dispatch({ type: "sent-to-store", message });
    },
    saved: () => hear({ ...golden("saved"), request: sent.at(-1)?.request ?? "" }),
    hear,
  };
}

test("answers given without a connection are sent, in their order, when there is one again", () => {
  const online = { now: true };
  const one = page(shelf(), online);
  one.hear(HELLO);
  online.now = false;
  for (const request of ["z", "y", "x"]) one.give({ ...LABEL, request });
  assert.equal(one.sent.length, 0);
  online.now = true;
  one.hear(HELLO);
  assert.deepEqual(one.sent.map((message) => message.request), ["z"], "the next may depend on it");
  one.saved();
  one.hear({ ...golden("failed"), request: "another's" });
  one.hear({ ...golden("failed"), request: "y" });
  one.saved();
  assert.deepEqual(one.sent.map((message) => message.request), ["z", "y", "x"]);
  assert.deepEqual(one.state().unsaved, {});
});

test("a page that is opened later gives what the one before could not, once, and forgets it when it is saved", () => {
  const browser = shelf();
  const before = page(browser, { now: false });
  before.hear(HELLO);
  before.give(LABEL);
  const later = page(browser);
  later.hear(AGAIN);
  assert.deepEqual(later.sent, [LABEL], "the rows of the same table are the same");
  assert.equal(later.state().status, "saving 1 answer of before");
  later.hear({ ...golden("saved"), request: "l1" });
  assert.deepEqual(later.state().unsaved, {});
  const last = page(browser);
  last.hear(AGAIN);
  assert.deepEqual(last.sent, []);
});

test("an answer that was refused is not given again", () => {
  const browser = shelf();
  const one = page(browser);
  one.hear(HELLO);
  one.give(LABEL);
  one.hear({ ...golden("failed"), request: "l1" });
  const next = page(browser);
  next.hear(HELLO);
  assert.deepEqual(next.sent, []);
});

test("an answer that could not be stored this time is kept, listed, and given again by the next page", () => {
  const browser = shelf();
  const one = page(browser);
  one.hear(HELLO);
  one.give(LABEL);
  one.hear({ ...golden("failed"), request: "l1", text: "the disk is full", again: true });
  assert.deepEqual([Object.keys(one.state().unsaved), one.state().held], [[], ["l1"]]);
  const open: State = { ...one.state(), connection: "open" };
  assert.equal(bannerText(open, true), "1 answer is not saved: kept in this browser and given again when the page is reloaded.");
  const next = page(browser);
  next.hear(HELLO);
  assert.deepEqual([next.sent, next.state().held], [[LABEL], []]);
  next.hear({ ...golden("failed"), request: "l1", text: "the disk is full", again: true });
  next.flow.forget();
  assert.deepEqual(next.state().held, []);
  const last = page(browser);
  last.hear(HELLO);
  assert.deepEqual(last.sent, []);
});

test("an answer that was kept is not given after a later one of the same place, nor after its taking back", () => {
  for (const later of [{ ...LABEL, request: "l9", class: "project/axon" }, { ...LABEL, request: "l9", class: null }]) {
    const browser = shelf();
    const one = page(browser);
    one.hear(HELLO);
    one.give(LABEL);
    one.give({ ...LABEL, request: "l5", target: { row: 5 } });
    for (const request of ["l1", "l5"]) one.hear({ ...golden("failed"), request, again: true });
    one.give(later);
    one.hear(later.class ? { ...golden("saved"), request: "l9" } : { ...golden("failed"), request: "l9" });
    assert.deepEqual(one.state().held, ["l5"]);
    const next = page(browser);
    next.hear(HELLO);
    assert.deepEqual(next.sent.map((message) => message.request), ["l5"]);
  }
});

test("where no label can be stored, answers of before are listed and not given", () => {
  const browser = shelf();
  const one = page(browser, { now: false });
  one.hear(HELLO);
  one.give(LABEL);
  const next = page(browser);
  next.hear({ ...HELLO, reads_only: true, notice: "the label file x cannot be written" });
  assert.deepEqual([next.sent, next.state().held, next.state().status], [[], ["l1"], ""]);
  const open: State = { ...next.state(), connection: "open" };
  assert.match(bannerText(open, true), /^the label file x cannot be written\. 1 answer is not saved: .* when the label file can be written\.$/);
  next.hear(HELLO);
  assert.deepEqual([next.sent, next.state().held], [[LABEL], []]);
});

test("points of a scatter that grows keep their numbers within one run, those of a whole table in all", () => {
  const growing = { table_version: "v~12", run: "r" };
  assert.ok(areSameRows("v~12", "r", growing));
  assert.ok(areSameRows("v~8", "r", growing), "it has grown since");
  assert.ok(!areSameRows("v~12", "another", growing));
  assert.ok(!areSameRows("v", "another", growing));
  assert.ok(!areSameRows("w~12", "r", growing));
  assert.ok(!areSameRows("v~12", "another", { table_version: "v", run: "r" }));
  assert.ok(areSameRows("v", "another", { table_version: "v", run: "r" }));
  const [before, now] = [{ ...HELLO, table_version: "v~12" }, { ...AGAIN, table_version: "v~12" }];
  const where = { position_nm: [1, 2, 3], segment_id: BIG } as const;
  const kept: Kept = { order: 1, table: "v~12", run: HELLO.run, where, message: LABEL };
  assert.deepEqual(readdressed(kept, { ...before, table_version: "v~15" }), LABEL);
  assert.deepEqual(readdressed(kept, now), { ...LABEL, target: where });
  assert.deepEqual(readdressed({ ...kept, message: MANY }, before), MANY);
  assert.equal(readdressed({ ...kept, message: MANY }, now), null);
});

test("what the browser keeps holds no token", () => {
  const browser = shelf();
  const one = page(browser);
  one.hear({ ...HELLO, viewer_url: "/v/secret/" });
  one.give(LABEL);
  assert.ok(!browser.getItem(browser.key(0) ?? "")?.includes("secret"));
});

test("answers are kept for ninety days", () => {
  const browser = shelf();
  const day = 24 * 3_600_000;
  const clock = { now: 100 * day };
  const one = page(browser, { now: false }, () => clock.now);
  one.hear(HELLO);
  one.give(LABEL);
  clock.now = 189 * day;
  const next = page(browser, { now: true }, () => clock.now);
  next.hear(HELLO);
  assert.equal(next.sent.length, 1);
  clock.now = 191 * day;
  const last = page(browser, { now: true }, () => clock.now);
  last.hear(HELLO);
  assert.deepEqual([last.sent, browser.length], [[], 0]);
});

test("a full localStorage is read all the same; one that is switched off is not", () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  const give = (get: () => unknown): object => Object.defineProperty(globalThis, "localStorage", { get, configurable: true });
  const full = { ...shelf(), setItem: () => assert.fail("QuotaExceededError") };
  try {
    give(() => full);
    assert.equal(browsersOwn(), full);
    give(() => assert.fail("SecurityError"));
    assert.equal(browsersOwn(), null);
  } finally {
    if (before) Object.defineProperty(globalThis, "localStorage", before);
    else Reflect.deleteProperty(globalThis, "localStorage");
  }
});

test("answers of another annotator or for another log stay where they are", () => {
  const browser = shelf();
  const one = page(browser, { now: false });
  one.hear(HELLO);
  one.give(LABEL);
  for (const other of [{ ...HELLO, annotator: "ben" }, { ...HELLO, log: "another" }]) {
    const next = page(browser);
    next.hear(other);
    assert.deepEqual(next.sent, []);
  }
});

test("in another run a place is named by where it is: its number is another place's there", () => {
  const browser = shelf();
  const one = page(browser, { now: false });
  one.hear(HELLO);
  one.give(ON_PLACE);
  const next = page(browser);
  next.hear(AGAIN);
  const { position_nm, segment_id } = HELLO.places[0];
  assert.deepEqual(next.sent, [{ ...ON_PLACE, target: { position_nm, segment_id } }]);
  const same = page(browser);
  same.hear(HELLO);
  assert.deepEqual(same.sent, [ON_PLACE]);
});

test("with other embeddings a row is named by where it is, and what cannot be named is kept and told, not lost", () => {
  const where = { position_nm: [1, 2, 3], segment_id: BIG } as const;
  const kept: Kept = { order: 1, table: HELLO.table_version, run: HELLO.run, where, message: LABEL };
  const others = { ...HELLO, table_version: "others" };
  assert.deepEqual(readdressed(kept, others), { ...LABEL, target: where });
  assert.equal(readdressed({ ...kept, where: null }, others), null);
  const browser = shelf();
  const one = page(browser, { now: false });
  one.hear(HELLO);
  one.give(MANY);
  const next = page(browser);
  next.hear(others);
  assert.deepEqual([next.sent, next.state().stranded], [[], ["a1"]]);
  assert.match(bannerText({ ...next.state(), connection: "open" }, true), /^1 answer of before is not saved, because the embeddings/);
  next.flow.forget();
  assert.equal(bannerText({ ...next.state(), connection: "open" }, true), "");
  const last = page(browser);
  last.hear(HELLO);
  assert.deepEqual(last.sent, [], "it was given up");
});

test("without a shelf, or with a full one, answers last as long as the page", () => {
  const full = { ...shelf(), setItem: () => assert.fail("QuotaExceededError") };
  for (const browser of [null, full]) {
    const one = page(browser, { now: false });
    one.hear(HELLO);
    one.give(LABEL);
    assert.deepEqual(Object.keys(one.state().unsaved), ["l1"]);
    const unsaved = new Unsaved(browser, () => 1);
    unsaved.keep(HELLO, { order: 1, table: "t", run: "r", where: null, message: LABEL });
    assert.deepEqual([unsaved.of(HELLO).length, unsaved.lasts], [1, false]);
  }
});

test("a damaged entry is passed over, and the others are given", () => {
  const browser = shelf();
  const one = page(browser, { now: false });
  one.hear(HELLO);
  one.give(LABEL);
  browser.setItem(`segclr unsaved/${HELLO.log}/ana/bad`, "{");
  const next = page(browser);
  next.hear(HELLO);
  assert.deepEqual(next.sent, [LABEL]);
});

test("a file carries answers to another browser, for the same annotator and log, whole or not at all", async () => {
  const kept: Kept = { order: 7, table: HELLO.table_version, run: HELLO.run, where: { position_nm: [1, 2, 3], segment_id: BIG }, message: LABEL };
  const file = fileOf(HELLO, [kept, { ...kept, message: { ...LABEL, request: "l3" } }]);
  assert.deepEqual(readFile(file, HELLO)[0], kept);
  assert.throws(() => readFile(file, { ...HELLO, annotator: "ben" }), /answers of ana/);
  assert.throws(() => readFile(file, { ...HELLO, log: "another" }), /another label file/);
  assert.throws(() => readFile(file.slice(0, -30), HELLO), /damaged or cut off/);
  assert.throws(() => readFile("x,y\n", HELLO), /no file of answers/);
  assert.throws(() => readFile(file.replace('"version":1', '"version":2'), HELLO), /another version/);
  assert.throws(() => readFile(file.replaceAll('"type":"label"', '"type":"undo"'), HELLO), /damaged/);
  const one = page(shelf());
  one.hear(HELLO);
  await one.flow.read(new Blob([file]));
  one.saved();
  assert.deepEqual(one.sent.map((message) => message.request), ["l1", "l3"]);
  await one.flow.read(new Blob(["nothing"]));
  assert.match(one.state().failures[0].text, /no file of answers/);
});

test("the banner says in one sentence how many answers are not saved and what becomes of them", () => {
  const online = { now: false };
  const one = page(shelf(), online);
  one.hear(HELLO);
  one.give(LABEL);
  one.give({ ...LABEL, request: "l2" });
  const lost: State = { ...one.state(), connection: "lost" };
  assert.equal(bannerText(lost, true), "Connection lost, trying again. 2 answers are not saved: kept in this browser and saved as soon as it is back. Does the program come back at another port? Then save them as a file and read it there in the list of places.");
  assert.match(bannerText(lost, false), /on this page only, do not close it/);
  assert.match(bannerText({ ...lost, connection: "ended" }, true), /2 answers are not saved: .*save them as a file/);
  assert.match(bannerText({ ...lost, replacedBy: "ben" }, true), /2 answers are not saved/);
  assert.equal(bannerText({ ...lost, connection: "open" }, true), "", "a moment of waiting is no news");
});

test("what is to be stored is told from what is only asked", () => {
  assert.ok(isStored(LABEL));
  assert.ok(isStored({ type: "add-class", request: "c", task: "t", name: "x", color: "#000000", key: "5" } as ClientMessage));
  assert.ok(!isStored({ type: "undo", request: "u" }));
});

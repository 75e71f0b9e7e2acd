import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, keyName, type KeyPress } from "../src/keys";
import { golden } from "./golden";

const CLASSES = golden("hello").tasks[0].classes;
const KEYS = golden("hello").keys;
const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

test("class keys label with their class", () => {
  assert.deepEqual(commandOf(press("2"), CLASSES, KEYS), { kind: "label", class: 1 });
  assert.equal(commandOf(press("9"), CLASSES, KEYS), null);
  const letters = [{ id: "a", name: "axon", color: "#000000", key: "a" }];
  assert.deepEqual(commandOf(press("A"), letters, KEYS), { kind: "label", class: 0 });
});

test("digits work on a French keyboard and on the number pad", () => {
  assert.deepEqual(commandOf(press("é", { code: "Digit2" }), CLASSES, KEYS), { kind: "label", class: 1 });
  assert.deepEqual(commandOf(press("2", { code: "Numpad2" }), CLASSES, KEYS), { kind: "label", class: 1 });
});

test("a key held down labels once", () => {
  assert.equal(commandOf(press("2", { repeat: true }), CLASSES, KEYS), null);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(commandOf(press("1", { ctrlKey: true }), CLASSES, KEYS), null);
  assert.equal(commandOf(press("1", { altKey: true }), CLASSES, KEYS), null);
  assert.equal(commandOf(press("z"), CLASSES, KEYS), null);
  assert.equal(commandOf(press("r", { ctrlKey: true }), CLASSES, KEYS), null);
});

test("undo and redo, on every system", () => {
  for (const modifier of ["ctrlKey", "metaKey"] as const) {
    assert.deepEqual(commandOf(press("z", { [modifier]: true }), CLASSES, KEYS), { kind: "undo" });
    assert.deepEqual(commandOf(press("Z", { [modifier]: true, shiftKey: true }), CLASSES, KEYS), { kind: "redo" });
    assert.deepEqual(commandOf(press("y", { [modifier]: true }), CLASSES, KEYS), { kind: "redo" });
  }
  assert.deepEqual(commandOf(press("z", { ctrlKey: true, repeat: true }), CLASSES, KEYS), { kind: "undo" });
});

test("taking back, clearing, help", () => {
  for (const key of ["x", "Backspace", "Delete"])
    assert.deepEqual(commandOf(press(key), CLASSES, KEYS), { kind: "take-back" });
  assert.deepEqual(commandOf(press("Escape"), CLASSES, KEYS), { kind: "escape" });
  assert.deepEqual(commandOf(press("?", { shiftKey: true, code: "Slash" }), CLASSES, KEYS), { kind: "help" });
});

test("the keys of the project file give their commands", () => {
  assert.deepEqual(commandOf(press("q"), CLASSES, KEYS), { kind: "queue" });
  assert.deepEqual(commandOf(press("U"), CLASSES, KEYS), { kind: "mark", mark: "unsure" });
  assert.deepEqual(commandOf(press("b"), CLASSES, KEYS), { kind: "mark", mark: "bad_segmentation" });
  assert.deepEqual(commandOf(press("ArrowLeft"), CLASSES, KEYS), { kind: "back" });
  assert.deepEqual(commandOf(press("Enter"), CLASSES, KEYS), { kind: "accept" });
  const other = { ...KEYS, skip: "w", back: "comma", take_back: "k" };
  assert.deepEqual(commandOf(press("w"), CLASSES, other), { kind: "skip" });
  assert.deepEqual(commandOf(press(","), CLASSES, other), { kind: "back" });
  assert.deepEqual(commandOf(press("k"), CLASSES, other), { kind: "take-back" });
  for (const free of ["s", "x", "ArrowLeft"]) assert.equal(commandOf(press(free), CLASSES, other), null);
  assert.equal(keyName(other.back), ",");
  assert.equal(keyName(KEYS.skip), "S");
});

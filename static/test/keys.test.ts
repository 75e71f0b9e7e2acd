import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, type KeyPress } from "../src/keys";
import { golden } from "./golden";

const CLASSES = golden("hello").tasks[0].classes;
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
  assert.deepEqual(commandOf(press("2"), CLASSES), { kind: "label", class: 1 });
  assert.equal(commandOf(press("9"), CLASSES), null);
  const letters = [{ name: "axon", color: "#000000", key: "a" }];
  assert.deepEqual(commandOf(press("A"), letters), { kind: "label", class: 0 });
});

test("digits work on a French keyboard and on the number pad", () => {
  assert.deepEqual(commandOf(press("é", { code: "Digit2" }), CLASSES), { kind: "label", class: 1 });
  assert.deepEqual(commandOf(press("2", { code: "Numpad2" }), CLASSES), { kind: "label", class: 1 });
});

test("a key held down labels once", () => {
  assert.equal(commandOf(press("2", { repeat: true }), CLASSES), null);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(commandOf(press("1", { ctrlKey: true }), CLASSES), null);
  assert.equal(commandOf(press("1", { altKey: true }), CLASSES), null);
  assert.equal(commandOf(press("z"), CLASSES), null);
  assert.equal(commandOf(press("r", { ctrlKey: true }), CLASSES), null);
});

test("undo and redo, on every system", () => {
  for (const modifier of ["ctrlKey", "metaKey"] as const) {
    assert.deepEqual(commandOf(press("z", { [modifier]: true }), CLASSES), { kind: "undo" });
    assert.deepEqual(commandOf(press("Z", { [modifier]: true, shiftKey: true }), CLASSES), { kind: "redo" });
    assert.deepEqual(commandOf(press("y", { [modifier]: true }), CLASSES), { kind: "redo" });
  }
  assert.deepEqual(commandOf(press("z", { ctrlKey: true, repeat: true }), CLASSES), { kind: "undo" });
});

test("taking back, clearing, help", () => {
  for (const key of ["x", "Backspace", "Delete"])
    assert.deepEqual(commandOf(press(key), CLASSES), { kind: "take-back" });
  assert.deepEqual(commandOf(press("Escape"), CLASSES), { kind: "escape" });
  assert.deepEqual(commandOf(press("?", { shiftKey: true, code: "Slash" }), CLASSES), { kind: "help" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rows } from "../src/columns";
import { findCell } from "../src/finding";
import { boundsOf } from "../src/scatter/camera";
import type { State } from "../src/state";
import { initial } from "../src/initial";
import { tableOf } from "./tables";

const BIG = 2n ** 63n + 5n;
const rows: Rows = { table: tableOf("v", BigUint64Array.of(7n, 2n ** 53n + 1n, BIG, BIG, BIG)), positions_nm: new Float32Array(15) };
const state: State = { ...initial, rows };

test("a cell is found by its exact id, however large", () => {
  assert.deepEqual(findCell(" 9223372036854775813 ", state), { id: String(BIG), rows: Uint32Array.of(2, 3, 4) });
  assert.deepEqual(findCell("9007199254740993", state), { id: "9007199254740993", rows: Uint32Array.of(1) });
  assert.deepEqual(findCell("007", state), { id: "7", rows: Uint32Array.of(0) });
});

test("what is no id, and a cell that is not there, are told in a sentence", () => {
  for (const text of ["", "12a", "-5", "1.5", "18446744073709551616", "9".repeat(21)]) {
    assert.match((findCell(text, state) as { problem: string }).problem, /no cell id/, text);
  }
  assert.match((findCell("9007199254740992", state) as { problem: string }).problem, /cell 9007199254740992/);
  assert.match((findCell("7", initial) as { problem: string }).problem, /under way/);
});

test("a cell without a point is asked for where the server may have more", () => {
  const part: Rows = { ...rows, table: tableOf("v~5", BigUint64Array.of(7n)) };
  assert.deepEqual(findCell("9", { ...initial, rows: part }), { id: "9", rows: new Uint32Array(0) });
});

test("the box of some of the points leaves out the others", () => {
  const [x, y] = [Float32Array.of(0, 1, NaN, 0.25), Float32Array.of(0, -1, 0, 0.5)];
  assert.deepEqual(boundsOf(x, y, (row) => row !== 1), { x0: 0, y0: 0, x1: 0.25, y1: 0.5 });
  assert.deepEqual(boundsOf(x, y, (row) => row === 2), { x0: -1, y0: -1, x1: 1, y1: 1 });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prediction, Rows } from "../src/columns";
import { golden } from "./golden";
import { partsOf } from "../src/surfaces";
import { Table } from "../src/table";

const CLASSES = golden("hello").tasks[0].classes;
const LARGE = 2n ** 63n + 5n;
const IDS = BigUint64Array.of(7n, 7n, 7n, 720575940600004885n, LARGE, LARGE);
const TABLE = Table.from("v", IDS, Uint32Array.of(0, 0, 0, 1, 2, 2));

test("rows find their segment and segments their rows; ids beyond 2**53 are exact", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((row) => TABLE.indexOfRow(row)),
    [0, 0, 0, 1, 2, 2],
  );
  assert.equal(TABLE.idOfRow(5), "9223372036854775813");
  assert.equal(TABLE.indexOf("9223372036854775813"), 2);
  assert.equal(TABLE.indexOf("9223372036854775812"), -1, "a neighbour that float64 cannot tell from it");
  assert.equal(TABLE.indexOf("720575940600004885"), 1);
  assert.deepEqual([...TABLE.rowsOf(0)], [0, 1, 2]);
  assert.deepEqual([...TABLE.rowsOf(2)], [4, 5]);
});

test("points that came later belong to their segments, in the server's order of segments", () => {
  const later = Table.from("v~5", BigUint64Array.of(LARGE, 7n, 500n, 7n, LARGE), Uint32Array.of(2, 0, 3, 0, 2));
  assert.deepEqual([...later.rowsOf(later.indexOf("7"))], [1, 3]);
  assert.deepEqual([...later.rowsOf(later.indexOf(String(LARGE)))], [0, 4]);
  assert.equal(later.placeOf(later.indexOf("500")), 3);
  assert.deepEqual([0, 2, 4].map((row) => later.idOfRow(row)), [String(LARGE), "500", String(LARGE)]);
  assert.deepEqual([later.rows, later.segments, later.isPart, TABLE.isPart], [5, 3, true, false]);
});

test("an empty table has no segment", () => {
  assert.equal(Table.from("v", new BigUint64Array(0), new Uint32Array(0)).indexOf("7"), -1);
});

test("a segment's surface is shown in the parts that its rows are predicted as", () => {
  const rows: Rows = { table: TABLE, positions_nm: new Float32Array(18) };
  const prediction: Prediction = {
    stamp: "s",
    url: "s",
    task: "t",
    classes: Uint8Array.of(1, 0, 1, 255, 1, 1),
    confidences: new Uint8Array(6),
  };
  const parts = partsOf(["7", "9223372036854775813", "7", "12345"], rows, prediction, CLASSES, new Set());
  assert.deepEqual(
    parts.map((part) => [part.id, part.segment]),
    [
      ["2", "7"],
      ["1", "7"],
      ["66", "9223372036854775813"],
    ],
  );
  assert.deepEqual(parts[0].rgb, [239, 68, 68]);
  const unknown = partsOf(["720575940600004885"], rows, prediction, CLASSES, new Set());
  assert.deepEqual(
    unknown.map((part) => part.id),
    ["32"],
  );
  assert.deepEqual(
    partsOf(["7"], rows, prediction, CLASSES, new Set([1])).map((part) => part.id),
    ["1"],
  );
});

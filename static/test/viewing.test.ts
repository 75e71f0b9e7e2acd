import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prediction, Rows } from "../src/columns";
import { viewing } from "../src/effects";
import type { Mark, Part, ViewerBridge } from "../src/neuroglancer";
import { Table } from "../src/table";
import type { State } from "../src/state";
import { initial } from "../src/initial";

const CELLS = 30;
const IDS = BigUint64Array.from({ length: CELLS }, (_, i) => (1n << 63n) + BigInt(i));
const ROWS: Rows = {
  table: Table.from("v", IDS, Uint32Array.from({ length: CELLS }, (_, i) => i)),
  positions_nm: new Float32Array(3 * CELLS),
};
const PREDICTION: Prediction = { stamp: "s", url: "u", task: "", classes: new Uint8Array(CELLS), confidences: new Uint8Array(CELLS) };

/** What the viewer was told, in order; what waits for it to have drawn is done in the next turn. */
class Told {
  readonly log: string[] = [];
  colors: string[] = [];
  private cells: readonly string[] = [];
  private turns: (() => void)[] = [];
  readonly bridge = {
    open: () => undefined,
    paint: () => undefined,
    spotlight: () => undefined,
    mark: (marks: readonly Mark[]) => void (this.colors = marks.map((mark) => mark.color)),
    markPlace: () => undefined,
    refetch: () => undefined,
    away: () => false,
    select: (cells: readonly string[]) => {
      this.cells = cells;
      this.log.push(`${cells.length} cells`);
    },
    showSurfaces: (partsOf: (cells: readonly string[]) => readonly Part[]) => void this.log.push(`${partsOf(this.cells).length} surfaces`),
    drawn: () => new Promise<void>((done) => void this.turns.push(done)),
  } as unknown as ViewerBridge;

  async draws(): Promise<void> {
    for (const done of this.turns.splice(0)) done();
    await new Promise((done) => setTimeout(done, 0));
  }
}

function selecting(count: number): State {
  const segments = Array.from(IDS.subarray(0, count), String);
  return {
    ...initial,
    hello: { viewer_url: "v", resolution_nm: [16, 16, 40], rows: CELLS, tasks: [] },
    points: { stamp: "s", url: "u", task: "" },
    rows: ROWS,
    prediction: PREDICTION,
    selected: { segments, row_total: count, marks: [], mark_rows: [], waiting: false, origin: "lasso" },
  } as unknown as State;
}

Object.assign(globalThis, { location: { href: "http://127.0.0.1/" } });

test("the sections show many chosen cells before their surfaces do", async () => {
  const told = new Told();
  const effect = viewing(told.bridge);
  effect(selecting(CELLS), null);
  assert.deepEqual(told.log, ["30 cells", "0 surfaces"]);
  await told.draws();
  assert.deepEqual(told.log, ["30 cells", "0 surfaces", "30 surfaces"]);
});

test("surfaces that were waited for do not take the place of what was chosen since", async () => {
  const told = new Told();
  const effect = viewing(told.bridge);
  effect(selecting(CELLS), null);
  effect(selecting(2), selecting(CELLS));
  await told.draws();
  assert.deepEqual(told.log.slice(2), ["2 cells", "2 surfaces"]);
});

test("surfaces of few cells come at once", () => {
  const told = new Told();
  viewing(told.bridge)(selecting(2), null);
  assert.deepEqual(told.log, ["2 cells", "2 surfaces"]);
});

test("a selection's points in the viewer take the colours of new predictions", () => {
  const told = new Told();
  const effect = viewing(told.bridge);
  const classes = ["#111111", "#222222"].map((color, id) => ({ id, color, name: color, key: null, retired: false }));
  const tasks = [{ name: "type", unit: "node", classes }];
  const state = selecting(2);
  const marked = {
    ...state,
    task: "type",
    hello: { ...state.hello, tasks },
    selected: { ...state.selected, marks: [[1, 2, 3]], mark_rows: [4] },
    prediction: { ...PREDICTION, task: "type" },
  } as unknown as State;
  effect(marked, null);
  assert.deepEqual(told.colors, ["#111111"]);
  const anew = { ...marked, prediction: { ...PREDICTION, task: "type", stamp: "t", classes: new Uint8Array(CELLS).fill(1) } } as State;
  effect(anew, marked);
  assert.deepEqual(told.colors, ["#222222"]);
});

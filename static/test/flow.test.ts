import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prediction, Rows } from "../src/columns";
import { Camera } from "../src/neuroglancer_camera";
import { inPanel } from "../src/neuroglancer_cross";
import type { Client, Layer } from "../src/neuroglancer_client";
import { Renewal } from "../src/neuroglancer_refetch";
import { closenessFor, isCutOtherwise, partsOf, reachOf } from "../src/surfaces";
import { focusOf } from "../src/queue";
import { initial } from "../src/initial";
import { reduce } from "../src/store";

const SEGMENT = "9223372036854775813";
const OTHER = "720575940600000977";
const CLASSES = [
  { name: "axon", color: "#0000ff", key: "1" },
  { name: "spine", color: "#ff0000", key: "2" },
] as const;

/** Two segments, of three rows and of two. */
const ROWS = {
  table: {
    rows: 5,
    indexOf: (id: string) => [OTHER, SEGMENT].indexOf(id),
    placeOf: (index: number) => index,
    isPart: false,
    rowsOf: (index: number) => [[0, 1], [2, 3, 4]][index],
  },
  positions_nm: Float32Array.of(0, 0, 0, 10, 0, 0, 100, 200, 300, 100, 200, 900, 150, 250, 300),
} as unknown as Rows;

function predicted(...classes: number[]): Prediction {
  return { task: "t", stamp: "s", classes: Uint8Array.from(classes) } as unknown as Prediction;
}

test("a segment is cut otherwise only if one of its own rows has another class", () => {
  const before = predicted(0, 0, 1, 1, 0);
  assert.equal(isCutOtherwise(SEGMENT, ROWS, before, predicted(1, 1, 1, 1, 0)), false);
  assert.equal(isCutOtherwise(SEGMENT, ROWS, before, predicted(0, 0, 1, 1, 1)), true);
  assert.equal(isCutOtherwise(SEGMENT, ROWS, null, before), true);
  assert.equal(isCutOtherwise(SEGMENT, ROWS, { ...before, task: "another" }, before), true);
  assert.equal(isCutOtherwise("1", ROWS, null, before), false, "unknown segments have no surface");
});

test("beside the cell that is asked about the others are dimmed", () => {
  const all = partsOf([SEGMENT, OTHER], ROWS, predicted(0, 0, 1, 1, 1), CLASSES as never, new Set(), SEGMENT);
  const of = (segment: string): readonly number[] => all.find((part) => part.segment === segment)!.rgb;
  assert.deepEqual(of(SEGMENT), [255, 0, 0]);
  assert.ok(Math.max(...of(OTHER)) < 120, String(of(OTHER)));
});

test("a whole cell is shown as far as it reaches, a node from near", () => {
  assert.equal(reachOf(SEGMENT, ROWS, [100, 200, 300]), 600);
  assert.equal(reachOf("1", ROWS, [0, 0, 0]), 0);
  const node = closenessFor("node", 50_000);
  assert.deepEqual(node, closenessFor("node", 0));
  assert.ok(closenessFor("segment", 50_000).depth_nm >= 100_000);
  assert.ok(closenessFor("segment", 0).depth_nm >= node.depth_nm);
});

function cameraOf(): { camera: Camera; flat: { value: number }; deep: { value: number } } {
  const [flat, deep] = [{ value: 1 }, { value: 1000 }];
  const client = { crossSectionScale: flat, projectionScale: deep, position: { value: Float32Array.of(0, 0, 0) } };
  return { camera: new Camera(() => client as unknown as Client, (action) => action()), flat, deep };
}

test("what the user has zoomed by hand stays, each view by itself, until the queue is begun again", () => {
  const { camera, flat, deep } = cameraOf();
  const closeness = { pixel_nm: 16, depth_nm: 8000 };
  camera.suggest(closeness, [32, 32, 40]);
  assert.deepEqual([flat.value, deep.value], [0.5, 250]);
  flat.value = 0.125;
  camera.suggest({ ...closeness, depth_nm: 16_000 }, [32, 32, 40]);
  assert.deepEqual([flat.value, deep.value], [0.125, 500]);
  camera.suggest(closeness, [32, 32, 40]);
  assert.deepEqual([flat.value, deep.value], [0.125, 250]);
  camera.forget();
  camera.suggest(closeness, [32, 32, 40]);
  assert.equal(flat.value, 0.5);
});

test("the cross is where the panel's matrix puts the voxel", () => {
  // columns: x scaled by 1/100, y by -1/50 (down on screen), z by 1/1000, moved so that (200, 100, 7) is in the middle
  const matrix = [0.01, 0, 0, 0, 0, -0.02, 0, 0, 0, 0, 0.001, 0, -2, 2, -0.007, 1];
  const middle = inPanel(matrix, [200, 100, 7]);
  assert.ok(Math.abs(middle.x - 0.5) < 1e-9 && Math.abs(middle.y - 0.5) < 1e-9 && Math.abs(middle.depth) < 1e-9);
  assert.ok(Math.abs(inPanel(matrix, [250, 100, 7]).x - 0.75) < 1e-9);
  assert.ok(Math.abs(inPanel(matrix, [200, 125, 7]).y - 0.75) < 1e-9);
});

/** A viewer that counts what is fetched again. */
function renewing(): { renewal: Renewal; chunks: () => number; meshes: () => number } {
  const counts = { chunks: 0, meshes: 0 };
  const surfaces = {
    renderLayers: [{ source: { invalidateCache: () => counts.meshes++, fragmentSource: { invalidateCache: () => 0 } } }],
  };
  const display = { panels: [], scheduleRedraw: () => {} };
  const client = { display, position: { value: Float32Array.of(1, 2, 3) }, isReady: () => true };
  const renewal = new Renewal({
    client: () => client as unknown as Client,
    layer: (name) => {
      if (name === "surfaces") return surfaces as unknown as Layer;
      counts.chunks++;
      return { renderLayers: [] } as unknown as Layer;
    },
    reach: (action) => action(),
  });
  return { renewal, chunks: () => counts.chunks, meshes: () => counts.meshes };
}

test("a repaint waits for the place that is awaited, and several are one", () => {
  const { renewal, chunks, meshes } = renewing();
  renewal.showing([SEGMENT]);
  renewal.hold();
  renewal.ask(() => false);
  renewal.ask((segment) => segment === SEGMENT);
  renewal.ask(() => false);
  assert.deepEqual([chunks(), meshes(), renewal.done], [0, 0, false]);
  renewal.release();
  assert.deepEqual([chunks(), meshes()], [1, 1]);
});

test("meshes are fetched again if a segment that is shown, is expected or was shown has other parts", () => {
  for (const changed of ["was", "shown", "expected"]) {
    const { renewal, meshes } = renewing();
    renewal.showing(["was"]);
    renewal.showing(["shown"]);
    renewal.expecting(["expected"]);
    renewal.ask((segment) => segment === changed);
    assert.equal(meshes(), 1, changed);
  }
  const { renewal, meshes } = renewing();
  renewal.showing(["shown"]);
  renewal.ask((segment) => segment === "never");
  assert.equal(meshes(), 0);
});

test("only while the queue runs one cell is in focus", () => {
  const running = reduce({ ...initial, lit: SEGMENT }, { type: "queue-started" });
  assert.equal(focusOf(running), SEGMENT);
  assert.equal(focusOf(reduce(running, { type: "queue-left" })), null);
  assert.equal(reduce(running, { type: "others-toggled" }).others, true);
});

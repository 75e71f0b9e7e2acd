import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMessage, ProtocolError, type ClientMessage } from "../src/protocol_messages";
import { golden, namesIn, textOf } from "./golden";

test("every message of the server is understood", () => {
  const names = namesIn("to_page");
  assert.ok(names.length >= 12);
  for (const name of names) assert.equal(parseMessage(textOf("to_page", name)).type, name);
});

test("segment ids above 2**53 stay strings, digit for digit", () => {
  const large = "9223372036854775813";
  assert.ok(BigInt(large) > 2n ** 63n);
  assert.ok(golden("hello").start_segments.includes(large));
  assert.ok(golden("selection").segments.includes(large));
  assert.equal(typeof golden("place").segment_id, "string");
});

test("what the page sends has the fields of the golden messages, and no others", () => {
  const request = "6f1d2c1e-52b0-4c0b-9b0f-3f1f6c9f1a77";
  const polygon: [number, number][] = [
    [-0.5, -0.5],
    [0.75, -0.25],
    [0.125, 0.875],
  ];
  const sent: ClientMessage[] = [
    { type: "label", request, task: "subcompartment", class: "project/spine", target: { row: 812 }, provenance: "key" },
    {
      type: "mark",
      request,
      task: "subcompartment",
      kind: "bad_segmentation",
      target: { row: 812 },
      provenance: "queue",
    },
    { type: "accept", request, task: "subcompartment", class: "project/dendrite", rows: [812, 900], provenance: "neighbour" },
    { type: "propose", request, task: "subcompartment", row: 812, rows: [] },
    {
      type: "similar",
      request,
      page: "2b1f1d1a-1c52-4df1-b6de-0a7d3a5b9d10",
      task: "subcompartment",
      scope: "cell",
      row: 812,
      classes: ["project/spine"],
      segment: "9223372036854775813",
      within: { centre_nm: [4112, 9936, 2260], radius_nm: 2500 },
      once: true,
      count: 60,
    },
    {
      type: "queue",
      request,
      page: "2b1f1d1a-1c52-4df1-b6de-0a7d3a5b9d10",
      task: "subcompartment",
      count: 20,
      held: [812, 813],
      renew: [812],
      near_nm: [4112, 9936, 2260],
    },
    { type: "ahead", request, rows: [812, 813] },
    { type: "evaluate", request, page: "2b1f1d1a-1c52-4df1-b6de-0a7d3a5b9d10", task: "subcompartment" },
    {
      type: "review",
      request,
      task: "subcompartment",
      about: "9b2e7c34-1d55-4d0e-8f21-0c8a7c1f6a10",
      verdict: "agree",
    },
    { type: "agreement", request, task: "subcompartment" },
    { type: "conflicts", request, task: "subcompartment" },
    { type: "people", request, task: "subcompartment" },
    {
      type: "train_on",
      request,
      task: "subcompartment",
      choice: { annotators: ["ana"], provenances: null, reviews: ["unreviewed", "agreed"] },
    },
    {
      type: "adjudicate",
      request,
      task: "subcompartment",
      about: "0b8f7f8c-2c0a-4f5e-9f5c-6a5f0d0a9b11",
      kind: "label",
      class: "project/dendrite",
    },
    { type: "add-class", request, task: "subcompartment", name: "bouton", color: "#0072b2", key: "4" },
    { type: "rename-class", request, task: "subcompartment", class: "project/spine", name: "spine head" },
    { type: "recolour-class", request, task: "subcompartment", class: "project/spine", color: "#f0e442" },
    { type: "rekey-class", request, task: "subcompartment", class: "project/spine", key: "p" },
    { type: "merge-class", request, task: "subcompartment", class: "project/spine", into: "project/dendrite" },
    { type: "retire-class", request, task: "subcompartment", class: "project/spine" },
    { type: "bring-back-class", request, task: "subcompartment", class: "8d7c1d52-3f7e-4d38-8c53-0d5f6a1b9c20" },
    { type: "skip", request, task: "subcompartment", row: 812, provenance: "audit" },
    { type: "look", request, task: "subcompartment", target: { row: 812 } },
    {
      type: "comment",
      request,
      task: "subcompartment",
      text: "a branched spine?",
      target: { row: 812 },
      about: null,
    },
    {
      type: "list",
      request,
      task: "subcompartment",
      mine: true,
      classes: ["project/spine"],
      states: ["unsure", "conflict"],
      text: "72057",
      below: 412,
      count: 60,
      renew: ["0b8f7f8c-2c0a-4f5e-9f5c-6a5f0d0a9b11"],
    },
    {
      type: "cluster",
      request,
      task: "subcompartment",
      on: "embedding",
      method: "k-means",
      clusters: 12,
      least_size: 50,
      fine: false,
    },
    { type: "stop-clusters", request },
    { type: "select-cluster", request, run: "0b8f7f8c-2c0a-4f5e-9f5c-6a5f0d0a9b11", cluster: 3, mode: "add" },
    {
      type: "fit",
      request,
      task: "subcompartment",
      means_of: "cell type",
      parameters: { neighbours: 30, min_distance: 0.25, metric: "cosine", sample_rows: 100_000, supervised: true, seed: 7 },
    },
    { type: "stop-fit", request },
    { type: "show-layout", request, stamp: "3c9a0f5be1d27a84" },
    { type: "drop-layout", request, stamp: "3c9a0f5be1d27a84" },
    { type: "compare", request, page: "2b1f1d1a-1c52-4df1-b6de-0a7d3a5b9d10", task: "subcompartment", first: "0f1e2d3c4b5a69788796a5b4" },
    { type: "keep-selection", request },
    { type: "bring-selection", request, selection: "0f1e2d3c4b5a69788796a5b4" },
    { type: "save-view", request, name: "spiny end", view: '{"v":1}' },
    { type: "drop-view", request, name: "spiny end" },
    { type: "undo", request },
    { type: "redo", request },
    { type: "refetch", request },
    { type: "task", request, name: "cell type" },
    { type: "lasso", request, layout: "5d41402abc4b2a76", polygon, mode: "add", hidden: ["project/spine"] },
    {
      type: "brush",
      request,
      layout: "5d41402abc4b2a76",
      path: [
        [-0.5, -0.5],
        [0.75, -0.25],
      ],
      radius: 0.0625,
      mode: "intersect",
      hidden: ["project/spine"],
    },
    { type: "near", request, ball: { centre_nm: [4112, 9936, 2260], radius_nm: 2500 }, mode: "replace", hidden: ["project/spine"] },
    { type: "grow", request, how: "skeleton", hidden: [] },
    { type: "step", request, back: true },
    { type: "clear", request },
    { type: "color", request, task: "subcompartment", name: "novelty" },
    { type: "segments", request, ids: ["720575940600004885", "9223372036854775813"] },
    { type: "embed", request, position_nm: [4112, 9936, 2260] },
  ];
  assert.deepEqual(sent.map((message) => message.type).sort(), namesIn("to_server").sort());
  for (const message of sent) assert.deepEqual(message, JSON.parse(textOf("to_server", message.type)));
});

test("a message of unknown type, or without a field, is refused by a sentence", () => {
  assert.throws(() => parseMessage('{"type": "surprise"}'), ProtocolError);
  assert.throws(() => parseMessage('{"type": "toString"}'), ProtocolError);
  assert.throws(() => parseMessage("null"), ProtocolError);
  assert.throws(
    () => parseMessage('{"type": "points", "stamp": "a"}'),
    /"points" message has no "task": reload the page/,
  );
});
